"""Repeat a call that is safe to repeat, for a bounded time."""

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import httpx
import stamina

#: Answers of a service, or of a proxy before it, that is away for a moment.
PASSING: Final = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)

_BROKEN = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)
_SHORTEST_WAIT = 0.1
_LONGEST_WAIT = 2.0


class _WithoutOurs(logging.Filter):
    """Drops what stamina logs, as warnings, of the client's own retries."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(getattr(record, "stamina.callable", "")).startswith("service.client.")


_WITHOUT_OURS = _WithoutOurs()


def with_retries(send: Callable[[], httpx.Response], seconds: float) -> httpx.Response:
    """Return the response of a request, sent again while it fails in a way that may pass.

    These failures are a connection that cannot be made or breaks, a timeout, and the answers 502,
    503 and 504. Waits grow from 0.1 to 2 seconds; a ``Retry-After`` in seconds comes before them.

    Args:
        send: Sends the request; its effect must be the same however often it is called.
        seconds: No request is sent later than a wait after this time; at 0 there is only one.

    Returns:
        The first response without a passing failure, or else the last one.

    Raises:
        httpx.TransportError: The last failure, if nothing answered.
    """
    if seconds <= 0:
        return send()
    deadline = time.monotonic() + seconds

    def attempt() -> httpx.Response:
        response = send()
        if response.status_code in PASSING:
            response.raise_for_status()
        return response

    def wait(error: Exception) -> bool | float:
        if isinstance(error, httpx.HTTPStatusError):
            return _asked_wait(error.response, deadline - time.monotonic())
        return isinstance(error, _BROKEN)

    logging.getLogger("stamina").addFilter(_WITHOUT_OURS)  # adding it again changes nothing
    retry = stamina.retry(
        on=wait,
        attempts=None,
        timeout=seconds,
        wait_initial=_SHORTEST_WAIT,
        wait_max=_LONGEST_WAIT,
        wait_jitter=_SHORTEST_WAIT,
    )
    try:
        return retry(attempt)()
    except httpx.HTTPStatusError as error:
        return error.response


def _asked_wait(response: httpx.Response, seconds_left: float) -> bool | float:
    """Return the seconds to wait, True for the usual wait, or False where time is too short."""
    asked = response.headers.get("Retry-After", "")
    if not asked.isdecimal():  # a date, or nothing
        return True
    # A wait of 0 would ask as fast as the machine can.
    return max(_SHORTEST_WAIT, float(asked)) if float(asked) <= seconds_left else False
