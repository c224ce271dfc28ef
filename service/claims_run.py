"""The run of `make claims`: all laptop-sized claims on a temporary service, and their page."""

import sys
import tempfile
import time
from pathlib import Path

from service.cli.claims import REFUTED, UNDECIDED
from service.own_service import OwnServiceError, fathom, log_of, running, say

PAGE = Path("docs/claims.md")
FIGURES = Path("docs/images/claims")


def main() -> int:
    """Run and judge all claims; return 0 if each could be run, whatever the verdicts, else 1."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fathom-claims-") as home:
        try:
            with running(Path(home)) as url:
                try:
                    # Refuted and undecided are results; 1 says that a claim could not be run.
                    fathom(url, "claims", "--run", allowed=(0, REFUTED, UNDECIDED))
                finally:
                    fathom(url, "claims", "--markdown", str(PAGE), "--figures", str(FIGURES))
        except OwnServiceError as error:
            say(f"{error}\n{log_of(Path(home)).read_text()}", sys.stderr)
            return 1
    say(f"\n{PAGE.resolve()} shows them; all of this took {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
