"""What a check must not judge: places that were already found wrong.

A spec with issues is checked further with stand-ins at the places of the issues, so that
everything is reported at once; nothing may be said about the stand-ins.
"""

from dataclasses import dataclass

from service.spec.expansion.coordinates import SECTIONS
from service.spec.paths import overlap


@dataclass(frozen=True, slots=True)
class InvalidPaths:
    """Paths of stand-ins, with indices; none for a spec without issues."""

    paths: frozenset[str] = frozenset()

    def touch(self, path: str) -> bool:
        """Return whether a path is one of them, or inside or around one."""
        return any(overlap(path, invalid) for invalid in self.paths)

    def touch_axes(self) -> bool:
        """Return whether the axes are not fully known."""
        return any(self.touch(section) for section in SECTIONS)
