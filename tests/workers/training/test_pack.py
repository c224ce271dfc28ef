import logging
from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.workers.examples import blobs, curve, end, records, trial
from workers import engines
from workers.contract import EpochRecord, Outcome, TrialEnd, TrialSpec
from workers.datasets import Data
from workers.engines import Engine
from workers.training import run_pack

ONE, TWO = trial(), trial(trial_id=UUID(int=2), seed=1)


def test_trials_of_a_pack_run_in_order_and_each_ends_once() -> None:
    reports = curve(run_pack([TWO, ONE], blobs()))

    assert [report.trial_id for report in reports] == [TWO.trial_id] * 4 + [ONE.trial_id] * 4
    ends = [report for report in reports if isinstance(report, TrialEnd)]
    assert [found.outcome for found in ends] == [Outcome.COMPLETED] * 2


def test_an_empty_pack_reports_nothing() -> None:
    assert list(run_pack([], blobs())) == []


def test_an_error_fails_its_own_trial_with_type_and_text_and_the_pack_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad = trial(trial_id=UUID(int=3), kind="transformer")

    with caplog.at_level(logging.ERROR):
        reports = list(run_pack([bad, ONE], blobs()))

    failed, completed = [report for report in reports if isinstance(report, TrialEnd)]
    assert failed.trial_id == bad.trial_id
    assert failed.outcome is Outcome.FAILED
    assert failed.message is not None
    assert failed.message.startswith("UnsupportedTrialError: ")
    assert "transformer" in failed.message
    assert completed.outcome is Outcome.COMPLETED
    assert str(bad.trial_id) in caplog.text


def test_an_interrupt_of_the_process_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(spec: TrialSpec, data: Data, device: str) -> Engine:
        raise KeyboardInterrupt

    monkeypatch.setattr(engines, "create", interrupted)

    with pytest.raises(KeyboardInterrupt):
        list(run_pack([ONE], blobs()))


def test_a_trial_cancelled_before_its_start_never_starts() -> None:
    reports = list(run_pack([ONE, TWO], blobs(), is_cancelled=lambda key: key == ONE.trial_id))

    assert reports[0] == TrialEnd(trial_id=ONE.trial_id, outcome=Outcome.CANCELLED)
    assert records(reports)
    assert {record.trial_id for record in records(reports)} == {TWO.trial_id}


def _cancel_after(answers: Iterator[bool]) -> list[EpochRecord | TrialEnd]:
    return curve(run_pack([ONE], blobs(), is_cancelled=lambda _: next(answers)))


def test_a_trial_cancelled_while_it_runs_ends_at_an_epoch_with_a_prefix_of_its_curve() -> None:
    whole = curve(run_pack([ONE], blobs()))

    cut = _cancel_after(iter([False, False, True]))

    assert cut[:-1] == whole[:2]
    assert end(cut).outcome is Outcome.CANCELLED


def test_a_trial_whose_last_epoch_is_done_is_complete_and_not_asked_about() -> None:
    assert end(_cancel_after(iter([False, False, False]))).outcome is Outcome.COMPLETED


def test_an_error_of_the_question_is_not_the_trials_fault() -> None:
    def is_cancelled(trial_id: UUID) -> bool:
        raise ConnectionError(trial_id)

    with pytest.raises(ConnectionError):
        list(run_pack([ONE], blobs(), is_cancelled=is_cancelled))


def test_closing_a_pack_drops_its_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[UUID] = []
    create = engines.create

    def watched(spec: TrialSpec, data: Data, device: str) -> Engine:
        engine = create(spec, data, device)
        monkeypatch.setattr(engine, "drop", dropped.append)
        return engine

    monkeypatch.setattr(engines, "create", watched)
    pack = run_pack([ONE], blobs())
    for _ in range(4):
        next(pack)

    pack.close()

    assert dropped == [ONE.trial_id]
