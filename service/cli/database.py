"""Commands that migrate and check the database."""

import click

from service.cli.connection import FailedError


@click.group()
def db() -> None:
    """Migrate or check the database that FATHOM_DATABASE_URL names."""


@db.command("upgrade")
def upgrade_database() -> None:
    """Migrate the database to the schema of this version.

    Run it once before starting a new version of the service.
    """
    from sqlalchemy.exc import OperationalError

    from service.settings import BadSettingsError, Settings
    from service.store import StoreError, schema_revision, upgrade

    try:
        settings = Settings.read()
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        upgrade(settings.database_url)
        click.echo(f"the database has schema {schema_revision(settings.database_url)}")
    except OperationalError as error:
        raise FailedError(f"the database does not answer: {error.orig}") from error
    except (BadSettingsError, StoreError, OSError) as error:
        raise FailedError(str(error)) from error


@db.command("check")
def check_database() -> None:
    """Check that the database has this version's schema.

    The exit code is 0 if it has, 1 if not.
    """
    from service.settings import BadSettingsError, Settings
    from service.store import Database, StoreError, check_schema

    try:
        database = Database(Settings.read().database_url)
        check_schema(database)
        database.dispose()
    except (BadSettingsError, StoreError) as error:
        raise FailedError(str(error)) from error
    click.echo("the database has the schema of this version")
