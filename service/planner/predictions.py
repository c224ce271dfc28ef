"""The predicted walk of planned trials: beside what each network will be measured to do.

One question for each random network, not for each trial. Activations without an exact law are
simulated, in a second or so each, with a fixed seed; rwinit remembers the answers on disk.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final
from uuid import UUID, uuid5

import rwinit
from rwinit.estimates import ALGORITHM
from service.planner.configurations import EXACT
from service.planner.forecasts import MOST_UNITS
from service.planner.gains import weights_of
from service.planner.planned import PlannedTrial, SimulatedWalk
from workers.contract import Activation, DatasetShape, TrialSpec

_WALKS: Final = UUID("5b0c7f3e-8a53-5b0e-9d55-4b7f2f2f6a10")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Network:
    """What a predicted walk depends on."""

    activation: Activation
    slope: float
    depth: int
    width: int
    weights: str
    g: float
    g_in: float
    n_inputs: int

    @property
    def exact(self) -> bool:
        return self.activation in EXACT


Prediction = tuple[float, float, SimulatedWalk | None]
Note = Callable[[int, int], None]


def predict(
    planned: Sequence[PlannedTrial],
    datasets: Mapping[str, DatasetShape],
    note: Note = lambda done, total: None,
) -> list[PlannedTrial]:
    """Return a plan with the predicted walk of every trial that has one.

    Networks too large to be simulated have none, nor have those that hardly ever pass an error.

    Args:
        planned: The plan.
        datasets: The shapes of its data sets, by name.
        note: Told after each simulation how many are done, and of how many.
    """
    networks = [_network(trial.spec, datasets[trial.spec.dataset]) for trial in planned]
    distinct = dict.fromkeys(networks)
    total = sum(not network.exact for network in distinct)
    found: dict[_Network, Prediction | None] = {}
    done = 0
    for network in distinct:
        found[network] = _prediction(network)
        if not network.exact:
            done += 1
            note(done, total)
    return [_with(trial, found[network]) for trial, network in zip(planned, networks, strict=True)]


def _network(spec: TrialSpec, shape: DatasetShape) -> _Network:
    exact = spec.activation in EXACT
    return _Network(
        activation=spec.activation,
        slope=spec.slope if spec.activation is Activation.LEAKY_RELU else 0.0,
        depth=spec.depth,
        width=spec.width,
        weights=weights_of(spec.scheme),
        g=spec.g,
        # A homogeneous activation carries any factor of the input to the output unchanged.
        g_in=1.0 if exact else spec.g_in,
        n_inputs=0 if exact else shape.n_inputs,
    )


def _prediction(network: _Network) -> Prediction | None:
    simulated = not network.exact
    if simulated and network.width * network.depth > MOST_UNITS:
        return None
    conditions = (
        rwinit.Conditions(n_inputs=network.n_inputs, g_in=network.g_in)
        if simulated
        else rwinit.Conditions()
    )
    try:
        law = rwinit.walk_law(
            network.activation,
            network.width,
            network.depth,
            g=network.g,
            weights=network.weights,
            slope=network.slope,
            conditions=conditions,
        )
    except rwinit.ArgumentError:
        # Every argument was checked when the spec was read: too few networks pass an error.
        return None
    drift, spread = float(law.drift), float(law.spread)
    if not (math.isfinite(drift) and math.isfinite(spread)):
        return None
    return drift, spread, _walk(network, conditions) if simulated else None


def _walk(network: _Network, conditions: rwinit.Conditions) -> SimulatedWalk:
    band = rwinit.walk_band(
        network.activation,
        network.width,
        network.depth,
        g=network.g,
        weights=network.weights,
        slope=network.slope,
        conditions=conditions,
    )
    key = json.dumps(asdict(network) | {"algorithm": ALGORITHM}, sort_keys=True)
    return SimulatedWalk(
        id=uuid5(_WALKS, key),
        means=tuple(band.mean.tolist()),
        deviations=tuple(band.deviation.tolist()),
    )


def _with(trial: PlannedTrial, prediction: Prediction | None) -> PlannedTrial:
    if prediction is None:
        return trial
    drift, spread, walk = prediction
    spec = replace(trial.spec, predicted_drift=drift, predicted_spread=spread)
    return replace(trial, spec=spec, walk=walk)
