"""Count the trials of a spec without writing them out."""

from service.spec.errors import SpecIssue, shown
from service.spec.expansion.axis_tree import Product, size
from service.spec.expansion.links import axes_of, factors
from service.spec.grammar.sweep_spec import SweepSpec
from service.spec.grammar.valid_fields import ValidFields


def count_trials(spec: SweepSpec) -> int:
    """Return the grid product x draws x seeds, in closed form.

    It is an upper bound: points that rules or draws make identical are run once.
    """
    return count_points(spec) * count_seeds(spec)


def count_points(spec: SweepSpec) -> int:
    """Return the number of points, of which `count_trials` has one per seed."""
    branches = size(Product(factors(axes_of(ValidFields.of(spec)), spec.link)))
    return branches.plain + branches.drawn * (spec.search.n or 1)


def count_seeds(spec: SweepSpec) -> int:
    """Return the number of seeds."""
    return spec.seeds if isinstance(spec.seeds, int) else len(spec.seeds)


def seeds_of(spec: SweepSpec) -> tuple[int, ...]:
    """Return the seeds: 0, 1, ... for a count, else the list as it is written."""
    return tuple(range(spec.seeds)) if isinstance(spec.seeds, int) else spec.seeds


def size_issues(spec: SweepSpec, cap: int | None = None) -> list[SpecIssue]:
    """Return an issue if a spec asks for more trials than are allowed.

    Args:
        spec: A spec whose links have no issues.
        cap: The service's own limit, which no spec can raise; None for no such limit.
    """
    count = count_trials(spec)
    limit = spec.limits.max_trials
    if cap is not None and cap < min(limit, count):
        message = f"this service runs at most {cap} trials a sweep; the spec asks for {count}"
        return [SpecIssue("limits.max_trials", shown(limit), message)]
    if count > limit:
        message = f"the spec asks for {count} trials, and allows {limit}; raise it or ask for less"
        return [SpecIssue("limits.max_trials", shown(limit), message)]
    return []
