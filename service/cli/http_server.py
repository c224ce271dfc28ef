"""Run the HTTP server: bind a socket first, then serve on it with uvicorn."""

import ipaddress
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click
import uvicorn

from service.api.app import create_app
from service.api.dependencies import Dependencies

# Streams of events do not end by themselves, so they are cut off after this time.
_GRACE_SECONDS = 3


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Yield a bound socket, so that a busy port is reported before anything else starts.

    Raises:
        OSError: The address cannot be bound to; the message has the address.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(f"cannot listen on {host}:{port}: {reason}") from error
    with bound:
        if not _is_loopback(bound.getsockname()[0]):
            click.echo(
                f"warning: {host} can be reached from other machines, and the API asks for no "
                "key: whoever reaches it can use it",
                err=True,
            )
        yield bound


def url_of(bound: socket.socket) -> str:
    """Return the URL of a socket for a browser on this machine."""
    host, port = bound.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(dependencies: Dependencies, bound: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, then return."""
    # When it has stopped, uvicorn raises the signal again for the handlers installed before its
    # own. The default handler would end the process before the driver is stopped.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _already_stopping)
    config = uvicorn.Config(
        create_app(dependencies),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[bound])


def _already_stopping(number: int, frame: FrameType | None) -> None:
    """Ignore a signal, because the server has stopped already."""


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback
