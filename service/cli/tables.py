"""Print tables; rich, which takes long to import, is imported with the first one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from service.cli.formatting import (
    NOTHING,
    band,
    diverged,
    interval,
    measure,
    number,
    outcomes,
    percent,
    remarks,
    verdict,
)
from service.client import (
    DatasetRead,
    DepthBest,
    DepthComparison,
    GroupComparison,
    SweepRead,
    TrialRead,
)

if TYPE_CHECKING:
    from rich.text import Text


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table: its title, and whether its cells are aligned to the right."""

    title: str
    right: bool = False


def show_table(columns: Sequence[TableColumn], rows: Sequence[Sequence[str]]) -> None:
    """Print a table with aligned columns."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column.title, justify="right" if column.right else "left")
    for row in rows:
        # As plain text, because rich would read a name in brackets as markup.
        table.add_row(*(_plain(cell) for cell in row))
    # For a pipe rich assumes 80 columns and cuts cells, which the next program could not read.
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    console.print(table)


def _plain(text: str) -> "Text":
    from rich.text import Text

    return Text(text)


def show_sweeps(sweeps: Sequence[SweepRead]) -> None:
    """Print sweeps, one per row."""
    columns = [
        TableColumn("id"),
        TableColumn("name"),
        TableColumn("state"),
        TableColumn("trials", right=True),
        TableColumn("done", right=True),
        TableColumn("diverged", right=True),
        TableColumn("created (UTC)"),
    ]
    rows = [
        (
            str(sweep.id)[:8],
            sweep.name,
            sweep.state,
            str(sweep.n_trials),
            f"{sweep.progress:.0%}",
            str(sweep.counts.diverged),
            f"{sweep.created_at:%Y-%m-%d %H:%M}",
        )
        for sweep in sweeps
    ]
    show_table(columns, rows)


def show_sweep(sweep: SweepRead) -> None:
    """Print one sweep, one line per property."""
    tags = ", ".join(f"{name}={value}" for name, value in sweep.tags.items())
    rows = [
        ("id", str(sweep.id)),
        ("name", sweep.name),
        ("state", sweep.state + (f": {sweep.message}" if sweep.message else "")),
        ("trials", f"{sweep.counts.done} of {sweep.n_trials} ended ({outcomes(sweep.counts)})"),
        ("running", str(sweep.counts.running)),
        ("epochs", f"{sweep.epochs_done} of {sweep.epochs_total}"),
        ("priority", str(sweep.priority)),
        ("tags", tags or NOTHING),
        ("created", f"{sweep.created_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("ended", f"{sweep.ended_at:%Y-%m-%d %H:%M:%S} UTC" if sweep.ended_at else NOTHING),
    ]
    show_table([TableColumn("sweep"), TableColumn("")], rows)


_TRIAL_COLUMNS = (
    ("#", "number"),
    ("depth", "depth"),
    ("width", "width"),
    ("activation", "activation"),
    ("init", "scheme"),
    ("relative g", "g_relative"),
    ("g", "g"),
    ("lr", "lr"),
    ("seed", "seed"),
    ("epochs", "epochs_done"),
)
# Most sweeps hold these fixed; each is a column only where the listed trials differ in it.
_COLUMNS_THAT_VARY = (
    ("dataset", "dataset"),
    ("task", "task"),
    ("kind", "kind"),
    ("branch scale", "branch_scale"),
    ("c", "c"),
    ("filter", "filter"),
    ("frozen", "freeze"),
    ("gate bias", "gate_bias"),
    ("batch", "batch_size"),
    ("optimizer", "optimizer"),
    ("momentum", "momentum"),
    ("weight decay", "weight_decay"),
    ("schedule", "schedule_kind"),
    ("smoothing", "label_smoothing"),
    ("precision", "precision"),
)


def columns_that_vary(
    columns: Iterable[tuple[str, str]], rows: Iterable[object]
) -> list[tuple[str, str]]:
    """Return the columns, given as title and attribute, in which the rows differ."""
    rows = tuple(rows)
    return [each for each in columns if len({getattr(row, each[1]) for row in rows}) > 1]


def show_trials(trials: Sequence[TrialRead]) -> None:
    """Print trials, one per row, with their results and how they ended."""
    varying = columns_that_vary(_COLUMNS_THAT_VARY, trials)
    shown = [*_TRIAL_COLUMNS[:1], *varying, *_TRIAL_COLUMNS[1:]]
    columns = [TableColumn(title, right=True) for title, _ in shown]
    columns += [
        TableColumn("train error", right=True),
        TableColumn("train loss", right=True),
        TableColumn("end"),
    ]
    rows = [
        [
            *(number(getattr(trial, name)) for _, name in shown),
            measure(trial.final_train_error, "error"),
            measure(trial.final_train_loss, "loss"),
            _end(trial),
        ]
        for trial in trials
    ]
    show_table(columns, rows)


def _end(trial: TrialRead) -> str:
    if trial.outcome == "diverged":
        return f"diverged in epoch {trial.diverged_epoch}, step {trial.diverged_step}"
    if trial.message:
        return f"{trial.outcome}: {trial.message}"
    return trial.outcome or trial.state or NOTHING


def show_comparison(comparison: GroupComparison) -> None:
    """Print groups of trials, one per row, with means and intervals."""
    metric = comparison.metric
    columns = [
        *(TableColumn(name, right=True) for name in comparison.group_by),
        TableColumn("n", right=True),
        TableColumn(f"mean {metric} ± {percent(comparison.level)} interval", right=True),
        TableColumn("sd", right=True),
        TableColumn("median", right=True),
        TableColumn("min", right=True),
        TableColumn("max", right=True),
        TableColumn("remarks"),
    ]
    rows = [
        [
            *(number(group.by[name]) for name in comparison.group_by),
            str(group.n),
            interval(group.mean, group.ci_low, group.ci_high, metric),
            *(measure(v, metric) for v in (group.sd, group.median, group.min, group.max)),
            remarks(group),
        ]
        for group in comparison.groups
    ]
    show_table(columns, rows)
    _explain_intervals("trials", comparison)


def _explain_intervals(samples: str, comparison: DepthComparison | GroupComparison) -> None:
    of_what = f"{percent(comparison.level)} intervals of means over n {samples}"
    click.echo(f"{of_what} ({comparison.ci.label})")


def show_depths(comparison: DepthComparison) -> None:
    """Print the best configuration of each depth, one per row."""
    metric = comparison.metric
    names = _varying_axes(comparison.depths)
    columns = [
        TableColumn("depth", right=True),
        TableColumn("n", right=True),
        TableColumn(f"best mean {metric} ± {percent(comparison.level)} interval", right=True),
        TableColumn("against previous depth"),
        TableColumn("predicted walk, nats", right=True),
        *(TableColumn(name, right=True) for name in names),
        TableColumn("diverged at this depth"),
    ]
    rows = []
    for best in comparison.depths:
        rows.append(
            [
                str(best.depth),
                str(best.n),
                interval(best.mean, best.ci_low, best.ci_high, metric),
                verdict(best.better_than_previous, comparison.level),
                band(best.predicted_drift, best.predicted_spread),
                *(number((best.configuration or {}).get(name)) for name in names),
                diverged(best.n_diverged_at_depth, best.n_trials_at_depth),
            ]
        )
    show_table(columns, rows)
    _explain_intervals("seeds", comparison)
    found = [best for best in comparison.depths if best.configuration is not None]
    if found and all(best.predicted_drift is None for best in found):
        click.echo("theory has no prediction for these networks")


def _varying_axes(depths: Sequence[DepthBest]) -> list[str]:
    """Return the names of the axes in which the best configurations differ."""
    # A depth at which no trial has a value has no best configuration.
    found = [best.configuration for best in depths if best.configuration is not None]
    axes = found[0] if found else {}
    return [axis for axis in axes if len({each.get(axis) for each in found}) > 1]


def show_datasets(datasets: Sequence[DatasetRead]) -> None:
    """Print data sets, one per row."""
    columns = [
        TableColumn("name"),
        TableColumn("inputs", right=True),
        TableColumn("classes", right=True),
        TableColumn("train samples", right=True),
        TableColumn("eval samples", right=True),
    ]
    rows = [
        (d.name, str(d.n_inputs), str(d.n_classes or NOTHING), str(d.n_train), str(d.n_eval))
        for d in datasets
    ]
    show_table(columns, rows)
