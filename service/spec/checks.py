"""What only the spec as a whole can get wrong: links, rules, draws, fields that need others."""

from collections.abc import Iterator

from service.spec.coordinates import sections_of
from service.spec.counting import draw_mistakes
from service.spec.errors import Mistake, shown
from service.spec.forms import GeneratedGrid
from service.spec.grammar import SweepSpec
from service.spec.links import link_mistakes
from service.spec.optimizers import Sgd
from service.spec.overrides import compile_rule
from service.spec.paths import overlap
from service.spec.sections import Network
from service.spec.suspects import Suspects
from service.spec.tree import Product, build, drawn_paths
from workers.contract import Activation


def cross_mistakes(spec: SweepSpec, suspects: Suspects) -> list[Mistake]:
    """Return the mistakes that no field has alone.

    Args:
        spec: A spec whose fields are valid, or stand-ins.
        suspects: The stand-ins, about which nothing is said.
    """
    found = [
        *link_mistakes(spec, suspects),
        *_rule_mistakes(spec),
        *_search_mistakes(spec, suspects),
        *_nesterov_mistakes(spec),
        *_slope_mistakes(spec),
    ]
    return [mistake for mistake in found if not suspects.touch(mistake.path)]


def _rule_mistakes(spec: SweepSpec) -> Iterator[Mistake]:
    for index, rule in enumerate(spec.when):
        yield from compile_rule(rule, f"when[{index}]")[1]


def _search_mistakes(spec: SweepSpec, suspects: Suspects) -> list[Mistake]:
    tree = Product(tuple(build(part, path) for path, part in sections_of(spec).items()))
    drawn = bool(drawn_paths(tree))
    if not drawn and suspects.touch_axes():
        return []
    return draw_mistakes(spec.search, drawn=drawn)


def _nesterov_mistakes(spec: SweepSpec) -> Iterator[Mistake]:
    """Refuse momentum that looks ahead where there is none, unless a rule could bring it."""
    if _is_overridden(spec, "training.optimizer"):
        return
    for place, optimizer in _variants(spec.training.optimizer, "training.optimizer"):
        if isinstance(optimizer, Sgd) and optimizer.nesterov is True and optimizer.momentum == 0:
            message = "needs a momentum above 0"
            yield Mistake(f"{place}.nesterov", shown(True), message)


def _slope_mistakes(spec: SweepSpec) -> Iterator[Mistake]:
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
            yield Mistake(f"{place}.slope", shown(_written(network.slope)), message)


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
