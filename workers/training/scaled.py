"""Vectors outside the range of float64, stored as directions and logs of sizes."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """Vectors ``rows[i] * exp(logs[i])``.

    Attributes:
        rows: float64, shape ``(count, n)``.
        logs: Nats, float64, shape ``(count,)``; finite even where a row is zero.
    """

    rows: Tensor
    logs: Tensor

    @classmethod
    def plain(cls, rows: Tensor) -> "Scaled":
        """Return vectors with these rows and logs of 0."""
        return cls(rows, torch.zeros(len(rows), dtype=torch.float64))

    def normalised(self) -> "Scaled":
        """Return the same vectors with rows of length 1; rows of zeros stay zero."""
        largest = self.rows.abs().amax(dim=1)
        is_zero = largest == 0.0
        # Rows are divided by their largest entry first, because the square of an entry could
        # overflow, or underflow although it matters to the length.
        rows = self.rows / torch.where(is_zero, 1.0, largest)[:, None]
        length = torch.where(is_zero, 1.0, rows.norm(dim=1))
        logs = torch.where(is_zero, 0.0, self.logs + largest.log() + length.log())
        return Scaled(rows / length[:, None], logs)

    def times(self, matrix: Tensor) -> "Scaled":
        """Return every vector times a matrix, with rows of length 1."""
        return Scaled(self.rows @ matrix, self.logs).normalised()

    def scaled(self, factor: float) -> "Scaled":
        """Return every vector times a factor above 0."""
        return Scaled(self.rows * factor, self.logs)

    def plus(self, other: "Scaled") -> "Scaled":
        """Return the sums of vectors, stored at the scale of the larger summand."""
        logs = torch.maximum(self.logs, other.logs)
        rows = self.rows * (self.logs - logs).exp()[:, None]
        return Scaled(rows + other.rows * (other.logs - logs).exp()[:, None], logs)

    def log_norms(self) -> Tensor:
        """Return ln of each vector's Euclidean norm, ``-inf`` for zero, shape ``(count,)``."""
        unit = self.normalised()
        is_zero = (unit.rows == 0.0).all(dim=1)
        return torch.where(is_zero, -torch.inf, unit.logs)


def mean_log_norm(vectors: Scaled) -> float | None:
    """Return the mean of the log norms that are finite; None if none is."""
    logs = vectors.log_norms()
    finite = logs[logs.isfinite()]
    return finite.mean().item() if len(finite) else None
