"""How many bytes a pack takes on its device: the sum of what its engine allocates.

Counted are parameters, gradients, optimizer state, activations and errors, minibatches, the
buffers of full passes, the copies for gradient norms and layer profiles, the operations of the
passes, and the data set. Not counted are the libraries, some 400 MB for torch, Ray and LLVM, and
the copies of live trials in the one step in which a neighbour diverges.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from workers.contract import Activation, DatasetShape, EngineName, OptimizerKind, Task
from workers.estimates.shapes import TrialShape
from workers.estimates.sizes import (
    CHUNK,
    WIDEST,
    block_layers,
    levels_kept,
    padded_rows,
    slab_size,
    transposed_size,
)

_FLOAT64_BYTES = _INDEX_BYTES = 8
# A call with its arguments bound: the tuple, and a view of a buffer for each tensor. Measured.
_OPERATION_BYTES = 850
# What autograd keeps of a layer besides tensors. Measured.
_GRAPH_BYTES = 3000
_HOMOGENEOUS = frozenset({Activation.LINEAR, Activation.RELU, Activation.LEAKY_RELU})


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
    return _Packed(trials, deepest, dataset, slots, recomputes).memory()


@dataclass(frozen=True, slots=True)
class _Packed:
    """Follows `workers.engines.packed` buffer by buffer; a test compares the two."""

    trials: Sequence[TrialShape]
    deepest: TrialShape
    dataset: DatasetShape
    slots: int
    recomputes: bool

    def memory(self) -> Memory:
        trial, size = self.deepest, self.deepest.number_bytes
        rows = trial.rows(self.dataset)
        levels = levels_kept(trial.network.depth, recomputes=self.recomputes)
        activations = self._levels(self.slots, rows, levels, errors=2) * size
        hidden = self._hidden_gradients() * size
        probe = self._probe(rows, levels)
        operations = self._operations()
        starting, looking = self._passing()
        absent = 0
        if len(self.trials) <= self.slots:
            absent = activations + hidden + operations
            absent += probe - self._ends(1) * _FLOAT64_BYTES if self.slots == 1 else 0
        return Memory(
            parameters=trial.kinds * (self._ends(self.slots) + self._hidden(self.slots)) * size,
            gradients=hidden + (self._ends(self.slots) + self._scratch()) * size + self._clips(),
            transposes=self._transposes(size),
            activations=activations,
            batches=self._batch(self.slots, rows, size) + self._criterion(self.slots, rows, size),
            passes=self._passes(),
            probe=probe,
            operations=operations,
            dataset=dataset_bytes(self.dataset),
            starting=starting,
            looking=looking,
            absent=absent,
        )

    @property
    def _n_outputs(self) -> int:
        return self.dataset.n_outputs(self.deepest.task)

    @property
    def _slab(self) -> int:
        return slab_size(self.deepest.network.width, self.deepest.network.width)

    @property
    def _block_layers(self) -> int:
        return block_layers(self.deepest.network.width, self.slots, self.deepest.number_bytes)

    @property
    def _blocks(self) -> int:
        return -(-(self.deepest.network.depth - 1) // self._block_layers)

    def _ends(self, slots: int) -> int:
        """Return the numbers of the first and the last matrix."""
        width = self.deepest.network.width
        first, last = slab_size(width, self.dataset.n_inputs), slab_size(self._n_outputs, width)
        return slots * (first + last)

    def _hidden(self, slots: int) -> int:
        return slots * self._blocks * self._block_layers * self._slab

    def _hidden_gradients(self) -> int:
        if any(trial.optimizer.clip_norm is not None for trial in self.trials):
            return self._hidden(self.slots)
        return min(self._blocks, 1) * self.slots * self._block_layers * self._slab

    def _clips(self) -> int:
        """Return the float64 copies of one block's gradients, one for each trial that clips."""
        clipping = sum(trial.optimizer.clip_norm is not None for trial in self.trials)
        width, layers = (
            self.deepest.network.width,
            min(self._block_layers, self.deepest.network.depth - 1),
        )
        ends = slab_size(width, self.dataset.n_inputs), slab_size(self._n_outputs, width)
        return min(clipping, self.slots) * max(*ends, layers * self._slab) * _FLOAT64_BYTES

    def _scratch(self) -> int:
        """Return what updates overwrite: one tensor for all blocks of a shape."""
        width, n_inputs = self.deepest.network.width, self.dataset.n_inputs
        blocks = {(width, n_inputs, 1), (self._n_outputs, width, 1)}
        if self._blocks:
            blocks.add((width, width, self._block_layers))
        return self.slots * sum(count * slab_size(out, given) for out, given, count in blocks)

    def _transposes(self, size: int) -> int:
        width = self.deepest.network.width
        numbers = transposed_size(width, max(width, self.dataset.n_inputs))
        return numbers * (size + _FLOAT64_BYTES) if width <= WIDEST else 0

    def _levels(self, slots: int, rows: int, levels: int, *, errors: int) -> int:
        width = self.deepest.network.width
        buffers = levels * (2 if self.deepest.keeps_input else 1) + errors
        return buffers * slots * padded_rows(rows, width) * width

    def _batch(self, slots: int, rows: int, size: int) -> int:
        n_inputs, n_outputs = self.dataset.n_inputs, self._n_outputs
        by_sample = 2 * _INDEX_BYTES + size * (1 + n_inputs + 2 * n_outputs)
        return slots * padded_rows(rows, n_inputs, n_outputs) * by_sample

    def _criterion(self, slots: int, rows: int, size: int) -> int:
        squares = self._n_outputs if self.deepest.task is Task.AUTOENCODE else 0
        # Samples are gathered in float32, before they are brought to another precision.
        gathered = self.dataset.n_inputs * 4 if size != 4 and slots == self.slots else 0
        samples = slots * padded_rows(rows, self.dataset.n_inputs, self._n_outputs)
        return samples * (size * (2 + squares) + gathered)

    def _probe(self, rows: int, levels: int) -> int:
        size = _FLOAT64_BYTES
        parameters = 2 * self._ends(1) + self._hidden(1)
        numbers = parameters + self._levels(1, rows, levels, errors=2)
        squares = self._n_outputs if self.deepest.task is Task.AUTOENCODE else 0
        samples = padded_rows(rows, self.dataset.n_inputs, self._n_outputs)
        return numbers * size + self._batch(1, rows, size) + samples * size * (2 + squares)

    def _passes(self) -> int:
        size = self.deepest.number_bytes
        rows = min(CHUNK, max(self.dataset.n_train, self.dataset.n_eval))
        levels = min(2, self.deepest.network.depth)
        return self._batch(1, rows, size) + self._levels(1, rows, levels, errors=0) * size

    def _operations(self) -> int:
        again = 2 if self.recomputes else 0
        rule = 9 if self.deepest.optimizer.kind is OptimizerKind.ADAM else 3
        step = (6 + again) * self.deepest.network.depth + rule * self._blocks
        probe = (4 + again) * self.deepest.network.depth
        live = sorted((trial.network.depth for trial in self.trials), reverse=True)[: self.slots]
        passes = 2 * sum(live) * len(_chunk_sizes(self.dataset))
        return (step + probe + passes) * _OPERATION_BYTES

    def _passing(self) -> tuple[int, int]:
        """Return the bytes of copies when a trial starts, and when it is looked at."""
        trial = self.deepest
        rows = min(CHUNK, max(self.dataset.n_train, self.dataset.n_eval))
        chunk = rows * (self.dataset.n_inputs * trial.number_bytes + 2 * self._n_outputs * 8)
        is_walked = trial.network.activation in _HOMOGENEOUS and trial.network.depth > 1
        starting = _saved(trial, self.dataset) if is_walked else 0
        profiled = [each for each in self.trials if each.profiles]
        profiles = [_profile(each, self.dataset) for each in profiled]
        return starting, max([chunk, _norm(trial, self.dataset), *profiles])


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


def _reference(trial: TrialShape, dataset: DatasetShape) -> Memory:
    """Return what autograd takes for one network."""
    size, n_outputs = trial.number_bytes, dataset.n_outputs(trial.task)
    rows, parameters = trial.rows(dataset), trial.parameters(dataset)
    tensors = 2 if trial.keeps_input else 1
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
