"""Benchmarks of a device: small packs of trials, and the amount of work in them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from workers.contract import (
    Activation,
    Configuration,
    DatasetShape,
    EngineName,
    Init,
    Network,
    Optimizer,
    OptimizerKind,
    Precision,
    Prediction,
    Scheme,
    Task,
    Training,
    TrialSpec,
    Work,
)
from workers.datasets import Data
from workers.estimates import TrialShape, slots_for
from workers.estimates.work import added, epoch_end_work, profile_work, start_work, step_work
from workers.schedules import Schedule

_N_INPUTS, _N_CLASSES = 64, 10
_STEPS_PER_EPOCH = 2
# More epochs, and more trials to start, than a measurement gets through.
_MANY = 1000
# Enough to separate the time of a step by trial from the time of the step itself. More trials would
# cost more to start.
_MOST_TRIALS = 4


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Equal trials on random data, of which either the steps or the starts are timed.

    Attributes:
        depth: Hidden layers.
        width: Units per hidden layer.
        batch: Samples of a minibatch.
        activation: Nonlinearity of the hidden layers.
        optimizer: Update rule.
        trials: Largest number of live trials; `on` reduces it to the slots of a device's pack.
        n_eval: Samples of the test split.
        starts: Whether the starts of the trials are timed. These then have only epoch 0, and run
            one at a time.
        profiles: Layer profiles of epoch 0: 0 or 1.
    """

    depth: int
    width: int
    batch: int
    activation: Activation = Activation.RELU
    optimizer: OptimizerKind = OptimizerKind.SGD
    trials: int = _MOST_TRIALS
    n_eval: int = 1
    starts: bool = False
    profiles: int = 0

    def __str__(self) -> str:
        """Return a description of the benchmark for a person."""
        kind = f"{self.activation} {self.optimizer}" + " profile" * self.profiles
        return f"{kind} D={self.depth} N={self.width} B={self.batch} trials={self.trials}"

    @property
    def dataset(self) -> DatasetShape:
        """Sizes of the data set."""
        return DatasetShape(
            name="noise",
            n_inputs=_N_INPUTS,
            n_classes=_N_CLASSES,
            n_train=_STEPS_PER_EPOCH * self.batch,
            n_eval=self.n_eval,
        )

    def specs(self, engine: EngineName) -> list[TrialSpec]:
        """Return enough trials to last for the whole measurement."""
        spec = self._spec(engine)
        count = _MANY if self.starts else self.trials
        return [replace(spec, trial_id=UUID(int=i)) for i in range(count)]

    def data(self) -> Data:
        """Return the data set."""
        shape, rng = self.dataset, np.random.default_rng(0)

        def inputs(count: int) -> NDArray[np.float32]:
            return rng.standard_normal((count, shape.n_inputs), dtype=np.float32)

        return Data(
            train_x=inputs(shape.n_train),
            train_y=rng.integers(0, shape.n_classes, shape.n_train),
            eval_x=inputs(shape.n_eval),
            eval_y=rng.integers(0, shape.n_classes, shape.n_eval),
            shape=shape,
            sha256="",
        )

    def on(self, device_type: str, engine: EngineName) -> "Benchmark":
        """Return the benchmark with no more live trials than a pack of them has slots."""
        shape = TrialShape.of(self._spec(engine).configuration)
        slots = 1 if self.starts else slots_for(shape, self.dataset, device_type)
        return replace(self, trials=min(self.trials, slots))

    def work(self, engine: EngineName, *, ends_epoch: bool) -> Work:
        """Return the work of one step of all live trials, or of the start of one trial.

        Args:
            engine: Implementation of the training step.
            ends_epoch: Whether the step ends an epoch; not used for starts, whose epoch 0 always
                counts.
        """
        trial, dataset = TrialShape.of(self._spec(engine).configuration), self.dataset
        if self.starts:
            profiles = [profile_work(trial, dataset)] * self.profiles
            return added(start_work(trial, dataset), *profiles)
        ends = [epoch_end_work(trial, dataset)] * ends_epoch
        return added(*[step_work(trial, dataset, self.trials), *ends] * self.trials)

    def _spec(self, engine: EngineName) -> TrialSpec:
        """Return the spec of one trial of the benchmark."""
        # Nearly all trials of sweeps have a prediction and so measure their initial walk. A spread
        # of 0 skips that measurement where starts are not timed.
        prediction = Prediction(drift=0.0, spread=1.0 if self.starts else 0.0)
        configuration = Configuration(
            dataset=self.dataset.name,
            task=Task.CLASSIFY,
            network=Network(
                kind="ffn",
                activation=self.activation,
                slope=0.01,
                depth=self.depth,
                width=self.width,
            ),
            init=Init(scheme=Scheme.RWI, g=2.0**0.5, g_in=1.0, g_out=1.0),
            training=Training(
                epochs=0 if self.starts else _MANY,
                batch_size=self.batch,
                # So small that no trial diverges.
                learning_rate=1e-6,
                schedule=Schedule(),
                optimizer=Optimizer(kind=self.optimizer),
                precision=Precision.FLOAT32,
            ),
            engine=engine,
            profile_epochs=(0,) * self.profiles,
            prediction=prediction,
        )
        return TrialSpec(trial_id=UUID(int=0), seed=0, configuration=configuration)


def benchmarks(device_type: str, engine: EngineName) -> Iterator[Benchmark]:
    """Yield the benchmarks of a device.

    They have few widths, because a CPU's kernels are compiled for each. The narrowest networks show
    the time of a product beyond its multiply-adds, the smallest batches the time per weight.
    """
    chosen = _EVERYWHERE if device_type == "cpu" else (*_EVERYWHERE, _WIDE)
    # On a device that runs one trial at a time, benchmarks that differ in `trials` become equal.
    yield from dict.fromkeys(each.on(device_type, engine) for each in chosen)


_EVERYWHERE = (
    Benchmark(1, 16, 10),
    Benchmark(1, 16, 10, trials=1),
    Benchmark(9, 16, 100),
    Benchmark(1, 16, 1000, n_eval=6000),
    Benchmark(5, 64, 10),
    Benchmark(5, 64, 100),
    Benchmark(5, 64, 1000),
    Benchmark(3, 256, 10),
    Benchmark(3, 256, 100),
    Benchmark(3, 256, 1000),
    Benchmark(17, 16, 10, Activation.TANH, trials=1),
    Benchmark(5, 64, 100, Activation.TANH, trials=1),
    Benchmark(5, 64, 100, Activation.GELU, trials=1),
    Benchmark(5, 64, 10, optimizer=OptimizerKind.ADAM),
    Benchmark(3, 256, 10, optimizer=OptimizerKind.ADAM, trials=1),
    # The activations of this one do not fit into the caches.
    Benchmark(250, 16, 1000),
    Benchmark(1, 16, 10, starts=True),
    Benchmark(33, 16, 10, starts=True),
    Benchmark(3, 256, 10, starts=True),
    Benchmark(9, 16, 10, starts=True, profiles=1),
    Benchmark(5, 64, 100, starts=True, profiles=1),
)
# On a GPU all smaller steps take as long as it takes to launch their kernels; this one does not.
_WIDE = Benchmark(2, 2048, 1000)
