"""Read JSON, and report repeated keys, which Python's reader accepts."""

import json
from collections import Counter
from collections.abc import Sequence

from service.spec.errors import SpecIssue, shown
from service.spec.paths import render
from service.spec.reading.documents import Document, Value, refuse, too_deep, walk


class _Mapping(dict[str, Value]):
    """A JSON object, with the keys that are given more than once."""

    repeated: tuple[str, ...] = ()


def read_json(text: str) -> Document:
    """Return a JSON document. NaN and Infinity are read as numbers, for each field to refuse.

    Raises:
        SpecError: It is no JSON (with line and column), too large or too deep.
    """
    try:
        value = json.loads(text, object_pairs_hook=_mapping)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise refuse(f"this is no JSON: {error.msg} at {where}") from error
    except RecursionError as error:
        raise too_deep() from error
    except ValueError as error:  # an integer of more digits than Python reads
        raise refuse("a whole number has too many digits") from error
    return Document(value, tuple(_repeated_keys(value)))


def _mapping(pairs: Sequence[tuple[str, Value]]) -> _Mapping:
    mapping = _Mapping(pairs)
    if len(mapping) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        mapping.repeated = tuple(key for key, count in counts.items() if count > 1)
    return mapping


def _repeated_keys(value: Value) -> list[SpecIssue]:
    return [
        SpecIssue(render((*loc, key)), shown(key), "this key is given more than once")
        for loc, here in walk(value)
        if isinstance(here, _Mapping)
        for key in here.repeated
    ]
