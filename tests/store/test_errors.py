"""Errors of the store travel between processes and say what to do."""

import pickle
from uuid import UUID

import pytest

from service.lifecycle import SweepState
from service.store import errors

ONE = UUID(int=1)


@pytest.mark.parametrize(
    "error",
    [
        errors.DatabaseUrlError("mysql://host", "'mysql' is not supported"),
        errors.SchemaOutOfDateError(None, "0001", False),
        errors.SweepNotFoundError(ONE),
        errors.TrialNotFoundError(ONE),
        errors.UnknownTrialError(ONE, ONE),
        errors.BadPlanError(ONE),
        errors.FencedOutError(ONE, 1, 2),
        errors.UnfinishedTrialsError(ONE, SweepState.COMPLETED),
        errors.SweepNotEndedError(ONE, SweepState.RUNNING),
        errors.IdempotencyConflictError("key", ONE),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_back_from_a_pickle_with_its_fields(error: errors.StoreError) -> None:
    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is type(error)
    assert (vars(copy), str(copy)) == (vars(error), str(error))
    assert str(error) != str(error.args), "it has words of its own"
