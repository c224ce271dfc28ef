"""The kinds of networks as the spec writes them, one model for each described architecture."""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Discriminator, Field, Tag, create_model

from service.spec.grammar.axes import AutoOr, MixedAxis, NumberAxis, SymbolAxis
from service.spec.grammar.scalars import (
    ActivationName,
    Boolean,
    Budget,
    Depth,
    Slope,
    StrictModel,
    Width,
    no_negative_zero,
)
from workers.architectures import (
    ARCHITECTURES,
    Architecture,
    ChoiceHyperparameter,
    Hyperparameter,
    NumberHyperparameter,
)


class ParameterBudget(StrictModel):
    """``{parameters: 4000000}``: the largest width whose network has no more parameters."""

    parameters: NumberAxis[Budget] = Field(
        description="a number of weights and biases", examples=[100_000]
    )


def width_form(value: object) -> str:
    """Return whether a width is written as a number or as a budget, as a tag."""
    return "<parameters>" if isinstance(value, Mapping | BaseModel) else "<number>"


WidthValue = Annotated[
    Annotated[Width, Tag("<number>")] | Annotated[ParameterBudget, Tag("<parameters>")],
    Discriminator(width_form),
]


class AnyNetwork(StrictModel):
    """The fields that every kind of network has."""

    kind: str
    activation: SymbolAxis[ActivationName] = Field(
        description="the nonlinearity of the hidden layers, such as relu", examples=["relu"]
    )
    slope: NumberAxis[Slope] = Field(
        0.01, description="the negative-side slope, a number, read by leaky_relu only"
    )
    depth: NumberAxis[Depth] = Field(
        description="hidden layers, a whole number of at least 1", examples=[32]
    )
    width: MixedAxis[WidthValue, Width, Width] = Field(
        description="units per hidden layer, a whole number of at least 1, or {parameters: n}",
        examples=[64],
    )


def network_models(architectures: Iterable[Architecture]) -> Mapping[str, type[AnyNetwork]]:
    """Return a model for each kind of network; the first kind is the default.

    Args:
        architectures: Kinds, each with another name, in the order in which messages list them.
    """
    models: dict[str, type[AnyNetwork]] = {}
    for each in architectures:
        # Only the first kind may be left out: a mapping without a kind must match one model of
        # the JSON Schema and no other.
        kind = Field() if models else Field(each.kind)
        # `Any`: fields that are known at run time only.
        fields: dict[str, Any] = {"kind": (Literal[each.kind], kind)}
        fields |= {hyper.name: _field(hyper) for hyper in each.hyperparameters}
        models[each.kind] = create_model(
            f"{each.kind.title().replace('_', '')}Network",
            __base__=AnyNetwork,
            __doc__=each.description,
            __module__=__name__,
            **fields,
        )
    return models


# `Any` in these three: the annotations are made at run time, and generic aliases take no variables.
def _field(hyper: Hyperparameter) -> tuple[Any, Any]:
    info = Field(hyper.default, description=hyper.description)
    return _axis(hyper), info


def _axis(hyper: Hyperparameter) -> Any:
    if isinstance(hyper, NumberHyperparameter):
        return _number_axis(hyper)
    axis: Any = SymbolAxis
    if isinstance(hyper, ChoiceHyperparameter):
        return axis[Annotated[hyper.choices, Field(strict=False)]]
    return axis[Boolean]


def _number_axis(hyper: NumberHyperparameter) -> Any:
    bounds = Field(strict=True, gt=hyper.above, le=hyper.at_most, allow_inf_nan=False)
    number: Any = Annotated[float, bounds, AfterValidator(no_negative_zero)]
    axis: Any = MixedAxis
    word_or_number: Any = AutoOr
    scalar = word_or_number[number] if hyper.allows_auto else number
    return axis[scalar, number, scalar]


NETWORKS = network_models(ARCHITECTURES.values())


def network_kind(value: object) -> str:
    """Return the tag of a network's kind; the first of `NETWORKS` where none is given."""
    first = next(iter(NETWORKS))
    if isinstance(value, Mapping):
        kind = value.get("kind", first)
        return f"<{kind}>" if isinstance(kind, str) else "<>"
    return f"<{value.kind}>" if isinstance(value, AnyNetwork) else f"<{first}>"


if TYPE_CHECKING:
    NetworkSection = AnyNetwork
else:  # A union that is made at run time is no type to a type checker.
    NetworkSection = Annotated[
        reduce(or_, (Annotated[model, Tag(f"<{kind}>")] for kind, model in NETWORKS.items())),
        Discriminator(network_kind),
    ]
