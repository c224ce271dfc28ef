"""What only the spec as a whole can get wrong: links, rules, draws, fields that need others."""

from collections.abc import Iterator

from service.spec.errors import SpecIssue, shown
from service.spec.expansion.coordinates import sections_of
from service.spec.expansion.counting import draw_issues
from service.spec.expansion.links import link_issues
from service.spec.expansion.tree import Product, build, drawn_paths
from service.spec.grammar.forms import GeneratedGrid
from service.spec.grammar.optimizers import Sgd
from service.spec.grammar.sections import Network
from service.spec.grammar.sweep_spec import SweepSpec
from service.spec.paths import overlap
from service.spec.reading.invalid_paths import InvalidPaths
from service.spec.rules.overrides import compile_rule
from workers.contract import Activation


def cross_issues(spec: SweepSpec, invalid: InvalidPaths) -> list[SpecIssue]:
    """Return the issues that no field has alone.

    Args:
        spec: A spec whose fields are valid, or stand-ins.
        invalid: The stand-ins, about which nothing is said.
    """
    found = [
        *link_issues(spec, invalid),
        *_rule_issues(spec),
        *_search_issues(spec, invalid),
        *_nesterov_issues(spec),
        *_slope_issues(spec),
    ]
    return [issue for issue in found if not invalid.touch(issue.path)]


def _rule_issues(spec: SweepSpec) -> Iterator[SpecIssue]:
    for index, rule in enumerate(spec.when):
        yield from compile_rule(rule, f"when[{index}]")[1]


def _search_issues(spec: SweepSpec, invalid: InvalidPaths) -> list[SpecIssue]:
    tree = Product(tuple(build(part, path) for path, part in sections_of(spec).items()))
    drawn = bool(drawn_paths(tree))
    if not drawn and invalid.touch_axes():
        return []
    return draw_issues(spec.search, drawn=drawn)


def _nesterov_issues(spec: SweepSpec) -> Iterator[SpecIssue]:
    """Refuse momentum that looks ahead where there is none, unless a rule could bring it."""
    if _is_overridden(spec, "training.optimizer"):
        return
    for place, optimizer in _variants(spec.training.optimizer, "training.optimizer"):
        if isinstance(optimizer, Sgd) and optimizer.nesterov is True and optimizer.momentum == 0:
            message = "needs a momentum above 0"
            yield SpecIssue(f"{place}.nesterov", shown(True), message)


def _slope_issues(spec: SweepSpec) -> Iterator[SpecIssue]:
    """Refuse a slope that no activation reads, unless a rule could bring one that does."""
    if _is_overridden(spec, "network"):
        return
    for place, network in _variants(spec.network, "network"):
        if (
            isinstance(network, Network)
            and "slope" in network.model_fields_set
            and not _may_be(network.activation, Activation.LEAKY_RELU)
        ):
            message = "only leaky_relu has a slope; leave it out"
            yield SpecIssue(f"{place}.slope", shown(_written(network.slope)), message)


def _variants(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, tuple):
        yield from ((f"{path}[{index}]", variant) for index, variant in enumerate(value))
    else:
        yield path, value


def _may_be(axis: object, value: object) -> bool:
    members = axis if isinstance(axis, tuple) else getattr(axis, "choice", (axis,))
    return value in members


def _written(axis: object) -> object:
    return list(axis.values()) if isinstance(axis, GeneratedGrid) else axis


def _is_overridden(spec: SweepSpec, path: str) -> bool:
    return any(overlap(path, target) for rule in spec.when for target in rule.overrides)
