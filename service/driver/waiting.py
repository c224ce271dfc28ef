"""Wait for the database or another service to be ready, and log the reason of the wait."""

import logging
import threading
import time
from collections.abc import Callable

from service.driver.sink import CONNECTION_ERRORS
from service.logs import event
from service.store import Database, SchemaOutOfDateError, check_schema

log = logging.getLogger("fathom.driver")

POLL_SECONDS = 1.0
REMIND_SECONDS = 60.0


def wait_for(
    what: str,
    missing: Callable[[], str | None],
    stop: threading.Event,
    *,
    poll_seconds: float = POLL_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Wait until there is no reason to wait any more.

    The reason is logged when it is found, when it changes and every `REMIND_SECONDS`.

    Args:
        what: Name of the awaited service, for the log.
        missing: Returns the reason to wait; None if there is none.
        stop: Ends the wait when it is set.
        poll_seconds: Time between two checks.
        clock: Monotonic clock in seconds.

    Returns:
        True if there is no reason left, False if ``stop`` was set.
    """
    logged: str | None = None
    logged_at = 0.0
    while not stop.is_set():
        reason = missing()
        if reason is None:
            if logged is not None:
                event(log, logging.INFO, f"{what} is there")
            return True
        if reason != logged or clock() - logged_at >= REMIND_SECONDS:
            event(log, logging.WARNING, f"waiting for {what}: {reason}")
            logged, logged_at = reason, clock()
        stop.wait(poll_seconds)
    return False


def wait_for_database(database: Database, stop: threading.Event) -> bool:
    """Wait until the database has the schema of this version; return False if ``stop`` was set."""
    return wait_for("the database", lambda: _missing_of(database), stop)


def _missing_of(database: Database) -> str | None:
    try:
        check_schema(database)
    except SchemaOutOfDateError as error:
        return str(error)
    except CONNECTION_ERRORS as error:
        # The first line says enough: the others repeat it for every address, and add the statement.
        return str(error.orig).strip().partition("\n")[0]
    return None
