"""Wait for what is not there yet, and say what it is: once, when it changes, and every minute."""

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
    """Wait until nothing is missing.

    Args:
        what: What is waited for, for the log.
        missing: Returns the reason to wait, or None when there is none.
        stop: Ends the wait when it is set.
        poll_seconds: Time between looks.
        clock: Seconds, monotone.

    Returns:
        True when nothing is missing, False when told to stop.
    """
    said: str | None = None
    said_at = 0.0
    while not stop.is_set():
        reason = missing()
        if reason is None:
            if said is not None:
                event(log, logging.INFO, f"{what} is there")
            return True
        if reason != said or clock() - said_at >= REMIND_SECONDS:
            event(log, logging.WARNING, f"waiting for {what}: {reason}")
            said, said_at = reason, clock()
        stop.wait(poll_seconds)
    return False


def wait_for_database(database: Database, stop: threading.Event) -> bool:
    """Wait until the database answers and has the schema of this version; False if stopped."""
    return wait_for("the database", lambda: _missing_of(database), stop)


def _missing_of(database: Database) -> str | None:
    try:
        check_schema(database)
    except SchemaOutOfDateError as error:
        return str(error)
    except CONNECTION_ERRORS as error:
        # The rest of the message is the statement, and the same reason for every address tried.
        return str(error.orig).strip().partition("\n")[0]
    return None
