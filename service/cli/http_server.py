"""The HTTP server: a socket that is bound first, and uvicorn on it."""

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

# Streams of events end only when they are cut off.
_GRACE_SECONDS = 3


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Give a bound socket; whoever cannot have it learns so before anything else is started.

    Raises:
        OSError: The address cannot be bound to; the message names it.
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
    """Return the URL under which a browser on this machine finds the socket."""
    host, port = bound.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(dependencies: Dependencies, bound: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, then return."""
    # uvicorn raises the signal again when it is done, for whoever was there before it; the
    # default would end the process before it has cleaned up.
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
    """Let a signal pass: the server has stopped because of it."""


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback
