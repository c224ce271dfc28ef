"""The fixtures of a served API."""

from tests.api.fixtures import database, http, live_server, shared_database, url

__all__ = ["database", "http", "live_server", "shared_database", "url"]
