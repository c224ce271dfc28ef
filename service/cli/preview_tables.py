"""Print the preview of a sweep, for `fathom submit --dry-run`."""

from collections.abc import Sequence

import click

from service.cli.formatting import NOTHING, duration, number
from service.cli.tables import TableColumn, columns_that_vary, show_table
from service.client import Preview, PreviewForecast, PreviewRow, TimeEstimate

#: Largest number of networks in the table; --json has all of them.
_SHOWN = 20
_ROW_COLUMNS = (
    ("kind", "kind"),
    ("depth", "depth"),
    ("width", "width"),
    ("activation", "activation"),
    ("init", "scheme"),
    ("relative g", "g_relative"),
    ("g", "g"),
    ("lr", "effective_lr"),
    ("seed", "seed"),
)
# Most sweeps hold these fixed; each is a column only where the shown trials differ in it.
_COLUMNS_THAT_VARY = (
    ("branch scale", "branch_scale"),
    ("gate bias", "gate_bias"),
    ("batch", "batch_size"),
    ("optimizer", "optimizer"),
    ("smoothing", "label_smoothing"),
)
_UNITS = ("", "K", "M", "G", "T", "P", "E")


def show_preview(preview: Preview) -> None:
    """Print a sweep's size, cost, first trials, predicted walks and warnings."""
    show_table([TableColumn("dry run"), TableColumn("")], _facts(preview))
    _show_rows(preview.rows)
    _show_forecasts(preview.configurations, preview.n_configurations)
    for warning in preview.warnings:
        click.echo(f"warning: {warning.message}")
    if preview.n_pending:
        click.echo(
            f"{preview.n_pending} of {len(preview.configurations)} predicted walks are still "
            "being simulated; run the command again for them"
        )
    elif not preview.warnings:
        click.echo(_all_clear(preview))


def _all_clear(preview: Preview) -> str:
    """Return the last line of a preview without warnings, which says what theory could check."""
    n_predicted = sum(each.drift is not None for each in preview.configurations)
    if n_predicted == 0:
        return "theory has no prediction for these networks"
    if n_predicted < preview.n_configurations:
        return (
            f"theory expects nothing to go wrong in the {n_predicted} of "
            f"{preview.n_configurations} networks that it predicts"
        )
    return "theory expects nothing to go wrong"


def scaled(value: int, unit: str) -> str:
    """Return a count with three digits and a decimal prefix, such as ``1.44 MB``."""
    size, prefix = float(value), 0
    # 999.5 would be printed as 1e+03.
    while size >= 999.5 and prefix < len(_UNITS) - 1:
        size, prefix = size / 1000.0, prefix + 1
    return f"{size:.3g} {_UNITS[prefix]}{unit}".rstrip()


def _facts(preview: Preview) -> list[tuple[str, str]]:
    parameters, memory = preview.parameters, preview.memory_bytes
    return [
        ("name", preview.name),
        ("trials", f"{preview.n_trials} ({_counted(preview.n_points, 'point')})"),
        ("configurations", _counted(preview.n_configurations, "distinct random network")),
        ("parameters", f"{_between(parameters.low, parameters.high, '')} per trial"),
        ("memory", f"{_between(memory.low, memory.high, 'B')} per trial"),
        ("arithmetic", f"{scaled(preview.flops_total, 'FLOP')} in all"),
        ("time", _time(preview.time)),
    ]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


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
    click.echo(f"\nfirst {_counted(len(rows), 'trial')}")
    shown = [*_ROW_COLUMNS[:1], *columns_that_vary(_COLUMNS_THAT_VARY, rows), *_ROW_COLUMNS[1:]]
    show_table(
        [TableColumn(title, right=True) for title, _ in shown],
        [[number(getattr(row, name)) for _, name in shown] for row in rows],
    )


def _show_forecasts(forecasts: Sequence[PreviewForecast], n_all: int) -> None:
    shown = forecasts[:_SHOWN]
    count = _counted(n_all, "configuration")
    if len(shown) < n_all:
        count = f"first {len(shown)} of {count}"
    click.echo(f"\npredicted ln(|delta_1| / |delta_D|), {count}, in nats")
    columns = [
        TableColumn("configuration"),
        TableColumn("trials", right=True),
        TableColumn("g", right=True),
        TableColumn("drift", right=True),
        TableColumn("spread", right=True),
        TableColumn("death", right=True),
        TableColumn("remark"),
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
    # A drift of exactly 0 comes out as some 1e-16 of either sign.
    return NOTHING if value is None else f"{value:+.3g}" if abs(value) > 1e-9 else "0"
