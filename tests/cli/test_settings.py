"""Settings: read from the environment, refused by name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from service.settings import BadSettingsError, Settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in os.environ:
        if name.startswith("FATHOM_") or name in ("RAY_ADDRESS", "XDG_DATA_HOME"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_home_is_in_the_users_data_folder_and_holds_the_database(tmp_path: Path) -> None:
    settings = Settings.read()

    assert settings.home == tmp_path / ".local/share/fathom"
    assert settings.database_url == f"sqlite:///{settings.home}/fathom.db"
    assert settings.registry_dir == settings.home / "datasets"


def test_the_environment_names_every_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FATHOM_HOME", "/srv/fathom")
    monkeypatch.setenv("FATHOM_MAX_RUNNING_SWEEPS", "3")
    monkeypatch.setenv("FATHOM_CPUS", "2")
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")

    settings = Settings.read()

    assert settings.home == Path("/srv/fathom")
    assert settings.database_url == "sqlite:////srv/fathom/fathom.db"
    assert (settings.max_running_sweeps, settings.cpus) == (3, 2)
    assert settings.ray_address == "10.0.0.1:6379"


def test_what_the_command_line_gives_goes_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FATHOM_PORT", "9000")
    monkeypatch.setenv("RAY_ADDRESS", "there:1")

    assert Settings.read(port=0).port == 0
    assert Settings.read(port=None).port == 9000
    assert Settings.read(ray_address="here:1").ray_address == "here:1"


def test_every_bad_value_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FATHOM_PORT", "70000")
    monkeypatch.setenv("FATHOM_LEASE_SECONDS", "nan")
    monkeypatch.setenv("FATHOM_CPUS", "all")

    with pytest.raises(BadSettingsError) as caught:
        Settings.read()

    names = [problem.partition(":")[0] for problem in caught.value.problems]
    assert sorted(names) == ["FATHOM_CPUS", "FATHOM_LEASE_SECONDS", "FATHOM_PORT"]
    assert "70000" in str(caught.value)


def test_settings_do_not_change() -> None:
    settings = Settings.read()

    with pytest.raises(ValidationError):
        setattr(settings, "port", 1)  # noqa: B010 - written plainly, mypy refuses it already
