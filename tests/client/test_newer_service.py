"""The client against a service that has gained fields and enum members since."""

from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from pydantic import JsonValue

from service.client import Client, ProblemError
from service.store import Database
from tests.query.sweep_rows import SPEC, Result, filled, profiled

LATER = "added_later"
# Fields that hold an enum's text, wherever they stand.
_ENUMS = {"state", "outcome", "activation", "scheme", "optimizer", "engine", "task", "precision"}
_ENUMS |= {"g_mode", "schedule_kind", "kind", "metric", "ci", "test", "spec_media"}


def newer(node: JsonValue) -> JsonValue:
    """Return an answer with a further field in every mapping, and other words in its enums."""
    if isinstance(node, list):
        return [newer(item) for item in node]
    if isinstance(node, dict):
        changed = {
            name: LATER if name in _ENUMS and isinstance(value, str) else newer(value)
            for name, value in node.items()
        }
        return {**changed, LATER: 1}
    return node


@pytest.fixture
def client(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    def answer(request: httpx.Request) -> httpx.Response:
        with httpx.Client(trust_env=False) as http:
            response = http.send(request)
        return httpx.Response(response.status_code, json=newer(response.json()), request=request)

    with Client(url) as client:
        client._http.close()
        client._http = httpx.Client(base_url=url, transport=httpx.MockTransport(answer))
        yield client


@pytest.fixture
def sweep_id(database: Database) -> UUID:
    return filled(
        database,
        lambda trial: Result(
            [0.9, 0.5, 0.4 / trial.network.depth + trial.seed * trial.network.depth / 99]
        ),
    )


def test_sweeps_and_trials_are_read(client: Client, sweep_id: UUID) -> None:
    sweep, listed = client.get(sweep_id), list(client.list())
    trials = list(client.trials(sweep_id, page_size=5))

    assert (sweep.state, sweep.spec_media, listed[0].state) == (LATER, LATER, LATER)
    assert len(trials) == 18
    assert {(trial.outcome, trial.activation, trial.engine) for trial in trials} == {(LATER,) * 3}
    assert {trial.schedule.kind for trial in trials if trial.schedule} == {LATER}
    assert client.trial(trials[0].id) == trials[0]
    assert len(client.epochs(trials[0].id)) == 3


def test_comparisons_are_read(client: Client, sweep_id: UUID) -> None:
    groups, depths = client.compare(sweep_id), client.compare_depth(sweep_id)

    assert (groups.metric, groups.ci) == (depths.metric, depths.ci) == (LATER, LATER)
    tests = [best.better_than_previous for best in depths.depths]
    assert [step.test for step in tests if step is not None] == [LATER]


def test_previews_theory_layers_and_data_sets_are_read(client: Client, database: Database) -> None:
    deep = SPEC.replace("[2, 8]", "300").replace("width: 16", "width: 4")
    _, trial_id = profiled(database)

    preview = client.preview(deep)

    assert {row.activation for row in preview.rows} == {LATER}
    assert preview.warnings
    assert {warning.kind for warning in preview.warnings} == {LATER}
    assert client.theory_gain("relu", 8).exact
    assert client.theory_walk("relu", 8, 4).exact
    assert len(client.layers(trial_id).profiles) == 2
    assert [dataset.name for dataset in client.datasets()] == ["digits"]


def test_problems_are_read(client: Client) -> None:
    with pytest.raises(ProblemError) as caught:
        client.submit("version: 2")

    assert caught.value.code == "spec_refused"
    assert caught.value.issues
