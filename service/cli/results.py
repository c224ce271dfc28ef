"""Commands that read results."""

from itertools import islice
from pathlib import Path

import click

from service.cli.connection import connect, echo_json, json_option, resolve, url_option
from service.schemas.comparisons import IntervalKind, Metric

_ID = click.argument("sweep_id", metavar="ID")
_metric = click.option(
    "--metric",
    type=click.Choice([metric.value for metric in Metric]),
    default=Metric.TRAIN_ERROR.value,
    show_default=True,
)
_at = click.option("--at", default="final", show_default=True, help="final, best, or an epoch.")


@click.command()
@_ID
@click.option("--filter", "expression", help="Such as 'depth >= 100 and outcome = \"diverged\"'.")
@click.option("--order-by", help="A column; '-' before it for descending.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="At most.")
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
@click.option("--group-by", help="Columns, separated by commas. Default: the best of every depth.")
@_metric
@_at
@click.option(
    "--ci",
    type=click.Choice([kind.value for kind in IntervalKind]),
    default=IntervalKind.T.value,
    show_default=True,
)
@click.option("--level", default=0.95, show_default=True, help="Nominal coverage of intervals.")
@click.option("--filter", "expression", help="Which trials (with --group-by).")
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
    """Compare groups of trials over their seeds, or, by default, the best of every depth.

    The bootstrap's interval covers too little for few seeds: 74 % at 3 for a nominal 95 %.
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
    help="A file ending in .svg, .png or .vl.json.",
)
@_metric
@_at
@url_option
def plot(sweep_id: str, output: Path, metric: str, at: str, url: str) -> None:
    """Draw the best result against depth into a file."""
    kinds = ("vl.json", "svg", "png")
    kind = next((kind for kind in kinds if output.name.lower().endswith(f".{kind}")), None)
    if kind is None:
        raise click.UsageError(f"{output}: the name must end in .svg, .png or .vl.json")
    with connect(url) as client:
        chart = client.depth_chart(resolve(client, sweep_id), format=kind, metric=metric, at=at)
    try:
        output.write_bytes(chart)
    except OSError as error:
        raise click.FileError(str(output), error.strerror or str(error)) from error
    click.echo(f"wrote {output}")
