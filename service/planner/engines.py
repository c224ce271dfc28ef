"""Which engine runs a trial: by what each engine declares, never by a timing.

An engine that declares every trial stands last; the first that declares a trial runs it, so a
trial's engine is a function of its spec.
"""

from collections.abc import Callable, Mapping

from service.spec import Point
from workers.contract import EngineName


def _everything(point: Point) -> bool:
    return bool(point)


def _feed_forward(point: Point) -> bool:
    # Every activation, task, optimizer and precision: the conformance suite runs them all.
    return point["network.kind"] == "ffn"


_DECLARED: Mapping[EngineName, Callable[[Point], bool]] = {
    EngineName.PACKED: _feed_forward,
    EngineName.REFERENCE: _everything,
}


def engine_of(point: Point) -> EngineName:
    """Return the engine that runs a point's trials."""
    return next(name for name, declares in _DECLARED.items() if declares(point))
