"""The command that predicts the gradient norm of random networks, without a service."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.chart_files import format_of, write_chart
from service.cli.connection import echo_json, json_option
from service.cli.formatting import NOTHING, number

if TYPE_CHECKING:
    from service.schemas.theory import TheoryGain, TheoryWalk


@click.command()
@click.argument("activation")
@click.option("--width", required=True, type=int, help="Units per hidden layer.")
@click.option("--depth", required=True, type=int, help="Number of hidden layers.")
@click.option("--g", type=float, help="Factor of the hidden matrices. Default: the unbiased g.")
@click.option(
    "--weights",
    type=click.Choice(("gaussian", "orthogonal")),
    default="gaussian",
    show_default=True,
    help="Distribution of the hidden matrices.",
)
@click.option(
    "--slope", default=0.01, show_default=True, help="Slope of leaky_relu for negative inputs."
)
@click.option(
    "--plot",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Draw the prediction by layer; the name ends in .svg, .png or .vl.json.",
)
@json_option
def theory(
    activation: str,
    width: int,
    depth: int,
    g: float | None,
    weights: str,
    slope: float,
    output: Path | None,
    as_json: bool,
) -> None:
    """Predict the log gradient norm of random networks.

    ACTIVATION is the nonlinearity of the hidden layers, such as relu or tanh. The prediction is
    exact for linear, relu and leaky_relu. Other activations are simulated on this machine, which
    takes seconds the first time.
    """
    # Imported here because it loads scipy, which few other commands need.
    from rwinit import RwinitError
    from service.query.errors import QueryError
    from service.services import theory as predicted

    file_format = None if output is None else format_of(output)
    try:
        # With a g given, the unbiased g is not computed: it takes time and need not exist.
        gain = (
            predicted.gain(activation, width, depth, weights=weights, slope=slope)
            if g is None
            else None
        )
        walk = predicted.walk(activation, width, depth, g=g, weights=weights, slope=slope)
    except (RwinitError, QueryError) as error:
        raise click.UsageError(str(error)) from error
    if output is not None and file_format is not None:
        _draw(walk, output, file_format)
    if as_json:
        echo_json(walk)
        return
    _show(walk, gain)
    if output is not None:
        click.echo(f"wrote {output}")


def _draw(walk: "TheoryWalk", output: Path, file_format: str) -> None:
    from service.charts.file_formats import ChartFormat, encode
    from service.charts.walk_band import walk_band
    from service.charts.walk_chart import draw_band

    band = walk_band(
        walk.activation,
        walk.width,
        walk.depth,
        g=walk.g,
        weights=walk.weights,
        slope=walk.slope,
    )
    kind = "exact" if walk.exact else f"simulated, {walk.n_samples} networks"
    title = f"{walk.activation}, width {walk.width}, depth {walk.depth}, g {walk.g:.4g}"
    subtitle = f"predicted walk ({kind}): median, 25-75 % and 5-95 % of networks"
    chart = encode(draw_band(band, title=title, subtitle=subtitle), ChartFormat(file_format))
    write_chart(output, chart)


def _show(walk: "TheoryWalk", gain: "TheoryGain | None") -> None:
    from service.cli.tables import TableColumn, show_table

    show_table([TableColumn("theory"), TableColumn("")], [*_network(walk, gain), *_law(walk)])


def _network(walk: "TheoryWalk", gain: "TheoryGain | None") -> list[tuple[str, str]]:
    rows = [
        ("network", f"{walk.activation}, width {walk.width}, depth {walk.depth}, {walk.weights}"),
        ("g", f"{walk.g:.6g}" + _precision(gain)),
    ]
    if gain is not None:
        rows += [("g of the paper", number(gain.paper_gain)), ("g of He et al.", number(gain.he))]
    return rows


def _precision(gain: "TheoryGain | None") -> str:
    if gain is None:
        return ", as given"
    return ", unbiased, exact" if gain.exact else f" ± {gain.standard_error:.1g}, unbiased"


def _law(walk: "TheoryWalk") -> list[tuple[str, str]]:
    ends = ", ".join(_signed(each.log_norm) for each in walk.quantiles)
    chances = ", ".join(f"{100 * each.probability:g}" for each in walk.quantiles)
    limit = NOTHING if walk.depth_limit is None else str(walk.depth_limit)
    error = "" if walk.exact else f" ± {walk.drift_error:.1g}"
    return [
        ("drift of ln(|delta_1| / |delta_D|)", f"{_signed(walk.drift)}{error} nats"),
        ("spread", f"{walk.spread:.4g} nats"),
        (f"{chances} % quantiles", f"{ends} nats"),
        ("chance that a layer passes nothing", number(walk.death_probability)),
        ("sum of 1 / width", number(walk.inverse_width_sum)),
        (f"depth within {walk.bound:.3g} nats at {100 * walk.probability:g} %", limit),
        ("correlation depth scale", _scale(walk)),
    ]


def _signed(nats: float) -> str:
    # A drift of exactly 0 comes out as some 1e-16 of either sign.
    return f"{nats:+.4g}" if abs(nats) > 1e-9 else "0"


def _scale(walk: "TheoryWalk") -> str:
    correlation = walk.correlation
    if correlation is None or correlation.depth_scale is None:
        return NOTHING
    end = f"to {correlation.fixed_point:.3g}, chi {correlation.chi:.4g}"
    return f"{correlation.depth_scale:.4g} layers {end}"
