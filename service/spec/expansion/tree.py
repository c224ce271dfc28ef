"""A spec's axes as a tree: a mapping is the product of its fields, a list of mappings their union.

Counting a tree multiplies and adds; only `branches` writes the product out.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from service.spec.grammar.forms import Draw, GeneratedGrid
from service.spec.grammar.scalars import Plain, Scalar

#: Coordinates of one point, or of a part of one; a draw stands where values will be drawn.
Branch = Mapping[str, "Scalar | Draw"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """Values that are taken one after another, of one coordinate or of several linked ones.

    Attributes:
        paths: The coordinates.
        rows: Their values, at least one row.
    """

    paths: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A coordinate whose values are drawn."""

    path: str
    draw: Draw


@dataclass(frozen=True, slots=True)
class Product:
    """Every combination of the children's branches, the last child's fastest."""

    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Union:
    """The variants' branches, one variant after another."""

    variants: tuple["Node", ...]


Node = Leaf | Drawn | Product | Union


def build(value: object, path: str) -> Node:
    """Return the tree of what a spec holds at a path.

    Args:
        value: A validated section, mapping, axis or scalar.
        path: The coordinate path it stands at.
    """
    match value:
        case GeneratedGrid():
            return Leaf((path,), tuple((each,) for each in value.values()))
        case Draw():
            return Drawn(path, value)
        case BaseModel():
            return Product(tuple(_children(value, path)))
        case tuple() if any(isinstance(each, BaseModel) for each in value):
            return Union(tuple(build(each, path) for each in value))
        case tuple():
            return Leaf((path,), tuple((each,) for each in value))
        case str() | int() | float() | None:
            return Leaf((path,), ((value,),))
        case _:
            raise TypeError(f"{path} holds a {type(value).__name__}")


def _children(model: BaseModel, path: str) -> Iterator[Node]:
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        inner = f"{path}.{name}"
        if any(isinstance(extra, Plain) for extra in info.metadata):
            yield Leaf((inner,), ((value,),))
        else:
            yield build(value, inner)


def flatten(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return the factors of a product, with inner products dissolved and order kept."""
    flat: list[Node] = []
    for node in nodes:
        flat.extend(flatten(node.children) if isinstance(node, Product) else (node,))
    return tuple(flat)


@dataclass(frozen=True, slots=True)
class Size:
    """How many branches a tree has: with no drawn coordinate, and with some."""

    plain: int
    drawn: int


def size(node: Node) -> Size:
    """Return the number of branches without writing them out."""
    match node:
        case Leaf():
            return Size(len(node.rows), 0)
        case Drawn():
            return Size(0, 1)
        case Union():
            sizes = [size(variant) for variant in node.variants]
            return Size(sum(each.plain for each in sizes), sum(each.drawn for each in sizes))
        case Product():
            plain, total = 1, 1
            for each in map(size, node.children):
                plain *= each.plain
                total *= each.plain + each.drawn
            return Size(plain, total - plain)


def drawn_paths(node: Node) -> frozenset[str]:
    """Return the coordinates that are drawn in some branch."""
    match node:
        case Leaf():
            return frozenset()
        case Drawn():
            return frozenset({node.path})
        case Product():
            return frozenset().union(*map(drawn_paths, node.children))
        case Union():
            return frozenset().union(*map(drawn_paths, node.variants))


def branches(node: Node) -> Iterator[Branch]:
    """Yield every branch of a tree; as many as `size` says."""
    match node:
        case Leaf():
            for row in node.rows:
                yield dict(zip(node.paths, row, strict=True))
        case Drawn():
            yield {node.path: node.draw}
        case Union():
            for variant in node.variants:
                yield from branches(variant)
        case Product():
            yield from _combinations(flatten(node.children))


def _combinations(factors: Sequence[Node]) -> Iterator[Branch]:
    # Most factors have one branch, the same for every combination: merged once, not each time.
    lists = [list(branches(factor)) for factor in factors]
    constant: dict[str, Scalar | Draw] = {}
    for only in lists:
        if len(only) == 1:
            constant |= only[0]
    for combination in itertools.product(*(each for each in lists if len(each) > 1)):
        branch = dict(constant)
        for part in combination:
            branch.update(part)
        yield branch
