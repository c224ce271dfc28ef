"""The rules of ``when``: other values for the points where conditions hold.

A rule is compiled once, with every value validated by the field it overrides, and then applied
to each point. Conditions see a point as it was before any rule; a coordinate that a point does
not have meets no condition.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.spec.errors import SpecError, SpecIssue, shown
from service.spec.expansion.coordinates import ALTERNATIVES, KINDS
from service.spec.grammar.controls import OverrideRule
from service.spec.grammar.scalars import Scalar
from service.spec.rules.conditions import Predicate, predicates_of
from service.spec.rules.values import by_kind, coordinates_of, refuse_unknown

Coordinates = dict[str, Scalar]


@dataclass(frozen=True, slots=True)
class Override:
    """One value that a rule sets.

    Attributes:
        place: Where it stands in the spec.
        path: The coordinate or part it replaces.
        parts: The coordinates to put there, by kind of the surrounding part; under None for a
            path that lies in no such part.
        errors: Errors of the kinds that refuse the value.
    """

    place: str
    path: str
    parts: Mapping[str | None, Mapping[str, Scalar]]
    errors: Mapping[str, SpecError]

    def apply(self, coordinates: Coordinates) -> None:
        """Set the value in the coordinates of a point.

        Raises:
            SpecError: The network, optimizer or schedule of this point does not accept the value.
        """
        kind = _kind_at(self.path, coordinates)
        part = self.parts.get(kind)
        if part is None:
            error = self.errors.get(str(kind))
            raise SpecError(error.issues if error else [self._unknown_to(str(kind))])
        root = _root(self.path)
        for path in [path for path in coordinates if _within(root, path)]:
            del coordinates[path]
        coordinates.update(part)

    def _unknown_to(self, kind: str) -> SpecIssue:
        owner, _, name = self.path.rpartition(".")
        what = owner.rpartition(".")[2]
        message = f"the {what} {kind} has no {name}, and the rule holds for points that use it"
        return SpecIssue(self.place, "", message)


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule, ready for use."""

    predicates: tuple[tuple[str, Predicate], ...]
    overrides: tuple[Override, ...]

    def holds(self, written: Mapping[str, Scalar]) -> bool:
        """Return whether every condition holds for a point as it was written."""
        return all(
            path in written and predicate(written[path]) for path, predicate in self.predicates
        )


def compile_rule(rule: OverrideRule, place: str) -> CompiledRule:
    """Return a rule ready for use.

    Args:
        rule: A rule without issues.
        place: Where it stands, such as ``when[0]``.
    """
    predicates, _ = compile_conditions(rule.conditions, f"{place}.if")
    overrides, _ = compile_overrides(rule.overrides, f"{place}.set")
    return CompiledRule(predicates, overrides)


def compile_conditions(
    conditions: Mapping[str, object], place: str
) -> tuple[tuple[tuple[str, Predicate], ...], list[SpecIssue]]:
    """Return the predicates of a rule's conditions, and the conditions' issues.

    Args:
        conditions: Conditions by coordinate path.
        place: Where they stand, such as ``when[0].if``.
    """
    issues: list[SpecIssue] = []
    predicates: list[tuple[str, Predicate]] = []
    for path, condition in conditions.items():
        try:
            predicates.extend(predicates_of(path, condition, f"{place}.{path}"))
        except SpecError as error:
            issues.extend(error.issues)
    return tuple(predicates), issues


def compile_overrides(
    values: Mapping[str, object], place: str
) -> tuple[tuple[Override, ...], list[SpecIssue]]:
    """Return a rule's overrides, and their issues.

    Args:
        values: Values by coordinate path.
        place: Where they stand, such as ``when[0].set``.
    """
    issues: list[SpecIssue] = []
    overrides: list[Override] = []
    # Sorted, so that a whole mapping comes before its fields, in whatever order they are written.
    for path in sorted(values):
        try:
            overrides.append(_override(path, values[path], f"{place}.{path}"))
        except SpecError as error:
            issues.extend(error.issues)
    return tuple(overrides), [*issues, *_repeated_overrides(overrides)]


def _override(path: str, value: object, place: str) -> Override:
    refuse_unknown(path, place)
    owner, _, name = path.rpartition(".")
    if owner not in KINDS:
        return Override(place, path, {None: coordinates_of(path, value, place)}, {})
    if name == "kind":
        message = f"set the whole {owner}: another kind has other fields"
        raise SpecError([SpecIssue(place, shown(value), message)])
    parts, errors = by_kind(path, value, place)
    return Override(place, path, parts, errors)


def _kind_at(path: str, coordinates: Mapping[str, Scalar]) -> str | None:
    owner = path.rpartition(".")[0]
    return str(coordinates[f"{owner}.kind"]) if owner in KINDS else None


def _root(path: str) -> str:
    """Return the coordinate or mapping that a path sets: ``init.g`` for ``init.g.relative``."""
    owner = path.rpartition(".")[0]
    return owner if owner in ALTERNATIVES else path


def _within(root: str, path: str) -> bool:
    return path == root or path.startswith(f"{root}.")


def _repeated_overrides(overrides: Sequence[Override]) -> list[SpecIssue]:
    """Return an issue for each coordinate that a rule sets a second time."""
    seen: set[str] = set()
    issues = []
    for override in overrides:
        root = _root(override.path)
        if root in seen:
            issues.append(SpecIssue(override.place, "", f"this rule already sets {root}"))
        seen.add(root)
    return issues
