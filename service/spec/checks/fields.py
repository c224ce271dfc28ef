"""Check fields that need another one: nesterov needs a momentum, a slope needs leaky_relu."""

from collections.abc import Iterator

from service.spec.errors import SpecIssue, shown
from service.spec.grammar.axis_forms import GeneratedGrid
from service.spec.grammar.optimizers import Sgd
from service.spec.grammar.valid_fields import INVALID, ValidFields, fields_of
from service.spec.paths import overlap
from workers.contract import Activation


def nesterov_issues(optimizer: object, when: object) -> Iterator[SpecIssue]:
    """Yield an issue for each SGD variant with nesterov and without momentum.

    Args:
        optimizer: ``training.optimizer``, as far as it is valid.
        when: The rules, as far as they are valid. If one sets a field of the
            optimizer, nothing is reported: it may set a momentum.
    """
    if _may_set(when, "training.optimizer"):
        return
    for place, each in _variants(optimizer, "training.optimizer"):
        if each.model is Sgd and each.at("nesterov") is True and each.at("momentum") == 0:
            yield SpecIssue(f"{place}.nesterov", shown(True), "needs a momentum above 0")


def slope_issues(network: object, when: object) -> Iterator[SpecIssue]:
    """Yield an issue for each network with a slope and without leaky_relu.

    Args:
        network: ``network``, as far as it is valid.
        when: The rules, as far as they are valid. If one sets a field of the network,
            nothing is reported: it may set the activation.
    """
    if _may_set(when, "network"):
        return
    for place, each in _variants(network, "network"):
        slope, activation = each.at("slope"), each.at("activation")
        is_given = "slope" in each.given and slope is not INVALID
        if is_given and not _may_be(activation, Activation.LEAKY_RELU):
            message = "only leaky_relu has a slope; leave it out"
            yield SpecIssue(f"{place}.slope", shown(_written(slope)), message)


def _variants(value: object, path: str) -> Iterator[tuple[str, ValidFields]]:
    """Yield the fields of a mapping, or of each mapping in a list, with its place."""
    if isinstance(value, tuple):
        entries = [(f"{path}[{index}]", entry) for index, entry in enumerate(value)]
    else:
        entries = [(path, value)]
    for place, entry in entries:
        fields = fields_of(entry)
        if fields is not None:
            yield place, fields


def _may_be(axis: object, value: object) -> bool:
    if axis is INVALID:
        return True
    members = axis if isinstance(axis, tuple) else getattr(axis, "choice", (axis,))
    return value in members


def _written(axis: object) -> object:
    return list(axis.values()) if isinstance(axis, GeneratedGrid) else axis


def _may_set(when: object, path: str) -> bool:
    """Return whether a rule sets something at, in or around a path.

    If ``when`` is no list, its rules are not known and may set anything. In a list, a rule
    without a valid ``set`` counts as setting nothing.
    """
    if not isinstance(when, tuple):
        return True
    rules = [fields for fields in map(fields_of, when) if fields is not None]
    sets = [rule.at("overrides") for rule in rules]
    return any(
        overlap(path, target)
        for overrides in sets
        if isinstance(overrides, dict)
        for target in overrides
    )
