"""Commands that run the whole service, the API alone, or a driver alone."""

import os
import sys
import threading
from pathlib import Path

import click

from service.cli.connection import FailedError

_home = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the database, data sets and logs.  [env var: FATHOM_HOME]",
)
_host = click.option("--host", help="Address to bind to.  [env var: FATHOM_HOST]")
_port = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to bind to; 0 picks a free one.  [env var: FATHOM_PORT]",
)


@click.command()
@_home
@_host
@_port
@click.option(
    "--cpus", type=click.IntRange(1), help="CPU cores that workers may use.  [env var: FATHOM_CPUS]"
)
def serve(home: Path | None, host: str | None, port: int | None, cpus: int | None) -> None:
    """Run the whole service on this machine: API, driver, workers, database.

    Stop it with Ctrl-C or SIGTERM; unfinished sweeps continue at the next start.
    """
    from service.cli import embedded
    from service.settings import BadSettingsError, Settings
    from service.store import StoreError

    try:
        embedded.run(Settings.read(home=home, host=host, port=port, cpus=cpus))
    except (BadSettingsError, StoreError, embedded.EmbeddedError, OSError) as error:
        raise FailedError(str(error)) from error


@click.command()
@_host
@_port
def api(host: str | None, port: int | None) -> None:
    """Run the HTTP API alone.

    It waits until the database answers and has its schema (see `fathom db upgrade`).
    """
    from service import logs
    from service.api.app import dependencies_from
    from service.cli import http_server
    from service.driver.waiting import wait_for_database
    from service.settings import BadSettingsError, Settings
    from service.store import StoreError

    try:
        settings = Settings.read(host=host, port=port)
        dependencies = dependencies_from(settings)
        logs.configure()
        # An event that nobody sets: while it waits, signals end the process by their default.
        wait_for_database(dependencies.database, threading.Event())
        with http_server.listening(settings.host, settings.port) as socket:
            click.echo(f"Fathom's API listens on {http_server.url_of(socket)}")
            http_server.run(dependencies, socket)
        dependencies.database.dispose()
    except (BadSettingsError, StoreError, OSError) as error:
        raise FailedError(str(error)) from error


@click.command()
def driver() -> None:
    """Run a driver alone, which claims queued sweeps and runs them."""
    # exec replaces this process by the driver, so that signals reach it directly.
    os.execv(sys.executable, [sys.executable, "-m", "service.driver"])
