"""Write the three lock files from pyproject.toml (`make lock`).

The files pin every package for Python 3.11 and newer and install with pip alone. What torch
itself pins (its CUDA libraries, on Linux builds that carry CUDA) stays torch's own choice, so
that one lock file serves machines with a GPU and machines without.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TORCHS_OWN = re.compile(r"^(nvidia-|cuda-|triton)")
HEADER = "# Written by tools/lock.py (`make lock`). Do not edit.\n"


def compile_lock(extras: list[str], target: Path, constraints: Path | None) -> None:
    """Resolve extras to exact versions and write them, keeping the versions in `constraints`."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
    command += ["--python-version", "3.11", "--no-header", "--no-annotate", "--no-emit-find-links"]
    command += [part for extra in extras for part in ("--extra", extra)]
    command += ["--constraint", str(constraints)] if constraints else []
    # The old file is a constraint too: an unrelated change moves no version.
    command += ["--constraint", str(target)] if target.exists() else []
    command += [str(ROOT / "pyproject.toml")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if not TORCHS_OWN.match(line)]
    target.write_text(HEADER + "\n".join(lines) + "\n")


if __name__ == "__main__":
    service = ROOT / "requirements.lock"
    compile_lock(["service"], service, None)
    compile_lock(["service", "dev"], ROOT / "requirements-dev.lock", service)
    compile_lock(["service", "cluster"], ROOT / "requirements-cluster.lock", service)
