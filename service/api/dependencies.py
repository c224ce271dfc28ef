"""Dependencies of the routes: database sessions, data sets, limits and the simulation queue."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from service import store
from service.claims.files import Claim, read_claims
from service.services.simulations import Simulations
from service.settings import SHIPPED_CLAIMS
from service.store import Database
from workers.contract import DatasetShape


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The dependencies of one application.

    Attributes:
        database: The service's database.
        datasets: Returns the shapes of the data sets that specs may name, by name. Called for
            each request, because data sets can be registered while the service runs.
        max_trials: Largest number of trials in a sweep.
        body_limit_bytes: Size of the largest request body that is read.
        claims: Returns the claims that sweeps can judge, by name. Called for each request, because
            their files can be changed while the service runs.
        simulations: Queue of the walks that previews need simulated.
    """

    database: Database
    datasets: Callable[[], Mapping[str, DatasetShape]]
    max_trials: int
    body_limit_bytes: int
    claims: Callable[[], Mapping[str, Claim]] = lambda: read_claims(SHIPPED_CLAIMS)
    simulations: Simulations = field(default_factory=Simulations)


def dependencies_of(request: Request) -> Dependencies:
    """Return the dependencies of the application that serves a request."""
    dependencies: Dependencies = request.app.state.dependencies
    return dependencies


def _read_session(request: Request) -> Iterator[store.ReadSession]:
    with dependencies_of(request).database.read() as session:
        yield session


def _write_session(request: Request) -> Iterator[store.WriteSession]:
    with dependencies_of(request).database.write() as session:
        yield session


# scope="function" commits before the response leaves. FastAPI's default commits after it: a
# failed commit would follow a 202 that the client already has.
ReadSession = Annotated[store.ReadSession, Depends(_read_session, scope="function")]
WriteSession = Annotated[store.WriteSession, Depends(_write_session, scope="function")]
AppDependencies = Annotated[Dependencies, Depends(dependencies_of)]
