"""Run a Ray of one node, which benchmarks of several processes share."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from service import processes

START_SECONDS = 60.0


@contextmanager
def ray_head(cpus: int) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Run a Ray of one node for the length of the block.

    Args:
        cpus: CPUs that the node offers.

    Yields:
        The address of Ray, and the environment of a process that joins it.
    """
    port = _free_port()
    environment = os.environ | {
        # Ray listens on every interface: the token keeps other hosts from running code here.
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "OMP_NUM_THREADS": "1",
    }
    command = (
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", f"--port={port}"),
        *(f"--num-cpus={cpus}", "--num-gpus=0", "--include-dashboard=false", "--block"),
        "--object-store-memory=500000000",
    )
    # `processes.start` ends it also when the benchmark is interrupted.
    head = processes.start(command, environment=environment, quiet=True)
    try:
        _wait_for(port, head)
        yield f"127.0.0.1:{port}", environment
    finally:
        head.terminate()
        head.wait(timeout=60)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_for(port: int, head: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and head.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("Ray did not start")
