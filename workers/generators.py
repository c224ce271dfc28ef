"""Torch generators of random streams, kept apart so that `workers.seeding` loads no torch."""

from collections.abc import Iterable

import torch

from workers.seeding import stream_seed


def weight_generators(seed: int, streams: Iterable[int | str]) -> list[torch.Generator]:
    """Return a CPU generator for each stream of initial weights.

    Args:
        seed: The trial's seed.
        streams: Names as `workers.architectures.ParameterGroup.streams` gives them. Networks
            share the draws of the streams that they have in common, whatever their depth.
    """
    return [torch.Generator().manual_seed(stream_seed("weights", seed, name)) for name in streams]


def probe_generator(seed: int, name: str) -> torch.Generator:
    """Return the CPU generator of one probe of the initial network, such as its input."""
    return torch.Generator().manual_seed(stream_seed("probe", seed, name))
