"""The application: routes, errors and the dependencies they are given."""

from fastapi import FastAPI

from service.api import problems
from service.api.dependencies import Dependencies
from service.api.routes import compare, datasets, events, health, sweeps, theory, trials
from service.api.spec_document import document_specs
from service.settings import Settings
from service.store import Database
from workers.datasets import shapes

_DESCRIPTION = """\
Sweeps over very deep feed-forward networks: how does training error change with depth?

Errors are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problems with a stable `code` and
every issue of the input. Lists come in pages: pass `next_page_token` as `page_token`; empty
ends. Numbers that are not finite do not occur: a diverged trial is an outcome.
"""


def create_app(dependencies: Dependencies) -> FastAPI:
    """Return an application with these dependencies; open nothing."""
    app = FastAPI(
        title="Fathom",
        version="1",
        description=_DESCRIPTION,
        # Its pages would load scripts from elsewhere for a login that does not exist.
        swagger_ui_oauth2_redirect_url=None,
        redoc_url=None,
    )
    app.state.dependencies = dependencies
    problems.install(app)
    for module in (sweeps, events, trials, compare, theory, datasets, health):
        app.include_router(module.router)
    document_specs(app)
    return app


def dependencies_from(settings: Settings) -> Dependencies:
    """Return the dependencies that settings describe.

    Raises:
        DatabaseUrlError: The database's URL cannot be used.
    """
    registry_dir = settings.registry_dir
    return Dependencies(
        database=Database(settings.database_url),
        datasets=lambda: shapes(registry_dir),
        max_trials=settings.max_trials,
        body_limit_bytes=settings.body_limit_bytes,
    )
