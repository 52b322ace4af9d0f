"""A metric's periods as text for the terminal. Pure functions, checked by golden files.

    Weekly active teams (weekly_teams, version 1)
    Teams that ran a workflow in the week.

    from        through     teams  change
    2026-11-09  2026-11-15    412     +12   +3.0 %  final           ████████████████
    2026-11-16  2026-11-22    180      -9   -4.8 %  open, 45 % gone  ███████

A bar is as long as its value, and the longest is that of the greatest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from northstar.periods import Metric, Period

BAR_WIDTH = 24
NOTHING = "-"

_EIGHTHS = " ▏▎▍▌▋▊▉"


def render_periods(metric: Metric, periods: Sequence[Period]) -> str:
    """The title, and a line for each period."""
    title = f"{metric.label} ({metric.name}, version {metric.version})"
    lines = [title, metric.plain_language] if metric.plain_language else [title]
    if not periods:
        return "\n".join((*lines, "", "No periods yet: no event has counted.")) + "\n"

    values = [period.value for period in periods]
    places = decimal_places([*values, *(period.change for period in periods)])
    bars = draw_bars(values)
    rows = [("from", "through", metric.unit or "value", "change", "", "status", "")]
    for period, bar in zip(periods, bars, strict=True):
        rows.append(
            (
                period.start.isoformat(),
                (period.end - timedelta(days=1)).isoformat(),
                format_number(period.value, places),
                format_number(period.change, places, sign=True),
                format_rate(period.change_rate),
                format_status(period),
                bar,
            )
        )
    lines += ["", *align(rows, right=(2, 3, 4))]
    if any(period.status == "open" for period in periods):
        lines += [
            "",
            "An open period is compared with the same point of the one before.",
        ]
    return "\n".join(lines) + "\n"


def format_number(value: Decimal | None, places: int, *, sign: bool = False) -> str:
    """The number with thousands marked: 1,234.50."""
    if value is None:
        return NOTHING
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    rounded += 0  # -0 becomes 0
    return format(rounded, "+," if sign and rounded else ",")


def format_rate(rate: Decimal | None) -> str:
    """A share as a signed percentage: 0.05 is +5.0 %."""
    return "" if rate is None else f"{format_number(rate * 100, 1, sign=True)} %"


def format_status(period: Period) -> str:
    """The status, and of an open period also how much of it has passed."""
    if period.status != "open":
        return period.status
    # Rounded down: an open period has never passed wholly.
    return f"open, {int(period.elapsed_share * 100)} % gone"


def decimal_places(values: Iterable[Decimal | None]) -> int:
    """Decimal places for a column of numbers: none for integers, else as needed.

    Three figures of the largest number remain, and at least two places below 10.
    """
    known = [value for value in values if value is not None]
    if all(value == value.to_integral_value() for value in known):
        return 0
    largest = max(abs(value) for value in known)
    return 4 if largest < 1 else 2 if largest < 100 else 1 if largest < 1000 else 0


def draw_bars(values: Sequence[Decimal | None], width: int = BAR_WIDTH) -> list[str]:
    """A bar for each value, to an eighth of a cell; none for null and below zero."""
    positive = [max(value or Decimal(0), Decimal(0)) for value in values]
    greatest = max(positive, default=Decimal(0))
    if not greatest:
        return [""] * len(positive)
    bars = []
    for value in positive:
        cells, eighths = divmod(int(value / greatest * width * 8), 8)
        bars.append("█" * cells + _EIGHTHS[eighths].strip())
    return bars


def align(rows: Sequence[tuple[str, ...]], right: Sequence[int]) -> list[str]:
    """The rows as lines, in columns; those at `right` are flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = (
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    return lines
