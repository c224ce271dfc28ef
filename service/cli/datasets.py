"""Commands that list and register data sets."""

from pathlib import Path

import click

from service.cli.connection import (
    FailedError,
    connect,
    echo_json,
    json_option,
    url_option,
)


@click.group()
def datasets() -> None:
    """List data sets, or register one."""


@datasets.command("ls")
@json_option
@url_option
def list_datasets(as_json: bool, url: str) -> None:
    """List the data sets that specs may name."""
    with connect(url) as client:
        found = client.datasets()
    if as_json:
        echo_json(found)
        return
    from service.cli.tables import show_datasets

    show_datasets(found)


@datasets.command("add")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def add_dataset(name: str, file: Path) -> None:
    """Register a file under a name that specs can use.

    FILE is a .npz file with the arrays train_x and eval_x, and train_y and eval_y if there are
    labels. It is checked and copied to the home directory of the service on this machine.
    """
    from service.settings import BadSettingsError, Settings
    from workers.datasets import DatasetError, add

    try:
        shape = add(name, file, Settings.read().registry_dir).shape
    except (BadSettingsError, DatasetError, OSError) as error:
        raise FailedError(str(error)) from error
    click.echo(
        f"registered {shape.name}: {shape.n_inputs} inputs, {shape.n_classes} classes, "
        f"{shape.n_train} + {shape.n_eval} samples"
    )
