"""What a sweep is: the grammar, its reader, and its expansion to points.

Pure: no store, no network, no torch. `parse` gives a frozen `SweepSpec` or one `SpecError` with
every mistake; `count_trials` counts without expanding; `points` expands.
"""

from service.spec.counting import count_trials, seeds_of, size_mistakes
from service.spec.documents import Media
from service.spec.errors import Mistake, SpecError
from service.spec.expansion import points
from service.spec.grammar import SweepSpec
from service.spec.parsing import load, parse
from service.spec.points import Point
from service.spec.scalars import Scalar

__all__ = [
    "Media",
    "Mistake",
    "Point",
    "Scalar",
    "SpecError",
    "SweepSpec",
    "count_trials",
    "load",
    "parse",
    "points",
    "seeds_of",
    "size_mistakes",
]
