"""Check what a scheme of initial weights demands of the network and of the other factors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.planner.gains import MEASURED
from service.planner.networks import BUDGET_PATH, width_unit
from service.spec import Point, SpecIssue
from workers.contract import HOMOGENEOUS, Activation, Scheme


@dataclass(frozen=True, slots=True)
class _Demand:
    """Activations that a scheme is made for, and why no other one will do."""

    activations: frozenset[Activation]
    reason: str


_EXPONENT = _Demand(
    HOMOGENEOUS, "the Lyapunov exponent of other activations depends on the size of the signal"
)
_DEMANDS: Mapping[Scheme, _Demand] = {
    Scheme.LOOKS_LINEAR: _Demand(
        frozenset({Activation.RELU}), "mirrored units make a linear network of relu alone"
    ),
    Scheme.LYAPUNOV: _EXPONENT,
    Scheme.LYAPUNOV_SAMPLED: _EXPONENT,
}


def scheme_issues(point: Point) -> Iterator[SpecIssue]:
    """Yield an issue for each demand of a point's scheme that the point does not meet."""
    scheme = Scheme(point.text("init.scheme"))
    yield from _activation_issues(point, scheme)
    width = point.get("network.width")
    if BUDGET_PATH not in point and isinstance(width, int) and width % width_unit(point):
        message = f"{scheme} pairs every unit with its mirror image: use an even width"
        yield SpecIssue("network.width", str(width), message)
    if scheme is Scheme.LSUV:
        yield from _factor_issues(point)


def _activation_issues(point: Point, scheme: Scheme) -> Iterator[SpecIssue]:
    demand = _DEMANDS.get(scheme)
    activation = Activation(point.text("network.activation"))
    if demand is None or activation in demand.activations:
        return
    allowed = ", ".join(each for each in Activation if each in demand.activations)
    message = f"not for {activation}: {demand.reason}; use scheme rwi, or activation {allowed}"
    yield SpecIssue("init.scheme", f'"{scheme}"', message)


def _factor_issues(point: Point) -> Iterator[SpecIssue]:
    for name in ("g_in", "g_out"):
        factor = point.number(f"init.{name}")
        if factor != 1.0:
            yield SpecIssue(f"init.{name}", f"{factor:g}", f"{MEASURED}; leave {name} out")
