"""Trials over HTTP: filters, orders, pages, curves."""

import json
import re
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from service.query.columns import FIELDS, FILTERABLE
from service.query.filters import parse_filter
from service.store import Database
from tests.query.filter_oracle import matches
from tests.query.sweep_rows import Result, filled
from workers.contract import Outcome, TrialSpec


def mixed(trial: TrialSpec) -> Result | None:
    """Some of everything: done, diverged, failed, running, pending."""
    match trial.seed, trial.network.depth:
        case 0, 2:
            return Result([0.9, 0.5, 0.25])
        case 0, _:
            return Result([0.9], Outcome.DIVERGED)
        case 1, 2:
            return Result([0.8, 0.4], None)
        case 1, _:
            return Result([], Outcome.FAILED)
        case _:
            return None


@pytest.fixture
def sweep_id(database: Database) -> UUID:
    return filled(database, mixed)


# Any: JSON.
def walk(http: httpx.Client, **query: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        response = http.get("/v1/trials", params={**query, "page_token": token})  # type: ignore[dict-item]
        assert response.status_code == 200, response.text
        found += response.json()["trials"]
        token = response.json()["next_page_token"]
        if not token:
            return found


def test_pages_hold_every_trial_once_in_planning_order(http: httpx.Client, sweep_id: UUID) -> None:
    found = walk(http, sweep_id=sweep_id, page_size=5)

    assert [trial["number"] for trial in found] == list(range(18))
    assert set(found[0]) == set(FIELDS)


@pytest.mark.parametrize("column", ["depth", "dataset", "outcome", "final_train_error"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_column_orders_the_pages_with_empty_values_last(
    http: httpx.Client, sweep_id: UUID, column: str, sign: str
) -> None:
    order = f"{sign}{column}"
    found = walk(http, sweep_id=sweep_id, page_size=4, order_by=order, fields=f"number,{column}")

    values = [trial[column] for trial in found]
    given = [value for value in values if value is not None]
    assert len({trial["id"] for trial in found}) == 18
    assert given == sorted(given, reverse=bool(sign))
    assert values[len(given) :] == [None] * (18 - len(given))
    for before, after in pairwise(found):
        if before[column] == after[column]:
            assert before["number"] < after["number"]


@pytest.mark.parametrize(
    "text",
    [
        "depth = 8",
        "depth >= 2.5 and not seed = 0",
        'outcome = "diverged" or state = "pending"',
        'outcome != "diverged"',
        "outcome is null and epochs_done is not null",
        "final_train_error < 0.45",
        "not final_train_error < 0.45",
        "final_train_error not in (0.25, 0.4)",
        "g_relative in (1, 1.1) and depth = 2",
        "nesterov = false and dataset = 'digits'",
        "depth < 9007199254740992 and depth > -9007199254740992",
        "g > 1e300 or seed = 0.5",
        'dataset = "\'; drop table trials; --"',
    ],
)
def test_a_filter_selects_what_it_means(http: httpx.Client, sweep_id: UUID, text: str) -> None:
    everything = walk(http, sweep_id=sweep_id)

    found = walk(http, sweep_id=sweep_id, filter=text, page_size=3)

    expression = parse_filter(text, FILTERABLE)
    expected = [trial["id"] for trial in everything if matches(expression, trial)]
    assert [trial["id"] for trial in found] == expected


def test_fields_bound_what_is_told(http: httpx.Client, sweep_id: UUID) -> None:
    found = walk(http, sweep_id=sweep_id, fields="depth, final_train_error")

    assert all(set(trial) == {"id", "depth", "final_train_error"} for trial in found)


def test_a_diverged_trial_has_its_epoch_and_step_and_no_number_that_json_lacks(
    http: httpx.Client, sweep_id: UUID
) -> None:
    found = walk(http, sweep_id=sweep_id, filter='outcome = "diverged"')

    assert len(found) == 3
    assert {(t["diverged_epoch"], t["diverged_step"]) for t in found} == {(1, 7)}


@pytest.mark.parametrize(
    ("query", "code", "path"),
    [
        ({"filter": "depht = 1"}, "filter_invalid", "filter"),
        ({"order_by": "depht"}, "unknown_name", "order_by"),
        ({"order_by": "schedule"}, "unknown_name", "order_by"),
        ({"order_by": "--depth"}, "unknown_name", "order_by"),
        ({"fields": "depth,,g"}, "unknown_name", "fields"),
        ({"page_token": "x"}, "page_token_invalid", "page_token"),
        ({"page_size": "0"}, "request_invalid", "page_size"),
        ({"page_size": "1001"}, "request_invalid", "page_size"),
        ({"sweep_id": "x"}, "request_invalid", "sweep_id"),
        ({"filter": "x" * 3000}, "filter_invalid", "filter"),
    ],
)
def test_a_bad_query_is_a_422_that_says_where(
    http: httpx.Client, query: dict[str, str], code: str, path: str
) -> None:
    response = http.get("/v1/trials", params=query)

    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, code)
    assert problem["errors"][0]["path"] == path


def test_a_token_is_good_for_its_own_query_only(http: httpx.Client, sweep_id: UUID) -> None:
    query = {"sweep_id": str(sweep_id), "page_size": "2"}
    token = http.get("/v1/trials", params=query).json()["next_page_token"]

    other = http.get("/v1/trials", params={**query, "order_by": "depth", "page_token": token})

    assert (other.status_code, other.json()["code"]) == (422, "page_token_invalid")


@pytest.mark.parametrize(
    "key",
    [
        [10**400, "{id}", 1],
        [float("inf"), "{id}", 1],
        ["x", "{id}", 1],
        [True, "{id}", 1],
        [1.0, "x", 1],
        [1.0, "{id}", 2**40],
        [1.0, "{id}", -1],
        [1.0, "{id}", True],
    ],
)
def test_a_forged_token_is_refused(http: httpx.Client, sweep_id: UUID, key: list[object]) -> None:
    import base64

    query = {"sweep_id": str(sweep_id), "page_size": "2", "order_by": "g"}
    token = http.get("/v1/trials", params=query).json()["next_page_token"]
    digest, _ = json.loads(base64.urlsafe_b64decode(token + "=="))
    text = json.dumps([digest, key]).replace("{id}", str(sweep_id))
    forged = base64.urlsafe_b64encode(text.encode()).decode()

    response = http.get("/v1/trials", params={**query, "page_token": forged})

    assert (response.status_code, response.json()["code"]) == (422, "page_token_invalid")


def test_a_trial_and_its_curve(http: httpx.Client, sweep_id: UUID) -> None:
    trial = walk(http, sweep_id=sweep_id, filter='outcome = "completed"')[0]

    alone = http.get(f"/v1/trials/{trial['id']}").json()
    curve = http.get(f"/v1/trials/{trial['id']}/epochs").json()

    assert alone == trial
    assert curve["trial_id"] == trial["id"]
    assert [epoch["epoch"] for epoch in curve["epochs"]] == [0, 1, 2]
    assert [epoch["train_error"] for epoch in curve["epochs"]] == [0.9, 0.5, 0.25]
    assert curve["epochs"][0]["running_loss"] is None


def test_an_unknown_trial_is_a_404(http: httpx.Client) -> None:
    for path in (f"/v1/trials/{uuid4()}", f"/v1/trials/{uuid4()}/epochs"):
        response = http.get(path)
        assert (response.status_code, response.json()["code"]) == (404, "trial_not_found")


def test_no_response_holds_a_number_that_json_lacks(http: httpx.Client, sweep_id: UUID) -> None:
    lacking = re.compile(r"\b(NaN|-?Infinity|-?inf|nan)\b")

    for path in (
        f"/v1/trials?sweep_id={sweep_id}",
        f"/v1/sweeps/{sweep_id}",
        f"/v1/compare?sweep_id={sweep_id}&group_by=depth,outcome",
        f"/v1/compare/depth?sweep_id={sweep_id}",
        f"/v1/compare/depth.vl.json?sweep_id={sweep_id}",
    ):
        response = http.get(path)
        assert response.status_code == 200, response.text
        json.loads(response.text, parse_constant=pytest.fail)
        assert not lacking.search(response.text)


TWO_KINDS = """\
version: 1
name: kinds
network:
  - {activation: tanh, depth: [2, 8], width: 16}
  - {kind: residual, activation: tanh, depth: [2, 8], width: 16, branch_scale: [auto, 0.25]}
init: {g: 1.1}
training: {epochs: 2, lr: 0.05, label_smoothing: [0.0, 0.1]}
seeds: 2
"""


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('kind = "residual"', 16),
        ("branch_scale = 0.25", 8),
        ("branch_scale is null", 8),
        # 1 / sqrt(depth), as resolved.
        ("branch_scale > 0.7 and depth = 2", 4),
        ("label_smoothing >= 0.1", 12),
    ],
)
def test_what_only_some_configurations_have_is_a_column_to_filter_by(
    http: httpx.Client, database: Database, text: str, count: int
) -> None:
    sweep_id = filled(database, mixed, TWO_KINDS)

    found = walk(http, sweep_id=sweep_id, filter=text)

    assert len(found) == count
    for trial in found:
        assert matches(parse_filter(text, FILTERABLE), trial)


def test_only_kinds_with_a_law_have_a_prediction(http: httpx.Client, database: Database) -> None:
    sweep_id = filled(database, mixed, TWO_KINDS)

    for trial in walk(http, sweep_id=sweep_id):
        assert (trial["predicted_drift"] is None) == (trial["kind"] == "residual")
        layers = http.get(f"/v1/trials/{trial['id']}/layers").json()
        assert (layers["predicted"] is None) == (trial["kind"] == "residual")


def test_kinds_and_their_numbers_are_axes_of_the_depth_comparison(
    http: httpx.Client, database: Database
) -> None:
    def result(trial: TrialSpec) -> Result:
        scale = getattr(trial.network, "branch_scale", 1.0)
        smoothing = trial.training.label_smoothing
        return Result([0.9, 0.5, 0.5 - 0.1 * (scale == 0.25) - 0.1 * (smoothing > 0)])

    sweep_id = filled(database, result, TWO_KINDS)

    rows = http.get("/v1/compare/depth", params={"sweep_id": str(sweep_id)}).json()["depths"]

    assert [row["n_configurations"] for row in rows] == [6, 6]
    assert [row["n"] for row in rows] == [2, 2]
    for row in rows:
        best = row["configuration"]
        assert (best["kind"], best["branch_scale"], best["label_smoothing"]) == (
            "residual",
            0.25,
            0.1,
        )
        assert row["predicted_drift"] is None


EQUAL_POINTS = """\
version: 1
name: equal
network: {kind: residual, activation: tanh, depth: [4, 16], width: 8, branch_scale: [0.5, auto]}
init: {g: 1.2}
training: {epochs: 2, lr: 0.1}
seeds: 3
"""


@pytest.mark.parametrize("file_format", ["svg", "png", "vl.json"])
def test_an_axis_of_numbers_and_auto_is_drawn(
    http: httpx.Client, database: Database, file_format: str
) -> None:
    sweep_id = filled(database, lambda trial: Result([0.9, 0.1, 0.1]), EQUAL_POINTS)

    response = http.get(f"/v1/compare/depth.{file_format}", params={"sweep_id": str(sweep_id)})

    assert response.status_code == 200, response.text


def test_a_chart_of_several_kinds_has_a_line_for_each(
    http: httpx.Client, database: Database
) -> None:
    sweep_id = filled(database, mixed, TWO_KINDS)

    chart = http.get("/v1/compare/depth.vl.json", params={"sweep_id": str(sweep_id)}).text

    assert '"ffn"' in chart
    assert '"residual"' in chart


def test_points_that_are_resolved_to_equal_numbers_are_one_sample_of_a_group(
    http: httpx.Client, database: Database
) -> None:
    sweep_id = filled(
        database, lambda trial: Result([0.9, 0.5, 0.1 * (trial.seed + 1)]), EQUAL_POINTS
    )
    query = {"sweep_id": str(sweep_id), "group_by": "depth,branch_scale"}

    groups = http.get("/v1/compare", params=query).json()["groups"]

    # At depth 4, auto is 0.5 as well.
    assert [(each["by"]["depth"], each["by"]["branch_scale"], each["n"]) for each in groups] == [
        (4, 0.5, 3),
        (16, 0.25, 3),
        (16, 0.5, 3),
    ]
    assert groups[0]["ci_low"] == groups[1]["ci_low"]
