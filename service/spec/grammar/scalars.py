"""The scalar types of the grammar: bounded whole numbers, finite numbers, names.

`StrictModel` forbids unknown keys and conversions. Lists and enum values are exempt from strictness
where they occur, because strict pydantic wants tuples and enum members from Python.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from workers.contract import Activation, Freeze, Precision, Scheme, Task
from workers.datasets.names import NAME_RULE, is_name

#: The value of a coordinate; a tuple is a value too long for a column (betas, points).
Scalar = str | int | float | bool | None | tuple[object, ...]

#: The largest whole number that fits every database's ``integer``.
LARGEST = 2**31 - 1

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class StrictModel(BaseModel):
    """A mapping of the spec: frozen, nothing unknown, nothing converted, nothing infinite."""

    model_config = STRICT


class ListValue:
    """Marks a field whose list is one value and no grid."""


class Parts:
    """Marks a list or mapping whose entries are validated one by one when it has issues."""


def refusal(words: str, *at: int | str) -> PydanticCustomError:
    """Return an error for a validator to raise, in plain words.

    Args:
        words: What is allowed.
        *at: Where, below the value under validation.
    """
    return PydanticCustomError("fathom", "{words}", {"words": words, "at": list(at)})


def no_negative_zero(value: float) -> float:
    """Return a number as it is, and 0.0 for -0.0."""
    # -0.0 equals 0.0 but is written differently, and ids come from what is written.
    return value + 0.0


Finite = Annotated[float, Field(strict=True, allow_inf_nan=False), AfterValidator(no_negative_zero)]
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
NonNegative = Annotated[
    float, Field(strict=True, ge=0, allow_inf_nan=False), AfterValidator(no_negative_zero)
]
Fraction = Annotated[
    float, Field(strict=True, ge=0, lt=1, allow_inf_nan=False), AfterValidator(no_negative_zero)
]
Gain = Annotated[float, Field(strict=True, gt=0, le=1e6, allow_inf_nan=False)]
Slope = Annotated[
    float,
    Field(strict=True, ge=-1e6, le=1e6, allow_inf_nan=False),
    AfterValidator(no_negative_zero),
]
GrowthFactor = Annotated[float, Field(strict=True, gt=0, le=1e6, allow_inf_nan=False)]
FinalFactor = Annotated[
    float, Field(strict=True, ge=0, le=1e6, allow_inf_nan=False), AfterValidator(no_negative_zero)
]
DropFactor = Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)]

Boolean = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True, ge=0, le=LARGEST)]
Count = Annotated[int, Field(strict=True, ge=1, le=LARGEST)]
Depth = Annotated[int, Field(strict=True, ge=1, le=100_000)]
Width = Annotated[int, Field(strict=True, ge=1, le=100_000)]
Budget = Annotated[int, Field(strict=True, ge=1, le=10**12)]


def _dataset_name(value: str) -> str:
    if not is_name(value):
        raise refusal(NAME_RULE)
    return value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise refusal("printable characters only")
    return value


DatasetName = Annotated[str, Field(strict=True), AfterValidator(_dataset_name)]
Label = Annotated[str, Field(strict=True, min_length=1, max_length=200), AfterValidator(_printable)]

ActivationName = Annotated[Activation, Field(strict=False)]
SchemeName = Annotated[Scheme, Field(strict=False)]
TaskName = Annotated[Task, Field(strict=False)]
FreezeName = Annotated[Freeze, Field(strict=False)]
PrecisionName = Annotated[Precision, Field(strict=False)]


def _auto(value: object) -> object:
    if value != "auto":
        raise refusal("auto or a number")
    return value


def word_or_number(value: object) -> str:
    """Return whether a value is written as a word, as a tag."""
    return "<auto>" if isinstance(value, str) else "<number>"


Auto = Annotated[Literal["auto"], BeforeValidator(_auto)]
