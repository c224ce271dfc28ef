"""A store with sweeps in it, for tests of the driver."""

from service.planner import check, plan
from service.spec import Media, parse
from service.store import Database, sweeps, trials
from service.store.models import Sweep
from tests.factories import DIGITS

SPEC = """
version: 1
name: two
network: {activation: relu, depth: [1, 2], width: 8}
training: {epochs: 8, lr: 0.1}
"""
SHAPES = {"digits": DIGITS}


def submit(database: Database) -> Sweep:
    """Queue a sweep of two trials, planned."""
    spec = parse(SPEC, Media.YAML)
    with database.write() as session:
        sweep = sweeps.insert(
            session,
            name=spec.name,
            spec_text=SPEC,
            spec_media=Media.YAML,
            spec_hash=spec.sha256(),
            n_trials=check(spec, SHAPES),
        )
        trials.insert_plan(session, sweep.id, plan(sweep.id, spec, SHAPES))
    return sweep


def state(database: Database, sweep: Sweep) -> Sweep:
    """Return the sweep as it is now."""
    with database.read() as session:
        return sweeps.get(session, sweep.id)
