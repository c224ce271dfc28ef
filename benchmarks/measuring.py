"""Time the sides of a comparison in turn, so that other load on the machine affects all of them."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison.

    Attributes:
        step: Function that is timed.
        trials: Trials that one call advances.
    """

    step: Callable[[], object]
    trials: int = 1


@dataclass(frozen=True, slots=True)
class Ratio:
    """Speed of one side over that of another, over the rounds.

    Attributes:
        median: Middle of the rounds.
        low: Lower quartile.
        high: Upper quartile.
    """

    median: float
    low: float
    high: float


def interleaved(
    sides: Mapping[str, Side], *, rounds: int, round_seconds: float
) -> dict[str, list[float]]:
    """Time each side once per round, in turn.

    Args:
        sides: Sides by name. Each is called once before the first round, to warm up.
        rounds: At least 2.
        round_seconds: CPU time that a side gets in a round, one call at least.

    Returns:
        CPU seconds of the process per trial and step, by side; one number per round.
    """
    calls = {}
    for name, side in sides.items():
        side.step()
        calls[name] = max(1, round(round_seconds / max(1e-6, _seconds(side.step, 1))))
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            seconds[name].append(_seconds(side.step, calls[name]) / calls[name] / side.trials)
    return seconds


def ratio(slow: list[float], fast: list[float]) -> Ratio:
    """Return how many times faster ``fast`` was, round by round."""
    ratios = [a / b for a, b in zip(slow, fast, strict=True)]
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Ratio(median, low, high)


def sgemm_flops(size: int = 512, rounds: int = 9) -> float:
    """Return the median rate of a float32 matrix product in this process, FLOP per second."""
    a, out = torch.ones(size, size), torch.empty(size, size)
    times = [_seconds(lambda: torch.mm(a, a, out=out), 8) / 8 for _ in range(rounds)]
    return 2.0 * size**3 / statistics.median(times)


def denormal_slowdown(size: int = 100, rounds: int = 9) -> float:
    """Return how many times longer a product takes this processor if an operand is denormal.

    Near 1 on some (AMD Zen 4), 50 and more on others: where it is 1, flushing gains nothing.
    """
    torch.set_flush_denormal(False)
    normal, out = torch.ones(size, size), torch.empty(size, size)
    tiny = torch.full((size, size), 1e-40)

    def seconds(operand: torch.Tensor) -> float:
        return _seconds(lambda: torch.mm(normal, operand, out=out), 20)

    return statistics.median(seconds(tiny) / seconds(normal) for _ in range(rounds))


def _seconds(call: Callable[[], object], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        call()
    return time.process_time() - start
