"""The memory model against the engine's own tensors, and against what a process takes."""

import gc
import json
import subprocess
import sys
from collections.abc import Mapping

import numpy as np
import pytest
import torch

from tests.factories import trial_spec
from tests.workers.estimates.samples import noise
from workers.contract import Activation, EngineName, OptimizerKind, Precision, Task
from workers.engines import StepInput
from workers.engines.packed import PackedEngine
from workers.engines.packed.nonlinearities import nonlinearity
from workers.estimates import TrialShape, pack_memory

ENDLESS = 1 << 50


def held() -> dict[int, int]:
    """Return the bytes of every memory that some tensor has, by its address."""
    gc.collect()
    tensors = [found for found in gc.get_objects() if type(found) is torch.Tensor]
    storages = [tensor.untyped_storage() for tensor in tensors]
    return {storage.data_ptr(): storage.nbytes() for storage in storages}


@pytest.mark.parametrize("memory_bytes", [ENDLESS, 0], ids=["kept", "recomputed"])
@pytest.mark.parametrize(
    "changes",
    [
        {"depth": 30, "width": 32},
        {"depth": 1, "width": 64},
        {"depth": 12, "width": 32, "optimizer": OptimizerKind.ADAM, "activation": Activation.GELU},
        {"depth": 9, "width": 100, "clip_norm": 1.0, "momentum": 0.9, "task": Task.AUTOENCODE},
        {"depth": 5, "width": 64, "precision": Precision.FLOAT64, "batch_size": 7},
        {"depth": 7, "width": 400, "activation": Activation.LEAKY_RELU, "slope": -0.5},
    ],
    ids=str,
)
def test_the_model_counts_the_tensors_that_the_engine_has(
    changes: Mapping[str, object], memory_bytes: int
) -> None:
    data, slots = noise(n_train=1437, n_eval=360), 3
    specs = [trial_spec(engine=EngineName.PACKED, **changes) for _ in range(slots)]
    before = held()
    engine = PackedEngine(data, torch.device("cpu"), slots=slots, memory_bytes=memory_bytes)
    for spec in specs:
        engine.add(spec)
    engine.step({spec.trial_id: StepInput(np.arange(5), 1e-6) for spec in specs})
    for spec in specs:
        engine.evaluate(spec.trial_id)
        engine.probe(spec.trial_id)

    samples = (data.train_x, data.train_y, data.eval_x, data.eval_y)
    of_data = {array.ctypes.data for array in samples if array is not None}
    found = sum(size for at, size in held().items() if at not in {*before, *of_data})

    shapes = [TrialShape.of(spec.configuration) for spec in specs]
    memory = pack_memory(shapes, data.shape, slots, recomputes=memory_bytes == 0)
    assert memory.buffers == pytest.approx(found, rel=0.01)


@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("slope", [0.1, -0.1])
def test_the_model_knows_which_activations_keep_their_input(
    activation: Activation, slope: float
) -> None:
    shape = TrialShape.of(trial_spec(activation=activation, slope=slope).configuration)

    assert shape.keeps_input == nonlinearity(activation, slope).keeps_input


@pytest.mark.parametrize("depth", [1, 2, 400])
def test_recomputation_takes_less_where_networks_are_deep(depth: int) -> None:
    shapes = [TrialShape.of(trial_spec(depth=depth, engine=EngineName.PACKED).configuration)]
    data = noise().shape

    kept = pack_memory(shapes, data, 1, recomputes=False)
    again = pack_memory(shapes, data, 1, recomputes=True)

    assert again.activations <= kept.activations
    assert (again.total < kept.total) == (depth == 400)


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [
        {"trial": {"depth": 60, "width": 512, "batch_size": 256}, "slots": 1},
        {"trial": {"depth": 400, "width": 100, "batch_size": 100}, "slots": 4},
        {
            "trial": {"depth": 40, "width": 400, "batch_size": 100, "optimizer": "adam"},
            "slots": 2,
            "trials": 3,
        },
        {
            "trial": {"depth": 500, "width": 128, "batch_size": 400, "activation": "gelu"},
            "slots": 2,
            "memory_bytes": 0,
        },
        {
            "trial": {"depth": 30, "width": 300, "batch_size": 200, "profile_epochs": [1]},
            "slots": 1,
            "n_inputs": 3000,
            "n_train": 4000,
        },
        {"trial": {"depth": 200, "width": 256, "engine": "reference"}, "slots": 1},
    ],
    ids=["wide", "deep", "adam with refill", "recomputed", "profiled on large data", "reference"],
)
def test_a_pack_peaks_within_a_fifth_of_the_prediction(case: Mapping[str, object]) -> None:
    defaults = {"n_inputs": 64, "n_train": 400, "memory_bytes": ENDLESS, "trials": case["slots"]}
    done = subprocess.run(
        [sys.executable, "-m", "tests.workers.estimates.peak", json.dumps({**defaults, **case})],
        capture_output=True,
        text=True,
        check=True,
    )

    measured, predicted = json.loads(done.stdout)

    assert predicted > 100e6, "too small for the allocator's noise not to decide"
    assert measured == pytest.approx(predicted, rel=0.2), f"{measured / 1e6} MB"
