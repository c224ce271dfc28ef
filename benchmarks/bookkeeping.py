"""What a trial costs besides its training: start, reports, end.

``python -m benchmarks.bookkeeping`` runs sweeps of two sizes of trials that take one epoch of a
tiny network, on both sides, on a Ray that is up. The difference, over the difference in trials, is
wall time of one core for a trial without what a sweep costs however small it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import click

from benchmarks.ray_head import ray_head
from benchmarks.sweep import CPUS, seconds_of
from benchmarks.tables import keep

SIZES: Mapping[str, tuple[int, int]] = {
    "fathom": (128, 2176),
    "plain": (8, 40),
    "reused": (16, 144),
}
MUST, AIM = 5.0, 0.5
HEADER = f"{'':10}{'trials':>14}{'ms a trial':>12}{'a sweep, s':>12}{'must':>8}{'aim':>8}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One side.

    Attributes:
        what: ``fathom``, or the plain script without or with ``reuse_actors``.
        few: Trials of the smaller sweep.
        many: Of the larger one.
        trial_ms: Milliseconds of one core that a further trial takes.
        sweep_seconds: What a sweep takes besides.
    """

    what: str
    few: int
    many: int
    trial_ms: float
    sweep_seconds: float

    def line(self) -> str:
        """Return the row as a line under `HEADER`."""
        goals = f"{MUST:>8g}{AIM:>8g}" if self.what == "fathom" else ""
        sizes = f"{self.few}, {self.many}"
        return f"{self.what:10}{sizes:>14}{self.trial_ms:>12.2f}{self.sweep_seconds:>12.1f}{goals}"


@click.command()
@click.option("--save/--no-save", default=True, help="Keep the table in benchmarks/results.")
def main(save: bool) -> None:
    """Compare what a trial costs besides its training."""
    rows = []
    click.echo(HEADER)
    with ray_head(CPUS) as (address, environment):
        for side, (few, many) in SIZES.items():
            # The first run of all finds nothing in the machine's file cache.
            first, less, more = (
                seconds_of(side, n, (1,), 1, address, environment) for n in (few, few, many)
            )
            less = min(first, less)
            trial = (more - less) / (many - few)
            rows.append(
                Row(
                    what=side,
                    few=few,
                    many=many,
                    trial_ms=1e3 * CPUS * trial,
                    sweep_seconds=less - few * trial,
                )
            )
            click.echo(rows[-1].line())
    if save:
        click.echo(f"kept in {keep('bookkeeping', rows)}")


if __name__ == "__main__":
    main()
