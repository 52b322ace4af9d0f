"""A `where` predicate as a Python function, with SQL's three-valued logic."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp

from .values import Value, divided

Expression = Callable[[Mapping[str, Value]], Any]

COMPARISONS: dict[type[Any], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
}
ARITHMETIC: dict[type[Any], Callable[[Any, Any], Any]] = {
    exp.Add: operator.add,
    exp.Sub: operator.sub,
    exp.Mul: operator.mul,
    exp.Div: divided,
}


def is_true(where: str | None, row: Mapping[str, Value]) -> bool:
    """Whether the predicate is true of the row: unknown is not true."""
    return where is None or compiled(where)(row) is True


@cache
def compiled(where: str) -> Expression:
    """The predicate, parsed once."""
    return _build(sqlglot.parse_one(where))


def _build(node: Any) -> Expression:
    kind = type(node)
    if kind in COMPARISONS:
        return _strict(_comparing(COMPARISONS[kind]), node.this, node.expression)
    if kind in ARITHMETIC:
        return _strict(ARITHMETIC[kind], node.this, node.expression)
    if isinstance(node, exp.Paren):
        return _build(node.this)
    if isinstance(node, exp.And):
        return _and(_build(node.this), _build(node.expression))
    if isinstance(node, exp.Or):
        return _or(_build(node.this), _build(node.expression))
    if isinstance(node, exp.Not):
        return _not(_build(node.this))
    if isinstance(node, exp.Is):
        return _is(_build(node.this), _build(node.expression))
    if isinstance(node, exp.In):
        return _in(_build(node.this), [_build(item) for item in node.expressions])
    if isinstance(node, exp.Between):
        return _between(node)
    if isinstance(node, exp.Like):
        like = _strict(_like, node.this, node.expression)
        return _not(like) if node.args.get("negate") else like
    if isinstance(node, exp.Neg):
        return _strict(operator.neg, node.this)
    return _leaf(node)


def _leaf(node: Any) -> Expression:
    if isinstance(node, exp.Column):
        name = node.name.lower()
        return lambda row: _plain(row[name])
    if isinstance(node, exp.Null):
        return lambda row: None
    if isinstance(node, exp.Boolean):
        truth = bool(node.this)
        return lambda row: truth
    if isinstance(node, exp.Literal):
        literal = node.this if node.is_string else Decimal(node.this)
        return lambda row: literal
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
        moment = datetime.fromisoformat(node.this.this)
        return lambda row: moment
    raise NotImplementedError(f"{type(node).__name__} in a predicate: {node.sql()}")


def _plain(value: Value) -> Any:
    """Numbers as decimals and dates as midnights, so that like meets like."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value


def _strict(function: Callable[..., Any], *nodes: Any) -> Expression:
    """A function of which any unknown argument makes the answer unknown."""
    arguments = [_build(node) for node in nodes]

    def answer(row: Mapping[str, Value]) -> Any:
        values = [argument(row) for argument in arguments]
        return None if None in values else function(*values)

    return answer


def _comparing(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison in which text is read as a time where it meets one."""

    def answer(left: Any, right: Any) -> bool:
        if isinstance(left, datetime) and isinstance(right, str):
            right = datetime.fromisoformat(right)
        if isinstance(right, datetime) and isinstance(left, str):
            left = datetime.fromisoformat(left)
        return compare(left, right)

    return answer


def _and(left: Expression, right: Expression) -> Expression:
    def answer(row: Mapping[str, Value]) -> bool | None:
        values = (left(row), right(row))
        if False in values:
            return False
        return None if None in values else True

    return answer


def _or(left: Expression, right: Expression) -> Expression:
    def answer(row: Mapping[str, Value]) -> bool | None:
        values = (left(row), right(row))
        if True in values:
            return True
        return None if None in values else False

    return answer


def _not(inner: Expression) -> Expression:
    def answer(row: Mapping[str, Value]) -> bool | None:
        value = inner(row)
        return None if value is None else not value

    return answer


def _is(inner: Expression, wanted: Expression) -> Expression:
    """`is null`, `is true`, `is false`: never unknown."""
    return lambda row: inner(row) is wanted(row)


def _in(inner: Expression, items: list[Expression]) -> Expression:
    """`a in (b, c)` is `a = b or a = c`."""
    equal = _comparing(operator.eq)

    def answer(row: Mapping[str, Value]) -> bool | None:
        value = inner(row)
        others = [item(row) for item in items]
        if value is None:
            return None
        if any(other is not None and equal(value, other) for other in others):
            return True
        return None if None in others else False

    return answer


def _between(node: exp.Between) -> Expression:
    """`a between b and c` is `a >= b and a <= c`."""
    at_least = _strict(_comparing(operator.ge), node.this, node.args["low"])
    at_most = _strict(_comparing(operator.le), node.this, node.args["high"])
    return _and(at_least, at_most)


def _like(text: str, pattern: str) -> bool:
    """`%` is any text and `_` any one character; case counts."""
    wildcards = {"%": ".*", "_": "."}
    parts = [wildcards.get(character) or re.escape(character) for character in pattern]
    return re.fullmatch("".join(parts), text, flags=re.DOTALL) is not None
