"""The values of a configuration as a flat mapping, under the names of columns and queries."""

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
"""Names of leaves by path where the field's name is taken by another leaf, or is too short."""


def leaves(configuration: Configuration) -> dict[str, object]:
    """Return every value of a configuration by its name in rows.

    Nested dataclasses are flattened; a `Schedule` is one value. A configuration without a
    prediction has neither ``predicted_drift`` nor ``predicted_spread``.
    """
    return dict(_walk(configuration, ""))


def with_leaves(configuration: Configuration, changes: Mapping[str, object]) -> Configuration:
    """Return a configuration with some leaves replaced, by the names that `leaves` gives.

    Raises:
        KeyError: A name is none of the configuration's leaves.
    """
    left = dict(changes)
    changed: Configuration = _replaced(configuration, "", left)  # type: ignore[assignment]
    if left:
        raise KeyError(f"no such leaves: {', '.join(sorted(left))}")
    return changed


def varied(spec: TrialSpec, **changes: object) -> TrialSpec:
    """Return a trial with its id, its seed or leaves of its configuration replaced.

    Raises:
        KeyError: A name is none of these.
    """
    own = {name: changes.pop(name) for name in ("trial_id", "seed") if name in changes}
    configuration = with_leaves(spec.configuration, changes)
    # The keywords are checked by name above, and not by type.
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
    # A prediction that there is not is a nested part without leaves, and no leaf itself.
    return not _is_nested(value) and path != "prediction"


@dataclass(frozen=True, slots=True)
class LeafType:
    """Place and type of a leaf of a configuration.

    Attributes:
        path: Names of the nested fields, outermost first.
        type: Its type without ``None``.
    """

    path: tuple[str, ...]
    type: type


def leaf_types(network_types: Iterable[type[Network]]) -> dict[str, LeafType]:
    """Return every leaf that a configuration can have, by name, in the order of the fields.

    Args:
        network_types: Dataclasses of all kinds of networks; each adds leaves of its own.
    """
    found = dict(_types_in(Configuration, ""))
    for network_type in network_types:
        found |= dict(_types_in(network_type, "network"))
    return found


def _types_in(owner: type, path: str) -> list[tuple[str, LeafType]]:
    found: list[tuple[str, LeafType]] = []
    for name, hint in get_type_hints(owner).items():
        inner_path = f"{path}.{name}" if path else name
        inner: type = next((each for each in get_args(hint) if each is not type(None)), hint)
        if get_origin(hint) is tuple:
            inner = tuple
        if is_dataclass(inner) and inner is not Schedule:
            found += _types_in(inner, inner_path)
        else:
            leaf = LeafType(tuple(inner_path.split(".")), inner)
            found.append((_RENAMED.get(inner_path, name), leaf))
    return found
