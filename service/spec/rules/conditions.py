"""The conditions of a rule as predicates, each of one coordinate.

A condition is a value to equal or a comparison. Values are validated by the field of their path:
a condition on a misspelt name would never hold, and is refused.
"""

from collections.abc import Callable, Collection, Iterator, Mapping

from service.spec.errors import SpecError, SpecIssue, shown
from service.spec.expansion.coordinates import KINDS, is_number
from service.spec.grammar.controls import ComparisonCondition
from service.spec.grammar.scalars import Scalar
from service.spec.rules.values import by_kind, coordinates_of, refuse_unknown

Predicate = Callable[[Scalar], bool]


def predicates_of(path: str, condition: object, place: str) -> Iterator[tuple[str, Predicate]]:
    """Yield the predicates of a condition on a coordinate; all must hold.

    Args:
        path: The coordinate.
        condition: A value to equal, or a `ComparisonCondition`.
        place: Where the condition stands in the spec.

    Raises:
        SpecError: There is no such coordinate, or it cannot be compared with what is given.
    """
    refuse_unknown(path, place)
    if not isinstance(condition, ComparisonCondition):
        yield path, _equals(_scalar(path, condition, place))
        return
    given = condition.model_fields_set
    if not given:
        raise SpecError(
            [SpecIssue(place, "{}", "give a value, or one of eq, ne, lt, le, gt, ge, in")]
        )
    if "eq" in given:
        yield path, _equals(_scalar(path, condition.eq, f"{place}.eq"))
    if "ne" in given:
        yield path, _differs(_scalar(path, condition.ne, f"{place}.ne"))
    if "any_of" in given:
        yield (
            path,
            _is_among(
                frozenset(
                    _scalar(path, each, f"{place}.in[{index}]")
                    for index, each in enumerate(condition.any_of)
                )
            ),
        )
    for name in sorted(given & _ORDER.keys()):
        if not is_number(path):
            raise SpecError([SpecIssue(f"{place}.{name}", "", "only numbers can be ordered")])
        yield path, _ordered(_ORDER[name], getattr(condition, name))


def _equals(wanted: Scalar) -> Predicate:
    return lambda value: value == wanted


def _differs(wanted: Scalar) -> Predicate:
    return lambda value: value != wanted


def _is_among(wanted: frozenset[Scalar]) -> Predicate:
    return lambda value: value in wanted


def _ordered(compare: Callable[[float, float], bool], bound: float) -> Predicate:
    return lambda value: isinstance(value, int | float) and compare(value, bound)


_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    "lt": lambda value, bound: value < bound,
    "le": lambda value, bound: value <= bound,
    "gt": lambda value, bound: value > bound,
    "ge": lambda value, bound: value >= bound,
}


def _scalar(path: str, value: object, place: str) -> Scalar:
    """Return one value to compare a coordinate with, validated by its field."""
    owner, _, name = path.rpartition(".")
    if path in KINDS:
        raise SpecError([SpecIssue(place, shown(value), f"compare {path}.kind, or a field of it")])
    if owner in KINDS and name == "kind":
        return _kind(value, KINDS[owner], place)
    if owner in KINDS:
        part = next(iter(by_kind(path, value, place)[0].values()))
    else:
        part = coordinates_of(path, value, place)
    if path not in part:
        raise SpecError([SpecIssue(place, shown(value), f"compare {next(iter(part))} instead")])
    return part[path]


def _kind(value: object, kinds: Collection[str], place: str) -> str:
    if not isinstance(value, str) or value not in kinds:
        raise SpecError([SpecIssue(place, shown(value), f"one of {', '.join(kinds)}")])
    return value
