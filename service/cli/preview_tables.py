"""What `fathom submit --dry-run` prints."""

from collections.abc import Sequence

import click

from service.cli.formatting import NOTHING, duration, number
from service.cli.tables import Column, show_table
from service.client import Preview, PreviewForecast, PreviewRow, TimeEstimate

#: Configurations in the table; the rest is in the JSON.
_SHOWN = 20
_UNITS = ("", "K", "M", "G", "T", "P", "E")


def show_preview(preview: Preview) -> None:
    """Print what a sweep would run and take, its predicted walks, and warnings."""
    show_table([Column("dry run"), Column("")], _facts(preview))
    _show_rows(preview.rows)
    _show_forecasts(preview.configurations, preview.n_configurations)
    for warning in preview.warnings:
        click.echo(f"warning: {warning.message}")
    if preview.n_pending:
        click.echo(
            f"{preview.n_pending} of {len(preview.configurations)} predicted walks are still "
            "being simulated; ask again"
        )
    elif not preview.warnings:
        click.echo("theory expects nothing to go wrong")


def scaled(value: int, unit: str) -> str:
    """Return a count with three digits and a decimal prefix, such as ``1.44 MB``."""
    size, prefix = float(value), 0
    while size >= 999.5 and prefix < len(_UNITS) - 1:
        size, prefix = size / 1000.0, prefix + 1
    return f"{size:.3g} {_UNITS[prefix]}{unit}".rstrip()


def _facts(preview: Preview) -> list[tuple[str, str]]:
    parameters, memory = preview.parameters, preview.memory_bytes
    return [
        ("name", preview.name),
        ("trials", f"{preview.n_trials} ({preview.n_points} points)"),
        ("configurations", f"{preview.n_configurations} distinct random networks"),
        ("parameters", f"{_between(parameters.low, parameters.high, '')} per trial"),
        ("memory", f"{_between(memory.low, memory.high, 'B')} per trial"),
        ("arithmetic", f"{scaled(preview.flops_total, 'FLOP')} in all"),
        ("time", _time(preview.time)),
    ]


def _time(time: TimeEstimate) -> str:
    if time.seconds is None:
        return time.remark
    low, high = time.seconds / time.error_factor, time.seconds * time.error_factor
    workers = "1 worker" if time.actors == 1 else f"{time.actors} workers"
    error = f"{duration(low)} to {duration(high)}"
    return f"{duration(time.seconds)} ({error}) on {workers}, {time.device}"


def _between(low: int, high: int, unit: str) -> str:
    return scaled(low, unit) if low == high else f"{scaled(low, unit)} to {scaled(high, unit)}"


def _show_rows(rows: Sequence[PreviewRow]) -> None:
    names = ("depth", "width", "activation", "scheme", "g_relative", "g", "effective_lr", "seed")
    titles = ("depth", "width", "activation", "init", "relative g", "g", "lr", "seed")
    click.echo(f"\nfirst {len(rows)} trials")
    show_table(
        [Column(title, right=True) for title in titles],
        [[number(getattr(row, name)) for name in names] for row in rows],
    )


def _show_forecasts(forecasts: Sequence[PreviewForecast], n_all: int) -> None:
    shown = forecasts[:_SHOWN]
    count = f"first {len(shown)} of {n_all}" if len(shown) < n_all else str(n_all)
    click.echo(f"\npredicted ln(|delta_1| / |delta_D|), {count} configurations, in nats")
    columns = [
        Column("configuration"),
        Column("trials", right=True),
        Column("g", right=True),
        Column("drift", right=True),
        Column("spread", right=True),
        Column("death", right=True),
        Column("remark"),
    ]
    rows = [
        (
            each.name,
            str(each.n_trials),
            number(each.g),
            _signed(each.drift),
            number(each.spread),
            number(each.death_probability),
            "being simulated" if each.pending else each.remark or "",
        )
        for each in shown
    ]
    show_table(columns, rows)


def _signed(value: float | None) -> str:
    # Below 1e-9 it is what rounding leaves of 0.
    return NOTHING if value is None else f"{value:+.3g}" if abs(value) > 1e-9 else "0"
