"""The API on a real socket, served by a thread of the test's process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from service.api.app import create_app
from service.api.dependencies import Dependencies
from service.store import Database
from tests.query.sweep_rows import DATASETS

BODY_LIMIT = 64 * 1024


def dependencies_of(database: Database, *, max_trials: int = 100_000) -> Dependencies:
    return Dependencies(
        database=database,
        datasets=lambda: DATASETS,
        max_trials=max_trials,
        body_limit_bytes=BODY_LIMIT,
    )


NO_DEPENDENCIES = dependencies_of(Database("sqlite:////nowhere/at/all.db"))


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A served application; its dependencies may be replaced between two tests.

    Attributes:
        url: Where it listens.
        app: The application.
    """

    url: str
    app: FastAPI

    def use(self, dependencies: Dependencies) -> None:
        self.app.state.dependencies = dependencies


@contextmanager
def serving() -> Iterator[LiveServer]:
    """Serve an application, of no dependencies yet, for the length of the block."""
    app = create_app(NO_DEPENDENCIES)
    config = uvicorn.Config(
        app, port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield LiveServer(f"http://{host}:{port}", app)
    finally:
        server.should_exit = True
        thread.join()
