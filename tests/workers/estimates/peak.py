"""Runs one pack in a process of its own and prints what it took and what was predicted."""

import gc
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import UUID

from tests.factories import trial_spec
from tests.workers.estimates.samples import noise
from tests.workers.examples import of_kind
from workers.contract import Activation, EngineName, OptimizerKind, Precision, TrialSpec
from workers.estimates import TrialShape, pack_memory
from workers.training import run_pack

KINDS: Mapping[str, Callable[[str], object]] = {
    "activation": Activation,
    "engine": EngineName,
    "optimizer": OptimizerKind,
    "precision": Precision,
}


def specs_of(changes: Mapping[str, object], count: int) -> list[TrialSpec]:
    """Return trials that differ in their seed."""
    changes = dict(changes)
    kind = str(changes.pop("kind", "ffn"))
    enums = {name: KINDS[name](str(value)) for name, value in changes.items() if name in KINDS}
    fixed = {"engine": EngineName.PACKED, "epochs": 1, "learning_rate": 1e-6, "g": 1.41}
    # A planned trial has them, and its initial walk is then measured on a copy of it.
    walk = {"prediction": (0.0, 1.0)}
    given = {**fixed, **walk, **changes, **enums}
    specs = [trial_spec(trial_id=UUID(int=i), seed=i, **given) for i in range(count)]
    return [of_kind(spec, kind) for spec in specs]


def peak() -> int:
    """Return the most memory that this process has had, in bytes."""
    # Not ru_maxrss, which a new process takes over from its parent.
    status = Path("/proc/self/status").read_text("ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def main(text: str) -> None:
    """Measure the pack that a JSON text describes."""
    case = json.loads(text)
    specs = specs_of(case["trial"], case["trials"])
    # What libraries allocate for products of such a size is theirs.
    few = noise(n_inputs=8, n_train=400)
    for _ in run_pack(specs_of({**case["trial"], "depth": 2}, 1), few, slots=1):
        pass
    gc.collect()
    before = peak()
    data = noise(n_inputs=case["n_inputs"], n_train=case["n_train"])
    for _ in run_pack(specs, data, slots=case["slots"], memory_bytes=case["memory_bytes"]):
        pass
    shapes = [TrialShape.of(spec.configuration) for spec in specs]
    ways = [
        pack_memory(shapes, data.shape, case["slots"], recomputes=again).total
        for again in (False, True)
    ]
    predicted = ways[ways[0] > case["memory_bytes"]]
    sys.stdout.write(json.dumps([peak() - before, predicted]))


if __name__ == "__main__":
    main(sys.argv[1])
