"""Errors carry their fields through pickling, and one base catches them all."""

import pickle

import pytest

from rwinit import ArgumentError, GainNotFoundError, RwinitError, UnsupportedActivationError


@pytest.mark.parametrize(
    "error",
    [
        ArgumentError("width", -3, "an integer from 1"),
        UnsupportedActivationError("tanh"),
        GainNotFoundError("tanh", 2, 500, 0.9, 45.0, 1.2, -28.0),
    ],
)
def test_an_error_comes_back_from_a_pickle_with_its_type_fields_and_text(
    error: RwinitError,
) -> None:
    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is type(error)
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)


def test_errors_are_of_the_package_and_value_errors() -> None:
    for kind in (ArgumentError, UnsupportedActivationError, GainNotFoundError):
        assert issubclass(kind, RwinitError)
        assert issubclass(kind, ValueError)


def test_the_text_of_an_argument_error_says_what_is_allowed() -> None:
    assert str(ArgumentError("depth", 0, "above 0")) == "depth must be above 0; given 0"
