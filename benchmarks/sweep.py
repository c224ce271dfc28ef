"""Whole sweeps: Fathom against a plain Ray Tune script, on a Ray that is up for both.

``python -m benchmarks.sweep`` prints wall seconds per trial and their ratio; ``--case`` picks one
row. The plain side runs a sample of the trials, because all of them would take an hour; its time
per trial is what it is for any number, as the table's two samples show. Each side is a process of
its own, and they take turns.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import click

from benchmarks.ray_head import ray_head
from benchmarks.tables import keep

CPUS = 2


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table.

    Attributes:
        name: For ``--case``.
        depths: Hidden layers of the trials, in equal shares.
        epochs: Of each trial; 67 are 1,005 steps of 100 samples.
        trials: Of Fathom's sweep.
        sample: Trials of the plain sweep.
        must: Least ratio that the project accepts; None where it only looks.
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
    Case("bookkeeping", (1,), 1, 512, 64),
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
        plain: A function trainable, an actor for each trial.
        reused: A class trainable with ``reuse_actors``.
        fathom: Fathom.
        rounds: All the seconds of each side, per trial.
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
    seconds: dict[str, list[float]] = {"plain": [], "reused": [], "fathom": []}
    sample = ("benchmarks.plain_sweep", f"--trials={case.sample}")
    sides = {
        "fathom": ("benchmarks.fathom_sweep", f"--trials={case.trials}"),
        "plain": sample,
        "reused": (*sample, "--reuse-actors"),
    }
    common = (f"--address={address}", f"--epochs={case.epochs}")
    depths = tuple(f"--depth={depth}" for depth in case.depths)
    for _ in range(rounds):
        for side, arguments in sides.items():
            command = (sys.executable, "-m", *arguments, *common, *depths)
            seconds[side].append(_seconds_per_trial(command, environment))
            click.echo(f"  {case.name}, {side}: {seconds[side][-1]:.4f} s a trial", err=True)
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


def _seconds_per_trial(command: tuple[str, ...], environment: Mapping[str, str]) -> float:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"{' '.join(command)}\n{done.stderr[-4000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found["seconds"] / found["trials"]


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
