"""The embedded service as a user starts it, with its processes at hand to be killed."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psutil

from service.client import Client

_URL = re.compile(r"http://127\.0\.0\.1:\d+")
_Found = TypeVar("_Found")


def wait_for(what: Callable[[], _Found | None], seconds: float, every: float = 0.05) -> _Found:
    """Return the first answer that is not None or False; fail after a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"did not happen within {seconds} s")


def outliving(family: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Return the processes that still run after a while.

    One that has ended and that nobody has waited for is not among them: an orphan's parent is
    the machine's first process, which may take its time.
    """

    def runs(process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    deadline = time.monotonic() + seconds
    while (left := [p for p in family if runs(p)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


class ServiceProcess:
    """`fathom serve` on a free port, its output kept for a failed test's report."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.output: list[str] = []
        # Tests share two cores; a second thread pool of BLAS would fight the workers.
        env = os.environ | {"FATHOM_HOME": str(home), "PYTHONUNBUFFERED": "1"} | environment
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve", "--port", "0"],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = wait_for(self._find_url, 120)
        self.client = Client(self.url)
        wait_for(self._is_healthy, 120)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.output.extend(lines)

    def _find_url(self) -> str | None:
        assert self.process.poll() is None, "".join(self.output)
        match = _URL.search("".join(self.output))
        return match.group() if match else None

    def _is_healthy(self) -> bool:
        return self.client.is_ready()

    def find(self, module: str) -> psutil.Process | None:
        """Return the process below the service that runs a module, if there is one."""
        try:
            below = psutil.Process(self.process.pid).children(recursive=True)
            return next((p for p in below if module in p.cmdline()), None)
        except psutil.Error:
            return None

    def stop(self) -> None:
        """End the service as Ctrl-C does, and see that nothing is left of it."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.client.close()
        self.process.send_signal(signal.SIGINT)
        try:
            assert self.wait() == 0, "".join(self.output)
            assert not outliving(family, 60)
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill the service's own process, -9; its children have to notice."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def wait(self, seconds: float = 120) -> int:
        """Return the exit code, once the process and all that shared its output have ended."""
        code = self.process.wait(seconds)
        self._reader.join(seconds)
        return code


@contextmanager
def serving(home: Path, **environment: str) -> Iterator[ServiceProcess]:
    """Run the embedded service for the length of the block."""
    service = ServiceProcess(home, **environment)
    try:
        yield service
    except BaseException:
        sys.stderr.write("".join(service.output))
        service.client.close()
        service.process.send_signal(signal.SIGINT)
        service.wait()
        raise
    service.stop()
