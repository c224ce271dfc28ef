"""From a spec to trials with everything resolved: widths, gains, rates, engines, ids.

Pure: the same spec, sweep and data sets give the same trials, so planning twice is harmless.
`predict` adds the walk that theory expects of each. `check` finds what `plan` would refuse, and
counts, without building anything.
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
