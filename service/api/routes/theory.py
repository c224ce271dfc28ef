"""Routes of what theory says, about networks that nobody has trained yet."""

from typing import Annotated

from fastapi import APIRouter, Query

from rwinit import ArgumentError, GainNotFoundError
from service.api.problems import problems
from service.query.errors import QueryError
from service.schemas.theory import TheoryGain, TheoryWalk
from service.services import theory

router = APIRouter(prefix="/v1/theory", tags=["theory"])

_PROBLEMS = problems(ArgumentError, GainNotFoundError, QueryError)
_Activation = Annotated[
    str, Query(description="Nonlinearity of the hidden layers.", max_length=100, examples=["tanh"])
]
_Width = Annotated[int, Query(description="Units per hidden layer.", examples=[100])]
_Weights = Annotated[
    str, Query(description="Law of the hidden matrices: gaussian or orthogonal.", max_length=100)
]
_Slope = Annotated[float, Query(description="Negative-side slope; read for leaky_relu only.")]


@router.get("/gain", responses=_PROBLEMS)
def get_gain(
    activation: _Activation,
    width: _Width,
    depth: Annotated[
        int | None, Query(description="Hidden layers; without it a long walk is meant.")
    ] = None,
    weights: _Weights = "gaussian",
    slope: _Slope = 0.01,
) -> TheoryGain:
    """Return the g at which the log norm of the error has no drift.

    It is exact for linear, ReLU and leaky ReLU. Any other activation is simulated with a fixed
    seed, which takes seconds the first time; the same query always has the same answer.
    """
    return theory.gain(activation, width, depth, weights=weights, slope=slope)


@router.get("/walk", responses=_PROBLEMS)
def get_walk(
    activation: _Activation,
    width: _Width,
    depth: Annotated[int, Query(description="Hidden layers.", examples=[200])],
    g: Annotated[
        float | None,
        Query(description="Multiplier of the hidden matrices; without it the unbiased one."),
    ] = None,
    weights: _Weights = "gaussian",
    slope: _Slope = 0.01,
    bound: Annotated[float, Query(description="Of `depth_limit`, in nats.")] = theory.BOUND,
    probability: Annotated[float, Query(description="Of `depth_limit`.")] = theory.PROBABILITY,
) -> TheoryWalk:
    """Return the predicted law of the log gradient norm, ln(|delta_1| / |delta_D|).

    Its moments are exact for linear, ReLU and leaky ReLU; any other activation is simulated, as
    for the gain.
    """
    return theory.walk(
        activation,
        width,
        depth,
        g=g,
        weights=weights,
        slope=slope,
        bound=bound,
        probability=probability,
    )
