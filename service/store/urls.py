"""Parse and check database URLs."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from service.store.errors import DatabaseUrlError

SQLITE = "sqlite"
POSTGRES = "postgresql+psycopg"


def parse_url(url: str) -> URL:
    """Return the parsed URL of a SQLite file or a PostgreSQL database.

    Raises:
        DatabaseUrlError: The URL has another form. The message names the accepted forms, and never
            contains a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The text is not shown: a password can be anywhere in it.
        raise DatabaseUrlError("...", "it is not a URL") from None
    issue = _issue(parsed)
    if issue:
        raise DatabaseUrlError(parsed.render_as_string(hide_password=True), issue)
    return parsed


def _issue(url: URL) -> str | None:
    """Return why a URL is not accepted; None if it is."""
    if url.drivername == SQLITE:
        return _sqlite_issue(url)
    if url.drivername == POSTGRES:
        return None if url.database else "it names no database"
    if url.drivername in {"postgresql", "postgres"}:
        return f"it does not name the driver (write {POSTGRES}://)"
    return f"{url.drivername!r} is not supported"


def _sqlite_issue(url: URL) -> str | None:
    if url.host:
        return "a path takes three slashes, an absolute one four"
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        # The driver, its children and the API are separate processes.
        return "a database in memory cannot be shared between processes"
    return "it takes no options" if url.query else None
