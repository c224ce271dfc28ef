"""Errors that no service function raises are problems too, with stable codes."""

import sqlite3
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine.default import DefaultDialect

from service.api.problems import PROBLEM_KINDS
from service.store import Database
from tests.api.live_server import LiveServer, dependencies_of
from tests.query.sweep_rows import SPEC

PROBLEM = "application/problem+json"


def problem(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    assert response.headers["Content-Type"] == PROBLEM
    assert set(body) == {"type", "title", "status", "detail", "code", "errors"}
    assert body["status"] == response.status_code
    assert body["type"].endswith(body["code"])
    return response.status_code, body["code"]


def test_the_codes_never_change() -> None:
    assert sorted({(kind.status, kind.code) for kind in PROBLEM_KINDS.values()}) == [
        (404, "claim_not_found"),
        (404, "sweep_not_found"),
        (404, "trial_not_found"),
        (409, "idempotency_key_reused"),
        (409, "not_the_claims_sweep"),
        (409, "sweep_not_completed"),
        (409, "transition_refused"),
        (413, "body_too_large"),
        (415, "unsupported_media_type"),
        (422, "argument_invalid"),
        (422, "filter_invalid"),
        (422, "gain_not_found"),
        (422, "page_token_invalid"),
        (422, "query_invalid"),
        (422, "request_invalid"),
        (422, "spec_refused"),
        (422, "unknown_name"),
        (500, "claim_file_refused"),
        (500, "internal_error"),
        (503, "database_unavailable"),
        (503, "schema_out_of_date"),
    ]


def test_no_such_route_and_no_such_method_are_problems(http: httpx.Client) -> None:
    missing, wrong = http.get("/v1/nothing"), http.delete("/v1/sweeps")

    assert problem(missing) == (404, "not_found")
    assert problem(wrong) == (405, "method_not_allowed")
    assert wrong.headers["Allow"]


def test_a_malformed_id_is_a_422_with_its_path(http: httpx.Client) -> None:
    response = http.get("/v1/sweeps/not-an-id")

    assert problem(response) == (422, "request_invalid")
    assert response.json()["errors"][0]["path"] == "sweep_id"
    assert response.json()["errors"][0]["given"] == "'not-an-id'"


def test_a_failure_of_the_service_tells_nothing_of_its_inside(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("service.services.sweeps.page", fail)

    response = http.get("/v1/sweeps")

    assert problem(response) == (500, "internal_error")
    assert "secret" not in response.text


def test_a_database_that_is_away_is_a_503_for_every_call_but_health(
    live_server: LiveServer, tmp_path: Path
) -> None:
    away = Database(f"sqlite:///{tmp_path}/no/such/folder/fathom.db")
    live_server.use(dependencies_of(away))
    with httpx.Client(base_url=live_server.url, trust_env=False) as http:
        calls = [
            http.get("/v1/sweeps"),
            http.get("/readyz"),
            http.post("/v1/sweeps", content=SPEC, headers={"Content-Type": "application/yaml"}),
        ]
        assert http.get("/healthz").status_code == 200
    away.dispose()

    for response in calls:
        assert problem(response) == (503, "database_unavailable")
        assert response.headers["Retry-After"]
        assert "sqlite" not in response.text.lower()


def test_a_commit_that_fails_is_never_answered_as_done(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(dialect: object, connection: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(DefaultDialect, "do_commit", fail)
        response = http.post(
            "/v1/sweeps", content=SPEC, headers={"Content-Type": "application/yaml"}
        )

    assert problem(response) == (503, "database_unavailable")
    assert http.get("/v1/sweeps").json()["sweeps"] == []


def test_a_database_without_the_schema_is_not_ready(
    live_server: LiveServer, tmp_path: Path
) -> None:
    empty = Database(f"sqlite:///{tmp_path}/empty.db")
    live_server.use(dependencies_of(empty))
    with httpx.Client(base_url=live_server.url, trust_env=False) as http:
        response = http.get("/readyz")
    empty.dispose()

    assert problem(response) == (503, "schema_out_of_date")
    assert "fathom db upgrade" in response.json()["detail"]


def test_a_migrated_database_is_ready(http: httpx.Client) -> None:
    assert http.get("/readyz").json() == http.get("/healthz").json() == {"status": "ok"}


def test_the_root_leads_to_the_documentation(http: httpx.Client) -> None:
    response = http.get("/", follow_redirects=True)

    assert response.url.path == "/docs"
    assert response.status_code == 200


def test_data_sets_are_listed_with_their_sizes(http: httpx.Client) -> None:
    found = http.get("/v1/datasets").json()["datasets"]

    assert found == [
        {"name": "digits", "n_inputs": 64, "n_classes": 10, "n_train": 1437, "n_eval": 360}
    ]
