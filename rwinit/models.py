"""Initial weights for the linear layers of any module.

References:
    [SA14] arXiv:1412.6558, listed in `rwinit.laws`.
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor, nn

from rwinit.arguments import (
    MODEL_SCHEME_NAMES,
    check_choice,
    check_multiplier,
    check_slope,
)
from rwinit.correlation import critical_point
from rwinit.draws import draw, normal
from rwinit.errors import ArgumentError
from rwinit.gains import scheme_gain
from rwinit.initializers import check_bias, checked_generator, looks_linear_, matrix_shape
from rwinit.nonlinearities import ACTIVATION_NAMES


@dataclass(frozen=True, slots=True)
class InitializedLayer:
    """A layer that `initialize` filled, and its multiplier.

    Attributes:
        name: Its name in the module.
        fan_in: Inputs.
        fan_out: Outputs.
        factor: Multiplier of the scheme's unit draw: g_in, g or g_out.
    """

    name: str
    fan_in: int
    fan_out: int
    factor: float


@dataclass(frozen=True, slots=True)
class _LinearLayer:
    name: str
    module: nn.Linear
    fan_in: int
    fan_out: int


def initialize(
    model: nn.Module,
    *,
    scheme: str = "rwi",
    activation: str = "relu",
    g: float | None = None,
    g_in: float = 1.0,
    g_out: float = 1.0,
    slope: float = 0.01,
    q: float = 1.0,
    example: Tensor | None = None,
    generator: Generator,
) -> tuple[InitializedLayer, ...]:
    """Fill the ``nn.Linear`` layers of a module, input side first, and zero their biases.

    The first layer is multiplied by ``g_in``, the last by ``g_out``, those between by g. Other
    kinds of layers are left as they are.

    Args:
        model: Any module with at least two linear layers.
        scheme: A name of `rwinit.MODEL_SCHEME_NAMES`. ``"looks_linear"`` mirrors every layer but
            the first's inputs and the last's outputs, and takes g = 1; ``"mean_field"`` draws
            biases as well, and its g, sigma_w, is that of the edge of chaos.
        activation: The nonlinearity between the layers.
        g: Multiplier of the hidden matrices; None takes the scheme's own for each fan-in.
        g_in: Multiplier of the first matrix.
        g_out: Multiplier of the last.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        q: Variance of pre-activations that ``"mean_field"`` keeps.
        example: A batch of inputs; given, layers are ordered by when they are first called,
            else by their place in the module.
        generator: Source of all draws, layer by layer; advanced.

    Returns:
        The layers that were filled, in order.

    Raises:
        UnsupportedActivationError: ``g`` is None, and the scheme has none for the activation.
        GainNotFoundError: ``g`` is None, and no g leaves the simulated walk without drift.
        ArgumentError: An argument is not allowed. Nothing has been written then.
    """
    check_choice("scheme", scheme, MODEL_SCHEME_NAMES)
    check_choice("activation", activation, ACTIVATION_NAMES)
    check_slope(slope)
    checked_generator(generator)
    for name, factor in (("g", 1.0 if g is None else g), ("g_in", g_in), ("g_out", g_out)):
        check_multiplier(name, factor)
    layers = _linear_layers(model, example)
    sigma_b = (
        critical_point(activation, q=q, slope=slope).sigma_b if scheme == "mean_field" else 0.0
    )
    _check_layers(layers, scheme, sigma_b)
    depth = len(layers) - 1
    own = partial(_scheme_factor, scheme, activation, slope=slope, depth=depth, q=q)
    hidden = [own(layer.fan_in) if g is None else g for layer in layers[1:-1]]
    factors = [g_in, *hidden, g_out]
    # Everything that can raise is done: from here on weights are written.
    for place, (layer, factor) in enumerate(zip(layers, factors, strict=True)):
        _fill_(layer, scheme, factor, place, depth, generator)
        if layer.module.bias is not None:
            _bias_(layer.module.bias, sigma_b, generator)
    return tuple(
        InitializedLayer(layer.name, layer.fan_in, layer.fan_out, float(factor))
        for layer, factor in zip(layers, factors, strict=True)
    )


def _scheme_factor(
    scheme: str, activation: str, fan_in: int, *, slope: float, depth: int, q: float
) -> float:
    match str(scheme):
        case "looks_linear":
            return 1.0
        case "mean_field":
            return critical_point(activation, q=q, slope=slope).sigma_w
        case _:
            return scheme_gain(scheme, activation, fan_in, slope, depth=depth)


def call_order(model: nn.Module, example: Tensor) -> list[nn.Module]:
    """Return the linear layers of a module in the order of their first calls on an example."""
    called: list[nn.Module] = []

    def note(module: nn.Module, _: object) -> None:
        if module not in called:
            called.append(module)

    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    hooks = [module.register_forward_pre_hook(note) for module in linear]
    try:
        with torch.no_grad():
            model(example)
    finally:
        for hook in hooks:
            hook.remove()
    return called


def _linear_layers(model: nn.Module, example: Tensor | None) -> list[_LinearLayer]:
    if not isinstance(model, nn.Module):
        raise ArgumentError("model", type(model).__name__, "a torch.nn.Module")
    names = {
        module: name for name, module in model.named_modules() if isinstance(module, nn.Linear)
    }
    # Without an example, the order in which the modules are defined.
    order = list(names) if example is None else call_order(model, example)
    layers = []
    for module in order:
        if isinstance(module, nn.Linear):
            name = names[module]
            fan_out, fan_in = matrix_shape(module.weight, f"{name}.weight")
            layers.append(_LinearLayer(name, module, fan_in, fan_out))
    if len(layers) < 2:
        raise ArgumentError("model", f"{len(layers)} linear layers", "one with two or more of them")
    return layers


def _check_layers(layers: list[_LinearLayer], scheme: str, sigma_b: float) -> None:
    for layer in layers:
        check_bias(layer.module.bias, sigma_b)
    if scheme == "looks_linear":
        for layer in layers[:-1]:
            if layer.fan_out % 2:
                given = f"{layer.name} with {layer.fan_out} units"
                raise ArgumentError("model", given, "of even hidden widths where they look linear")


def _fill_(
    layer: _LinearLayer, scheme: str, factor: float, place: int, depth: int, generator: Generator
) -> None:
    weight = layer.module.weight
    match str(scheme):
        case "looks_linear":
            looks_linear_(
                weight,
                gain=factor,
                mirror_in=place > 0,
                mirror_out=place < depth,
                generator=generator,
            )
            return
        case "mean_field":
            shape = (layer.fan_out, layer.fan_in)
            values = normal(shape, factor / math.sqrt(layer.fan_in), generator)
        case _:
            values = draw(scheme, (layer.fan_out, layer.fan_in), generator).mul_(factor)
    with torch.no_grad():
        weight.copy_(values)


def _bias_(bias: Tensor, sigma_b: float, generator: Generator) -> None:
    with torch.no_grad():
        if sigma_b > 0.0:
            bias.copy_(normal((1, bias.numel()), sigma_b, generator)[0])
        else:
            bias.zero_()
