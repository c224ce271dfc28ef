"""The sweep spec: its grammar, its reader, and its expansion to points.

Pure: no store, no network, no torch. `parse` gives a frozen `SweepSpec` or one `SpecError` with
every issue; `count_trials` counts without expanding; `points` expands.
"""

from service.enums import Media
from service.spec.errors import SpecError, SpecIssue
from service.spec.expansion.counting import count_trials, seeds_of, size_issues
from service.spec.expansion.enumeration import points
from service.spec.expansion.point import Point
from service.spec.grammar.scalars import Scalar
from service.spec.grammar.sweep_spec import SweepSpec
from service.spec.reading.parsing import load, parse

__all__ = [
    "Media",
    "Point",
    "Scalar",
    "SpecError",
    "SpecIssue",
    "SweepSpec",
    "count_trials",
    "load",
    "parse",
    "points",
    "seeds_of",
    "size_issues",
]
