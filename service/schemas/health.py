"""Schema of the service's health."""

from service.schemas.base import Schema


class Health(Schema):
    """The answer of a healthy service; any other answer is a problem."""

    status: str = "ok"
