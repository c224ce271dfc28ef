"""`fathom init-env`: what `docker compose up` needs and a repository must not hold."""

import os
import secrets
from pathlib import Path

import click

from service.cli.connection import FailedError

ENV_FILE = ".env"
SECRETS_DIR = "secrets"
SECRET_FILES = ("postgres_password", "ray_token")

_ENV = """\
# Read by docker compose; docs/cluster.md tells what else may stand here.

# Names containers, networks and volumes: another name is another, empty service.
COMPOSE_PROJECT_NAME=fathom

# The API's port on this machine, on loopback alone.
FATHOM_PORT=8000

# A host without a GPU leaves the reservation of GPUs out.
{compose_file}
"""
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
    """Write the secrets and the .env file of a cluster; a file that exists stays as it is."""
    text = _ENV.format(compose_file=_COMPOSE_FILE if cpu else f"# {_COMPOSE_FILE}")
    try:
        (folder / SECRETS_DIR).mkdir(mode=0o700, exist_ok=True)
        _write_once(folder / ENV_FILE, text)
        for name in SECRET_FILES:
            _write_once(folder / SECRETS_DIR / name, secrets.token_hex(32))
    except OSError as error:
        raise FailedError(str(error)) from error


def _write_once(file: Path, text: str) -> None:
    """Write a new file that every user may read and that nobody finds half written.

    The containers read it under a number of their own. On the host the folder of the secrets,
    which its owner alone may enter, keeps everybody else out.
    """
    aside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.chmod(0o644)
        # Unlike a rename, a link fails where there is a file.
        os.link(aside, file)
    except FileExistsError:
        click.echo(f"kept  {file}")
    else:
        click.echo(f"wrote {file}")
    finally:
        aside.unlink(missing_ok=True)
