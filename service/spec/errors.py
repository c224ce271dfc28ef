"""The error of an invalid spec: one `SpecIssue` per place, all of them in one `SpecError`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class SpecIssue:
    """One thing to correct in a spec.

    Attributes:
        path: Where, such as ``network.depth[2]``; empty for the document as a whole.
        given: What was found there, as a short piece of JSON; empty where nothing was.
        message: What is allowed, in plain words.
    """

    path: str
    given: str
    message: str

    def __str__(self) -> str:
        place = f"{self.path}: " if self.path else ""
        given = f" (given: {self.given})" if self.given else ""
        return f"{place}{self.message}{given}"


class SpecError(Exception):
    """The spec cannot be read or run as it is written.

    Attributes:
        issues: All issues of the spec, at least one, none twice.
    """

    def __init__(self, issues: Iterable[SpecIssue]) -> None:
        self.issues = tuple(dict.fromkeys(issues))
        super().__init__(self.issues)

    def __str__(self) -> str:
        return "\n".join(str(issue) for issue in self.issues)


def shown(value: object) -> str:
    """Return a value as one short line of ASCII JSON, cut at 80 characters."""
    try:
        text = json.dumps(value, default=str)
    except (ValueError, RecursionError):  # an integer of thousands of digits, a deep nesting
        text = f"<{type(value).__name__}>"
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return text[: _SHOWN_CHARACTERS - 3] + "..."
