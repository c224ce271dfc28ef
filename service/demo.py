"""The demo of `make demo`: one sweep on a temporary service, run by `fathom` commands.

It starts the embedded service on a free port in a temporary folder, submits a spec, watches it,
prints the comparison by depth, draws the plot and stops the service. Each command is printed before
it runs.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from service.client import Client

SPEC = Path("sweeps/demo.yaml")
PLOT = Path("depth.svg")
START_SECONDS = 60.0
_URL = re.compile(r"http://[\d.]+:\d+")

_NEXT = """
What to try next
  make serve                                    the service, to stay; then, in another terminal:
  .venv/bin/fathom submit sweeps/demo.yaml --watch
  .venv/bin/fathom submit sweeps/g-extremes.yaml --watch    one g vanishes, one explodes
  .venv/bin/fathom ls
  open http://127.0.0.1:8000/docs               every call of the API, with examples
"""


class DemoError(Exception):
    """The demo has failed; the text is the reason."""


@contextmanager
def _service(home: Path) -> Iterator[str]:
    """Run the embedded service and yield its URL."""
    environment = os.environ | {"FATHOM_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    # The demo must not use a database or cluster that the user's environment names.
    for name in ("FATHOM_DATABASE_URL", "FATHOM_RAY_ADDRESS", "RAY_ADDRESS"):
        environment.pop(name, None)
    log = home / "service.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve", "--port", "0"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _wait_until_ready(process, log)
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
    raise DemoError(f"the service did not start:\n{log.read_text()}")


def _fathom(url: str, *arguments: str, capture: bool = False) -> str:
    """Print and run one `fathom` command; return its output if it is captured."""
    _say(f"\n$ fathom {' '.join(arguments)}")
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments],
        env=os.environ | {"FATHOM_URL": url},
        check=False,
        text=True,
        stdout=subprocess.PIPE if capture else None,
    )
    if done.returncode:
        raise DemoError(f"`fathom {' '.join(arguments)}` ended with {done.returncode}")
    return (done.stdout or "").strip()


def _say(text: str, to: TextIO = sys.stdout) -> None:
    to.write(f"{text}\n")
    to.flush()


def main() -> int:
    """Run the demo; return 0 if every command succeeded, else 1."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fathom-demo-") as home, _service(Path(home)) as url:
        _say(f"$ fathom serve --port 0      # the embedded service, now at {url}")
        try:
            sweep = _fathom(url, "submit", str(SPEC), capture=True)
            _say(sweep)
            short = sweep[:8]
            _fathom(url, "watch", short)
            _fathom(url, "compare", short)
            _fathom(url, "compare", short, "--group-by", "g_relative,depth")
            _fathom(url, "plot", short, "--output", str(PLOT))
        except DemoError as error:
            _say(f"{error}\n{(Path(home) / 'service.log').read_text()}", sys.stderr)
            return 1
    _say(f"\n{PLOT.resolve()} shows it; all of this took {time.monotonic() - started:.0f} s.")
    _say(_NEXT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
