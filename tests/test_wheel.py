"""The built wheel: what somebody gets who installs it and uses rwinit alone."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

_ALONE = """
import sys
sys.path[:0] = [{wheel!r}]
sys.path.append({packages!r})

import rwinit
assert rwinit.__file__.startswith({wheel!r}), rwinit.__file__
gain = rwinit.gain("relu", width=100)
assert "torch" not in sys.modules

import torch
model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
rwinit.initialize(model, generator=torch.Generator().manual_seed(0))
foreign = {{"service", "workers", "ray", "sqlalchemy", "pydantic", "fastapi"}} & set(sys.modules)
assert not foreign, foreign
print(gain)
"""


@pytest.mark.slow
def test_rwinit_of_the_wheel_stands_alone(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, tracked.stdout.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "-w", str(tmp_path), str(source)],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)

    # Without site, so that the editable checkout of this environment is not found.
    program = _ALONE.format(wheel=str(unpacked), packages=_site_packages())
    alone = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )

    assert alone.returncode == 0, alone.stderr
    assert float(alone.stdout) == pytest.approx(1.43230, abs=1e-5)
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*")}
    assert {"migrations/script.py.mako", "rwinit/py.typed", "service/cli/__init__.py"} <= names
    assert "sweeps/claims/width-cures-the-spread.yaml" in names
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)


def _site_packages() -> str:
    return str(Path(pytest.__file__).parents[1])
