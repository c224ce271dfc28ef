"""The page of all claims, with their stored judgements, as Markdown."""

import os
from collections.abc import Sequence
from pathlib import Path

from service.cli.formatting import NOTHING, duration, number
from service.client import ClaimRead, Evidence, Finding, JudgementRead

_HEAD = """\
# Claims

Each claim is a sweep that judges itself: its file in `sweeps/claims/` has the claim in words, what
theory expects, the sweep in a laptop-sized and a full-size version, and the statistic that decides.
`make claims` runs all laptop-sized versions and writes this page, with its figures, from the stored
judgements; do not edit it. `fathom claims NAME` shows one claim with all of its groups.

*Supported* and *refuted* mean that the interval of every group, or of one, lies on that side;
*undecided*, that the rows allow both.

"""


def newest(claim: ClaimRead) -> JudgementRead | None:
    """Return the judgement to show of a claim: a current one first, of the full size first."""
    ranked = sorted(claim.judgements, key=lambda each: (each.current, each.size == "full"))
    return ranked[-1] if ranked else None


def estimate(evidence: Evidence) -> str:
    """Return the deciding estimate with its interval as text; a dash without one."""
    if evidence.estimate is None:
        return NOTHING
    if evidence.low is None or evidence.high is None:
        return number(evidence.estimate)
    return f"{evidence.estimate:.3g} [{evidence.low:.3g}, {evidence.high:.3g}]"


def more_seeds(evidence: Evidence) -> str:
    """Return the number of seeds that would decide, as text; a dash for none."""
    return NOTHING if evidence.more_seeds is None else f"{evidence.more_seeds} more"


def page_text(claims: Sequence[ClaimRead], figures: Path | None, folder: Path) -> str:
    """Return the page.

    Args:
        claims: All claims, in the order of the page.
        figures: Folder with NAME.svg for each judged claim; None leaves the figures out.
        folder: Folder of the page, from which its links start.
    """
    lines = [
        "| claim | verdict | estimate | seeds | size | spec | time | device |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(claim) for claim in claims),
    ]
    sections = [_section(claim, figures, folder) for claim in claims]
    return _HEAD + "\n".join(lines) + "\n\n" + "\n".join(sections)


def _row(claim: ClaimRead) -> str:
    judgement = newest(claim)
    link = f"[{claim.name}](#{claim.name})"
    if judgement is None:
        time = claim.times.get("laptop", NOTHING)
        return f"| {link} | not run here | - | - | - | - | {time} | - |"
    evidence = judgement.evidence
    took = NOTHING if judgement.seconds is None else duration(judgement.seconds)
    stale = "" if judgement.current else " (earlier spec or rule)"
    cells = (
        link,
        f"**{evidence.verdict}**{stale}",
        estimate(evidence),
        str(evidence.n),
        judgement.size,
        f"`{judgement.spec_hash[:12]}`",
        took,
        _line(judgement.device),
    )
    return f"| {' | '.join(cells)} |"


def _section(claim: ClaimRead, figures: Path | None, folder: Path) -> str:
    judgement = newest(claim)
    parts = [
        f"## {claim.name}",
        claim.claim,
        f"Source: {claim.source}. Prediction: {claim.prediction}",
    ]
    if judgement is None:
        times = "; ".join(f"{size}: {time}" for size, time in claim.times.items())
        parts.append(f"Not run here. {times}.")
        return "\n\n".join(parts) + "\n"
    evidence = judgement.evidence
    need = f" {more_seeds(evidence)} seeds would decide." if evidence.more_seeds else ""
    parts.append(
        f"**{evidence.verdict.capitalize()}** at size {judgement.size}: {evidence.reason}. "
        f"Judged: {evidence.quantity}; expected: {evidence.expected}.{need}"
    )
    parts.append(_groups(evidence))
    if figures is not None:
        image = Path(os.path.relpath(figures / f"{claim.name}.svg", folder)).as_posix()
        parts.append(f"![{claim.name}]({image})")
    return "\n\n".join(parts) + "\n"


def _groups(evidence: Evidence) -> str:
    rows = [
        f"| {each.group} | {each.verdict} | {each.n} | {_interval(each)} | {_line(each.remark)} |"
        for each in evidence.findings
    ]
    return "\n".join(
        ["| group | verdict | n | estimate | remark |", "|---|---|---|---|---|", *rows]
    )


def _interval(finding: Finding) -> str:
    if finding.estimate is None or finding.low is None or finding.high is None:
        return number(finding.estimate)
    return f"{finding.estimate:.3g} [{finding.low:.3g}, {finding.high:.3g}]"


def _line(text: str) -> str:
    # A bar would end the cell of a table.
    return ", ".join(text.splitlines()).replace("|", "/") or NOTHING
