"""Filter expressions: what they mean, and what is refused where."""

import string
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.query.errors import FilterError
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
from service.query.filter_grammar import filter_parser
from service.query.filters import MAX_LENGTH, MAX_LITERALS, MAX_NESTING, parse_filter
from tests.query.filter_oracle import Style, matches, render

COLUMNS = {
    column.name: column
    for column in (
        Column("depth", ColumnType.INTEGER),
        Column("g_relative", ColumnType.NUMBER),
        Column("dataset", ColumnType.TEXT),
        Column("outcome", ColumnType.ENUM, ("completed", "diverged")),
        Column("nesterov", ColumnType.BOOLEAN),
        # Columns that begin as keywords do.
        Column("order", ColumnType.NUMBER),
        Column("insight", ColumnType.NUMBER),
        Column("not_null", ColumnType.BOOLEAN),
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
            return ColumnComparison(column.name, operator, draw(values_of(column)))


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
        "order": st.none() | st.floats(0.5, 2.0),
        "insight": st.floats(0.5, 2.0),
        "not_null": st.booleans(),
    }
)
STYLES = st.builds(
    Style,
    capitals=st.booleans(),
    quote=st.sampled_from(['"', "'"]),
    equality=st.sampled_from(["=", "=="]),
    blank=st.sampled_from([" ", "\n\t ", "\N{IDEOGRAPHIC SPACE}", "\x1c"]),
    negated_tests=st.booleans(),
)


@given(EXPRESSIONS, STYLES)
def test_every_expression_reads_back_as_it_was_written(
    expression: Expression, style: Style
) -> None:
    assert parse_filter(render(expression, style), COLUMNS) == expression


@given(EXPRESSIONS, st.sampled_from(["#", "\0", "1", "'x'", "depth", ")", "is null"]))
def test_what_follows_an_expression_is_refused_where_it_stands(
    expression: Expression, rest: str
) -> None:
    text = render(expression)
    with pytest.raises(FilterError) as caught:
        parse_filter(f"{text} {rest}", COLUMNS)

    assert caught.value.position == len(text) + 1
    assert "expected 'and', 'or' or the end" in caught.value.message


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

    one, two, three = (ColumnComparison("depth", Operator.EQ, n) for n in (1, 2, 3))
    assert expression == Or(one, And(Not(two), three))


def test_keywords_may_be_written_in_capitals_and_equality_twice() -> None:
    expression = parse_filter("NOT depth == 1 AND outcome IS NOT NULL", COLUMNS)

    assert expression == And(Not(ColumnComparison("depth", Operator.EQ, 1)), Not(IsNull("outcome")))


def test_an_empty_value_differs_from_every_value() -> None:
    row = {"g_relative": None}

    assert matches(parse_filter("g_relative != 1", COLUMNS), row)
    assert not matches(parse_filter("g_relative = 1", COLUMNS), row)
    assert not matches(parse_filter("g_relative < 1", COLUMNS), row)
    assert matches(parse_filter("g_relative not in (1, 2)", COLUMNS), row)


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("", 0, "expected a column, 'not' or '('"),
        (" \n", 2, "expected a column, 'not' or '('"),
        ("depht = 1", 0, "unknown column 'depht'; allowed are dataset, depth, g_relative, insight"),
        ("depth = 1 and And = 2", 14, "expected a column, 'not' or '('"),
        ("null = 1", 0, "expected a column, 'not' or '('"),
        ("depth = ", 8, "finite number"),
        ("depth = 'x'", 8, "finite number"),
        ("depth = 1e999", 8, "finite number"),
        ("depth = true", 8, "finite number"),
        ("depth = 9007199254740993", 8, "at most 2^53 if whole"),
        ("depth = 99999999999999999999", 8, "finite number"),
        ("depth = 1 2", 10, "expected 'and', 'or' or the end"),
        ("(depth = 1", 10, "expected 'and', 'or' or ')'"),
        ("depth = 1)", 9, "expected 'and', 'or' or the end"),
        ("depth in (1", 11, "expected ',' or ')'"),
        ("depth in 1", 9, "expected '('"),
        ('outcome = "lost"', 10, 'one of "completed", "diverged"'),
        ("outcome < 'diverged'", 8, 'outcome is one of "completed", "diverged": use = or !='),
        ("outcome = diverged", 10, 'one of "completed", "diverged"'),
        ("outcome in ('diverged', 'lost')", 24, 'one of "completed", "diverged"'),
        ("nesterov = 1", 11, "true or false"),
        ("nesterov = yes", 11, "true or false"),
        ("nesterov in (true, (", 19, "true or false"),
        ("dataset = 1", 10, "a string in quotes"),
        ("dataset = 'mnist", 10, "no closing quote"),
        ("dataset = 'a\tb'", 10, "printable"),
        ("dataset = 'a\\'", 10, "no closing quote"),
        ("depth in ()", 10, "finite number"),
        ("depth is 1", 9, "expected 'not' or 'null'"),
        ("depth is not 1", 13, "expected 'null'"),
        ("depth not 1", 10, "expected 'in'"),
        ("depth # 1", 6, "expected = != < <= > >=, 'is null', 'is not null'"),
        ("depth = #", 8, "finite number"),
        ("depth = 1x", 8, "finite number"),
        ("depth", 5, "expected = != < <= > >=, 'is null', 'is not null', 'in (...)' or 'not in"),
        ("depth = 1;drop table trials", 9, "expected 'and', 'or' or the end"),
    ],
)
def test_an_error_has_its_position_and_what_is_allowed_there(
    text: str, position: int, said: str
) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text, COLUMNS)

    assert caught.value.position == position
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("depht = 1 and #", 0, "unknown column"),
        ("depht 5", 0, "unknown column"),
        ("depth = 1e999 #", 8, "finite number"),
        ("outcome < 5 and 'open", 8, "use = or !="),
        ("depth = 1 depht = 2", 10, "expected 'and', 'or' or the end"),
        ("dataset = 'a\tb' and and", 10, "printable"),
    ],
)
def test_of_several_errors_the_first_is_reported(text: str, position: int, said: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text, COLUMNS)

    assert caught.value.position == position
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("text", "position", "limit"),
    [
        ("depth = 1 or " * 200 + "depth = 1", MAX_LENGTH, "2000 characters"),
        ("(" * MAX_NESTING + "depth = 1" + ")" * MAX_NESTING, MAX_NESTING, "32 levels"),
        ("not " * MAX_NESTING + "depth = 1", 4 * MAX_NESTING, "32 levels"),
        ("NOT (" * 16 + "depth = 1" + ")" * 16, 5 * 16, "32 levels"),
        ("depth = 1 and (" * 32 + "depth = 1", 15 * 32, "32 levels"),
        (f"depth in ({','.join('1' * (MAX_LITERALS + 1))})", 10 + 2 * MAX_LITERALS, "200 values"),
        ("depth=1 or " * 160 + "depth in (" + "1," * 50, 160 * 11 + 10 + 40 * 2, "200 values"),
    ],
)
def test_length_nesting_and_values_are_bounded(text: str, position: int, limit: str) -> None:
    with pytest.raises(FilterError, match=f"at most {limit}") as caught:
        parse_filter(text, COLUMNS)

    assert caught.value.position == position


@pytest.mark.parametrize(
    "text",
    [
        "(" * (MAX_NESTING - 1) + "depth not in (1)" + ")" * (MAX_NESTING - 1),
        "not " * (MAX_NESTING - 1) + "depth is not null",
        " and ".join(["not (not depth = 1)"] * 80),
        f"depth in ({','.join('1' * MAX_LITERALS)})",
        " or ".join(["order is null"] * 117),
        " or ".join(["depth=1"] * 180),
        f"depth = {2**53}",
        "depth = 1".ljust(MAX_LENGTH),
    ],
)
def test_what_reaches_a_limit_without_passing_it_is_read(text: str) -> None:
    assert len(text) <= MAX_LENGTH
    parse_filter(text, COLUMNS)


@pytest.mark.parametrize(
    "text",
    [
        "dataset = '' or '1' = '1'",
        "dataset = 'x'; drop table trials",
        "dataset = 'x' -- and depth = 1",
        "dataset = 'x' /* */",
        "dataset = 'x' union select 1",
        "depth = (select 1)",
        "depth = depth",
        "depth = 1 or 1 = 1",
        "trials.depth = 1",
        "`depth` = 1",
        '"depth" = 1',
        "__class__ = 1",
        "depth = %s",
        "depth = :value",
        "depth = 0x10",
        "depth = 1_000",
        "depth = inf",
        "depth = nan",
        "depth = --1",
        "depth\0 = 1",
        "dataset = '\0'",
        "dataset = 'x\0'; drop table trials",
        "dataset = '\ud800'",
        "dataset = '\\\ud800'",
        "depth \ud800 1",
        "\udfff",
        "dataset = '\N{RIGHT-TO-LEFT OVERRIDE}'",
        "depth = \N{ARABIC-INDIC DIGIT ONE}",
        "depth = 1\N{ARABIC-INDIC DIGIT ONE}",
        "depth = \N{FULLWIDTH DIGIT ONE}",
        "depth = \N{SUPERSCRIPT TWO}",
        "depth \N{FULLWIDTH EQUALS SIGN} 1",
        "depth i\N{LATIN SMALL LETTER LONG S} null",
        "depth\N{ZERO WIDTH SPACE} = 1",
        "dept\N{CYRILLIC SMALL LETTER SHHA} = 1",
        "\N{BYTE ORDER MARK}depth = 1",
    ],
)
def test_a_hostile_text_is_refused_with_a_position_in_it(text: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text, COLUMNS)

    assert 0 <= caught.value.position < len(text)
    assert caught.value.text == text


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "(" * MAX_LENGTH,
        ")" * MAX_LENGTH,
        "not " * (MAX_LENGTH // 4),
        "depth = 1" + ")" * (MAX_LENGTH - 9),
        "depth = " + "9" * (MAX_LENGTH - 8),
        "depth = 1e" + "9" * (MAX_LENGTH - 10),
        "depth = ." + "1" * (MAX_LENGTH - 10) + "x",
        "dataset = '" + "\\" * (MAX_LENGTH - 11),
        "'" * (MAX_LENGTH - 1),
        " " * MAX_LENGTH,
        "a" * MAX_LENGTH,
        "depth in (" + "1," * 995,
        "(" * 31 + " or ".join(["order is null"] * 115),
    ],
)
def test_no_text_makes_reading_slow_or_deep(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(FilterError):
        parse_filter(text, COLUMNS)

    # The slowest take some milliseconds; what grows with the square takes seconds.
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize("letter", string.ascii_lowercase)
def test_a_column_may_have_any_letter_in_either_case(letter: str) -> None:
    columns = {n: Column(n, ColumnType.INTEGER) for n in (letter, letter.upper(), f"_{letter}9")}

    for name in columns:
        assert parse_filter(f"{name}=1", columns) == ColumnComparison(name, Operator.EQ, 1)


def test_values_of_an_expression_are_plain() -> None:
    expression = parse_filter("dataset = 'a\\'b\\\\' and depth in (+1, 1.0)", COLUMNS)

    assert expression == And(
        ColumnComparison("dataset", Operator.EQ, "a'b\\"), Membership("depth", (1, 1.0))
    )
    assert isinstance(expression, And)
    assert isinstance(expression.left, ColumnComparison)
    assert isinstance(expression.right, Membership)
    # Subclasses of str that the parser makes would carry the text's positions along.
    assert type(expression.left.column) is type(expression.right.column) is str
    assert [type(value) for value in expression.right.values] == [int, float]
    is_null = parse_filter("depth is null", COLUMNS)
    assert isinstance(is_null, IsNull)
    assert type(is_null.column) is str


def test_threads_may_read_their_first_filters_at_once() -> None:
    filter_parser.cache_clear()
    texts = [f"depth = {n} and not order is null" for n in range(64)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda text: parse_filter(text, COLUMNS), texts))

    right = Not(IsNull("order"))
    assert found == [And(ColumnComparison("depth", Operator.EQ, n), right) for n in range(64)]


def test_only_reading_a_filter_builds_a_parser() -> None:
    program = """
import sys, service.cli, service.cli.theory, service.query.columns
assert "lark" not in sys.modules
import service.query.filters
assert service.query.filters.filter_parser.cache_info().currsize == 0
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
