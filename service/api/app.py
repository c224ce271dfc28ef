"""Build the FastAPI application from its routes, error handlers and dependencies."""

from fastapi import FastAPI

from service.api import problems
from service.api.dependencies import Dependencies
from service.api.routes import claims, compare, datasets, events, health, sweeps, theory, trials
from service.api.spec_document import document_specs
from service.claims.files import read_claims
from service.settings import Settings
from service.store import Database
from workers.datasets import shapes

_DESCRIPTION = """\
Sweeps over very deep feed-forward networks: how does training error change with depth?

Errors are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problems with a stable `code` and
every issue of the input in `errors`. Lists come in pages: pass `next_page_token` as `page_token`
until it is empty. All numbers are finite: a loss that is not ends its trial as `diverged`.

The words of this API: `g` is the factor that multiplies the initial weights of the hidden layers.
The *walk* of a network is the log of its gradient norm from the last hidden layer back to the
first, `ln(|delta_1| / |delta_D|)`: its mean over random networks is the *drift*, its standard
deviation the *spread*. The *unbiased* g is the one at which the drift is 0.
"""


def create_app(dependencies: Dependencies) -> FastAPI:
    """Return an application with these dependencies; no connection is opened."""
    app = FastAPI(
        title="Fathom",
        version="1",
        description=_DESCRIPTION,
        # The API has no login, so it needs no redirect page; one page of documentation is enough.
        swagger_ui_oauth2_redirect_url=None,
        redoc_url=None,
    )
    app.state.dependencies = dependencies
    problems.install(app)
    for module in (sweeps, events, trials, compare, claims, theory, datasets, health):
        app.include_router(module.router)
    document_specs(app)
    return app


def dependencies_from(settings: Settings) -> Dependencies:
    """Return the application's dependencies as the settings describe them.

    Raises:
        DatabaseUrlError: The database's URL cannot be used.
    """
    registry_dir, claims_dir = settings.registry_dir, settings.claims_dir
    return Dependencies(
        database=Database(settings.database_url),
        datasets=lambda: shapes(registry_dir),
        claims=lambda: read_claims(claims_dir),
        max_trials=settings.max_trials,
        body_limit_bytes=settings.body_limit_bytes,
    )
