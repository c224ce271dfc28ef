"""`fathom init-env`: secrets of one's own, written once."""

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import main
from service.cli.init_env import SECRET_FILES


def init_env(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["init-env", "--dir", str(folder), *options])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_secrets_are_their_owners_on_the_host_and_readable_in_a_container(
    tmp_path: Path,
) -> None:
    result = init_env(tmp_path)

    assert result.exit_code == 0
    assert mode(tmp_path / "secrets") == 0o700
    for name in SECRET_FILES:
        file = tmp_path / "secrets" / name
        assert mode(file) == 0o644
        assert len(file.read_text()) == 64
        assert f"wrote {file}" in result.stdout
        assert file.read_text() not in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "secrets"]


def test_a_second_call_writes_nothing_and_restores_what_is_missing(tmp_path: Path) -> None:
    init_env(tmp_path)
    password, token = (tmp_path / "secrets" / name for name in SECRET_FILES)
    before = password.read_text()
    token.unlink()
    (tmp_path / ".env").write_text("FATHOM_PORT=9\n")

    result = init_env(tmp_path)

    assert password.read_text() == before
    assert (tmp_path / ".env").read_text() == "FATHOM_PORT=9\n"
    assert len(token.read_text()) == 64
    assert result.stdout.count("kept") == 2
    assert result.stdout.count("wrote") == 1


def test_two_clusters_share_no_secret(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        init_env(tmp_path / name)

    drawn = {
        (tmp_path / c / "secrets" / s).read_text() for c in ("one", "two") for s in SECRET_FILES
    }
    assert len(drawn) == 4


@pytest.mark.parametrize(("options", "given"), [((), False), (("--cpu",), True)])
def test_a_host_without_a_gpu_is_one_variable(
    tmp_path: Path, options: tuple[str, ...], given: bool
) -> None:
    init_env(tmp_path, *options)

    lines = (tmp_path / ".env").read_text().splitlines()
    assert ("COMPOSE_FILE=docker-compose.yml" in lines) is given
    assert ("# COMPOSE_FILE=docker-compose.yml" in lines) is not given


def test_a_folder_that_cannot_be_written_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("in the way")

    result = init_env(tmp_path)

    assert result.exit_code == 1
    assert "secrets" in result.stderr
