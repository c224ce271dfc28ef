"""Amount of work of a step, an epoch's end, a trial's start and a layer profile.

The time of a device is modelled as linear in these amounts. This was measured: the time of packed
float32 products per multiply-add is the same at widths 32 to 512, and the overhead of a narrow or
small product is in proportion to its activations, its weights or its calls.
"""

from dataclasses import dataclass, fields, replace

from workers.contract import Activation, DatasetShape, OptimizerKind, Task, Work
from workers.estimates.shapes import TrialShape
from workers.estimates.sizes import CHUNK

NO_WORK = Work(**dict.fromkeys((field.name for field in fields(Work)), 0.0))

# Activations that a CPU's kernels compute together with the product.
_FUSED = frozenset({Activation.LINEAR, Activation.RELU, Activation.LEAKY_RELU})
# Activations without an exponential.
_STRAIGHT = _FUSED | {Activation.HARDTANH}
# First, hidden and last matrices are updated by separate calls.
_UPDATE_BLOCKS = 3
# Part of the shared cache that one worker can use; 8 and 16 MiB fit measured times best, 2 and 24
# worse.
_CACHE_BYTES = 8 << 20
_EXACT_BYTES = 8


def added(*parts: Work) -> Work:
    """Return the work of all parts together."""
    names = [field.name for field in fields(Work)]
    return Work(**{name: sum(getattr(part, name) for part in parts) for name in names})


def step_work(trial: TrialShape, dataset: DatasetShape, live: int) -> Work:
    """Return the work of a training step, divided by the number of trials that take it together.

    Args:
        trial: The trial.
        dataset: Data set of the trial.
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
        # Errors are not propagated through the first matrix to the inputs.
        products=passes.products - sizes.number * sizes.batch * sizes.first,
        updates=sizes.number * sizes.parameters * operations,
        distant_bytes=_distant(live * kept * trial.number_bytes) / live,
    )


def epoch_end_work(trial: TrialShape, dataset: DatasetShape) -> Work:
    """Return the work at the end of an epoch: full passes over both splits, and gradient norms."""
    sizes = _Sizes.of(trial, dataset)
    samples = dataset.n_train + dataset.n_eval
    chunks = sum(-(-n // CHUNK) for n in (dataset.n_train, dataset.n_eval))
    full = _passes(sizes, samples, passes=1, number=sizes.number, chunks=chunks)
    # A squared error is computed in float64.
    squares = sizes.number * samples * sizes.outputs if trial.task is Task.AUTOENCODE else 0.0
    probe = _passes(sizes, sizes.batch, passes=2, number=2.0)
    kept = sizes.parameters + sizes.units * sizes.batch
    return added(
        replace(full, exponentials=full.exponentials + squares),
        replace(probe, probed_layers=sizes.depth, distant_bytes=_distant(kept * _EXACT_BYTES)),
        replace(NO_WORK, epoch_ends=1.0),
    )


def start_work(trial: TrialShape, dataset: DatasetShape) -> Work:
    """Return the work before a trial's first step: weights, their walk, and epoch 0's record."""
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
    """Sizes of a network and its minibatch.

    Attributes:
        depth: Hidden layers.
        units: Hidden units of all layers.
        first: Weights of the first matrix.
        parameters: Weights and biases.
        outputs: Units of the last layer.
        batch: Samples of a minibatch.
        number: Size of a number in units of a float32.
        is_called: Whether the activation needs calls of its own, apart from the products.
        is_smooth: Whether the activation needs an exponential or a similar function.
        gated: Whether hidden layers have a gate: a product, a sigmoid and a mixture of their own.
        filters: Numbers of the fixed matrices by which skips multiply; they have no gradient.
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
    gated: bool
    filters: int

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
            gated=trial.gated,
            filters=trial.filter_products(),
        )


def _passes(
    sizes: _Sizes, samples: int, *, passes: int, number: float, live: int = 1, chunks: int = 1
) -> Work:
    """Return one trial's part of the work of passes through all layers.

    Args:
        sizes: Sizes of the trial.
        samples: Samples of all chunks together.
        passes: 1 for a forward pass, 2 with the backward pass, 3 with the gradients as well; the
            third does not involve the activation.
        number: Size of a number in units of a float32.
        live: Trials that share the calls.
        chunks: Number of chunks into which the samples are divided.
    """
    activated, branches = min(passes, 2), 1 + sizes.gated
    calls = chunks * sizes.depth / live
    exponentials = activated * sizes.units * (sizes.is_smooth + sizes.gated) + sizes.outputs
    return replace(
        NO_WORK,
        layer_passes=passes * calls * branches,
        elementwise_calls=activated * calls * (sizes.is_called + 2 * sizes.gated),
        products=number * samples * (passes * sizes.parameters + activated * sizes.filters),
        activations=number * samples * passes * sizes.units * branches,
        exponentials=number * samples * exponentials,
        samples=samples,
        weight_passes=number * chunks * passes * sizes.parameters,
    )


def _distant(kept: int) -> int:
    """Return the bytes beyond the cache."""
    return max(0, kept - _CACHE_BYTES)


def _update_operations(trial: TrialShape) -> int:
    """Return the number of passes over the parameters that an update makes beyond plain SGD."""
    rule = trial.optimizer
    if rule.kind is OptimizerKind.ADAM:
        return 7 + (rule.weight_decay != 0.0)
    momentum = (rule.momentum != 0.0) + rule.nesterov
    return momentum + (rule.weight_decay != 0.0) + 4 * (rule.clip_norm is not None)
