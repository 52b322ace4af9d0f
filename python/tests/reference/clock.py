"""Zones, weeks and periods: how an instant becomes a local date and a window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .values import Value, in_utc

MONDAY_BEFORE_1970 = date(1969, 12, 29)
MONTHS_OF = {"month": 1, "quarter": 3}


class Period(NamedTuple):
    """A run of local dates, `[start, end)`."""

    start: date
    end: date


@cache
def first_instant(zone: ZoneInfo, day: date) -> datetime:
    """The UTC instant at which a local date begins, even where midnight is skipped.

    Of a midnight that the clock shows twice the first is meant; a midnight that it
    skips is read with the offset before the gap, which is the instant of the change.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone, fold=0)
    return in_utc(midnight)


@dataclass(frozen=True)
class Clock:
    """The project's zone and its first day of the week (1 is Monday)."""

    zone: ZoneInfo
    week_start: int

    def local_date(self, instant: datetime) -> date:
        """Convert, then truncate."""
        return instant.replace(tzinfo=UTC).astimezone(self.zone).date()

    def as_instant(self, value: Value) -> datetime | None:
        """A cell of a time column: a date without time is local midnight."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return in_utc(value)
        if isinstance(value, date):
            return first_instant(self.zone, value)
        raise TypeError(f"not a time: {value!r}")

    def bounds(self, period: Period) -> tuple[datetime, datetime]:
        """The two UTC instants of a period of local dates."""
        return (
            first_instant(self.zone, period.start),
            first_instant(self.zone, period.end),
        )

    @property
    def first_week(self) -> date:
        """The day from which weeks and rolling windows are counted."""
        return MONDAY_BEFORE_1970 + timedelta(days=self.week_start - 1)

    def week_of(self, day: date) -> date:
        """The first day of the week that holds `day`."""
        return day - timedelta(days=(day - self.first_week).days % 7)


@dataclass(frozen=True)
class Calendar:
    """Periods that follow one another: days, weeks, months or quarters."""

    clock: Clock
    grain: str

    def containing(self, day: date) -> list[Period]:
        """The one period that holds `day`."""
        if self.grain == "day":
            return [Period(day, day + timedelta(days=1))]
        if self.grain == "week":
            start = self.clock.week_of(day)
            return [Period(start, start + timedelta(days=7))]
        months = MONTHS_OF[self.grain]
        start = date(day.year, (day.month - 1) // months * months + 1, 1)
        return [Period(start, _months_later(start, months))]

    def before(self, period: Period) -> Period:
        """The period to compare with: the one before."""
        return self.containing(period.start - timedelta(days=1))[0]

    def run(self, first: Period, last: Period) -> list[Period]:
        """All periods from `first` to `last`, both included."""
        periods = []
        period = first
        while period.start <= last.start:
            periods.append(period)
            period = self.containing(period.end)[0]
        return periods


@dataclass(frozen=True)
class Rolling:
    """Overlapping windows of `days` local dates, one every `step` days."""

    clock: Clock
    days: int
    step: int

    @property
    def grain(self) -> str:
        """The grain, as it is written."""
        return f"{self.days}d"

    def starting(self, start: date) -> Period:
        """The window with this first day."""
        return Period(start, start + timedelta(days=self.days))

    def containing(self, day: date) -> list[Period]:
        """Every window that holds `day`, the earliest first."""
        past = (day - self.clock.first_week).days % self.step
        latest = day - timedelta(days=past)
        starts = []
        while latest + timedelta(days=self.days) > day:
            starts.append(latest)
            latest -= timedelta(days=self.step)
        return [self.starting(start) for start in reversed(starts)]

    def before(self, period: Period) -> Period:
        """The window to compare with: the last one that does not overlap."""
        steps = -(-self.days // self.step)
        return self.starting(period.start - timedelta(days=steps * self.step))

    def run(self, first: Period, last: Period) -> list[Period]:
        """All windows from `first` to `last`, both included."""
        periods = []
        start = first.start
        while start <= last.start:
            periods.append(self.starting(start))
            start += timedelta(days=self.step)
        return periods

    def first_ending_at_or_after(self, instant: datetime) -> Period:
        """The window that is under way at `instant`."""
        day = self.clock.local_date(instant) - timedelta(days=self.days + self.step)
        start = day - timedelta(days=(day - self.clock.first_week).days % self.step)
        while first_instant(self.clock.zone, self.starting(start).end) < instant:
            start += timedelta(days=self.step)
        return self.starting(start)


Cadence = Calendar | Rolling


def _months_later(start: date, months: int) -> date:
    month = start.month - 1 + months
    return date(start.year + month // 12, month % 12 + 1, 1)
