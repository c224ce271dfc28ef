"""How many bytes a pack takes on its device: the buffers of its plan, and what is not tensors.

Counted are parameters, gradients, optimizer state, activations and errors, minibatches, the
buffers of full passes, the copies for gradient norms and layer profiles, the operations of the
passes, and the data set. Not counted are the libraries, some 400 MB for torch, Ray and LLVM, and
the copies of live trials in the one step in which a neighbour diverges.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from workers.architectures import Skip
from workers.contract import HOMOGENEOUS, DatasetShape, EngineName, OptimizerKind
from workers.estimates.buffers import total_bytes
from workers.estimates.kept_levels import kept_levels
from workers.estimates.pack_plan import PackPlan, Purpose
from workers.estimates.pack_shape import PackShape
from workers.estimates.shapes import TrialShape
from workers.estimates.sizes import CHUNK

_FLOAT64_BYTES = _INDEX_BYTES = 8
# A call with its arguments bound: the tuple, and a view of a buffer for each tensor. Measured.
_OPERATION_BYTES = 850
# What autograd keeps of a layer besides tensors. Measured.
_GRAPH_BYTES = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes that a pack takes, by what for.

    Attributes:
        parameters: Weights and biases, and optimizer state.
        gradients: Gradients and what updates overwrite.
        transposes: Room for one matrix by its columns, in both precisions.
        activations: Hidden activations and errors of the training step.
        batches: Minibatches with their outputs.
        passes: Buffers of full passes.
        probe: A trial in float64 with its activations, for gradient norms.
        operations: The passes, as lists of calls.
        dataset: Both splits.
        starting: Passing: copies of a trial when it starts, beside what there is by then.
        looking: Passing: copies for a layer profile, or of a chunk of samples.
        absent: Of the above, what is not there yet when the last of the first trials starts.
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
    starting: int = 0
    looking: int = 0
    absent: int = 0

    @property
    def buffers(self) -> int:
        """What the engine's tensors hold throughout."""
        steps = self.parameters + self.gradients + self.activations + self.batches
        steps += self.transposes
        return steps + self.passes + self.probe

    @property
    def total(self) -> int:
        """The most that there is at any moment."""
        held = self.buffers + self.operations + self.dataset
        return held + max(self.looking, self.starting - self.absent)


def pack_memory(
    trials: Sequence[TrialShape], dataset: DatasetShape, slots: int, *, recomputes: bool
) -> Memory:
    """Return what a pack takes at its peak.

    Args:
        trials: All of its queue, at least one; they differ in depth, epochs and profiles.
        dataset: Their data set.
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
    """Return the sum of the engine's buffers, and what is not tensors."""
    depth = deepest.network.depth
    shape = PackShape.of_shape(deepest, dataset)
    plan = PackPlan.of(shape, dataset, slots, kept_levels(depth, recomputes=recomputes))
    clipping = sum(trial.optimizer.clip_norm is not None for trial in trials)
    buffers = plan.buffers(depth, deepest.kinds, clipping)
    taken = {purpose: total_bytes(each) for purpose, each in buffers.items()}
    operations = _operations(trials, plan, dataset, recomputes=recomputes)
    starting, looking = _passing(trials, deepest, dataset)
    absent = 0
    if len(trials) <= slots:  # No trial starts later, beside what the steps have made.
        hidden = buffers[Purpose.GRADIENTS]["hidden"].bytes
        absent = taken[Purpose.ACTIVATIONS] + hidden + operations
        if slots == 1:
            store = plan.probe_store
            ends = store.first.values.bytes + store.last.values.bytes
            absent += taken[Purpose.PROBE] - ends
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
        starting=starting,
        looking=looking,
        absent=absent,
    )


def _operations(
    trials: Sequence[TrialShape], plan: PackPlan, dataset: DatasetShape, *, recomputes: bool
) -> int:
    """Return the bytes of the passes' calls, counted by hidden layer and by block."""
    live = sorted((trial.network.depth for trial in trials), reverse=True)[: plan.slots]
    depth = live[0]
    again = 2 if recomputes else 0
    # A call for a layer with a skip holds views of half as many tensors more.
    views = 1.5 if plan.shape.has_skips else 1.0
    rule = 9 if plan.shape.optimizer is OptimizerKind.ADAM else 3
    step, probe = (6 + again) * depth, (4 + again) * depth
    passes = 2 * sum(live) * len(_chunk_sizes(dataset))
    updates = rule * plan.store.blocks(depth)
    return int(views * (step + probe + passes) + updates) * _OPERATION_BYTES


def _passing(
    trials: Sequence[TrialShape], deepest: TrialShape, dataset: DatasetShape
) -> tuple[int, int]:
    """Return the bytes of copies when a trial starts, and when it is looked at."""
    rows = min(CHUNK, max(dataset.n_train, dataset.n_eval))
    outputs = 2 * dataset.n_outputs(deepest.task) * _FLOAT64_BYTES
    chunk = rows * (dataset.n_inputs * deepest.number_bytes + outputs)
    is_walked = deepest.network.activation in HOMOGENEOUS and deepest.network.depth > 1
    starting = _saved(deepest, dataset) if is_walked else 0
    profiles = [_profile(each, dataset) for each in trials if each.profiles]
    return starting, max([chunk, _norm(deepest, dataset), *profiles])


def dataset_bytes(dataset: DatasetShape) -> int:
    """Return what the samples of both splits take."""
    labels = _INDEX_BYTES if dataset.n_classes else 0
    return (dataset.n_train + dataset.n_eval) * (4 * dataset.n_inputs + labels)


def _saved(trial: TrialShape, dataset: DatasetShape) -> int:
    """Return what saving a trial takes: its arrays, and the parts of one before they are joined."""
    hidden = (trial.network.depth - 1) * trial.network.width**2
    return (trial.kinds * trial.parameters(dataset) + hidden) * trial.number_bytes


def _profile(trial: TrialShape, dataset: DatasetShape) -> int:
    """Return what a layer profile takes: a saved state, and every layer's output and slope."""
    rows = trial.rows(dataset)
    saved = trial.kinds * trial.parameters(dataset) * trial.number_bytes
    # The third of them is what lies between and is not given back. Measured.
    layers = (
        rows
        * (3 * dataset.n_inputs + (3 * trial.network.depth + 4) * trial.network.width)
        * _FLOAT64_BYTES
    )
    return max(_saved(trial, dataset), saved + layers + _norm(trial, dataset))


def _norm(trial: TrialShape, dataset: DatasetShape) -> int:
    """Return what the norm of a gradient takes: it, its size, its quotient and their square."""
    largest = max(dataset.n_inputs, trial.network.width, dataset.n_outputs(trial.task))
    return 4 * trial.network.width * largest * _FLOAT64_BYTES


def _chunk_sizes(dataset: DatasetShape) -> set[int]:
    sizes: set[int] = set()
    for count in (dataset.n_train, dataset.n_eval):
        sizes |= {CHUNK} if count >= CHUNK else set()
        sizes |= {count % CHUNK} if count % CHUNK else set()
    return sizes


def _graph_tensors(trial: TrialShape) -> int:
    """Return how many tensors of a level's size autograd takes for a hidden layer."""
    if trial.skip is not Skip.NONE:
        # The layer's output, what the derivative is taken of, and as much that lies between them
        # and is not given back. Measured.
        return 4
    return 2 if trial.keeps_input else 1


def _reference(trial: TrialShape, dataset: DatasetShape) -> Memory:
    """Return what autograd takes for one network."""
    size, n_outputs = trial.number_bytes, dataset.n_outputs(trial.task)
    rows, parameters = trial.rows(dataset), trial.parameters(dataset)
    tensors = _graph_tensors(trial)
    # Beside what is kept: the errors on their way, the outputs and their errors.
    kept = rows * (
        (tensors * trial.network.depth + 2) * trial.network.width + dataset.n_inputs + 3 * n_outputs
    )
    chunk = min(CHUNK, max(dataset.n_train, dataset.n_eval))
    passing = chunk * ((2 * trial.network.width + dataset.n_inputs) * size + 3 * n_outputs * 8)
    probe = (parameters + kept) * _FLOAT64_BYTES + _norm(trial, dataset)
    profile = _profile(trial, dataset) if trial.profiles else 0
    step = kept * size
    return Memory(
        parameters=trial.kinds * parameters * size,
        gradients=parameters * size,
        activations=step,
        operations=_GRAPH_BYTES * trial.network.depth,
        dataset=dataset_bytes(dataset),
        looking=max(0, max(probe, profile, passing, _saved(trial, dataset)) - step),
    )
