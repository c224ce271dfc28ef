"""Process entry of the driver: `python -m service.driver`."""

import signal
import sys
import threading

from service import logs
from service.driver.identity import claim_identity
from service.driver.supervisor import Supervisor, launch_child
from service.settings import Settings
from service.store import Database, check_schema


def main() -> int:
    """Run one driver until SIGTERM or SIGINT."""
    logs.configure()
    settings = Settings.read()
    owner, lock = claim_identity(settings.home)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    database = Database(settings.database_url)
    try:
        check_schema(database)
        Supervisor(
            database=database,
            owner=owner,
            lease_seconds=settings.lease_seconds,
            max_running_sweeps=settings.max_running_sweeps,
            launch=launch_child,
        ).serve(stop)
    finally:
        database.dispose()
        if lock is not None:
            lock.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
