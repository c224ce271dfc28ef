"""The reference feed-forward network, which faster engines have to agree with.

References:
    [SA14] arXiv:1412.6558, listed in `rwinit.laws`.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn

from rwinit.activations import ACTIVATIONS, activation_function
from rwinit.arguments import check_count
from rwinit.errors import ArgumentError
from rwinit.gains import scheme_gain
from rwinit.initializers import initialize_

__all__ = ["ACTIVATIONS", "FeedForward"]


class FeedForward(nn.Module):
    """The feed-forward network of [SA14]: ``h = f(W h + b)`` in each hidden layer, then linear.

    All parameters start at zero, because construction draws no random numbers; `reset_` gives
    the initial weights.

    Attributes:
        activation: Name of the nonlinearity.
        slope: Negative-side slope; used by ``"leaky_relu"`` only.
        depth: Hidden layers D.
        width: Units per hidden layer N.
        layers: The D + 1 linear layers, input side first.
    """

    def __init__(
        self,
        n_inputs: int,
        depth: int,
        width: int,
        n_outputs: int,
        activation: str = "relu",
        slope: float = 0.01,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Build the network with all parameters zero.

        Args:
            n_inputs: Dimensions of one sample, at least 1.
            depth: Hidden layers, at least 1.
            width: Units per hidden layer, at least 1.
            n_outputs: Dimensions of the output, at least 1.
            activation: A key of `ACTIVATIONS`.
            slope: Negative-side slope; used by ``"leaky_relu"`` only.
            dtype: Floating-point type of the parameters.

        Raises:
            ArgumentError: An argument is not allowed.
        """
        super().__init__()
        self.depth = check_count("depth", depth)
        self.width = check_count("width", width)
        self._function = activation_function(activation, slope)
        self.activation = str(activation)
        self.slope = slope
        if not dtype.is_floating_point:
            raise ArgumentError("dtype", str(dtype), "a floating-point dtype")
        first, last = check_count("n_inputs", n_inputs), check_count("n_outputs", n_outputs)
        sizes = [first, *[self.width] * self.depth, last]
        self.layers = nn.ModuleList(
            zero_linear(fan_in, fan_out, dtype) for fan_in, fan_out in pairwise(sizes)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs.

        Args:
            x: Samples, shape ``(batch, n_inputs)``, in the dtype of the parameters.

        Returns:
            Outputs of the last, linear layer, shape ``(batch, n_outputs)``.
        """
        *hidden, last = self.layers
        h = x
        for layer in hidden:
            h = self._function(layer(h))
        output: Tensor = last(h)
        return output

    @property
    def weights(self) -> list[nn.Parameter]:
        """The D + 1 matrices, input side first, each ``(fan_out, fan_in)``."""
        return [layer.get_parameter("weight") for layer in self.layers]

    @property
    def biases(self) -> list[nn.Parameter]:
        """The D + 1 biases, input side first."""
        return [layer.get_parameter("bias") for layer in self.layers]

    def reset_(
        self,
        *,
        scheme: str = "rwi",
        g: float | None = None,
        g_in: float = 1.0,
        g_out: float = 1.0,
        generators: Sequence[Generator],
    ) -> None:
        """Draw the initial weights and zero the biases, as `rwinit.initialize_` does.

        Args:
            scheme: How matrices are drawn.
            g: Multiplier of the hidden matrices; None takes the scheme's own.
            g_in: Multiplier of the first matrix.
            g_out: Multiplier of the last.
            generators: Sources of the draws, one for each of the D + 1 matrices; advanced.

        Raises:
            UnsupportedActivationError: ``g`` is None, and the scheme has none for the activation.
            GainNotFoundError: ``g`` is None, and no g leaves the simulated walk without drift.
            ArgumentError: An argument is not allowed.
        """
        if g is None:
            g = scheme_gain(scheme, self.activation, self.width, self.slope, depth=self.depth)
        initialize_(
            self.weights,
            self.biases,
            scheme=scheme,
            g=g,
            g_in=g_in,
            g_out=g_out,
            generators=generators,
        )


def zero_linear(fan_in: int, fan_out: int, dtype: torch.dtype) -> nn.Linear:
    """Return a linear layer with zero parameters."""
    # On a real device the constructor of nn.Linear draws from torch's global generator.
    blank = nn.Linear(fan_in, fan_out, device="meta", dtype=dtype)
    layer = blank.to_empty(device=torch.get_default_device())
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
    return layer
