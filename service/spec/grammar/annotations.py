"""Find the part of the grammar that a location in a document belongs to.

Messages name the keys that a mapping may have and the value that a field needs. Both are read from
the models' annotations, so that messages agree with them.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, Discriminator, Tag, TypeAdapter
from pydantic.fields import FieldInfo

from service.spec.grammar.axis_forms import AxisForm
from service.spec.paths import is_tag


def allowed_keys(root: object, loc: Iterable[int | str]) -> tuple[str, ...]:
    """Return the keys that the mapping at a location may have, in the grammar's order.

    Args:
        root: The annotation that the location starts from.
        loc: A location of pydantic's, tags included.
    """
    return tuple(_fields(_annotation_at(root, loc)))


def description(root: object, loc: Iterable[int | str]) -> str:
    """Return the description of the field at a location; empty if it has none."""
    *outer, key = loc
    field = _fields(_annotation_at(root, outer)).get(str(key))
    return (field[1] or "") if field else ""


def has_form(annotation: object, tag: str) -> bool:
    """Return whether a field can be written in the form with a tag."""
    return _member(annotation, tag) is not None


# `object` and `Any` here: annotations are classes, unions and aliases alike.
@cache
def adapter(annotation: Any) -> TypeAdapter[object]:
    """Return the validator of an annotation, built once."""
    return TypeAdapter(annotation)


def annotation_of(info: FieldInfo) -> Any:
    """Return the annotation of a field with its metadata, which pydantic keeps apart."""
    return Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation


def chosen_member(annotation: object, value: object) -> object:
    """Return the member of a tagged union that a written value belongs to, without wrappers.

    Args:
        annotation: A union, of unions if need be. Anything else is its own only member.
        value: As written.
    """
    wrappers = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    for wrapper in wrappers:
        if isinstance(wrapper, Discriminator) and callable(wrapper.discriminator):
            tag = str(wrapper.discriminator(value))
            return chosen_member(_member(annotation, tag), value)
    return bare(annotation)


def is_model(annotation: object) -> TypeGuard[type[BaseModel]]:
    """Return whether an annotation is a model, the grammar's type of a mapping."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def names_by_key(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the names of a model's fields by the keys they have in a document, in order."""
    return {info.alias or name: name for name, info in model.model_fields.items()}


def _annotation_at(root: object, loc: Iterable[int | str]) -> object:
    annotation = root
    for part in loc:
        annotation = _below(annotation, part)
    return annotation


def _below(annotation: object, part: int | str) -> object:
    if is_tag(part):
        return _member(annotation, str(part))
    inner = bare(annotation)
    if isinstance(part, int):
        return _item(get_args(inner), part)
    if get_origin(inner) is dict:
        return get_args(inner)[1]
    field = _fields(inner).get(part)
    return field[0] if field else None


def _item(items: tuple[Any, ...], index: int) -> object:
    if not items:
        return None
    if len(items) == 2 and items[1] is Ellipsis:
        return items[0]
    return items[min(index, len(items) - 1)]


def _member(annotation: object, tag: str) -> object:
    """Return the member of a tagged union, whatever wraps the union."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    for member in get_args(annotation):
        if any(isinstance(extra, Tag) and extra.tag == tag for extra in get_args(member)[1:]):
            return member
    return None


def bare(annotation: object) -> object:
    """Return an annotation without its wrappers and without ``| None``."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in {Union, UnionType}:
        rest = [member for member in get_args(annotation) if member is not type(None)]
        return bare(rest[0]) if len(rest) == 1 else annotation
    return annotation


def _fields(annotation: object) -> Mapping[str, tuple[object, str | None]]:
    """Return the keys of a model or an axis form, each with annotation and description."""
    inner = bare(annotation)
    if is_model(inner):
        infos = {key: inner.model_fields[name] for key, name in names_by_key(inner).items()}
        return {key: (info.annotation, info.description) for key, info in infos.items()}
    form = get_origin(inner)
    if isinstance(form, type) and issubclass(form, AxisForm):
        key = form.tag.strip("<>")
        return {key: (form.__annotations__[key], None)}
    return {}
