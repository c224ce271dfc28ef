"""Estimates of the memory and time of a pack from its shapes, without torch, Ray and SQL."""

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
