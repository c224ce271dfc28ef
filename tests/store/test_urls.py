"""Database URLs."""

import pytest

from service.store import Database
from service.store.errors import DatabaseUrlError
from service.store.urls import parse_url


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///fathom.db",
        "sqlite:////var/lib/fathom/fathom.db",
        "postgresql+psycopg://user:secret@host:5432/fathom",
        "postgresql+psycopg:///fathom?host=%2Frun%2Fpostgresql",
    ],
)
def test_the_two_forms_are_accepted(url: str) -> None:
    assert parse_url(url).render_as_string(hide_password=False) == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://user:secret@host/fathom", "does not name the driver"),
        ("postgres://user:secret@host/fathom", "does not name the driver"),
        ("postgresql+psycopg2://user:secret@host/fathom", "is not supported"),
        ("postgresql+psycopg://user:secret@host", "names no database"),
        ("mysql://user:secret@host/fathom", "is not supported"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///file:secret?mode=memory&uri=true", "in memory"),
        ("sqlite:///fathom.db?mode=secret", "no options"),
        ("sqlite://fathom.db", "three slashes"),
        ("user:secret@host", "not a URL"),
        ("postgresql+psycopg://user:secret@host:port/fathom", "not a URL"),
        ("", "not a URL"),
    ],
)
def test_any_other_form_is_refused_with_both_forms_named_and_no_password(
    url: str, reason: str
) -> None:
    with pytest.raises(DatabaseUrlError) as raised:
        Database(url)

    message = str(raised.value)
    assert reason in message
    assert "sqlite:///PATH" in message
    assert "postgresql+psycopg://" in message
    if "@" in url:
        assert "secret" not in message
