"""The embedded service: API in this process, driver in a child, one folder for everything.

Invariant: one embedded service per home, held by a lock on a file there, which the system
releases however the process ends.
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from service import logs
from service.api.app import dependencies_from
from service.cli import http_server
from service.cli.driver_process import DriverProcess
from service.settings import PREFIX, Settings
from service.store import upgrade

ADDRESS_FILE = "service.json"


class EmbeddedError(Exception):
    """The embedded service cannot start."""


class HomeInUseError(EmbeddedError):
    """Another embedded service uses this home."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.home = home

    def __str__(self) -> str:
        return (
            f"another `fathom serve` uses {self.home} (its address is in "
            f"{self.home / ADDRESS_FILE}); stop it, or give another --home"
        )


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; returns after the driver has stopped.

    Raises:
        HomeInUseError: Another embedded service uses this home.
        StoreError: The database cannot be used.
        OSError: The home cannot be written, or the address not bound to.
    """
    _prepare(settings.home)
    with sole_user(settings.home), http_server.listening(settings.host, settings.port) as bound:
        upgrade(settings.database_url)
        logs.configure(logging.WARNING)
        parts = dependencies_from(settings)
        url = http_server.url_of(bound)
        with DriverProcess(environment(settings)), _announced(settings.home, url):
            click.echo(f"Fathom listens on {url} (documentation: {url}/docs)")
            click.echo(f"everything is kept in {settings.home}")
            http_server.run(parts, bound)
            click.echo("stopping; unfinished sweeps go on at the next start")
        parts.database.dispose()


def _prepare(home: Path) -> None:
    # Specs and results are their owner's.
    home.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def sole_user(home: Path) -> Iterator[None]:
    """Hold the lock of a home.

    Raises:
        HomeInUseError: Another process holds it.
    """
    with (home / "serve.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HomeInUseError(home) from error
        yield


def environment(settings: Settings) -> dict[str, str]:
    """Return an environment in which a child reads the same settings."""
    inherited = dict(os.environ)
    # A password that came as a file stays in it: the child merges the two again.
    left_out = {"database_url"} if settings.database_password_file else set()
    for name, value in settings.model_dump(mode="json", exclude=left_out).items():
        if value is not None:
            inherited[f"{PREFIX}{name.upper()}"] = str(value)
    return inherited


@contextmanager
def _announced(home: Path, url: str) -> Iterator[None]:
    """Keep a file with the service's address, for scripts that start it on a free port."""
    target = home / ADDRESS_FILE
    aside = target.with_suffix(".tmp")
    aside.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n", encoding="utf-8")
    aside.replace(target)
    try:
        yield
    finally:
        target.unlink(missing_ok=True)
