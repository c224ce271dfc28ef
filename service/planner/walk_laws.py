"""Laws of random networks' walks, as rwinit gives them; all predictions come from here.

Activations without an exact law are simulated, in a second or so each, with a fixed seed; rwinit
keeps the answers on disk.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final
from uuid import UUID, uuid5

import rwinit
from rwinit.estimates import ALGORITHM
from service.planner.planned import PlannedConfiguration, SimulatedWalk
from workers.architectures import WalkQuestion, architecture_of
from workers.contract import Configuration, DatasetShape, Prediction

MOST_UNITS: Final = 2_000_000
"""Width times depth of the largest network that is simulated: about half a minute of one core."""

_WALKS: Final = UUID("5b0c7f3e-8a53-5b0e-9d55-4b7f2f2f6a10")


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedLaw:
    """Moments of ``ln(|delta_1| / |delta_D|)``, in nats.

    Attributes:
        drift: Mean.
        drift_error: Standard error of it; 0 where it is exact.
        spread: Standard deviation.
    """

    drift: float
    drift_error: float
    spread: float


def is_too_large(question: WalkQuestion) -> bool:
    """Return whether a network would have to be simulated and is too large for that."""
    return not question.exact and question.width * question.depth > MOST_UNITS


def unbiased_gain(question: WalkQuestion) -> float:
    """Return the g that leaves a walk without drift.

    Linear, ReLU and leaky ReLU have exact laws. Any other activation is simulated, which takes
    a second or so the first time: the same question always has the same answer.

    Raises:
        rwinit.GainNotFoundError: No g does.
    """
    return rwinit.gain(
        question.activation,
        question.width,
        question.depth,
        weights=question.weights,
        slope=question.slope,
        conditions=rwinit.Conditions(g_in=question.g_in),
    )


def predicted_law(question: WalkQuestion, g: float) -> PredictedLaw | None:
    """Return the law of a walk at some g; None where hardly any network passes an error."""
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
        # Every argument was checked when the spec was read: too few networks pass an error.
        return None
    drift, error, spread = float(law.drift), float(law.drift_error), float(law.spread)
    if not all(map(math.isfinite, (drift, error, spread))):
        return None
    # Added to 0, because databases differ in whether they keep the sign of a zero.
    return PredictedLaw(drift=drift + 0.0, drift_error=error, spread=spread)


def simulated_walk(question: WalkQuestion, g: float) -> SimulatedWalk:
    """Return the law by layer of a network that has to be simulated."""
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
    """Return the walk of a configuration's networks; None where their kind has no law."""
    network, init = configuration.network, configuration.init
    return architecture_of(network).walk(
        network, scheme=init.scheme, g_in=init.g_in, n_inputs=n_inputs
    )


_Asked = tuple[WalkQuestion, float]
_Answer = tuple[Prediction, SimulatedWalk | None]


def predict(
    planned: Sequence[PlannedConfiguration],
    datasets: Mapping[str, DatasetShape],
    note: Callable[[int, int], None] = lambda done, total: None,
) -> list[PlannedConfiguration]:
    """Return a plan with the predicted walk of every configuration that has one.

    Each random network is asked for once, however many configurations train it. Networks of a
    kind without a law, those too large to be simulated and those that hardly ever pass an error
    have no prediction.

    Args:
        planned: The plan.
        datasets: The shapes of its data sets, by name.
        note: Called after each simulation with how many are done, and of how many.
    """
    asked = [_asked(each.configuration, datasets) for each in planned]
    answers = _answers((each for each in asked if each is not None), note)
    return [
        each if question is None else _with(each, answers[question])
        for each, question in zip(planned, asked, strict=True)
    ]


def _asked(configuration: Configuration, datasets: Mapping[str, DatasetShape]) -> _Asked | None:
    question = walk_of(configuration, datasets[configuration.dataset].n_inputs)
    return None if question is None else (question, configuration.init.g)


def _answers(
    asked: Iterable[_Asked], note: Callable[[int, int], None]
) -> dict[_Asked, _Answer | None]:
    distinct = dict.fromkeys(asked)
    total = sum(not question.exact for question, _ in distinct)
    answers: dict[_Asked, _Answer | None] = {}
    done = 0
    for question, g in distinct:
        answers[question, g] = _answer(question, g)
        if not question.exact:
            done += 1
            note(done, total)
    return answers


def _answer(question: WalkQuestion, g: float) -> _Answer | None:
    law = None if is_too_large(question) else predicted_law(question, g)
    if law is None:
        return None
    walk = None if question.exact else simulated_walk(question, g)
    return Prediction(drift=law.drift, spread=law.spread), walk


def _with(planned: PlannedConfiguration, answer: _Answer | None) -> PlannedConfiguration:
    if answer is None:
        return planned
    prediction, walk = answer
    configuration = replace(planned.configuration, prediction=prediction)
    return replace(planned, configuration=configuration, walk=walk)


def _conditions(question: WalkQuestion) -> rwinit.Conditions:
    return rwinit.Conditions(g_in=question.g_in, n_inputs=question.n_inputs)
