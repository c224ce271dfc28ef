"""Sweeps over HTTP: look at them, list them, ask them to stop or go on."""

from datetime import datetime
from uuid import uuid4

import httpx
import pytest

from service.lifecycle import SweepState
from service.store import Database, sweeps
from tests.query.sweep_rows import Result, filled, plan, report, submit
from workers.contract import Outcome


def act(http: httpx.Client, sweep_id: object, action: str) -> tuple[int, str]:
    response = http.post(f"/v1/sweeps/{sweep_id}/{action}")
    body = response.json()
    return response.status_code, body.get("state") or body["code"]


def test_a_sweep_tells_how_far_it_is(http: httpx.Client, database: Database) -> None:
    sweep_id = filled(
        database,
        lambda trial: (
            None
            if trial.seed == 2
            else Result([0.9, 0.5, 0.4])
            if trial.network.depth == 2
            else Result([0.9], Outcome.DIVERGED)
        ),
    )

    sweep = http.get(f"/v1/sweeps/{sweep_id}").json()

    assert sweep["state"] == "running"
    assert sweep["counts"] == {
        "pending": 6, "running": 0, "completed": 6, "diverged": 6,
        "stopped": 0, "failed": 0, "cancelled": 0,
    }  # fmt: skip
    assert (sweep["epochs_done"], sweep["epochs_total"]) == (24, 42)
    assert sweep["progress"] == pytest.approx(24 / 42)
    assert sweep["spec_text"].startswith("version: 1")


def test_an_unknown_sweep_is_a_404_everywhere(http: httpx.Client) -> None:
    nobody = uuid4()

    for method, path in [
        ("GET", f"/v1/sweeps/{nobody}"),
        ("POST", f"/v1/sweeps/{nobody}/cancel"),
        ("POST", f"/v1/sweeps/{nobody}/pause"),
        ("POST", f"/v1/sweeps/{nobody}/resume"),
        ("GET", f"/v1/sweeps/{nobody}/events"),
        ("GET", f"/v1/trials?sweep_id={nobody}"),
        ("GET", f"/v1/compare?sweep_id={nobody}"),
        ("GET", f"/v1/compare/depth?sweep_id={nobody}"),
        ("GET", f"/v1/compare/depth.svg?sweep_id={nobody}"),
    ]:
        response = http.request(method, path)
        assert (response.status_code, response.json()["code"]) == (404, "sweep_not_found"), path


def test_a_queued_sweep_is_cancelled_at_once_with_its_trials(
    http: httpx.Client, database: Database
) -> None:
    sweep_id = submit(database)
    claim = plan(database)
    with database.write() as session:
        sweeps.move(session, claim.sweep_id, SweepState.QUEUED)

    assert act(http, sweep_id, "cancel") == (200, "cancelled")

    sweep = http.get(f"/v1/sweeps/{sweep_id}").json()
    assert sweep["counts"]["cancelled"] == sweep["n_trials"] == 18
    assert sweep["progress"] == 1
    assert sweep["ended_at"] is not None


def test_a_running_sweep_winds_down_first(http: httpx.Client, database: Database) -> None:
    sweep_id = submit(database)
    plan(database)

    assert act(http, sweep_id, "pause") == (200, "pausing")
    assert act(http, sweep_id, "pause") == (200, "pausing")
    assert act(http, sweep_id, "resume") == (200, "queued")
    plan(database)
    assert act(http, sweep_id, "cancel") == (200, "cancelling")
    assert act(http, sweep_id, "cancel") == (200, "cancelling")
    assert act(http, sweep_id, "pause") == (409, "transition_refused")
    assert act(http, sweep_id, "resume") == (409, "transition_refused")


def test_a_waiting_sweep_is_paused_resumed_and_cancelled_at_once(
    http: httpx.Client, database: Database
) -> None:
    sweep_id = submit(database)

    assert act(http, sweep_id, "resume") == (200, "queued")
    assert act(http, sweep_id, "pause") == (200, "paused")
    assert act(http, sweep_id, "resume") == (200, "queued")
    assert act(http, sweep_id, "pause") == (200, "paused")
    assert act(http, sweep_id, "cancel") == (200, "cancelled")


def test_an_ended_sweep_changes_no_more(http: httpx.Client, database: Database) -> None:
    sweep_id = filled(database, lambda trial: Result([0.9, 0.5, 0.4]))
    with database.write() as session:
        sweeps.move(session, sweep_id, SweepState.COMPLETED)

    for action in ("cancel", "pause", "resume"):
        assert act(http, sweep_id, action) == (409, "transition_refused")


def test_pages_of_sweeps_hold_each_once_newest_first(
    http: httpx.Client, database: Database
) -> None:
    made = [str(submit(database)) for _ in range(5)]
    found, token = [], ""
    while True:
        query = {"page_size": "2", "page_token": token}
        page = http.get("/v1/sweeps", params=query).json()
        found += [sweep["id"] for sweep in page["sweeps"]]
        token = page["next_page_token"]
        if not token:
            break

    assert sorted(found) == sorted(made)
    # As times, because a text without microseconds sorts after those of the same second.
    times = {
        sweep["id"]: datetime.fromisoformat(sweep["created_at"])
        for sweep in http.get("/v1/sweeps").json()["sweeps"]
    }
    assert [times[i] for i in found] == sorted(times.values(), reverse=True)


def test_a_list_can_hold_one_state_only(http: httpx.Client, database: Database) -> None:
    first, second = submit(database), submit(database)
    http.post(f"/v1/sweeps/{first}/cancel")

    page = http.get("/v1/sweeps", params={"state": "queued"}).json()

    assert [sweep["id"] for sweep in page["sweeps"]] == [str(second)]


def test_events_are_streamed_until_the_end_and_go_on_behind_an_id(
    http: httpx.Client, database: Database
) -> None:
    sweep_id = submit(database)
    http.post(f"/v1/sweeps/{sweep_id}/pause")
    http.post(f"/v1/sweeps/{sweep_id}/resume")
    http.post(f"/v1/sweeps/{sweep_id}/cancel")

    whole = http.get(f"/v1/sweeps/{sweep_id}/events")
    ids = [line[4:] for line in whole.text.splitlines() if line.startswith("id: ")]
    rest = http.get(f"/v1/sweeps/{sweep_id}/events", headers={"Last-Event-ID": ids[-2]})

    assert whole.headers["Content-Type"].startswith("text/event-stream")
    assert len(ids) == 3
    assert [line[4:] for line in rest.text.splitlines() if line.startswith("id: ")] == ids[-1:]
    assert '"cancelled"' in rest.text


def test_a_stream_tells_progress_while_a_sweep_runs(http: httpx.Client, database: Database) -> None:
    sweep_id = submit(database)
    claim = plan(database)

    with http.stream("GET", f"/v1/sweeps/{sweep_id}/events") as stream:
        told = []
        for line in stream.iter_lines():
            if line.startswith("data: ") and '"progress"' in line:
                told.append(line)
            if len(told) == 1:
                report(database, claim, lambda trial: Result([0.9, 0.5, 0.4]))
            if len(told) == 2:
                break

    assert '"completed":18' in told[-1].replace(" ", "")


def test_a_running_sweep_tells_when_it_will_end_once_that_is_known(
    http: httpx.Client, database: Database
) -> None:
    sweep_id = filled(database, lambda trial: None)
    assert http.get(f"/v1/sweeps/{sweep_id}").json()["eta_seconds"] is None

    with database.write() as session:
        sweeps.set_expected_end(session, sweep_id, 500.0)
    assert 490 < http.get(f"/v1/sweeps/{sweep_id}").json()["eta_seconds"] <= 500

    with database.write() as session:
        sweeps.set_expected_end(session, sweep_id, -5.0)
    assert http.get(f"/v1/sweeps/{sweep_id}").json()["eta_seconds"] == 0

    assert http.post(f"/v1/sweeps/{sweep_id}/pause").json()["eta_seconds"] is None
