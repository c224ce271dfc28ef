"""Write tables of measurements to files."""

import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import Field, asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch

from benchmarks.measuring import denormal_slowdown


class Row(Protocol):
    """One comparison: a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def keep(name: str, rows: Sequence[Row]) -> Path:
    """Write rows with date, device, versions and command; return the path of the file."""
    now = datetime.now(UTC)
    path = Path(__file__).parent / "results" / f"{name}-{now:%Y%m%dT%H%M%SZ}.json"
    table: dict[str, object] = {
        "date": now.isoformat(timespec="seconds"),
        "device": _processor(),
        "cores_used": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "versions": f"python {platform.python_version()}, torch {torch.__version__}",
        "command": " ".join(["python -m", f"benchmarks.{name}", *sys.argv[1:]]),
        "denormal_slowdown": denormal_slowdown(),
        "rows": [asdict(row) for row in rows],
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(table, indent=1) + "\n")
    return path


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
