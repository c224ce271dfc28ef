import logging
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import pytest

from tests.factories import varied
from tests.workers.examples import blobs, curve, end, records, trial
from workers import engines
from workers.contract import (
    Activation,
    EngineName,
    EpochRecord,
    OptimizerKind,
    Outcome,
    Report,
    StoppingDecision,
    StoppingKind,
    StoppingMetric,
    TrialEnd,
    TrialSpec,
    TrialStart,
)
from workers.datasets import Data
from workers.engines import Engine
from workers.schedules import Schedule, ScheduleKind
from workers.training import Checkpoint, run_pack, run_trial


@pytest.fixture(params=EngineName)
def one(request: pytest.FixtureRequest) -> TrialSpec:
    return trial(engine=request.param)


@pytest.fixture
def two(one: TrialSpec) -> TrialSpec:
    return varied(one, trial_id=UUID(int=2), seed=1)


def _of(spec: TrialSpec, reports: Sequence[Report | None]) -> list[EpochRecord | TrialEnd]:
    return [report for report in curve(reports) if report.trial_id == spec.trial_id]


def _starts(reports: Sequence[Report | None]) -> list[UUID]:
    return [report.trial_id for report in reports if isinstance(report, TrialStart)]


def test_trials_of_a_pack_start_in_order_and_each_ends_once(one: TrialSpec, two: TrialSpec) -> None:
    reports = list(run_pack([two, one], blobs()))

    assert _starts(reports) == [two.trial_id, one.trial_id]
    for spec in (one, two):
        own = _of(spec, reports)
        assert [record.epoch for record in records(own)] == [0, 1, 2]
        assert end(own).outcome is Outcome.COMPLETED
        assert own == curve(run_trial(spec, blobs()))


def test_live_trials_take_their_steps_together(two: TrialSpec) -> None:
    specs = [varied(two, trial_id=UUID(int=i), seed=i, engine=EngineName.PACKED) for i in range(3)]

    reports = list(run_pack(specs, blobs(n_train=45), slots=3))

    assert reports.count(None) == 10  # two epochs of five steps
    assert _starts(reports[:9]) == [spec.trial_id for spec in specs]


def test_a_slot_that_is_left_is_taken_by_the_next_at_once(one: TrialSpec) -> None:
    specs = [
        varied(one, trial_id=UUID(int=i), epochs=epochs, engine=EngineName.PACKED)
        for i, epochs in enumerate([3, 1, 2])
    ]

    reports = list(run_pack(specs, blobs(n_train=45), slots=2))

    # The third trial needs the two epochs that the first still has when the second ends.
    assert reports.count(None) == 15
    ends = [report.trial_id.int for report in reports if isinstance(report, TrialEnd)]
    assert ends == [1, 0, 2]


def test_trials_that_cannot_run_together_run_after_one_another() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"width": 5},
        {"activation": Activation.TANH},
        {"optimizer": OptimizerKind.ADAM},
        {"engine": EngineName.REFERENCE},
        {},
    ]
    specs = [
        trial(**{"engine": EngineName.PACKED, "trial_id": UUID(int=i), **change})
        for i, change in enumerate(changes)
    ]

    reports = list(run_pack(specs, blobs(n_train=45)))

    assert reports.count(None) == 10 * len(specs)
    for spec in specs:
        assert _of(spec, reports) == curve(run_trial(spec, blobs(n_train=45)))


def test_an_empty_pack_reports_nothing() -> None:
    assert list(run_pack([], blobs())) == []


def test_an_error_fails_its_own_trial_with_type_and_text_and_the_pack_goes_on(
    one: TrialSpec, caplog: pytest.LogCaptureFixture
) -> None:
    bad = varied(one, trial_id=UUID(int=3), kind="transformer")

    with caplog.at_level(logging.ERROR):
        reports = list(run_pack([bad, one], blobs()))

    failed, completed = [report for report in reports if isinstance(report, TrialEnd)]
    assert failed.trial_id == bad.trial_id
    assert failed.outcome is Outcome.FAILED
    assert failed.message is not None
    assert failed.message.startswith("UnknownKindError: ")
    assert "transformer" in failed.message
    assert completed.outcome is Outcome.COMPLETED
    assert _of(one, reports) == curve(run_trial(one, blobs()))
    assert str(bad.trial_id) in caplog.text


def test_an_error_of_a_step_ends_the_trials_that_took_it_and_the_queue_goes_on(
    one: TrialSpec, two: TrialSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = engines.create
    broken = iter([True])

    def breaking(
        spec: TrialSpec, data: Data, device: str, slots: int | None, memory: int
    ) -> Engine:
        engine = create(spec, data, device, 1)
        step = engine.step

        def fail_once(inputs: Any) -> Any:  # an engine's step
            if next(broken, False):
                raise MemoryError("no more")
            return step(inputs)

        monkeypatch.setattr(engine, "step", fail_once)
        return engine

    monkeypatch.setattr(engines, "create", breaking)

    reports = list(run_pack([one, two], blobs()))

    assert end(_of(one, reports)).message == "MemoryError: no more"
    assert end(_of(two, reports)).outcome is Outcome.COMPLETED


def test_a_device_that_is_not_here_fails_every_trial(one: TrialSpec, two: TrialSpec) -> None:
    reports = list(run_pack([one, two], blobs(), device="cuda:99"))

    ends = [report for report in reports if isinstance(report, TrialEnd)]
    assert [found.trial_id for found in ends] == [one.trial_id, two.trial_id]
    assert {found.outcome for found in ends} == {Outcome.FAILED}


def test_an_interrupt_of_the_process_passes(
    one: TrialSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(
        spec: TrialSpec, data: Data, device: str, slots: int | None, memory: int
    ) -> Engine:
        raise KeyboardInterrupt

    monkeypatch.setattr(engines, "create", interrupted)

    with pytest.raises(KeyboardInterrupt):
        list(run_pack([one], blobs()))


def test_a_trial_stopped_while_it_runs_ends_at_an_epoch_with_a_prefix_of_its_curve(
    one: TrialSpec,
) -> None:
    whole = curve(run_pack([one], blobs()))

    def after_the_first(spec: TrialSpec, record: EpochRecord) -> StoppingDecision:
        return _by_value(spec, record, kept=False)

    cut = [
        report
        for report in curve(run_pack([one], blobs(), judge=after_the_first))
        if not isinstance(report, StoppingDecision)
    ]

    assert cut[:-1] == whole[:2]
    assert end(cut).outcome is Outcome.STOPPED


def test_an_error_of_the_judge_is_not_the_trials_fault(one: TrialSpec) -> None:
    def judge(spec: TrialSpec, record: EpochRecord) -> StoppingDecision | None:
        raise ConnectionError(spec.trial_id)

    with pytest.raises(ConnectionError):
        list(run_pack([one], blobs(), judge=judge))


def test_closing_a_pack_drops_its_trials(
    one: TrialSpec, two: TrialSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped: list[UUID] = []
    create = engines.create

    def watched(spec: TrialSpec, data: Data, device: str, slots: int | None, memory: int) -> Engine:
        engine = create(spec, data, device, slots, memory)
        monkeypatch.setattr(engine, "drop", dropped.append)
        return engine

    monkeypatch.setattr(engines, "create", watched)
    live = [one] if one.engine is EngineName.REFERENCE else [one, two]
    pack = run_pack([one, two], blobs())
    for report in pack:
        if report is None:
            break

    pack.close()

    assert dropped == [spec.trial_id for spec in live]


def test_trials_that_diverge_or_are_stopped_leave_their_neighbours_untouched() -> None:
    data = blobs(n_train=45)
    specs = [
        trial(trial_id=UUID(int=i), seed=i, depth=depth, epochs=3, engine=EngineName.PACKED)
        for i, depth in enumerate([4, 3, 3, 6, 1, 2, 3])
    ]
    diverging, stopped = specs[2], specs[1]
    specs[2] = diverging = varied(diverging, learning_rate=1e30)

    def judge(spec: TrialSpec, record: EpochRecord) -> StoppingDecision | None:
        return _by_value(spec, record, kept=False) if spec is stopped else None

    reports = list(run_pack(specs, data, judge=judge, slots=5))

    for spec in specs:
        own, alone = _of(spec, reports), curve(run_trial(spec, data))
        if spec is stopped:
            assert own[:-1] == alone[: len(own) - 1]
            assert end(own).outcome is Outcome.STOPPED
            assert len(own) == 3
        else:
            assert own == alone
    ended = end(_of(diverging, reports))
    assert (ended.outcome, ended.diverged_step) == (Outcome.DIVERGED, 2)


def _by_value(spec: TrialSpec, record: EpochRecord, *, kept: bool) -> StoppingDecision:
    return StoppingDecision(
        trial_id=spec.trial_id,
        epoch=record.epoch,
        rule=StoppingKind.ASHA,
        metric=StoppingMetric.TRAIN_LOSS,
        value=record.train_loss,
        cutoff=0.1,
        kept=kept,
        group="all trials",
        n_others=3,
    )


def test_others_do_not_feel_a_divergence_and_two_stops() -> None:
    base = trial(engine=EngineName.PACKED, epochs=4)
    specs = [varied(base, trial_id=UUID(int=i), seed=i, depth=2 + i % 3) for i in range(8)]
    diverging, stopping, early = UUID(int=1), UUID(int=2), UUID(int=3)
    specs[1] = varied(specs[1], learning_rate=1e8, depth=3)
    asked: list[tuple[UUID, int]] = []

    def judge(spec: TrialSpec, record: EpochRecord) -> StoppingDecision | None:
        asked.append((spec.trial_id, record.epoch))
        if (spec.trial_id, record.epoch) in ((stopping, 2), (early, 1)):
            return _by_value(spec, record, kept=False)
        return _by_value(spec, record, kept=True) if record.epoch == 3 else None

    reports = list(
        run_pack(
            specs,
            blobs(),
            slots=4,
            judge=judge,
        )
    )

    ends = {report.trial_id: report for report in reports if isinstance(report, TrialEnd)}
    assert ends[diverging].outcome is Outcome.DIVERGED
    assert ends[diverging].diverged_step == 3
    assert ends[stopping].outcome is Outcome.STOPPED
    assert "at epoch 2 is above the cutoff 0.1" in (ends[stopping].message or "")
    assert ends[early].outcome is Outcome.STOPPED
    assert [record.epoch for record in records(_of(specs[2], reports))] == [0, 1, 2]
    for spec in specs:
        alone = curve(run_trial(spec, blobs()))
        if spec.trial_id in (stopping, early):
            own = records(_of(spec, reports))
            assert own == records(alone)[: len(own)]
        else:
            assert _of(spec, reports) == alone
    # Every finite epoch but the first measurement was judged, and nothing else.
    assert sorted(asked) == sorted(
        (report.trial_id, report.epoch)
        for report in reports
        if isinstance(report, EpochRecord) and report.epoch > 0
    )
    # A decision follows its record.
    for place, report in enumerate(reports):
        if isinstance(report, StoppingDecision):
            before = reports[place - 1]
            assert isinstance(before, EpochRecord)
            assert (before.trial_id, before.epoch) == (report.trial_id, report.epoch)


def test_the_slot_of_a_stopped_trial_is_taken_at_once(one: TrialSpec) -> None:
    specs = [
        varied(one, trial_id=UUID(int=i), epochs=3, engine=EngineName.PACKED) for i in range(3)
    ]

    def judge(spec: TrialSpec, record: EpochRecord) -> StoppingDecision | None:
        return _by_value(spec, record, kept=spec is not specs[1])

    reports = list(run_pack(specs, blobs(n_train=45), slots=2, judge=judge))

    # Five steps an epoch: the third runs from the sixth step to the twentieth.
    assert reports.count(None) == 20


class _LossyStore:
    """A checkpoint store in memory that loses some of what it is given."""

    def __init__(self, lost: Collection[UUID] = ()) -> None:
        self.checkpoints: dict[UUID, Checkpoint] = {}
        self._lost = lost

    def save(self, checkpoint: Checkpoint) -> None:
        if checkpoint.trial_id not in self._lost:
            self.checkpoints[checkpoint.trial_id] = checkpoint

    def load(self, trial_id: UUID) -> Checkpoint | None:
        return self.checkpoints.get(trial_id)


@pytest.mark.parametrize("engine", EngineName)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"momentum": 0.9, "nesterov": True, "learning_rate": 0.01},
        {"optimizer": OptimizerKind.ADAM, "learning_rate": 0.01},
        {"schedule": Schedule(kind=ScheduleKind.COSINE, warmup_epochs=2.0)},
    ],
    ids=["sgd", "nesterov", "adam", "cosine"],
)
def test_a_trial_goes_on_from_its_checkpoint_bit_for_bit(
    engine: EngineName, changes: dict[str, Any]
) -> None:
    specs = [
        trial(trial_id=UUID(int=i), seed=i, engine=engine, epochs=6, depth=2 + i % 2, **changes)
        for i in range(4)
    ]
    store, lost = _LossyStore(lost=[UUID(int=3)]), UUID(int=3)

    rounds = [
        list(run_pack(specs, blobs(), until=until, checkpoints=store)) for until in (1, 4, None)
    ]

    assert not [report for report in rounds[0] if isinstance(report, TrialEnd)]
    for spec in specs:
        alone = curve(run_trial(spec, blobs()))
        parts = [_of(spec, reports) for reports in rounds]
        if spec.trial_id == lost:
            # Trained from the start each time: the same records again.
            assert [len(part) for part in parts] == [2, 5, 8]
            assert parts[0] == alone[:2]
            assert parts[1] == alone[:5]
            assert parts[2] == alone
        else:
            assert [len(part) for part in parts] == [2, 3, 3]
            assert [*parts[0], *parts[1], *parts[2]] == alone
