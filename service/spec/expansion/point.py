"""One point of a sweep: a value for every coordinate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.spec.grammar.scalars import Scalar
from workers.architectures import ARCHITECTURES, Hypers, HyperValue


@dataclass(frozen=True, slots=True, eq=False)
class Point(Mapping[str, Scalar]):
    """A flat mapping of every coordinate path, defaults included, to its value as written.

    Attributes:
        coordinates: The mapping.
        canonical_text: The coordinates that differ from their defaults; see `canonical`.
    """

    coordinates: Mapping[str, Scalar]
    canonical_text: str

    def canonical(self) -> str:
        """Return the coordinates that differ from their defaults, as sorted JSON.

        Two points are the same trial, but for the seed, exactly if this text is the same.
        """
        return self.canonical_text

    def text(self, path: str) -> str:
        """Return a coordinate that is a name."""
        value = self.coordinates[path]
        if not isinstance(value, str):
            raise TypeError(f"{path} is {value!r}, no text")
        return value

    def whole(self, path: str, default: int | None = None) -> int:
        """Return a coordinate that is a whole number; the default where the point has none."""
        value = self.coordinates.get(path, default)
        if not isinstance(value, int):
            raise TypeError(f"{path} is {value!r}, no whole number")
        return value

    def number(self, path: str, default: float | None = None) -> float:
        """Return a coordinate that is a number; the default where the point has none."""
        value = self.coordinates.get(path, default)
        if not isinstance(value, int | float):
            raise TypeError(f"{path} is {value!r}, no number")
        return value

    def hyperparameters(self) -> Hypers:
        """Return the hyper-parameters that the network's kind adds to the common ones.

        Returns:
            Values as written, by the names of `Architecture.hyperparameters`.
        """
        described = ARCHITECTURES[self.text("network.kind")].hyperparameters
        return {each.name: self._hyper_value(f"network.{each.name}") for each in described}

    def _hyper_value(self, path: str) -> HyperValue:
        value = self.coordinates[path]
        return value if isinstance(value, str | bool) else self.number(path)

    def __getitem__(self, path: str) -> Scalar:
        return self.coordinates[path]

    def __contains__(self, path: object) -> bool:
        return path in self.coordinates

    def __iter__(self) -> Iterator[str]:
        return iter(self.coordinates)

    def __len__(self) -> int:
        return len(self.coordinates)

    def __hash__(self) -> int:
        return hash(self.canonical_text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and self.canonical_text == other.canonical_text
