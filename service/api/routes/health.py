"""Routes that say whether the service is well."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from service.api.dependencies import RequestParts
from service.api.problems import problems
from service.schemas.health import Health
from service.store import SchemaOutOfDateError, check_schema

router = APIRouter(tags=["health"])


@router.get("/healthz")
def is_alive() -> Health:
    """Answer if the process is up."""
    return Health()


@router.get("/readyz", responses=problems(SchemaOutOfDateError))
def is_ready(parts: RequestParts) -> Health:
    """Answer if the database answers and has the schema of this version."""
    check_schema(parts.database)
    return Health()


@router.get("/", include_in_schema=False)
def go_to_docs() -> RedirectResponse:
    """Lead a browser to the documentation."""
    return RedirectResponse("/docs")
