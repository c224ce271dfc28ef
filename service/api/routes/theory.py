"""Routes that predict the gradient norm of random networks; no sweep is needed."""

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
    str,
    Query(
        description="Distribution of the hidden weight matrices: gaussian or orthogonal.",
        max_length=100,
    ),
]
_Slope = Annotated[float, Query(description="Slope for negative inputs; only leaky_relu uses it.")]


@router.get("/gain", responses=_PROBLEMS)
def get_unbiased_gain(
    activation: _Activation,
    width: _Width,
    depth: Annotated[
        int | None,
        Query(description="Number of hidden layers; if left out, the limit of very many."),
    ] = None,
    weights: _Weights = "gaussian",
    slope: _Slope = 0.01,
) -> TheoryGain:
    """Return the unbiased g, at which the mean log gradient norm does not change with depth.

    The value is exact for linear, ReLU and leaky ReLU. Any other activation is simulated with a
    fixed seed, which takes seconds the first time; the same query always has the same answer.
    """
    return theory.gain(activation, width, depth, weights=weights, slope=slope)


@router.get("/walk", responses=_PROBLEMS)
def get_predicted_walk(
    activation: _Activation,
    width: _Width,
    depth: Annotated[int, Query(description="Number of hidden layers.", examples=[200])],
    g: Annotated[
        float | None,
        Query(description="Factor of the hidden weight matrices; if left out, the unbiased g."),
    ] = None,
    weights: _Weights = "gaussian",
    slope: _Slope = 0.01,
    bound: Annotated[
        float, Query(description="For `depth_limit`: largest size of the log gradient norm, nats.")
    ] = theory.BOUND,
    probability: Annotated[
        float, Query(description="For `depth_limit`: probability of staying within the bound.")
    ] = theory.PROBABILITY,
) -> TheoryWalk:
    """Return the predicted distribution of the log gradient norm, ln(|delta_1| / |delta_D|).

    Mean and standard deviation are exact for linear, ReLU and leaky ReLU. Any other activation is
    simulated with a fixed seed, which takes seconds the first time.
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
