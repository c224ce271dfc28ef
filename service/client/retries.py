"""Repeat a request that is safe to repeat, for a bounded time."""

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import httpx
import stamina

#: Statuses of a service, or of a proxy in front of it, that may answer again in a moment.
PASSING: Final = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)

# A RemoteProtocolError is a connection that the server closed before its answer was complete.
_CONNECTION_ERRORS = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)
_SHORTEST_WAIT = 0.1
_LONGEST_WAIT = 2.0


class _DropOwnRetries(logging.Filter):
    """Drops the warnings that stamina logs for the client's retries."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(getattr(record, "stamina.callable", "")).startswith("service.client.")


_DROP_OWN_RETRIES = _DropOwnRetries()


def with_retries(send: Callable[[], httpx.Response], seconds: float) -> httpx.Response:
    """Send a request, again after each temporary failure, and return the response.

    Temporary failures are a connection that cannot be made or breaks, a timeout, and the statuses
    502, 503 and 504. Waits grow from 0.1 to 2 seconds, unless the answer has a ``Retry-After`` in
    seconds.

    Args:
        send: Sends the request; must have the same effect however often it is called.
        seconds: Time after which no further attempt is planned; at 0 there is only one.

    Returns:
        The first response that is not a temporary failure, or else the last one.

    Raises:
        httpx.TransportError: The last attempt got no response.
    """
    if seconds <= 0:
        return send()
    deadline = time.monotonic() + seconds

    def attempt() -> httpx.Response:
        response = send()
        if response.status_code in PASSING:
            # stamina repeats on exceptions only; the last response is taken from it below.
            response.raise_for_status()
        return response

    def wait(error: Exception) -> bool | float:
        if isinstance(error, httpx.HTTPStatusError):
            return _retry_after(error.response, deadline - time.monotonic())
        return isinstance(error, _CONNECTION_ERRORS)

    logging.getLogger("stamina").addFilter(_DROP_OWN_RETRIES)  # adding it again changes nothing
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


def _retry_after(response: httpx.Response, seconds_left: float) -> bool | float:
    """Return the seconds that an answer asks to wait, or what stamina shall do.

    True means the usual wait, False no further attempt, because the wait is longer than the time
    left.
    """
    asked = response.headers.get("Retry-After", "")
    if not asked.isdecimal():  # a date, or nothing
        return True
    # A wait of 0 would repeat the request as fast as the machine can.
    return max(_SHORTEST_WAIT, float(asked)) if float(asked) <= seconds_left else False
