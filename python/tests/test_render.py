"""What the terminal shows, held by the files in golden/."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from northstar.periods import Metric, Period
from northstar.render import decimal_places, draw_bars, format_number, render_periods

TEAMS = Metric(
    name="weekly_teams",
    version=2,
    is_north_star=True,
    label="Weekly active teams",
    plain_language="Teams that ran at least three workflows in the week.",
    unit="teams",
)


def period(
    start: str,
    value: str | None,
    change: str | None = None,
    rate: str | None = None,
    *,
    status: str = "final",
    days: int = 7,
    elapsed: str = "1",
) -> Period:
    first = date.fromisoformat(start)
    return Period(
        start=first,
        end=first + timedelta(days=days),
        status=status,
        value=None if value is None else Decimal(value),
        change=None if change is None else Decimal(change),
        change_rate=None if rate is None else Decimal(rate),
        elapsed_share=Decimal(elapsed),
    )


def test_weeks_of_a_count(golden: Callable[[str, str], None]) -> None:
    periods = [
        period("2026-10-26", "1200.000000000"),
        period("2026-11-02", "1236.000000000", "36.000000000", "0.030000000"),
        period("2026-11-09", "0", "-1236", "-1", status="provisional"),
        period("2026-11-16", "618", "0", "0", status="open", elapsed="0.999999999"),
    ]
    golden("weeks.txt", render_periods(TEAMS, periods))


def test_months_of_a_ratio(golden: Callable[[str, str], None]) -> None:
    metric = Metric("refund_share", 1, False, "Refund share", "", "")
    periods = [
        period("2026-08-01", None, days=31),
        period("2026-09-01", "0.031250000", days=30),
        period("2026-10-01", "0.015625000", "-0.015625000", "-0.5", days=31),
    ]
    golden("months.txt", render_periods(metric, periods))


def test_a_metric_without_periods(golden: Callable[[str, str], None]) -> None:
    golden("no_periods.txt", render_periods(TEAMS, []))


@pytest.mark.parametrize(
    ("values", "places"),
    [
        (["3", "4.000", None], 0),
        ([None], 0),
        (["0.25", "0.5"], 4),
        (["-0.5", "12.5"], 2),
        (["123.4"], 1),
        (["1234.5"], 0),
    ],
)
def test_a_column_shares_its_decimal_places(
    values: list[str | None], places: int
) -> None:
    numbers = [None if value is None else Decimal(value) for value in values]
    assert decimal_places(numbers) == places


def test_halves_are_rounded_away_from_zero() -> None:
    assert format_number(Decimal("-2.5"), 0) == "-3"
    assert format_number(Decimal("1234567.125"), 2) == "1,234,567.13"


def test_a_change_of_nothing_has_no_sign() -> None:
    assert format_number(Decimal("0.000000000"), 0, sign=True) == "0"
    assert format_number(Decimal("-0.4"), 0, sign=True) == "0"


def test_bars_are_proportional_and_never_negative() -> None:
    bars = draw_bars([Decimal(16), Decimal(8), Decimal(1), Decimal(-4), None], width=2)
    assert bars == ["██", "█", "▏", "", ""]
    assert draw_bars([Decimal(0), None]) == ["", ""]
    assert draw_bars([]) == []
