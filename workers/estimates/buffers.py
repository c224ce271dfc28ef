"""Sizes of the packed engine's buffers, without torch.

The engine allocates its tensors from these descriptions, and the memory model adds them up, so
that the estimate cannot miss a tensor of the engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import prod

from workers.architectures import Skip
from workers.contract import OptimizerKind, Precision, Task
from workers.estimates.kept_levels import Keep
from workers.estimates.pack_shape import PackShape
from workers.estimates.sizes import padded_rows, slab_size, transposed_size


class Number(StrEnum):
    """Type of numbers, by its name in torch and numpy."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"
    INT64 = "int64"

    @classmethod
    def of(cls, precision: Precision) -> "Number":
        """Return the floating-point type of a precision."""
        return cls.FLOAT64 if precision is Precision.FLOAT64 else cls.FLOAT32

    @property
    def bytes(self) -> int:
        """Bytes of one number."""
        return 4 if self is Number.FLOAT32 else 8


@dataclass(frozen=True, slots=True)
class Buffer:
    """Description of tensors of one size.

    Attributes:
        shape: Shape of each tensor.
        number: Type of the numbers.
        count: Number of tensors; 0 for none.
    """

    shape: tuple[int, ...]
    number: Number
    count: int = 1

    @property
    def bytes(self) -> int:
        """Bytes of all tensors together."""
        return self.count * prod(self.shape) * self.number.bytes

    def times(self, count: int) -> "Buffer":
        """Return a buffer with ``count`` times as many tensors."""
        return Buffer(self.shape, self.number, self.count * count)


Buffers = Mapping[str, Buffer]
"""Buffers by name; a buffer may have a count of 0."""


def total_bytes(buffers: Buffers) -> int:
    """Return the bytes of all buffers."""
    return sum(buffer.bytes for buffer in buffers.values())


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """Sizes of a block: consecutive layers of one shape, of all trials of a pack.

    Attributes:
        fan_out: Rows of each matrix.
        fan_in: Columns of each matrix.
        count: Number of layers.
        slots: Number of trials.
        number: Type of the numbers.
    """

    fan_out: int
    fan_in: int
    count: int
    slots: int
    number: Number

    @property
    def slab(self) -> int:
        """Count of numbers of one layer: a matrix, its bias and padding."""
        return slab_size(self.fan_out, self.fan_in)

    @property
    def values(self) -> Buffer:
        """Buffer of one kind of numbers: parameters, one optimizer state, gradients, or scratch."""
        return Buffer((self.slots, self.count * self.slab), self.number)


@dataclass(frozen=True, slots=True)
class StorePlan:
    """Sizes of the parameters of a pack.

    Attributes:
        shape: Shape of the pack.
        slots: Number of trials.
        number: Type of the numbers.
        block_layers: Layers of each hidden block, at least 1.
    """

    shape: PackShape
    slots: int
    number: Number
    block_layers: int

    @property
    def first(self) -> BlockPlan:
        """Block of the first layers."""
        return BlockPlan(self.shape.width, self.shape.n_inputs, 1, self.slots, self.number)

    @property
    def hidden(self) -> BlockPlan:
        """Block of hidden layers behind the first one."""
        width = self.shape.width
        return BlockPlan(width, width, self.block_layers, self.slots, self.number)

    @property
    def last(self) -> BlockPlan:
        """Block of the last layers."""
        return BlockPlan(self.shape.n_outputs, self.shape.width, 1, self.slots, self.number)

    def blocks(self, depth: int) -> int:
        """Return the number of hidden blocks for networks of a depth."""
        return -(-(depth - 1) // self.block_layers)

    def values(self, depth: int) -> Buffers:
        """Return the buffers of one kind of numbers, for networks of a depth."""
        return {
            "first": self.first.values,
            "hidden": self.hidden.values.times(self.blocks(depth)),
            "last": self.last.values,
        }

    @property
    def filters(self) -> BlockPlan:
        """Block of the fixed matrices of hidden layers, or of the one that they share.

        Orthogonal matrices have the place of a bias of zeros, which the kernels need. A
        permutation is a row of whole numbers, the order of its columns.
        """
        width, count = self.shape.width, 1 if self.shape.shares_filter else self.block_layers
        if self.shape.skip is Skip.PERMUTATION:
            return BlockPlan(1, width, count, self.slots, Number.INT64)
        return BlockPlan(width, width, count, self.slots, self.number)

    def filter_blocks(self, depth: int) -> int:
        """Return the number of blocks of fixed matrices for networks of a depth."""
        if not self.shape.has_filters:
            return 0
        return min(1, self.blocks(depth)) if self.shape.shares_filter else self.blocks(depth)

    def fixed(self, depth: int) -> Buffers:
        """Return the buffers of the fixed matrices, for networks of a depth."""
        return {"filters": self.filters.values.times(self.filter_blocks(depth))}

    def gains(self) -> Buffers:
        """Return the columns of gains; none if the layers have no skip."""
        column = Buffer((self.slots, 1, 1), self.number)
        return dict.fromkeys(("skip", "branch", "one"), column) if self.shape.has_skips else {}


@dataclass(frozen=True, slots=True)
class LevelPlan:
    """Sizes of the hidden layers' activations and errors in one pass.

    A level is a hidden layer counted from the output; level 0 is next to the output.

    Attributes:
        shape: Shape of the pack.
        slots: Number of trials.
        rows: Number of samples.
        number: Type of the numbers.
        keep: Rule of which levels share a buffer.
    """

    shape: PackShape
    slots: int
    rows: int
    number: Number
    keep: Keep

    @property
    def level(self) -> Buffer:
        """Buffer of one level."""
        width = self.shape.width
        return Buffer((self.slots, padded_rows(self.rows, width), width), self.number)

    def activations(self, depth: int) -> Buffers:
        """Return the buffers of a forward pass, for networks of a depth."""
        # The first layer has no skip, so its output needs no second buffer beside its branch.
        skips = depth - 1 if self.shape.has_skips else 0
        return {
            "outputs": self.level.times(self.keep.count(depth)),
            "branches": self.level.times(self.keep.count(skips)),
            "inputs": self.level.times(self.keep.count(depth) if self.shape.keeps_input else 0),
        }

    def errors(self) -> Buffers:
        """Return the buffers of a backward pass: errors of two levels, and those along skips."""
        return {"deltas": self.level.times(2), "carried": self.level.times(self.carried)}

    @property
    def carried(self) -> int:
        """Number of buffers for errors along skips."""
        # A filter is not applied in place: its input and its result need a buffer each.
        return self.shape.has_skips + self.shape.has_filters


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Sizes of the minibatches, the outputs and the loss.

    Attributes:
        shape: Shape of the pack.
        slots: Number of trials.
        rows: Samples of a full minibatch.
        number: Type of the numbers.
    """

    shape: PackShape
    slots: int
    rows: int
    number: Number

    @property
    def padded(self) -> int:
        """Rows of a minibatch, padded to whole vectors."""
        return padded_rows(self.rows, self.shape.n_inputs, self.shape.n_outputs)

    def batch(self) -> Buffers:
        """Return the buffers of `workers.engines.packed.buffers.Batch`."""
        by_sample, inputs = (self.slots, self.padded), self.shape.n_inputs
        outputs = Buffer((self.slots, self.shape.n_outputs, self.padded), self.number)
        return {
            "indices": Buffer(by_sample, Number.INT64),
            "share": Buffer(by_sample, self.number),
            "x": Buffer((*by_sample, inputs), self.number),
            "labels": Buffer(by_sample, Number.INT64),
            "outputs": outputs,
            "errors": outputs,
        }

    def gathered(self) -> Buffers:
        """Return the buffer for float32 samples; none where no conversion is needed."""
        shape = (self.slots, self.padded, self.shape.n_inputs)
        return {"gathered": Buffer(shape, Number.FLOAT32, int(self.number is not Number.FLOAT32))}

    def criterion(self) -> Buffers:
        """Return the buffers of `workers.engines.packed.criterion.Criterion`."""
        by_sample = Buffer((self.slots, self.padded), self.number)
        shape = (self.slots, self.shape.n_outputs, self.padded)
        squares = Buffer(shape, self.number, int(self.shape.task is Task.AUTOENCODE))
        return {"by_sample": by_sample, "minus_target": by_sample, "squares": squares}

    def losses(self) -> Buffers:
        """Return the buffer of the minibatch losses."""
        return {"losses": Buffer((self.slots,), self.number)}


def optimizer_columns(kind: OptimizerKind, slots: int, number: Number) -> Buffers:
    """Return the columns of an optimizer's constants, one number for each slot."""
    names = ["rate", "branch_rate", "decay", "momentum"]
    if kind is OptimizerKind.ADAM:
        names += ["square_keep", "square_take", "offset"]
    return dict.fromkeys(names, Buffer((slots, 1), number))


def transposed(width: int, n_inputs: int, number: Number) -> Buffer:
    """Return a buffer for the transpose of any matrix whose rows are a hidden layer's units."""
    return Buffer((transposed_size(width, max(width, n_inputs)),), number)
