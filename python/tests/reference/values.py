"""What a cell may hold, and how numbers are rounded and ids are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

Value = str | int | float | Decimal | bool | datetime | date | None
"""A cell: instants are naive and in UTC."""

Row = Mapping[str, Any]
"""A raw row, or a published one."""

BEGINNING = datetime.min
FOREVER = datetime.max

_WIDE = Context(prec=80, rounding=ROUND_HALF_UP)
_NINE_PLACES = Decimal("0.000000001")


def rounded(number: Decimal) -> Decimal:
    """`number` at nine places, half away from zero, and never a negative zero."""
    return _WIDE.add(number.quantize(_NINE_PLACES, context=_WIDE), Decimal(0))


def scaled(number: Decimal, factor: Decimal) -> Decimal:
    """`number` times `factor`, rounded once."""
    return rounded(_WIDE.multiply(number, factor))


def divided(
    numerator: Decimal, denominator: Decimal, factor: Decimal = Decimal(1)
) -> Decimal | None:
    """The quotient times a factor, rounded once; nothing divides by zero."""
    if denominator == 0:
        return None
    return scaled(_WIDE.divide(numerator, denominator), factor)


def as_number(value: Value) -> Decimal | None:
    """A cell of a number column, as decimal(38, 9)."""
    if value is None:
        return None
    return rounded(Decimal(str(value)))


def as_id(value: Value) -> str | None:
    """An id as text; the empty string is no id."""
    return None if value is None or value == "" else str(value)


def in_utc(value: datetime) -> datetime:
    """A naive instant; one without a zone is UTC already."""
    if value.tzinfo is None:
        return value
    return value.astimezone(UTC).replace(tzinfo=None)
