"""Errors in a request that the HTTP layer raises before it calls a service function."""


class ApiError(Exception):
    """Base of the errors that the HTTP layer raises."""


class BodyTooLargeError(ApiError):
    """The request body is larger than the limit."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.limit_bytes = limit_bytes

    def __str__(self) -> str:
        return f"a body has at most {self.limit_bytes} bytes"


class UnsupportedMediaError(ApiError):
    """The request body has a media type that the route cannot read."""

    def __init__(self, given: str, allowed: tuple[str, ...]) -> None:
        super().__init__(given, allowed)
        self.given = given
        self.allowed = allowed

    def __str__(self) -> str:
        return f"Content-Type is {self.given or 'missing'}; allowed are {', '.join(self.allowed)}"
