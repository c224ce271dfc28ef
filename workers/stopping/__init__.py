"""Rules of early stopping, without Ray; ASHA and the median rule decide as Ray Tune's do.

`asha` and `median` judge each trial when its result arrives, so that their decisions depend on the
order of the results. `halving` judges all trials of a rung together, from stored results, and
depends on no order.
"""

from workers.stopping.asha import Asha
from workers.stopping.halving import Contestant, halve, rungs
from workers.stopping.median import Median
from workers.stopping.rule import Judgement, Rule
from workers.stopping.stopper import Stopper, value_of

__all__ = [
    "Asha",
    "Contestant",
    "Judgement",
    "Median",
    "Rule",
    "Stopper",
    "halve",
    "rungs",
    "value_of",
]
