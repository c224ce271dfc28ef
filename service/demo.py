"""The demo of `make demo`: one sweep on a temporary service, run by `fathom` commands.

It starts the embedded service on a free port in a temporary folder, submits a spec, watches it,
prints the comparison by depth, draws the plot and stops the service. Each command is printed before
it runs.
"""

import sys
import tempfile
import time
from pathlib import Path

from service.own_service import OwnServiceError, fathom, log_of, running, say

SPEC = Path("sweeps/demo.yaml")
PLOT = Path("depth.svg")

_NEXT = """
What to try next
  make serve                                    the service, to stay; then, in another terminal:
  .venv/bin/fathom submit sweeps/demo.yaml --watch
  .venv/bin/fathom submit sweeps/g-extremes.yaml --watch    one g vanishes, one explodes
  .venv/bin/fathom ls
  open http://127.0.0.1:8000/docs               every call of the API, with examples
"""


def main() -> int:
    """Run the demo; return 0 if every command succeeded, else 1."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fathom-demo-") as home, running(Path(home)) as url:
        say(f"$ fathom serve --port 0      # the embedded service, now at {url}")
        try:
            sweep = fathom(url, "submit", str(SPEC), capture=True)
            say(sweep)
            short = sweep[:8]
            fathom(url, "watch", short)
            fathom(url, "compare", short)
            fathom(url, "compare", short, "--group-by", "g_relative,depth")
            fathom(url, "plot", short, "--output", str(PLOT))
        except OwnServiceError as error:
            say(f"{error}\n{log_of(Path(home)).read_text()}", sys.stderr)
            return 1
    say(f"\n{PLOT.resolve()} shows it; all of this took {time.monotonic() - started:.0f} s.")
    say(_NEXT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
