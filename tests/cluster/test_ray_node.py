"""The driver's Ray node: started, watched, replaced, ended; a harmless process in its place."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from service.driver import ray_node
from service.driver.ray_health import answers_well
from service.driver.ray_node import RayNode, node_command, unreachable
from service.driver.supervisor import Supervisor
from service.store import Database, upgrade

# Writes its process id, then stays or dies.
_FAKE = """
import os, pathlib, sys, time
with pathlib.Path(sys.argv[1]).open("a") as log:
    print(os.getpid(), file=log)
time.sleep(float(sys.argv[2]))
sys.exit(3)
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(ray_node, "FIRST_PAUSE_SECONDS", 0.01)
    caplog.set_level(logging.INFO, logger="fathom.driver")


def node(
    log: Path,
    seconds: float,
    *,
    is_well: Callable[[], bool] = lambda: True,
    missing: Callable[[], str | None] = lambda: None,
) -> RayNode:
    command = [sys.executable, "-c", _FAKE, str(log), str(seconds)]
    return RayNode("head:6379", command, is_well=is_well, missing=missing, check_seconds=0.02)


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def started(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_is_ready_once_the_node_is_well_and_ends_with_the_block(tmp_path: Path) -> None:
    well = threading.Event()
    with node(tmp_path / "log", 60, is_well=well.is_set) as subject:
        until(lambda: started(tmp_path / "log"))
        assert not subject.is_ready()
        well.set()
        until(subject.is_ready)
        [pid] = started(tmp_path / "log")
        assert is_alive(pid)

    assert not is_alive(pid)


def test_a_node_that_dies_is_started_again_and_not_ready_between(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with node(tmp_path / "log", 0, is_well=lambda: False) as subject:
        until(lambda: len(started(tmp_path / "log")) >= 3)
        assert not subject.is_ready()

    pauses = [message for message in caplog.messages if "ray node ended" in message]
    assert "code=3 again_in_seconds=0.01" in pauses[0]
    assert "code=3 again_in_seconds=0.02" in pauses[1]


def test_a_killed_node_is_replaced(tmp_path: Path) -> None:
    with node(tmp_path / "log", 60) as subject:
        until(lambda: started(tmp_path / "log") and subject.is_ready())
        os.kill(started(tmp_path / "log")[0], 9)
        until(lambda: len(started(tmp_path / "log")) == 2)
        until(subject.is_ready)


def test_a_node_that_becomes_unwell_is_not_ready(tmp_path: Path) -> None:
    well = threading.Event()
    well.set()
    with node(tmp_path / "log", 60, is_well=well.is_set) as subject:
        until(subject.is_ready)
        well.clear()
        until(lambda: not subject.is_ready())

    assert len(started(tmp_path / "log")) == 1


def test_no_node_is_started_before_the_cluster_answers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = threading.Event()
    with node(tmp_path / "log", 60, missing=lambda: None if away.is_set() else "refused"):
        until(lambda: caplog.messages)
        assert not started(tmp_path / "log")

    assert caplog.messages == ["waiting for the Ray cluster at head:6379: refused"]


def test_the_node_offers_the_cluster_nothing() -> None:
    command = node_command("head:6379", 100_000_000)

    assert {"--address=head:6379", "--num-cpus=0", "--num-gpus=0", "--block"} <= set(command)
    assert "--object-store-memory=100000000" in command


def test_an_address_is_told_apart_from_one_that_does_not_answer() -> None:
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    address = f"127.0.0.1:{server.server_port}"

    assert unreachable(address) is None
    server.server_close()
    assert "refused" in str(unreachable(address))


def test_health_is_an_answer_with_success_and_nothing_else() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/well" else 503)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        assert answers_well(f"{url}/well")
        assert not answers_well(f"{url}/unwell")
        server.shutdown()
        thread.join()
    assert not answers_well(f"{url}/well")


def test_no_sweep_is_claimed_before_ray_is_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fathom.db"
    upgrade(url)
    database = Database(url)
    ready = threading.Event()
    asked: list[bool] = []

    def claim() -> bool:
        asked.append(ready.is_set())
        return False

    subject = Supervisor(database, "test", 30.0, 1, lambda _: pytest.fail("launched"), ready.is_set)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Supervisor, "_claim", lambda _: claim())
        subject.tick()
        ready.set()
        subject.tick()
    database.dispose()

    assert asked == [True]
