"""Groups of parameters: matrices of one shape with their biases and their initial law."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from workers.contract import Init


class MatrixLaw(StrEnum):
    """Law of a group's initial matrices."""

    SCHEME = "scheme"  # the unit draw of the trial's initial scheme, times a factor
    HAAR = "haar"  # Haar orthogonal, by the QR decomposition of a Gaussian matrix
    NORMAL = "normal"  # i.i.d. of variance 1 / fan_in, whatever the scheme and the factors
    PERMUTATION = "permutation"  # stored as the order of the columns, a row of whole numbers


class Factor(StrEnum):
    """Field of `Init` that multiplies a group's unit draw."""

    G_IN = "g_in"
    G = "g"
    G_OUT = "g_out"

    def of(self, init: Init) -> float:
        """Return the factor's value."""
        match self:
            case Factor.G_IN:
                return init.g_in
            case Factor.G:
                return init.g
            case Factor.G_OUT:
                return init.g_out


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterGroup:
    """Matrices of one shape, each with a bias.

    Attributes:
        name: Name in saved states, unique in its network.
        fan_out: Rows of each matrix.
        fan_in: Columns of each matrix.
        count: Number of matrices; 0 for a group that a shallow network does not need.
        stream: Name of the first matrix's stream of random numbers. A number if the group may
            have several matrices, whose streams then count up from it. Networks whose groups name
            equal streams share the underlying draws, whatever their depth.
        family: Word before the numbers of streams, which keeps the streams of two groups apart;
            empty for the group of the hidden matrices.
        factor: Field of `Init` that multiplies the unit draw.
        draw: Law of the matrices.
        trainable: Whether the matrices are updated; fixed ones have no bias and no gradient.
        shared: Whether all layers of the group use its one matrix.
        carries_branch_gain: Whether the gradients of the matrices contain the branch gain of their
            layers, so that their learning rate may follow it (`Training.branch_lr_factor`).
        is_readout: Whether the matrix gives the outputs; it is trained where the body is frozen.
        bias: Initial value of all biases.
    """

    name: str
    fan_out: int
    fan_in: int
    count: int
    stream: int | str
    family: str = ""
    factor: Factor = Factor.G
    draw: MatrixLaw = MatrixLaw.SCHEME
    trainable: bool = True
    shared: bool = False
    carries_branch_gain: bool = False
    is_readout: bool = False
    bias: float = 0.0

    @property
    def streams(self) -> tuple[int | str, ...]:
        """Names of the matrices' streams of random numbers, in the order of the matrices."""
        if isinstance(self.stream, str):
            return (self.stream,) * self.count
        numbers = itertools.islice(itertools.count(self.stream), self.count)
        return tuple(f"{self.family} {each}" if self.family else each for each in numbers)

    @property
    def weights(self) -> int:
        """Count of numbers that are stored for all matrices."""
        columns = 1 if self.draw is MatrixLaw.PERMUTATION else self.fan_in
        return self.count * self.fan_out * columns

    @property
    def biases(self) -> int:
        """Number of entries of all biases."""
        return self.count * self.fan_out if self.trainable else 0


def parameter_count(groups: Iterable[ParameterGroup]) -> int:
    """Return the number of weights and biases that are trained."""
    return sum(group.weights + group.biases for group in groups if group.trainable)
