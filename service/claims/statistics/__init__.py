"""The statistics that judge claims, one module each; pure functions over cells."""

from collections.abc import Mapping
from typing import Final

from service.claims.rule import Rule
from service.claims.statistics.best_rate_power import BestRatePower
from service.claims.statistics.mean_equals import MeanEquals
from service.claims.statistics.no_improvement import NoImprovement
from service.claims.statistics.optimum_between import OptimumBetween
from service.claims.statistics.paired import Paired
from service.claims.statistics.power_law import PowerLaw
from service.claims.statistics.share_below import ShareBelow

STATISTICS: Final[Mapping[str, type[Rule]]] = {
    "share_below": ShareBelow,
    "power_law": PowerLaw,
    "best_rate_power": BestRatePower,
    "paired": Paired,
    "no_improvement": NoImprovement,
    "mean_equals": MeanEquals,
    "optimum_between": OptimumBetween,
}
"""The rule of each statistic by its name in `judge`."""

__all__ = ["STATISTICS"]
