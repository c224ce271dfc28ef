"""From a spec to trials with everything resolved: widths, gains, rates, engines, ids.

Pure: the same spec, sweep and data sets give the same trials, so planning twice is harmless.
`check` finds what `plan` would refuse, and counts, without building anything.
"""

from service.planner.planning import check, plan
from service.planner.written import GMode, PlannedTrial, Written

__all__ = ["GMode", "PlannedTrial", "Written", "check", "plan"]
