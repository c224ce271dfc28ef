"""From text to a spec, with every issue in the text at once."""

import copy
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from service.enums import Media
from service.spec.errors import SpecError, SpecIssue, shown
from service.spec.expansion.counting import size_issues
from service.spec.grammar.annotations import example
from service.spec.grammar.sweep_spec import SweepSpec
from service.spec.paths import plain, render
from service.spec.reading.documents import Document, Value, broken_text, refuse
from service.spec.reading.invalid_paths import InvalidPaths
from service.spec.reading.json_text import read_json
from service.spec.reading.messages import explain
from service.spec.reading.yaml_text import read_yaml
from service.spec.rules.checks import cross_issues

#: Rounds of putting stand-ins at issues. What is removed may have been required, and what
#: held nothing else is then an issue itself, so one issue can take as many rounds as levels.
_ROUNDS = 6


def parse(text: str | bytes, media: Media) -> SweepSpec:
    """Return the spec that a text says.

    Args:
        text: JSON, or YAML 1.2; bytes are UTF-8, with or without a byte-order mark.
        media: Which of the two.

    Raises:
        SpecError: Everything that is wrong with it, each with its path.
    """
    document = _read(text, media)
    if not isinstance(document.value, dict):
        message = "a spec must be a mapping with version, name, network and training"
        raise SpecError([SpecIssue("", shown(document.value), message)])
    return _validate(document)


def load(path: Path) -> SweepSpec:
    """Return the spec in a file: JSON if its name ends in ``.json``, else YAML.

    Raises:
        SpecError: As `parse`.
        OSError: The file cannot be read.
    """
    media = Media.JSON if path.suffix.lower() == ".json" else Media.YAML
    return parse(path.read_bytes(), media)


def _read(text: str | bytes, media: Media) -> Document:
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise refuse(f"must be UTF-8; byte {error.start} is not") from error
    text = text.removeprefix("\ufeff")
    return read_json(text) if media is Media.JSON else read_yaml(text)


def _validate(document: Document) -> SweepSpec:
    issues = [*document.issues]
    broken = broken_text(document.value)
    if broken:
        raise SpecError([*issues, *broken])
    try:
        spec = SweepSpec.model_validate(document.value)
    except ValidationError as error:
        issues.extend(explain(error, SweepSpec))
        raise SpecError([*issues, *_further(document.value, error)]) from None
    issues.extend(cross_issues(spec, InvalidPaths()))
    if issues:
        raise SpecError(issues)
    return spec


def _further(value: Value, error: ValidationError) -> list[SpecIssue]:
    """Return what else is wrong, judged with stand-ins at the places already known."""
    document = copy.deepcopy(value)
    invalid: set[str] = set()
    problem: ValidationError | None = error
    for _ in range(_ROUNDS):
        if problem is None:
            break
        for detail in problem.errors(include_url=False, include_context=False):
            loc = detail["loc"]
            stand_in = example(SweepSpec, loc) if detail["type"] == "missing" else None
            invalid.add(render(_replace(document, plain(loc), stand_in)))
        try:
            spec = SweepSpec.model_validate(document)
        except ValidationError as again:
            problem = again
        else:
            return _judge(spec, InvalidPaths(frozenset(invalid)))
    return []


def _judge(spec: SweepSpec, invalid: InvalidPaths) -> list[SpecIssue]:
    sizes = [each for each in size_issues(spec) if not invalid.touch(each.path)]
    return [*cross_issues(spec, invalid), *sizes]


#: Stand-ins for a rule and a link that cannot be read: they name nothing, and what is then
#: said about them is not passed on.
_LIST_STAND_INS: dict[str, Value] = {
    "when": {"if": {"?": 0}, "set": {"?": 0}},
    "link": ["?", "??"],
}


def _replace(document: Value, loc: Sequence[int | str], stand_in: Value) -> Sequence[int | str]:
    """Put a stand-in where an issue is, or remove the nearest key; return what is invalid."""
    if len(loc) > 1 and loc[0] in _LIST_STAND_INS and isinstance(loc[1], int):
        _set(document, loc[:2], _LIST_STAND_INS[str(loc[0])])
        return loc[:2]
    if stand_in is not None:
        _set(document, loc, stand_in)
    else:
        _remove(document, loc)
    return loc


def _set(document: Value, loc: Sequence[int | str], value: Value) -> None:
    *outer, last = loc
    owner = _at(document, outer)
    if (isinstance(owner, dict) and isinstance(last, str)) or (
        isinstance(owner, list) and isinstance(last, int) and last < len(owner)
    ):
        owner[last] = copy.deepcopy(value)  # type: ignore[index]  # each kind with its own index


def _remove(document: Value, loc: Sequence[int | str]) -> None:
    for end in range(len(loc), 0, -1):
        owner, key = _at(document, loc[: end - 1]), loc[end - 1]
        if isinstance(owner, dict) and isinstance(key, str):
            owner.pop(key, None)  # gone already, where two issues stand at one place
            return


def _at(document: Value, loc: Sequence[int | str]) -> Value:
    here = document
    for part in loc:
        if isinstance(here, dict) and isinstance(part, str):
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        else:
            return None
    return here
