import gc
import tracemalloc
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from tests.workers.examples import blobs, trial
from workers.contract import Activation, OptimizerKind, Precision, Task, TrialSpec
from workers.engines import StepInput
from workers.engines.packed import PackedEngine

DATA = blobs()
SLOTS = 3


def _specs(**changes: Any) -> list[TrialSpec]:
    return [trial(trial_id=UUID(int=i), depth=6 - i, **changes) for i in range(SLOTS)]


def _engine(specs: list[TrialSpec], **options: Any) -> PackedEngine:
    engine = PackedEngine(DATA, torch.device("cpu"), slots=SLOTS, **options)
    for spec in specs:
        engine.add(spec)
    return engine


def _bytes_allocated(engine: PackedEngine, specs: list[TrialSpec]) -> int:
    """Return what torch allocates during two steps."""
    inputs = {spec.trial_id: StepInput(np.arange(7), 0.01) for spec in specs}
    engine.step(inputs)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        engine.step(inputs)
        engine.step(inputs)
    events = profiled.profiler.kineto_results.events() if profiled.profiler else []
    return sum(
        event.nbytes() for event in events if event.name() == "[memory]" and event.nbytes() > 0
    )


@pytest.mark.usefixtures("each_kind")
@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("task", Task)
def test_a_step_allocates_nothing(activation: Activation, task: Task) -> None:
    specs = _specs(activation=activation, task=task)

    assert _bytes_allocated(_engine(specs), specs) == 0


@pytest.mark.parametrize(
    "rule",
    [
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        {"clip_norm": 1e-3},
        {"optimizer": OptimizerKind.ADAM, "weight_decay": 0.1},
        {"precision": Precision.FLOAT64},
    ],
    ids=str,
)
def test_no_rule_allocates_either(rule: dict[str, Any]) -> None:
    specs = _specs(**rule)

    assert _bytes_allocated(_engine(specs, memory_bytes=0), specs) == 0


def test_what_is_allocated_is_seen() -> None:
    specs = _specs()
    engine = _engine(specs)
    step = engine.step

    def wasteful(inputs: Any) -> Any:  # an engine's step
        torch.zeros(1000)
        return step(inputs)

    engine.step = wasteful  # type: ignore[method-assign]  # A stand-in for a bad engine.

    assert _bytes_allocated(engine, specs) >= 8000


def test_gradient_norms_of_all_slots_share_one_list_of_calls() -> None:
    specs = [trial(trial_id=UUID(int=i), depth=60) for i in range(SLOTS)]
    engine = _engine(specs)
    tracemalloc.start()
    try:
        engine.probe(specs[0].trial_id)
        gc.collect()
        first = tracemalloc.get_traced_memory()[0]
        for spec in specs[1:]:
            engine.probe(spec.trial_id)
        gc.collect()
        others = tracemalloc.get_traced_memory()[0] - first
    finally:
        tracemalloc.stop()

    assert others < first / 10
