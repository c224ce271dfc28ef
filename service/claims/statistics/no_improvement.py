"""Judge that more depth does not help: neighbouring depths, with a margin stated beforehand."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from pydantic import Field

from service.claims.cells import Cell, best_of, grouped, number
from service.claims.deciding import conclude, finding, from_values, holm, seeds_to_decide
from service.claims.rule import Rule
from service.claims.statistics.paired import p_value, paired_differences
from service.enums import Verdict
from service.schemas.claims import Evidence, FigureAxes, FigurePoint, Finding


class NoImprovement(Rule):
    """Difference between the best configurations of each depth and of the next smaller one.

    A depth supports the claim if its improvement is shown to be smaller than `margin`, and refutes
    it if the improvement is shown to be larger: not significant is not equal, so that without
    enough seeds it does neither. Both one-sided p-values are adjusted by Holm over the depths, and
    compared with (1 - `level`) / 2. Only depths of at least `beyond` are compared.
    """

    statistic: Literal["no_improvement"]
    margin: float = Field(gt=0)
    beyond: int = Field(1, ge=1)

    def names(self) -> Sequence[str]:
        """Return the name of the depth."""
        return ("depth",)

    def judge(self, *cells: Sequence[Cell]) -> Evidence:
        """Return the verdict over neighbouring depths."""
        # A depth without a value stays in its place, so that no depth is compared with another
        # than the one before.
        best = {
            depth: best_of(members)
            for members in grouped(cells[0], ("depth",)).values()
            if (depth := int(number(members[0], "depth") or 0)) >= self.beyond
        }
        steps = {
            f"depth {deep} after {shallow}": paired_differences(best[deep], best[shallow])
            for shallow, deep in pairwise(best)
        }
        worse = holm({k: p_value(v, above=-self.margin) for k, v in steps.items()})
        mirrored = {k: [-difference for difference in v] for k, v in steps.items()}
        better = holm({k: p_value(v, above=self.margin) for k, v in mirrored.items()})
        return conclude(
            [_finding(self, k, values, worse[k], better[k]) for k, values in steps.items()],
            quantity=f"{self.measured} at a depth minus that at the next smaller depth",
            expected=f"above -{self.margin:g} at each depth beyond {self.beyond}",
            points=_points(self, list(best)[1:], list(steps.values())),
            axes=FigureAxes(
                x_title="depth",
                y_title=f"difference of {self.measured} from the depth before",
                x_log=True,
            ),
        )


def _finding(
    rule: NoImprovement, name: str, differences: Sequence[float], worse: float, better: float
) -> Finding:
    estimate = from_values(differences, rule.level)
    if estimate is None:
        remark = "fewer than two seeds have a value at both depths"
        return finding(name, None, Verdict.UNDECIDED, remark=remark)
    tail = (1 - rule.level) / 2
    verdict = Verdict.UNDECIDED
    if worse < tail:
        verdict = Verdict.SUPPORTED
    elif better < tail:
        verdict = Verdict.REFUTED
    return finding(
        name,
        estimate,
        verdict,
        more_seeds=seeds_to_decide(estimate, (-rule.margin,), rule.level),
        remark=f"p {worse:.2g} against an improvement of {rule.margin:g}, {better:.2g} against a "
        "smaller one, after Holm",
    )


def _points(
    rule: NoImprovement, depths: Sequence[int], steps: Sequence[Sequence[float]]
) -> list[FigurePoint]:
    found = []
    for depth, differences in zip(depths, steps, strict=True):
        estimate = from_values(differences, rule.level)
        if estimate is not None:
            found.append(
                FigurePoint(
                    series="difference",
                    x=depth,
                    y=estimate.value,
                    low=estimate.low,
                    high=estimate.high,
                    predicted=-rule.margin,
                )
            )
    return found
