"""Routes that report whether the service is alive and ready."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from service.api.dependencies import AppDependencies
from service.api.problems import problems
from service.schemas.health import Health
from service.store import SchemaOutOfDateError, check_schema

router = APIRouter(tags=["health"])


@router.get("/healthz")
def check_liveness() -> Health:
    """Answer 200 while the process runs, whatever the state of the database."""
    return Health()


@router.get("/readyz", responses=problems(SchemaOutOfDateError))
def check_readiness(dependencies: AppDependencies) -> Health:
    """Answer 200 if the database answers and has the schema of this version, else 503."""
    check_schema(dependencies.database)
    return Health()


@router.get("/", include_in_schema=False)
def go_to_docs() -> RedirectResponse:
    """Redirect a browser to the documentation."""
    return RedirectResponse("/docs")
