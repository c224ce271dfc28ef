"""The forward pass as a list of operations on buffers, made once and repeated.

An operation is a call with its arguments bound. Making the list takes about as long as a few
steps take to dispatch, and it is made anew only when trials join or leave.
"""

from collections.abc import Iterator
from functools import partial

import torch

from workers.engines.packed.frame import Frame
from workers.engines.packed.layer_passes import layer_pass
from workers.engines.packed.nonlinearities import Operation


def forward_operations(frame: Frame) -> Iterator[Operation]:
    """Yield the whole pass, from the inputs to the outputs, in order."""
    layers = layer_pass(frame)
    for level in reversed(range(frame.depths.depth)):
        yield from layers.forward(level)
    live = len(frame.depths)
    yield partial(
        torch.baddbmm,
        frame.bias(frame.store.last, 0, 0, live).unsqueeze(2),
        frame.weight(frame.store.last, 0, 0, live),
        frame.activations.output(0)[:live, : frame.rows].mT,
        out=frame.batch.outputs[:live, :, : frame.rows],
    )
