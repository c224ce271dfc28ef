"""Errors of claims: one class for each case that a caller can act on."""

from collections.abc import Sequence
from uuid import UUID

from service.lifecycle import SweepState
from service.spec import SpecIssue


class ClaimError(Exception):
    """Base class of the errors of claims."""


class ClaimFileError(ClaimError):
    """A file is no claim.

    Attributes:
        file: The file's path.
        issues: Everything that is wrong with it, each with its path in the file.
    """

    def __init__(self, file: str, issues: Sequence[SpecIssue]) -> None:
        super().__init__(file, tuple(issues))
        self.file = file
        self.issues = tuple(issues)

    def __str__(self) -> str:
        return "\n".join([f"{self.file} is no claim:", *(f"  {each}" for each in self.issues)])


class ClaimNotFoundError(ClaimError):
    """No claim has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"there is no claim {self.name!r}"


class NotTheClaimsSweepError(ClaimError):
    """A sweep has the spec of neither size of a claim, so that it cannot judge the claim."""

    def __init__(self, name: str, sweep_id: UUID) -> None:
        super().__init__(name, sweep_id)
        self.name = name
        self.sweep_id = sweep_id

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id} has the spec of neither size of {self.name!r}; "
            "submit the spec that the claim has"
        )


class SweepNotCompletedError(ClaimError):
    """A sweep that should judge a claim has not ended as completed."""

    def __init__(self, sweep_id: UUID, state: SweepState) -> None:
        super().__init__(sweep_id, state)
        self.sweep_id = sweep_id
        self.state = state

    def __str__(self) -> str:
        return f"sweep {self.sweep_id} is {self.state}; only a completed one judges a claim"
