"""The embedded service on PostgreSQL: the rows of SQLite."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.rows import Row, rows
from tests.e2e.service_process import serving

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEC = {
    "version": 1,
    "name": "both",
    "dataset": {"name": "digits"},
    "network": {"activation": "relu", "depth": [2, 12], "width": 24},
    "init": {"g": {"relative": [0.9, 1.0]}},
    "training": {"epochs": 4, "lr": 0.02, "schedule": {"kind": "cosine"}},
    "seeds": 2,
}


def run(home: Path, url: str) -> tuple[list[Row], list[Row]]:
    with serving(home, FATHOM_DATABASE_URL=url) as service:
        sweep = service.client.submit(json.dumps(SPEC))
        ended = service.client.wait(sweep.id, timeout_seconds=120, poll_seconds=0.2)
    assert ended.state == "completed"
    return rows(url, "both")


def test_the_rows_on_postgresql_are_those_on_sqlite(
    tmp_path: Path, create_postgres_database: Callable[[], str]
) -> None:
    for name in ("sqlite", "postgres"):
        (tmp_path / name).mkdir()

    on_sqlite = run(tmp_path / "sqlite", f"sqlite:///{tmp_path}/sqlite/fathom.db")
    on_postgres = run(tmp_path / "postgres", create_postgres_database())

    assert len(on_sqlite[0]) == 8
    assert on_postgres == on_sqlite
