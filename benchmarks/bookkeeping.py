"""Measure the overhead of a trial besides its training: start, reports, end.

``python -m benchmarks.bookkeeping`` runs a small and a large sweep of trials that train a tiny
network for one epoch, on both sides, on a running Ray. The difference in wall time over the
difference in trials is the overhead of one trial, without the fixed cost of a sweep.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import click

from benchmarks.ray_head import ray_head
from benchmarks.sweep import CPUS, seconds_of
from benchmarks.tables import keep

# Trials of the small and the large sweep. The plain sides take a second or so for each trial.
SIZES: Mapping[str, tuple[int, int]] = {
    "fathom": (128, 2176),
    "plain": (8, 40),
    "reused": (16, 144),
}
MUST, AIM = 5.0, 0.5
HEADER = f"{'':10}{'trials':>14}{'ms a trial':>12}{'a sweep, s':>12}{'must':>8}{'aim':>8}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The overhead of one side.

    Attributes:
        what: ``fathom``, or the plain script without or with ``reuse_actors``.
        few: Trials of the smaller sweep.
        many: Trials of the larger sweep.
        trial_ms: Milliseconds of one core for each further trial.
        sweep_seconds: Fixed seconds of a sweep.
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
    """Compare the overhead of a trial besides its training."""
    rows = []
    click.echo(HEADER)
    with ray_head(CPUS) as (address, environment):
        for side, (few, many) in SIZES.items():
            # Run the small sweep twice: the first run of a side fills the machine's file cache.
            first, small, large = (
                seconds_of(side, n, (1,), 1, address, environment) for n in (few, few, many)
            )
            small = min(first, small)
            trial = (large - small) / (many - few)
            rows.append(
                Row(
                    what=side,
                    few=few,
                    many=many,
                    trial_ms=1e3 * CPUS * trial,
                    sweep_seconds=small - few * trial,
                )
            )
            click.echo(rows[-1].line())
    if save:
        click.echo(f"kept in {keep('bookkeeping', rows)}")


if __name__ == "__main__":
    main()
