"""Options, error messages and abbreviated ids of the commands that call a service."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar
from uuid import UUID

import click
from pydantic import BaseModel

from service.client import Client, ProblemError, UnreachableError
from service.client.http import DEFAULT_URL

# Shorter prefixes are likely to fit several sweeps.
MIN_PREFIX = 4
_P = ParamSpec("_P")
_R = TypeVar("_R")


class RefusedError(click.ClickException):
    """The service refused the request."""

    exit_code = 2

    def __init__(self, error: ProblemError) -> None:
        lines = [f"{m.path}: {m.message} (given {m.given})" for m in error.issues]
        super().__init__("\n".join([str(error), *lines]))


class FailedError(click.ClickException):
    """The service or the command failed."""

    exit_code = 1


class NoServiceError(click.ClickException):
    """No service answers."""

    exit_code = 3

    def __init__(self, error: UnreachableError) -> None:
        super().__init__(f"{error}; start one with `fathom serve`, or give --url")


def url_option(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Add the option ``--url`` to a command."""
    return click.option(
        "--url",
        envvar="FATHOM_URL",
        default=DEFAULT_URL,
        show_default=True,
        show_envvar=True,
        help="URL of the service.",
    )(command)


def json_option(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Add the option ``--json`` to a command, for JSON in place of a table."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")(command)


@contextmanager
def connect(url: str) -> Iterator[Client]:
    """Yield a client without retries; its errors become messages and exit codes."""
    try:
        # No retries: at a terminal, a quick message that no service runs is better than a wait.
        with Client(url, retry_seconds=0) as client:
            yield client
    except UnreachableError as error:
        raise NoServiceError(error) from error
    except ProblemError as error:
        if error.status >= 500:
            raise FailedError(f"{error.problem.title}: {error}") from error
        raise RefusedError(error) from error


def resolve(client: Client, given: str) -> UUID:
    """Return a sweep's id, given the id or a unique prefix of at least four characters.

    Raises:
        click.UsageError: The prefix is too short, or fits no sweep or several.
    """
    try:
        return UUID(given)
    except ValueError:
        pass
    prefix = given.lower()
    if len(prefix) < MIN_PREFIX:
        raise click.UsageError(f"{given!r}: give at least {MIN_PREFIX} characters of the id")
    found = [sweep for sweep in client.list() if str(sweep.id).startswith(prefix)]
    if not found:
        raise click.UsageError(f"no sweep's id starts with {given!r}; `fathom ls` lists them")
    if len(found) > 1:
        ids = ", ".join(str(sweep.id) for sweep in found[:5])
        raise click.UsageError(f"{given!r} fits {len(found)} sweeps: {ids}")
    return found[0].id


def echo_json(value: BaseModel | tuple[BaseModel, ...]) -> None:
    """Print a schema, or a list of them, as JSON."""
    is_list = isinstance(value, tuple)
    models = value if isinstance(value, tuple) else (value,)
    # exclude_unset: a client must not add fields that the service did not send.
    dumped = [model.model_dump(mode="json", exclude_unset=True) for model in models]
    click.echo(json.dumps(dumped if is_list else dumped[0], indent=2, allow_nan=False))
