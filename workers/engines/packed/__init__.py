"""Many networks as one batched product: back-propagation written out, every buffer kept."""

from workers.engines.packed.engine import PackedEngine, PackFullError

__all__ = ["PackFullError", "PackedEngine"]
