"""The rules of early stopping beside those of Ray Tune, fed the same results in the same order."""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from ray.tune.schedulers import AsyncHyperBandScheduler, MedianStoppingRule, TrialScheduler

from tests.factories import epoch_record
from workers.contract import StoppingDecision, StoppingKind, StoppingMetric
from workers.stopping import Asha, Judgement, Median, Rule, Stopper

MAX_EPOCHS = 30
Result = tuple[UUID, int, float, bool]


def _results(seed: int, *, n_trials: int = 40, n_values: int | None = None) -> Iterator[Result]:
    """Yield the epochs of trials, interleaved at random; send True to end the trial told of.

    Trials have different lengths, and with few values there are many ties.
    """
    rng = np.random.default_rng(seed)
    lengths = {UUID(int=i): int(rng.integers(1, MAX_EPOCHS + 1)) for i in range(n_trials)}
    done = dict.fromkeys(lengths, 0)
    level = {trial: rng.normal() for trial in lengths}
    while open_trials := [trial for trial in lengths if done[trial] < lengths[trial]]:
        # A few run at a time, as on a cluster.
        trial = open_trials[int(rng.integers(min(6, len(open_trials))))]
        done[trial] += 1
        value = level[trial] + rng.normal() + 3.0 / done[trial]
        if n_values is not None:
            value = float(np.round(value * n_values) / n_values)
        stopped = yield trial, done[trial], float(value), done[trial] == lengths[trial]
        if stopped:
            done[trial] = lengths[trial]


class _Tune:
    """A scheduler of Ray Tune behind the rule's question."""

    def __init__(self, scheduler: TrialScheduler) -> None:
        self._scheduler = scheduler
        self._trials: dict[UUID, Any] = {}
        # Nothing waits for a slot, so that the median rule has nobody to yield to.
        self._controller: Any = SimpleNamespace(get_live_trials=list)

    def stops(self, trial_id: UUID, epoch: int, value: float, last: bool) -> bool:
        if trial_id not in self._trials:
            trial = _FakeTrial(str(trial_id))
            self._trials[trial_id] = trial
            self._scheduler.on_trial_add(self._controller, trial)  # type: ignore[arg-type]
        trial = self._trials[trial_id]
        result = {"epoch": epoch, "loss": value}
        if last:
            self._scheduler.on_trial_complete(self._controller, trial, result)
            return False
        action = self._scheduler.on_trial_result(self._controller, trial, result)
        return bool(action == TrialScheduler.STOP)


class _FakeTrial:
    def __init__(self, trial_id: str) -> None:
        self.trial_id = trial_id


def _asha(grace_epochs: int, eta: int) -> tuple[Rule, _Tune]:
    scheduler = AsyncHyperBandScheduler(
        time_attr="epoch",
        metric="loss",
        mode="min",
        max_t=MAX_EPOCHS + 1,
        grace_period=grace_epochs,
        reduction_factor=eta,
    )
    ours = Asha(eta=eta, grace_epochs=grace_epochs, max_epochs=MAX_EPOCHS + 1)
    return ours, _Tune(scheduler)


def _median(grace_epochs: int) -> tuple[Rule, _Tune]:
    scheduler = MedianStoppingRule(
        time_attr="epoch", metric="loss", mode="min", grace_period=grace_epochs
    )
    return Median(grace_epochs=grace_epochs), _Tune(scheduler)


def _replay(ours: Rule, tune: _Tune, seed: int, n_values: int | None) -> tuple[int, int]:
    """Assert that both decide alike; return how many trials were stopped, and judged and kept."""
    stopped = kept = 0
    results = _results(seed, n_values=n_values)
    told: Result | None = next(results)
    while told is not None:
        trial_id, epoch, value, last = told
        judgement = ours.judge(trial_id, epoch, value)
        mine = judgement is not None and not judgement.kept and not last
        assert mine == tune.stops(trial_id, epoch, value, last), told
        stopped += mine
        kept += judgement is not None and judgement.kept
        try:
            told = results.send(mine)  # type: ignore[attr-defined]
        except StopIteration:
            told = None
    return stopped, kept


@pytest.mark.parametrize("n_values", [None, 2])
@pytest.mark.parametrize(("grace_epochs", "eta"), [(1, 3), (1, 2), (2, 4), (5, 3)])
def test_asha_decides_as_ray_does(grace_epochs: int, eta: int, n_values: int | None) -> None:
    for seed in range(10):
        stopped, kept = _replay(*_asha(grace_epochs, eta), seed, n_values)
        assert stopped > 3
        assert kept > 3


@pytest.mark.parametrize("n_values", [None, 2])
@pytest.mark.parametrize("grace_epochs", [1, 4])
def test_the_median_rule_decides_as_rays(grace_epochs: int, n_values: int | None) -> None:
    for seed in range(10):
        stopped, kept = _replay(*_median(grace_epochs), seed, n_values)
        assert stopped > 3
        assert kept > 3


def _curves(seed: int) -> Mapping[UUID, Mapping[int, float]]:
    curves: dict[UUID, dict[int, float]] = {}
    for trial_id, epoch, value, _ in _results(seed, n_trials=12):
        curves.setdefault(trial_id, {})[epoch] = value
    return curves


@pytest.mark.parametrize("kind", ["asha", "median"])
def test_restored_results_count_as_judged_ones(kind: str) -> None:
    def rule() -> Rule:
        if kind == "asha":
            return Asha(eta=3, grace_epochs=2, max_epochs=MAX_EPOCHS)
        return Median(grace_epochs=2)

    judged, restored = rule(), rule()
    for trial_id, curve in _curves(1).items():
        for epoch, value in curve.items():
            judged.judge(trial_id, epoch, value)
    for trial_id, curve in sorted(_curves(1).items(), reverse=True):
        restored.restore(trial_id, curve)

    new = UUID(int=99)
    for epoch in range(1, MAX_EPOCHS + 1):
        assert judged.judge(new, epoch, 0.3) == restored.judge(new, epoch, 0.3)


def test_asha_says_what_had_to_be_reached() -> None:
    rule = Asha(eta=2, grace_epochs=1, max_epochs=4)
    for place, value in enumerate([1.0, 3.0, 2.0]):
        rule.judge(UUID(int=place), 1, value)

    assert rule.judge(UUID(int=9), 1, 2.5) == Judgement(
        kept=False, value=2.5, cutoff=2.0, n_others=3
    )
    assert rule.judge(UUID(int=9), 2, 2.5) is None


def test_a_trial_that_was_stopped_is_stopped_again_when_it_is_trained_again() -> None:
    ids = [UUID(int=i) for i in range(3)]
    stopper = Stopper(
        kind=StoppingKind.ASHA,
        metric=StoppingMetric.TRAIN_LOSS,
        eta=2,
        grace_epochs=1,
        max_epochs=8,
        groups=dict.fromkeys(ids, "all trials"),
    )

    def judge(trial_id: UUID, epoch: int, loss: float) -> StoppingDecision | None:
        return stopper.judge(epoch_record(trial_id, epoch, train_loss=loss), last=False)

    for trial_id in ids[:2]:
        judge(trial_id, 1, 1.0)
    first = judge(ids[2], 1, 2.0)

    assert first is not None
    assert not first.kept
    assert judge(ids[2], 1, 2.0) == first
