"""Write the .env file and the secrets that `docker compose up` reads."""

import os
import secrets
from pathlib import Path

import click

from service.cli.connection import FailedError

ENV_FILE = ".env"
SECRETS_DIR = "secrets"
SECRET_FILES = ("postgres_password", "ray_token")

_ENV = """\
# Read by docker compose; docs/cluster.md lists the other variables.

# Prefix of containers, networks and volumes; with another name a new, empty service starts.
COMPOSE_PROJECT_NAME=fathom

# Port of the API on this machine; other machines cannot reach it.
FATHOM_PORT=8000

# For a host without a GPU: docker-compose.override.yml, which reserves GPUs, is not read.
{compose_file}
"""
# Named alone, without docker-compose.override.yml, which reserves GPUs.
_COMPOSE_FILE = "COMPOSE_FILE=docker-compose.yml"


@click.command("init-env")
@click.option(
    "--dir",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help="Folder of docker-compose.yml.",
)
@click.option("--cpu", is_flag=True, help="The host has no GPU.")
def init_env(folder: Path, cpu: bool) -> None:
    """Write the secrets and the .env file of a cluster.

    Existing files are not changed.
    """
    text = _ENV.format(compose_file=_COMPOSE_FILE if cpu else f"# {_COMPOSE_FILE}")
    try:
        (folder / SECRETS_DIR).mkdir(mode=0o700, exist_ok=True)
        _write_once(folder / ENV_FILE, text)
        for name in SECRET_FILES:
            _write_once(folder / SECRETS_DIR / name, secrets.token_hex(32))
    except OSError as error:
        raise FailedError(str(error)) from error


def _write_once(file: Path, text: str) -> None:
    """Write a file that all users may read, unless it exists; it is never visible half written.

    The processes in the containers have other user ids, so the file must be readable for all. On
    the host only the owner can enter the folder of the secrets.
    """
    aside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.chmod(0o644)
        # A link, because unlike a rename it fails if the file exists.
        os.link(aside, file)
    except FileExistsError:
        click.echo(f"kept  {file}")
    else:
        click.echo(f"wrote {file}")
    finally:
        aside.unlink(missing_ok=True)
