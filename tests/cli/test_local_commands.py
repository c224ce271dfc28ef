"""The commands that need no service: the database, data sets, help."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from service.cli import main


def fathom(home: Path, *arguments: object) -> Result:
    result = CliRunner(env={"FATHOM_HOME": str(home)}).invoke(main, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def test_help_comes_within_half_a_second() -> None:
    command = [sys.executable, "-m", "service.cli", "--help"]
    fastest = 9.0
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        fastest = min(fastest, time.perf_counter() - start)

    assert "submit" in done.stdout
    assert fastest < 0.5


@pytest.mark.parametrize(
    "command",
    [
        *("serve", "api", "driver", "db", "submit", "watch", "ls", "show"),
        *("cancel", "pause", "resume", "trials", "compare", "plot", "theory", "datasets"),
    ],
)
def test_every_command_has_help(tmp_path: Path, command: str) -> None:
    result = fathom(tmp_path, command, "--help")

    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")


def test_a_database_is_checked_upgraded_and_checked_again(tmp_path: Path) -> None:
    home = tmp_path / "new"
    home.mkdir()

    before, upgraded = fathom(home, "db", "check"), fathom(home, "db", "upgrade")

    assert (before.exit_code, upgraded.exit_code) == (1, 0)
    assert "fathom db upgrade" in before.stderr
    assert fathom(home, "db", "check").exit_code == 0


def test_a_bad_setting_is_named_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FATHOM_LEASE_SECONDS", "soon")

    for command in (["db", "check"], ["serve"], ["api"]):
        result = fathom(tmp_path, *command)
        assert result.exit_code == 1
        assert "FATHOM_LEASE_SECONDS" in result.stderr


def test_a_database_url_of_another_kind_is_told_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FATHOM_DATABASE_URL", "mysql://somewhere/fathom")

    result = fathom(tmp_path, "db", "upgrade")

    assert result.exit_code == 1
    assert "postgresql+psycopg://" in result.stderr


def test_a_data_set_is_registered_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    file = tmp_path / "d.npz"
    x = rng.normal(size=(20, 3))
    np.savez(file, train_x=x, eval_x=x, train_y=np.arange(20) % 2, eval_y=np.arange(20) % 2)

    first, second = (fathom(tmp_path, "datasets", "add", "mine", file) for _ in range(2))

    assert first.exit_code == 0
    assert "registered mine: 3 inputs, 2 classes, 20 + 20 samples" in first.stdout
    assert second.exit_code == 1
    assert "mine" in second.stderr


def test_a_file_that_is_no_data_set_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "d.npz"
    file.write_bytes(b"nothing")

    result = fathom(tmp_path, "datasets", "add", "mine", file)

    assert result.exit_code == 1
    assert "not an npz file" in result.stderr
