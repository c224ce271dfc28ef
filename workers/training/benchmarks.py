"""The small packs that a device is timed on, and the work in them."""

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
# Longer than anybody measures.
_MANY = 1000
# Enough to tell what a step takes by trial from what it takes besides; each has to be started.
_MOST_TRIALS = 4


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Equal trials on noise; either their common steps are timed or, one by one, their starts.

    Attributes:
        depth: Hidden layers.
        width: Units of each.
        batch: Samples of a minibatch.
        activation: Of the hidden layers.
        optimizer: Update rule.
        trials: Live trials, at most; as many as a device's pack has of such trials, if fewer.
        n_eval: Samples of the test split.
        starts: Whether their starts are timed: they have no epochs but epoch 0.
        profiles: Layer profiles of epoch 0, at most 1.
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
        """Return what is timed, in words."""
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
        """Return the trials of a queue that lasts as long as anybody measures."""
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
        """Return the benchmark with as many live trials as a pack has of them."""
        shape = TrialShape.of(self._spec(engine).configuration)
        slots = 1 if self.starts else slots_for(shape, self.dataset, device_type)
        return replace(self, trials=min(self.trials, slots))

    def work(self, engine: EngineName, *, ends_epoch: bool) -> Work:
        """Return the work from one step, or one trial's end, to the next.

        Args:
            engine: Implementation.
            ends_epoch: Whether an epoch ends in between; every start has its epoch 0.
        """
        trial, dataset = TrialShape.of(self._spec(engine).configuration), self.dataset
        if self.starts:
            profiles = [profile_work(trial, dataset)] * self.profiles
            return added(start_work(trial, dataset), *profiles)
        ends = [epoch_end_work(trial, dataset)] * ends_epoch
        return added(*[step_work(trial, dataset, self.trials), *ends] * self.trials)

    def _spec(self, engine: EngineName) -> TrialSpec:
        """Return one trial; no other place here knows how a spec is made."""
        # Nearly all trials have a prediction, with which their own walk is compared.
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
    """Yield what a device is timed on.

    Widths are few, since a CPU's kernels are made for each. What a product of a small width takes
    besides its multiply-adds shows at the narrowest, what weights take at the smallest batch.
    """
    chosen = _EVERYWHERE if device_type == "cpu" else (*_EVERYWHERE, _WIDE)
    # Where a pack is one trial, two of them are the same.
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
    # Its activations outgrow the caches.
    Benchmark(250, 16, 1000),
    Benchmark(1, 16, 10, starts=True),
    Benchmark(33, 16, 10, starts=True),
    Benchmark(3, 256, 10, starts=True),
    Benchmark(9, 16, 10, starts=True, profiles=1),
    Benchmark(5, 64, 100, starts=True, profiles=1),
)
# A GPU computes everything else while the next call is on its way.
_WIDE = Benchmark(2, 2048, 1000)
