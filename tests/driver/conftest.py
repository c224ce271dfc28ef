"""The store that tests of the driver use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store import Database, upgrade


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Give a migrated SQLite database of the test's own."""
    url = f"sqlite:///{tmp_path}/fathom.db"
    upgrade(url)
    database = Database(url)
    yield database
    database.dispose()
