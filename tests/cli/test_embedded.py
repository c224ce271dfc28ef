"""What `fathom serve` is made of: the driver's process, the home, the socket."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from service.cli import embedded, http_server
from service.cli.driver_process import DriverProcess
from service.settings import Settings
from service.store import upgrade

# Writes a line when it starts and another when it is asked to stop.
_FAKE_DRIVER = """
import pathlib, signal, sys
log = pathlib.Path(sys.argv[1]).open("a")
def stop(*_):
    print("stopped", file=log, flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("started", file=log, flush=True)
if sys.argv[2] == "dies":
    sys.exit(3)
signal.pause()
"""


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def fake_driver(log: Path, kind: str) -> DriverProcess:
    return DriverProcess(os.environ, (sys.executable, "-c", _FAKE_DRIVER, str(log), kind))


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def test_the_driver_is_asked_to_stop_at_the_end(tmp_path: Path) -> None:
    log = tmp_path / "log"

    with fake_driver(log, "lives"):
        wait_until(lambda: lines(log) == ["started"])

    assert lines(log) == ["started", "stopped"]


def test_a_driver_that_dies_is_started_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.cli.driver_process._FIRST_PAUSE_SECONDS", 0.05)
    log = tmp_path / "log"

    with fake_driver(log, "dies"):
        wait_until(lambda: len(lines(log)) >= 2)

    assert "the driver ended with 3" in capsys.readouterr().err


def test_a_second_service_in_the_same_home_is_refused(tmp_path: Path) -> None:
    settings = Settings.read(home=tmp_path, port=0)
    with (
        embedded.home_lock(tmp_path),
        pytest.raises(embedded.HomeInUseError, match="another --home"),
    ):
        embedded.run(settings)


def test_a_child_reads_the_same_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.read(home=tmp_path, cpus=1, ray_address="10.0.0.1:6379")

    for name, value in embedded.environment(settings).items():
        monkeypatch.setenv(name, value)

    assert Settings.read() == settings


def test_a_taken_port_is_told_before_anything_starts() -> None:
    with http_server.listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"),
            http_server.listening("127.0.0.1", port),
        ):
            pass


def test_an_address_that_others_reach_is_warned_about(capsys: pytest.CaptureFixture[str]) -> None:
    with http_server.listening("0.0.0.0", 0) as bound:
        assert http_server.url_of(bound).startswith("http://127.0.0.1:")

    assert "asks for no key" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_api_alone_serves_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    url = f"sqlite:///{tmp_path}/fathom.db"
    upgrade(url)
    environment = os.environ | {"FATHOM_DATABASE_URL": url}
    command = [sys.executable, "-m", "service.cli", "api", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        answer = httpx.get(f"{address}/readyz", trust_env=False, timeout=20)
        process.send_signal(number)

        assert process.wait(20) == 0
    assert answer.json() == {"status": "ok"}
