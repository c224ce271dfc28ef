"""Compare the training step of the packed engine with plain PyTorch, on one CPU core each.

``python -m benchmarks.step`` prints a table of ratios; ``--quick`` takes a third of a minute.
Both sides run in turn in one process, timed by its CPU clock, and every number is per trial.
"""

import statistics
from dataclasses import dataclass
from uuid import UUID

import click
import numpy as np
import torch

import rwinit
from benchmarks.measuring import Ratio, Side, denormal_slowdown, interleaved, ratio, sgemm_flops
from benchmarks.plain import plain_step
from benchmarks.tables import keep
from workers import engines
from workers.contract import (
    Activation,
    Configuration,
    EngineName,
    Init,
    Network,
    Optimizer,
    Precision,
    Scheme,
    Task,
    Training,
    TrialSpec,
)
from workers.datasets import Data, load
from workers.engines import StepInput
from workers.schedules import Schedule


@dataclass(frozen=True, slots=True)
class Case:
    """A network to compare on, and the ratio that is expected.

    Attributes:
        depth: Hidden layers.
        width: Units of each.
        g_relative: g over the unbiased one.
        as_shipped: Whether the plain side keeps denormals, the default of PyTorch.
        must: Least ratio that the project accepts; None for no bound.
        aim: Ratio that native code can reach.
    """

    depth: int
    width: int
    g_relative: float = 1.0
    as_shipped: bool = False
    must: float | None = None
    aim: float | None = None

    @property
    def name(self) -> str:
        """The row's title."""
        baseline = "as shipped" if self.as_shipped else "flush-to-zero"
        return f"D={self.depth} N={self.width} g={self.g_relative:g}, plain {baseline}"

    def flops(self, data: Data) -> float:
        """Return the floating-point operations of the products of one trial's step."""
        first, last = data.shape.n_inputs * self.width, self.width * data.shape.n_classes
        # Two operations per weight and sample, forwards, for the weights and for the inputs: the
        # first layer needs no gradient of its inputs.
        return 100 * (4.0 * first + 6.0 * ((self.depth - 1) * self.width**2 + last))


CASES = (
    Case(10, 32),
    Case(100, 32, must=4.0, aim=7.0),
    Case(100, 100, must=1.3, aim=1.8),
    Case(100, 316, must=1.15, aim=1.35),
    Case(1000, 32),
    Case(1000, 100),
    *(Case(1000, 100, g, True, 5.0, 14.0) for g in (0.5, 0.8, 0.9)),
)
QUICK = (CASES[1], CASES[2], Case(100, 316, must=1.15, aim=1.35), Case(300, 100, 0.5, True))


HEADER = (
    f"{'':44}{'K':>3}{'plain ms':>10}{'packed ms':>11}"
    f"{'ratio':>8}{'quartiles':>14}{'of sgemm':>10}{'must':>7}{'aim':>7}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison; times are medians of CPU seconds per trial and step.

    Attributes:
        what: Sizes and baseline.
        slots: Trials that the packed engine ran at once.
        plain_seconds: Seconds of plain PyTorch.
        packed_seconds: Seconds of the packed engine.
        ratio: Plain over packed seconds, round by round.
        share_of_sgemm: The packed engine's rate over that of a large matrix product.
        must: Least acceptable ratio; None where there is none.
        aim: The ratio aimed at.
    """

    what: str
    slots: int
    plain_seconds: float
    packed_seconds: float
    ratio: Ratio
    share_of_sgemm: float
    must: float | None
    aim: float | None

    def line(self) -> str:
        """Return the row as a line under `HEADER`."""
        quartiles = f"{self.ratio.low:.2f}-{self.ratio.high:.2f}"
        must, aim = (f"{goal:g}x" if goal else "" for goal in (self.must, self.aim))
        return (
            f"{self.what:44}{self.slots:>3}{self.plain_seconds * 1e3:>10.3f}"
            f"{self.packed_seconds * 1e3:>11.3f}{self.ratio.median:>7.2f}x{quartiles:>14}"
            f"{self.share_of_sgemm:>10.2f}{must:>7}{aim:>7}"
        )


def trial(case: Case, seed: int = 0) -> TrialSpec:
    """Return a trial of a case, on digits with 100 samples a step."""
    return TrialSpec(
        trial_id=UUID(int=seed),
        seed=seed,
        configuration=Configuration(
            dataset="digits",
            task=Task.CLASSIFY,
            network=Network(
                kind="ffn",
                activation=Activation.RELU,
                slope=0.0,
                depth=case.depth,
                width=case.width,
            ),
            init=Init(
                scheme=Scheme.RWI,
                g=case.g_relative * rwinit.gain("relu", case.width),
                g_in=1.0,
                g_out=1.0,
            ),
            training=Training(
                epochs=1,
                batch_size=100,
                learning_rate=1e-6,  # small enough for every g: a diverged network would be timed
                schedule=Schedule(),
                optimizer=Optimizer(),
                precision=Precision.FLOAT32,
            ),
            engine=EngineName.PACKED,
        ),
    )


def packed_side(case: Case, data: Data, slots: int | None = None) -> Side:
    """Return the packed engine with all slots in use; None for as many slots as the workers use."""
    engine = engines.create(trial(case), data, "cpu", slots)
    specs = [trial(case, seed) for seed in range(engine.slots)]
    for spec in specs:
        engine.add(spec)
    rng = np.random.default_rng(0)

    def step() -> None:
        orders = (rng.integers(data.shape.n_train, size=100) for _ in specs)
        engine.step(
            {
                spec.trial_id: StepInput(order, spec.training.learning_rate)
                for spec, order in zip(specs, orders, strict=True)
            }
        )

    return Side(step, engine.slots)


def compare(case: Case, data: Data, *, rounds: int, round_seconds: float) -> Row:
    """Measure one row of the table."""
    plain = Side(plain_step(trial(case), data, flush=not case.as_shipped))
    packed = packed_side(case, data)
    seconds = interleaved(
        {"plain": plain, "packed": packed}, rounds=rounds, round_seconds=round_seconds
    )
    packed_seconds = statistics.median(seconds["packed"])
    return Row(
        what=case.name,
        slots=packed.trials,
        plain_seconds=statistics.median(seconds["plain"]),
        packed_seconds=packed_seconds,
        ratio=ratio(seconds["plain"], seconds["packed"]),
        share_of_sgemm=case.flops(data) / packed_seconds / sgemm_flops(),
        must=case.must,
        aim=case.aim,
    )


@click.command()
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds of the main rows.")
@click.option("--save/--no-save", default=True, help="Keep the table in benchmarks/results.")
def main(quick: bool, save: bool) -> None:
    """Compare the training step with plain PyTorch on one CPU core."""
    torch.set_num_threads(1)
    data = load("digits", data_dir=None, registry_dir=None)
    rounds, round_seconds = (5, 0.15) if quick else (11, 0.5)
    click.echo(f"a product with denormals takes {denormal_slowdown():.1f} times as long here")
    click.echo(HEADER)
    rows = []
    for case in QUICK if quick else CASES:
        rows.append(compare(case, data, rounds=rounds, round_seconds=round_seconds))
        click.echo(rows[-1].line())
    if save:
        click.echo(f"kept in {keep('step', rows)}")


if __name__ == "__main__":
    main()
