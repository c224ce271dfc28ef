"""Plan sweeps: resolve the points of a spec to configurations and trials with ids.

`plan` is a pure function of the sweep, the spec and the data sets, so planning twice is harmless.
`predict` adds the theoretical walk of each configuration. `check` raises for the specs that `plan`
refuses and counts the trials, without building a plan.
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
