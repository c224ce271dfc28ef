"""The command that lists, runs and judges claims."""

from collections.abc import Sequence
from pathlib import Path

import click

from service.cli.connection import FailedError, connect, echo_json, json_option, url_option
from service.client import ClaimRead, Client

REFUTED = 4
UNDECIDED = 5


@click.command()
@click.argument("name", required=False)
@click.option("--run", "runs", is_flag=True, help="Run the sweeps of the claims, and judge them.")
@click.option(
    "--size",
    type=click.Choice(("laptop", "full")),
    default="laptop",
    show_default=True,
    help="Which size to run.",
)
@click.option(
    "--markdown",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write all claims with their stored judgements as a page.",
)
@click.option(
    "--figures",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Draw each judged claim to FOLDER/NAME.svg.",
)
@json_option
@url_option
def claims(
    name: str | None,
    runs: bool,
    size: str,
    page: Path | None,
    figures: Path | None,
    as_json: bool,
    url: str,
) -> None:
    """List the papers' claims, or show the claim NAME, with the verdicts of sweeps.

    With --run the sweeps are submitted, unless they ran before, and judged. The exit code is then 0
    if every claim is supported, 4 if one is refuted, 5 if none is refuted but one is undecided, and
    1 if a sweep failed or could not be run.
    """
    if page is not None and name is not None:
        raise click.UsageError("--markdown writes all claims: leave out NAME")
    with connect(url) as client:
        found = [client.claim(name)] if name else list(client.claims())
        failures = _run(client, found, size) if runs else []
        if runs:
            found = [client.claim(name)] if name else list(client.claims())
        _show(client, name, found, as_json)
    _write(found, page, figures)
    if failures:
        raise FailedError("\n".join(failures))
    if runs:
        raise click.exceptions.Exit(exit_code(found, size))


def exit_code(claims_: Sequence[ClaimRead], size: str) -> int:
    """Return 0 if all claims are supported at a size, 4 if one is refuted, else 5."""
    verdicts = {
        each.evidence.verdict
        for claim in claims_
        for each in claim.judgements
        if each.size == size and each.current
    }
    if "refuted" in verdicts:
        return REFUTED
    return UNDECIDED if "undecided" in verdicts else 0


def _run(client: Client, found: Sequence[ClaimRead], size: str) -> list[str]:
    from service.cli.claim_runs import run

    return run(client, [claim.name for claim in found], size)


def _show(client: Client, name: str | None, found: Sequence[ClaimRead], as_json: bool) -> None:
    if as_json:
        echo_json(client.claim(name) if name else tuple(found))
        return
    from service.cli.claim_tables import show_claim, show_claims

    if name:
        show_claim(client.claim(name))
    else:
        show_claims(found)


def _write(found: Sequence[ClaimRead], page: Path | None, figures: Path | None) -> None:
    """Write the page and the figures that were asked for.

    Raises:
        click.FileError: A file cannot be written.
    """
    from service.cli.claims_page import newest, page_text

    try:
        if figures is not None:
            figures.mkdir(parents=True, exist_ok=True)
            for claim in found:
                if newest(claim) is not None:
                    (figures / f"{claim.name}.svg").write_bytes(_figure(claim))
        if page is not None:
            page.write_text(page_text(found, figures, page.parent), encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(error.filename), error.strerror or str(error)) from error


def _figure(claim: ClaimRead) -> bytes:
    from service.charts.claim_chart import draw
    from service.charts.file_formats import ChartFormat, encode
    from service.cli.claims_page import newest

    judgement = newest(claim)
    assert judgement is not None
    return encode(draw(claim, judgement), ChartFormat.SVG)
