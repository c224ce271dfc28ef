"""What the HTTP layer refuses before a service function is called."""


class ApiError(Exception):
    """Base of the HTTP layer's refusals."""


class BodyTooLargeError(ApiError):
    """A body is longer than the service reads."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.limit_bytes = limit_bytes

    def __str__(self) -> str:
        return f"a body has at most {self.limit_bytes} bytes"


class UnsupportedMediaError(ApiError):
    """A body is of a type that the route does not read."""

    def __init__(self, given: str, allowed: tuple[str, ...]) -> None:
        super().__init__(given, allowed)
        self.given = given
        self.allowed = allowed

    def __str__(self) -> str:
        return f"Content-Type is {self.given or 'missing'}; allowed are {', '.join(self.allowed)}"
