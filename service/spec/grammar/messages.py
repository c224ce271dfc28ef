"""Translate pydantic's errors to issues: the path, the given value, and what is allowed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from service.spec.errors import SpecIssue, shown
from service.spec.grammar.annotations import allowed_keys, description
from service.spec.paths import render, suggestion


def explain(
    error: ValidationError, root: object, prefix: str = "", *, axes: bool = True
) -> list[SpecIssue]:
    """Return the issues in a validation error of pydantic.

    Args:
        error: Error of the validation of a value against ``root``.
        root: The annotation that was validated against.
        prefix: Where the value stands in the document.
        axes: Whether an axis would be allowed there.
    """
    details = error.errors(include_url=False)
    return [_issue(_Place(root, prefix, axes, detail)) for detail in details if not is_echo(detail)]


@dataclass(frozen=True, slots=True)
class _Place:
    root: object
    prefix: str
    axes: bool
    detail: ErrorDetails

    @property
    def loc(self) -> tuple[int | str, ...]:
        return self.detail["loc"]

    @property
    def context(self) -> Mapping[str, object]:
        return self.detail.get("ctx", {})

    @property
    def given(self) -> object:
        return self.detail["input"]


def is_echo(detail: ErrorDetails) -> bool:
    """Return whether pydantic reports a list as too short only because an item is not valid."""
    # Pydantic counts a list's valid items only.
    shortest = detail.get("ctx", {}).get("min_length", 0)
    return detail["type"] == "too_short" and len(detail["input"]) >= shortest


def _issue(place: _Place) -> SpecIssue:
    special = _SPECIAL.get(place.detail["type"])
    if special is not None:
        return special(place)
    path = render(place.loc, place.prefix)
    return SpecIssue(path, shown(place.given), _words(place))


def _words(place: _Place) -> str:
    kind = place.detail["type"]
    template = _WORDS.get(kind)
    # Pydantic gives the bounds of floats as floats; a person reads "at least 0".
    bounds = {
        key: int(bound) if isinstance(bound, float) and bound.is_integer() else bound
        for key, bound in place.context.items()
    }
    words = template.format(**bounds) if template else place.detail["msg"].lower()
    if place.axes and kind in _AXIS_TYPES and place.loc[-1:] == ("<value>",):
        words += ", or an axis of them"
    return words


def _own(place: _Place) -> SpecIssue:
    """Return an issue from one of the grammar's own validators, already in plain words."""
    at = place.context["at"]
    given = place.given
    for part in at if isinstance(at, list) else ():
        given = given[part] if isinstance(given, list | tuple | dict) else None
    path = render((*place.loc, *at) if isinstance(at, list) else place.loc, place.prefix)
    return SpecIssue(path, shown(given), str(place.context["words"]))


def _unknown_key(place: _Place) -> SpecIssue:
    allowed = allowed_keys(place.root, place.loc[:-1])
    key = str(place.loc[-1])
    words = f"unknown key; allowed: {', '.join(allowed)}{suggestion(key, allowed)}"
    return SpecIssue(render(place.loc, place.prefix), shown(place.given), words)


def _missing(place: _Place) -> SpecIssue:
    holds = description(place.root, place.loc)
    words = f"required: {holds}" if holds else "required"
    return SpecIssue(render(place.loc, place.prefix), "", words)


def _choice(place: _Place) -> SpecIssue:
    """Return an issue for a name that an enum does not have."""
    allowed = re.findall(r"'([^']*)'", str(place.context["expected"]))
    words = f"one of {', '.join(allowed)}" if len(allowed) > 1 else f"must be {allowed[0]}"
    return SpecIssue(
        render(place.loc, place.prefix),
        shown(place.given),
        words + suggestion(str(place.given), allowed),
    )


def _literal(place: _Place) -> SpecIssue:
    if "'" in str(place.context["expected"]):
        return _choice(place)
    path = render(place.loc, place.prefix)
    return SpecIssue(path, shown(place.given), f"must be {place.context['expected']}")


def _form(place: _Place) -> SpecIssue:
    """Return an issue for an unknown axis form, or an unknown kind of a mapping."""
    tags = re.findall(r"<(\w+)>", str(place.context["expected_tags"]))
    path = render(place.loc, place.prefix)
    if "value" in tags:
        forms = ", ".join(f"{{{tag}: ...}}" for tag in tags[2:])
        return SpecIssue(path, shown(place.given), f"a value, a list of values or {forms}")
    given = place.given.get("kind") if isinstance(place.given, Mapping) else place.given
    words = f"one of {', '.join(tags)}"
    if given is None:
        return SpecIssue(f"{path}.kind", "", f"required: {words}")
    if isinstance(given, list):
        words += "; for several, write a list of mappings"
    return SpecIssue(f"{path}.kind", shown(given), words + suggestion(str(given), tags))


_SPECIAL: Mapping[str, Callable[[_Place], SpecIssue]] = {
    "fathom": _own,
    "extra_forbidden": _unknown_key,
    "unexpected_keyword_argument": _unknown_key,
    "missing": _missing,
    "enum": _choice,
    "literal_error": _literal,
    "union_tag_invalid": _form,
    "union_tag_not_found": _form,
}

_WORDS = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "string_unicode": "must be valid Unicode",
    "string_too_short": "is too short; characters needed: {min_length}",
    "string_too_long": "is too long; characters allowed: {max_length}",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "has too few entries; at least {min_length}",
    "too_long": "has too many entries; at most {max_length}",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "dataclass_type": "must be a mapping",
}

_AXIS_TYPES = frozenset({"int_type", "int_from_float", "float_type", "bool_type", "string_type"})
