"""Plan sweeps: resolve widths, gains, rates, engines and ids of configurations and trials.

Pure: the same spec, sweep and data sets give the same plan, so planning twice is harmless.
`predict` adds the walk that theory expects of each configuration. `check` refuses what `plan`
would refuse, and counts the trials, without building anything.
"""

from service.planner.planned import (
    PlannedConfiguration,
    PlannedTrial,
    SimulatedWalk,
    Written,
)
from service.planner.planning import check, plan
from service.planner.walk_laws import predict

__all__ = [
    "PlannedConfiguration",
    "PlannedTrial",
    "SimulatedWalk",
    "Written",
    "check",
    "plan",
    "predict",
]
