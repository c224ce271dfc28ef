"""Laws of random networks' walks from rwinit, which all predictions of the service use.

Activations without an exact law are simulated with a fixed seed, in a second or so each. rwinit
caches the results on disk.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final, TypedDict
from uuid import UUID, uuid5

import rwinit
from rwinit.estimates import ALGORITHM
from service.planner.planned import PlannedConfiguration, SimulatedWalk
from workers.architectures import LAWS, Skip, WalkQuestion, architecture_of
from workers.contract import Configuration, DatasetShape, Prediction

_FILTERS: Final = {
    Skip.ORTHOGONAL: "haar",
    Skip.PERMUTATION: "permutation",
    Skip.IDENTITY: "identity",
}

MOST_UNITS: Final = 2_000_000
"""Width times depth of the largest network that is simulated: about half a minute of one core."""

# Namespace of the ids of walks; arbitrary, but it must never change.
_WALKS: Final = UUID("5b0c7f3e-8a53-5b0e-9d55-4b7f2f2f6a10")


class _FilterArguments(TypedDict):
    """Keywords of rwinit's functions for layers with filters."""

    alpha: float
    beta: float
    g: float
    filter: str
    slope: float
    conditions: rwinit.Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedLaw:
    """Moments of ``ln(|delta_1| / |delta_D|)``, in nats.

    Attributes:
        drift: Mean.
        drift_error: Standard error of the drift, or size of the terms that its expansion leaves
            out; 0 if the law is exact.
        spread: Standard deviation.
    """

    drift: float
    drift_error: float
    spread: float


def is_too_large(question: WalkQuestion) -> bool:
    """Return whether a network would have to be simulated and is too large for that."""
    return not question.exact and question.width * question.depth > MOST_UNITS


def unbiased_gain(question: WalkQuestion) -> float:
    """Return the g that makes the drift of a walk zero, or 1 where the skips decide the drift.

    Linear, ReLU and leaky ReLU networks have exact laws. Any other activation is simulated with a
    fixed seed, which takes a second or so the first time.

    Raises:
        rwinit.GainNotFoundError: No g makes the drift zero.
    """
    if question.has_unit_gain:
        return 1.0
    return rwinit.gain(
        question.activation,
        question.width,
        question.depth,
        # Schemes without a law that take the unbiased g choose among Gaussian matrices.
        weights=question.weights if question.weights in LAWS else "gaussian",
        slope=question.slope,
        conditions=rwinit.Conditions(g_in=question.g_in),
    )


def predicted_law(question: WalkQuestion, g: float) -> PredictedLaw | None:
    """Return the law of a walk at some g.

    Returns:
        None if hardly any network passes an error back, or if the gains of the layers are outside
        of the range of the law.
    """
    if question.has_skips:
        return _filter_law(question, g)
    try:
        law = rwinit.walk_law(
            question.activation,
            question.width,
            question.depth,
            g=g,
            weights=question.weights,
            slope=question.slope,
            conditions=_conditions(question),
        )
    except rwinit.ArgumentError:
        # The arguments were checked when the spec was read. What remains is that too few simulated
        # networks pass an error.
        return None
    drift, error, spread = float(law.drift), float(law.drift_error), float(law.spread)
    # A law without a finite moment can be neither stored nor sent.
    if not all(map(math.isfinite, (drift, error, spread))):
        return None
    # + 0.0 turns -0.0 into 0.0, since databases differ in whether they store the sign of zero.
    return PredictedLaw(drift=drift + 0.0, drift_error=error, spread=spread)


def _filter_law(question: WalkQuestion, g: float) -> PredictedLaw | None:
    law = rwinit.additive_filter_law(
        question.activation, question.width, question.depth, **_filter_arguments(question, g)
    )
    if law is None:
        return None
    return PredictedLaw(drift=law.drift + 0.0, drift_error=law.drift_error, spread=law.spread)


def _filter_arguments(question: WalkQuestion, g: float) -> _FilterArguments:
    return _FilterArguments(
        alpha=question.rule.skip_gain,
        beta=question.rule.branch_gain,
        g=g,
        filter=_FILTERS[question.rule.skip],
        slope=question.slope,
        conditions=_conditions(question),
    )


def exact_band(question: WalkQuestion, g: float) -> rwinit.WalkBand | None:
    """Return the law by layer of a walk that has a closed form; None outside of its range."""
    if question.has_skips:
        return rwinit.additive_filter_band(
            question.activation, question.width, question.depth, **_filter_arguments(question, g)
        )
    return rwinit.walk_band(
        question.activation,
        question.width,
        question.depth,
        g=g,
        weights=question.weights,
        slope=question.slope,
    )


def gradient_bounds(question: WalkQuestion, g: float) -> tuple[float, float] | None:
    """Return bounds of ln of the factor by which hidden layers change the norm of any error.

    They hold for the initial network with a chance of 99 %.

    Returns:
        Lower bound, ``-inf`` if there is none, and upper bound, in nats; None for networks without
        skips, of which no bound is known.
    """
    if not question.has_skips:
        return None
    layers = question.depth - 1
    return rwinit.jacobian_log_bounds(
        layers,
        alpha=question.rule.skip_gain,
        beta=question.rule.branch_gain,
        norm=rwinit.spectral_norm_bound(question.width, max(1, layers), g=g),
        lipschitz=rwinit.largest_slope(question.activation, question.slope),
    )


def simulated_walk(question: WalkQuestion, g: float) -> SimulatedWalk:
    """Simulate a network and return its law by layer."""
    band = rwinit.walk_band(
        question.activation,
        question.width,
        question.depth,
        g=g,
        weights=question.weights,
        slope=question.slope,
        conditions=_conditions(question),
    )
    key = json.dumps(asdict(question) | {"g": g, "algorithm": ALGORITHM}, sort_keys=True)
    return SimulatedWalk(
        id=uuid5(_WALKS, key),
        means=tuple(band.mean.tolist()),
        deviations=tuple(band.deviation.tolist()),
    )


def walk_of(configuration: Configuration, n_inputs: int) -> WalkQuestion | None:
    """Return the walk of a configuration's networks; None if their kind has no law."""
    network, init = configuration.network, configuration.init
    return architecture_of(network).walk(
        network, scheme=init.scheme, g_in=init.g_in, n_inputs=n_inputs
    )


# A random network, given by its walk and its g, and what is predicted of it.
_RandomNetwork = tuple[WalkQuestion, float]
_Predicted = tuple[Prediction, SimulatedWalk | None]


def predict(
    planned: Sequence[PlannedConfiguration],
    datasets: Mapping[str, DatasetShape],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[PlannedConfiguration]:
    """Return a plan with the predicted walks of its configurations.

    Configurations of one random network share one simulation. There is no prediction for networks
    of a kind without a law, for those too large to be simulated, and for those that hardly ever
    pass an error back.

    Args:
        planned: The plan.
        datasets: Shapes of the plan's data sets, by name.
        progress: Called after each simulation with the numbers of simulations done and in all. An
            exception that it raises ends the prediction.
    """
    networks = [_network_of(each.configuration, datasets) for each in planned]
    predicted = _predict_all((each for each in networks if each is not None), progress)
    return [
        each if network is None else _with(each, predicted[network])
        for each, network in zip(planned, networks, strict=True)
    ]


def _network_of(
    configuration: Configuration, datasets: Mapping[str, DatasetShape]
) -> _RandomNetwork | None:
    question = walk_of(configuration, datasets[configuration.dataset].n_inputs)
    return None if question is None else (question, configuration.init.g)


def _predict_all(
    networks: Iterable[_RandomNetwork], progress: Callable[[int, int], None]
) -> dict[_RandomNetwork, _Predicted | None]:
    distinct = dict.fromkeys(networks)
    total = sum(not question.exact for question, _ in distinct)
    predicted: dict[_RandomNetwork, _Predicted | None] = {}
    done = 0
    for question, g in distinct:
        predicted[question, g] = _predict_one(question, g)
        if not question.exact:
            done += 1
            progress(done, total)
    return predicted


def _predict_one(question: WalkQuestion, g: float) -> _Predicted | None:
    law = None if is_too_large(question) else predicted_law(question, g)
    if law is None:
        return None
    walk = None if question.exact else simulated_walk(question, g)
    return Prediction(drift=law.drift, spread=law.spread), walk


def _with(planned: PlannedConfiguration, predicted: _Predicted | None) -> PlannedConfiguration:
    if predicted is None:
        return planned
    prediction, walk = predicted
    configuration = replace(planned.configuration, prediction=prediction)
    return replace(planned, configuration=configuration, walk=walk)


def _conditions(question: WalkQuestion) -> rwinit.Conditions:
    return rwinit.Conditions(g_in=question.g_in, n_inputs=question.n_inputs)
