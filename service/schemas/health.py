"""Schema of the service's health."""

from service.schemas.base import Schema


class Health(Schema):
    """The service is well; anything else is a problem."""

    status: str = "ok"
