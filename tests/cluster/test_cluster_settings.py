"""The settings of a cluster: a password from a file, a Ray cluster to join."""

import os
from pathlib import Path

import pytest

from service.cli.embedded import environment
from service.settings import BadSettingsError, Settings

URL = "postgresql+psycopg://fathom@db:5432/fathom"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("FATHOM_") or name == "RAY_ADDRESS":
            monkeypatch.delenv(name)
    monkeypatch.setenv("FATHOM_HOME", str(tmp_path))


@pytest.fixture
def password_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("s/e@c:r t\n")
    monkeypatch.setenv("FATHOM_DATABASE_PASSWORD_FILE", str(file))
    return file


def test_the_password_of_a_file_joins_the_url(
    monkeypatch: pytest.MonkeyPatch, password_file: Path
) -> None:
    monkeypatch.setenv("FATHOM_DATABASE_URL", URL)

    settings = Settings.read()

    from sqlalchemy import make_url

    assert make_url(settings.database_url) == make_url(URL).set(password="s/e@c:r t")
    assert "s/e@c:r t" not in repr(settings)


def test_a_child_gets_the_file_and_not_the_password(
    monkeypatch: pytest.MonkeyPatch, password_file: Path
) -> None:
    monkeypatch.setenv("FATHOM_DATABASE_URL", URL)

    given = environment(Settings.read())

    assert given["FATHOM_DATABASE_URL"] == URL
    assert given["FATHOM_DATABASE_PASSWORD_FILE"] == str(password_file)


def test_a_url_without_a_file_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FATHOM_DATABASE_URL", URL)

    assert Settings.read().database_url == URL


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_file_without_a_password_is_named(
    monkeypatch: pytest.MonkeyPatch, password_file: Path, content: str | None
) -> None:
    monkeypatch.setenv("FATHOM_DATABASE_URL", URL)
    password_file.unlink()
    if content is not None:
        password_file.write_text(content)

    with pytest.raises(BadSettingsError) as caught:
        Settings.read()

    assert str(caught.value).startswith("FATHOM_DATABASE_PASSWORD_FILE: ")


def test_a_password_for_a_file_of_sqlite_is_refused(password_file: Path) -> None:
    with pytest.raises(BadSettingsError) as caught:
        Settings.read()

    assert str(caught.value).startswith("FATHOM_DATABASE_URL: ")


@pytest.mark.parametrize(
    ("address", "own_node", "joined"),
    [
        ("head:6379", "1", "head:6379"),
        ("head:6379", "0", None),
        ("auto", "1", None),
        ("", "1", None),
    ],
)
def test_a_cluster_is_joined_unless_this_machine_is_a_node_of_it(
    monkeypatch: pytest.MonkeyPatch, address: str, own_node: str, joined: str | None
) -> None:
    monkeypatch.setenv("FATHOM_RAY_ADDRESS", address)
    monkeypatch.setenv("FATHOM_RAY_NODE", own_node)

    assert Settings.read().joined_cluster == joined


def test_a_ray_client_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FATHOM_RAY_ADDRESS", "ray://head:10001")

    with pytest.raises(BadSettingsError, match="Ray Client"):
        Settings.read()
