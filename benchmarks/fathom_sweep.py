"""A sweep by Fathom's driver, on a running Ray, with its rows in a SQLite file.

``python -m benchmarks.fathom_sweep`` prints seconds as JSON, from planning to the conclusion: all
that the child process of a sweep does.
"""

import json
import tempfile
import threading
import time
from pathlib import Path

import click

from service.driver import sweep_run
from service.services import sweeps as operations
from service.settings import Settings
from service.spec import Media
from service.store import Database, leases, sweeps, upgrade
from workers import datasets
from workers.contract import Outcome


def spec_text(depths: tuple[int, ...], width: int, epochs: int, trials: int) -> str:
    """Return the spec of a sweep of ``trials`` trials on digits."""
    seeds, rest = divmod(trials, len(depths))
    if rest:
        raise click.BadParameter(f"{trials} trials cannot be shared by {len(depths)} depths")
    return json.dumps(
        {
            "version": 1,
            "name": "benchmark",
            "dataset": {"name": "digits", "task": "classify"},
            "network": {"activation": "relu", "depth": [*depths], "width": width},
            "training": {"epochs": epochs, "lr": 1e-3, "lr_depth_power": -1.0},
            "seeds": seeds,
        }
    )


def run(settings: Settings, text: str) -> float:
    """Submit a sweep, run it, and return the seconds from its claim to its end."""
    upgrade(settings.database_url)
    database = Database(settings.database_url)
    shapes = datasets.shapes(settings.registry_dir)
    with database.write() as session:
        sweep_id = operations.submit(
            session,
            text,
            Media.JSON,
            idempotency_key=None,
            datasets=shapes,
            max_trials=settings.max_trials,
        ).id
    start = time.perf_counter()
    with database.write() as session:
        claim = leases.claim(session, "benchmark", lease_seconds=3600.0)
    if claim is None:
        raise click.ClickException("nothing to claim")
    sweep_run.run(settings, database, claim, threading.Event())
    seconds = time.perf_counter() - start
    with database.read() as session:
        counts = sweeps.counts(session, [sweep_id])[sweep_id]
    ran = counts.outcomes[Outcome.COMPLETED] + counts.outcomes[Outcome.DIVERGED]
    if ran < counts.done or counts.pending or counts.running:
        raise click.ClickException(f"not all trials ran: {counts}")
    database.dispose()
    return seconds


@click.command()
@click.option("--address", required=True, help="Address of the running Ray.")
@click.option("--depth", "depths", multiple=True, type=int, required=True)
@click.option("--width", type=int, default=32, show_default=True)
@click.option("--epochs", type=int, required=True)
@click.option("--trials", type=int, required=True, help="All depths together.")
def main(address: str, depths: tuple[int, ...], width: int, epochs: int, trials: int) -> None:
    """Run a sweep and print its wall seconds, from claim to conclusion."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), ray_address=address, ray_node=False)
        seconds = run(settings, spec_text(depths, width, epochs, trials))
    click.echo(json.dumps({"seconds": seconds, "trials": trials}))


if __name__ == "__main__":
    main()
