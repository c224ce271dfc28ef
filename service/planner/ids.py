"""The ids of trials."""

from uuid import UUID, uuid5

from service.spec import Point


def trial_id(sweep_id: UUID, point: Point, seed: int) -> UUID:
    """Return a trial's id: a function of the sweep, the coordinates as written and the seed."""
    return uuid5(sweep_id, f"{point.canonical()}\nseed={seed}")
