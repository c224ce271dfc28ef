"""Simulate walks in a background thread; a later preview finds the results."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from service.planner.forecasts import Forecast, simulated_forecast
from service.planner.walk_requests import WalkRequest

_LOG = logging.getLogger(__name__)
# Bounds of memory: two previews of the largest size, and some hundred bytes for each result.
_MOST_QUEUED: Final = 2000
_MOST_RESULTS: Final = 10_000


class Simulations:
    """A thread-safe queue of simulations with one worker thread, which exists while there is work.

    Results are kept in memory, and by rwinit's cache on disk if its folder can be written.

    Args:
        simulate: Returns the forecast of a request; called by the worker thread.
    """

    def __init__(self, simulate: Callable[[WalkRequest], Forecast] = simulated_forecast) -> None:
        self._simulate = simulate
        self._lock = threading.Lock()
        self._queue: OrderedDict[WalkRequest, None] = OrderedDict()
        self._results: OrderedDict[WalkRequest, Forecast] = OrderedDict()
        self._working = False

    def result(self, request: WalkRequest) -> Forecast | None:
        """Return the forecast of a request simulated by this object; None if there is none yet."""
        with self._lock:
            return self._results.get(request)

    def enqueue(self, requests: Iterable[WalkRequest]) -> None:
        """Queue requests, the cheapest first, and return immediately.

        Requests that are queued or simulated already are skipped. Those that do not fit into the
        queue are dropped: the next preview queues them again.
        """
        cheapest_first = sorted(
            requests, key=lambda each: each.question.width * each.question.depth
        )
        with self._lock:
            for request in cheapest_first:
                if len(self._queue) >= _MOST_QUEUED:
                    break
                if request not in self._results:
                    self._queue.setdefault(request)
            if self._queue and not self._working:
                self._working = True
                # A daemon thread, so that the process can end while simulations are queued.
                threading.Thread(target=self._work, name="simulations", daemon=True).start()

    def _work(self) -> None:
        while (request := self._next()) is not None:
            try:
                forecast = self._simulate(request)
            except Exception:  # an edge: a thread has no caller to raise to
                _LOG.exception("simulation failed: %s", request.label())
                forecast = Forecast(g=request.g, remark="its simulation failed; see the log")
            with self._lock:
                self._queue.pop(request, None)
                self._results[request] = forecast
                if len(self._results) > _MOST_RESULTS:
                    self._results.popitem(last=False)

    def _next(self) -> WalkRequest | None:
        # The request being simulated stays in the queue, so that it is not queued twice.
        with self._lock:
            found = next(iter(self._queue), None)
            self._working = found is not None
            return found
