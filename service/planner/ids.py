"""Derive the ids of configurations and trials, which are the same whenever a sweep is planned."""

from uuid import UUID, uuid5

from service.spec import Point


def configuration_id(sweep_id: UUID, point: Point) -> UUID:
    """Return a configuration's id: a function of the sweep and the coordinates as written."""
    return uuid5(sweep_id, point.canonical())


def trial_id(sweep_id: UUID, point: Point, seed: int) -> UUID:
    """Return a trial's id: a function of the sweep, the coordinates as written and the seed."""
    return uuid5(sweep_id, f"{point.canonical()}\nseed={seed}")
