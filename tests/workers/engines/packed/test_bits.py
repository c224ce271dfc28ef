"""In float32 a trial of a pack is the trial alone, bit for bit, whatever happens around it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import varied
from tests.workers import examples
from tests.workers.examples import blobs, kinds_of, of_kind, trial
from workers.contract import Activation, EngineName, OptimizerKind, Task, TrialSpec
from workers.engines import GradientNorms, StepInput, TrainingState, UnsupportedTrialError
from workers.engines.packed import PackedEngine, PackFullError

# Odd sizes, so that nothing fills whole vectors by accident.
DATA = blobs(n_inputs=7, n_classes=3, n_train=61, n_eval=13)
WIDTH, BATCH = 33, 19
KINDS = kinds_of(EngineName.PACKED)

RULES: dict[OptimizerKind, list[dict[str, Any]]] = {
    OptimizerKind.SGD: [
        {},
        {"momentum": 0.9, "weight_decay": 0.01},
        {"momentum": 0.8, "nesterov": True},
        {"clip_norm": 0.05},
        {"weight_decay": 0.02, "clip_norm": 0.1},
    ],
    OptimizerKind.ADAM: [{}, {"beta1": 0.7, "weight_decay": 0.01}, {"clip_norm": 0.05}],
}


def _specs(count: int, **shared: Any) -> list[TrialSpec]:
    rules = RULES[shared.get("optimizer", OptimizerKind.SGD)]
    return [
        trial(
            trial_id=UUID(int=i),
            seed=i,
            width=WIDTH,
            batch_size=BATCH,
            depth=(4, 1, 6, 4, 2)[i % 5],
            g=1.3,
            learning_rate=0.03 / (1 + i),
            **{**shared, **rules[i % len(rules)]},
        )
        for i in range(count)
    ]


def _engine(slots: int, **options: Any) -> PackedEngine:
    return PackedEngine(DATA, torch.device("cpu"), slots=slots, **options)


def _given(spec: TrialSpec, step: int) -> StepInput:
    rng = np.random.default_rng([spec.seed, step])
    order = rng.permutation(DATA.shape.n_train)
    count = BATCH if step % 3 else 4
    return StepInput(order[:count], spec.training.learning_rate / (1 + 0.1 * step))


class _Watched:
    """An engine that remembers what each trial did."""

    def __init__(self, slots: int, **options: Any) -> None:
        self.engine = _engine(slots, **options)
        self.specs: dict[UUID, TrialSpec] = {}
        self.losses: dict[UUID, list[float]] = {}

    def add(self, spec: TrialSpec) -> None:
        self.engine.add(spec)
        self.specs[spec.trial_id] = spec
        self.losses[spec.trial_id] = []

    def step(self, keys: list[UUID]) -> None:
        inputs = {key: _given(self.specs[key], len(self.losses[key])) for key in keys}
        for key, loss in self.engine.step(inputs).items():
            self.losses[key].append(loss)

    def drop(self, key: UUID) -> None:
        self.engine.drop(key)
        del self.specs[key]

    def move(self, key: UUID) -> None:
        """Take a trial out and put it back, through its saved state."""
        state = self.engine.save(key)
        self.engine.drop(key)
        self.engine.restore(self.specs[key], state)

    def check(self, key: UUID) -> None:
        """Compare a trial with the same trial alone."""
        spec, losses = self.specs[key], self.losses[key]
        alone, expected, measured = _alone(spec, len(losses))
        assert losses == alone
        _same(self.engine.save(key), expected)
        assert (self.engine.evaluate(key), self.engine.probe(key)) == measured


_ALONE: dict[tuple[TrialSpec, int], Any] = {}


@pytest.fixture(autouse=True, scope="module")
def _alone_by_the_same_arithmetic(each_arithmetic: None) -> None:
    _ALONE.clear()


def _alone(spec: TrialSpec, steps: int) -> Any:  # losses, state, and what it measures
    if (spec, steps) not in _ALONE:
        engine = _engine(1)
        engine.add(spec)
        key = spec.trial_id
        losses = [engine.step({key: _given(spec, step)})[key] for step in range(steps)]
        measured = engine.evaluate(key), engine.probe(key)
        _ALONE[spec, steps] = losses, engine.save(key), measured
    return _ALONE[spec, steps]


def _same(found: TrainingState, expected: TrainingState) -> None:
    assert found.steps == expected.steps
    for name, array in expected.arrays.items():
        assert np.array_equal(found.arrays[name].view(np.int32), array.view(np.int32)), name


@pytest.mark.usefixtures("each_kind")
@pytest.mark.parametrize("kind", OptimizerKind)
@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("activation", Activation)
def test_a_trial_of_a_mixed_pack_is_the_trial_alone(
    activation: Activation, task: Task, kind: OptimizerKind
) -> None:
    pack = _Watched(5)
    for spec in _specs(5, activation=activation, task=task, optimizer=kind):
        pack.add(spec)

    for _ in range(4):
        pack.step([*pack.specs])

    for key in pack.specs:
        pack.check(key)


@pytest.mark.usefixtures("each_kind")
@pytest.mark.parametrize(("width", "batch"), [(1, 1), (8, 10), (32, 61), (100, 25), (150, 3)])
@pytest.mark.parametrize("count", [2, 3, 8, 11])
def test_sizes_and_numbers_of_neighbours_do_not_matter(width: int, batch: int, count: int) -> None:
    pack = _Watched(count)
    for spec in _specs(count, activation=Activation.SILU):
        pack.add(varied(spec, width=width))

    for _ in range(3):
        pack.step([*pack.specs])

    for key in [*pack.specs][:3]:
        pack.check(key)


_actions = st.lists(
    st.tuples(st.sampled_from(["add", "drop", "move", "step", "some"]), st.integers(0, 9)),
    max_size=12,
)


@settings(max_examples=25)
@given(_actions, st.sampled_from(OptimizerKind), st.booleans(), st.sampled_from(KINDS))
def test_trials_come_and_go_and_the_others_do_not_notice(
    actions: list[tuple[str, int]], optimizer: OptimizerKind, again: bool, kind: str
) -> None:
    pack = _Watched(4, memory_bytes=0 if again else 1 << 30)
    queue = iter(_specs(20, activation=Activation.GELU, optimizer=optimizer, kind=kind))
    pack.add(next(queue))

    for action, number in actions:
        keys = [*pack.specs]
        if action == "add" and len(keys) < 4:
            pack.add(next(queue))
        elif action == "drop" and len(keys) > 1:
            pack.drop(keys[number % len(keys)])
        elif action == "move":
            pack.move(keys[number % len(keys)])
        elif action == "step":
            pack.step(keys)
        elif action == "some":
            pack.step(keys[number % len(keys) :])

    for key in pack.specs:
        pack.check(key)


@pytest.mark.usefixtures("each_kind")
@pytest.mark.parametrize("kind", OptimizerKind)
@pytest.mark.parametrize("activation", Activation)
def test_activations_computed_again_are_the_same(
    activation: Activation, kind: OptimizerKind
) -> None:
    pack = _Watched(3, memory_bytes=0)
    for depth, spec in zip(
        (11, 5, 1), _specs(3, activation=activation, optimizer=kind), strict=True
    ):
        pack.add(varied(spec, depth=depth))

    for _ in range(3):
        pack.step([*pack.specs])

    for key in pack.specs:
        pack.check(key)


@pytest.fixture
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_two_threads")
def test_two_threads_are_as_good_as_one() -> None:
    big = blobs(n_inputs=64, n_train=512)
    specs = [
        trial(trial_id=UUID(int=i), seed=i, width=256, depth=3 - i, batch_size=512, g=1.3)
        for i in range(2)
    ]

    def norms() -> list[GradientNorms]:
        engine = PackedEngine(big, torch.device("cpu"), slots=2)
        for spec in specs:
            engine.add(spec)
        given = StepInput(np.arange(512), 0.05)
        for _ in range(3):
            engine.step({spec.trial_id: given for spec in specs})
        return [engine.probe(spec.trial_id) for spec in specs]

    with_two = norms()
    torch.set_num_threads(1)

    assert norms() == with_two


@pytest.mark.usefixtures("each_kind")
def test_a_deeper_trial_may_come_later() -> None:
    pack = _Watched(2)
    one, two = _specs(2)
    shallow = varied(one, depth=2)
    # Built anew, because a kind's gains may follow the depth.
    deep = of_kind(varied(two, depth=40), two.network.kind, **examples.OWN)
    pack.add(shallow)
    pack.step([shallow.trial_id])

    pack.add(deep)
    for _ in range(3):
        pack.step([shallow.trial_id, deep.trial_id])

    pack.check(shallow.trial_id)
    pack.check(deep.trial_id)


@pytest.mark.usefixtures("each_kind")
def test_a_trial_that_blows_up_stays_alone_with_it() -> None:
    pack = _Watched(3)
    one, bad, two = _specs(3)
    for spec in (one, varied(bad, learning_rate=1e38), two):
        pack.add(spec)

    for _ in range(4):
        pack.step([*pack.specs])

    assert not np.isfinite(pack.losses[bad.trial_id][-1])
    pack.check(one.trial_id)
    pack.check(two.trial_id)


def test_trials_of_one_depth_may_differ_in_the_scale_of_their_branches() -> None:
    pack = _Watched(3)
    for scale, spec in zip((0.1, 1.0, 3.0), _specs(3), strict=True):
        pack.add(of_kind(varied(spec, depth=5), "residual", branch_scale=scale))

    for _ in range(3):
        pack.step([*pack.specs])

    for key in pack.specs:
        pack.check(key)


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_networks_with_and_without_skips_never_share_a_pack(first: str, second: str) -> None:
    here, there = (
        of_kind(spec, kind) for kind, spec in zip((first, second), _specs(2), strict=True)
    )
    engine = _engine(2)
    engine.add(here)

    assert engine.accepts(there) is (first == second)
    if first != second:
        with pytest.raises(UnsupportedTrialError) as caught:
            engine.add(there)
        assert caught.value.field == "skip"


def test_a_full_pack_takes_no_trial_and_keeps_the_ones_it_has() -> None:
    pack = _Watched(2)
    *fitting, one_more = _specs(3)
    for spec in fitting:
        pack.add(spec)

    with pytest.raises(PackFullError, match="all 2 slots"):
        pack.engine.add(one_more)

    pack.step([*pack.specs])
    for key in pack.specs:
        pack.check(key)
