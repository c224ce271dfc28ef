"""Routes of data sets."""

from fastapi import APIRouter

from service.api.dependencies import AppDependencies
from service.schemas.datasets import DatasetList, DatasetRead

router = APIRouter(prefix="/v1/datasets", tags=["datasets"])


@router.get("")
def list_datasets(dependencies: AppDependencies) -> DatasetList:
    """List the data sets that specs may name."""
    shapes = dependencies.datasets().values()
    return DatasetList(datasets=tuple(DatasetRead.model_validate(shape) for shape in shapes))
