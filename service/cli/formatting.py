"""Format numbers and states for the tables of the command line."""

from service.client import BetterThanPrevious, Group, SweepCounts, SweepRead

NOTHING = "-"


def number(value: float | int | str | bool | None) -> str:
    """Return a value as text, floats with four significant digits; a dash for None."""
    if value is None:
        return NOTHING
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def measure(value: float | None, metric: str) -> str:
    """Return a metric's value as text: errors in per cent, losses with four digits."""
    if value is None:
        return NOTHING
    return f"{100 * value:.2f} %" if metric.endswith("error") else f"{value:.4g}"


def interval(mean: float | None, low: float | None, high: float | None, metric: str) -> str:
    """Return a mean and its interval: ``m ± h`` if it is symmetric, else ``m [low, high]``."""
    if mean is None or low is None or high is None:
        return measure(mean, metric)
    above, below = high - mean, mean - low
    # Student's interval is symmetric up to rounding, the bootstrap's is not.
    if abs(above - below) > 1e-6 * max(abs(above), abs(below)):
        return f"{measure(mean, metric)} [{measure(low, metric)}, {measure(high, metric)}]"
    if metric.endswith("error"):
        return f"{100 * mean:.2f} ± {100 * above:.2f} %"
    return f"{mean:.4g} ± {above:.2g}"


def percent(level: float) -> str:
    """Return a share such as 0.95 as text, without rounding 99.9% to 100%."""
    return f"{100 * level:g}%"


def band(mean: float | None, deviation: float | None) -> str:
    """Return a predicted mean and standard deviation as text; a dash for None."""
    if mean is None or deviation is None:
        return NOTHING
    # 0.0 is added because a small negative number rounds to -0.0, which prints with its sign.
    return f"{round(mean, 2) + 0.0:.2f} ± {deviation:.2f}"


def diverged(n_diverged: int, n_trials: int) -> str:
    """Return how many trials diverged, as text; empty if none did."""
    return f"{n_diverged}/{n_trials} diverged" if n_diverged else ""


def remarks(group: Group) -> str:
    """Return the numbers of trials that a group's mean leaves out, by reason, as text."""
    n = group.n_trials
    parts = [
        diverged(group.n_diverged, n),
        f"{group.n_failed}/{n} failed" if group.n_failed else "",
        f"{group.n_stopped}/{n} stopped early" if group.n_stopped else "",
        f"{group.n_cancelled}/{n} cancelled" if group.n_cancelled else "",
        f"{group.n_unfinished}/{n} unfinished" if group.n_unfinished else "",
        f"{group.n_missing}/{n} without this value" if group.n_missing else "",
    ]
    return ", ".join(part for part in parts if part)


def verdict(step: BetterThanPrevious | None, level: float) -> str:
    """Return whether a depth is better than the previous one, as text."""
    if step is None:
        return "cannot be tested"
    p_value = f"(p = {step.p_value:.2g})"
    if step.p_value >= 1.0 - level:
        return f"no significant difference {p_value}"
    return f"{'better' if step.better else 'worse'} {p_value}"


def outcomes(counts: SweepCounts) -> str:
    """Return the number of trials by outcome, as text."""
    parts = [
        (counts.completed, "completed"),
        (counts.diverged, "diverged"),
        (counts.stopped, "stopped early"),
        (counts.failed, "failed"),
        (counts.cancelled, "cancelled"),
    ]
    return ", ".join(f"{n} {word}" for n, word in parts if n) or "none ended yet"


def ending(sweep: SweepRead) -> str:
    """Return the sentence that reports how a sweep ended."""
    reason = f": {sweep.message}" if sweep.message else ""
    done = f"{sweep.counts.done} of {sweep.n_trials} trials ended"
    return f"sweep {sweep.id} {sweep.state}{reason}; {done} ({outcomes(sweep.counts)})"


def duration(seconds: float) -> str:
    """Return a duration in seconds, minutes, hours or days, such as ``40 s`` or ``2.5 h``."""
    # 99.5 would be printed as 100, and 47.5 h as 48 h: the next unit takes over there.
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    for unit, size, most in (("min", 60.0, 99.5), ("h", 3600.0, 47.5)):
        if seconds / size < most:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds / 86400.0:.3g} days"
