"""The best configuration of every depth, whether depth helps, and what theory says of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from sqlalchemy.orm import Session

from service.query.comparison import ComparisonQuery
from service.query.configurations import ConfigurationAxes, configurations_of
from service.query.measures import Measured, TrialStatus, measure
from service.query.statistics import compare_means, summarize
from service.schemas.comparisons import (
    BetterThanPrevious,
    DepthBest,
    DepthComparison,
    IntervalKind,
)
from service.store import sweeps
from service.store.models import Trial


@dataclass(slots=True)
class DepthCandidate:
    """A configuration and what its trials measured.

    Attributes:
        configuration: Its axes and its prediction.
        by_seed: Value of each seed that has one.
        n_trials: All its trials.
        n_diverged: Diverged ones.
        n_failed: Failed ones.
        n_stopped: Stopped ones without a value.
        z_inits: Measured walks of its trials, in predicted standard deviations from the mean.
    """

    configuration: ConfigurationAxes
    by_seed: dict[int, float] = field(default_factory=dict)
    n_trials: int = 0
    n_diverged: int = 0
    n_failed: int = 0
    n_stopped: int = 0
    z_inits: list[float] = field(default_factory=list)

    @property
    def n_lost(self) -> int:
        """Seeds that have no value for a reason that lies in the configuration."""
        return self.n_diverged + self.n_failed + self.n_stopped

    @property
    def mean(self) -> float:
        """Mean over the seeds that have a value, of which there is at least one."""
        return sum(self.by_seed.values()) / len(self.by_seed)

    def add(self, seed: int, z_init: float | None, trial: Measured) -> None:
        """Count a trial."""
        if z_init is not None:
            self.z_inits.append(z_init)
        self.n_trials += 1
        self.n_diverged += trial.status is TrialStatus.DIVERGED
        self.n_failed += trial.status is TrialStatus.FAILED
        self.n_stopped += trial.status is TrialStatus.STOPPED
        if trial.value is not None:
            self.by_seed[seed] = trial.value


def depth(session: Session, query: ComparisonQuery) -> DepthComparison:
    """Return the best configuration of every depth.

    Of the configurations with a value, the best is that with the fewest diverged, failed or stopped
    seeds, and among those the one with the lowest mean. Choosing the best and estimating it on
    the same seeds is optimistic, the more so the more configurations there are: repeat the best
    with fresh seeds before quoting it.

    Raises:
        SweepNotFoundError: There is none.
        QueryError: The moment or the level cannot be used.
    """
    level = query.checked_level()
    rows: list[DepthBest] = []
    previous: tuple[int, DepthCandidate] | None = None
    for at_depth, configurations in by_depth(session, query).items():
        best = best_of(configurations)
        rows.append(_row(at_depth, configurations, best, previous, query.ci, level))
        if best is not None:
            previous = (at_depth, best)
    return DepthComparison(
        sweep_id=query.sweep_id,
        metric=query.metric,
        at=query.at,
        ci=query.ci,
        level=level,
        depths=tuple(rows),
    )


def by_depth(session: Session, query: ComparisonQuery) -> Mapping[int, Sequence[DepthCandidate]]:
    """Return the configurations of every depth, shallowest first.

    Raises:
        SweepNotFoundError: There is none.
        QueryError: The moment cannot be used.
    """
    sweeps.get(session, query.sweep_id)
    where = [Trial.sweep_id == query.sweep_id]
    columns = (Trial.configuration_id, Trial.seed, Trial.z_init)
    measured = measure(session, where, query.metric, query.evaluation_point(), columns)
    candidates = {
        key: DepthCandidate(configuration)
        for key, configuration in configurations_of(session, query.sweep_id).items()
    }
    for trial in measured:
        configuration_id, seed, z_init = trial.columns
        candidates[configuration_id].add(seed, z_init, trial)
    depths = sorted({each.configuration.depth for each in candidates.values()})
    return {
        depth: [each for each in candidates.values() if each.configuration.depth == depth]
        for depth in depths
    }


def best_of(configurations: Iterable[DepthCandidate]) -> DepthCandidate | None:
    """Return the best configuration, the first planned of equals; None if none has a value."""
    valued = [configuration for configuration in configurations if configuration.by_seed]
    return min(valued, key=lambda c: (c.n_lost, c.mean), default=None)


def _row(
    at_depth: int,
    configurations: Sequence[DepthCandidate],
    best: DepthCandidate | None,
    previous: tuple[int, DepthCandidate] | None,
    ci: IntervalKind,
    level: float,
) -> DepthBest:
    summary = summarize(list(best.by_seed.values()) if best else [], ci, level)
    return DepthBest(
        depth=at_depth,
        configuration=dict(best.configuration.described()) if best else None,
        n_trials=best.n_trials if best else 0,
        n=summary.n,
        n_diverged=best.n_diverged if best else 0,
        n_failed=best.n_failed if best else 0,
        n_stopped=best.n_stopped if best else 0,
        mean=summary.mean,
        sd=summary.sd,
        ci_low=summary.ci_low,
        ci_high=summary.ci_high,
        predicted_drift=best.configuration.drift if best else None,
        predicted_spread=best.configuration.spread if best else None,
        mean_z_init=fmean(best.z_inits) if best and best.z_inits else None,
        n_configurations=len(configurations),
        n_trials_at_depth=sum(c.n_trials for c in configurations),
        n_diverged_at_depth=sum(c.n_diverged for c in configurations),
        better_than_previous=_against(best, previous, level) if best and previous else None,
    )


def _against(
    best: DepthCandidate, previous: tuple[int, DepthCandidate], level: float
) -> BetterThanPrevious | None:
    previous_depth, before = previous
    found = compare_means(best.by_seed, before.by_seed)
    if found is None:
        return None
    return BetterThanPrevious(
        previous_depth=previous_depth,
        difference=found.difference,
        test=found.test,
        n=found.n,
        p_value=found.p_value,
        better=found.difference < 0 and found.p_value < 1.0 - level,
    )
