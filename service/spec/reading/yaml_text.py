"""Read YAML 1.2 with the core schema, from the nodes that ruamel composes.

Events are checked on their way into ruamel's composer, so that depth, size, tags and aliases
inside what they name are refused before anything is built. Values are not made by ruamel's
constructor, which raises at the first repeated key and has timestamps, merge keys, ``1_000`` and
``0b1``. An alias is the value it names, not a copy: a page of aliases is small here, and
`documents.walk` refuses it for its full size. In the core schema ``1e-3`` is a number and ``yes``
is text.
"""

import re
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    NodeEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from ruamel.yaml.parser import Parser

from service.spec.errors import SpecIssue, shown
from service.spec.paths import render
from service.spec.reading.documents import (
    MAX_DEPTH,
    MAX_NODES,
    Document,
    Value,
    refuse,
    too_deep,
    too_large,
)

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def read_yaml(text: str) -> Document:
    """Return a YAML document.

    Raises:
        SpecError: It is no YAML (with line and column), more than one document, too large or
            too deep, or it uses tags.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Parser = _CheckedParser
    yaml.composer.warn_double_anchors = False
    builder = _Builder()
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = error.problem or error.context
        raise refuse(f"this is no YAML: {words}{_where(mark)}") from error
    except YAMLError as error:  # a character that YAML forbids
        raise refuse(f"this is no YAML: {' '.join(str(error).split())}") from error
    root = None if node is None else builder.value(node, ())
    return Document(root, tuple(builder.issues))


def _where(mark: StreamMark | None) -> str:
    return f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""


class _CheckedParser(Parser):
    """Refuses events that are no part of a spec before ruamel's composer sees them."""

    def __init__(self, loader: YAML) -> None:
        super().__init__(loader)
        self._nodes = 0
        self._documents = 0
        self._open: list[str | None] = []
        self._whole: set[str | None] = set()

    def get_event(self) -> Event:
        """Return the next event."""
        event: Event = super().get_event()
        if isinstance(event, NodeEvent):
            self._check(event)
        elif isinstance(event, CollectionEndEvent):
            self._whole.add(self._open.pop())
        elif isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise refuse("must be one document, not several")
        return event

    def _check(self, event: NodeEvent) -> None:
        if getattr(event, "ctag", None) is not None:
            raise refuse(f"tags are no part of a spec{_where(event.start_mark)}")
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise too_large()
        if isinstance(event, CollectionStartEvent):
            if len(self._open) >= MAX_DEPTH:
                raise too_deep()
            self._open.append(event.anchor)
            self._whole.discard(event.anchor)
        elif not isinstance(event, AliasEvent):
            self._whole.add(event.anchor)
        elif event.anchor not in self._whole:
            raise refuse(f"the alias *{event.anchor} names nothing{_where(event.start_mark)}")


@dataclass(slots=True)
class _Builder:
    issues: list[SpecIssue] = field(default_factory=list)
    _made: dict[Node, Value] = field(default_factory=dict)

    def value(self, node: Node, loc: tuple[int | str, ...]) -> Value:
        """Return the value of a node, made once however many aliases name it."""
        if node not in self._made:
            if isinstance(node, ScalarNode):
                quoted = node.style is not None
                self._made[node] = node.value if quoted else _resolve(node.value, node.start_mark)
            elif isinstance(node, MappingNode):
                self._made[node] = self._mapping(node, loc)
            else:
                entries = enumerate(node.value)
                self._made[node] = [self.value(each, (*loc, index)) for index, each in entries]
        return self._made[node]

    def _mapping(self, node: MappingNode, loc: tuple[int | str, ...]) -> dict[str, Value]:
        mapping: dict[str, Value] = {}
        for key_node, value_node in node.value:
            where = _where(key_node.start_mark)
            if not isinstance(key_node, ScalarNode):
                raise refuse(f"a key must be text{where}")
            key = self.value(key_node, loc)
            if not isinstance(key, str):
                message = f"a key must be text; write it in quotes{where}"
                self.issues.append(SpecIssue(render(loc), shown(key), message))
            elif key in mapping:
                message = f"this key is given more than once{where}"
                self.issues.append(SpecIssue(render((*loc, key)), shown(key), message))
            value = self.value(value_node, (*loc, str(key)))
            if isinstance(key, str):
                mapping.setdefault(key, value)
        return mapping


def _resolve(text: str, mark: StreamMark) -> Value:
    """Return the value of an unquoted scalar in YAML 1.2's core schema."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    try:
        return _number(text)
    except ValueError as error:  # an integer of more digits than Python reads
        where = _where(mark)
        raise refuse(f"a whole number has too many digits{where}") from error


def _number(text: str) -> Value:
    if _DECIMAL.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITE.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text
