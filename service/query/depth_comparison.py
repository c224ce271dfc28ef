"""Find the best configuration of each depth, and test it against the best of the depth before."""

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
    """A configuration with the results of its trials.

    Attributes:
        configuration: The axes and the prediction.
        by_seed: Measured value by seed, for the seeds that have one.
        n_trials: Number of trials.
        n_diverged: Number of diverged trials.
        n_failed: Number of failed trials.
        n_stopped: Number of trials that were stopped before they had a value.
        z_inits: Measured walks of the initial networks, in predicted standard deviations from the
            predicted mean.
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
        """Number of seeds that diverged, failed or were stopped; cancelled ones do not count."""
        return self.n_diverged + self.n_failed + self.n_stopped

    @property
    def mean(self) -> float:
        """Mean over the seeds that have a value; there must be at least one."""
        return sum(self.by_seed.values()) / len(self.by_seed)

    def add(self, seed: int, z_init: float | None, trial: Measured) -> None:
        """Add the result of one trial."""
        if z_init is not None:
            self.z_inits.append(z_init)
        self.n_trials += 1
        self.n_diverged += trial.status is TrialStatus.DIVERGED
        self.n_failed += trial.status is TrialStatus.FAILED
        self.n_stopped += trial.status is TrialStatus.STOPPED
        if trial.value is not None:
            self.by_seed[seed] = trial.value


def compare_depths(session: Session, query: ComparisonQuery) -> DepthComparison:
    """Return the best configuration of each depth.

    Of the configurations with a value, the best has the fewest diverged, failed or stopped seeds,
    and among those the lowest mean. Choosing the best and estimating it on
    the same seeds is optimistic, the more so the more configurations there are: repeat the best
    with fresh seeds before quoting it.

    Raises:
        SweepNotFoundError: There is no such sweep.
        QueryError: `at` or `level` is invalid.
    """
    return best_by_depth(query, candidates_by_depth(session, query))


def best_by_depth(
    query: ComparisonQuery, candidates: Mapping[int, Sequence[DepthCandidate]]
) -> DepthComparison:
    """Return what `compare_depths` does, of candidates that were read before.

    Raises:
        QueryError: `level` is invalid.
    """
    level = query.interval_level()
    rows: list[DepthBest] = []
    previous: tuple[int, DepthCandidate] | None = None
    for at_depth, configurations in candidates.items():
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


def candidates_by_depth(
    session: Session, query: ComparisonQuery
) -> Mapping[int, Sequence[DepthCandidate]]:
    """Return the configurations of a sweep with their results by depth, ascending.

    Raises:
        SweepNotFoundError: There is no such sweep.
        QueryError: `at` is invalid.
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
    """Return the best configuration; None if none has a value.

    Of equally good ones it is the first in the order of the plan, so that the answer is stable.
    """
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
        configuration=dict(best.configuration.axes_by_name()) if best else None,
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
        better_than_previous=_compare_with_previous(best, previous, level)
        if best and previous
        else None,
    )


def _compare_with_previous(
    best: DepthCandidate, previous: tuple[int, DepthCandidate], level: float
) -> BetterThanPrevious | None:
    previous_depth, previous_best = previous
    found = compare_means(best.by_seed, previous_best.by_seed)
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
