"""Claims and their judgements over HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from service.claims.files import read_claims
from service.client import Client
from service.lifecycle import SweepState
from service.store import Database, sweeps
from service.store.models import Judgement, Trial
from tests.api.live_server import LiveServer, dependencies_of
from tests.query.sweep_rows import Result, filled, submit
from workers.contract import TrialSpec

CLAIM = """\
name: trains
claim: Networks of the unbiased g train.
source: ours
prediction: Every seed.
judge: {statistic: share_below, threshold: 0.5, trains: g_relative = 1, fails: g_relative != 1}
spec:
  version: 1
  name: rows
  dataset: {name: digits, task: classify}
  network: {activation: relu, depth: [2, 8], width: 16}
  init: {scheme: rwi, g: {relative: [0.9, 1.0]}}
  training: {epochs: 2, lr: 0.05}
  seeds: 8
time: "1 min"
laptop:
  patch: {seeds: 7}
  time: "1 s"
"""


def outcome(trial: TrialSpec) -> Result:
    is_unbiased = abs(trial.init.g - 1.5465) < 0.05
    return Result([0.9, 0.5, 0.1 if is_unbiased else 0.85])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trains.yaml").write_text(CLAIM, encoding="utf-8")
    return tmp_path


@pytest.fixture
def http(live_server: LiveServer, database: Database, folder: Path) -> Iterator[httpx.Client]:
    live_server.use(replace(dependencies_of(database), claims=lambda: read_claims(folder)))
    with httpx.Client(base_url=live_server.url, trust_env=False) as client:
        yield client


def spec_of(http: httpx.Client, size: str) -> str:
    sizes = http.get("/v1/claims/trains").json()["sizes"]
    return str(next(each["spec"] for each in sizes if each["size"] == size))


@pytest.fixture
def completed(http: httpx.Client, database: Database) -> UUID:
    sweep_id = filled(database, outcome, spec_of(http, "laptop"))
    with database.write() as session:
        sweeps.move(session, sweep_id, SweepState.COMPLETED)
    return sweep_id


def judge(http: httpx.Client, sweep_id: UUID, name: str = "trains") -> httpx.Response:
    return http.post(f"/v1/claims/{name}/judgements", json={"sweep_id": str(sweep_id)})


def test_a_claim_is_listed_with_its_words_and_no_judgement(http: httpx.Client) -> None:
    (claim,) = http.get("/v1/claims").json()["claims"]

    assert claim["name"] == "trains"
    assert claim["statistic"] == "share_below"
    assert claim["times"] == {"laptop": "1 s", "full": "1 min"}
    assert claim["judgements"] == []


def test_a_completed_sweep_judges_and_the_judgement_is_listed(
    http: httpx.Client, completed: UUID
) -> None:
    answer = judge(http, completed)

    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["evidence"]["verdict"] == "supported"
    assert found["evidence"]["n"] == 7
    assert (found["size"], found["current"], found["device"]) == ("laptop", True, "cpu")
    (listed,) = http.get("/v1/claims").json()["claims"]
    assert listed["judgements"] == [found]
    assert http.get("/v1/claims/trains").json()["judgements"] == [found]


def test_judging_again_gives_the_stored_judgement(
    http: httpx.Client, database: Database, completed: UUID
) -> None:
    first, second = judge(http, completed).json(), judge(http, completed).json()

    assert first == second
    with database.read() as session:
        assert len(session.scalars(select(Judgement)).all()) == 1


def test_rows_that_changed_are_judged_anew(
    http: httpx.Client, database: Database, completed: UUID
) -> None:
    first = judge(http, completed).json()
    with database.write() as session:
        for trial in session.scalars(select(Trial)):
            trial.final_train_error = 0.1

    second = judge(http, completed).json()

    assert second["id"] != first["id"]
    assert second["evidence"]["verdict"] == "refuted"
    (listed,) = http.get("/v1/claims").json()["claims"]
    assert [each["id"] for each in listed["judgements"]] == [second["id"]]


def test_a_judgement_by_an_earlier_rule_is_marked(
    http: httpx.Client, completed: UUID, folder: Path
) -> None:
    judge(http, completed)
    # Another length, so that also a coarse clock of the file system tells the two apart.
    (folder / "trains.yaml").write_text(CLAIM.replace("threshold: 0.5", "threshold: 0.25"))

    (listed,) = http.get("/v1/claims").json()["claims"]

    assert [each["current"] for each in listed["judgements"]] == [False]


def test_a_rule_that_comes_back_brings_its_judgement_back(
    http: httpx.Client, completed: UUID, folder: Path
) -> None:
    first = judge(http, completed).json()
    (folder / "trains.yaml").write_text(CLAIM.replace("threshold: 0.5", "threshold: 0.25"))
    second = judge(http, completed).json()
    (folder / "trains.yaml").write_text(CLAIM)

    again = judge(http, completed).json()

    assert again == first != second
    (listed,) = http.get("/v1/claims").json()["claims"]
    assert listed["judgements"] == http.get("/v1/claims/trains").json()["judgements"] == [first]


def test_a_sweep_that_has_not_completed_or_is_another_one_cannot_judge(
    http: httpx.Client, database: Database
) -> None:
    queued = submit(database, spec_of(http, "full"))
    other = submit(database)

    for sweep_id, name, status, code in (
        (queued, "trains", 409, "sweep_not_completed"),
        (other, "trains", 409, "not_the_claims_sweep"),
        (uuid4(), "trains", 404, "sweep_not_found"),
        (queued, "nothing", 404, "claim_not_found"),
    ):
        answer = judge(http, sweep_id, name)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    malformed = http.post("/v1/claims/trains/judgements", json={"sweep_id": "7"})
    assert (malformed.status_code, malformed.json()["errors"][0]["path"]) == (422, "sweep_id")
    assert http.get("/v1/claims/nothing").json()["code"] == "claim_not_found"


def test_a_file_that_is_no_claim_is_named_with_its_mistake(
    http: httpx.Client, folder: Path
) -> None:
    (folder / "wrong.yaml").write_text(CLAIM, encoding="utf-8")

    answer = http.get("/v1/claims")

    assert (answer.status_code, answer.json()["code"]) == (500, "claim_file_refused")
    assert answer.json()["errors"][0]["path"] == "name"
    assert "wrong.yaml" in answer.json()["detail"]


def test_the_client_lists_shows_and_judges(http: httpx.Client, completed: UUID) -> None:
    with Client(str(http.base_url)) as client:
        judged = client.judge("trains", completed)

        assert judged.evidence.verdict == "supported"
        assert client.claims()[0].judgements == (judged,)
        assert [each.size for each in client.claim("trains").sizes] == ["laptop", "full"]
