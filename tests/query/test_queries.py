"""Queries on both databases: filters, orders and comparisons mean the same on each."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.query import comparison, depth_comparison
from service.query.columns import FILTERABLE, GROUPABLE, json_scalar
from service.query.comparison import ComparisonQuery
from service.query.expressions import (
    And,
    Column,
    ColumnComparison,
    ColumnType,
    Expression,
    IsNull,
    Literal,
    Membership,
    Not,
    Operator,
    Or,
)
from service.schemas.comparisons import IntervalKind, Metric
from service.services import trials as trial_services
from service.services.trials import TrialQuery
from service.store import Database, sweeps
from tests.query.filter_oracle import matches, render
from tests.query.sweep_rows import Result, filled
from workers.contract import Outcome, TrialSpec

Row = dict[str, Literal | None]


def mixed(trial: TrialSpec) -> Result | None:
    match trial.seed, trial.network.depth:
        case 0, 2:
            return Result([0.9, 0.5, 0.25])
        case 0, _:
            return Result([0.9], Outcome.DIVERGED)
        case 1, 2:
            return Result([0.8, 0.4], None)
        case 1, _:
            return Result([], Outcome.FAILED)
        case _:
            return None


def values_near(column: Column, rows: list[Row]) -> st.SearchStrategy[Literal]:
    """Return values of a column that stand in rows, and others that could."""
    seen = [value for row in rows if (value := row[column.name]) is not None]
    match column.type:
        case ColumnType.INTEGER:
            other: st.SearchStrategy[Literal] = st.integers(-(2**53), 2**53)
        case ColumnType.NUMBER:
            other = st.floats(allow_nan=False, allow_infinity=False)
        case ColumnType.BOOLEAN:
            other = st.booleans()
        case ColumnType.ENUM:
            other = st.sampled_from(column.values)
        case ColumnType.TEXT:
            other = st.sampled_from(["", "'", "%", "x' or '1' = '1"])
    return st.sampled_from(seen) | other if seen else other


@st.composite
def comparisons(draw: st.DrawFn, rows: list[Row]) -> Expression:
    column = draw(st.sampled_from(list(FILTERABLE.values())))
    values = values_near(column, rows)
    if draw(st.booleans()):
        ordered = column.type in (ColumnType.INTEGER, ColumnType.NUMBER)
        operators = list(Operator) if ordered else [Operator.EQ, Operator.NE]
        return ColumnComparison(column.name, draw(st.sampled_from(operators)), draw(values))
    if draw(st.booleans()):
        return IsNull(column.name)
    return Membership(column.name, tuple(draw(st.lists(values, min_size=1, max_size=3))))


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_sql_selects_exactly_the_rows_that_an_expression_means(
    database: Database, data: st.DataObject
) -> None:
    with database.read() as session:
        known = sweeps.page(session, limit=1).items
    sweep_id = known[0].id if known else filled(database, mixed)
    with database.read() as session:
        found = trial_services.page(session, TrialQuery(sweep_id=sweep_id)).trials
        rows = {
            t.number: {name: json_scalar(getattr(t, name)) for name in FILTERABLE} for t in found
        }
        leaves = comparisons(list(rows.values()))
        expression = data.draw(
            st.recursive(
                leaves,
                lambda inner: (
                    st.builds(Not, inner)
                    | st.builds(And, inner, inner)
                    | st.builds(Or, inner, inner)
                ),
                max_leaves=5,
            )
        )
        query = TrialQuery(sweep_id=sweep_id, filter=render(expression))
        selected = trial_services.page(session, query).trials

    assert len(rows) == 18
    expected = [number for number, row in rows.items() if matches(expression, row)]
    assert [trial.number for trial in selected] == expected


def test_any_column_orders_the_pages_with_empty_values_last(database: Database) -> None:
    sweep_id = filled(database, mixed)
    for order in [*FILTERABLE, *(f"-{name}" for name in FILTERABLE)]:
        name = order.removeprefix("-")
        numbers: list[int | None] = []
        values: list[object] = []
        token: str | None = None
        while token != "":
            query = TrialQuery(sweep_id=sweep_id, order_by=order, page_size=4, page_token=token)
            with database.read() as session:
                page = trial_services.page(session, query)
            numbers += [trial.number for trial in page.trials]
            values += [getattr(trial, name) for trial in page.trials]
            token = page.next_page_token

        assert sorted(n for n in numbers if n is not None) == list(range(18)), order
        given_values = [value for value in values if value is not None]
        assert values[len(given_values) :] == [None] * (18 - len(given_values)), order
        if FILTERABLE[name].type is not ColumnType.TEXT:
            expected = sorted(given_values, key=lambda v: v, reverse=order != name)  # type: ignore[arg-type,return-value]
            assert given_values == expected, order


@pytest.mark.parametrize("at", ["final", "best", "0", "2"])
def test_every_trial_counts_once_whatever_the_groups(database: Database, at: str) -> None:
    sweep_id = filled(database, mixed)
    for metric in Metric:
        query = ComparisonQuery(sweep_id=sweep_id, metric=metric, at=at, ci=IntervalKind.BOOTSTRAP)
        with database.read() as session:
            for name in GROUPABLE:
                groups = comparison.compare_groups(session, query, group_by=name).groups
                assert sum(group.n_trials for group in groups) == 18
            depths = depth_comparison.compare_depths(session, query).depths
        assert [row.n_trials_at_depth for row in depths] == [9, 9]
