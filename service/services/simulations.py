"""Simulates walks in the background, one at a time, for previews that are asked again."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from service.planner.forecasts import Forecast, simulated_forecast
from service.planner.walk_requests import WalkRequest

_LOG = logging.getLogger(__name__)
_MOST_QUEUED: Final = 2000
_MOST_KEPT: Final = 10_000


class Simulations:
    """A queue with one worker thread, which lives while there is work; safe for many threads.

    Results are on disk where the cache can be written, and in memory in any case.

    Args:
        simulate: What the worker does.
    """

    def __init__(self, simulate: Callable[[WalkRequest], Forecast] = simulated_forecast) -> None:
        self._simulate = simulate
        self._lock = threading.Lock()
        self._queue: OrderedDict[WalkRequest, None] = OrderedDict()
        self._kept: OrderedDict[WalkRequest, Forecast] = OrderedDict()
        self._working = False

    def result(self, request: WalkRequest) -> Forecast | None:
        """Return what was simulated since this process started; None where nothing was."""
        with self._lock:
            return self._kept.get(request)

    def ask(self, requests: Iterable[WalkRequest]) -> None:
        """Queue requests, the cheapest of a call first, and return at once.

        What is queued already is not queued again, and what a full queue cannot take is dropped:
        the next preview asks for it again.
        """
        wanted = sorted(requests, key=lambda each: each.question.width * each.question.depth)
        with self._lock:
            for request in wanted:
                if len(self._queue) >= _MOST_QUEUED:
                    break
                if request not in self._kept:
                    self._queue.setdefault(request)
            if self._queue and not self._working:
                self._working = True
                # A daemon, so that a stopping service does not wait for a queue of simulations.
                threading.Thread(target=self._work, name="simulations", daemon=True).start()

    def _work(self) -> None:
        while (request := self._next()) is not None:
            try:
                forecast = self._simulate(request)
            except Exception:  # an edge: the thread has no caller to tell
                _LOG.exception("simulation failed: %s", request.label())
                forecast = Forecast(g=request.g, remark="its simulation failed; see the log")
            with self._lock:
                self._queue.pop(request, None)
                self._kept[request] = forecast
                if len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)

    def _next(self) -> WalkRequest | None:
        # The one in work stays in the queue, so that it is not queued twice.
        with self._lock:
            found = next(iter(self._queue), None)
            self._working = found is not None
            return found
