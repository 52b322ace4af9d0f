"""What the drivers are computed of: which metrics, with which settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from .. import measure
from ..clock import Clock, Period
from ..company import Company
from ..grammar import Definition, Ratio
from ..inputs import SEGMENTS, Tables
from ..measure import Booking, EntityPeriod, Slot
from ..periods import Measured, Metric, Quotient, keys, status
from ..values import Value

DAY = timedelta(hours=24)
ACTIVATION_WINDOWS = (1, 7, 14, 28)
REPEAT_WINDOW_DAYS = 30
PERSON_COLUMNS = ("user_id", "anonymous_id")

Rows = list[dict[str, Value]]
Lives = Mapping[str, list[Booking]]
"""By entity: what it booked, in order."""


@dataclass(frozen=True)
class Scope:
    """The company, its metrics as they were computed, and the settings of drivers."""

    config: Mapping[str, Any]
    tables: Tables
    company: Company
    definitions: Mapping[str, Definition | Ratio]
    metrics: Mapping[str, Metric]

    @property
    def clock(self) -> Clock:
        """The project's clock."""
        return self.company.settings.clock

    @property
    def watermark(self) -> datetime:
        """How far the data has come; without a watermark there are no drivers."""
        assert self.company.watermark is not None
        return self.company.watermark

    @property
    def followed_until(self) -> datetime:
        """Up to when everyone is known to have been followed."""
        return self.watermark - self.company.settings.grace

    def is_mature(self, end: datetime) -> bool:
        """Whether a window that ends at this instant has been seen to its end."""
        return end <= self.followed_until

    def written(self, name: str) -> Mapping[str, Any]:
        """A metric as the project wrote it, governance and all."""
        written: Mapping[str, Any] = self.config["northstar_metrics"][name]
        return written

    @cached_property
    def north_star(self) -> str | None:
        """The one metric of that level."""
        names = (name for name, d in self.definitions.items() if d.is_north_star)
        return next(names, None)

    @cached_property
    def driver_metrics(self) -> list[str]:
        """The North Star and the metrics that were added to it, each once."""
        named = [self.north_star, *(self.config.get("northstar_driver_metrics") or [])]
        return list(dict.fromkeys(name for name in named if name is not None))

    @property
    def min_cell(self) -> int:
        """How many entities a published segment must have; 0 is off."""
        return int(self.config.get("northstar_min_cell") or 0)

    @property
    def activation_windows(self) -> list[int]:
        """In days."""
        windows = self.config.get("northstar_activation_windows") or ACTIVATION_WINDOWS
        return sorted({int(days) for days in windows})

    @property
    def repeat_window(self) -> timedelta:
        """Within which the next event is a repetition."""
        days = self.config.get("northstar_repeat_window_days") or REPEAT_WINDOW_DAYS
        return int(days) * DAY

    @cached_property
    def mapped_segments(self) -> list[str]:
        """The segments that at least one source of events has, and those declared."""
        mapped = {
            column
            for source in self.config["northstar_events"]
            for column in source["columns"]
        }
        return [
            *(segment for segment in SEGMENTS if segment in mapped),
            *self.company.settings.declared_segments,
        ]

    def lasts(self, definition: Definition) -> bool:
        """Whether an entity keeps its id for longer than a day."""
        is_daily = self.config.get("northstar_identity_scope") == "daily"
        column = self.company.settings.entity_columns[definition.entity]
        return not (is_daily and column in PERSON_COLUMNS)

    def measured(self, *kinds: str, lasting: bool = True) -> list[Measured]:
        """The driver metrics with a window of one of these kinds."""
        found = [self.metrics[name] for name in self.driver_metrics]
        return [
            metric
            for metric in found
            if isinstance(metric, Measured)
            and metric.definition.window.kind in kinds
            and (self.lasts(metric.definition) or not lasting)
        ]

    def ratios(self) -> list[Quotient]:
        """The driver metrics that divide one by another."""
        found = [self.metrics[name] for name in self.driver_metrics]
        return [metric for metric in found if isinstance(metric, Quotient)]

    def keys(self, measured: Measured, period: Period) -> dict[str, Value]:
        """The columns that a row of a metric and period begins with."""
        stage = self.stage(measured, period)
        return keys(measured.definition, measured, period, stage)

    def stage(self, metric: Metric, period: Period) -> str:
        """The status of a metric's period."""
        _, end = self.clock.bounds(period)
        wait = self.company.settings.grace + metric.wait
        return status(end, wait, self.watermark)

    def cohort_keys(
        self, measured: Measured, cohort: Period, observed_until: datetime
    ) -> dict[str, Value]:
        """The columns that a row of a cohort begins with.

        `observed_until` is the last instant at which a member's window can end.
        """
        wait = void_wait(measured.definition)
        stage = self.cohort_stage(cohort, observed_until + wait)
        return {
            **keys(measured.definition, measured, cohort, stage),
            "cohort_start": cohort.start,
        }

    def cohort_stage(self, cohort: Period, observed_until: datetime) -> str:
        """Open while the cohort still grows, final once all of it was followed."""
        if self.watermark < self.clock.bounds(cohort)[1]:
            return "open"
        return "final" if self.is_mature(observed_until) else "provisional"

    def anchored(self, measured: Measured) -> dict[Period, list[str]]:
        """The cohorts of all entities of the metric's type, by anchor."""
        cohorts: dict[Period, list[str]] = {}
        anchors = self.company.anchors[measured.definition.entity]
        for entity_id, anchor in anchors.items():
            day = self.clock.local_date(anchor.anchor_at)
            (cohort,) = measured.cadence.containing(day)
            cohorts.setdefault(cohort, []).append(entity_id)
        return cohorts


def void_wait(definition: Definition) -> timedelta:
    """How long an excluding void may still come."""
    void = definition.void
    if void is None or void.mode != "exclude" or void.within is None:
        return timedelta(0)
    return void.within


def lives(measured: Measured) -> Lives:
    """Everything that has passed step 12 and can be measured, by entity, in order."""
    booked = measure.measurable(measured.booked, measured.absent, measured.unknown)
    return measure.by_entity(sorted(booked, key=lambda booking: booking.order))


def real(life: list[Booking]) -> list[Booking]:
    """The bookings that are events, not net voids."""
    return [booking for booking in life if booking.takes_back is None]


def qualifies(
    measured: Measured,
    entity_id: str,
    life: list[Booking],
    begin: datetime,
    end: datetime,
) -> bool:
    """Whether the entity meets the definition in `[begin, end)`, as if a period."""
    rows = [booking for booking in life if begin <= booking.booked_at < end]
    if not rows:
        return False
    clock = measured.company.settings.clock
    period = Period(clock.local_date(begin), clock.local_date(end))
    slot = Slot(entity_id, period, begin, end, rows)
    return measure.judged(measured.definition, slot, measured.company).is_qualified


def qualified(measured: Measured) -> dict[Period, dict[str, EntityPeriod]]:
    """By period: the entities that qualify, with their rows."""
    found: dict[Period, dict[str, EntityPeriod]] = {
        period: {} for period in measured.periods
    }
    for row in measured.entity_periods:
        if row.is_qualified:
            found[row.period][row.entity_id] = row
    return found


Builder = Callable[[Scope], Rows]
"""A mart: all its rows."""
