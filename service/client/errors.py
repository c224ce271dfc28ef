"""Errors of the client: no service answers, or the service answers with a problem."""

from service.schemas.problems import Problem, ProblemIssue


class ClientError(Exception):
    """Base of the client's errors."""


class UnreachableError(ClientError):
    """No service answered.

    Attributes:
        url: Base URL of the service.
        reason: Message of the connection's error.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return f"no Fathom service answers at {self.url} ({self.reason})"


class ProblemError(ClientError):
    """The service answered with an error.

    Attributes:
        problem: The error as the service describes it.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem.detail or self.problem.title

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return self.problem.status

    @property
    def code(self) -> str:
        """Stable name of the problem."""
        return self.problem.code

    @property
    def issues(self) -> tuple[ProblemIssue, ...]:
        """The issues of the input; empty if the error is not about the input."""
        return self.problem.errors
