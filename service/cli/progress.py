"""Show a sweep's progress: a bar on a terminal, otherwise a line per tenth of the work."""

import sys
from uuid import UUID

import click

from service.cli.formatting import duration, ending
from service.client import Client, SweepDetail

_POLL_SECONDS = 0.5


def follow(client: Client, sweep_id: UUID) -> SweepDetail:
    """Show a sweep's progress until it ends, print how it ended, and return the sweep."""
    show = _on_screen if sys.stderr.isatty() else _in_lines
    sweep = show(client, sweep_id)
    click.echo(ending(sweep), err=True)
    return sweep


def _on_screen(client: Client, sweep_id: UUID) -> SweepDetail:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("trials · {task.fields[diverged]} diverged · {task.fields[epochs]} epochs"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("queued", total=None, diverged=0, epochs="0", left="")

        def update(sweep: SweepDetail) -> None:
            bar.update(
                task,
                description=sweep.state,
                total=sweep.n_trials,
                completed=sweep.counts.done,
                diverged=sweep.counts.diverged,
                epochs=f"{sweep.epochs_done}/{sweep.epochs_total}",
                left=_left(sweep),
            )

        return client.wait(sweep_id, poll_seconds=_POLL_SECONDS, on_progress=update)


def _in_lines(client: Client, sweep_id: UUID) -> SweepDetail:
    shown: tuple[str, int] | None = None

    def update(sweep: SweepDetail) -> None:
        nonlocal shown
        now = (sweep.state, int(10 * sweep.progress))
        if now != shown:
            shown = now
            counts = sweep.counts
            click.echo(
                f"{sweep.state}: {counts.done}/{sweep.n_trials} trials, {counts.diverged} diverged,"
                f" {sweep.epochs_done}/{sweep.epochs_total} epochs"
                f"{', ' * bool(_left(sweep))}{_left(sweep)}",
                err=True,
            )

    return client.wait(sweep_id, poll_seconds=_POLL_SECONDS, on_progress=update)


def _left(sweep: SweepDetail) -> str:
    """Return the expected time to the end as text; empty if unknown."""
    return "" if sweep.eta_seconds is None else f"about {duration(sweep.eta_seconds)} left"
