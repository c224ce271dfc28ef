"""A served API over an empty database, for the tests of everything that speaks to it."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import delete

from service.store import Database, upgrade
from service.store.models import Sweep
from tests.api.live_server import LiveServer, dependencies_of, serving


@pytest.fixture(scope="session")
def shared_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path_factory.mktemp('shared')}/fathom.db"
    upgrade(url)
    database = Database(url)
    yield database
    database.dispose()


@pytest.fixture
def database(shared_database: Database) -> Database:
    # One for all tests, emptied for each: a new one compiles every statement again.
    with shared_database.write() as session:
        session.execute(delete(Sweep))
    return shared_database


@pytest.fixture(scope="session")
def live_server() -> Iterator[LiveServer]:
    # Likewise: starting and stopping takes longer than most tests.
    with serving() as server:
        yield server


@pytest.fixture
def url(live_server: LiveServer, database: Database) -> str:
    live_server.use(dependencies_of(database))
    return live_server.url


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False) as client:
        yield client
