"""Check linked axes: paths that exist, each a list and linked once, of equal lengths."""

from collections.abc import Iterator, Mapping, Sequence

from service.spec.errors import SpecIssue, shown
from service.spec.expansion.axis_tree import DrawnLeaf, Leaf, Node, Unknown
from service.spec.expansion.coordinates import FIELDS
from service.spec.paths import overlap, suggestion

#: The valid paths of each valid group, by the group's index and the path's position in it.
Groups = Mapping[int, Mapping[int, str]]


def groups_of(link: object) -> Groups:
    """Return the groups of ``link`` as far as they are valid."""
    groups = enumerate(link) if isinstance(link, tuple) else ()
    return {
        index: {position: path for position, path in enumerate(group) if isinstance(path, str)}
        for index, group in groups
        if isinstance(group, tuple)
    }


def is_whole(link: object) -> bool:
    """Return whether every path of ``link`` is text."""
    return isinstance(link, tuple) and all(
        isinstance(group, tuple) and all(isinstance(path, str) for path in group) for group in link
    )


def path_issues(axes: Sequence[Node], link: object) -> Iterator[SpecIssue]:
    """Yield an issue for each linked path that is no list, or linked twice.

    Args:
        axes: The axes, as far as they are valid.
        link: The field of the spec, as far as it is valid.
    """
    taken: dict[str, str] = {}
    for index, group in groups_of(link).items():
        for position, path in group.items():
            place = f"link[{index}][{position}]"
            problem = _problem(path, axes, taken)
            taken.setdefault(path, place)
            if problem:
                yield SpecIssue(place, shown(path), problem)


def length_issues(axes: Sequence[Node], link: object) -> Iterator[SpecIssue]:
    """Yield an issue for each group whose lists differ in length.

    Args:
        axes: The axes, as far as they are valid.
        link: The field of the spec, as far as it is valid.
    """
    sizes = {node.paths[0]: len(node.rows) for node in axes if isinstance(node, Leaf)}
    for index, group in groups_of(link).items():
        lengths = {path: sizes[path] for path in group.values() if sizes.get(path, 1) > 1}
        if len(set(lengths.values())) > 1:
            counts = ", ".join(f"{path} has {count}" for path, count in lengths.items())
            message = f"linked axes must have equal lengths; {counts}"
            yield SpecIssue(f"link[{index}]", shown(list(group.values())), message)


def _problem(path: str, axes: Sequence[Node], taken: Mapping[str, str]) -> str | None:
    if path in taken:
        return f"already linked at {taken[path]}; a path may be linked once"
    if path not in FIELDS:
        return f"no axis has this path{suggestion(path, FIELDS)}"
    if any(isinstance(node, Unknown) and overlap(path, node.path) for node in axes):
        return None
    for node in axes:
        if isinstance(node, DrawnLeaf) and node.path == path:
            return "must be a list, linspace or logspace; a drawn axis cannot be linked"
        if isinstance(node, Leaf) and node.paths[0] == path:
            few = "must be a list of at least two values, a linspace or a logspace"
            return few if len(node.rows) == 1 else None
    return "must be a list outside a list of variants"
