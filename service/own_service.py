"""An embedded service of one's own, on a free port in a given folder, and commands that use it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from service.client import Client

START_SECONDS = 60.0
_URL = re.compile(r"http://[\d.]+:\d+")


class OwnServiceError(Exception):
    """The service did not start, or a command failed; the text is the reason."""


def log_of(home: Path) -> Path:
    """Return the file with the output of the service in a folder."""
    return home / "service.log"


@contextmanager
def running(home: Path) -> Iterator[str]:
    """Run the embedded service in a folder and yield its URL.

    Raises:
        OwnServiceError: The service does not start.
    """
    environment = os.environ | {"FATHOM_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    # It must not use a database or cluster that the user's environment names.
    for name in ("FATHOM_DATABASE_URL", "FATHOM_RAY_ADDRESS", "RAY_ADDRESS"):
        environment.pop(name, None)
    with log_of(home).open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve", "--port", "0"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _wait_until_ready(process, log_of(home))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return the service's URL, which it logs, once it answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = _URL.search(log.read_text())
        if found:
            with Client(found.group()) as client:
                if client.is_ready():
                    return found.group()
        time.sleep(0.1)
    raise OwnServiceError(f"the service did not start:\n{log.read_text()}")


def fathom(
    url: str, *arguments: str, capture: bool = False, allowed: Collection[int] = (0,)
) -> str:
    """Print and run one `fathom` command; return its output if it is captured.

    Args:
        url: URL of the service.
        *arguments: The command.
        capture: Whether to return its output instead of printing it.
        allowed: Exit codes that are no failure.

    Raises:
        OwnServiceError: The command ended with another exit code.
    """
    say(f"\n$ fathom {' '.join(arguments)}")
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments],
        env=os.environ | {"FATHOM_URL": url},
        check=False,
        text=True,
        stdout=subprocess.PIPE if capture else None,
    )
    if done.returncode not in allowed:
        raise OwnServiceError(f"`fathom {' '.join(arguments)}` ended with {done.returncode}")
    return (done.stdout or "").strip()


def say(text: str, to: TextIO = sys.stdout) -> None:
    """Print a line at once."""
    to.write(f"{text}\n")
    to.flush()
