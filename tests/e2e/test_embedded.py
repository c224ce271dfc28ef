"""The embedded service end to end: the same rows whatever is killed."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.e2e.rows import Row, rows
from tests.e2e.service_process import ServiceProcess, outliving, serving, wait_for

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEC = {
    "version": 1,
    "name": "small",
    "dataset": {"name": "digits"},
    "network": {"activation": "relu", "depth": [2, 12], "width": 24},
    "init": {"g": {"relative": [0.9, 1.0]}},
    "training": {
        "epochs": 60,
        "batch_size": 10,  # Seconds of training, so that there is a half way to disturb it at.
        "lr": 0.005,
        "optimizer": [{"kind": "sgd", "momentum": 0.9}, {"kind": "adam"}],
        "schedule": {"kind": "cosine"},
    },
    "seeds": 2,
}


def database(home: Path) -> str:
    return f"sqlite:///{home}/fathom.db"


def submit(service: ServiceProcess, spec: object = SPEC) -> str:
    return str(service.client.submit(json.dumps(spec)).id)


def epochs_done(service: ServiceProcess) -> int:
    return next(iter(service.client.list())).epochs_done


def finish(service: ServiceProcess) -> str:
    sweep = next(iter(service.client.list()))
    return service.client.wait(sweep.id, timeout_seconds=400, poll_seconds=0.2).state


def kill_child(service: ServiceProcess) -> None:
    child = service.find("service.driver.child")
    assert child is not None
    child.kill()


def kill_worker(service: ServiceProcess) -> None:
    child = service.find("service.driver.child")
    assert child is not None
    workers = [p for p in child.children(recursive=True) if "Trainable" in " ".join(p.cmdline())]
    workers[0].kill()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], list[Row]]:
    home = tmp_path_factory.mktemp("undisturbed")
    with serving(home) as service:
        submit(service)
        assert finish(service) == "completed"
    return rows(database(home), "small")


def test_every_trial_has_its_curve_and_one_outcome(
    undisturbed: tuple[list[Row], list[Row]],
) -> None:
    trials, epochs = undisturbed

    assert len(trials) == 2 * 2 * 2 * 2
    assert len(epochs) == len(trials) * 61


def test_the_same_sweep_on_one_worker_gives_the_same_rows(
    tmp_path: Path, undisturbed: tuple[list[Row], list[Row]]
) -> None:
    with serving(tmp_path, FATHOM_CPUS="1") as service:
        submit(service)
        assert finish(service) == "completed"

    assert rows(database(tmp_path), "small") == undisturbed


@pytest.mark.parametrize("victim", ["service.driver.child", "service.driver"])
def test_killing_a_process_of_the_driver_half_way_changes_no_row(
    tmp_path: Path, undisturbed: tuple[list[Row], list[Row]], victim: str
) -> None:
    with serving(tmp_path) as service:
        submit(service)
        wait_for(lambda: epochs_done(service) > 20, 200)
        process = service.find(victim)
        assert process is not None
        process.kill()
        assert finish(service) == "completed"

    assert rows(database(tmp_path), "small") == undisturbed


def test_killing_a_worker_half_way_changes_no_row(
    tmp_path: Path, undisturbed: tuple[list[Row], list[Row]]
) -> None:
    with serving(tmp_path) as service:
        submit(service)
        wait_for(lambda: epochs_done(service) > 20, 200)
        kill_worker(service)
        assert finish(service) == "completed"

    assert rows(database(tmp_path), "small") == undisturbed


def test_killing_the_service_leaves_no_process_and_the_next_start_goes_on(
    tmp_path: Path, undisturbed: tuple[list[Row], list[Row]]
) -> None:
    service = ServiceProcess(tmp_path)
    submit(service)
    wait_for(lambda: epochs_done(service) > 20, 200)
    family = psutil.Process(service.process.pid).children(recursive=True)
    service.client.close()
    service.kill()
    assert not outliving(family, 60)
    service.wait()

    with serving(tmp_path) as again:
        assert finish(again) == "completed"

    assert rows(database(tmp_path), "small") == undisturbed


def test_sigterm_winds_down_and_the_next_start_goes_on(
    tmp_path: Path, undisturbed: tuple[list[Row], list[Row]]
) -> None:
    service = ServiceProcess(tmp_path)
    submit(service)
    wait_for(lambda: epochs_done(service) > 20, 200)
    service.client.close()
    service.process.send_signal(signal.SIGTERM)
    assert service.wait() == 0
    assert "given_back" in "".join(service.output)

    with serving(tmp_path) as again:
        assert next(iter(again.client.list())).epochs_done > 20
        assert finish(again) == "completed"

    assert rows(database(tmp_path), "small") == undisturbed


def test_pause_then_resume_changes_no_row_and_cancel_keeps_prefixes(
    tmp_path: Path, undisturbed: tuple[list[Row], list[Row]]
) -> None:
    with serving(tmp_path) as service:
        first = service.client.submit(json.dumps(SPEC))
        wait_for(lambda: epochs_done(service) > 20, 200)
        service.client.pause(first.id)
        wait_for(lambda: service.client.get(first.id).state == "paused", 100)
        service.client.resume(first.id)
        assert finish(service) == "completed"
        assert rows(database(tmp_path), "small") == undisturbed

        second = service.client.submit(json.dumps(SPEC | {"name": "cut short"}))
        wait_for(lambda: epochs_done(service) > 20, 200)
        service.client.cancel(second.id)
        ended = service.client.wait(second.id, timeout_seconds=200, poll_seconds=0.2)

    assert ended.state == "cancelled"
    assert ended.counts.cancelled > 0
    assert ended.counts.pending == ended.counts.running == 0
    _, whole = undisturbed
    _, prefix = rows(database(tmp_path), "cut short")
    assert set(prefix) < set(whole)


def test_too_small_and_too_large_g_are_shown_for_what_they_are(tmp_path: Path) -> None:
    spec = SPEC | {
        "name": "extremes",
        "network": {"activation": "relu", "depth": 128, "width": 24},
        "init": {"g": {"relative": [0.5, 2.0]}},
        "training": {"epochs": 2, "lr": 0.01},
    }
    with serving(tmp_path) as service:
        sweep = service.client.submit(json.dumps(spec))
        ended = service.client.wait(sweep.id, timeout_seconds=400, poll_seconds=0.2)
        trials = list(service.client.trials(sweep.id))

    assert ended.state == "completed"
    by_g = {relative: [t for t in trials if t.g_relative == relative] for relative in (0.5, 2.0)}
    assert [t.outcome for t in by_g[0.5]] == ["completed"] * 2
    assert all(t.final_train_error is not None and t.final_train_error > 0.8 for t in by_g[0.5])
    assert [t.outcome for t in by_g[2.0]] == ["diverged"] * 2
    assert all(t.diverged_epoch is not None for t in by_g[2.0])


def _stopping(kind: str) -> dict[str, object]:
    return SPEC | {
        "name": kind,
        "training": {"epochs": 20, "batch_size": 20, "lr": [0.0001, 0.001, 0.01, 0.05]},
        "init": {"g": "auto"},
        "seeds": 3,
        "early_stopping": {"kind": kind, "eta": 2, "grace_epochs": 2},
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> set[Row]:
    """The epochs of the trials of `_stopping` if nothing stops them."""
    home = tmp_path_factory.mktemp("whole")
    with serving(home) as service:
        submit(service, _stopping("asha") | {"name": "whole", "early_stopping": None})
        assert finish(service) == "completed"
    return set(rows(database(home), "whole")[1])


@pytest.fixture(scope="module")
def halved(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], list[Row]]:
    home = tmp_path_factory.mktemp("halved")
    with serving(home) as service:
        submit(service, _stopping("halving"))
        assert finish(service) == "completed"
    return rows(database(home), "halving")


def test_halving_keeps_its_share_and_its_curves_are_prefixes(
    halved: tuple[list[Row], list[Row]], whole: set[Row]
) -> None:
    trials, epochs = halved

    # Of the twelve trials of a depth, six go on at epoch 2, three at 4, one at 8 and at 16.
    assert sum("STOPPED" in str(trial) for trial in trials) == 2 * 11
    assert sum("COMPLETED" in str(trial) for trial in trials) == 2
    assert len(epochs) == 2 * (6 * 3 + 3 * 5 + 2 * 9 + 1 * 21)
    assert set(epochs) <= whole


def test_halving_decides_alike_on_one_worker(
    tmp_path: Path, halved: tuple[list[Row], list[Row]]
) -> None:
    with serving(tmp_path, FATHOM_CPUS="1") as service:
        submit(service, _stopping("halving"))
        assert finish(service) == "completed"

    assert rows(database(tmp_path), "halving") == halved


@pytest.mark.parametrize("kill", [kill_child, kill_worker])
def test_a_process_that_is_killed_changes_nothing_that_halving_decides(
    tmp_path: Path, halved: tuple[list[Row], list[Row]], kill: Callable[[ServiceProcess], None]
) -> None:
    with serving(tmp_path) as service:
        submit(service, _stopping("halving"))
        # All have come to the first rung then, and lie in the memory of what is killed.
        wait_for(lambda: epochs_done(service) > 24 * 2 + 5, 200)
        kill(service)
        assert finish(service) == "completed"

    assert rows(database(tmp_path), "halving") == halved


def test_asha_goes_on_after_a_kill_and_its_curves_are_prefixes(
    tmp_path: Path, whole: set[Row]
) -> None:
    with serving(tmp_path) as service:
        submit(service, _stopping("asha"))
        wait_for(lambda: epochs_done(service) > 40, 200)
        kill_child(service)
        assert finish(service) == "completed"

    trials, epochs = rows(database(tmp_path), "asha")
    assert all("STOPPED" in str(trial) or "COMPLETED" in str(trial) for trial in trials)
    assert any("STOPPED" in str(trial) for trial in trials)
    assert set(epochs) < whole
