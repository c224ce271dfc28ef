"""Filter expressions: what they mean, and what is refused where."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.query.errors import FilterError
from service.query.expressions import (
    And,
    Comparison,
    Expression,
    IsNull,
    Literal,
    Membership,
    Not,
    Operator,
    Or,
    matches,
    render,
)
from service.query.filters import MAX_LITERALS, MAX_NESTING, Column, ColumnType, parse_filter

COLUMNS = {
    column.name: column
    for column in (
        Column("depth", ColumnType.INTEGER),
        Column("g_relative", ColumnType.NUMBER),
        Column("dataset", ColumnType.TEXT),
        Column("outcome", ColumnType.ENUM, ("completed", "diverged")),
        Column("nesterov", ColumnType.BOOLEAN),
    )
}
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=10)
ANY_OPERATOR = st.sampled_from(Operator)
EQUALITY = st.sampled_from([Operator.EQ, Operator.NE])


def values_of(column: Column) -> st.SearchStrategy[Literal]:
    if column.type in (ColumnType.INTEGER, ColumnType.NUMBER):
        return NUMBERS
    if column.type is ColumnType.BOOLEAN:
        return st.booleans()
    return st.sampled_from(column.values) if column.values else TEXTS


@st.composite
def single_tests(draw: st.DrawFn) -> Expression:
    column = draw(st.sampled_from(list(COLUMNS.values())))
    ordered = column.type in (ColumnType.INTEGER, ColumnType.NUMBER)
    match draw(st.integers(0, 2)):
        case 0:
            return IsNull(column.name)
        case 1:
            values = draw(st.lists(values_of(column), min_size=1, max_size=3))
            return Membership(column.name, tuple(values))
        case _:
            operator = draw(ANY_OPERATOR if ordered else EQUALITY)
            return Comparison(column.name, operator, draw(values_of(column)))


EXPRESSIONS = st.recursive(
    single_tests(),
    lambda inner: (
        st.builds(Not, inner) | st.builds(And, inner, inner) | st.builds(Or, inner, inner)
    ),
    max_leaves=8,
)
ROWS = st.fixed_dictionaries(
    {
        "depth": st.integers(1, 1000),
        "g_relative": st.none() | st.floats(0.5, 2.0),
        "dataset": TEXTS,
        "outcome": st.none() | st.sampled_from(["completed", "diverged"]),
        "nesterov": st.booleans(),
    }
)


@given(EXPRESSIONS)
def test_every_expression_reads_back_as_it_was_written(expression: Expression) -> None:
    assert parse_filter(render(expression), COLUMNS) == expression


@given(EXPRESSIONS, ROWS)
def test_a_row_is_in_an_expression_or_in_its_negation_never_in_both(
    expression: Expression, row: Mapping[str, Literal | None]
) -> None:
    assert matches(Not(expression), row) is not matches(expression, row)


@given(
    st.text(alphabet="depth g_relative=<>!()\"'\\,0123456789.eE+-andornotisull ", max_size=60)
    | st.text(max_size=60)
)
def test_any_text_is_read_or_refused_with_a_position_in_it(text: str) -> None:
    refusal = None
    try:
        parse_filter(text, COLUMNS)
    except FilterError as error:
        refusal = error

    assert refusal is None or (0 <= refusal.position <= len(text) and refusal.message)


def test_and_binds_tighter_than_or_and_not_tighter_than_and() -> None:
    expression = parse_filter("depth = 1 or not depth = 2 and depth = 3", COLUMNS)

    one, two, three = (Comparison("depth", Operator.EQ, n) for n in (1, 2, 3))
    assert expression == Or(one, And(Not(two), three))


def test_keywords_may_be_written_in_capitals_and_equality_twice() -> None:
    expression = parse_filter("NOT depth == 1 AND outcome IS NOT NULL", COLUMNS)

    assert expression == And(Not(Comparison("depth", Operator.EQ, 1)), Not(IsNull("outcome")))


def test_an_empty_value_differs_from_every_value() -> None:
    row = {"g_relative": None}

    assert matches(parse_filter("g_relative != 1", COLUMNS), row)
    assert not matches(parse_filter("g_relative = 1", COLUMNS), row)
    assert not matches(parse_filter("g_relative < 1", COLUMNS), row)
    assert matches(parse_filter("g_relative not in (1, 2)", COLUMNS), row)


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("", 0, "expected a column"),
        ("depht = 1", 0, "unknown column 'depht'; allowed are dataset, depth"),
        ("depth = ", 8, "finite number"),
        ("depth = 'x'", 8, "finite number"),
        ("depth = 1e999", 8, "finite number"),
        ("depth = 99999999999999999999", 8, "finite number"),
        ("depth = 1 2", 10, "expected 'and', 'or' or the end"),
        ("(depth = 1", 10, "expected ')'"),
        ('outcome = "lost"', 10, 'one of "completed", "diverged"'),
        ("outcome < 'diverged'", 8, "use = or !="),
        ("outcome = diverged", 10, "one of"),
        ("nesterov = 1", 11, "true or false"),
        ("dataset = 1", 10, "a string in quotes"),
        ("dataset = 'mnist", 10, "no closing quote"),
        ("dataset = 'a\tb'", 10, "printable"),
        ("depth in ()", 10, "finite number"),
        ("depth is 1", 9, "expected 'null'"),
        ("depth # 1", 6, "an operator"),
        ("depth", 5, "expected = !="),
        ("depth = 1;drop table trials", 9, "an operator"),
    ],
)
def test_a_issue_is_told_with_its_position_and_what_is_allowed(
    text: str, position: int, said: str
) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text, COLUMNS)

    assert caught.value.position == position
    assert said in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "depth = 1 or " * 200 + "depth = 1",
        "(" * (MAX_NESTING + 1) + "depth = 1" + ")" * (MAX_NESTING + 1),
        "not " * (MAX_NESTING + 1) + "depth = 1",
        f"depth in ({','.join('1' * (MAX_LITERALS + 1))})",
    ],
)
def test_length_nesting_and_values_are_bounded(text: str) -> None:
    with pytest.raises(FilterError, match="at most"):
        parse_filter(text, COLUMNS)
