"""The table of registered data sets."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.column_types import database_now
from service.store.constraints import at_least, rule
from service.store.models.base import Base


class Dataset(Base):
    """A data set that somebody registered; the bundled ones have no row.

    Attributes:
        name: Name in specs.
        sha256: Hash of its file, in hex.
        n_inputs: Dimensions of one sample.
        n_classes: Number of labels, 0 without.
        n_train: Samples of the training split.
        n_eval: Samples of the test split.
        created_at: When it was registered.
    """

    __tablename__ = "datasets"
    __table_args__ = (
        rule("sha256_length", "length(sha256) = 64"),
        at_least("n_inputs", 1),
        at_least("n_classes", 0),
        at_least("n_train", 1),
        at_least("n_eval", 0),
    )

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    n_inputs: Mapped[int]
    n_classes: Mapped[int]
    n_train: Mapped[int]
    n_eval: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=database_now())
