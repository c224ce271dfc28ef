"""g* by simulation: the g at which the mean of ln Z over random networks is 0.

The mean is that of ln Z from the last hidden layer back to the first, over D - 1 matrices, of
networks that pass any error at all. All g see the same random numbers, of a fixed seed, so the
same question always has the same answer, and the two control variates of `rwinit.simulation`
take away most of the noise.

For a bounded activation the mean need not rise with g everywhere: far above g* every unit
saturates. The g looked for is the first crossing from below.

References:
    [derived] Worked out for this package and checked by simulation.
"""

import json
import math
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rwinit import cache
from rwinit.arguments import (
    HOMOGENEOUS_NAMES,
    MAX_DEPTH,
    WEIGHT_LAWS,
    check_choice,
    check_count,
    check_keep,
    check_number,
)
from rwinit.errors import GainNotFoundError
from rwinit.laws import log_gain_law
from rwinit.nonlinearities import Nonlinearity, nonlinearity
from rwinit.simulation import STANDARD, Conditions, Networks, Setting

Array = NDArray[np.float64]

LONG_DEPTH: Final = 500
"""The depth that stands for a long network where none is given."""

STANDARD_ERROR: Final = 3e-3
"""Requested standard error of g, where none is given."""

# Part of every key on disk: raise it when any number that the simulation gives can change.
ALGORITHM: Final = 1

# Units times layers times networks of one evaluation; about 50 ns each.
_PILOT_WORK: Final = 800_000
_LARGEST_WORK: Final = 400_000_000
_FEWEST: Final = 6

_FEWEST_TO_REGRESS: Final = 6
_SCAN_RATIO: Final = 1.15
_SCAN_STEPS: Final = 28
_OUTER: Final = 0.01
_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True)
class GainEstimate:
    """An unbiased g, and how well it is known.

    Attributes:
        gain: g.
        standard_error: Of ``gain``; 0 where g is exact.
        n_samples: Simulated networks behind it; 0 where g is exact.
        n_dead: How many of them passed no error; they are left out of the mean.
    """

    gain: float
    standard_error: float
    n_samples: int
    n_dead: int


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of ln Z at one g, over networks that pass an error.

    Attributes:
        value: The mean, in nats, after regression on the controls.
        error: Its standard error, in nats.
        n_samples: Simulated networks.
        n_dead: Those among them that pass nothing.
    """

    value: float
    error: float
    n_samples: int
    n_dead: int


@dataclass(frozen=True, slots=True)
class Question:
    """What g* depends on; hashable, so that answers can be remembered."""

    activation: Nonlinearity
    slope: float
    width: int
    depth: int
    orthogonal: bool
    keep: float
    conditions: Conditions
    standard_error: float
    seed: int

    @property
    def setting(self) -> Setting:
        widths = (self.width,) * max(self.depth, 2)
        return Setting(self.activation, widths, self.orthogonal, self.keep, self.conditions)

    def key(self) -> str:
        """Return the question as canonical text, with the version of the algorithm."""
        fields = {name: getattr(self, name) for name in self.__slots__ if name != "activation"}
        fields |= {
            "activation": self.activation.name,
            "conditions": asdict(self.conditions),
            "algorithm": ALGORITHM,
            "what": "gain",
        }
        return json.dumps(fields, sort_keys=True)


def estimate_gain(
    activation: str | Nonlinearity,
    width: int,
    depth: int | None = None,
    *,
    weights: str = "gaussian",
    slope: float = 0.01,
    keep: float = 1.0,
    conditions: Conditions = STANDARD,
    standard_error: float = STANDARD_ERROR,
    seed: int = 0,
    cache_dir: str | os.PathLike[str] | None = None,
) -> GainEstimate:
    """Return the g at which the log norm of the error has no drift, and its standard error.

    Linear, ReLU and leaky ReLU without biases have the exact g of their law at every depth. Any
    other activation is simulated, with the error sent back from the last hidden layer to the
    first; answers for activations known by name are kept on disk.

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `rwinit.Nonlinearity`.
        width: Units per hidden layer.
        depth: Hidden layers D. None takes 500, where g is that of a long walk to within 0.01
            for widths up to 1000. A depth of 1 has no hidden matrix; it gets the g of depth 2.
        weights: ``"gaussian"`` or ``"orthogonal"``.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        keep: Chance of a unit to survive dropout; survivors are multiplied by ``1 / keep``.
        conditions: Statistics of the input, the first matrix and the biases.
        standard_error: Requested standard error of g, above 0. Networks are added until it is
            met, up to a bound on the work of about 20 seconds per evaluation.
        seed: Non-negative seed of the simulation.
        cache_dir: Folder of remembered answers; None takes ``RWINIT_CACHE_DIR`` or the user's
            cache folder.

    Raises:
        GainNotFoundError: No g leaves the walk without drift; so it is for saturating
            activations in very narrow deep networks.
        ArgumentError: An argument is not allowed.
    """
    question = ask(
        activation, width, depth, weights, slope, keep, conditions, standard_error, seed
    )
    return answer(question, cache.cache_folder(cache_dir))


def ask(
    activation: str | Nonlinearity,
    width: int,
    depth: int | None,
    weights: str,
    slope: float,
    keep: float,
    conditions: Conditions,
    standard_error: float,
    seed: int,
) -> Question:
    """Return checked arguments of `estimate_gain` as a question.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    chosen = nonlinearity(activation, slope)
    check_number("slope", slope)
    check_choice("weights", weights, WEIGHT_LAWS)
    return Question(
        activation=chosen,
        slope=float(slope) if chosen.name == "leaky_relu" else 0.0,
        width=check_count("width", width),
        depth=check_count("depth", LONG_DEPTH if depth is None else depth, MAX_DEPTH),
        orthogonal=str(weights) == "orthogonal",
        keep=check_keep(keep),
        conditions=conditions,
        standard_error=check_number("standard_error", standard_error, above=0.0),
        seed=check_count("seed", seed, 2**63 - 1, minimum=0),
    )


def answer(question: Question, folder: Path | None) -> GainEstimate:
    """Return the answer to a question, from memory, from disk, or by simulation.

    Raises:
        GainNotFoundError: No g leaves the walk without drift.
    """
    if _has_closed_form(question):
        return _exact(question)
    if question.activation.built_in:
        found = _remembered(question, folder)
    else:
        found = search(question)
    if isinstance(found, GainEstimate):
        return found
    raise GainNotFoundError(question.activation.name, question.width, question.depth, *found)


def _has_closed_form(question: Question) -> bool:
    named = question.activation.built_in and question.activation.name in HOMOGENEOUS_NAMES
    return named and question.conditions.bias_deviation == 0.0


def _exact(question: Question) -> GainEstimate:
    law = log_gain_law(
        question.activation.name,
        question.width,
        weights="orthogonal" if question.orthogonal else "gaussian",
        slope=question.slope,
        keep=question.keep,
    )
    return GainEstimate(math.exp(-law.mean / 2.0), 0.0, 0, 0)


NotFound = tuple[float, float, float, float]
"""The last four fields of GainNotFoundError."""


@lru_cache(maxsize=65536)
def _remembered(question: Question, folder: Path | None) -> GainEstimate | NotFound:
    key = question.key()
    stored = cache.recall(folder, key, 5)
    if stored is not None and stored[0] == 1.0:
        return GainEstimate(stored[1], stored[2], int(stored[3]), int(stored[4]))
    if stored is not None:
        return stored[1], stored[2], stored[3], stored[4]
    found = search(question)
    if isinstance(found, GainEstimate):
        values = (1.0, found.gain, found.standard_error, found.n_samples, found.n_dead)
        cache.store(folder, key, values)
    else:
        cache.store(folder, key, (0.0, *found))
    return found


def search(question: Question) -> GainEstimate | NotFound:
    """Return g* by simulation, or where it was looked for in vain."""
    setting = question.setting
    units = sum(setting.widths)
    networks = Networks(setting, question.seed)
    n_samples = max(_FEWEST, _PILOT_WORK // units)

    def mean_at(g: float) -> Mean:
        return mean_log_gain(networks, g, n_samples)

    bracket = _bracket(mean_at, _first_guess(setting))
    if len(bracket) == 4:
        return bracket
    g = _crossing(mean_at, *bracket)
    largest = max(_FEWEST, _LARGEST_WORK // units)
    for _ in range(5):
        estimate = _polished(mean_at, g)
        g, excess = estimate.gain, (estimate.standard_error / question.standard_error) ** 2
        if excess <= 1.0 or n_samples >= largest:
            break
        # Never by more than a hundredfold at once: a small pilot knows its error badly.
        n_samples = min(largest, math.ceil(1.15 * min(excess, 100.0) * n_samples))
    return estimate


def mean_log_gain(networks: Networks, g: float, n_samples: int) -> Mean:
    """Return the mean of ln Z over the networks that pass an error.

    Args:
        networks: The networks.
        g: Multiplier of the hidden matrices.
        n_samples: How many of them, rounded up to whole batches.
    """
    gains, controls = networks.log_gains(g, n_samples)
    alive = np.isfinite(gains)
    n_alive, n_dead = int(alive.sum()), int((~alive).sum())
    if n_alive < 2:
        return Mean(-math.inf, math.inf, len(gains), n_dead)
    if n_dead or n_alive < _FEWEST_TO_REGRESS:
        # The controls have their known means over all networks only.
        controls = np.zeros_like(controls)
    design = np.column_stack([np.ones(n_alive), controls[alive]])
    coefficients, _, rank, _ = np.linalg.lstsq(design, gains[alive], rcond=None)
    rest = gains[alive] - design @ coefficients
    variance = float(rest @ rest) / max(1, n_alive - int(rank))
    return Mean(float(coefficients[0]), math.sqrt(variance / n_alive), len(gains), n_dead)


def _first_guess(setting: Setting) -> float:
    """Return a g somewhat below the one that suits the small signals of a wide network."""
    near_zero = setting.nonlinearity.derivative(np.array([-1e-6, 1e-6]))
    return 0.9 / max(float(np.sqrt(np.mean(near_zero**2))), 0.1) * setting.keep**0.5


def _bracket(
    mean_at: Callable[[float], Mean], start: float
) -> tuple[float, float, float, float] | tuple[float, float]:
    """Return two neighbours of a geometric grid between which the mean crosses 0 upwards.

    Without any, what `NotFound` says.
    """
    g, value = start, mean_at(start).value
    closest, at_closest = g, value
    step = _SCAN_RATIO if value < 0.0 else 1.0 / _SCAN_RATIO
    for _ in range(_SCAN_STEPS):
        before, g = g, g * step
        crossed = (value < 0.0) != ((value := mean_at(g).value) < 0.0)
        if crossed:
            return min(before, g), max(before, g)
        if abs(value) < abs(at_closest):
            closest, at_closest = g, value
    finite = at_closest if math.isfinite(at_closest) else -1e300
    return min(start, g), max(start, g), closest, finite


def _crossing(mean_at: Callable[[float], Mean], low: float, high: float) -> float:
    """Return a zero between two g whose means differ in sign, well within the noise."""
    at_low, at_high = mean_at(low).value, mean_at(high).value
    for _ in range(30):
        if high - low < 2e-3 * low or not math.isfinite(at_low):
            break
        # The Illinois rule: the end that stays has its value halved.
        g = (low * at_high - high * at_low) / (at_high - at_low)
        middle = mean_at(g)
        if abs(middle.value) < 0.3 * middle.error:
            return g
        if middle.value < 0.0:
            low, at_low, at_high = g, middle.value, at_high / 2.0
        else:
            high, at_high, at_low = g, middle.value, at_low / 2.0
    return (low + high) / 2.0


def _polished(mean_at: Callable[[float], Mean], g: float) -> GainEstimate:
    """Return the zero near g by a line through two means and a correction at its zero."""
    low, high = g * (1.0 - _OUTER), g * (1.0 + _OUTER)
    below, above = mean_at(low), mean_at(high)
    slope = (above.value - below.value) / (high - low)
    if not (math.isfinite(slope) and slope > 0.0):
        return GainEstimate(round(g, _DECIMALS), math.inf, below.n_samples, below.n_dead)
    # A noisy first guess may be several per cent off; further out the line says nothing.
    guess = min(max(low - below.value / slope, g * 0.9), g * 1.1)
    middle = mean_at(guess)
    root = min(max(guess - middle.value / slope, g * 0.85), g * 1.15)
    return GainEstimate(
        round(root, _DECIMALS), middle.error / slope, middle.n_samples, middle.n_dead
    )
