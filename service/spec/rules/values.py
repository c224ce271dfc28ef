"""Values in rules, validated by the field of their path, as coordinates."""

from collections.abc import Mapping

from pydantic import ValidationError

from service.spec.errors import SpecError, SpecIssue, shown
from service.spec.expansion.axis_tree import Leaf, branches, build, flatten
from service.spec.expansion.coordinates import FIELDS, KINDS, annotation_at
from service.spec.grammar.annotations import adapter
from service.spec.grammar.axis_forms import Distribution
from service.spec.grammar.messages import explain
from service.spec.grammar.scalars import Scalar
from service.spec.paths import suggestion


def by_kind(
    path: str, value: object, place: str
) -> tuple[Mapping[str | None, Mapping[str, Scalar]], Mapping[str, SpecError]]:
    """Validate a value of a field of a network, optimizer or schedule for each kind that has it.

    Returns:
        The coordinates that the value stands for, by kind; and the errors of kinds that refuse it.

    Raises:
        SpecError: No kind accepts the value.
    """
    owner, _, name = path.rpartition(".")
    parts: dict[str | None, Mapping[str, Scalar]] = {}
    errors: dict[str, SpecError] = {}
    for kind, model in KINDS[owner].items():
        if name not in model.model_fields:
            continue
        try:
            parts[kind] = coordinates_of(path, value, place, kind)
        except SpecError as error:
            errors[kind] = error
    if not parts:
        raise next(iter(errors.values()))
    return parts, errors


def coordinates_of(
    path: str, value: object, place: str, kind: str | None = None
) -> Mapping[str, Scalar]:
    """Return the coordinates that a written value stands for.

    Args:
        path: One of `FIELDS`.
        value: As written.
        place: Where it stands in the spec.
        kind: Of the network, optimizer or schedule that ``path`` lies in; None anywhere else.

    Raises:
        SpecError: The field does not accept the value, or the value is an axis.
    """
    annotation = annotation_at(path, kind)
    try:
        validated = adapter(annotation).validate_python(value)
    except ValidationError as error:
        raise SpecError(explain(error, annotation, place, axes=False)) from None
    if path in _LISTS:
        return {path: _as_list(validated)}
    tree = build(validated, path)
    constant = all(isinstance(node, Leaf) and len(node.rows) == 1 for node in flatten([tree]))
    if isinstance(validated, tuple) or not constant:
        raise SpecError([SpecIssue(place, shown(value), "must be one value, not an axis")])
    return {
        key: each
        for branch in branches(tree)
        for key, each in branch.items()
        if not isinstance(each, Distribution)
    }


def _as_list(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else ()


#: Coordinates whose one value is a list.
_LISTS = frozenset({"training.optimizer.betas", "training.schedule.points"})


def refuse_unknown(path: str, place: str) -> None:
    """Raise a `SpecError` if a rule names a coordinate that does not exist."""
    if path not in FIELDS:
        message = f"no coordinate has this path{suggestion(path, FIELDS)}"
        raise SpecError([SpecIssue(place, shown(path), message)])
