"""Early stopping from rows: what a driver does that takes a sweep over."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from service.driver.stopping import Halving, stopper_of
from service.planner import plan
from service.spec import Media, SweepSpec, parse
from service.store import Database, events, leases, records, sweeps, trials
from service.store.leases import Claim
from service.store.stopping import EVENT_KIND
from tests.driver.queue import SHAPES
from tests.factories import epoch_record
from workers.contract import Outcome, Report, TrialEnd

TEXT = """
version: 1
name: stopping
network: {{activation: relu, depth: [1, 2], width: 8}}
training: {{epochs: 9, lr: 0.1}}
seeds: 6
early_stopping: {{kind: {kind}, metric: train_loss, eta: 2, grace_epochs: 2{more}}}
"""


def _planned(database: Database, kind: str, more: str = "") -> tuple[Claim, SweepSpec, list[UUID]]:
    text = TEXT.format(kind=kind, more=more)
    spec = parse(text, Media.YAML)
    with database.write() as session:
        sweep = sweeps.insert(
            session,
            name=spec.name,
            spec_text=text,
            spec_media=Media.YAML,
            spec_hash=spec.sha256(),
            n_trials=12,
        )
        planned = plan(sweep.id, spec, SHAPES)
        trials.insert_plan(session, sweep.id, planned)
    with database.write() as session:
        claim = leases.claim(session, "driver", 60.0)
    assert claim is not None
    return claim, spec, [trial.id for each in planned for trial in each.trials]


def _tell(database: Database, claim: Claim, *reports: Report) -> None:
    with database.write() as session:
        records.write(session, claim, reports)


def _train(database: Database, claim: Claim, losses: Mapping[UUID, float], epochs: range) -> None:
    for trial_id, loss in losses.items():
        told = (epoch_record(trial_id, epoch, train_loss=loss) for epoch in epochs)
        _tell(database, claim, *told)


def _outcomes(database: Database, ids: list[UUID]) -> list[Outcome | None]:
    with database.read() as session:
        return [trials.get(session, trial_id).outcome for trial_id in ids]


def test_halving_keeps_the_best_of_every_depth(database: Database) -> None:
    claim, spec, ids = _planned(database, "halving")
    assert spec.early_stopping is not None
    halving = Halving(database, claim, spec, spec.early_stopping)
    # The deep ones, which come second, are all worse than the shallow ones.
    losses = {trial_id: float(place) for place, trial_id in enumerate(ids)}

    assert halving.until == 2
    _train(database, claim, losses, range(3))
    assert halving.waiting() == set(ids)
    ended = halving.judge()

    assert ended == [*ids[3:6], *ids[9:]]
    assert halving.until == 4
    stopped = [Outcome.STOPPED] * 3
    assert _outcomes(database, ids) == [None] * 3 + stopped + [None] * 3 + stopped
    with database.read() as session:
        row = trials.get(session, ids[4])
        told = [e for e in events.after(session, claim.sweep_id, 0, 100) if e.kind == EVENT_KIND]
    assert row.message == ("halving: train_loss 4 at epoch 2 is above the cutoff 2 of 5 others")
    assert len(told) == 12
    assert told[4].detail == {
        "epoch": 2,
        "rule": "halving",
        "metric": "train_loss",
        "value": 4.0,
        "cutoff": 2.0,
        "kept": False,
        "group": "network.depth 1",
        "n_others": 5,
    }


def test_halving_comes_to_the_same_after_a_takeover(database: Database) -> None:
    claim, spec, ids = _planned(database, "halving", ", within: []")
    assert spec.early_stopping is not None
    first = Halving(database, claim, spec, spec.early_stopping)
    losses = {trial_id: float((place * 7) % 12) for place, trial_id in enumerate(ids)}
    # One diverges on the way: it takes a place among those that do not go on.
    lost = min(losses, key=lambda trial_id: losses[trial_id])
    end = TrialEnd(trial_id=lost, outcome=Outcome.DIVERGED, diverged_epoch=1, diverged_step=3)
    _tell(database, claim, end)
    del losses[lost]
    _train(database, claim, losses, range(3))
    first.judge()
    kept = {t for t, outcome in zip(ids, _outcomes(database, ids), strict=True) if outcome is None}
    assert kept == set(sorted(losses, key=lambda trial_id: losses[trial_id])[:6])
    _train(database, claim, {trial_id: losses[trial_id] for trial_id in kept}, range(3, 5))

    # Another driver begins with the first rung again, where nothing is left to decide.
    second = Halving(database, claim, spec, spec.early_stopping)
    assert second.until == 2
    assert second.waiting() == kept
    assert second.judge() == []
    assert second.until == 4
    ended = second.judge()

    assert set(ended) == set(sorted(kept, key=lambda trial_id: losses[trial_id])[3:])
    with database.read() as session:
        told = [e for e in events.after(session, claim.sweep_id, 0, 100) if e.kind == EVENT_KIND]
    assert len(told) == 11 + 6  # no decision twice


def test_what_never_came_to_a_rung_takes_no_place_at_the_next(database: Database) -> None:
    claim, spec, ids = _planned(database, "halving", ", within: []")
    assert spec.early_stopping is not None
    halving = Halving(database, claim, spec, spec.early_stopping)
    lost, rest = ids[:4], ids[4:]
    for trial_id in lost:
        end = TrialEnd(
            trial_id=trial_id, outcome=Outcome.DIVERGED, diverged_epoch=1, diverged_step=3
        )
        _tell(database, claim, epoch_record(trial_id, 0), end)
    losses = {trial_id: float(place) for place, trial_id in enumerate(rest)}

    # Half of twelve go on, then half of those six, whatever was lost before.
    _train(database, claim, losses, range(3))
    assert set(halving.judge()) == set(rest[6:])
    _train(database, claim, {trial_id: losses[trial_id] for trial_id in rest[:6]}, range(3, 5))
    assert set(halving.judge()) == set(rest[3:6])


def test_when_the_rungs_are_over_nothing_waits(database: Database) -> None:
    claim, spec, ids = _planned(database, "halving")
    assert spec.early_stopping is not None
    halving = Halving(database, claim, spec, spec.early_stopping)
    _train(database, claim, dict.fromkeys(ids, 1.0), range(9))

    for until in (2, 4, 8):
        assert halving.until == until
        halving.judge()

    assert halving.until is None
    assert halving.waiting() == set()


@pytest.mark.parametrize("kind", ["asha", "median"])
def test_a_rule_is_taught_by_the_trials_that_have_ended(database: Database, kind: str) -> None:
    claim, spec, ids = _planned(database, kind)
    shallow, deep = ids[:4], ids[6]
    _train(database, claim, dict.fromkeys((*shallow, deep), 1.0), range(5))
    ends = (TrialEnd(trial_id=t, outcome=Outcome.STOPPED) for t in (*shallow, deep))
    _tell(database, claim, *ends)
    # An unfinished one is trained again, and says the same again.
    _train(database, claim, {ids[4]: 0.5}, range(3))

    stopper = stopper_of(database, claim, spec)

    assert stopper is not None
    decision = stopper.judge(epoch_record(ids[5], 2, train_loss=3.0), last=False)
    assert decision is not None
    assert not decision.kept
    assert (decision.cutoff, decision.n_others) == (1.0, 4)
    assert decision.group == "network.depth 1"
    # At the other depth there is one trial only, which is as good.
    other = stopper.judge(epoch_record(ids[7], 2, train_loss=1.0), last=False)
    assert other is None or other.kept


def test_without_a_rule_there_is_no_stopper(database: Database) -> None:
    claim, spec, _ = _planned(database, "halving")

    assert stopper_of(database, claim, spec) is None
    plain = spec.model_copy(update={"early_stopping": None})
    assert stopper_of(database, claim, plain) is None
