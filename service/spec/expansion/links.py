"""The factors of a sweep: its axes, with each group of linked lists joined to one."""

from collections.abc import Mapping, Sequence

from service.spec.expansion.axis_tree import Leaf, Node, build, flatten
from service.spec.expansion.coordinates import SECTIONS
from service.spec.grammar.valid_fields import ValidFields


def axes_of(spec: ValidFields) -> tuple[Node, ...]:
    """Return the axes of a spec in the grammar's order, before any link.

    Fields outside a list of variants are a node each; a list of variants is one node.
    """
    return flatten([build(spec.at(path), path) for path in SECTIONS])


def factors(axes: Sequence[Node], links: Sequence[Sequence[str]]) -> tuple[Node, ...]:
    """Return the factors whose product is the sweep, each group of linked axes as one.

    Args:
        axes: As `axes_of` returns them.
        links: Groups of paths. Where the lists of a group differ in length, which is an issue,
            the shortest counts, so that the number of trials can still be checked.
    """
    groups = {path: group for group in links for path in group}
    leaves = {leaf.paths[0]: leaf for leaf in axes if isinstance(leaf, Leaf)}
    linked: list[Node] = []
    for node in axes:
        group = groups.get(node.paths[0]) if isinstance(node, Leaf) else None
        if group is None:
            linked.append(node)
        elif isinstance(node, Leaf) and node.paths[0] == _first(group, leaves):
            linked.append(_join([leaves[path] for path in group if path in leaves]))
    return tuple(linked)


def _first(group: Sequence[str], leaves: Mapping[str, Leaf]) -> str:
    """Return the path of a group that comes first in the grammar; the group takes its place."""
    return next(path for path in leaves if path in group)


def _join(leaves: Sequence[Leaf]) -> Leaf:
    rows = zip(*(leaf.rows for leaf in leaves), strict=False)
    return Leaf(
        tuple(leaf.paths[0] for leaf in leaves),
        tuple(tuple(row[0] for row in together) for together in rows),
    )
