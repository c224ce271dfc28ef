"""Rules that end trials early: pure, without Ray, and equal to Ray Tune's where it has them.

A rule hears what trials measured, in the order in which it arrives, and says which go on. `asha`
and `median` judge at once, so that their decisions depend on that order; `halving` judges all
trials of a rung together, from rows, and depends on no order.
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
