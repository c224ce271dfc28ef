"""A claim run, judged and written by the command, on the real service."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.service_process import serving

pytestmark = [pytest.mark.ray, pytest.mark.slow]

CLAIM = """\
name: tiny
claim: Deeper random networks have a wider walk.
source: ours
prediction: A slope near 0.5.
judge: {statistic: power_law, predictor: depth, expected: 0.5, tolerance: 0.4}
spec:
  version: 1
  name: tiny
  network: {activation: relu, depth: [4, 16, 64], width: 32}
  training: {epochs: 0, lr: 0.1}
  seeds: 100
time: "1 min"
laptop:
  patch: {seeds: 20}
  time: "a few seconds"
"""


def test_a_claim_is_run_once_judged_and_written(tmp_path: Path) -> None:
    folder = tmp_path / "claims"
    folder.mkdir()
    (folder / "tiny.yaml").write_text(CLAIM, encoding="utf-8")
    page = tmp_path / "claims.md"

    with serving(tmp_path / "home", FATHOM_CLAIMS_DIR=str(folder)) as service:
        command = [sys.executable, "-m", "service.cli", "claims", "--run", "--markdown", str(page)]
        runs = [
            subprocess.run(
                command,
                env=os.environ | {"FATHOM_URL": service.url},
                capture_output=True,
                text=True,
                check=False,
            )
            for _ in range(2)
        ]
        sweeps = list(service.client.list())
        (claim,) = service.client.claims()

    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    assert len(sweeps) == 1
    (judgement,) = claim.judgements
    assert judgement.evidence.verdict == "supported"
    assert judgement.evidence.n == 20
    assert judgement.evidence.estimate == pytest.approx(0.5, abs=0.2)
    assert judgement.seconds is not None
    assert "torch" in judgement.versions
    assert "| [tiny](#tiny) | **supported** |" in page.read_text()
