"""Run a Ray node beside the driver, which Ray needs on every machine that connects to a cluster.

The node offers no CPU and no GPU, so nothing is scheduled on it. Ray Client would need no node, but
would run Tune and its callbacks on the head, away from the sink.
"""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from service import processes
from service.driver.ray_health import node_is_well
from service.driver.waiting import wait_for
from service.logs import event

log = logging.getLogger("fathom.driver")

# Time that a node gets to end by itself before it is killed.
STOP_SECONDS = 10.0
CHECK_SECONDS = 1.0
# Pause before a node is started again; it doubles with each failure.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# After a node has run for this long, the next pause is the first one again.
SETTLED_SECONDS = 60.0


def node_command(address: str, object_store_bytes: int) -> tuple[str, ...]:
    """Return the command line that starts a node without CPUs or GPUs in the foreground."""
    return (
        *(sys.executable, "-m", "ray.scripts.scripts", "start", f"--address={address}"),
        *("--num-cpus=0", "--num-gpus=0", f"--object-store-memory={object_store_bytes}"),
        *("--disable-usage-stats", "--block"),
    )


class RayNode:
    """Keeps a Ray node running while a ``with`` block runs.

    Args:
        address: Address of the cluster, ``HOST:PORT``.
        command: Command that starts the node; it must stay in the foreground.
        is_well: Returns whether the node is up and part of the cluster.
        missing: Returns why the cluster cannot be joined yet, or None if it can. By default it
            tries to connect to the address.
        check_seconds: Time between two checks of the node.
    """

    def __init__(
        self,
        address: str,
        command: Sequence[str],
        *,
        is_well: Callable[[], bool] = node_is_well,
        missing: Callable[[], str | None] | None = None,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self._address = address
        self._command = tuple(command)
        self._is_well = is_well
        self._missing = missing or (lambda: unreachable(address))
        self._check_seconds = check_seconds
        self._stop = threading.Event()
        self._well = threading.Event()
        self._thread = threading.Thread(target=self._keep_running, name="ray-node", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def is_ready(self) -> bool:
        """Return whether a process of this machine can connect to the cluster."""
        return self._well.is_set()

    def _keep_running(self) -> None:
        """Start the node again whenever it ends, until the block ends."""
        pause = FIRST_PAUSE_SECONDS
        what = f"the Ray cluster at {self._address}"
        while wait_for(what, self._missing, self._stop):
            started = time.monotonic()
            process = self._start()
            self._watch(process)
            self._well.clear()
            _kill(process)
            if self._stop.is_set():
                return
            if time.monotonic() - started > SETTLED_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            fields = {"code": process.returncode, "again_in_seconds": pause}
            event(log, logging.ERROR, "ray node ended", **fields)
            self._stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _start(self) -> subprocess.Popen[bytes]:
        # On standard output Ray prints a page of advice; errors come on standard error.
        return processes.start(self._command, quiet=True)

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Check the node's health until its process ends or the block ends."""
        while not self._stop.wait(self._check_seconds) and process.poll() is None:
            well = self._is_well()
            if well != self._well.is_set():
                event(log, logging.INFO, "ray node up" if well else "ray node unwell")
            if well:
                self._well.set()
            else:
                self._well.clear()


def unreachable(address: str) -> str | None:
    """Return why an address accepts no connection; None if it accepts one."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=3.0):
            return None
    except OSError as error:
        return error.strerror or str(error) or type(error).__name__


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a node with all its processes."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    # `ray start` has children of its own, which are in its process group.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
