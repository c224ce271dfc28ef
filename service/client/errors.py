"""What can go wrong between a client and the service."""

from service.schemas.problems import Problem, ProblemIssue


class ClientError(Exception):
    """Base of the client's errors."""


class UnreachableError(ClientError):
    """No service answered.

    Attributes:
        url: Where it was looked for.
        reason: What the connection said.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return f"no Fathom service answers at {self.url} ({self.reason})"


class ProblemError(ClientError):
    """The service refused or failed, and said why.

    Attributes:
        problem: What it said.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem.detail or self.problem.title

    @property
    def status(self) -> int:
        """HTTP status."""
        return self.problem.status

    @property
    def code(self) -> str:
        """Stable name of the problem."""
        return self.problem.code

    @property
    def issues(self) -> tuple[ProblemIssue, ...]:
        """Where the input is wrong; empty where that says nothing."""
        return self.problem.errors
