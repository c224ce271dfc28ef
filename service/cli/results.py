"""Commands that list, compare and draw results."""

from itertools import islice
from pathlib import Path

import click

from service.cli.chart_files import format_of, write_chart
from service.cli.connection import connect, echo_json, json_option, resolve, url_option
from service.schemas.comparisons import IntervalKind, Metric

_ID = click.argument("sweep_id", metavar="ID")
_metric = click.option(
    "--metric",
    type=click.Choice([metric.value for metric in Metric]),
    default=Metric.TRAIN_ERROR.value,
    show_default=True,
    help="Measured quantity.",
)
_at = click.option(
    "--at",
    default="final",
    show_default=True,
    help="When it is measured: final, best, or the number of an epoch.",
)


@click.command()
@_ID
@click.option(
    "--filter", "expression", help="Only trials such as 'depth >= 100 and outcome = \"diverged\"'."
)
@click.option("--order-by", help="Column to sort by; '-' before it for descending order.")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1), help="Most trials to list."
)
@json_option
@url_option
def trials(
    sweep_id: str,
    expression: str | None,
    order_by: str | None,
    limit: int,
    as_json: bool,
    url: str,
) -> None:
    """List a sweep's trials."""
    with connect(url) as client:
        found = client.trials(
            resolve(client, sweep_id),
            filter=expression,
            order_by=order_by,
            page_size=min(limit, 1000),
        )
        listed = tuple(islice(found, limit))
    if as_json:
        echo_json(listed)
        return
    from service.cli.tables import show_trials

    show_trials(listed)


@click.command()
@_ID
@click.option("--group-by", help="Columns that make the groups, separated by commas.")
@_metric
@_at
@click.option(
    "--ci",
    type=click.Choice([kind.value for kind in IntervalKind]),
    default=IntervalKind.T.value,
    show_default=True,
    help="Confidence interval: Student's t, or the percentile bootstrap.",
)
@click.option("--level", default=0.95, show_default=True, help="Nominal coverage of intervals.")
@click.option(
    "--filter", "expression", help="Only the trials of this expression (needs --group-by)."
)
@json_option
@url_option
def compare(
    sweep_id: str,
    group_by: str | None,
    metric: str,
    at: str,
    ci: str,
    level: float,
    expression: str | None,
    as_json: bool,
    url: str,
) -> None:
    """Compare the best configuration of each depth, or groups of trials.

    With --group-by, each group has the mean and the confidence interval over its trials. Intervals
    by the bootstrap are too narrow for few seeds: at 3 seeds, nominal 95 % are 74 %.
    """
    from service.cli import tables

    if group_by is None and expression is not None:
        raise click.UsageError("--filter needs --group-by")
    with connect(url) as client:
        sweep = resolve(client, sweep_id)
        if group_by is None:
            depths = client.compare_depth(sweep, metric=metric, at=at, ci=ci, level=level)
            echo_json(depths) if as_json else tables.show_depths(depths)
            return
        groups = client.compare(
            sweep, group_by=group_by, metric=metric, at=at, ci=ci, level=level, filter=expression
        )
        echo_json(groups) if as_json else tables.show_comparison(groups)


@click.command()
@_ID
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("depth.svg"),
    show_default=True,
    help="File to write; its name ends in .svg, .png or .vl.json.",
)
@_metric
@_at
@url_option
def plot(sweep_id: str, output: Path, metric: str, at: str, url: str) -> None:
    """Draw a chart of the best result against depth."""
    file_format = format_of(output)
    with connect(url) as client:
        sweep = resolve(client, sweep_id)
        chart = client.depth_chart(sweep, format=file_format, metric=metric, at=at)
    write_chart(output, chart)
    click.echo(f"wrote {output}")
