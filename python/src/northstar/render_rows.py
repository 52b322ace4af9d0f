"""Rows of a query as a table of text, or as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def rows_json(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows in values that JSON has: instants and dates as ISO text."""
    return [{name: _json(value) for name, value in row.items()} for row in rows]


def render_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """A column each, numbers to the right; a null is empty."""
    if not rows:
        return "no rows\n"
    names = list(rows[0])
    numeric = {
        name
        for name in names
        if all(isinstance(row[name], int | float | Decimal | None) for row in rows)
    }
    lines = [names, *([_text(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(names))]
    text = ""
    for line in lines:
        cells = [
            cell.rjust(width) if name in numeric else cell.ljust(width)
            for name, cell, width in zip(names, line, widths, strict=True)
        ]
        text += "  ".join(cells).rstrip() + "\n"
    return text


def _text(value: Any) -> str:
    """What a cell says; a midnight is its date."""
    if value is None:
        return ""
    plain = _json(value)
    text = str(plain).removesuffix("T00:00:00")
    return text.encode("unicode_escape").decode() if not text.isprintable() else text


def _json(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
