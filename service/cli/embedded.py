"""Run the whole service: the API in this process, the driver in a child, all files in one folder.

There is one embedded service per home directory. A lock on a file there ensures this; the operating
system releases the lock however the process ends.
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
    """Another embedded service uses this home directory."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.home = home

    def __str__(self) -> str:
        return (
            f"another `fathom serve` uses {self.home} (its address is in "
            f"{self.home / ADDRESS_FILE}); stop it, or give another --home"
        )


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, and return when the driver has stopped.

    Raises:
        HomeInUseError: Another embedded service uses this home directory.
        StoreError: The database cannot be used.
        OSError: The home directory cannot be written, or the address cannot be bound to.
    """
    _prepare(settings.home)
    with home_lock(settings.home), http_server.listening(settings.host, settings.port) as bound:
        # After taking the lock, so that two services of one home do not migrate it at once.
        upgrade(settings.database_url)
        logs.configure(logging.WARNING)
        dependencies = dependencies_from(settings)
        url = http_server.url_of(bound)
        with DriverProcess(environment(settings)), _address_file(settings.home, url):
            click.echo(f"Fathom listens on {url} (documentation: {url}/docs)")
            click.echo(f"everything is kept in {settings.home}")
            http_server.run(dependencies, bound)
            click.echo("stopping; unfinished sweeps go on at the next start")
        dependencies.database.dispose()


def _prepare(home: Path) -> None:
    # Readable by the owner alone, because specs and results may be private.
    home.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def home_lock(home: Path) -> Iterator[None]:
    """Hold the lock of a home directory.

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
    """Return the environment variables from which a child reads the same settings."""
    inherited = dict(os.environ)
    # A password from a file must not reach the environment, which other processes may read. The
    # child inserts it into the URL again.
    left_out = {"database_url"} if settings.database_password_file else set()
    for name, value in settings.model_dump(mode="json", exclude=left_out).items():
        if value is not None:
            inherited[f"{PREFIX}{name.upper()}"] = str(value)
    return inherited


@contextmanager
def _address_file(home: Path, url: str) -> Iterator[None]:
    """Keep a file with the URL of the service, for scripts that let it choose a free port."""
    target = home / ADDRESS_FILE
    aside = target.with_suffix(".tmp")
    # Renamed when complete, so that no script reads half a file.
    aside.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n", encoding="utf-8")
    aside.replace(target)
    try:
        yield
    finally:
        target.unlink(missing_ok=True)
