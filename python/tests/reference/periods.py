"""Steps 16 to 18: totals, the period spine and the status of each period."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Protocol

from . import measure
from .clock import Cadence, Clock, Period, Rolling
from .company import Company
from .grammar import Definition, Ratio
from .inputs import SEGMENTS
from .measure import ABSENCES, Absences, Booking, EntityPeriod, Match, Retraction
from .values import Value, divided, rounded, scaled

SECOND = timedelta(seconds=1)


class Metric(Protocol):
    """What is published of a metric, whether it is measured or a ratio."""

    @property
    def cadence(self) -> Cadence: ...
    @property
    def periods(self) -> list[Period]: ...
    @property
    def wait(self) -> timedelta: ...
    @property
    def has_same_point(self) -> bool: ...
    @property
    def found(self) -> list[Match]: ...
    @property
    def absent(self) -> Absences: ...
    def value(self, period: Period) -> Decimal | None: ...
    def parts(self, period: Period) -> tuple[Decimal | None, Decimal | None]: ...
    def qualified(self, period: Period) -> int | None: ...
    def value_before(self, period: Period, cutoff: datetime) -> Decimal | None: ...


@dataclass
class Measured:
    """A metric that is not a ratio, through all steps.

    In a ratio `absent` and `unknown` also name what the other part lacks.
    """

    definition: Definition
    company: Company
    found: list[Match]
    absent: Absences
    unknown: set[Retraction]
    needs_value: bool = False
    """In a ratio of one state: an interval null in either part leaves both."""

    @property
    def cadence(self) -> Cadence:
        """The periods that it is published in."""
        return self.definition.window.cadence

    @property
    def wait(self) -> timedelta:
        """How long after its end a period can still change, beside the grace."""
        return waiting_time(self.definition)

    @property
    def has_same_point(self) -> bool:
        """Whether an open period can be compared with a part of the one before."""
        return self.definition.window.kind == "calendar"

    @cached_property
    def booked(self) -> list[Booking]:
        """What has passed step 12."""
        definition, company = self.definition, self.company
        booked = measure.bookings(self.found, self.absent)
        booked = measure.voided(definition, booked, company)
        booked = measure.ranked(definition, booked)
        booked = measure.in_window(definition, booked, company)
        return measure.eligible(definition, booked, company)

    @cached_property
    def periods(self) -> list[Period]:
        """Step 17: every period of the metric."""
        return spine(self.definition, self.booked, self.company)

    @cached_property
    def entity_periods(self) -> list[EntityPeriod]:
        """Steps 13 to 15, in the metric's periods."""
        if self.definition.state is not None:
            return measure.held(
                self.definition, self.periods, self.company, self.needs_value
            )
        published = set(self.periods)
        return [row for row in self.judged(self.booked) if row.period in published]

    def judged(self, booked: list[Booking]) -> list[EntityPeriod]:
        """Steps 13 to 15 for these bookings."""
        booked = measure.measurable(booked, self.absent, self.unknown)
        return [
            measure.judged(self.definition, slot, self.company)
            for slot in measure.slots(self.definition, booked, self.company)
        ]

    @cached_property
    def standing(self) -> dict[Period, list[EntityPeriod]]:
        """The rows that make each period's total."""
        rows: dict[Period, list[EntityPeriod]] = defaultdict(list)
        for row in self.entity_periods:
            rows[row.period].append(row)
        if self.definition.window.kind == "lifetime":
            return carried(rows, self.periods)
        return rows

    def value(self, period: Period) -> Decimal:
        """Step 16, at nine places: a period without any row is 0."""
        rows = self.standing.get(period, [])
        return self.published(rows)

    def parts(self, period: Period) -> tuple[Decimal | None, Decimal | None]:
        """Only a ratio has parts."""
        return (None, None)

    def qualified(self, period: Period) -> int:
        """How many entities qualify."""
        return sum(row.is_qualified for row in self.standing.get(period, []))

    def value_before(self, period: Period, cutoff: datetime) -> Decimal:
        """A period's value, counting only what was booked before `cutoff`."""
        booked = [booking for booking in self.booked if booking.booked_at < cutoff]
        rows = [row for row in self.judged(booked) if row.period == period]
        return self.published(rows)

    def published(self, rows: list[EntityPeriod]) -> Decimal:
        """The total of some rows in the metric's unit; entities have none."""
        is_measure = self.definition.total == "measure"
        unit_scale = self.definition.unit_scale if is_measure else Decimal(1)
        return scaled(total(self.definition, rows), unit_scale)


@dataclass
class Quotient:
    """A ratio: `spines` are the periods of its parts where they stand alone."""

    ratio: Ratio
    numerator: Measured
    denominator: Measured
    spines: tuple[list[Period], list[Period]]

    @property
    def cadence(self) -> Cadence:
        """The parts have the same grain."""
        return self.numerator.cadence

    @property
    def wait(self) -> timedelta:
        """It is as final as the less final part."""
        return max(self.numerator.wait, self.denominator.wait)

    @property
    def has_same_point(self) -> bool:
        """Both parts must be able to be compared."""
        return self.numerator.has_same_point and self.denominator.has_same_point

    @property
    def found(self) -> list[Match]:
        """The events of either part."""
        return self.numerator.found + self.denominator.found

    @property
    def absent(self) -> Absences:
        """What an event lacks for either part."""
        return self.numerator.absent

    @cached_property
    def periods(self) -> list[Period]:
        """The periods of either part."""
        return sorted({period for periods in self.spines for period in periods})

    def parts(self, period: Period) -> tuple[Decimal, Decimal]:
        """Both parts; one that has no such period is 0."""
        return (self.numerator.value(period), self.denominator.value(period))

    def value(self, period: Period) -> Decimal | None:
        """The quotient; nothing divides by zero."""
        return self.quotient(*self.parts(period))

    def qualified(self, period: Period) -> int | None:
        """A ratio has no entities."""
        return None

    def value_before(self, period: Period, cutoff: datetime) -> Decimal | None:
        """The quotient of what was booked before `cutoff`."""
        return self.quotient(
            self.numerator.value_before(period, cutoff),
            self.denominator.value_before(period, cutoff),
        )

    def quotient(self, numerator: Decimal, denominator: Decimal) -> Decimal | None:
        """The ratio of the parts as they are published."""
        return divided(numerator, denominator, self.ratio.unit_scale)


def compute(
    metrics: Mapping[str, Definition | Ratio], company: Company
) -> dict[str, Metric]:
    """Every metric; first those that stand alone, then the ratios of them."""
    alone = {
        name: measured(definition, company)
        for name, definition in metrics.items()
        if isinstance(definition, Definition)
    }
    ratios = {
        name: quotient(ratio, alone[ratio.numerator], alone[ratio.denominator])
        for name, ratio in metrics.items()
        if isinstance(ratio, Ratio)
    }
    return {**alone, **ratios}


def measured(definition: Definition, company: Company) -> Measured:
    """A metric on its own."""
    found = measure.matches(definition, company)
    return Measured(definition, company, found, measure.absences(found), set())


def quotient(ratio: Ratio, numerator: Measured, denominator: Measured) -> Quotient:
    """A ratio: what either part lacks is left out of both."""
    absent = dict(numerator.absent)
    for event, lacks in denominator.absent.items():
        absent[event] = min(absent.get(event, lacks), lacks, key=ABSENCES.index)
    unknown = {
        retraction
        for part in (numerator, denominator)
        for retraction in measure.unknown_retractions(part.booked)
    }

    definitions = (numerator.definition, denominator.definition)
    is_one_state = len({(part.entity, part.state) for part in definitions}) == 1
    needs_value = is_one_state and any(part.state_has_value for part in definitions)

    def again(part: Measured) -> Measured:
        company, found = part.company, part.found
        return Measured(part.definition, company, found, absent, unknown, needs_value)

    spines = (numerator.periods, denominator.periods)
    return Quotient(ratio, again(numerator), again(denominator), spines)


# ------------------------------------------------------------------- step 16: total


def total(definition: Definition, rows: Iterable[EntityPeriod]) -> Decimal:
    """Step 16: entities that qualify, or the sum of what counts."""
    if definition.total == "entities":
        return Decimal(sum(row.is_qualified for row in rows))
    return sum((row.measure for row in rows if row.is_counted), Decimal(0))


def carried(
    rows: Mapping[Period, list[EntityPeriod]], periods: Iterable[Period]
) -> dict[Period, list[EntityPeriod]]:
    """For a stock: each entity's latest row at or before each period."""
    latest: dict[str, EntityPeriod] = {}
    standing = {}
    for period in periods:
        latest |= {row.entity_id: row for row in rows.get(period, [])}
        standing[period] = list(latest.values())
    return standing


# ------------------------------------------------------------------- step 17: spine


def spine(
    definition: Definition, booked: Iterable[Booking], company: Company
) -> list[Period]:
    """Step 17: from the first period with an event to that of the watermark."""
    cadence, watermark = definition.window.cadence, company.watermark
    if definition.state is not None:
        used = state_periods(definition, company)
    else:
        used = {p for b in booked for p in measure.periods_of(definition, b, company)}
    if watermark is None or not used:
        return []
    if isinstance(cadence, Rolling):
        return cadence.run(min(used), cadence.first_ending_at_or_after(watermark))
    (current,) = cadence.containing(company.settings.clock.local_date(watermark))
    last = current if definition.state is not None else max(current, max(used))
    return cadence.run(min(used), last)


def state_periods(definition: Definition, company: Company) -> set[Period]:
    """The periods in which someone entered the state."""
    assert definition.state is not None
    of_state = company.states.get((definition.entity, definition.state), {})
    clock = company.settings.clock
    return {
        definition.window.cadence.containing(clock.local_date(interval.begins))[0]
        for intervals in of_state.values()
        for interval in intervals
    }


# ------------------------------------------------------------------ step 18: status


def waiting_time(definition: Definition) -> timedelta:
    """The anchor window of a cohort, and the time within which a void excludes."""
    wait = timedelta(0)
    window, void = definition.window, definition.void
    if window.span is not None and window.book == "cohort":
        wait += window.span
    if void is not None and void.mode == "exclude" and void.within is not None:
        wait += void.within
    return wait


def status(end: datetime, wait: timedelta, watermark: datetime) -> str:
    """Step 18: a watermark on the boundary ends the period."""
    if watermark < end:
        return "open"
    return "final" if watermark >= end + wait else "provisional"


def elapsed_share(begin: datetime, end: datetime, watermark: datetime) -> Decimal:
    """The share of a period that the watermark has passed, in whole seconds."""
    if watermark >= end:
        return Decimal(1)
    elapsed = max((watermark - begin) // SECOND, 0)
    return divided(Decimal(elapsed), Decimal((end - begin) // SECOND)) or Decimal(0)


def same_point(
    period: Period, previous: Period, watermark: datetime, clock: Clock
) -> datetime:
    """The instant at which `previous` was as far as `period` is now."""
    begin, end = clock.bounds(period)
    previous_begin, previous_end = clock.bounds(previous)
    elapsed = max((watermark - begin) // SECOND, 0)
    length = max((end - begin) // SECOND, 1)
    previous_length = (previous_end - previous_begin) // SECOND
    return previous_begin + elapsed * previous_length // length * SECOND


# ------------------------------------------------------------------------ the marts


def metric_rows(
    definition: Definition | Ratio, metric: Metric, company: Company
) -> list[dict[str, Value]]:
    """The rows of `metric_periods` of one metric."""
    watermark, settings = company.watermark, company.settings
    if watermark is None:
        return []
    left_out = absences_by_period(metric, settings.clock)
    published = set(metric.periods)
    rows: list[dict[str, Value]] = []
    for index, period in enumerate(metric.periods):
        begin, end = settings.clock.bounds(period)
        stage = status(end, settings.grace + metric.wait, watermark)
        previous = metric.cadence.before(period)
        is_compared = previous in published
        value = metric.value(period)
        numerator, denominator = metric.parts(period)
        previous_value = metric.value(previous) if is_compared else None
        same_point_value = None
        if stage == "open" and metric.has_same_point and is_compared:
            cutoff = same_point(period, previous, watermark, settings.clock)
            same_point_value = metric.value_before(previous, cutoff)
        base = same_point_value if stage == "open" else previous_value
        change = None if value is None or base is None else rounded(value - base)
        rows.append(
            {
                **keys(definition, metric, period, stage),
                "is_north_star": definition.is_north_star,
                "value": value,
                "numerator": numerator,
                "denominator": denominator,
                "qualified_entities": metric.qualified(period),
                **{name: left_out[period, name] for name in ABSENCES},
                "is_left_censored": index < settings.left_censored_periods,
                "elapsed_share": elapsed_share(begin, end, watermark),
                "previous_value": previous_value,
                "change": change,
                "change_rate": rate(change, base),
                "same_point_value": same_point_value,
                "target": None,
            }
        )
    return rows


def rate(change: Decimal | None, base: Decimal | None) -> Decimal | None:
    """A change as a share of what it is a change from."""
    return None if change is None or base is None else divided(change, base)


def keys(
    definition: Definition | Ratio, metric: Metric, period: Period, stage: str
) -> dict[str, Value]:
    """The columns that every metric-grained mart begins with."""
    return {
        "metric_name": definition.name,
        "metric_version": definition.version,
        "grain": metric.cadence.grain,
        "period_start": period.start,
        "period_end": period.end,
        "period_status": stage,
    }


def absences_by_period(metric: Metric, clock: Clock) -> Counter[tuple[Period, str]]:
    """How many events lack what the metric needs: each once, in its own period."""
    counts: Counter[tuple[Period, str]] = Counter()
    filed_at = {match.event: match.filed_at for match in reversed(metric.found)}
    for event, lacks in metric.absent.items():
        day = clock.local_date(filed_at[event])
        counts.update((period, lacks) for period in metric.cadence.containing(day))
    return counts


def entity_rows(measured: Measured) -> list[dict[str, Value]]:
    """The rows of `entity_periods` of one metric."""
    definition, company = measured.definition, measured.company
    if company.watermark is None:
        return []
    kind = definition.window.kind
    rows = measured.entity_periods
    if kind == "lifetime":
        rows = changed(rows)
    growth = {}
    if kind in ("calendar", "rolling"):
        growth = growth_statuses(rows, measured.cadence)
    wait = company.settings.grace + measured.wait
    return [
        {
            **keys(
                definition,
                measured,
                row.period,
                status(
                    company.settings.clock.bounds(row.period)[1],
                    wait,
                    company.watermark,
                ),
            ),
            "entity_type": definition.entity,
            "entity_id": row.entity_id,
            "measure": scaled(row.measure, definition.unit_scale),
            "is_qualified": row.is_qualified,
            "growth_status": growth.get((row.entity_id, row.period)),
            **{name: row.segments[name] for name in SEGMENTS},
        }
        for row in rows
    ]


def changed(rows: Iterable[EntityPeriod]) -> list[EntityPeriod]:
    """Of a stock only the rows in which an entity's standing changed."""
    found = []
    last: dict[str, tuple[Decimal, bool]] = {}
    for row in sorted(rows, key=lambda row: row.period):
        standing = (row.measure, row.is_qualified)
        if last.get(row.entity_id) != standing:
            found.append(row)
        last[row.entity_id] = standing
    return found


def growth_statuses(
    rows: Iterable[EntityPeriod], cadence: Cadence
) -> dict[tuple[str, Period], str]:
    """New, retained or resurrected, for each period in which an entity qualifies."""
    qualified: dict[str, set[Period]] = defaultdict(set)
    for row in rows:
        if row.is_qualified:
            qualified[row.entity_id].add(row.period)
    return {
        (entity_id, period): growth_status(period, periods, cadence)
        for entity_id, periods in qualified.items()
        for period in periods
    }


def growth_status(period: Period, qualified: set[Period], cadence: Cadence) -> str:
    """New in no period that had ended; retained from the one before; else back."""
    if not any(earlier.end <= period.start for earlier in qualified):
        return "new"
    return "retained" if cadence.before(period) in qualified else "resurrected"
