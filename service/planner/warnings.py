"""Warnings about random networks whose forecast says that they will hardly train."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from service.enums import WarningKind
from service.planner.forecasts import Forecast
from service.planner.walk_requests import WalkRequest

FAR: Final = math.log(1e3)
"""A drift of the log gradient norm, in nats, that no learning rate suits at both ends."""

WIDE: Final = math.log(10.0)
"""A spread, in nats, at which one network in three is off by a factor of ten."""

LIKELY_DEATH: Final = 0.01
"""Probability of a layer that passes no error, above which a warning is due."""

ALIKE: Final = 1e-3
"""1 less a correlation: below it two inputs are too much alike to be distinguished."""

DEPTH_SCALES: Final = 6.0
"""Ratio of the depth to the depth scale of correlations, above which inputs lose their relation.

Schoenholz et al., Deep Information Propagation, arXiv:1611.01232, find that networks train up to a
depth of about six depth scales.
"""

_NAMED: Final = 5
"""Maximum number of configurations that a warning names."""


@dataclass(frozen=True, slots=True)
class PlanWarning:
    """A warning about the configurations of a sweep that one rule applies to.

    Attributes:
        kind: Kind of trouble that is expected.
        message: The warning for a person; names the worst configurations.
        places: Indices of the configurations, ascending.
    """

    kind: WarningKind
    message: str
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    text: str
    # Larger is worse; None if the rule does not apply.
    severity: Callable[[WalkRequest, Forecast], float | None]
    measure: Callable[[WalkRequest, Forecast], str]


def warnings_of(
    configurations: Sequence[WalkRequest], forecasts: Sequence[Forecast]
) -> tuple[PlanWarning, ...]:
    """Return the warnings about a sweep's random networks, at most one of each kind.

    Args:
        configurations: Distinct random networks.
        forecasts: The forecast of each; a pending one causes no warning.
    """
    pairs = list(zip(configurations, forecasts, strict=True))
    found = (_warning(kind, rule, pairs) for kind, rule in _RULES.items())
    return tuple(warning for warning in found if warning is not None)


def _warning(
    kind: WarningKind, rule: _Rule, pairs: Sequence[tuple[WalkRequest, Forecast]]
) -> PlanWarning | None:
    found = {place: rule.severity(*pair) for place, pair in enumerate(pairs)}
    severities = {place: value for place, value in found.items() if value is not None}
    if not severities:
        return None
    worst = sorted(severities, key=lambda place: (-severities[place], place))[:_NAMED]
    named = "; ".join(f"{pairs[at][0].label()} ({rule.measure(*pairs[at])})" for at in worst)
    rest = f"; and {len(severities) - len(worst)} more" if len(severities) > len(worst) else ""
    count = (
        "1 configuration is" if len(severities) == 1 else f"{len(severities)} configurations are"
    )
    return PlanWarning(kind, f"{count} {rule.text}: {named}{rest}", tuple(sorted(severities)))


def _drifts_by(forecast: Forecast, sign: float) -> float | None:
    if forecast.drift is None or forecast.spread is None:
        return None
    # A drift within two spreads is no more than what the seeds differ by.
    far = sign * forecast.drift
    return far if far > max(FAR, 2.0 * forecast.spread) else None


def _without_gain(_: WalkRequest, forecast: Forecast) -> float | None:
    return 1.0 if forecast.without_gain else None


def _vanishes(_: WalkRequest, forecast: Forecast) -> float | None:
    return _drifts_by(forecast, -1.0)


def _explodes(_: WalkRequest, forecast: Forecast) -> float | None:
    return _drifts_by(forecast, 1.0)


def _wanders(_: WalkRequest, forecast: Forecast) -> float | None:
    spread = forecast.spread
    return spread if spread is not None and spread > WIDE else None


def _dies(_: WalkRequest, forecast: Forecast) -> float | None:
    if forecast.passes_nothing:
        return 1.0
    chance = forecast.death_probability
    return chance if chance is not None and chance > LIKELY_DEATH else None


def _decorrelates(request: WalkRequest, forecast: Forecast) -> float | None:
    # Homogeneous activations have no depth scale: the correlation approaches 1 by a power law.
    if forecast.decorrelation is not None:
        return 1.0 / max(forecast.decorrelation, 1e-12) if forecast.decorrelation < ALIKE else None
    if forecast.depth_scale is None:
        return None
    scales = request.question.depth / forecast.depth_scale
    return scales if scales > DEPTH_SCALES else None


def _drift_in_words(_: WalkRequest, forecast: Forecast) -> str:
    return f"drift {forecast.drift:+.3g} nats, spread {forecast.spread:.2g}"


def _spread_in_words(_: WalkRequest, forecast: Forecast) -> str:
    return f"spread {forecast.spread:.3g} nats"


def _death_in_words(_: WalkRequest, forecast: Forecast) -> str:
    if forecast.passes_nothing:
        return "every simulated one"
    return f"chance {forecast.death_probability:.2g}"


def _correlation_in_words(request: WalkRequest, forecast: Forecast) -> str:
    if forecast.decorrelation is not None:
        return f"correlation within {forecast.decorrelation:.1g} of 1"
    end = "alike" if forecast.merges else "unrelated"
    return f"{end} over {forecast.depth_scale:.3g} layers per factor e"


def _remark(_: WalkRequest, forecast: Forecast) -> str:
    return forecast.remark or ""


_RULES: Mapping[WarningKind, _Rule] = {
    WarningKind.NO_GAIN: _Rule(
        "to be refused, because no g leaves their walk without drift", _without_gain, _remark
    ),
    WarningKind.VANISH: _Rule("expected to vanish on the way back", _vanishes, _drift_in_words),
    WarningKind.EXPLODE: _Rule("expected to explode on the way back", _explodes, _drift_in_words),
    WarningKind.WANDER: _Rule(
        "expected to wander, so that results depend on the seed", _wanders, _spread_in_words
    ),
    WarningKind.DIE: _Rule("expected to have a layer that passes nothing", _dies, _death_in_words),
    WarningKind.DECORRELATE: _Rule(
        "expected to lose how their inputs are related", _decorrelates, _correlation_in_words
    ),
}
