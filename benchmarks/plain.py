"""The training step in plain PyTorch: `nn.Sequential`, cross-entropy, `torch.optim.SGD`."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

import rwinit
from workers.contract import TrialSpec
from workers.datasets import Data
from workers.generators import weight_generators


def plain_step(spec: TrialSpec, data: Data, *, flush: bool) -> Callable[[], float]:
    """Return one training step of a ReLU classifier on a random minibatch.

    Args:
        spec: Sizes, initial weights and rate.
        data: Data set.
        flush: Whether denormals are flushed to zero during the step.
    """
    network = _network(spec, data)
    optimizer = torch.optim.SGD(network.parameters(), lr=spec.training.learning_rate)
    x, y = torch.from_numpy(data.train_x.copy()), _labels(data)
    stream = torch.Generator().manual_seed(0)

    def step() -> float:
        torch.set_flush_denormal(flush)
        batch = torch.randint(len(x), (spec.training.batch_size,), generator=stream)
        optimizer.zero_grad()
        loss = functional.cross_entropy(network(x[batch]), y[batch])
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
        optimizer.step()
        return loss.item()

    return step


def _network(spec: TrialSpec, data: Data) -> nn.Sequential:
    sizes = [data.shape.n_inputs, *[spec.network.width] * spec.network.depth]
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    layers.append(nn.Linear(spec.network.width, data.shape.n_classes))
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    rwinit.initialize_(
        [layer.weight for layer in linear],
        [layer.bias for layer in linear],
        scheme=spec.init.scheme,
        g=spec.init.g,
        generators=weight_generators(spec.seed, [*range(spec.network.depth), "out"]),
    )
    return nn.Sequential(*layers)


def _labels(data: Data) -> torch.Tensor:
    if data.train_y is None:
        raise ValueError("the plain step classifies; the data set has no labels")
    return torch.from_numpy(data.train_y.copy())
