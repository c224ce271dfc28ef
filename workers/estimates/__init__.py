"""What a pack takes, in bytes and seconds, counted from its shapes: no torch, no Ray, no SQL."""

from workers.estimates.capacity import Capacity, capacity_of, slots_for
from workers.estimates.cost import CostModel
from workers.estimates.memory import Memory, pack_memory
from workers.estimates.shapes import TrialShape

__all__ = [
    "Capacity",
    "CostModel",
    "Memory",
    "TrialShape",
    "capacity_of",
    "pack_memory",
    "slots_for",
]
