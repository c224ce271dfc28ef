"""Queue of reports that are written to the database in batches, in order."""

import logging
import threading
from collections.abc import Callable, Sequence

from sqlalchemy.exc import InterfaceError, OperationalError

from service.logs import event
from workers.contract import Report

log = logging.getLogger("fathom.driver")

CONNECTION_ERRORS = (OperationalError, InterfaceError)
"""Errors that a database raises which cannot be reached; any other error is a fault."""


class Sink:
    """A queue of reports between Ray's callback and the store.

    `receive` never waits for the database and never raises: an exception in a Tune callback aborts
    the sweep. `flush` writes the queue in one transaction, and keeps it if the database cannot be
    reached. If a commit succeeds but its answer is lost, the batch is sent again, which is harmless
    because of the rows' keys.
    """

    def __init__(self, write: Callable[[Sequence[Report]], None]) -> None:
        self._write = write
        self._queue: list[Report] = []
        # Two locks, so that `receive` does not wait while a flush is writing.
        self._queue_lock = threading.Lock()
        self._flush_lock = threading.Lock()

    def receive(self, reports: Sequence[Report]) -> None:
        """Add reports to the queue."""
        with self._queue_lock:
            self._queue.extend(reports)

    def flush(self) -> bool:
        """Write all queued reports in one transaction.

        Returns:
            False if the database cannot be reached; the reports stay queued then.

        Raises:
            DBAPIError: The database refused the batch, and would refuse it again.
            FencedOutError: Another driver has taken the sweep over; nothing was written.
        """
        with self._flush_lock:
            with self._queue_lock:
                batch = tuple(self._queue)
            if not batch:
                return True
            try:
                self._write(batch)
            except CONNECTION_ERRORS as error:
                reason = type(error.orig).__name__
                event(log, logging.WARNING, "batch kept", reports=len(batch), reason=reason)
                return False
            # Reports that arrived during the write are behind the batch.
            with self._queue_lock:
                del self._queue[: len(batch)]
            return True
