"""Learning-rate schedules as a spec writes them; `workers.schedules` computes their factors."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Discriminator, Field, Tag

from service.spec.grammar.axes import NumberAxis
from service.spec.grammar.scalars import (
    Count,
    DropFactor,
    FinalFactor,
    GrowthFactor,
    ListValue,
    NonNegative,
    Positive,
    StrictModel,
    refusal,
)


class _Schedule(StrictModel):
    warmup_epochs: NumberAxis[NonNegative] = Field(
        0.0, description="epochs of a linear ramp from 0, a number of at least 0"
    )


class Constant(_Schedule):
    """A constant rate."""

    kind: Literal["constant"]


class Exponential(_Schedule):
    """The rate shrinks by the same factor every step, to ``final_factor``."""

    kind: Literal["exponential"]
    final_factor: NumberAxis[GrowthFactor] = Field(0.01, description="a number above 0")


class Step(_Schedule):
    """The rate is multiplied by ``factor`` every ``every_epochs`` epochs."""

    kind: Literal["step"]
    factor: NumberAxis[DropFactor] = Field(0.1, description="a number above 0, at most 1")
    every_epochs: NumberAxis[Count] = Field(
        description="a whole number of at least 1", examples=[10]
    )


class Cosine(_Schedule):
    """Half a cosine from 1 to ``final_factor``."""

    kind: Literal["cosine"]
    final_factor: NumberAxis[FinalFactor] = Field(0.01, description="a number of at least 0")


class Linear(_Schedule):
    """A straight line from 1 to ``final_factor``."""

    kind: Literal["linear"]
    final_factor: NumberAxis[FinalFactor] = Field(0.01, description="a number of at least 0")


class InverseTime(_Schedule):
    """1 / (1 + epoch / ``decay_epochs``): half after that many epochs."""

    kind: Literal["inverse_time"]
    decay_epochs: NumberAxis[Positive] = Field(description="a number above 0", examples=[10.0])


TablePoint = Annotated[tuple[NonNegative, NonNegative], Field(strict=False)]


def _epochs_increase(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if points[0][0] != 0:
        raise refusal("the first epoch must be 0", 0, 0)
    for index in range(1, len(points)):
        if points[index][0] <= points[index - 1][0]:
            raise refusal("must be later than the epoch before it", index, 0)
    return points


class Table(_Schedule):
    """Factors at given epochs, straight lines between them, the last one held."""

    kind: Literal["table"]
    points: Annotated[
        tuple[TablePoint, ...],
        Field(strict=False, min_length=1, max_length=1000),
        AfterValidator(_epochs_increase),
        ListValue(),
    ] = Field(
        description="a list of [epoch, factor], epochs increasing from 0", examples=[[[0, 1]]]
    )


SCHEDULES: Mapping[str, type[BaseModel]] = {
    "constant": Constant,
    "exponential": Exponential,
    "step": Step,
    "cosine": Cosine,
    "linear": Linear,
    "inverse_time": InverseTime,
    "table": Table,
}


def schedule_kind(value: object) -> str:
    """Return the tag of a schedule's kind; it has to be given."""
    if isinstance(value, Mapping):
        kind = value.get("kind")
        return f"<{kind}>" if isinstance(kind, str) else "<>"
    return f"<{value.kind}>" if isinstance(value, AnySchedule) else "<constant>"


AnySchedule = Constant | Exponential | Step | Cosine | Linear | InverseTime | Table

ScheduleSection = Annotated[
    Annotated[Constant, Tag("<constant>")]
    | Annotated[Exponential, Tag("<exponential>")]
    | Annotated[Step, Tag("<step>")]
    | Annotated[Cosine, Tag("<cosine>")]
    | Annotated[Linear, Tag("<linear>")]
    | Annotated[InverseTime, Tag("<inverse_time>")]
    | Annotated[Table, Tag("<table>")],
    Discriminator(schedule_kind),
]
