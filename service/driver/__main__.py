"""Process entry of the driver: `python -m service.driver`."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator

from service import logs
from service.driver.identity import claim_identity
from service.driver.ray_node import RayNode, node_command
from service.driver.supervisor import Supervisor, launch_child
from service.driver.waiting import wait_for_database
from service.settings import BadSettingsError, Settings
from service.store import Database


def main() -> int:
    """Run one driver until SIGTERM or SIGINT; wait for the database and for Ray if necessary."""
    logs.configure()
    try:
        settings = Settings.read()
    except BadSettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    owner, lock = claim_identity(settings.home)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    database = Database(settings.database_url)
    try:
        if wait_for_database(database, stop):
            with _ray_node(settings) as is_ready:
                Supervisor(
                    database=database,
                    owner=owner,
                    lease_seconds=settings.lease_seconds,
                    max_running_sweeps=settings.max_running_sweeps,
                    launch=launch_child,
                    is_ready=is_ready,
                ).serve(stop)
    finally:
        database.dispose()
        if lock is not None:
            lock.close()
    return 0


@contextlib.contextmanager
def _ray_node(settings: Settings) -> Iterator[Callable[[], bool]]:
    """Run the Ray node that the settings ask for; yield a check whether Ray is ready."""
    address = settings.joined_cluster
    # A local Ray, or a node that is run outside of the driver: each child connects by itself.
    if address is None:
        yield lambda: True
        return
    with RayNode(address, node_command(address, settings.ray_object_store_bytes)) as node:
        yield node.is_ready


if __name__ == "__main__":
    sys.exit(main())
