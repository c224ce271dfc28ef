"""The client against the served API."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from service.client import Client, ProblemError, UnreachableError
from service.lifecycle import SweepState
from service.store import Database, sweeps
from tests.query.sweep_rows import SPEC, Result, filled, profiled, submit


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url) as client:
        yield client


def test_a_file_and_a_text_are_submitted(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC, encoding="utf-8")
    as_json = tmp_path / "spec.json"
    as_json.write_text(
        '{"version": 1, "name": "j", "network": {"activation": "relu", "depth": 2, "width": 8},'
        ' "training": {"epochs": 1, "lr": 0.1}}',
        encoding="utf-8",
    )

    by_file, by_text, other = client.submit(path), client.submit(SPEC), client.submit(as_json)

    assert (by_file.name, by_file.n_trials, by_file.state) == ("rows", 18, "queued")
    assert by_text.id != by_file.id
    assert other.name == "j"


def test_the_same_key_gives_the_same_sweep(client: Client) -> None:
    first = client.submit(SPEC, idempotency_key="k")

    assert client.submit(SPEC, idempotency_key="k") == first


def test_a_refusal_has_its_code_and_every_issue(client: Client) -> None:
    with pytest.raises(ProblemError) as caught:
        client.submit("version: 2")

    assert (caught.value.status, caught.value.code) == (422, "spec_refused")
    assert {issue.path for issue in caught.value.issues} >= {"version", "name", "network"}


def test_nobody_there_is_an_error_of_its_own() -> None:
    with Client("http://127.0.0.1:9", timeout_seconds=1, retry_seconds=0) as client:
        assert not client.is_ready()
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9"):
            client.get(uuid4())


def test_a_sweep_is_paused_resumed_cancelled_and_waited_for(client: Client) -> None:
    sweep = client.submit(SPEC)
    seen: list[str] = []

    assert client.pause(sweep.id).state == "paused"
    assert client.resume(sweep.id).state == "queued"
    with pytest.raises(TimeoutError, match="still queued"):
        client.wait(sweep.id, timeout_seconds=0.05, poll_seconds=0.02)
    assert client.cancel(sweep.id).state == "cancelled"
    ended = client.wait(sweep.id, on_progress=lambda now: seen.append(now.state))

    assert ended.ended
    assert seen == ["cancelled"]


def test_lists_go_on_over_pages(client: Client, database: Database) -> None:
    sweep_id = filled(database, lambda trial: Result([0.9, 0.5, 0.4]))
    other = submit(database)

    assert [sweep.id for sweep in client.list()] == [other, sweep_id]
    assert [sweep.id for sweep in client.list(state="running")] == [sweep_id]
    trials = list(client.trials(sweep_id, filter="depth = 8", order_by="-number", page_size=2))
    assert [trial.number for trial in trials] == list(range(17, 8, -1))
    assert [epoch.train_error for epoch in client.epochs(trials[0].id)] == [0.9, 0.5, 0.4]
    assert client.trial(trials[0].id) == trials[0]


def test_layer_profiles_come_back_typed(client: Client, database: Database) -> None:
    sweep_id, trial_id = profiled(database)

    layers = client.layers(trial_id)

    assert [profile.epoch for profile in layers.profiles] == [0, 2]
    assert layers.profiles[0].error_log_norms == (-0.5, 0.25)
    assert layers.predicted is not None
    assert len(layers.predicted) == 2
    assert client.layers(trial_id, epoch=2).profiles == layers.profiles[1:]
    assert client.trial(trial_id).z_init == layers.z_init == -1.25
    assert [t.id for t in client.trials(sweep_id, filter="z_init < 0")] == [trial_id]


def test_comparisons_come_back_typed(client: Client, database: Database) -> None:
    sweep_id = filled(
        database, lambda trial: Result([0.9, 0.5, 0.4 / trial.network.depth + trial.seed / 100])
    )
    with database.write() as session:
        sweeps.move(session, sweep_id, SweepState.COMPLETED)

    groups = client.compare(sweep_id, group_by="depth", filter="seed < 2").groups
    depths = client.compare_depth(sweep_id).depths

    assert [group.by for group in groups] == [{"depth": 2}, {"depth": 8}]
    assert [group.n for group in groups] == [6, 6]
    assert [best.depth for best in depths] == [2, 8]
    assert client.depth_chart(sweep_id).startswith(b"<svg")
    assert client.depth_chart(sweep_id, format="png").startswith(b"\x89PNG")
    assert [dataset.name for dataset in client.datasets()] == ["digits"]
