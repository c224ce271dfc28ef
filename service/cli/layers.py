"""The command that shows a network layer by layer."""

from collections.abc import Sequence

import click

from service.cli.connection import (
    FailedError,
    connect,
    echo_json,
    json_option,
    resolve,
    url_option,
)
from service.client import Client, LayerList, LayerProfileRead, TrialRead

MOST_ROWS = 40


@click.command()
@click.argument("sweep_id", metavar="ID")
@click.argument("number", type=click.IntRange(0))
@click.option("--epoch", type=click.IntRange(0), help="Default: the first that was recorded.")
@click.option("--all", "every", is_flag=True, help=f"Every layer, also of more than {MOST_ROWS}.")
@json_option
@url_option
def layers(
    sweep_id: str, number: int, epoch: int | None, every: bool, as_json: bool, url: str
) -> None:
    """Show a trial's log norms by layer beside the predicted band.

    NUMBER is the trial's, as `fathom trials ID` lists it. Profiles are recorded at the epochs that
    `profiles.epochs` of the spec names.
    """
    with connect(url) as client:
        trial = _trial(client, sweep_id, number)
        found = client.layers(trial.id, epoch=epoch)
    if as_json:
        echo_json(found)
        return
    if not found.profiles:
        raise FailedError(_why_not(trial, epoch))
    _show(trial, found, found.profiles[0], every)


def _trial(client: Client, sweep_id: str, number: int) -> TrialRead:
    sweep = resolve(client, sweep_id)
    trial = next(iter(client.trials(sweep, filter=f"number = {number}", page_size=1)), None)
    if trial is None:
        raise FailedError(f"sweep {sweep} has no trial {number}")
    return trial


def _why_not(trial: TrialRead, epoch: int | None) -> str:
    wanted = trial.profile_epochs or ()
    if not wanted:
        return f"trial {trial.number} is not profiled: its spec has no profiles.epochs"
    listed = ", ".join(map(str, wanted))
    what = "no profile yet" if epoch is None else f"no profile of epoch {epoch}"
    return f"trial {trial.number} has {what}; its spec asks for epochs {listed}"


def _show(trial: TrialRead, found: LayerList, profile: LayerProfileRead, every: bool) -> None:
    from service.cli.formatting import NOTHING, band, number
    from service.cli.tables import Column, show_table

    depth = len(profile.error_log_norms)
    z_init = "" if found.z_init is None else f", z_init {found.z_init:.2f}"
    click.echo(
        f"trial {trial.number}: depth {depth}, width {trial.width}, {trial.activation}, "
        f"g {number(trial.g)}, seed {trial.seed}{z_init}; epoch {profile.epoch}"
    )
    columns = [
        Column("layer", right=True),
        Column("ln |activation|", right=True),
        Column("ln |error|", right=True),
        Column("less the last layer's", right=True),
        Column("predicted at epoch 0", right=True),
        Column("ln |weight gradient|", right=True),
    ]
    last = profile.error_log_norms[-1]
    rows = []
    for layer in _shown(depth, every):
        error = profile.error_log_norms[layer]
        walked = None if error is None or last is None else error - last
        expected = found.predicted[layer] if found.predicted else None
        rows.append(
            [
                str(layer + 1),
                number(profile.activation_log_norms[layer]),
                number(error),
                number(walked),
                NOTHING if expected is None else band(expected.mean, expected.sd),
                number(profile.gradient_log_norms[layer]),
            ]
        )
    rows.append(["output", *[NOTHING] * 4, number(profile.gradient_log_norms[-1])])
    show_table(columns, rows)


def _shown(depth: int, every: bool) -> Sequence[int]:
    """Return the layers to show, the first and the last among them."""
    if every or depth <= MOST_ROWS:
        return range(depth)
    return sorted({round(place * (depth - 1) / (MOST_ROWS - 1)) for place in range(MOST_ROWS)})
