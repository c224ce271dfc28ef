"""The command of claims: tables, pages, figures and exit codes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from service.claims.files import read_claims
from service.cli import main
from service.cli.claims import exit_code
from service.cli.claims_page import newest, page_text
from service.enums import ClaimSize, Verdict
from service.lifecycle import SweepState
from service.schemas.claims import (
    ClaimRead,
    Evidence,
    FigureAxes,
    FigurePoint,
    Finding,
    JudgementRead,
)
from service.store import Database, sweeps
from tests.api.live_server import LiveServer, dependencies_of
from tests.api.test_claims import CLAIM, outcome
from tests.query.sweep_rows import plan, report


def evidence(verdict: Verdict = Verdict.SUPPORTED) -> Evidence:
    finding = Finding(group="a|b", n=7, estimate=0.5, low=0.4, high=0.6, verdict=verdict)
    return Evidence(
        verdict=verdict,
        quantity="a slope",
        expected="0.5",
        reason="as the rows have it",
        n=7,
        estimate=0.5,
        low=0.4,
        high=0.6,
        more_seeds=3 if verdict is Verdict.UNDECIDED else None,
        findings=(finding,),
        points=(FigurePoint(series="all", x=8, y=0.5, low=0.4, high=0.6, predicted=0.5),),
        axes=FigureAxes(x_title="depth", y_title="slope", x_log=True),
    )


def judgement(
    verdict: Verdict = Verdict.SUPPORTED,
    size: ClaimSize = ClaimSize.LAPTOP,
    *,
    current: bool = True,
) -> JudgementRead:
    return JudgementRead(
        id=uuid4(),
        claim="trains",
        size=size,
        sweep_id=uuid4(),
        spec_hash="a" * 64,
        judge_hash="b" * 64,
        current=current,
        evidence=evidence(verdict),
        device="cpu",
        versions="python 3.11",
        seconds=90.0,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def claim(*judgements: JudgementRead, name: str = "trains") -> ClaimRead:
    return ClaimRead(
        name=name,
        claim="They train.",
        source="ours",
        prediction="All.",
        statistic="share_below",
        times={"laptop": "1 s", "full": "1 min"},
        spec_hashes={"laptop": "a" * 64, "full": "c" * 64},
        judgements=judgements,
    )


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([Verdict.SUPPORTED, Verdict.SUPPORTED], 0),
        ([Verdict.SUPPORTED, Verdict.UNDECIDED], 5),
        ([Verdict.UNDECIDED, Verdict.REFUTED], 4),
    ],
)
def test_the_exit_code_is_that_of_the_worst_verdict(verdicts: Sequence[Verdict], code: int) -> None:
    assert exit_code([claim(judgement(each)) for each in verdicts], "laptop") == code


def test_verdicts_of_another_size_or_an_earlier_rule_do_not_count() -> None:
    refuted = [
        judgement(Verdict.REFUTED, ClaimSize.FULL),
        judgement(Verdict.REFUTED, current=False),
    ]

    assert exit_code([claim(each) for each in refuted], "laptop") == 0


def test_a_current_judgement_of_the_full_size_is_shown_before_others() -> None:
    laptop, full = judgement(), judgement(size=ClaimSize.FULL)
    stale = judgement(size=ClaimSize.FULL, current=False)

    assert newest(claim(laptop, full)) == full
    assert newest(claim(laptop, stale)) == laptop
    assert newest(claim()) is None


def test_the_page_has_a_row_and_a_section_for_each_claim(tmp_path: Path) -> None:
    text = page_text(
        [claim(judgement()), claim(name="later")], tmp_path / "images" / "claims", tmp_path
    )

    assert (
        "| [trains](#trains) | **supported** | 0.5 [0.4, 0.6] | 7 | laptop | `aaaaaaaaaaaa` |"
        in (text)
    )
    assert "| [later](#later) | not run here |" in text
    assert "![trains](images/claims/trains.svg)" in text
    assert "later.svg" not in text


def fathom(url: str, *arguments: object) -> Result:
    result = CliRunner(env={"FATHOM_URL": url}).invoke(main, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


@pytest.fixture
def served(live_server: LiveServer, database: Database, tmp_path: Path) -> str:
    (tmp_path / "trains.yaml").write_text(CLAIM, encoding="utf-8")
    live_server.use(replace(dependencies_of(database), claims=lambda: read_claims(tmp_path)))
    return live_server.url


def test_a_claim_that_was_not_run_says_so(served: str) -> None:
    assert "not run here" in fathom(served, "claims").stdout
    assert "not run here" in fathom(served, "claims", "trains").stdout
    assert fathom(served, "claims", "nothing").exit_code == 2


def run_by_hand(url: str, database: Database) -> None:
    """Submit the laptop's spec under the command's key, and report its trials."""
    from service.cli import claim_runs
    from service.client import Client

    with Client(url) as client:
        claim_runs._submit(client, "trains", "laptop")
    claimed = plan(database)
    report(database, claimed, outcome)
    with database.write() as session:
        sweeps.move(session, claimed.sweep_id, SweepState.COMPLETED)


def test_a_completed_sweep_is_judged_not_run_again_and_written(
    served: str, database: Database, tmp_path: Path
) -> None:
    run_by_hand(served, database)
    page, figures = tmp_path / "claims.md", tmp_path / "figures"

    done = fathom(served, "claims", "--run", "--markdown", page, "--figures", figures, "--json")

    assert done.exit_code == 0, done.output
    (listed,) = json.loads(done.stdout)
    assert listed["judgements"][0]["evidence"]["verdict"] == "supported"
    assert "**supported**" in page.read_text()
    assert (figures / "trains.svg").read_text().startswith("<svg")
    with database.read() as session:
        assert len(sweeps.page(session, limit=9).items) == 1
    shown = fathom(served, "claims", "trains").stdout
    assert "SUPPORTED at size laptop" in shown
    assert "trains: depth 8" in shown


def test_a_claim_that_cannot_run_here_does_not_keep_the_others_from_running(
    served: str, database: Database, tmp_path: Path
) -> None:
    run_by_hand(served, database)
    text = CLAIM.replace("name: trains", "name: a", 1).replace("digits", "nowhere")
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")

    done = fathom(served, "claims", "--run")

    assert done.exit_code == 1
    assert "a cannot be run here" in done.stderr
    assert "trains is supported" in done.stderr


def test_a_page_is_of_all_claims(served: str) -> None:
    assert fathom(served, "claims", "trains", "--markdown", "x.md").exit_code == 2
