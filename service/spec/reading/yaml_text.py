"""Read YAML 1.2 with the core schema, from ruamel's stream of events.

Values are built from events and not by ruamel's constructor: without recursion, so that deep
nesting is refused and not a crash; with the path of a repeated key; and with no tags, no
timestamps and no merge keys. An alias is the value it names, not a copy: a page of aliases is
small here, and `documents.walk` refuses it for its full size. In the core schema ``1e-3`` is a
number and ``yes`` is text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

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
    builder = _Builder()
    try:
        for event in _events(text):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = error.problem or error.context
        raise refuse(f"this is no YAML: {words}{_where(mark)}") from error
    except YAMLError as error:  # a character that YAML forbids
        raise refuse(f"this is no YAML: {' '.join(str(error).split())}") from error
    return Document(builder.root, tuple(builder.issues))


def _events(text: str) -> Iterator[Event]:
    yield from YAML(typ="safe", pure=True).parse(text)


def _where(mark: StreamMark | None) -> str:
    return f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""


@dataclass(slots=True)
class _Open:
    """A list or mapping that has begun. A mapping's ``key`` waits for its value."""

    value: list[Value] | dict[str, Value]
    anchor: str | None
    key: str | None = None
    keyed: bool = False


@dataclass(slots=True)
class _Builder:
    root: Value = None
    issues: list[SpecIssue] = field(default_factory=list)
    _stack: list[_Open] = field(default_factory=list)
    _anchors: dict[str, Value] = field(default_factory=dict)
    _nodes: int = 0
    _documents: int = 0

    def take(self, event: Event) -> None:
        """Add what one event says."""
        match event:
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise refuse("must be one document, not several")
            case ScalarEvent():
                self._scalar(event)
            case AliasEvent():
                self._alias(event)
            case SequenceStartEvent():
                self._open([], event)
            case MappingStartEvent():
                self._open({}, event)
            case SequenceEndEvent() | MappingEndEvent():
                self._close(event)

    def _scalar(self, event: ScalarEvent) -> None:
        _refuse_tag(event)
        quoted = event.style is not None
        value = event.value if quoted else _resolve(event.value, event)
        self._count()
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        self._put(value, event)

    def _alias(self, event: AliasEvent) -> None:
        if event.anchor not in self._anchors:
            raise refuse(f"the alias *{event.anchor} names nothing{_where(event.start_mark)}")
        self._count()
        self._put(self._anchors[event.anchor], event)

    def _open(self, value: list[Value] | dict[str, Value], event: NodeEvent) -> None:
        _refuse_tag(event)
        if self._expects_key():
            raise refuse(f"a key must be text{_where(event.start_mark)}")
        if len(self._stack) >= MAX_DEPTH:
            raise too_deep()
        self._stack.append(_Open(value, event.anchor))
        self._count()

    def _close(self, event: Event) -> None:
        closed = self._stack.pop()
        if closed.anchor is not None:
            self._anchors[closed.anchor] = closed.value
        self._put(closed.value, event)

    def _put(self, value: Value, event: Event) -> None:
        if not self._stack:
            self.root = value
            return
        top = self._stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif not top.keyed:
            top.key, top.keyed = self._key(value, top.value, event), True
        else:
            if top.key is not None:
                top.value[top.key] = value
            top.key, top.keyed = None, False

    def _key(self, key: Value, mapping: dict[str, Value], event: Event) -> str | None:
        """Return a key to use; None, and an issue, for one that cannot be used."""
        where = _where(event.start_mark)
        if not isinstance(key, str):
            message = f"a key must be text; write it in quotes{where}"
            self.issues.append(SpecIssue(self._path(), shown(key), message))
            return None
        if key in mapping:
            message = f"this key is given more than once{where}"
            self.issues.append(SpecIssue(self._path(key), shown(key), message))
            return None
        return key

    def _path(self, *last: str) -> str:
        loc: list[int | str] = []
        for opened in self._stack[:-1]:
            loc.append(len(opened.value) if isinstance(opened.value, list) else str(opened.key))
        return render((*loc, *last))

    def _expects_key(self) -> bool:
        return (
            bool(self._stack)
            and isinstance(self._stack[-1].value, dict)
            and (not self._stack[-1].keyed)
        )

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise too_large()


def _refuse_tag(event: NodeEvent) -> None:
    if getattr(event, "ctag", None) is not None or getattr(event, "tag", None) is not None:
        raise refuse(f"tags are no part of a spec{_where(event.start_mark)}")


def _resolve(text: str, event: Event) -> Value:
    """Return the value of an unquoted scalar in YAML 1.2's core schema."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    try:
        return _number(text)
    except ValueError as error:  # an integer of more digits than Python reads
        where = _where(event.start_mark)
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
