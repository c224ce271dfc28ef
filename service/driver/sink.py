"""The sink: keeps reports in order and writes them in batches, whatever the database does."""

import logging
import threading
from collections.abc import Callable, Sequence

from sqlalchemy.exc import InterfaceError, OperationalError

from service.logs import event
from workers.contract import Report

log = logging.getLogger("fathom.driver")

CONNECTION_ERRORS = (OperationalError, InterfaceError)
"""What the database's absence raises; every other error of it is a fault to be seen."""


class Sink:
    """A queue of reports between Ray's callback and the store.

    `receive` never blocks on the database and never raises, since a Tune callback that does
    aborts the sweep. `flush` writes what is queued in one transaction; while the database is
    away it keeps the batch, and a batch that was committed without the answer arriving is sent
    again, which the keys of the rows make harmless.
    """

    def __init__(self, write: Callable[[Sequence[Report]], None]) -> None:
        self._write = write
        self._queue: list[Report] = []
        self._queue_lock = threading.Lock()
        self._flush_lock = threading.Lock()

    def receive(self, reports: Sequence[Report]) -> None:
        """Queue reports."""
        with self._queue_lock:
            self._queue.extend(reports)

    def flush(self) -> bool:
        """Write everything queued.

        Returns:
            Whether the queue is in the database; False while the database is away.

        Raises:
            DBAPIError: The database refused the batch, and would again.
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
            with self._queue_lock:
                del self._queue[: len(batch)]
            return True
