"""Run all checks that read more than one part of a spec."""

from collections.abc import Iterator, Sequence

from service.spec.checks.fields import nesterov_issues, slope_issues
from service.spec.checks.links import groups_of, is_whole, length_issues, path_issues
from service.spec.errors import SpecIssue, shown
from service.spec.expansion.axis_tree import Leaf, Node, Product, drawn_paths, is_known, size
from service.spec.expansion.links import axes_of, factors
from service.spec.grammar.valid_fields import ValidFields, fields_of
from service.spec.rules.overrides import compile_conditions, compile_overrides


def cross_issues(spec: ValidFields) -> list[SpecIssue]:
    """Return the issues that arise between fields.

    Args:
        spec: The valid fields. A check that depends on another field reports nothing.
    """
    axes, link, when = axes_of(spec), spec.at("link"), spec.at("when")
    return [
        *path_issues(axes, link),
        *length_issues(axes, link),
        *_rule_issues(when),
        *_draw_issues(axes, spec.at("search.n")),
        *nesterov_issues(spec.at("training.optimizer"), when),
        *slope_issues(spec.at("network"), when),
    ]


def least_size_issues(spec: ValidFields) -> list[SpecIssue]:
    """Return an issue if a spec asks for more trials than it allows.

    Args:
        spec: The valid fields. What is not valid counts as one value, so that the number of
            trials is a lower bound.
    """
    axes, link, limit = axes_of(spec), spec.at("link"), spec.at("limits.max_trials")
    branches = size(Product(_least_factors(axes, link)))
    count = (branches.plain + branches.drawn * _least(spec.at("search.n"))) * _least(
        spec.at("seeds")
    )
    if not isinstance(limit, int) or count <= limit:
        return []
    message = f"the spec asks for at least {count} trials, and allows {limit}"
    return [SpecIssue("limits.max_trials", shown(limit), f"{message}; raise it or ask for less")]


def _least_factors(axes: Sequence[Node], link: object) -> tuple[Node, ...]:
    if is_whole(link) and not any(path_issues(axes, link)):
        return factors(axes, [list(group.values()) for group in groups_of(link).values()])
    # Any lists of equal length may be linked once the links are corrected, so they count once.
    by_length = {len(node.rows): node for node in axes if isinstance(node, Leaf)}
    return (*by_length.values(), *(node for node in axes if not isinstance(node, Leaf)))


def _least(count: object) -> int:
    """Return a count or the length of a list; 1 for a value that is not valid or not given."""
    if isinstance(count, tuple):
        return len(count)
    return count if isinstance(count, int) else 1


def _rule_issues(when: object) -> Iterator[SpecIssue]:
    for index, rule in enumerate(when if isinstance(when, tuple) else ()):
        fields = fields_of(rule)
        if fields is None:
            continue
        conditions, overrides = fields.at("conditions"), fields.at("overrides")
        if isinstance(conditions, dict):
            yield from compile_conditions(conditions, f"when[{index}].if")[1]
        if isinstance(overrides, dict):
            yield from compile_overrides(overrides, f"when[{index}].set")[1]


def _draw_issues(axes: Sequence[Node], n: object) -> Iterator[SpecIssue]:
    """Yield an issue if draws are missing for a drawn axis, or given without one."""
    tree = Product(tuple(axes))
    drawn = bool(drawn_paths(tree))
    if drawn and n is None:
        message = "required: the number of draws, because an axis is drawn"
        yield SpecIssue("search.n", "", message)
    if not drawn and isinstance(n, int) and is_known(tree):
        message = "no axis is drawn; leave it out, or write uniform, log_uniform or choice"
        yield SpecIssue("search.n", shown(n), message)
