"""The cut of the house: import-linter holds it, and notices when it is broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("rwinit", "workers", "service", "migrations")
LINT = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-cache"], cwd=folder, check=False, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_imports_run_one_way_only() -> None:
    done = lint(ROOT)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("service/api/app.py", "import ray", "Only the driver sees Ray"),
        ("service/services/sweeps.py", "import torch", "The API process loads no torch"),
        ("service/store/leases.py", "import service.services.sweeps", "The service is a stack"),
        ("workers/training/trial.py", "import workers.trainable", "Workers import downwards"),
        ("workers/contract/trials.py", "import pydantic", "What runs on a bare machine"),
        ("service/schemas/base.py", "import sqlalchemy", "Schemas are data alone"),
        ("service/schemas/trials.py", "import service.planner", "Schemas are data alone"),
        ("service/client/http.py", "import service.store", "The client knows the schemas"),
    ],
)
def test_a_broken_rule_is_noticed(copy: Path, file: str, line: str, contract: str) -> None:
    source = copy / file
    whole = source.read_text()
    source.write_text(f"{whole}\n{line}\n")
    try:
        done = lint(copy)
    finally:
        source.write_text(whole)

    assert done.returncode != 0
    broken = [row for row in done.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(row.startswith(contract) for row in broken), done.stdout
