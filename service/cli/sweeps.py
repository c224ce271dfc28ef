"""Commands that act on sweeps."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from uuid import UUID

import click

from service.cli.connection import FailedError, connect, echo_json, json_option, resolve, url_option
from service.client import Client, SweepDetail

_ID = click.argument("sweep_id", metavar="ID")


@click.command()
@click.argument(
    "spec", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE"
)
@click.option("--watch", "follow_it", is_flag=True, help="Follow it until it ends.")
@click.option("--dry-run", is_flag=True, help="Only tell what it would run, and what to expect.")
@click.option("--key", help="Idempotency-Key: the same key and file make one sweep only.")
@json_option
@url_option
def submit(
    spec: Path, follow_it: bool, dry_run: bool, key: str | None, as_json: bool, url: str
) -> None:
    """Queue the sweep that FILE (YAML or JSON) describes, and print its id."""
    if dry_run:
        if follow_it or key is not None:
            raise click.UsageError("--dry-run queues nothing: leave out --watch and --key")
        _preview(spec, as_json, url)
        return
    with connect(url) as client:
        sweep = client.submit(spec, idempotency_key=key)
        if not as_json:
            click.echo(str(sweep.id))
        if follow_it:
            sweep = _follow(client, sweep.id)
        if as_json:
            echo_json(sweep)
        if follow_it:
            _exit_as(sweep)


@click.command()
@_ID
@json_option
@url_option
def watch(sweep_id: str, as_json: bool, url: str) -> None:
    """Follow a sweep until it ends; exit with 1 if it failed or was cancelled."""
    with connect(url) as client:
        sweep = _follow(client, resolve(client, sweep_id))
        if as_json:
            echo_json(sweep)
        _exit_as(sweep)


@click.command()
@click.option("--state", help="Only sweeps in this state.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="At most.")
@json_option
@url_option
def ls(state: str | None, limit: int, as_json: bool, url: str) -> None:
    """List sweeps, newest first."""
    with connect(url) as client:
        sweeps = tuple(islice(client.list(state=state), limit))
    if as_json:
        echo_json(sweeps)
        return
    from service.cli.tables import show_sweeps

    show_sweeps(sweeps)


@click.command()
@_ID
@json_option
@url_option
def show(sweep_id: str, as_json: bool, url: str) -> None:
    """Show one sweep."""
    with connect(url) as client:
        sweep = client.get(resolve(client, sweep_id))
    _tell(sweep, as_json)


@click.command()
@_ID
@json_option
@url_option
def cancel(sweep_id: str, as_json: bool, url: str) -> None:
    """Ask a sweep to end; what it has measured stays."""
    _act(sweep_id, as_json, url, Client.cancel)


@click.command()
@_ID
@json_option
@url_option
def pause(sweep_id: str, as_json: bool, url: str) -> None:
    """Ask a sweep to stop for now; `fathom resume` lets it go on."""
    _act(sweep_id, as_json, url, Client.pause)


@click.command()
@_ID
@json_option
@url_option
def resume(sweep_id: str, as_json: bool, url: str) -> None:
    """Let a paused sweep go on."""
    _act(sweep_id, as_json, url, Client.resume)


def _act(
    sweep_id: str, as_json: bool, url: str, action: Callable[[Client, UUID], SweepDetail]
) -> None:
    with connect(url) as client:
        sweep = action(client, resolve(client, sweep_id))
    if as_json:
        echo_json(sweep)
    else:
        click.echo(f"sweep {sweep.id} is {sweep.state}")


def _preview(spec: Path, as_json: bool, url: str) -> None:
    with connect(url) as client:
        preview = client.preview(spec)
    if as_json:
        echo_json(preview)
        return
    from service.cli.preview_tables import show_preview

    show_preview(preview)


def _tell(sweep: SweepDetail, as_json: bool) -> None:
    if as_json:
        echo_json(sweep)
        return
    from service.cli.tables import show_sweep

    show_sweep(sweep)


def _follow(client: Client, sweep_id: UUID) -> SweepDetail:
    from service.cli.progress import follow

    return follow(client, sweep_id)


def _exit_as(sweep: SweepDetail) -> None:
    if sweep.state != "completed":
        raise FailedError(f"the sweep is {sweep.state}")
