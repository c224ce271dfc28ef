"""Judge whether networks train: the share of seeds whose measure ends below a threshold."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field
from scipy.special import bdtrc, betaincinv

from service.claims.cells import Cell, grouped, label, number
from service.claims.deciding import POWER, conclude, finding
from service.claims.rule import Filter, Name, Rule, both
from service.enums import Verdict
from service.schemas.claims import Evidence, FigureAxes, FigurePoint, Finding
from service.schemas.comparisons import Scalar

# A share that needs more seeds than this lies on the border.
_MOST_SEEDS = 2000
# Names that tell configurations of one group apart in labels.
_OWN = (
    "kind",
    "activation",
    "width",
    "scheme",
    "g_relative",
    "g",
    "optimizer",
    "lr",
    "freeze",
)


class ShareBelow(Rule):
    """Share of seeds below a threshold, at each value of `by`.

    `trains` selects the trials of which the best configuration at each value of `by` must have a
    share above `share`; `fails` those of which every configuration must have a share below it. An
    error is divided by the error of guessing before it is compared. Diverged and stopped trials
    count as above the threshold; failed ones are left out. Where none has a value, and where a
    filter passes no trial, the claim stays undecided.
    """

    statistic: Literal["share_below"]
    threshold: float = Field(gt=0)
    by: Name = "depth"
    trains: Filter | None = None
    fails: Filter | None = None
    share: float = Field(0.5, gt=0, lt=1)

    def filters(self) -> Sequence[str | None]:
        """Return the filters of the trials that should train and, if given, that should fail."""
        shown = [both(self.filter, self.trains)]
        return shown if self.fails is None else [*shown, both(self.filter, self.fails)]

    def names(self) -> Sequence[str]:
        """Return the name that groups the trials, and those that tell configurations apart."""
        return tuple(dict.fromkeys((self.by, *_OWN)))

    def judge(self, *cells: Sequence[Cell]) -> Evidence:
        """Return the verdict, given the cells that should train and those that should fail."""
        trains = _findings(self, cells[0], "trains", above=True)
        fails = _findings(self, cells[1], "fails", above=False) if len(cells) > 1 else []
        found = [*trains, *fails]
        chance = " / chance" if self.measure.is_error else ""
        sides = [("above", "trains")] + ([("below", "fails")] if self.fails else [])
        return conclude(
            [each for each, _ in found],
            quantity=f"share of seeds with {self.measured}{chance} below {self.threshold:g}",
            expected=", ".join(f"{side} {self.share:g} where it {who}" for side, who in sides),
            points=[point for _, point in found if point is not None],
            axes=FigureAxes(
                x_title=self.by, y_title="share of seeds that train", x_log=self.by == "depth"
            ),
        )


def exact_interval(k: int, n: int, level: float) -> tuple[float, float]:
    """Return the interval of a share by Clopper and Pearson, for k of n; n is at least 1."""
    tail = (1 - level) / 2
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high


def seeds_for_share(k: int, n: int, share: float, level: float) -> int | None:
    """Return how many more seeds put the exact interval on one side of a share, at 80 % power.

    The true share is taken to be the measured one, or the mean (k + 1) / (n + 2) of Laplace's rule
    for k = 0 and k = n, where the measured share leaves no doubt that few seeds could not clear.

    Returns:
        At least 1; None if more than 2,000 seeds are needed.
    """
    truth = k / n if 0 < k < n else (k + 1) / (n + 2)
    if truth == share:
        return None
    # A share below the border is the same question about the other outcome.
    border, truth = (share, truth) if truth > share else (1 - share, 1 - truth)
    for total in range(n + 1, _MOST_SEEDS + 1):
        counts = np.arange(total + 1)
        # P(X >= k) under the border; the interval lies above it where this is at most the tail.
        decided = counts[bdtrc(counts - 1, total, border) <= (1 - level) / 2]
        if len(decided) and bdtrc(decided[0] - 1, total, truth) >= POWER:
            return total - n
    return None


_Found = tuple[Finding, FigurePoint | None]


def _findings(rule: ShareBelow, cells: Sequence[Cell], side: str, *, above: bool) -> list[_Found]:
    if not cells:
        return [_unknown(side, "no trial passes the filter")]
    found: list[_Found] = []
    for values, members in grouped(cells, (rule.by,)).items():
        known = [cell for cell in members if cell.by_seed or cell.lost]
        # One configuration that trains suffices, but every one must fail.
        if not known or (len(known) < len(members) and not above):
            name = f"{side}: {label((rule.by,), values)}"
            found.append(_unknown(name, "a configuration has no seed with a value"))
        if not known:
            continue
        # The best of several is chosen by the same seeds; a wider interval makes up for it.
        level = 1 - (1 - rule.level) / (len(known) if above else 1)
        judged = [max(known, key=lambda cell: _count(rule, cell)[0])] if above else known
        found += [
            _found(rule, cell, values, side + _own(cell, judged), level=level, above=above)
            for cell in judged
        ]
    return found


def _unknown(group: str, remark: str) -> _Found:
    """Return the finding of a group that the claim is about and of which nothing is known."""
    return finding(group, None, Verdict.UNDECIDED, remark=remark), None


def _count(rule: ShareBelow, cell: Cell) -> tuple[int, int]:
    """Return how many seeds of a cell end below the threshold, and how many seeds it has."""
    scale = cell.chance if rule.measure.is_error and cell.chance else 1.0
    kept = {seed: value for seed, value in cell.by_seed.items() if seed not in cell.lost}
    return sum(value / scale < rule.threshold for value in kept.values()), len(
        cell.lost | cell.by_seed.keys()
    )


def _found(
    rule: ShareBelow,
    cell: Cell,
    values: tuple[Scalar, ...],
    side: str,
    *,
    level: float,
    above: bool,
) -> _Found:
    """Return the finding and the point of one configuration."""
    k, n = _count(rule, cell)
    low, high = exact_interval(k, n, level)
    if low > rule.share:
        verdict = Verdict.SUPPORTED if above else Verdict.REFUTED
    elif high < rule.share:
        verdict = Verdict.REFUTED if above else Verdict.SUPPORTED
    else:
        verdict = Verdict.UNDECIDED
    undecided = verdict is Verdict.UNDECIDED
    result = Finding(
        group=f"{side}: {label((rule.by,), values)}",
        n=n,
        estimate=k / n,
        low=low,
        high=high,
        verdict=verdict,
        more_seeds=seeds_for_share(k, n, rule.share, level) if undecided else None,
        remark=f"{k} of {n} seeds"
        + (f", {len(cell.lost)} diverged or stopped" if cell.lost else ""),
    )
    x = number(cell, rule.by)
    if x is None:
        return result, None
    return result, FigurePoint(series=side, x=x, y=k / n, low=low, high=high, predicted=rule.share)


def _own(cell: Cell, others: Sequence[Cell]) -> str:
    """Return the values of a configuration in which the others of its group differ from it."""
    varied = [name for name in _OWN if len({other.axes[name] for other in others}) > 1]
    return f" ({label(varied, [cell.axes[name] for name in varied])})" if varied else ""
