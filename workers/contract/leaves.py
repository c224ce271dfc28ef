"""Flat view of a configuration: its values by the names that columns and queries use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Final, get_args, get_origin, get_type_hints

from workers.contract.trials import Configuration, Network, TrialSpec
from workers.schedules import Schedule

_RENAMED: Final = {
    "training.learning_rate": "effective_lr",
    "training.optimizer.kind": "optimizer",
    "network.kind": "kind",
    "prediction.drift": "predicted_drift",
    "prediction.spread": "predicted_spread",
}
"""Names of leaves by path, where the field's name is ambiguous or clashes with another leaf."""


def leaves(configuration: Configuration) -> dict[str, object]:
    """Return every value of a configuration by its column name.

    Nested dataclasses are flattened; a `Schedule` is one value. A configuration without a
    prediction has neither ``predicted_drift`` nor ``predicted_spread``.
    """
    return dict(_walk(configuration, ""))


def with_leaves(configuration: Configuration, changes: Mapping[str, object]) -> Configuration:
    """Return a configuration with some leaves replaced.

    Args:
        configuration: Left unchanged.
        changes: New values by the names that `leaves` gives.

    Raises:
        KeyError: The configuration has no leaf of such a name.
    """
    left = dict(changes)
    changed: Configuration = _replaced(configuration, "", left)  # type: ignore[assignment]
    if left:
        raise KeyError(f"no such leaves: {', '.join(sorted(left))}")
    return changed


def varied(spec: TrialSpec, **changes: object) -> TrialSpec:
    """Return a trial with its id, its seed or leaves of its configuration replaced.

    Raises:
        KeyError: A keyword is neither ``trial_id``, ``seed`` nor a leaf.
    """
    own = {name: changes.pop(name) for name in ("trial_id", "seed") if name in changes}
    configuration = with_leaves(spec.configuration, changes)
    # Keywords are checked by name above; their types are up to the caller.
    return replace(spec, configuration=configuration, **own)  # type: ignore[arg-type]


def _walk(value: object, path: str) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, inner_path, inner in _parts(value, path):
        if _is_nested(inner):
            found += _walk(inner, inner_path)
        elif _is_leaf(inner_path, inner):
            found.append((name, inner))
    return found


def _replaced(value: object, path: str, changes: dict[str, object]) -> object:
    new: dict[str, object] = {}
    for name, inner_path, inner in _parts(value, path):
        if name in changes and _is_leaf(inner_path, inner):
            new[inner_path.rpartition(".")[2]] = changes.pop(name)
        elif _is_nested(inner):
            new[inner_path.rpartition(".")[2]] = _replaced(inner, inner_path, changes)
    return replace(value, **new)  # type: ignore[type-var]  # only dataclasses get here


def _parts(value: object, path: str) -> list[tuple[str, str, object]]:
    """Return the name, the dotted path and the value of each field of a dataclass."""
    parts = []
    for field in fields(value):  # type: ignore[arg-type]  # only dataclasses get here
        inner_path = f"{path}.{field.name}" if path else field.name
        name = _RENAMED.get(inner_path, field.name)
        parts.append((name, inner_path, getattr(value, field.name)))
    return parts


def _is_nested(value: object) -> bool:
    return is_dataclass(value) and not isinstance(value, Schedule)


def _is_leaf(path: str, value: object) -> bool:
    # `prediction` is a nested part even where it is None; its own fields are the leaves.
    return not _is_nested(value) and path != "prediction"


@dataclass(frozen=True, slots=True)
class LeafType:
    """Path and type of a leaf of a configuration.

    Attributes:
        path: Names of the nested fields, outermost first.
        type: Type of the value, without ``None``.
    """

    path: tuple[str, ...]
    type: type


def leaf_types(network_types: Iterable[type[Network]]) -> dict[str, LeafType]:
    """Return path and type of every leaf that a configuration can have, by name, in field order.

    Args:
        network_types: Dataclasses of the kinds of networks; each may add leaves.
    """
    found = dict(_types_in(Configuration, ""))
    for network_type in network_types:
        found |= dict(_types_in(network_type, "network"))
    return found


def _types_in(owner: type, path: str) -> list[tuple[str, LeafType]]:
    found: list[tuple[str, LeafType]] = []
    for name, hint in get_type_hints(owner).items():
        inner_path = f"{path}.{name}" if path else name
        # The first part of ``X | None``; a hint without arguments stands for itself.
        inner: type = next((each for each in get_args(hint) if each is not type(None)), hint)
        if get_origin(hint) is tuple:
            inner = tuple
        if is_dataclass(inner) and inner is not Schedule:
            found += _types_in(inner, inner_path)
        else:
            leaf = LeafType(tuple(inner_path.split(".")), inner)
            found.append((_RENAMED.get(inner_path, name), leaf))
    return found
