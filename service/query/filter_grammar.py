"""Grammar of filter expressions, and the syntax tree that each rule makes."""

import re
from functools import cache

from lark import Lark, Token, Transformer, v_args

from service.query.expressions import (
    And,
    ColumnComparison,
    Expression,
    IsNull,
    Literal,
    Membership,
    Not,
    Operator,
    Or,
)

# The operator that binds most loosely comes first. An "i" after a quote or slash ignores case;
# white space is that of Unicode.
_GRAMMAR = r"""
?expression: conjunction | expression "or"i conjunction -> either
?conjunction: operand | conjunction "and"i operand -> both
?operand: test | "not"i operand -> negated | "(" expression ")"
?test: COLUMN OPERATOR literal -> comparison
    | COLUMN "is"i "null"i -> is_null
    | COLUMN "is"i "not"i "null"i -> is_not_null
    | COLUMN "in"i _list -> is_in
    | COLUMN "not"i "in"i _list -> is_not_in
_list: "(" literal ("," literal)* ")"
literal: NUMBER | STRING | TRUE | FALSE

COLUMN: /[a-z_][a-z0-9_]*/i
OPERATOR: /[<>!=]=|[<>=]/
NUMBER: /[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?(?![\w.])/i
STRING: /"([^"\\]|\\.)*"|'([^'\\]|\\.)*'/
TRUE: "true"i
FALSE: "false"i
%ignore /(?u:\s)+/
"""


@cache
def filter_parser() -> Lark:
    """Return the parser of filter expressions; the first call builds it in some milliseconds."""
    # ASCII, because \d would match digits of every script, and "ſ" (U+017F) would match "s" when
    # case is ignored. The basic lexer, because the contextual one would accept a keyword as the
    # name of a column.
    return Lark(
        _GRAMMAR,
        start="expression",
        parser="lalr",
        lexer="basic",
        g_regex_flags=re.ASCII,
        transformer=_Expressions(),
    )


def literal_value(token: Token) -> Literal:
    """Return the Python value of a literal's token."""
    match token.type:
        case "NUMBER" if token.lstrip("+-").isdecimal():
            return int(token)
        case "NUMBER":
            return float(token)
        case "STRING":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
    return token.lower() == "true"


@v_args(inline=True)
class _Expressions(Transformer[Token, Expression]):
    """Builds expressions while the parser reads, so that deep nesting cannot exhaust the stack."""

    either = Or
    both = And
    negated = Not

    def comparison(self, column: Token, operator: Token, value: Literal) -> Expression:
        return ColumnComparison(str(column), Operator("=" if operator == "==" else operator), value)

    def is_null(self, column: Token) -> Expression:
        return IsNull(str(column))

    def is_not_null(self, column: Token) -> Expression:
        return Not(IsNull(str(column)))

    def is_in(self, column: Token, *values: Literal) -> Expression:
        return Membership(str(column), values)

    def is_not_in(self, column: Token, *values: Literal) -> Expression:
        return Not(Membership(str(column), values))

    def literal(self, token: Token) -> Literal:
        return literal_value(token)
