"""Counts of the work in a step, an epoch's end, a trial's start and a layer profile.

A device's time for it is taken to be linear in these counts. What was measured: packed float32
products take as long per multiply-add at widths 32 to 512, and what a narrow or small product
costs besides is in proportion to its activations, its weights or its calls.
"""

from dataclasses import dataclass, fields, replace

from workers.contract import Activation, DatasetShape, OptimizerKind, Task, Work
from workers.estimates.shapes import TrialShape
from workers.estimates.sizes import CHUNK

NO_WORK = Work(**dict.fromkeys((field.name for field in fields(Work)), 0.0))

# Activations that a CPU's kernels apply to a product at once.
_FUSED = frozenset({Activation.LINEAR, Activation.RELU, Activation.LEAKY_RELU})
_STRAIGHT = _FUSED | {Activation.HARDTANH}
# First, hidden and last matrices are updated apart.
_UPDATE_BLOCKS = 3
# Of a largest cache that workers share; 8 and 16 MiB fit measured times best, 2 and 24 worse.
_CACHE_BYTES = 8 << 20
_EXACT_BYTES = 8


def added(*parts: Work) -> Work:
    """Return the work of all parts together."""
    names = [field.name for field in fields(Work)]
    return Work(**{name: sum(getattr(part, name) for part in parts) for name in names})


def step_work(trial: TrialShape, dataset: DatasetShape, live: int) -> Work:
    """Return one trial's share of a training step.

    Args:
        trial: The trial.
        dataset: Its data set.
        live: Trials that take the step together, at least 1.
    """
    sizes = _Sizes.of(trial, dataset)
    operations = _update_operations(trial)
    passes = _passes(sizes, sizes.batch, passes=3, number=sizes.number, live=live)
    kept = sizes.parameters * trial.kinds + sizes.units * sizes.batch
    calls = passes.elementwise_calls + _UPDATE_BLOCKS * operations / live
    return replace(
        passes,
        steps=1 / live,
        trial_steps=1.0,
        elementwise_calls=calls,
        # The errors do not go on to the inputs.
        products=passes.products - sizes.number * sizes.batch * sizes.first,
        updates=sizes.number * sizes.parameters * operations,
        distant_bytes=_distant(live * kept * trial.number_bytes) / live,
    )


def epoch_end_work(trial: TrialShape, dataset: DatasetShape) -> Work:
    """Return the full passes over both splits and the gradient norms that follow an epoch."""
    sizes = _Sizes.of(trial, dataset)
    samples = dataset.n_train + dataset.n_eval
    chunks = sum(-(-n // CHUNK) for n in (dataset.n_train, dataset.n_eval))
    full = _passes(sizes, samples, passes=1, number=sizes.number, chunks=chunks)
    # A squared error is taken in float64.
    squares = sizes.number * samples * sizes.outputs if trial.task is Task.AUTOENCODE else 0.0
    probe = _passes(sizes, sizes.batch, passes=2, number=2.0)
    kept = sizes.parameters + sizes.units * sizes.batch
    return added(
        replace(full, exponentials=full.exponentials + squares),
        replace(probe, probed_layers=sizes.depth, distant_bytes=_distant(kept * _EXACT_BYTES)),
        replace(NO_WORK, epoch_ends=1.0),
    )


def start_work(trial: TrialShape, dataset: DatasetShape) -> Work:
    """Return what precedes a trial's first step: its weights, their walk, and epoch 0's record."""
    sizes = _Sizes.of(trial, dataset)
    drawn = replace(NO_WORK, starts=1.0, started_layers=sizes.depth, drawn_weights=sizes.parameters)
    return added(drawn, epoch_end_work(trial, dataset))


def profile_work(trial: TrialShape, dataset: DatasetShape) -> Work:
    """Return the work of one layer profile."""
    sizes = _Sizes.of(trial, dataset)
    activations = sizes.units * sizes.batch
    return replace(NO_WORK, profiled_layers=sizes.depth, profiled_activations=activations)


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Counts of a network and its minibatch; nothing else here reads depth or width.

    Attributes:
        depth: Hidden layers.
        units: Hidden units of all layers.
        first: Weights of the first matrix.
        parameters: Weights and biases.
        outputs: Units of the last layer.
        batch: Samples of a minibatch.
        number: Size of a number, in those of float32.
        is_called: Whether the activation takes calls of its own, apart from the products.
        is_smooth: Whether it takes an exponential or the like.
    """

    depth: int
    units: int
    first: int
    parameters: int
    outputs: int
    batch: int
    number: float
    is_called: bool
    is_smooth: bool

    @classmethod
    def of(cls, trial: TrialShape, dataset: DatasetShape) -> "_Sizes":
        return cls(
            depth=trial.network.depth,
            units=trial.network.depth * trial.network.width,
            first=dataset.n_inputs * trial.network.width,
            parameters=trial.parameters(dataset),
            outputs=dataset.n_outputs(trial.task),
            batch=trial.rows(dataset),
            number=trial.number_bytes / 4,
            is_called=trial.network.activation not in _FUSED,
            is_smooth=trial.network.activation not in _STRAIGHT,
        )


def _passes(
    sizes: _Sizes, samples: int, *, passes: int, number: float, live: int = 1, chunks: int = 1
) -> Work:
    """Return one trial's share of passes through all layers: forward, back, for the gradients.

    Args:
        sizes: Of the trial.
        samples: That go through, in all chunks together.
        passes: 1, 2 or 3 of them; the activation has no part in the third.
        number: Size of a number, in those of float32.
        live: Trials that share the calls.
        chunks: Parts that the samples go in.
    """
    activated = min(passes, 2)
    calls = chunks * sizes.depth / live
    exponentials = activated * sizes.units * sizes.is_smooth + sizes.outputs
    return replace(
        NO_WORK,
        layer_passes=passes * calls,
        elementwise_calls=activated * calls * sizes.is_called,
        products=number * samples * passes * sizes.parameters,
        activations=number * samples * passes * sizes.units,
        exponentials=number * samples * exponentials,
        samples=samples,
        weight_passes=number * chunks * passes * sizes.parameters,
    )


def _distant(kept: int) -> int:
    return max(0, kept - _CACHE_BYTES)


def _update_operations(trial: TrialShape) -> int:
    """Return the passes over the parameters that an update makes besides plain SGD's."""
    rule = trial.optimizer
    if rule.kind is OptimizerKind.ADAM:
        return 7 + (rule.weight_decay != 0.0)
    momentum = (rule.momentum != 0.0) + rule.nesterov
    return momentum + (rule.weight_decay != 0.0) + 4 * (rule.clip_norm is not None)
