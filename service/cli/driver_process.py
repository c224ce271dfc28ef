"""Run the driver as a child process, restart it if it dies, and stop it at the end."""

import subprocess
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import click

from service import processes

COMMAND = (sys.executable, "-m", "service.driver")
# The driver gives its own children 20 seconds to write their reports.
STOP_SECONDS = 40.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0


class DriverProcess:
    """A driver that runs during a ``with`` block and is restarted if it ends early.

    The driver logs to the standard error of this process. Pauses between restarts grow from 1 to
    30 seconds.

    Args:
        environment: Environment of the child, from which it reads its settings.
        command: Command line of the child.
    """

    def __init__(self, environment: Mapping[str, str], command: tuple[str, ...] = COMMAND) -> None:
        self._environment = environment
        self._command = command
        self._stopping = threading.Event()
        self._process = self._start()
        self._watcher = threading.Thread(target=self._watch, name="driver-watch", daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._process.terminate()
        self._watcher.join(STOP_SECONDS)
        if self._watcher.is_alive():
            self._process.kill()
            self._watcher.join()

    def _start(self) -> subprocess.Popen[bytes]:
        # In a session of its own: Ctrl-C reaches this process alone, which then stops the driver.
        return processes.start(self._command, environment=self._environment)

    def _watch(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            code = self._process.wait()
            if self._stopping.is_set():
                return
            click.echo(
                f"the driver ended with {code}; it is started again in {pause:.0f} s", err=True
            )
            if self._stopping.wait(pause):
                return
            # A driver that cannot start, such as with a wrong setting, is not restarted in a loop.
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            self._process = self._start()
            # __exit__ may have terminated the old process while this one was starting.
            if self._stopping.is_set():
                self._process.terminate()
