"""Time to value: how long after its start an entity first met the definition."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from .. import measure
from ..grammar import InState
from ..measure import Booking
from ..periods import Measured
from .scope import DAY, Rows, Scope, lives
from .statistics import days_until, followed, rate_columns

QUARTILES = {
    "first_quartile_days": Fraction(1, 4),
    "median_days": Fraction(1, 2),
    "third_quartile_days": Fraction(3, 4),
}


def time_to_value(scope: Scope) -> Rows:
    """One row per metric, cohort of entities by anchor, and day."""
    rows: Rows = []
    for measured in scope.measured("calendar"):
        anchors = scope.company.anchors[measured.definition.entity]
        life = lives(measured)
        for cohort, members in scope.anchored(measured).items():
            _, end = scope.clock.bounds(cohort)
            starts = {member: anchors[member].anchor_at for member in members}
            reached = {
                member: reached_at(measured, life.get(member, []), starts[member])
                for member in members
            }
            durations = [
                duration
                for member in members
                if (
                    duration := followed(
                        starts[member], reached[member], scope.watermark
                    )
                )
            ]
            quartiles = {
                name: days_until(quartile, durations)
                for name, quartile in QUARTILES.items()
            }
            for day in range(1, max(scope.activation_windows) + 1):
                at_risk = [m for m in members if scope.is_mature(starts[m] + day * DAY)]
                got_there = sum(
                    (moment := reached[member]) is not None
                    and moment < starts[member] + day * DAY
                    for member in at_risk
                )
                rows.append(
                    {
                        **scope.cohort_keys(measured, cohort, end + day * DAY),
                        "day": day,
                        "at_risk_entities": len(at_risk),
                        "reached_entities": got_there,
                        **rate_columns(got_there, len(at_risk), "reached_share"),
                        **quartiles,
                    }
                )
    return rows


def reached_at(
    measured: Measured, life: list[Booking], anchor_at: datetime
) -> datetime | None:
    """When everything since the anchor, taken together, first met the definition."""
    since = [
        booking
        for booking in life
        if booking.booked_at >= anchor_at and holds_then(measured, booking)
    ]
    booking = measure.completion(measured.definition, since, measured.company)
    return None if booking is None else booking.booked_at


def holds_then(measured: Measured, booking: Booking) -> bool:
    """A condition about the period is one about the event here: there is no period."""
    definition, company = measured.definition, measured.company
    return all(
        measure.holds_at_event(
            replace(condition, at="event"), definition.entity, booking.subject, company
        )
        for condition in definition.when
        if isinstance(condition, InState)
    )
