"""Networks with random orthogonal additive filters, for use with any PyTorch code.

References:
    [C22] A. Ceni, Random orthogonal additive filters: a solution to the vanishing/exploding
        gradient of deep neural networks, arXiv:2210.01245.
    [CXZG16] T. Chen et al., Training Deep Nets with Sublinear Memory Cost, arXiv:1604.06174.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from rwinit.activations import activation_function
from rwinit.additive_filters import FILTER_NAMES, filter_coefficients
from rwinit.arguments import check_choice, check_count, check_multiplier
from rwinit.draws import haar, normal
from rwinit.errors import ArgumentError
from rwinit.initializers import checked_generator
from rwinit.networks import zero_linear


def draw_filter(filter: str, width: int, *, generator: Generator) -> Tensor | None:
    """Return a random orthogonal filter.

    Args:
        filter: A name of `rwinit.FILTER_NAMES`.
        width: Units N.
        generator: Source of the draw; advanced, unless the filter is the identity.

    Returns:
        ``"haar"``: a Haar orthogonal matrix, float64, shape ``(N, N)``; ``"permutation"``: indices
        p with ``(O h)_i = h_{p_i}``, int64, shape ``(N,)``; ``"identity"``: None.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    check_choice("filter", filter, FILTER_NAMES)
    units, source = check_count("width", width), checked_generator(generator)
    if filter == "haar":
        return haar((units, units), source)
    if filter == "permutation":
        return torch.randperm(units, generator=source, device=source.device)
    return None


class RandomOrthogonalAdditiveFilters(nn.Module):
    """The feed-forward network of [C22], whose gradients neither vanish nor explode.

    The first layer is ``h_1 = f(W_1 x + b_1)``, the D - 1 layers after it are
    ``h' = alpha O h + beta f(W h + b)``, and a linear layer follows. The orthogonal O are buffers:
    they are saved with the module and never trained. Without a generator, all parameters are zero
    and the filters the identity, until `reset_` draws them.

    Gradients of the hidden W and b carry the factor beta. Plain SGD needs a rate of the order of
    1 / beta for them, as `parameter_groups` gives it. Adam needs its default rate, and an eps that
    is small beside the gradients: 1e-8 beta.

    Attributes:
        depth: Hidden layers D.
        width: Units per hidden layer N.
        alpha: Factor of the filtered state.
        beta: Factor of the nonlinear layer.
        activation: Name of the nonlinearity.
        slope: Negative-side slope; used by ``"leaky_relu"`` only.
        filter: ``"haar"``, ``"permutation"`` or ``"identity"``.
        shared_filter: Whether all layers have the same filter.
        segment: Layers between two stored states, 0 where every layer's are stored.
        first: The layer of the inputs.
        weight: The hidden matrices W, input side first, shape ``(D - 1, N, N)``.
        bias: Their biases, shape ``(D - 1, N)``.
        last: The linear layer of the outputs.
        filters: The O, shape ``(D - 1, N, N)`` for Haar matrices and ``(D - 1, N)`` for
            permutations, with a single entry where they are shared; None for the identity.
    """

    filters: Tensor | None

    def __init__(
        self,
        n_inputs: int,
        depth: int,
        width: int,
        n_outputs: int,
        *,
        activation: str = "tanh",
        slope: float = 0.01,
        c: float | None = None,
        alpha: float | None = None,
        beta: float | None = None,
        filter: str = "haar",
        shared_filter: bool = False,
        checkpoint: bool = False,
        generator: Generator | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Build the network.

        Args:
            n_inputs: Dimensions of one sample, at least 1.
            depth: Hidden layers, at least 1.
            width: Units per hidden layer, at least 1.
            n_outputs: Dimensions of the output, at least 1.
            activation: A key of `rwinit.ACTIVATIONS`.
            slope: Negative-side slope; read for ``"leaky_relu"`` only.
            c: Strength, ``beta = c / D`` and ``alpha = 1 - c / D``; 1 by default.
            alpha: Factor of the filtered state, instead of c and together with beta.
            beta: Factor of the nonlinear layer.
            filter: A name of `rwinit.FILTER_NAMES`.
            shared_filter: Whether all layers have the same filter.
            checkpoint: Whether to store the states of about ``sqrt(D)`` layers only, and to
                compute the others again in the backward pass: the memory of ``2 sqrt(D)`` layers,
                for up to twice the time [CXZG16].
            generator: Source of the initial draws, as `reset_` makes them; None draws nothing.
            dtype: Floating-point type of the parameters and filters. The state of 50,000 layers is
                off by 1e-3 in float32; lower precision, TF32 included, does not carry it.

        Raises:
            ArgumentError: An argument is not allowed.
        """
        super().__init__()
        self.depth, self.width = check_count("depth", depth), check_count("width", width)
        self.alpha, self.beta = filter_coefficients(self.depth, c=c, alpha=alpha, beta=beta)
        check_choice("filter", filter, FILTER_NAMES)
        if not dtype.is_floating_point:
            raise ArgumentError("dtype", str(dtype), "a floating-point dtype")
        self._function = activation_function(activation, slope)
        self.activation, self.slope = str(activation), slope
        self.filter, self.shared_filter = str(filter), bool(shared_filter)
        self.segment = math.isqrt(self.depth) if checkpoint else 0
        inputs, outputs = check_count("n_inputs", n_inputs), check_count("n_outputs", n_outputs)
        layers, units = self.depth - 1, self.width
        self.first = zero_linear(inputs, units, dtype)
        self.weight = nn.Parameter(torch.zeros(layers, units, units, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(layers, units, dtype=dtype))
        self.last = zero_linear(units, outputs, dtype)
        self.register_buffer("filters", self._blank_filters(dtype))
        if generator is not None:
            self.reset_(generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs.

        Args:
            x: Samples, shape ``(batch, n_inputs)``, in the dtype of the parameters.

        Returns:
            Outputs of the last, linear layer, shape ``(batch, n_outputs)``.
        """
        output: Tensor = self.last(self.state(x))
        return output

    def state(self, x: Tensor) -> Tensor:
        """Return the state of the last hidden layer, ``h_D``, shape ``(batch, N)``."""
        h = self._function(self.first(x))
        if self.depth == 1:
            return h
        size = self.segment or self.depth
        # `split` and `unbind` gather the gradients of all layers once; indexing would add a
        # tensor of the whole size for every layer.
        chunks = zip(torch.split(self.weight, size), torch.split(self.bias, size), strict=True)
        for number, (weight, bias) in enumerate(chunks):
            run: Callable[..., Tensor] = partial(self._layers, number * size)
            if self.segment and torch.is_grad_enabled():
                h = _recomputed(run, h, weight, bias)
            else:
                h = run(h, weight, bias)
        return h

    def reset_(
        self, *, g: float = 1.0, g_in: float = 1.0, g_out: float = 1.0, generator: Generator
    ) -> None:
        """Draw filters and initial weights, and zero the biases.

        Matrices are i.i.d. normal of variance ``factor^2 / fan_in``. The order of the draws is the
        first matrix; filter (a shared one in layer 2 only) and matrix of each layer; the last
        matrix. All are drawn in float64 and then rounded.

        Args:
            g: Factor of the hidden matrices.
            g_in: Factor of the first matrix.
            g_out: Factor of the last.
            generator: Source of the draws; advanced.

        Raises:
            ArgumentError: An argument is not allowed.
        """
        for name, factor in (("g", g), ("g_in", g_in), ("g_out", g_out)):
            check_multiplier(name, factor)
        source = checked_generator(generator)
        with torch.no_grad():
            _fill_(self.first.weight, g_in, source)
            for index, weight in enumerate(self.weight):
                if index == 0 or not self.shared_filter:
                    self._reset_filter_(index, source)
                _fill_(weight, g, source)
            _fill_(self.last.weight, g_out, source)
            for bias in (self.first.bias, self.bias, self.last.bias):
                bias.zero_()

    def parameter_groups(self, rate: float, *, beta_power: float = -1.0) -> list[dict[str, Any]]:
        """Return parameter groups for an optimizer, with a learning rate that fits every depth.

        Args:
            rate: Learning rate of the first and the last layer.
            beta_power: Hidden layers have the rate ``rate beta^beta_power``. The default cancels
                the factor of their gradients, for SGD; 0 is for Adam.

        Returns:
            The groups, as ``torch.optim.SGD`` takes them.

        Raises:
            ArgumentError: beta is 0 and the power negative.
        """
        if self.beta == 0.0 and beta_power < 0.0:
            raise ArgumentError("beta_power", beta_power, "at least 0 where beta is 0")
        outer = [*self.first.parameters(), *self.last.parameters()]
        return [
            {"params": outer, "lr": rate},
            {"params": [self.weight, self.bias], "lr": rate * abs(self.beta) ** beta_power},
        ]

    def _layers(self, start: int, h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        for index, (w, b) in enumerate(zip(weight.unbind(), bias.unbind(), strict=True), start):
            added = self._function(functional.linear(h, w, b))
            h = torch.add(self._filtered(index, h) * self.alpha, added, alpha=self.beta)
        return h

    def _filtered(self, index: int, h: Tensor) -> Tensor:
        if self.filters is None:
            return h
        chosen = self.filters[0 if self.shared_filter else index]
        return functional.linear(h, chosen) if self.filter == "haar" else h[:, chosen]

    def _blank_filters(self, dtype: torch.dtype) -> Tensor | None:
        count = min(1, self.depth - 1) if self.shared_filter else self.depth - 1
        if self.filter == "haar":
            return torch.eye(self.width, dtype=dtype).repeat(count, 1, 1)
        if self.filter == "permutation":
            return torch.arange(self.width).repeat(count, 1)
        return None

    def _reset_filter_(self, index: int, source: Generator) -> None:
        drawn = draw_filter(self.filter, self.width, generator=source)
        if drawn is not None and self.filters is not None:
            self.filters[index].copy_(drawn)


def _recomputed(run: Callable[..., Tensor], *given: Tensor) -> Tensor:
    # No random numbers are drawn, so that none need to be restored.
    result: Tensor = checkpoint(run, *given, use_reentrant=False, preserve_rng_state=False)
    return result


def _fill_(weight: Tensor, factor: float, source: Generator) -> None:
    fan_out, fan_in = weight.shape
    weight.copy_(normal((fan_out, fan_in), factor / math.sqrt(fan_in), source))
