"""Compare whole sweeps of Fathom with a plain Ray Tune script, on one running Ray.

``python -m benchmarks.sweep`` prints wall seconds per trial and their ratio; ``--case`` picks one
row. The plain side runs a sample of the trials, because all of them would take an hour. It runs
them one after another on each CPU, so that its time per trial does not depend on their number.
Each side is a process of its own, and the sides take turns.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from benchmarks.ray_head import ray_head
from benchmarks.tables import keep

CPUS = 2


@dataclass(frozen=True, slots=True)
class Case:
    """A sweep to compare on, and the ratio that is expected.

    Attributes:
        name: Name for ``--case``.
        depths: Hidden layers of the trials, in equal shares.
        epochs: Of each trial; 67 are 1,005 steps of 100 samples.
        trials: Of Fathom's sweep.
        sample: Trials of the plain sweep.
        must: Least ratio that the project accepts; None for no bound.
        aim: The ratio aimed at.
    """

    name: str
    depths: tuple[int, ...]
    epochs: int
    trials: int
    sample: int
    must: float | None = None
    aim: float | None = None


CASES = (
    Case("depth-10", (10,), 67, 256, 24, 15.0, 25.0),
    Case("depth-100", (100,), 67, 256, 8, 6.0, 11.0),
    Case("2000-trials", (4, 8, 16, 32, 64), 10, 2000, 100),
)
HEADER = (
    f"{'':14}{'trials':>8}{'plain s/trial':>15}{'reused':>9}{'fathom':>9}"
    f"{'ratio':>8}{'to reused':>11}{'must':>7}{'aim':>6}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Wall seconds per trial on both cores, medians of the rounds.

    Attributes:
        what: The case.
        trials: Of Fathom's sweep.
        sample: Of the plain ones.
        plain: Seconds of a function trainable, with an actor for each trial.
        reused: Seconds of a class trainable with ``reuse_actors``.
        fathom: Seconds of Fathom.
        rounds: Seconds per trial of each side, one number per round.
        must: Least acceptable ratio of plain over Fathom.
        aim: The ratio aimed at.
    """

    what: str
    trials: int
    sample: int
    plain: float
    reused: float
    fathom: float
    rounds: Mapping[str, list[float]]
    must: float | None
    aim: float | None

    def line(self) -> str:
        """Return the row as a line under `HEADER`."""
        must, aim = (f"{goal:g}x" if goal else "" for goal in (self.must, self.aim))
        return (
            f"{self.what:14}{self.trials:>8}{self.plain:>15.3f}{self.reused:>9.3f}"
            f"{self.fathom:>9.4f}{self.plain / self.fathom:>7.1f}x"
            f"{self.reused / self.fathom:>10.1f}x{must:>7}{aim:>6}"
        )


def compare(case: Case, address: str, environment: Mapping[str, str], rounds: int) -> Row:
    """Measure one row."""
    seconds: dict[str, list[float]] = {"fathom": [], "plain": [], "reused": []}
    for _ in range(rounds):
        for side, found in seconds.items():
            n = case.trials if side == "fathom" else case.sample
            found.append(seconds_of(side, n, case.depths, case.epochs, address, environment) / n)
            click.echo(f"  {case.name}, {side}: {found[-1]:.4f} s a trial", err=True)
    middle = {side: statistics.median(found) for side, found in seconds.items()}
    return Row(
        what=case.name,
        trials=case.trials,
        sample=case.sample,
        **middle,
        rounds=seconds,
        must=case.must,
        aim=case.aim,
    )


def seconds_of(
    side: str,
    trials: int,
    depths: Sequence[int],
    epochs: int,
    address: str,
    environment: Mapping[str, str],
) -> float:
    """Return the wall seconds of one sweep in a process of its own.

    Args:
        side: ``fathom``, or the plain script as ``plain`` or, with ``reuse_actors``, ``reused``.
        trials: All depths together.
        depths: Hidden layers.
        epochs: Of each trial.
        address: Address of the running Ray.
        environment: Environment of a process that joins it.
    """
    module = "benchmarks.fathom_sweep" if side == "fathom" else "benchmarks.plain_sweep"
    flags = ("--reuse-actors",) if side == "reused" else ()
    sizes = (f"--trials={trials}", f"--epochs={epochs}", *(f"--depth={d}" for d in depths))
    command = (sys.executable, "-m", module, f"--address={address}", *sizes, *flags)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"{' '.join(command)}\n{done.stderr[-4000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found["seconds"]


@click.command()
@click.option("--case", "names", multiple=True, type=click.Choice([case.name for case in CASES]))
@click.option("--rounds", type=click.IntRange(1), default=1, show_default=True)
@click.option("--save/--no-save", default=True, help="Keep the table in benchmarks/results.")
def main(names: tuple[str, ...], rounds: int, save: bool) -> None:
    """Compare whole sweeps on a local Ray of two CPUs."""
    rows = []
    click.echo(HEADER)
    with ray_head(CPUS) as (address, environment):
        for case in CASES:
            if not names or case.name in names:
                rows.append(compare(case, address, environment, rounds))
                click.echo(rows[-1].line())
    if save:
        click.echo(f"kept in {keep('sweep', rows)}")


if __name__ == "__main__":
    main()
