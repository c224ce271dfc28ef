"""Read the files of claims: words, a spec in two sizes, and the rule that judges it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, JsonValue, ValidationError

from service.claims.errors import ClaimFileError
from service.claims.rule import ALGORITHM, Rule
from service.claims.statistics import STATISTICS
from service.enums import ClaimSize
from service.spec import Media, SpecError, SpecIssue, SweepSpec, parse
from service.spec.errors import shown
from service.spec.grammar.messages import explain
from service.spec.grammar.scalars import StrictModel
from service.spec.paths import suggestion
from service.spec.reading.documents import refuse_unusable
from service.spec.reading.yaml_text import read_yaml

_Mapping = dict[str, JsonValue]
_Words = Annotated[str, Field(min_length=1, max_length=4000)]


class _Laptop(StrictModel):
    patch: _Mapping = Field({}, description="changes of the spec")
    judge: _Mapping = Field({}, description="changes of the rule")
    time: _Words = Field(description="how long it takes, in words")


class _File(StrictModel):
    name: _Words = Field(description="the file's name without its ending")
    claim: _Words = Field(description="the claim in words")
    source: _Words = Field(description="arXiv:NUMBER, or ours")
    prediction: _Words = Field(description="what theory expects")
    judge: _Mapping = Field(description="a mapping with a statistic")
    spec: _Mapping = Field(description="the full-size sweep")
    time: _Words = Field(description="how long the full size takes, in words")
    laptop: _Laptop = Field(description="the laptop-sized version: patch, judge, time")


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedClaim:
    """A claim at one of its sizes.

    Attributes:
        size: The size.
        time: How long it takes, in words.
        spec: The sweep that is run.
        rule: The rule that judges it.
        judge: The rule as written.
    """

    size: ClaimSize
    time: str
    spec: SweepSpec
    rule: Rule
    judge: Mapping[str, JsonValue]

    @property
    def judge_hash(self) -> str:
        """SHA-256 of the rule with its defaults and of the statistics' version, in hex."""
        text = f"{ALGORITHM} {self.rule.model_dump_json()}"
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim as its file states it.

    Attributes:
        name: Name of the file without its ending.
        claim: The claim in words.
        source: Who claims it.
        prediction: What theory expects.
        sizes: The laptop-sized version and the full one.
    """

    name: str
    claim: str
    source: str
    prediction: str
    sizes: Mapping[ClaimSize, SizedClaim]


def read_claims(folder: Path) -> dict[str, Claim]:
    """Return the claims in a folder by name; a file is read again when it changes.

    Raises:
        ClaimFileError: A file is no claim; the error lists every issue of it.
        OSError: A file cannot be read.
    """
    found = (_unchanged(path, path.stat().st_mtime_ns) for path in sorted(folder.glob("*.yaml")))
    return {claim.name: claim for claim in found}


@lru_cache(maxsize=256)
def _unchanged(path: Path, _modified_ns: int) -> Claim:
    return read_claim(path)


def read_claim(path: Path) -> Claim:
    """Return the claim in a file.

    Raises:
        ClaimFileError: The file is no claim; the error lists every issue of it.
        OSError: The file cannot be read.
    """
    try:
        return _claim(path.stem, path.read_text("utf-8"))
    except SpecError as error:
        raise ClaimFileError(str(path), error.issues) from error


def merged(document: JsonValue, patch: JsonValue) -> JsonValue:
    """Return a document changed by a JSON merge patch (RFC 7386): null removes a key."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _claim(stem: str, text: str) -> Claim:
    document = read_yaml(text)
    refuse_unusable(document.value)
    if not isinstance(document.value, dict):
        words = "a claim must be a mapping with name, claim, source, prediction, judge and spec"
        raise SpecError([SpecIssue("", shown(document.value), words)])
    try:
        file = _File.model_validate(document.value)
    except ValidationError as error:
        raise SpecError([*document.issues, *explain(error, _File, axes=False)]) from error
    issues = list(document.issues)
    if file.name != stem:
        issues.append(SpecIssue("name", shown(file.name), f"must be the file's name, {stem}"))
    if issues:
        raise SpecError(issues)
    return Claim(
        name=file.name,
        claim=file.claim.strip(),
        source=file.source.strip(),
        prediction=file.prediction.strip(),
        sizes=_sizes(file),
    )


def _sizes(file: _File) -> dict[ClaimSize, SizedClaim]:
    """Return both sizes.

    Raises:
        SpecError: All issues of the full size or, if it has none, of the laptop's.
    """
    full = _sized(ClaimSize.FULL, file.time, file.spec, file.judge, ("spec", "judge"))
    laptop = _sized(
        ClaimSize.LAPTOP,
        file.laptop.time,
        merged(file.spec, file.laptop.patch),
        merged(file.judge, file.laptop.judge),
        ("spec with laptop.patch", "judge with laptop.judge"),
    )
    return {ClaimSize.LAPTOP: laptop, ClaimSize.FULL: full}


def _sized(
    size: ClaimSize, time: str, spec: JsonValue, judge: JsonValue, places: tuple[str, str]
) -> SizedClaim:
    # A patch that is a mapping makes a mapping.
    assert isinstance(spec, dict)
    assert isinstance(judge, dict)
    issues: list[SpecIssue] = []
    parsed = rule = None
    try:
        parsed = _spec(spec, places[0])
    except SpecError as error:
        issues += error.issues
    try:
        rule = _rule(judge, places[1])
    except SpecError as error:
        issues += error.issues
    if parsed is None or rule is None:
        raise SpecError(issues)
    return SizedClaim(size=size, time=time, spec=parsed, rule=rule, judge=judge)


def _spec(document: _Mapping, prefix: str) -> SweepSpec:
    try:
        return parse(json.dumps(document), Media.JSON)
    except SpecError as error:
        raise SpecError(_below(prefix, each) for each in error.issues) from error


def _below(prefix: str, issue: SpecIssue) -> SpecIssue:
    path = f"{prefix}.{issue.path}" if issue.path else prefix
    return SpecIssue(path, issue.given, issue.message)


def _rule(document: _Mapping, prefix: str) -> Rule:
    statistic = document.get("statistic")
    kind = STATISTICS.get(statistic) if isinstance(statistic, str) else None
    if kind is None:
        words = f"one of {', '.join(STATISTICS)}{suggestion(str(statistic), STATISTICS)}"
        given = "" if statistic is None else shown(statistic)
        raise SpecError([SpecIssue(f"{prefix}.statistic", given, words)])
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise SpecError(explain(error, kind, prefix, axes=False)) from error
