"""Base class of the tables, with the names of constraints and the SQL types of Python types."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import MetaData, Text, Uuid
from sqlalchemy.orm import DeclarativeBase

from service.store.column_types import FiniteFloat, UtcDateTime


class Base(DeclarativeBase):
    """Base class of the tables."""

    # Fixed names, because a migration can only drop a constraint by its name.
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain attribute
        datetime: UtcDateTime(),
        float: FiniteFloat(),
        str: Text(),
        UUID: Uuid(),
    }
