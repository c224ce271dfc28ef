"""The command that shows a trial's norms layer by layer."""

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
@click.option(
    "--epoch", type=click.IntRange(0), help="Epoch of the profile. Default: the first recorded one."
)
@click.option(
    "--all",
    "show_all",
    is_flag=True,
    help=f"Show all layers; by default at most {MOST_ROWS} of them.",
)
@json_option
@url_option
def layers(
    sweep_id: str, number: int, epoch: int | None, show_all: bool, as_json: bool, url: str
) -> None:
    """Show the log norms of a trial's layers, and their prediction.

    NUMBER is the number of the trial in `fathom trials ID`. Profiles are recorded at the epochs
    listed in `profiles.epochs` of the spec.
    """
    with connect(url) as client:
        trial = _trial(client, sweep_id, number)
        found = client.layers(trial.id, epoch=epoch)
    if as_json:
        echo_json(found)
        return
    if not found.profiles:
        raise FailedError(_missing_profile(trial, epoch))
    _show(trial, found, found.profiles[0], show_all)


def _trial(client: Client, sweep_id: str, number: int) -> TrialRead:
    sweep = resolve(client, sweep_id)
    trial = next(iter(client.trials(sweep, filter=f"number = {number}", page_size=1)), None)
    if trial is None:
        raise FailedError(f"sweep {sweep} has no trial {number}")
    return trial


def _missing_profile(trial: TrialRead, epoch: int | None) -> str:
    wanted = trial.profile_epochs or ()
    if not wanted:
        return f"trial {trial.number} is not profiled: its spec has no profiles.epochs"
    listed = ", ".join(map(str, wanted))
    what = "no profile yet" if epoch is None else f"no profile of epoch {epoch}"
    return f"trial {trial.number} has {what}; its spec asks for epochs {listed}"


def _show(trial: TrialRead, found: LayerList, profile: LayerProfileRead, show_all: bool) -> None:
    from service.cli.formatting import NOTHING, band, number
    from service.cli.tables import TableColumn, show_table

    depth = len(profile.error_log_norms)
    z_init = "" if found.z_init is None else f", z_init {found.z_init:.2f}"
    click.echo(
        f"trial {trial.number}: depth {depth}, width {trial.width}, {trial.activation}, "
        f"g {number(trial.g)}, seed {trial.seed}{z_init}; epoch {profile.epoch}"
    )
    if found.predicted is None:
        click.echo(f"theory has no prediction for this {trial.kind} network")
    columns = [
        TableColumn("layer", right=True),
        TableColumn("ln |activation|", right=True),
        TableColumn("ln |error|", right=True),
        TableColumn("less the last layer's", right=True),
        TableColumn("predicted at epoch 0", right=True),
        TableColumn("ln |weight gradient|", right=True),
    ]
    last = profile.error_log_norms[-1]
    rows = []
    for layer in _shown(depth, show_all):
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
    # The output layer has a weight matrix, but no hidden activations.
    rows.append(["output", *[NOTHING] * 4, number(profile.gradient_log_norms[-1])])
    show_table(columns, rows)


def _shown(depth: int, show_all: bool) -> Sequence[int]:
    """Return the indices of the layers to show: all, or 40 evenly spaced ones with both ends."""
    if show_all or depth <= MOST_ROWS:
        return range(depth)
    return sorted({round(place * (depth - 1) / (MOST_ROWS - 1)) for place in range(MOST_ROWS)})
