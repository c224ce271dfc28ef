"""Tables of ratios, for people and as files."""

import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch

from benchmarks.measuring import Ratio, denormal_slowdown

HEADER = (
    f"{'':44}{'K':>3}{'plain ms':>10}{'packed ms':>11}"
    f"{'ratio':>8}{'quartiles':>14}{'of sgemm':>10}{'must':>7}{'aim':>7}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison; times are medians of CPU seconds per trial and step.

    Attributes:
        what: Sizes and baseline.
        slots: Trials that the packed engine ran at once.
        plain_seconds: Of plain PyTorch.
        packed_seconds: Of the packed engine.
        ratio: The first over the second, round by round.
        share_of_sgemm: The packed engine's rate over that of a large matrix product.
        must: Least acceptable ratio; None where there is none.
        aim: The ratio aimed at.
    """

    what: str
    slots: int
    plain_seconds: float
    packed_seconds: float
    ratio: Ratio
    share_of_sgemm: float
    must: float | None
    aim: float | None

    def line(self) -> str:
        """Return the row as a line under `HEADER`."""
        quartiles = f"{self.ratio.low:.2f}-{self.ratio.high:.2f}"
        must, aim = (f"{goal:g}x" if goal else "" for goal in (self.must, self.aim))
        return (
            f"{self.what:44}{self.slots:>3}{self.plain_seconds * 1e3:>10.3f}"
            f"{self.packed_seconds * 1e3:>11.3f}{self.ratio.median:>7.2f}x{quartiles:>14}"
            f"{self.share_of_sgemm:>10.2f}{must:>7}{aim:>7}"
        )


def keep(name: str, rows: Sequence[Row]) -> Path:
    """Write rows with date, device, versions and command; return where."""
    now = datetime.now(UTC)
    path = Path(__file__).parent / "results" / f"{name}-{now:%Y%m%dT%H%M%SZ}.json"
    found: dict[str, object] = {
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
    path.write_text(json.dumps(found, indent=1) + "\n")
    return path


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
