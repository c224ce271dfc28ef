"""A sweep's rows as texts of JSON, which are equal if and only if the rows are, bit for bit."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service.store.models import Trial
from service.store.models.roles import Role, columns_of

# JSON as the API sends it.
_Tree = dict[str, Any]
# Ids, attempts, times and hosts differ between runs of one sweep; all other fields must not.
_OWN = frozenset({"id", "sweep_id", "configuration_id", "attempt", *columns_of(Trial, Role.RUN)})


@dataclass(frozen=True, slots=True)
class Rows:
    """The trials of a sweep and their epochs, each row as JSON.

    JSON has every double as the shortest text that reads back as the same double.
    """

    trials: tuple[str, ...]
    epochs: tuple[str, ...]

    def difference(self, other: "Rows") -> str | None:
        """Return the first row in which two runs differ, or None."""
        for mine, theirs in ((self.trials, other.trials), (self.epochs, other.epochs)):
            if len(mine) != len(theirs):
                return f"{len(mine)} rows and {len(theirs)}"
            for one, two in zip(mine, theirs, strict=True):
                if one != two:
                    return f"\n  {one}\n  {two}"
        return None

    def __str__(self) -> str:
        return f"{len(self.trials)} trials, {len(self.epochs)} epochs"


def rows(url: str, sweep: UUID) -> Rows:
    """Read a sweep's rows, in the order of the plan."""
    trials, epochs = [], []
    for trial in _trials(url, sweep):
        trials.append(_plain(trial))
        found = _get(f"{url}/v1/trials/{trial['id']}/epochs")
        epochs += [f"{trial['number']} {_plain(epoch)}" for epoch in found["epochs"]]
    return Rows(tuple(trials), tuple(epochs))


@dataclass(frozen=True, slots=True)
class Place:
    """State and host of a trial; the host is empty before it has one."""

    state: str
    host: str


def hosts(url: str, sweep: UUID) -> dict[UUID, Place]:
    """Return state and host of every trial."""
    return {
        UUID(each["id"]): Place(each["state"], each["host"] or "") for each in _trials(url, sweep)
    }


def _trials(url: str, sweep: UUID) -> Iterator[_Tree]:
    token = ""
    while True:
        page = _get(f"{url}/v1/trials?sweep_id={sweep}&page_size=500{token}")
        yield from page["trials"]
        if not page.get("next_page_token"):
            return
        token = f"&page_token={page['next_page_token']}"


def _get(url: str) -> _Tree:
    with urllib.request.urlopen(url, timeout=30) as response:
        found: _Tree = json.load(response)
    return found


def _plain(row: _Tree) -> str:
    return json.dumps({name: value for name, value in row.items() if name not in _OWN})
