"""Measure the log-norm walk of a trial's initial network, in nats and against its predicted law."""

import math

import torch
from torch import Tensor

from workers.contract import InitialWalk, TrialSpec
from workers.engines import Engine
from workers.engines.devices import fixed_arithmetic
from workers.generators import probe_generator
from workers.training.frozen_network import FrozenNetwork
from workers.training.passes import branch_error, forward, input_error
from workers.training.scaled import Scaled

# Nats. A smaller predicted spread means that the walk is not random; the measured deviation would
# then be the rounding of the weights.
_LEAST_SPREAD = 1e-6


def initial_walk(engine: Engine, spec: TrialSpec, n_inputs: int) -> InitialWalk:
    """Return the walk of a trial's initial network, and its z-score under the predicted law.

    Args:
        engine: Contains the trial, before its first step.
        spec: The trial; without a prediction the walk is measured, and its z-score is None.
        n_inputs: Dimensions of one sample.
    """
    predicted = spec.configuration.prediction
    walk = _measured(FrozenNetwork(spec, engine), spec, n_inputs)
    score = None
    if walk is not None and predicted is not None and predicted.spread > _LEAST_SPREAD:
        score = (walk - predicted.drift) / predicted.spread
    return InitialWalk(trial_id=spec.trial_id, walk_init=walk, z_init=score)


@fixed_arithmetic()
def _measured(network: FrozenNetwork, spec: TrialSpec, n_inputs: int) -> float | None:
    """Return ``ln(|delta_1| / |delta_D|)`` of one probe; None if the error vanishes on its way."""
    passed = forward(network, _probe(spec.seed, "input", n_inputs))
    error = Scaled.plain(_probe(spec.seed, "error", spec.network.width)).normalised()
    start = error.log_norms().item()
    for place in range(network.depth - 1, 0, -1):
        branch = branch_error(network, passed, place, error)
        error = input_error(network, passed, place, branch, error)
    walk = error.log_norms().item() - start
    return walk if math.isfinite(walk) else None


def _probe(seed: int, name: str, count: int) -> Tensor:
    """Return a standard normal vector ``(1, count)``, equal for all trials of a seed."""
    return torch.randn(1, count, dtype=torch.float64, generator=probe_generator(seed, name))
