"""Guardrails: what must not get worse while the North Star gets better."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from .. import measure
from ..clock import Cadence, Calendar, Period, Rolling
from ..grammar import Void
from ..inputs import Event, records_of
from ..measure import Booking
from ..periods import Measured, Metric, status
from ..values import Row, as_number, divided, rounded, scaled
from .growth import accounting, contributions_of, scale_of
from .revenue import revenue_periods
from .scope import Rows, Scope, qualified
from .statistics import Bounds, median, wilson

HISTORY = 8
TOLERATED_DEVIATIONS = Decimal("8.74734")
"""5.9 standard deviations, of 1.4826 median deviations each: with a history of eight
about one false alarm in a hundred."""
TOLERATED_SHARE = Decimal("0.05")


class Point(NamedTuple):
    """The value of a guardrail in a period, and what it is the quotient of."""

    stage: str
    value: Decimal | None
    numerator: Decimal | None = None
    denominator: Decimal | None = None


def quotient(stage: str, numerator: Decimal, denominator: Decimal) -> Point:
    """A point of what is not known before its period is over."""
    value = None if stage == "open" else divided(numerator, denominator)
    if value is None:
        return Point(stage, None)
    return Point(stage, value, numerator, denominator)


@dataclass(frozen=True)
class Series:
    """A guardrail through time."""

    name: str
    source: str
    metric: str | None
    direction: str | None
    target: Decimal | None
    cadence: Cadence
    points: Mapping[Period, Point]
    is_share: bool = False
    """Of entities or events, so that it has an interval."""


def guardrails(scope: Scope) -> Rows:
    """One row per guardrail and period."""
    rows: Rows = []
    for series in all_series(scope):
        for period, point in series.points.items():
            baseline, deviation = history(series, period)
            bound = bound_of(series, point.value, baseline, deviation)
            lower, upper = interval(point) if series.is_share else (None, None)
            rows.append(
                {
                    "guardrail_name": series.name,
                    "guardrail_source": series.source,
                    "metric_name": series.metric,
                    "grain": series.cadence.grain,
                    "period_start": period.start,
                    "period_end": period.end,
                    "period_status": point.stage,
                    "direction": series.direction,
                    "value": point.value,
                    "numerator": point.numerator,
                    "denominator": point.denominator,
                    "value_lower": lower,
                    "value_upper": upper,
                    "baseline": baseline,
                    "bound": bound,
                    "state": state(series.direction, point, baseline, bound),
                }
            )
    return rows


def all_series(scope: Scope) -> Iterator[Series]:
    """Guardrails that are metrics, that come with drivers, and that are signals."""
    named = {
        name
        for metric in scope.definitions
        for name in scope.written(metric).get("guardrails") or []
    }
    for name, metric in scope.metrics.items():
        written = scope.written(name)
        if written.get("level") == "guardrail" or name in named:
            points = {
                period: Point(scope.stage(metric, period), metric.value(period))
                for period in metric.periods
            }
            yield Series(
                name=name,
                source="metric",
                metric=name,
                direction=written.get("direction", "up"),
                target=as_number(written.get("target")),
                cadence=metric.cadence,
                points=points,
            )
    for measured in scope.measured("calendar", "rolling"):
        yield driver(measured, "churn_rate", churn(measured, scope))
    for measured in scope.measured("calendar"):
        for name, points in voided(measured, scope).items():
            yield driver(measured, name, points)
        yield from guarded(measured, scope)
    yield from revenue(scope)
    if scope.north_star is not None:
        yield from signals(scope.metrics[scope.north_star], scope)


def driver(measured: Measured, name: str, points: Mapping[Period, Point]) -> Series:
    """A guardrail that comes with every metric of its kind: less of it is better."""
    metric = measured.definition.name
    return Series(
        name=f"{metric}__{name}",
        source="driver",
        metric=metric,
        direction="down",
        target=None,
        cadence=measured.cadence,
        points=points,
        is_share=name in ("churn_rate", "voided_rate"),
    )


def interval(point: Point) -> Bounds:
    """That of a share, where there is one."""
    if point.numerator is None or point.denominator is None:
        return (None, None)
    return wilson(int(point.numerator), int(point.denominator))


# ---------------------------------------------------------------------- drivers


def churn(measured: Measured, scope: Scope) -> dict[Period, Point]:
    """The share of the entities of the period before that are gone."""
    points = {}
    for period, growth in accounting(scope, measured).items():
        stage = scope.stage(measured, period)
        points[period] = quotient(
            stage, Decimal(growth.churned), Decimal(growth.previous)
        )
    return points


def guarded(measured: Measured, scope: Scope) -> Iterator[Series]:
    """What each of its own guardrails measures, per entity that qualifies."""
    name = measured.definition.name
    for guard in scope.written(name).get("guardrails") or []:
        guarding = scope.metrics[guard]
        if (
            not isinstance(guarding, Measured)
            or guarding.definition.window.kind != "calendar"
            or guarding.definition.entity != measured.definition.entity
            or guarding.cadence.grain != measured.cadence.grain
        ):
            continue
        active, contributions = qualified(measured), contributions_of(guarding)
        points = {}
        for period in measured.periods:
            if period not in contributions:
                continue
            stages = (scope.stage(measured, period), scope.stage(guarding, period))
            counted = contributions[period]
            total = sum(
                (counted.get(entity_id, Decimal(0)) for entity_id in active[period]),
                Decimal(0),
            )
            points[period] = quotient(
                next((s for s in ("open", "provisional") if s in stages), "final"),
                scaled(total, scale_of(guarding.definition)),
                Decimal(len(active[period])),
            )
        yield Series(
            name=f"{name}__{guard}_per_active_entity",
            source="driver",
            metric=name,
            direction=scope.written(guard).get("direction", "up"),
            target=None,
            cadence=measured.cadence,
            points=points,
        )


class Voided(NamedTuple):
    """An event, and the void that took it back, if any did."""

    booking: Booking
    hit: Event | None
    amount: Decimal | None
    """What was taken back, as far as it is known."""


def voided(measured: Measured, scope: Scope) -> dict[str, dict[Period, Point]]:
    """The shares of what was taken back, by the event's date and by the void's."""
    definition, company = measured.definition, measured.company
    void = definition.void
    if void is None:
        return {}
    voids = measure.voids_by_key(void, company)
    found = []
    for booking in measure.bookings(measured.found, measured.absent):
        hit = measure.first_void(booking, void, voids)
        found.append(Voided(booking, hit, voided_amount(booking, hit, void)))
    known = [
        event
        for event in found
        if event.booking.amount is not None
        and (event.hit is None or event.amount is not None)
    ]
    wait = void.within or timedelta(0)
    series = {
        "voided_rate": by_event(measured, found, wait, scope, False),
        "voided_rate_by_void_date": by_void(measured, found, scope, False),
    }
    if definition.counts == "sum":
        series["voided_value_rate"] = by_event(measured, known, wait, scope, True)
        series["voided_value_rate_by_void_date"] = by_void(measured, known, scope, True)
    return series


def voided_amount(booking: Booking, hit: Event | None, void: Void) -> Decimal | None:
    """What a void takes back: its own value where it has one, else the event's."""
    if hit is None or void.value is None:
        return booking.amount
    return measure.number_in(hit, void.value)


def by_event(
    measured: Measured,
    events: list[Voided],
    wait: timedelta,
    scope: Scope,
    is_value: bool,
) -> dict[Period, Point]:
    """Of what was booked in a period, and long enough ago, the share taken back."""
    booked: dict[Period, Decimal] = defaultdict(Decimal)
    taken: dict[Period, Decimal] = defaultdict(Decimal)
    for event in events:
        if not scope.is_mature(event.booking.booked_at + wait):
            continue
        (period,) = measure.periods_of(
            measured.definition, event.booking, measured.company
        )
        booked[period] += amount(event.booking.amount, is_value)
        if event.hit is not None:
            taken[period] += amount(event.amount, is_value)
    grace = scope.company.settings.grace
    points = {}
    for period in measured.periods:
        _, end = scope.clock.bounds(period)
        stage = status(end, grace + wait, scope.watermark)
        points[period] = quotient(stage, taken[period], booked[period])
    return points


def by_void(
    measured: Measured, events: list[Voided], scope: Scope, is_value: bool
) -> dict[Period, Point]:
    """What was taken back in a period, as a share of what was booked in it."""
    booked: dict[Period, Decimal] = defaultdict(Decimal)
    taken: dict[Period, Decimal] = defaultdict(Decimal)
    for event in events:
        (period,) = measure.periods_of(
            measured.definition, event.booking, measured.company
        )
        booked[period] += amount(event.booking.amount, is_value)
        if event.hit is not None:
            day = scope.clock.local_date(event.hit.occurred_at)
            (period,) = measured.cadence.containing(day)
            taken[period] += amount(event.amount, is_value)
    points = {}
    for period in measured.periods:
        stage = scope.stage(measured, period)
        points[period] = quotient(stage, taken[period], booked[period])
    return points


def amount(of_event: Decimal | None, is_value: bool) -> Decimal:
    """What an event weighs: its amount, or one."""
    return (of_event or Decimal(0)) if is_value else Decimal(1)


REVENUE = {
    "gross_revenue_retention": ("up", None),
    "logo_churn_rate": ("down", ("churned_entities", "starting_entities")),
    "renewal_rate": ("up", ("renewed_entities", "due_entities")),
    "trial_to_paid_rate": ("up", ("paid_trials", "ended_trials")),
}
"""The rates of revenue: which way is better, and what they are the quotient of."""


def revenue(scope: Scope) -> Iterator[Series]:
    """The rates of each state with a value, by month."""
    cadence = Calendar(scope.clock, "month")
    months: list[dict[str, Any]] = [*revenue_periods(scope)]
    by_state: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for month in months:
        by_state[f"{month['entity_type']}.{month['state_name']}"].append(month)
    for state_name, rows in by_state.items():
        for rate, (direction, parts) in REVENUE.items():
            points = {}
            for row in rows:
                (period,) = cadence.containing(row["period_start"])
                point = Point(row["period_status"], row[rate])
                if parts is not None and row[rate] is not None:
                    part, whole = (Decimal(row[name]) for name in parts)
                    point = point._replace(numerator=part, denominator=whole)
                points[period] = point
            yield Series(
                name=f"{state_name}__{rate}",
                source="driver",
                metric=None,
                direction=direction,
                target=None,
                cadence=cadence,
                points=points,
                is_share=parts is not None,
            )


# ---------------------------------------------------------------------- signals


def signals(north_star: Metric, scope: Scope) -> Iterator[Series]:
    """Series of numbers from elsewhere, in the North Star's periods."""
    by_name: dict[str, list[Row]] = defaultdict(list)
    records = records_of(scope.config, scope.tables, "northstar_signals", scope.clock)
    for record in records:
        if record["signal"] is not None and record["date"] is not None:
            by_name[str(record["signal"])].append(record)
    for name, rows in by_name.items():
        totals = [row for row in rows if row.get("segment") in (None, "")]
        found: dict[Period, list[Row]] = defaultdict(list)
        for row in totals or rows:
            moment = scope.clock.as_instant(row["date"])
            assert moment is not None
            for period in north_star.cadence.containing(scope.clock.local_date(moment)):
                found[period].append(row)
        points = {
            period: Point(stage_of(period, scope), signal_value(found[period]))
            for period in north_star.periods
            if period in found
        }
        said = {str(row["direction"]).lower() for row in rows if row.get("direction")}
        (direction,) = said if len(said) == 1 and said <= {"up", "down"} else (None,)
        yield Series(name, "signal", None, direction, None, north_star.cadence, points)


def stage_of(period: Period, scope: Scope) -> str:
    """The status of a period that waits for nothing but the grace."""
    _, end = scope.clock.bounds(period)
    return status(end, scope.company.settings.grace, scope.watermark)


def signal_value(rows: list[Row]) -> Decimal | None:
    """A ratio of sums where there are denominators, else the mean of the values."""
    pairs = [
        (numerator, denominator)
        for row in rows
        if (numerator := as_number(row.get("numerator"))) is not None
        and (denominator := as_number(row.get("denominator"))) is not None
    ]
    if any(row.get("denominator") is not None for row in rows):
        return divided(
            sum((numerator for numerator, _ in pairs), Decimal(0)),
            sum((denominator for _, denominator in pairs), Decimal(0)),
        )
    known = [v for row in rows if (v := as_number(row.get("value"))) is not None]
    return divided(sum(known, Decimal(0)), Decimal(len(known)))


# -------------------------------------------------------------- baseline and bound


def history(series: Series, period: Period) -> tuple[Decimal | None, Decimal | None]:
    """The median of the last final values before a period, and how far they stray."""
    values = [
        point.value
        for earlier, point in sorted(series.points.items(), reverse=True)
        if point.stage == "final"
        and point.value is not None
        and is_before(earlier, period, series.cadence)
    ][:HISTORY]
    baseline = median(values)
    if baseline is None or len(values) < HISTORY:
        return (None, None)
    return (baseline, median(abs(value - baseline) for value in values))


def is_before(earlier: Period, period: Period, cadence: Cadence) -> bool:
    """Whether one comes to it by going back a period at a time, without overlap."""
    if earlier.start >= period.start:
        return False
    if not isinstance(cadence, Rolling):
        return True
    stride = period.start - cadence.before(period).start
    return (period.start - earlier.start) % stride == timedelta(0)


def bound_of(
    series: Series,
    value: Decimal | None,
    baseline: Decimal | None,
    deviation: Decimal | None,
) -> Decimal | None:
    """The target if there is one, else the baseline and what it may stray."""
    if series.target is not None:
        return series.target
    if baseline is None or deviation is None:
        return None
    width = max(
        scaled(deviation, TOLERATED_DEVIATIONS), scaled(abs(baseline), TOLERATED_SHARE)
    )
    return rounded(
        baseline + (width if is_ceiling(series, value, baseline) else -width)
    )


def is_ceiling(series: Series, value: Decimal | None, baseline: Decimal) -> bool:
    """Whether more is worse; where nobody knows, it is what has happened."""
    if series.direction is None:
        return value is None or value >= baseline
    return series.direction == "down"


def state(
    direction: str | None,
    point: Point,
    baseline: Decimal | None,
    bound: Decimal | None,
) -> str:
    """Whether a final value is beyond its bound."""
    if point.stage != "final" or point.value is None or bound is None:
        return "unknown"
    is_above = direction == "down" or (
        direction is None and baseline is not None and point.value >= baseline
    )
    is_beyond = point.value > bound if is_above else point.value < bound
    return "breached" if is_beyond else "ok"
