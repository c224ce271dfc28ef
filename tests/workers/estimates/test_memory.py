"""The memory model against the engine's own tensors, and against what a process takes."""

import gc
import itertools
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
import torch

from tests.factories import trial_spec, varied
from tests.workers.estimates.samples import noise
from tests.workers.examples import kinds_of, of_kind
from workers.contract import (
    Activation,
    DatasetShape,
    EngineName,
    OptimizerKind,
    Precision,
    Task,
    TrialSpec,
)
from workers.engines import StepInput
from workers.engines.packed import PackedEngine
from workers.engines.packed.nonlinearities import nonlinearity
from workers.estimates import TrialShape, pack_memory
from workers.estimates.kept_levels import Keep, KeepAll, KeepSegments, KeepTwo, kept_levels
from workers.estimates.pack_plan import PackPlan
from workers.estimates.pack_shape import PackShape
from workers.estimates.sizes import WIDEST

ENDLESS = 1 << 50


def held() -> dict[int, int]:
    """Return the bytes of every memory that some tensor has, by its address."""
    gc.collect()
    tensors = [found for found in gc.get_objects() if type(found) is torch.Tensor]
    storages = [tensor.untyped_storage() for tensor in tensors]
    return {storage.data_ptr(): storage.nbytes() for storage in storages}


SIZES: list[dict[str, object]] = [
    {"depth": 30, "width": 32},
    {"depth": 1, "width": 64},
    {"depth": 12, "width": 32, "optimizer": OptimizerKind.ADAM, "activation": Activation.GELU},
    {"depth": 9, "width": 100, "clip_norm": 1.0, "momentum": 0.9, "task": Task.AUTOENCODE},
    {"depth": 5, "width": 64, "precision": Precision.FLOAT64, "batch_size": 7},
    {"depth": 7, "width": 400, "activation": Activation.LEAKY_RELU, "slope": -0.5},
    {"depth": 6, "width": 8, "clip_norm": 1.0, "precision": Precision.FLOAT64},
    {"depth": 3, "width": WIDEST + 1, "batch_size": 3},
]


@pytest.mark.parametrize("memory_bytes", [ENDLESS, 0], ids=["kept", "recomputed"])
@pytest.mark.parametrize("changes", SIZES, ids=str)
@pytest.mark.parametrize("kind", kinds_of(EngineName.PACKED))
def test_every_tensor_of_the_engine_is_in_the_plan_and_the_other_way_round(
    kind: str, changes: Mapping[str, object], memory_bytes: int
) -> None:
    data, slots = noise(n_train=1437, n_eval=360), 3
    spec = of_kind(trial_spec(engine=EngineName.PACKED, **changes), kind)
    specs = [varied(spec, trial_id=UUID(int=i)) for i in range(slots)]
    before = held()
    engine = PackedEngine(data, torch.device("cpu"), slots=slots, memory_bytes=memory_bytes)
    _go_round(engine, specs)

    samples = (data.train_x, data.train_y, data.eval_x, data.eval_y)
    of_data = {array.ctypes.data for array in samples if array is not None}
    found = [size for at, size in held().items() if at not in {*before, *of_data}]

    planned = _planned(spec, data.shape, slots, recomputes=memory_bytes == 0)
    # A number alone is bound in an operation.
    assert Counter(size for size in found if size > 8) == Counter(planned)
    shapes = [TrialShape.of(spec.configuration)] * slots
    memory = pack_memory(shapes, data.shape, slots, recomputes=memory_bytes == 0)
    assert memory.buffers == pytest.approx(sum(found), rel=0.01)


def _go_round(engine: PackedEngine, specs: Sequence[TrialSpec]) -> None:
    """Use every buffer that a pack can have."""
    for spec in specs:
        engine.add(spec)
    engine.step({spec.trial_id: StepInput(np.arange(3), 1e-6) for spec in specs})
    for spec in specs:
        engine.evaluate(spec.trial_id)
        engine.probe(spec.trial_id)


def _planned(
    spec: TrialSpec, dataset: DatasetShape, slots: int, *, recomputes: bool
) -> Iterator[int]:
    """Yield the bytes of each planned tensor of a pack of equal trials."""
    trial, depth = TrialShape.of(spec.configuration), spec.network.depth
    keep = kept_levels(depth, recomputes=recomputes)
    plan = PackPlan.of(PackShape.of(spec, dataset), dataset, slots, keep)
    clipping = 0 if spec.optimizer.clip_norm is None else slots
    for buffers in plan.buffers(depth, trial.kinds, clipping).values():
        for buffer in buffers.values():
            each = replace(buffer, count=1).bytes
            # A number alone is bound in an operation and has no allocation of its own to compare.
            yield from itertools.repeat(each, buffer.count if each > 8 else 0)


@pytest.mark.parametrize("levels", [0, 1, 2, 7, 9, 10, 100])
@pytest.mark.parametrize("keep", [KeepAll(), KeepTwo(), *map(KeepSegments, (1, 2, 3, 10))], ids=str)
def test_levels_have_as_many_buffers_as_are_counted(keep: Keep, levels: int) -> None:
    assert keep.count(levels) == len({keep.key(level) for level in range(levels)})


@pytest.mark.parametrize("kind", OptimizerKind)
def test_a_skip_takes_a_buffer_for_each_branch_and_one_for_errors(kind: OptimizerKind) -> None:
    plain = trial_spec(depth=10, width=32, engine=EngineName.PACKED, optimizer=kind)
    dataset = noise().shape

    without, with_skips = (
        pack_memory(
            [TrialShape.of(of_kind(plain, name).configuration)], dataset, 1, recomputes=False
        )
        for name in ("ffn", "residual")
    )

    level = 100 * 32 * 4
    assert with_skips.activations - without.activations == (9 + 1) * level
    assert with_skips.parameters == without.parameters


@pytest.mark.parametrize(("filtering", "numbers", "size"), [("haar", 32, 4), ("permutation", 1, 8)])
@pytest.mark.parametrize(("shared", "count"), [(False, 9), (True, 1)])
def test_the_reference_engine_has_fixed_matrices_and_copies_them_for_norms(
    filtering: str, numbers: int, size: int, shared: bool, count: int
) -> None:
    plain = trial_spec(depth=10, width=32, engine=EngineName.REFERENCE)
    own = {"shared_filter": shared}

    without, filtered = (
        pack_memory(
            [TrialShape.of(of_kind(plain, "roaf", filter=name, **own).configuration)],
            noise().shape,
            1,
            recomputes=False,
        )
        for name in ("identity", filtering)
    )

    assert filtered.parameters - without.parameters == count * 32 * numbers * size
    assert filtered.measuring - without.measuring == count * 32 * numbers * 8


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
        {"trial": {"kind": "residual", "depth": 400, "width": 100}, "slots": 4},
        {
            "trial": {"kind": "residual", "depth": 500, "width": 128, "batch_size": 400},
            "slots": 2,
            "memory_bytes": 0,
        },
        {
            "trial": {
                "kind": "residual",
                "depth": 200,
                "width": 128,
                "batch_size": 400,
                "engine": "reference",
            },
            "slots": 1,
        },
        {
            "trial": {
                "kind": "highway",
                "depth": 200,
                "width": 128,
                "batch_size": 400,
                "engine": "reference",
                "activation": "gelu",
                "profile_epochs": [1],
            },
            "slots": 1,
        },
    ],
    ids=[
        "wide",
        "deep",
        "adam with refill",
        "recomputed",
        "profiled on large data",
        "reference",
        "skips",
        "skips recomputed",
        "skips by the reference",
        "gates by the reference",
    ],
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
