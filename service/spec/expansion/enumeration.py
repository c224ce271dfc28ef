"""Expand a spec to its points, without seeds."""

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from service.spec.errors import SpecError, SpecIssue
from service.spec.expansion.axis_tree import Branch, Product, branches, drawn_paths
from service.spec.expansion.coordinates import DEFAULTS, defaults_of
from service.spec.expansion.counting import size_issues
from service.spec.expansion.draws import uniforms
from service.spec.expansion.links import axes_of, factors
from service.spec.expansion.point import Point
from service.spec.grammar.axis_forms import Distribution
from service.spec.grammar.scalars import Scalar
from service.spec.grammar.sweep_spec import SweepSpec
from service.spec.grammar.valid_fields import ValidFields
from service.spec.rules.overrides import CompiledRule, Coordinates, compile_rule
from workers.contract import Activation

_ABSENT = object()
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def points(spec: SweepSpec) -> list[Point]:
    """Return every point of a spec once, in the grammar's order, whatever the order of keys.

    Args:
        spec: As `service.spec.parse` returns it.

    Raises:
        SpecError: There are more trials than the spec allows (nothing is expanded then), or a
            rule sets a field that the network, optimizer or schedule of some point does not have.
    """
    too_many = size_issues(spec)
    if too_many:
        raise SpecError(too_many)
    rules = [compile_rule(rule, f"when[{index}]") for index, rule in enumerate(spec.when)]
    found: dict[str, Point] = {}
    issues: list[SpecIssue] = []
    for coordinates in _written(spec):
        try:
            _apply(rules, coordinates)
        except SpecError as error:
            issues.extend(error.issues)
            continue
        text = _canonical(coordinates)
        if text not in found:
            found[text] = Point(MappingProxyType(coordinates), text)
    if issues:
        raise SpecError(issues)
    return list(found.values())


def _written(spec: SweepSpec) -> Iterator[Coordinates]:
    """Yield the points before any rule is applied; a point with drawn axes once per draw."""
    tree = Product(factors(axes_of(ValidFields.of(spec)), spec.link))
    fractions = uniforms(spec.search, drawn_paths(tree))
    for branch in branches(tree):
        draws = {path: value for path, value in branch.items() if isinstance(value, Distribution)}
        if not draws:
            yield _scalars(branch)
            continue
        for index in range(spec.search.n or 0):
            yield _scalars(branch) | _drawn(draws, fractions, index)


def _scalars(branch: Branch) -> Coordinates:
    return {path: value for path, value in branch.items() if not isinstance(value, Distribution)}


def _drawn(
    draws: Mapping[str, Distribution], fractions: Mapping[str, Sequence[float]], index: int
) -> Coordinates:
    return {path: draw.quantile(fractions[path][index]) for path, draw in draws.items()}


def _apply(rules: Sequence[CompiledRule], coordinates: Coordinates) -> None:
    if rules:
        written = dict(coordinates)
        for rule in rules:
            if rule.holds(written):
                for override in rule.overrides:
                    override.apply(coordinates)
    # Points that differ in a slope that no activation reads are one trial.
    if coordinates["network.activation"] != Activation.LEAKY_RELU:
        coordinates["network.slope"] = DEFAULTS["network.slope"]


def _canonical(coordinates: Mapping[str, Scalar]) -> str:
    defaults = defaults_of(coordinates)
    return _ENCODE(
        {path: value for path, value in coordinates.items() if defaults.get(path, _ABSENT) != value}
    )
