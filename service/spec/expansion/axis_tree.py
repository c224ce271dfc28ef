"""A spec's axes as a tree: a mapping is the product of its fields, a list of mappings their union.

`size` counts by multiplying and adding; only `branches` makes the combinations.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from service.spec.grammar.axis_forms import Distribution, GeneratedGrid
from service.spec.grammar.scalars import ListValue, Scalar
from service.spec.grammar.valid_fields import Invalid, ValidFields

#: The coordinates of a point, or of a part of it; drawn ones have their `Distribution` as value.
Branch = Mapping[str, "Scalar | Distribution"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A list of values of one coordinate, or of rows of values of several linked ones.

    Attributes:
        paths: The coordinates.
        rows: Their values, at least one row.
    """

    paths: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]


@dataclass(frozen=True, slots=True)
class DrawnLeaf:
    """A coordinate whose values are drawn."""

    path: str
    distribution: Distribution


@dataclass(frozen=True, slots=True)
class Product:
    """All combinations of the children's branches; the last child varies fastest."""

    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class VariantUnion:
    """The variants' branches, one variant after another."""

    variants: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A coordinate or mapping without a valid value; it stands for at least one branch."""

    path: str


Node = Leaf | DrawnLeaf | Product | VariantUnion | Unknown


def build(value: object, path: str) -> Node:
    """Return the tree of the axes at a path of a spec.

    Args:
        value: A validated section, mapping, axis or scalar, or its valid parts.
        path: The coordinate path of the value.
    """
    match value:
        case GeneratedGrid():
            return Leaf((path,), tuple((each,) for each in value.values()))
        case Distribution():
            return DrawnLeaf(path, value)
        case Invalid():
            return Unknown(path)
        case BaseModel():
            return build(ValidFields.of(value), path)
        case ValidFields():
            return Product(tuple(_children(value, path)))
        case tuple() if any(isinstance(each, BaseModel | ValidFields | Invalid) for each in value):
            return VariantUnion(tuple(build(each, path) for each in value))
        case tuple():
            return Leaf((path,), tuple((each,) for each in value))
        case str() | int() | float() | None:
            return Leaf((path,), ((value,),))
        case _:
            raise TypeError(f"{path} holds a {type(value).__name__}")


def _children(fields: ValidFields, path: str) -> Iterator[Node]:
    for name, info in fields.model.model_fields.items():
        value = fields.at(name)
        inner = f"{path}.{name}"
        if isinstance(value, tuple) and any(
            isinstance(extra, ListValue) for extra in info.metadata
        ):
            yield Leaf((inner,), ((value,),))
        else:
            yield build(value, inner)
    # An unknown key may be an axis misspelt, so the tree is not fully known.
    yield from (Unknown(f"{path}.{key}") for key in fields.unknown)


def flatten(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return the factors of a product, with inner products dissolved and order kept."""
    flat: list[Node] = []
    for node in nodes:
        flat.extend(flatten(node.children) if isinstance(node, Product) else (node,))
    return tuple(flat)


@dataclass(frozen=True, slots=True)
class Size:
    """The number of a tree's branches: those with no drawn coordinate, and those with some."""

    plain: int
    drawn: int


def size(node: Node) -> Size:
    """Return the number of branches without writing them out; an `Unknown` counts as one."""
    match node:
        case Leaf():
            return Size(len(node.rows), 0)
        case Unknown():
            return Size(1, 0)
        case DrawnLeaf():
            return Size(0, 1)
        case VariantUnion():
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
    return frozenset(end.path for end in _ends(node) if isinstance(end, DrawnLeaf))


def is_known(node: Node) -> bool:
    """Return whether every coordinate of a tree has a valid value."""
    return not any(isinstance(end, Unknown) for end in _ends(node))


def _ends(node: Node) -> Iterator[Leaf | DrawnLeaf | Unknown]:
    match node:
        case Product():
            for child in node.children:
                yield from _ends(child)
        case VariantUnion():
            for variant in node.variants:
                yield from _ends(variant)
        case _:
            yield node


def branches(node: Node) -> Iterator[Branch]:
    """Yield every branch of a tree without unknown coordinates; `size` is their number."""
    match node:
        case Leaf():
            for row in node.rows:
                yield dict(zip(node.paths, row, strict=True))
        case DrawnLeaf():
            yield {node.path: node.distribution}
        case VariantUnion():
            for variant in node.variants:
                yield from branches(variant)
        case Unknown():
            raise TypeError(f"{node.path} has no valid value")
        case Product():
            yield from _combinations(flatten(node.children))


def _combinations(factors: Sequence[Node]) -> Iterator[Branch]:
    # Most factors have one branch, the same for every combination: merged once, not each time.
    lists = [list(branches(factor)) for factor in factors]
    constant: dict[str, Scalar | Distribution] = {}
    for only in lists:
        if len(only) == 1:
            constant |= only[0]
    for combination in itertools.product(*(each for each in lists if len(each) > 1)):
        branch = dict(constant)
        for part in combination:
            branch.update(part)
        yield branch
