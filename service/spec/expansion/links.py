"""Linked axes: lists that advance together."""

from collections.abc import Mapping, Sequence

from service.spec.errors import SpecIssue, shown
from service.spec.expansion.coordinates import FIELDS, sections_of
from service.spec.expansion.tree import Drawn, Leaf, Node, build, flatten
from service.spec.grammar.sweep_spec import SweepSpec
from service.spec.paths import suggestion
from service.spec.reading.invalid_paths import InvalidPaths


def factors(spec: SweepSpec) -> tuple[Node, ...]:
    """Return the factors whose product is the sweep, each group of linked axes as one.

    Args:
        spec: A spec. Where its links have issues, the shortest list of a group decides, so
            that the size of the whole can still be judged.
    """
    flat = _flat(spec)
    groups = {path: group for group in spec.link for path in group}
    leaves = {leaf.paths[0]: leaf for leaf in flat if isinstance(leaf, Leaf)}
    linked: list[Node] = []
    for node in flat:
        group = groups.get(node.paths[0]) if isinstance(node, Leaf) else None
        if group is None:
            linked.append(node)
        elif isinstance(node, Leaf) and node.paths[0] == _first(group, leaves):
            linked.append(_join([leaves[path] for path in group if path in leaves]))
    return tuple(linked)


def link_issues(spec: SweepSpec, invalid: InvalidPaths) -> list[SpecIssue]:
    """Return what is wrong with a spec's links, as far as the rest of it is known."""
    nodes = {_path(node): node for node in _flat(spec) if isinstance(node, Leaf | Drawn)}
    issues: list[SpecIssue] = []
    taken: dict[str, str] = {}
    for index, group in enumerate(spec.link):
        lengths: dict[str, int] = {}
        for position, path in enumerate(group):
            place = f"link[{index}][{position}]"
            if invalid.touch(place):
                continue
            problem = _problem(path, nodes, taken, invalid)
            taken.setdefault(path, place)
            if problem:
                issues.append(SpecIssue(place, shown(path), problem))
            elif not invalid.touch(path):
                node = nodes[path]
                lengths[path] = len(node.rows) if isinstance(node, Leaf) else 0
        if len(set(lengths.values())) > 1:
            issues.append(_unequal(f"link[{index}]", group, lengths))
    return issues


def _flat(spec: SweepSpec) -> tuple[Node, ...]:
    return flatten([build(section, path) for path, section in sections_of(spec).items()])


def _first(group: Sequence[str], leaves: Mapping[str, Leaf]) -> str:
    """Return the path of a group that comes first in the grammar, where the group will stand."""
    return next(path for path in leaves if path in group)


def _join(leaves: Sequence[Leaf]) -> Leaf:
    rows = zip(*(leaf.rows for leaf in leaves), strict=False)
    return Leaf(
        tuple(leaf.paths[0] for leaf in leaves),
        tuple(tuple(row[0] for row in together) for together in rows),
    )


def _path(node: Leaf | Drawn) -> str:
    return node.path if isinstance(node, Drawn) else node.paths[0]


def _problem(
    path: str, nodes: Mapping[str, Leaf | Drawn], taken: Mapping[str, str], invalid: InvalidPaths
) -> str | None:
    if path in taken:
        return f"already linked at {taken[path]}; a path may be linked once"
    if path not in FIELDS:
        return f"no axis has this path{suggestion(path, FIELDS)}"
    if invalid.touch(path):
        return None
    node = nodes.get(path)
    if node is None:
        return "must be a list outside a list of variants"
    if isinstance(node, Drawn):
        return "must be a list, linspace or logspace; a drawn axis cannot be linked"
    if len(node.rows) > 1:
        return None
    return "must be a list of at least two values, a linspace or a logspace"


def _unequal(place: str, group: Sequence[str], lengths: Mapping[str, int]) -> SpecIssue:
    counts = ", ".join(f"{path} has {count}" for path, count in lengths.items())
    return SpecIssue(place, shown(list(group)), f"linked axes must have equal lengths; {counts}")
