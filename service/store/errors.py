"""Exceptions of the store: one class for each case that a caller can act on."""

from uuid import UUID

from service.lifecycle import SweepState


class StoreError(Exception):
    """Base class of the store's errors."""


class DatabaseUrlError(StoreError):
    """A database URL has neither of the two accepted forms.

    Attributes:
        url: The URL without its password.
        reason: What is wrong with it.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"database URL {self.url!r}: {self.reason}; use sqlite:///PATH "
            "or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
        )


class SchemaOutOfDateError(StoreError):
    """The database's schema is not the one this version of Fathom needs.

    Attributes:
        found: Revision of the database, None where it has no schema.
        expected: Revision this version needs.
        is_newer: Whether this version has no migration of the database's revision, so that a newer
            Fathom made it.
    """

    def __init__(self, found: str | None, expected: str, is_newer: bool) -> None:
        super().__init__(found, expected, is_newer)
        self.found = found
        self.expected = expected
        self.is_newer = is_newer

    def __str__(self) -> str:
        if self.is_newer:
            return (
                f"the database has schema {self.found}, made by a newer Fathom than this one "
                f"(which needs {self.expected}): install that version"
            )
        found = f"schema {self.found}" if self.found else "no schema"
        return f"the database has {found}, not {self.expected}: run `fathom db upgrade`"


class SweepNotFoundError(StoreError):
    """No sweep has this id."""

    def __init__(self, sweep_id: UUID) -> None:
        super().__init__(sweep_id)
        self.sweep_id = sweep_id

    def __str__(self) -> str:
        return f"there is no sweep {self.sweep_id}"


class TrialNotFoundError(StoreError):
    """No trial has this id."""

    def __init__(self, trial_id: UUID) -> None:
        super().__init__(trial_id)
        self.trial_id = trial_id

    def __str__(self) -> str:
        return f"there is no trial {self.trial_id}"


class UnknownTrialError(StoreError):
    """A report names a trial that its sweep does not have; nothing of the batch was written.

    Attributes:
        sweep_id: The sweep of the claim.
        trial_id: The trial of the report.
    """

    def __init__(self, sweep_id: UUID, trial_id: UUID) -> None:
        super().__init__(sweep_id, trial_id)
        self.sweep_id = sweep_id
        self.trial_id = trial_id

    def __str__(self) -> str:
        return f"sweep {self.sweep_id} has no trial {self.trial_id}"


class BadPlanError(StoreError):
    """A plan has a trial twice, or a trial of another sweep; nothing of the plan was written."""

    def __init__(self, sweep_id: UUID) -> None:
        super().__init__(sweep_id)
        self.sweep_id = sweep_id

    def __str__(self) -> str:
        return f"the plan of sweep {self.sweep_id} has a trial twice, or one of another sweep"


class FencedOutError(StoreError):
    """A claim is void, because its sweep was claimed again, given back, paused or ended.

    Attributes:
        sweep_id: The sweep.
        claimed: Fencing number of the claim.
        current: Fencing number of the sweep, None where the sweep is gone.
    """

    def __init__(self, sweep_id: UUID, claimed: int, current: int | None) -> None:
        super().__init__(sweep_id, claimed, current)
        self.sweep_id = sweep_id
        self.claimed = claimed
        self.current = current

    def __str__(self) -> str:
        return (
            f"the claim on sweep {self.sweep_id} is void: its fence is {self.claimed}, "
            f"the sweep's is {self.current}"
        )


class UnfinishedTrialsError(StoreError):
    """A sweep cannot end while some of its trials have no outcome.

    Attributes:
        sweep_id: The sweep.
        target: The end state that was requested.
    """

    def __init__(self, sweep_id: UUID, target: SweepState) -> None:
        super().__init__(sweep_id, target)
        self.sweep_id = sweep_id
        self.target = target

    def __str__(self) -> str:
        return f"sweep {self.sweep_id} cannot become {self.target}: a trial has no outcome yet"


class SweepNotEndedError(StoreError):
    """An operation that needs an ended sweep was requested for one that has not ended.

    Attributes:
        sweep_id: The sweep.
        state: The state it is in.
    """

    def __init__(self, sweep_id: UUID, state: SweepState) -> None:
        super().__init__(sweep_id, state)
        self.sweep_id = sweep_id
        self.state = state

    def __str__(self) -> str:
        return f"sweep {self.sweep_id} is {self.state} and has not ended"


class IdempotencyConflictError(StoreError):
    """An idempotency key was used before for another spec.

    Attributes:
        key: The key.
        sweep_id: The sweep that was submitted first under the key.
    """

    def __init__(self, key: str, sweep_id: UUID) -> None:
        super().__init__(key, sweep_id)
        self.key = key
        self.sweep_id = sweep_id

    def __str__(self) -> str:
        return f"idempotency key {self.key!r} belongs to sweep {self.sweep_id}, of another spec"
