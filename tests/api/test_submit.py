"""Submitting a sweep: committed when answered, once per key, never half."""

import json
import time
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from service.store import Database
from service.store.models import Event, Sweep, Trial
from tests.api.live_server import BODY_LIMIT
from tests.query.sweep_rows import SPEC

YAML = {"Content-Type": "application/yaml"}
BAD = """\
version: 1
name: bad
network: {activation: rellu, depth: [2, 0], width: 16}
training: {epochs: -1, lr: 0.1, lrr: 1}
colour: red
"""


def rows(database: Database) -> tuple[int, ...]:
    with database.read() as session:
        counts = (
            session.scalar(select(func.count()).select_from(t)) for t in (Sweep, Trial, Event)
        )
        return tuple(count or 0 for count in counts)


def post(http: httpx.Client, body: str = SPEC, **headers: str) -> httpx.Response:
    return http.post("/v1/sweeps", content=body, headers=YAML | headers)


def test_a_sweep_is_queued_and_its_row_is_committed(http: httpx.Client, database: Database) -> None:
    response = post(http)

    sweep = response.json()
    assert response.status_code == 202
    assert response.headers["Location"] == f"/v1/sweeps/{sweep['id']}"
    assert (sweep["name"], sweep["state"], sweep["n_trials"]) == ("rows", "queued", 18)
    assert sweep["tags"] == {"paper": "rwi"}
    with database.read() as session:
        row = session.get_one(Sweep, UUID(sweep["id"]))
    assert row.spec_text == SPEC


def test_json_and_yaml_are_read_and_nothing_else(http: httpx.Client) -> None:
    document = {
        "version": 1,
        "name": "json",
        "network": {"activation": "relu", "depth": 2, "width": 8},
        "training": {"epochs": 1, "lr": 0.1},
    }
    charset = "application/json; charset=utf-8"

    as_json = post(http, json.dumps(document), **{"Content-Type": charset})
    as_form = http.post("/v1/sweeps", data={"a": "b"})

    assert as_json.status_code == 202
    assert as_form.status_code == 415
    assert as_form.json()["code"] == "unsupported_media_type"


def test_all_issues_of_a_spec_come_at_once_and_nothing_is_written(
    http: httpx.Client, database: Database
) -> None:
    response = post(http, BAD)

    problem = response.json()
    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem["code"] == "spec_refused"
    paths = {issue["path"] for issue in problem["errors"]}
    assert {
        "network.activation",
        "network.depth[1]",
        "training.epochs",
        "training.lrr",
        "colour",
    } <= paths
    assert all(issue["message"] for issue in problem["errors"])
    assert rows(database) == (0, 0, 0)


@pytest.mark.parametrize(
    "body", ["", "[1]", "a: [", "\0", "&a [*a]", "{}", 'name: "\\0"', "- " * 999]
)
def test_a_body_that_is_no_spec_is_a_422(http: httpx.Client, database: Database, body: str) -> None:
    response = post(http, body)

    assert (response.status_code, response.json()["code"]) == (422, "spec_refused")
    assert rows(database) == (0, 0, 0)


def test_issues_that_only_the_planner_sees_are_told_at_once(http: httpx.Client) -> None:
    response = post(http, SPEC.replace("digits", "nowhere"))

    paths = {issue["path"] for issue in response.json()["errors"]}
    assert response.status_code == 422
    assert "dataset.name" in paths


def test_a_repeated_key_with_the_same_body_makes_one_sweep(
    http: httpx.Client, database: Database
) -> None:
    first = post(http, **{"Idempotency-Key": "once"})
    second = post(http, **{"Idempotency-Key": "once"})

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert rows(database)[0] == 1


def test_a_repeated_key_with_another_body_is_a_conflict(
    http: httpx.Client, database: Database
) -> None:
    post(http, **{"Idempotency-Key": "once"})

    response = post(http, SPEC.replace("seeds: 3", "seeds: 4"), **{"Idempotency-Key": "once"})

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_reused")
    assert rows(database)[0] == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_a_key_that_cannot_be_kept_is_refused(http: httpx.Client, key: str) -> None:
    response = post(http, **{"Idempotency-Key": key})

    assert (response.status_code, response.json()["code"]) == (422, "request_invalid")


def test_a_body_over_the_limit_is_refused_even_without_a_length(http: httpx.Client) -> None:
    def chunks() -> Any:  # Any: httpx takes iterators of several kinds
        for _ in range(BODY_LIMIT // 1000 + 2):
            yield b"#" * 1000

    announced = post(http, "#" * (BODY_LIMIT + 1))
    streamed = http.post("/v1/sweeps", content=chunks(), headers=YAML)

    assert announced.status_code == streamed.status_code == 413
    assert announced.json()["code"] == "body_too_large"


def test_ten_thousand_trials_are_accepted_within_two_seconds(http: httpx.Client) -> None:
    body = SPEC.replace("seeds: 3", "seeds: 1").replace(
        "lr: 0.05", f"lr: [{', '.join(str(0.001 + i / 1e5) for i in range(1666))}]"
    )
    post(http)
    start = time.process_time()

    response = post(http, body)

    seconds = time.process_time() - start
    assert response.status_code == 202, response.text
    assert response.json()["n_trials"] == 9996
    assert seconds < 2, seconds
