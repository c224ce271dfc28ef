r"""Simulate the walk of a random network, exactly in law, with a few vectors per layer.

No N x N matrix is drawn. Given h, ``W h`` is ``|h| / sqrt(N) xi`` with xi standard normal; given
u = W h as well, ``W^T v`` is ``h (u . v) / |h|^2`` plus, orthogonal to h, ``|v| / sqrt(N)`` times
a fresh standard normal vector. For a Haar orthogonal W, u is uniform on the sphere of radius
``|h|``, and the part orthogonal to h has the length of ``v - u (u . v) / |u|^2`` and a uniform
direction [derived].

Letters are those of [SA14]: ``a_d = g W_d h_{d-1} + b_d``, ``h_d = f(a_d)``,
``delta_{d-1} = g W_d^T (f'(a_d) * delta_d)``. Norms of h are carried as logarithms outside of
1e-60..1e60, and delta is renormalised in every layer, so that no g leaves float64.

References:
    [SA14], [derived] Listed in `rwinit.laws`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import special

from rwinit.arguments import MAX_WIDTH, check_count, check_number
from rwinit.errors import ArgumentError
from rwinit.nonlinearities import Nonlinearity

Array = NDArray[np.float64]

# Outside of these norms an activation is taken as homogeneous; see `Nonlinearity`.
_LOWEST_LOG: Final = math.log(1e-60)
_HIGHEST_LOG: Final = math.log(1e60)

# Elements of one array of a batch: small enough for the second-level cache, and large enough
# that the interpreter's share of the time is small.
_BATCH_ELEMENTS: Final = 8192
# Elements of all layers of a batch; up to five arrays of that size are held.
_WALK_ELEMENTS: Final = 4_000_000
# Units of all networks of a batch, if they are narrow: the first evaluation of a g stays cheap.
_PILOT_ELEMENTS: Final = 800_000
# The bound above never makes a batch smaller than this.
_FEW: Final = 64
# Drawing normals takes most of the time, so that up to this many are kept for the next g (128 MB).
_KEPT_NORMALS: Final = 16_000_000

# Replaces a 0 in a denominator or a logarithm.
_TINY: Final = 1e-300
_SMALLEST: Final = 5e-324
# Sums of squares of smaller numbers lose digits, or are 0.
_SQUARES_VANISH: Final = 1e-140


@dataclass(frozen=True, slots=True)
class Conditions:
    """Statistics of the input, the first matrix and the biases: all that does not depend on g.

    Attributes:
        n_inputs: Dimensions of the input; None takes the width of the first hidden layer.
        input_mean: Mean of every input dimension.
        input_deviation: Standard deviation of every input dimension, at least 0.
        g_in: Multiplier of the first matrix, above 0.
        bias_deviation: Standard deviation of the biases of all hidden layers; 0 in [SA14].
    """

    n_inputs: int | None = None
    input_mean: float = 0.0
    input_deviation: float = 1.0
    g_in: float = 1.0
    bias_deviation: float = 0.0

    def __post_init__(self) -> None:
        if self.n_inputs is not None:
            check_count("n_inputs", self.n_inputs, MAX_WIDTH)
        check_number("input_mean", self.input_mean)
        check_number("input_deviation", self.input_deviation, low=0.0)
        check_number("g_in", self.g_in, above=0.0)
        check_number("bias_deviation", self.bias_deviation, low=0.0)
        if self.input_mean == 0.0 and self.input_deviation == 0.0:
            raise ArgumentError("input_deviation", 0.0, "above 0 where input_mean is 0")


STANDARD: Final = Conditions()
"""Standard normal inputs of as many dimensions as the network is wide, ``g_in`` 1, no biases."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A random network without its g and its random numbers.

    Attributes:
        nonlinearity: The activation and its derivative.
        widths: Units of each hidden layer, input side first; the depth is their number. Haar
            orthogonal matrices need them all equal.
        orthogonal: Whether matrices are Haar orthogonal rather than Gaussian.
        keep: Chance of a unit to survive dropout; survivors are multiplied by ``1 / keep``.
        conditions: Statistics of the input, the first matrix and the biases.
    """

    nonlinearity: Nonlinearity
    widths: tuple[int, ...]
    orthogonal: bool = False
    keep: float = 1.0
    conditions: Conditions = STANDARD

    @property
    def depth(self) -> int:
        return len(self.widths)


@dataclass(frozen=True, slots=True)
class Walks:
    """Log norms of independent random networks, each with its own input and output error.

    Attributes:
        forward: ``ln |h_d|`` for d = 1..D, shape ``(D, samples)``, in nats; ``-inf`` from the
            layer on in which a network died.
        backward: ``ln |delta_d|`` less ``ln |delta_D|``, shape ``(D, samples)``, in nats; the
            last row is 0. ``-inf`` below a layer that passes no error.
        controls: Sums over layers of ``ln |xi|^2`` and of the log squared norm of the fresh part
            of the error, each less its known mean, shape ``(samples, 2)``: control variates
            that explain most of the variance of ln Z. Zero for orthogonal matrices.
    """

    forward: Array
    backward: Array
    controls: Array

    @property
    def log_gains(self) -> Array:
        """``ln Z = 2 (ln |delta_1| - ln |delta_D|)``, shape ``(samples,)``; may be ``-inf``."""
        return np.asarray(2.0 * self.backward[0])

    @property
    def log_signal_gains(self) -> Array:
        """``2 (ln |h_D| - ln |h_1|)``, shape ``(samples,)``; ``-inf`` of a network that died."""
        last, first = self.forward[-1], self.forward[0]
        alive = np.isfinite(last) & np.isfinite(first)
        return np.where(alive, 2.0 * (last - np.where(alive, first, 0.0)), -np.inf)


class Networks:
    """An endless sequence of random networks, each with its own input and output error.

    The same seed gives the same underlying normal draws for every g, in the same order for
    every number of samples: differences between two g are far less noisy than either.
    """

    def __init__(self, setting: Setting, seed: int) -> None:
        """Prepare the networks; random numbers are drawn when they are first needed.

        Args:
            setting: The networks.
            seed: Non-negative seed of all draws.
        """
        self._setting = setting
        self._seed = seed
        self._batch_size = batch_size(setting)
        self._kept: dict[int, _Noise] = {}

    def walks(self, g: float | Array, n_samples: int) -> Walks:
        """Return the walks of the first networks.

        Args:
            g: Multiplier of the D - 1 hidden matrices, or one for each, shape ``(D - 1,)``.
            n_samples: Networks, rounded up to whole batches.
        """
        batches = list(self.batches(g, n_samples))
        return Walks(
            np.concatenate([walks.forward for walks in batches], axis=1),
            np.concatenate([walks.backward for walks in batches], axis=1),
            np.concatenate([walks.controls for walks in batches]),
        )

    def log_gains(self, g: float | Array, n_samples: int) -> tuple[Array, Array]:
        """Return ``log_gains`` and ``controls`` of the first networks, with one batch in memory."""
        pairs = [(walks.log_gains, walks.controls) for walks in self.batches(g, n_samples)]
        gains, controls = zip(*pairs, strict=True)
        return np.concatenate(gains), np.concatenate(controls)

    def batches(self, g: float | Array, n_samples: int) -> Iterator[Walks]:
        """Yield the walks of the first networks batch by batch, one of them in memory at a time."""
        steps = self._setting.depth - 1
        gains = np.broadcast_to(np.asarray(g, dtype=np.float64), (steps,))
        for batch in range(math.ceil(n_samples / self._batch_size)):
            noise = self._noise(batch)
            layers, forward = _forward(self._setting, gains, noise)
            backward, fresh = _backward(self._setting, gains, noise, layers)
            yield Walks(forward, backward, np.stack([noise.log_square, fresh], axis=1))

    def _noise(self, batch: int) -> "_Noise":
        if batch in self._kept:
            return self._kept[batch]
        rng = np.random.default_rng([self._seed, batch])
        noise = _draw(self._setting, self._batch_size, rng)
        normals = 2 * sum(self._setting.widths) * self._batch_size
        if (len(self._kept) + 1) * normals <= _KEPT_NORMALS:
            self._kept[batch] = noise
        return noise


def batch_size(setting: Setting) -> int:
    """Return how many networks one batch simulates: a function of the widths alone."""
    widest, units = max(setting.widths), sum(setting.widths)
    return max(
        1,
        min(
            _BATCH_ELEMENTS // widest, max(_FEW, _PILOT_ELEMENTS // units), _WALK_ELEMENTS // units
        ),
    )


@dataclass(frozen=True, slots=True)
class _Noise:
    """All random numbers of a batch; arrays have shape ``(samples, width)``.

    Attributes:
        scale: Factor from the first source to the first pre-activations, ``(samples,)``.
        sources: xi of every layer, or for orthogonal matrices the unit vector along u.
        fresh: eta of every layer but the last.
        error: delta of the last layer, of unit norm.
        biases: Biases of every layer; empty without biases.
        masks: Dropout masks of every layer, 0 or ``1 / keep``; empty without dropout.
        log_square: The first control, ``(samples,)``.
    """

    scale: Array
    sources: list[Array]
    fresh: list[Array]
    error: Array
    biases: list[Array]
    masks: list[Array]
    log_square: Array


@dataclass(frozen=True, slots=True)
class _LayerState:
    """The state of a layer that the backward pass needs; arrays have shape ``(samples, width)``.

    Attributes:
        direction: h divided by its norm.
        slopes: f' of the pre-activations, times the dropout mask.
    """

    direction: Array
    slopes: Array


def _draw(setting: Setting, count: int, rng: Generator) -> _Noise:
    widths, conditions = setting.widths, setting.conditions
    scale = _input_scale(setting, count, rng)
    sources = [rng.standard_normal((count, width)) for width in widths]
    log_square = np.zeros(count)
    if setting.orthogonal:
        sources = [xi / _norms(xi)[:, None] for xi in sources]
    else:
        for xi in sources:
            log_square += _excess_log_square(_dots(xi, xi), xi.shape[1])
    fresh = [rng.standard_normal((count, width)) for width in widths[:-1]]
    error = rng.standard_normal((count, widths[-1]))
    error /= _norms(error)[:, None]
    biases, masks = [], []
    if conditions.bias_deviation > 0.0:
        biases = [conditions.bias_deviation * rng.standard_normal((count, w)) for w in widths]
    if setting.keep < 1.0:
        masks = [(rng.random((count, w)) < setting.keep) / setting.keep for w in widths]
    return _Noise(scale, sources, fresh, error, biases, masks, log_square)


def _input_scale(setting: Setting, count: int, rng: Generator) -> Array:
    conditions, width = setting.conditions, setting.widths[0]
    n_inputs = width if conditions.n_inputs is None else conditions.n_inputs
    # The squared norm of the input is the sum of its parts across and along the mean's direction.
    across = rng.chisquare(n_inputs - 1, count) if n_inputs > 1 else np.zeros(count)
    offset = math.sqrt(n_inputs) * conditions.input_mean
    along = offset + conditions.input_deviation * rng.standard_normal(count)
    size = np.sqrt(conditions.input_deviation**2 * across + along**2)
    if not setting.orthogonal:
        size /= math.sqrt(n_inputs)
    elif n_inputs > width:
        # A wide matrix with orthonormal rows keeps the part of the input in their span.
        size *= np.sqrt(rng.beta(width / 2, (n_inputs - width) / 2, count))
    return conditions.g_in * size


def _forward(setting: Setting, gains: Array, noise: _Noise) -> tuple[list[_LayerState], Array]:
    """Return the states of the layers, and `Walks.forward`."""
    f, scale = setting.nonlinearity, noise.scale
    logs = np.empty((setting.depth, len(scale)))
    layers = []
    carried = np.zeros(len(scale))
    for d, width in enumerate(setting.widths):
        a = scale[:, None] * noise.sources[d]
        if noise.biases:
            a += noise.biases[d]
        h, slopes = f.function(a), f.derivative(a)
        if noise.masks:
            h, slopes = h * noise.masks[d], slopes * noise.masks[d]
        direction, norms = _units(h)
        logs[d] = carried + _log(norms)
        held = np.clip(logs[d], _LOWEST_LOG, _HIGHEST_LOG)
        carried = logs[d] - held
        if noise.biases:
            # Biases set the scale of a layer with a small input: there is nothing to carry on.
            carried = np.maximum(carried, 0.0)
        layers.append(_LayerState(direction, slopes))
        if d < setting.depth - 1:
            root = 1.0 if setting.orthogonal else math.sqrt(width)
            scale = gains[d] / root * np.exp(held)
    return layers, logs


def _backward(
    setting: Setting, gains: Array, noise: _Noise, layers: list[_LayerState]
) -> tuple[Array, Array]:
    """Return `Walks.backward` and the second control."""
    count = len(noise.scale)
    logs, fresh_part = np.zeros((setting.depth, count)), np.zeros(count)
    delta = noise.error
    for d in range(setting.depth - 1, 0, -1):
        direction, eta = layers[d - 1].direction, noise.fresh[d - 1]
        stray = _dots(direction, eta)
        if not setting.orthogonal:
            across = np.maximum(_dots(eta, eta) - stray**2, 0.0)
            fresh_part += _excess_log_square(across, eta.shape[1] - 1)
        # Where h is 0 there is no direction to project on; the error becomes 0 there anyway.
        fresh = eta - stray[:, None] * direction
        v, passed = _units(layers[d].slopes * delta)
        product = _transposed_product(setting, v, noise.sources[d], direction, fresh)
        delta, stretched = _units(product)
        logs[d - 1] = logs[d] + math.log(gains[d - 1]) + _log(passed) + _log(stretched)
    return logs, fresh_part


def _transposed_product(
    setting: Setting, v: Array, source: Array, direction: Array, fresh: Array
) -> Array:
    """Return ``W^T v`` for unit vectors v, given ``u = W h``, at g = 1.

    ``fresh`` is normal and orthogonal to h.
    """
    along = _dots(source, v)
    if setting.orthogonal:
        across = np.sqrt(np.maximum(1.0 - along**2, 0.0))
        product = (across / np.maximum(_norms(fresh), _TINY))[:, None] * fresh
    else:
        root = math.sqrt(direction.shape[1])
        along, product = along / root, fresh / root
    product += along[:, None] * direction
    return product


def _excess_log_square(square: Array, degrees: int) -> Array:
    """Return the log of chi-square variables less its mean; 0 for no degrees of freedom."""
    if degrees == 0:
        return np.zeros_like(square)
    return np.log(np.maximum(square, _TINY)) - (special.digamma(degrees / 2.0) + math.log(2.0))


def _dots(x: Array, y: Array) -> Array:
    products: Array = np.einsum("sn,sn->s", x, y)
    return products


def _norms(x: Array) -> Array:
    return np.sqrt(_dots(x, x))


def _units(x: Array) -> tuple[Array, Array]:
    """Return unit vectors along x and its norms; where x is 0 both are 0."""
    norms = _norms(x)
    small = norms < _SQUARES_VANISH
    if small.any():
        # Layers that saturate wholly pass slopes like 1e-200, whose squares are 0.
        peaks = np.abs(x).max(axis=1, initial=0.0)
        scaled = x[small] / np.maximum(peaks[small], _SMALLEST)[:, None]
        norms[small] = peaks[small] * _norms(scaled)
    return x / np.maximum(norms, _SMALLEST)[:, None], norms


def _log(x: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log(x)
