"""Write charts to files in the format that a file's name ends in."""

from pathlib import Path

import click

# The values of `service.charts.file_formats.ChartFormat`, whose module is not imported for a name.
_ENDINGS = ("vl.json", "svg", "png")


def format_of(path: Path) -> str:
    """Return the chart format that a file's name ends in, such as ``svg``.

    Raises:
        click.UsageError: The name ends in none of them.
    """
    for ending in _ENDINGS:
        if path.name.lower().endswith(f".{ending}"):
            return ending
    raise click.UsageError(f"{path}: the name must end in .svg, .png or .vl.json")


def write_chart(path: Path, content: bytes) -> None:
    """Write a chart's content to a file.

    Raises:
        click.FileError: The file cannot be written.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        raise click.FileError(str(path), error.strerror or str(error)) from error
