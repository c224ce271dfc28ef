"""Layer profiles over HTTP."""

import json
import math
from uuid import uuid4

import httpx
import pytest

import rwinit
from service.store import Database, trials
from service.store.models import Configuration
from tests.query.sweep_rows import profiled


def test_profiles_stand_beside_what_is_predicted(http: httpx.Client, database: Database) -> None:
    _, trial_id = profiled(database)

    answer = http.get(f"/v1/trials/{trial_id}/layers").json()

    trial = http.get(f"/v1/trials/{trial_id}").json()
    step = rwinit.log_gain_law("relu", 16)
    first, last = answer["predicted"]
    assert first["mean"] == pytest.approx(math.log(trial["g"]) + step.mean / 2)
    assert first["sd"] == pytest.approx(math.sqrt(step.variance) / 2)
    assert last == {"mean": 0.0, "sd": 0.0}
    assert answer["trial_id"] == str(trial_id)
    assert answer["z_init"] == trial["z_init"] == -1.25
    assert trial["profile_epochs"] == [0, 2]
    assert answer["profiles"][1] == {
        "epoch": 2,
        "attempt": 1,
        "activation_log_norms": [1.0, None],
        "error_log_norms": [-0.5, 0.25],
        "gradient_log_norms": [-3.0, None, -2.0],
    }


def test_an_epoch_can_be_asked_for_alone(http: httpx.Client, database: Database) -> None:
    _, trial_id = profiled(database)

    found = [
        [
            profile["epoch"]
            for profile in http.get(
                f"/v1/trials/{trial_id}/layers", params={"epoch": epoch}
            ).json()["profiles"]
        ]
        for epoch in (2, 1, 2**31 - 1)
    ]

    assert found == [[2], [], []]


def test_without_an_exact_law_the_band_is_that_of_the_plan(
    http: httpx.Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, trial_id = profiled(database, activation="tanh")
    monkeypatch.setattr("rwinit.walks.simulated_law", pytest.fail)
    monkeypatch.setattr("rwinit.bands.simulated_law", pytest.fail)

    answer = http.get(f"/v1/trials/{trial_id}/layers")

    trial = http.get(f"/v1/trials/{trial_id}").json()
    first, last = answer.json()["predicted"]
    assert last == {"mean": 0.0, "sd": 0.0}
    assert first["sd"] == trial["predicted_spread"]
    assert first["mean"] == pytest.approx(trial["predicted_drift"], abs=0.1 * first["sd"])
    assert trial["walk_id"] is not None
    json.loads(answer.text, parse_constant=pytest.fail)


def test_where_there_is_no_prediction_the_band_is_null(
    http: httpx.Client, database: Database
) -> None:
    _, trial_id = profiled(database)
    with database.write() as session:
        trial = trials.get(session, trial_id)
        row = session.get_one(Configuration, trial.configuration_id)
        row.predicted_drift = row.predicted_spread = None

    answer = http.get(f"/v1/trials/{trial_id}/layers").json()

    assert answer["predicted"] is None
    assert len(answer["profiles"]) == 2


@pytest.mark.parametrize("epoch", ["-1", "x", str(2**31)])
def test_an_epoch_that_cannot_be_is_a_422(http: httpx.Client, epoch: str) -> None:
    response = http.get(f"/v1/trials/{uuid4()}/layers", params={"epoch": epoch})

    assert (response.status_code, response.json()["code"]) == (422, "request_invalid")
    assert response.json()["errors"][0]["path"] == "epoch"


def test_an_unknown_trial_is_a_404(http: httpx.Client) -> None:
    response = http.get(f"/v1/trials/{uuid4()}/layers")

    assert (response.status_code, response.json()["code"]) == (404, "trial_not_found")


def test_trials_are_filtered_and_ordered_by_z_init(http: httpx.Client, database: Database) -> None:
    sweep_id, trial_id = profiled(database)

    def ids(**query: str) -> list[str]:
        answer = http.get("/v1/trials", params={"sweep_id": str(sweep_id), **query})
        return [trial["id"] for trial in answer.json()["trials"]]

    assert ids(filter="z_init < -1 and z_init > -1.5") == [str(trial_id)]
    assert ids(order_by="-z_init")[0] == str(trial_id)
