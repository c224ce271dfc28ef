"""Schemas of data sets."""

from pydantic import Field

from service.schemas.base import Schema


class DatasetRead(Schema):
    """A data set that specs may name."""

    name: str
    n_inputs: int = Field(description="Dimensions of one sample.")
    n_classes: int = Field(description="Labels; 0 if there are none.")
    n_train: int
    n_eval: int


class DatasetList(Schema):
    """The data sets that specs may name."""

    datasets: tuple[DatasetRead, ...]
