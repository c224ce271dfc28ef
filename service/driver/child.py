"""Process entry of a running sweep: plan it, train unfinished trials, conclude it.

The supervisor starts the process and renews the lease for it. The process can die at any point: the
next one continues with the trials that have no outcome.
"""

import argparse
import logging
import signal
import sys
import threading
from uuid import UUID

from service import logs
from service.driver import sweep_run
from service.logs import event
from service.settings import Settings
from service.store import Database, FencedOutError
from service.store.leases import Claim

log = logging.getLogger("fathom.driver")


def _claim(arguments: list[str]) -> Claim:
    parser = argparse.ArgumentParser(prog="python -m service.driver.child")
    parser.add_argument("--sweep", type=UUID, required=True)
    parser.add_argument("--fence", type=int, required=True)
    parser.add_argument("--owner", required=True)
    given = parser.parse_args(arguments)
    return Claim(sweep_id=given.sweep, fence=given.fence, owner=given.owner)


def main() -> int:
    """Run one sweep until it ends or SIGTERM asks to give it back."""
    logs.configure()
    claim = _claim(sys.argv[1:])
    settings = Settings.read()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    database = Database(settings.database_url)
    try:
        sweep_run.run(settings, database, claim, stop)
    except FencedOutError as error:
        event(log, logging.WARNING, "fenced out", sweep=claim.sweep_id, reason=error)
    finally:
        database.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
