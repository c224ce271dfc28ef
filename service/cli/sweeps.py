"""Commands that submit, follow, list and control sweeps."""

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
@click.option("--watch", "follow_it", is_flag=True, help="Show the progress until the sweep ends.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Preview: show trials, cost and predictions, and submit nothing.",
)
@click.option("--key", help="Idempotency key: repeated calls with one key and file make one sweep.")
@json_option
@url_option
def submit(
    spec: Path, follow_it: bool, dry_run: bool, key: str | None, as_json: bool, url: str
) -> None:
    """Submit the sweep described in FILE (YAML or JSON), and print its id."""
    if dry_run:
        if follow_it or key is not None:
            raise click.UsageError("--dry-run queues nothing: leave out --watch and --key")
        _print_preview(spec, as_json, url)
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
            _fail_unless_completed(sweep)


@click.command()
@_ID
@json_option
@url_option
def watch(sweep_id: str, as_json: bool, url: str) -> None:
    """Show a sweep's progress until it ends.

    The exit code is 0 if the sweep completed, 1 if it failed or was cancelled.
    """
    with connect(url) as client:
        sweep = _follow(client, resolve(client, sweep_id))
        if as_json:
            echo_json(sweep)
        _fail_unless_completed(sweep)


@click.command()
@click.option("--state", help="Only sweeps in this state.")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1), help="Most sweeps to list."
)
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
    """Show the state and progress of a sweep."""
    with connect(url) as client:
        sweep = client.get(resolve(client, sweep_id))
    _print_sweep(sweep, as_json)


@click.command()
@_ID
@json_option
@url_option
def cancel(sweep_id: str, as_json: bool, url: str) -> None:
    """Cancel a sweep; results measured so far are kept."""
    _change_state(sweep_id, as_json, url, Client.cancel)


@click.command()
@_ID
@json_option
@url_option
def pause(sweep_id: str, as_json: bool, url: str) -> None:
    """Pause a sweep; `fathom resume` continues it."""
    _change_state(sweep_id, as_json, url, Client.pause)


@click.command()
@_ID
@json_option
@url_option
def resume(sweep_id: str, as_json: bool, url: str) -> None:
    """Continue a paused sweep with its unfinished trials."""
    _change_state(sweep_id, as_json, url, Client.resume)


def _change_state(
    sweep_id: str, as_json: bool, url: str, action: Callable[[Client, UUID], SweepDetail]
) -> None:
    with connect(url) as client:
        sweep = action(client, resolve(client, sweep_id))
    if as_json:
        echo_json(sweep)
    else:
        click.echo(f"sweep {sweep.id} is {sweep.state}")


def _print_preview(spec: Path, as_json: bool, url: str) -> None:
    with connect(url) as client:
        preview = client.preview(spec)
    if as_json:
        echo_json(preview)
        return
    from service.cli.preview_tables import show_preview

    show_preview(preview)


def _print_sweep(sweep: SweepDetail, as_json: bool) -> None:
    if as_json:
        echo_json(sweep)
        return
    from service.cli.tables import show_sweep

    show_sweep(sweep)


def _follow(client: Client, sweep_id: UUID) -> SweepDetail:
    from service.cli.progress import follow

    return follow(client, sweep_id)


def _fail_unless_completed(sweep: SweepDetail) -> None:
    if sweep.state != "completed":
        raise FailedError(f"the sweep is {sweep.state}")
