"""Repetition: after its nth event, who did the next one in time."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from .. import measure
from ..clock import Period
from ..measure import Booking
from ..periods import Measured
from .scope import Rows, Scope, real
from .statistics import days_until, followed, rate_columns

STEPS = 10

Pair = tuple[Booking, Booking | None]
"""An event and the one after it."""


def repeat_steps(scope: Scope) -> Rows:
    """One row per metric, rank, and period in which events of that rank fell."""
    rows: Rows = []
    window = scope.repeat_window
    for measured in scope.measured("calendar"):
        for (rank, cohort), pairs in steps(measured).items():
            _, end = scope.clock.bounds(cohort)
            mature = [
                (event, after)
                for event, after in pairs
                if scope.is_mature(event.booked_at + window)
            ]
            repeated = sum(
                after is not None and after.booked_at < event.booked_at + window
                for event, after in mature
            )
            durations = [
                duration
                for event, after in pairs
                if (
                    duration := followed(
                        event.booked_at,
                        None if after is None else after.booked_at,
                        scope.watermark,
                    )
                )
            ]
            rows.append(
                {
                    **scope.cohort_keys(measured, cohort, end + window),
                    "n": rank,
                    "reached_entities": len(pairs),
                    "mature_entities": len(mature),
                    "repeated_entities": repeated,
                    **rate_columns(repeated, len(mature), "repeat_rate"),
                    "median_days_between": days_until(Fraction(1, 2), durations),
                }
            )
    return rows


def steps(measured: Measured) -> dict[tuple[int, Period], list[Pair]]:
    """By rank and period: the events that have this rank, as `nth` counts them."""
    definition, company = measured.definition, measured.company
    booked = measure.bookings(measured.found, measured.absent)
    ranked = real(measure.voided(definition, booked, company))
    found: dict[tuple[int, Period], list[Pair]] = defaultdict(list)
    for life in measure.by_entity(sorted(ranked, key=lambda b: b.order)).values():
        for rank, event in enumerate(life[:STEPS], start=1):
            (cohort,) = measure.periods_of(definition, event, company)
            after = life[rank] if rank < len(life) else None
            found[rank, cohort].append((event, after))
    return found
