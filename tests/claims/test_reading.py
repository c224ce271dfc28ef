"""Cells from the rows of a sweep, whatever became of its trials."""

import pytest

from service.claims.reading import hash_of, read_cells
from service.claims.rule import Rule
from service.claims.statistics.paired import Paired
from service.claims.statistics.power_law import PowerLaw
from service.claims.statistics.share_below import ShareBelow
from service.store import Database
from tests.query.sweep_rows import SPEC, Result, filled
from workers.contract import Outcome, TrialSpec

CLASSES = {"digits": 10}


def outcome(trial: TrialSpec) -> Result | None:
    """Diverge at depth 8 for seed 0, fail for seed 1, train otherwise; depth 2 all trains."""
    if trial.network.depth == 8 and trial.seed < 2:
        return Result([0.9], (Outcome.DIVERGED, Outcome.FAILED)[trial.seed])
    return Result([0.9, 0.3, 0.1 + trial.seed / 100])


def share() -> Rule:
    return ShareBelow.model_validate(
        {"statistic": "share_below", "threshold": 0.5, "trains": "g_relative = 1"}
    )


def test_a_cell_has_each_seed_and_the_error_of_guessing_for_a_diverged_one(
    database: Database,
) -> None:
    sweep_id = filled(database, outcome)

    with database.read() as session:
        ((shallow, deep),) = read_cells(session, sweep_id, share(), CLASSES)

    assert (shallow.axes["depth"], deep.axes["depth"]) == (2, 8)
    assert shallow.by_seed == pytest.approx({0: 0.1, 1: 0.11, 2: 0.12})
    assert deep.by_seed == pytest.approx({0: 0.9, 2: 0.12})
    assert not shallow.lost
    assert deep.lost == {0}
    assert deep.chance == pytest.approx(0.9)


def test_an_unknown_data_set_has_no_error_of_guessing(database: Database) -> None:
    sweep_id = filled(database, outcome)

    with database.read() as session:
        ((_, deep),) = read_cells(session, sweep_id, share(), {})

    assert (deep.chance, set(deep.by_seed)) == (None, {2})


def test_each_filter_has_cells_of_its_own(database: Database) -> None:
    sweep_id = filled(database, outcome)
    rule = Paired.model_validate(
        {
            "statistic": "paired",
            "filter": "depth = 2",
            "first": "g_relative = 1",
            "second": "g_relative != 1",
            "expect": "less",
        }
    )

    with database.read() as session:
        first, second = read_cells(session, sweep_id, rule, CLASSES)

    assert (len(first), len(second)) == (1, 2)


def test_points_that_resolve_to_the_same_numbers_are_one_cell(database: Database) -> None:
    # A branch scale of auto is 1 / sqrt(depth), 0.5 at depth 4.
    network = "{kind: residual, activation: relu, depth: 4, width: 16, branch_scale: [auto, 0.5]}"
    text = SPEC.replace("{activation: relu, depth: [2, 8], width: 16}", network)
    sweep_id = filled(database, outcome, text)

    with database.read() as session:
        (cells,) = read_cells(session, sweep_id, share(), CLASSES)

    assert [len(cell.by_seed) for cell in cells] == [3]


def test_a_walk_is_read_whatever_became_of_the_trial_and_the_hash_follows_the_values(
    database: Database,
) -> None:
    sweep_id = filled(database, outcome)
    rule = PowerLaw.model_validate(
        {"statistic": "power_law", "predictor": "depth", "expected": 0.5}
    )

    with database.read() as session:
        cells = read_cells(session, sweep_id, rule, CLASSES)
        errors = read_cells(session, sweep_id, share(), CLASSES)
        again = read_cells(session, sweep_id, share(), CLASSES)

    # These rows have no walk: nothing is read, and nothing is lost.
    assert all(not cell.by_seed and not cell.lost for cell in cells[0])
    assert hash_of(errors) == hash_of(again) != hash_of(cells)
