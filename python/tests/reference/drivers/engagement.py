"""Engagement: how many are active, on how many days, with how much of the product."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from ..clock import Cadence, Calendar, Clock, Period
from ..periods import Measured
from ..values import Value, divided, scaled
from .scope import Lives, Rows, Scope, lives, qualified, real
from .statistics import named_rate, share

WEEK = timedelta(days=7)
FOUR_WEEKS = timedelta(days=28)

ActiveDays = Mapping[date, set[str]]
"""By local date: the entities that did something on it."""


def engagement(scope: Scope) -> Rows:
    """One row per metric and period."""
    rows: Rows = []
    for measured in scope.measured("calendar"):
        life = lives(measured)
        active = active_days_of(life, scope.clock)
        seen = seen_days(measured, scope)
        for period in measured.periods:
            keys = scope.keys(measured, period)
            days = within(active, period)
            columns = ended(measured, period, active, life, seen, scope.clock)
            is_open = keys["period_status"] == "open"
            rows.append(
                {
                    **keys,
                    "active_entities": len(days),
                    "active_days": sum(days.values()),
                    "seen_entities": len(within(seen, period).keys() | days.keys()),
                    **(dict.fromkeys(columns) if is_open else columns),
                }
            )
    return rows


def active_days(scope: Scope) -> Rows:
    """One row per metric, period, and number of days on which one can be active."""
    rows: Rows = []
    for measured in scope.measured("calendar"):
        active = active_days_of(lives(measured), scope.clock)
        for period in measured.periods:
            counts = Counter(within(active, period).values())
            rows += [
                {
                    **scope.keys(measured, period),
                    "active_days": days,
                    "entities": counts[days],
                }
                for days in range(1, length(period) + 1)
            ]
    return rows


def ended(
    measured: Measured,
    period: Period,
    active: ActiveDays,
    life: Lives,
    seen: ActiveDays,
    clock: Clock,
) -> dict[str, Value]:
    """What can be said of a period only when it is over."""
    here = within(active, period)
    everyone = within(seen, period).keys() | here.keys()
    week = Period(period.end - WEEK, period.end)
    month = Period(start_of_month(period, measured.cadence, clock), period.end)
    has_week = week.start >= measured.periods[0].start
    has_month = month.start >= measured.periods[0].start
    in_month = within(active, month)
    qualifying = qualified(measured)[period]
    their_days = sum(here[entity_id] for entity_id in qualifying)
    total = sum((row.measure for row in qualifying.values()), Decimal(0))
    begin, end = clock.bounds(period)
    actions = {
        entity_id: {
            booking.event.event_name
            for booking in real(life[entity_id])
            if begin <= booking.booked_at < end
        }
        for entity_id in here
    }
    return {
        "dau": share(sum(here.values()), length(period)),
        "wau": len(within(active, week)) if has_week else None,
        "mau": len(in_month) if has_month else None,
        "stickiness": share(sum(in_month.values()), length(month) * len(in_month))
        if has_month
        else None,
        "frequency": share(their_days, len(qualifying)),
        "depth": divided(
            scaled(total, measured.definition.unit_scale), Decimal(their_days)
        ),
        **named_rate("adoption_breadth", len(here), len(everyone)),
        "adoption_depth": share(
            sum(len(names) for names in actions.values()), len(here)
        ),
    }


def start_of_month(period: Period, cadence: Cadence, clock: Clock) -> date:
    """The first of the month's days that end with the period: of days and weeks 28."""
    if cadence.grain in ("month", "quarter"):
        last = period.end - timedelta(days=1)
        return Calendar(clock, "month").containing(last)[0].start
    return period.end - FOUR_WEEKS


def length(period: Period) -> int:
    """How many local dates a period has."""
    return (period.end - period.start).days


def within(days: ActiveDays, period: Period) -> Counter[str]:
    """On how many dates of the period each entity was active, if on any."""
    dates = (period.start + timedelta(days=n) for n in range(length(period)))
    return Counter(entity_id for day in dates for entity_id in days.get(day, ()))


def active_days_of(life: Lives, clock: Clock) -> ActiveDays:
    """When each entity did something that the metric counts."""
    days: dict[date, set[str]] = defaultdict(set)
    for entity_id, bookings in life.items():
        for booking in real(bookings):
            days[clock.local_date(booking.booked_at)].add(entity_id)
    return days


def seen_days(measured: Measured, scope: Scope) -> ActiveDays:
    """When each entity of the metric's type did anything at all."""
    days: dict[date, set[str]] = defaultdict(set)
    for event in scope.company.events:
        entity_id = scope.company.entity_id(event, measured.definition.entity)
        if entity_id is not None:
            days[scope.clock.local_date(event.occurred_at)].add(entity_id)
    return days
