"""Initial weights that depend on a batch of data.

References:
    [MM15] D. Mishkin, J. Matas, All you need is a good init, arXiv:1511.06422.
"""

import torch
from torch import Generator, Tensor, nn

from rwinit.arguments import check_count, check_number
from rwinit.draws import draw
from rwinit.errors import ArgumentError
from rwinit.initializers import checked_generator, matrix_shape
from rwinit.models import call_order


def lsuv_(
    model: nn.Module,
    example: Tensor,
    *,
    variance: float = 1.0,
    tolerance: float = 0.01,
    max_iterations: int = 10,
    generator: Generator,
) -> tuple[float, ...]:
    """Fill the linear layers of a module by layer-sequential unit-variance initialization.

    Matrices start (semi-)orthogonal, biases zero. Then the weights of each layer, in the order of
    the forward pass, are divided by the standard deviation of the layer's outputs on the example,
    until the outputs have the requested variance [MM15].

    Args:
        model: Any module with linear layers; others are left as they are.
        example: A batch of inputs.
        variance: Requested variance of every linear layer's outputs, above 0.
        tolerance: Relative error of the variance at which a layer is done, above 0.
        max_iterations: Forward passes per layer, at least 1. One is enough unless layers share
            weights.
        generator: Source of the orthogonal draws; advanced.

    Returns:
        The final variance of each layer's outputs, in the order of first calls.

    Raises:
        ArgumentError: An argument is not allowed, or a layer's outputs do not vary.
    """
    check_number("variance", variance, above=0.0)
    check_number("tolerance", tolerance, above=0.0)
    check_count("max_iterations", max_iterations)
    checked_generator(generator)
    layers = [module for module in call_order(model, example) if isinstance(module, nn.Linear)]
    if not layers:
        raise ArgumentError("model", "no linear layer", "a module that calls at least one")
    shapes = [matrix_shape(layer.weight) for layer in layers]
    with torch.no_grad():
        for layer, shape in zip(layers, shapes, strict=True):
            layer.weight.copy_(draw("orthogonal", shape, generator))
            if layer.bias is not None:
                layer.bias.zero_()
        return tuple(
            _scale_(model, layer, example, variance, tolerance, max_iterations) for layer in layers
        )


def _scale_(
    model: nn.Module,
    layer: nn.Linear,
    example: Tensor,
    variance: float,
    tolerance: float,
    max_iterations: int,
) -> float:
    measured = _output_variance(model, layer, example)
    for _ in range(max_iterations):
        if not measured > 0.0:
            raise ArgumentError("example", f"outputs of variance {measured}", "a batch that varies")
        if abs(measured / variance - 1.0) <= tolerance:
            break
        layer.weight.mul_((variance / measured) ** 0.5)
        measured = _output_variance(model, layer, example)
    return measured


def _output_variance(model: nn.Module, layer: nn.Linear, example: Tensor) -> float:
    outputs: list[Tensor] = []
    hook = layer.register_forward_hook(
        lambda _module, _args, output: outputs.append(output.double())
    )
    try:
        model(example)
    finally:
        hook.remove()
    return float(torch.cat([output.flatten() for output in outputs]).var(correction=0))
