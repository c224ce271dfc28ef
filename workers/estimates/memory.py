"""Estimated memory of a pack on its device: the buffers of its plan, and Python objects.

Counted are parameters, gradients, optimizer state, activations and errors, minibatches, the
buffers of full passes, the copies for gradient norms and layer profiles, the operations of the
passes, and the data set. Not counted are the libraries, some 400 MB for torch, Ray and LLVM, and
the copies of live trials during the step in which another trial diverges.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from workers.architectures import Skip
from workers.contract import DatasetShape, EngineName, OptimizerKind
from workers.estimates.buffers import total_bytes
from workers.estimates.kept_levels import kept_levels
from workers.estimates.pack_plan import PackPlan, Purpose
from workers.estimates.pack_shape import PackShape
from workers.estimates.shapes import TrialShape
from workers.estimates.sizes import CHUNK

_FLOAT64_BYTES = _INDEX_BYTES = 8
# A call with bound arguments: the tuple, and a view of a buffer for each tensor. Measured.
_OPERATION_BYTES = 850
# Autograd's nodes of one layer, without tensors. Measured.
_GRAPH_BYTES = 3000
# The same of a layer with a gate. Measured.
_GATED_GRAPH_BYTES = 9000


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes of a pack by purpose.

    Attributes:
        parameters: Weights and biases, and optimizer state.
        gradients: Gradients and the scratch buffers of updates.
        transposes: Buffers for one transposed matrix, in both precisions.
        activations: Hidden activations and errors of the training step.
        batches: Minibatches with their outputs.
        passes: Buffers of full passes.
        probe: Copy of a trial in float64 with its activations, for gradient norms.
        operations: Lists of the calls of all passes.
        dataset: Samples of both splits.
        measuring: Temporary copies of a layer profile, a gradient norm or a chunk of samples.
    """

    parameters: int = 0
    gradients: int = 0
    transposes: int = 0
    activations: int = 0
    batches: int = 0
    passes: int = 0
    probe: int = 0
    operations: int = 0
    dataset: int = 0
    measuring: int = 0

    @property
    def buffers(self) -> int:
        """Bytes of the tensors that last as long as the engine."""
        steps = self.parameters + self.gradients + self.activations + self.batches
        steps += self.transposes
        return steps + self.passes + self.probe

    @property
    def total(self) -> int:
        """Largest number of bytes at any moment."""
        held = self.buffers + self.operations + self.dataset
        return held + self.measuring


def pack_memory(
    trials: Sequence[TrialShape], dataset: DatasetShape, slots: int, *, recomputes: bool
) -> Memory:
    """Return the memory of a pack at its peak.

    Args:
        trials: All trials of the queue, at least one; they differ in depth, epochs and profiles.
        dataset: Data set of the trials.
        slots: Trials at once.
        recomputes: Whether the backward pass computes activations again.
    """
    deepest = max(trials, key=lambda trial: trial.network.depth)
    if deepest.engine is EngineName.REFERENCE:
        return _reference(deepest, dataset)
    return _packed(trials, deepest, dataset, slots, recomputes)


def _packed(
    trials: Sequence[TrialShape],
    deepest: TrialShape,
    dataset: DatasetShape,
    slots: int,
    recomputes: bool,
) -> Memory:
    """Return the memory of the packed engine."""
    depth = deepest.network.depth
    shape = PackShape.of_shape(deepest, dataset)
    plan = PackPlan.of(shape, dataset, slots, kept_levels(depth, recomputes=recomputes))
    clipping = sum(trial.optimizer.clip_norm is not None for trial in trials)
    buffers = plan.buffers(depth, deepest.kinds, clipping)
    taken = {purpose: total_bytes(each) for purpose, each in buffers.items()}
    operations = _operations(trials, plan, dataset, recomputes=recomputes)
    return Memory(
        parameters=taken[Purpose.PARAMETERS],
        gradients=taken[Purpose.GRADIENTS],
        transposes=taken[Purpose.TRANSPOSES],
        activations=taken[Purpose.ACTIVATIONS],
        batches=taken[Purpose.BATCHES],
        passes=taken[Purpose.PASSES],
        probe=taken[Purpose.PROBE],
        operations=operations,
        dataset=dataset_bytes(dataset),
        measuring=_temporary(trials, deepest, dataset),
    )


def _operations(
    trials: Sequence[TrialShape], plan: PackPlan, dataset: DatasetShape, *, recomputes: bool
) -> int:
    """Return the bytes of the passes' lists of calls.

    Counted are the calls for each hidden layer and for each block of an update.
    """
    live = sorted((trial.network.depth for trial in trials), reverse=True)[: plan.slots]
    depth = live[0]
    again = 2 if recomputes else 0
    # A call for a layer with a skip binds half as many views again.
    views = 1.5 if plan.shape.has_skips else 1.0
    rule = 9 if plan.shape.optimizer is OptimizerKind.ADAM else 3
    step, probe = (6 + again) * depth, (4 + again) * depth
    passes = 2 * sum(live) * len(_chunk_sizes(dataset))
    # Updates are counted by block, all other calls by hidden layer.
    updates = rule * plan.store.blocks(depth)
    return int(views * (step + probe + passes) + updates) * _OPERATION_BYTES


def _temporary(trials: Sequence[TrialShape], deepest: TrialShape, dataset: DatasetShape) -> int:
    """Return the bytes of temporary tensors while a trial is measured."""
    rows = min(CHUNK, max(dataset.n_train, dataset.n_eval))
    outputs = 2 * dataset.n_outputs(deepest.task) * _FLOAT64_BYTES
    chunk = rows * (dataset.n_inputs * deepest.number_bytes + outputs)
    profiles = [_profile(each, dataset) for each in trials if each.profiles]
    return max([chunk, _norm(deepest, dataset), *profiles])


def dataset_bytes(dataset: DatasetShape) -> int:
    """Return the bytes of the samples of both splits."""
    labels = _INDEX_BYTES if dataset.n_classes else 0
    return (dataset.n_train + dataset.n_eval) * (4 * dataset.n_inputs + labels)


def _profile(trial: TrialShape, dataset: DatasetShape) -> int:
    """Return the bytes of a layer profile: every layer's output and slope."""
    rows = trial.rows(dataset)
    # Three tensors a layer: output, slope, and as much again that the allocator keeps. Measured.
    # A gate has an opening and a slope of its own.
    tensors = 5 if trial.gated else 3
    layers = (
        rows
        * (3 * dataset.n_inputs + (tensors * trial.network.depth + 4) * trial.network.width)
        * _FLOAT64_BYTES
    )
    return layers + _norm(trial, dataset)


def _norm(trial: TrialShape, dataset: DatasetShape) -> int:
    """Return the bytes of a gradient norm: the gradient and three temporaries of its size."""
    largest = max(dataset.n_inputs, trial.network.width, dataset.n_outputs(trial.task))
    return 4 * trial.network.width * largest * _FLOAT64_BYTES


def _chunk_sizes(dataset: DatasetShape) -> set[int]:
    sizes: set[int] = set()
    for count in (dataset.n_train, dataset.n_eval):
        sizes |= {CHUNK} if count >= CHUNK else set()
        sizes |= {count % CHUNK} if count % CHUNK else set()
    return sizes


def _graph_tensors(trial: TrialShape) -> int:
    """Return how many tensors of a layer's size autograd keeps for a hidden layer."""
    if trial.gated:
        # The branch, T, 1 - T and the output, and half as much again that the allocator keeps.
        # Measured.
        return 7 if trial.keeps_input else 6
    if trial.skip is not Skip.NONE:
        # The layer's output, the tensor that the derivative needs, and as much again that the
        # allocator keeps. Measured.
        return 4
    return 2 if trial.keeps_input else 1


def _reference(trial: TrialShape, dataset: DatasetShape) -> Memory:
    """Return the memory of the reference engine, which trains one network at a time."""
    size, n_outputs = trial.number_bytes, dataset.n_outputs(trial.task)
    rows, parameters = trial.rows(dataset), trial.parameters(dataset)
    tensors = _graph_tensors(trial)
    # Kept tensors, two errors of the backward pass, the inputs, the outputs and their errors.
    kept = rows * (
        (tensors * trial.network.depth + 2) * trial.network.width + dataset.n_inputs + 3 * n_outputs
    )
    chunk = min(CHUNK, max(dataset.n_train, dataset.n_eval))
    passing = chunk * ((2 * trial.network.width + dataset.n_inputs) * size + 3 * n_outputs * 8)
    # Gradient norms are those of a copy of the network in float64.
    copied = parameters + trial.fixed_numbers()
    probe = (copied + kept) * _FLOAT64_BYTES + _norm(trial, dataset)
    profile = _profile(trial, dataset) if trial.profiles else 0
    step = kept * size
    return Memory(
        parameters=trial.kinds * parameters * size + trial.fixed_bytes(),
        gradients=parameters * size,
        activations=step,
        operations=(_GATED_GRAPH_BYTES if trial.gated else _GRAPH_BYTES) * trial.network.depth,
        dataset=dataset_bytes(dataset),
        measuring=max(0, max(probe, profile, passing) - step),
    )
