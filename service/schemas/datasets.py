"""Schemas of data sets."""

from pydantic import Field

from service.schemas.base import Schema


class DatasetRead(Schema):
    """A data set that specs may name."""

    name: str
    n_inputs: int = Field(description="Number of dimensions of a sample.")
    n_classes: int = Field(description="Number of classes; 0 for data without labels.")
    n_train: int = Field(description="Number of training samples.")
    n_eval: int = Field(description="Number of evaluation samples.")


class DatasetList(Schema):
    """The data sets that specs may name."""

    datasets: tuple[DatasetRead, ...]
