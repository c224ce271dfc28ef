"""The forward pass as a list of operations on buffers.

An operation is a call with bound arguments. The list is made once and run in every step; it is made
anew only when trials are added or removed. Making it takes as long as dispatching a few steps.
"""

from collections.abc import Iterator
from functools import partial

import torch

from workers.engines.packed.layer_passes import layer_pass
from workers.engines.packed.nonlinearities import Operation
from workers.engines.packed.pass_context import PassContext


def forward_operations(context: PassContext) -> Iterator[Operation]:
    """Yield the operations of the forward pass in order, from the inputs to the outputs."""
    layers = layer_pass(context)
    for level in reversed(range(context.depths.depth)):
        yield from layers.forward(level)
    live = len(context.depths)
    yield partial(
        torch.baddbmm,
        context.bias(context.store.last, 0, 0, live).unsqueeze(2),
        context.weight(context.store.last, 0, 0, live),
        context.activations.output(0)[:live, : context.rows].mT,
        out=context.batch.outputs[:live, :, : context.rows],
    )
