"""Engine that trains many networks as one batched product, without autograd."""

from workers.engines.packed.engine import PackedEngine, PackFullError

__all__ = ["PackFullError", "PackedEngine"]
