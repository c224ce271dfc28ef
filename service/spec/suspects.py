"""What a check must not judge: places that were already found wrong.

A spec with mistakes is checked further with stand-ins at the places of the mistakes, so that
everything is reported at once; nothing may be said about the stand-ins.
"""

from dataclasses import dataclass

from service.spec.coordinates import SECTIONS
from service.spec.paths import overlap


@dataclass(frozen=True, slots=True)
class Suspects:
    """Paths of stand-ins, with indices; none for a spec without mistakes."""

    paths: frozenset[str] = frozenset()

    def touch(self, path: str) -> bool:
        """Return whether a path is one of them, or inside or around one."""
        return any(overlap(path, suspect) for suspect in self.paths)

    def touch_axes(self) -> bool:
        """Return whether the axes are not fully known."""
        return any(self.touch(section) for section in SECTIONS)
