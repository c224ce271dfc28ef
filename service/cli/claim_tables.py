"""Print claims and judgements as tables."""

import textwrap
from collections.abc import Sequence

import click

from service.cli.claims_page import estimate, more_seeds, newest
from service.cli.formatting import NOTHING, duration, number
from service.cli.tables import TableColumn, show_table
from service.client import ClaimDetail, ClaimRead, JudgementRead


def show_claims(claims: Sequence[ClaimRead]) -> None:
    """Print claims, one per row, with the newest judgement of each."""
    columns = [
        TableColumn("claim"),
        TableColumn("verdict"),
        TableColumn("estimate"),
        TableColumn("seeds", right=True),
        TableColumn("more seeds"),
        TableColumn("size"),
        TableColumn("laptop time"),
    ]
    rows = []
    for claim in claims:
        judgement = newest(claim)
        rows.append((claim.name, *_cells(judgement), claim.times.get("laptop", NOTHING)))
    show_table(columns, rows)


def _cells(judgement: JudgementRead | None) -> tuple[str, str, str, str, str]:
    if judgement is None:
        return "not run here", NOTHING, NOTHING, NOTHING, NOTHING
    stale = "" if judgement.current else " (of an earlier spec or rule)"
    evidence = judgement.evidence
    return (
        f"{evidence.verdict}{stale}",
        estimate(evidence),
        str(evidence.n),
        more_seeds(evidence),
        judgement.size,
    )


def show_claim(claim: ClaimDetail) -> None:
    """Print a claim: its words, its sizes, and each judgement with its groups."""
    click.echo(f"{claim.name} ({claim.source})\n")
    for title, words in (("Claim", claim.claim), ("Prediction", claim.prediction)):
        click.echo(textwrap.fill(f"{title}: {words}", 96))
    for sized in claim.sizes:
        click.echo(f"{sized.size}: {sized.time}; spec {sized.spec_hash[:12]}")
    if not claim.judgements:
        click.echo(f"\nnot run here; `fathom claims {claim.name} --run` runs the laptop size")
    for judgement in claim.judgements:
        click.echo("")
        _show_judgement(judgement)


def _show_judgement(judgement: JudgementRead) -> None:
    evidence = judgement.evidence
    stale = "" if judgement.current else ", of an earlier spec or rule"
    took = NOTHING if judgement.seconds is None else duration(judgement.seconds)
    click.echo(f"{evidence.verdict.upper()} at size {judgement.size}{stale}: {evidence.reason}")
    click.echo(textwrap.fill(f"{evidence.quantity}; expected: {evidence.expected}", 96))
    if evidence.more_seeds is not None:
        click.echo(f"{evidence.more_seeds} more seeds would decide it with a chance of 80 %")
    click.echo(f"sweep {str(judgement.sweep_id)[:8]}, {took}, {judgement.device or NOTHING}")
    columns = [
        TableColumn("group"),
        TableColumn("verdict"),
        TableColumn("n", right=True),
        TableColumn("estimate", right=True),
        TableColumn("interval"),
        TableColumn("more seeds", right=True),
        TableColumn("remark"),
    ]
    rows = [
        (
            each.group,
            str(each.verdict),
            str(each.n),
            number(each.estimate),
            NOTHING if each.low is None else f"[{number(each.low)}, {number(each.high)}]",
            number(each.more_seeds),
            each.remark,
        )
        for each in evidence.findings
    ]
    show_table(columns, rows)
