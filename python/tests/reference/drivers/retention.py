"""Retention: of those who started together, who qualifies again some time later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from ..clock import Clock, Period, first_instant
from ..periods import Measured
from ..values import Value
from .scope import DAY, Lives, Rows, Scope, lives, qualified, qualifies, real
from .statistics import rate_columns

DAYS = (1, 7, 28)
LAST_PERIOD = 52
HORIZON_DAYS = 56

Cohorts = dict[Period, dict[str, datetime]]
"""Who started in which period, and when."""


class Window(NamedTuple):
    """Days or periods after the start, `[since, until)`."""

    since: int
    until: int


@dataclass(frozen=True)
class Analysis:
    """A named analysis, with its defaults."""

    name: str
    metric: str | None
    kind: str
    days: tuple[Any, ...]
    horizon: int | None
    cohort: str
    clock: str

    @property
    def windows(self) -> list[Window]:
        """The windows in days; a bracket's plain numbers bound one after another."""
        pairs = [Window(*item) for item in self.days if isinstance(item, list | tuple)]
        numbers = [item for item in self.days if not isinstance(item, list | tuple)]
        if self.kind == "bracket":
            found = pairs + [Window(*bounds) for bounds in pairwise(numbers)]
        elif self.kind == "n_day":
            found = [Window(day, day + 1) for day in numbers]
        else:
            last = self.horizon or max([HORIZON_DAYS, *numbers])
            found = [Window(day, last + 1) for day in numbers]
        return sorted({window for window in found if window.since < window.until})


def read_analyses(config: Mapping[str, Any]) -> list[Analysis]:
    """The configured analyses; without any, retention by period."""
    written = config.get("northstar_retention") or [
        {"name": "by_period", "kind": "period"}
    ]
    return [
        Analysis(
            name=item["name"],
            metric=item.get("metric"),
            kind=item["kind"],
            days=tuple(item.get("days") or DAYS),
            horizon=item.get("horizon"),
            cohort=item.get("cohort", "first"),
            clock=item.get("clock", "calendar"),
        )
        for item in written
    ]


def retention_cohorts(scope: Scope) -> Rows:
    """One row per metric, analysis, cohort, and time since."""
    rows: Rows = []
    for analysis in read_analyses(scope.config):
        for measured in metrics_of(analysis, scope):
            if analysis.kind == "period":
                rows += by_period(analysis, measured, scope)
            else:
                rows += by_days(analysis, measured, scope)
    return rows


def metrics_of(analysis: Analysis, scope: Scope) -> list[Measured]:
    """The metric that is named, or all driver metrics; calendar ones only."""
    if analysis.metric is None:
        return scope.measured("calendar")
    metric = scope.metrics[analysis.metric]
    fits = (
        isinstance(metric, Measured)
        and metric.definition.window.kind == "calendar"
        and scope.lasts(metric.definition)
    )
    return [metric] if isinstance(metric, Measured) and fits else []


def by_period(analysis: Analysis, measured: Measured, scope: Scope) -> Rows:
    """Who qualifies k periods later; known once that period is final."""
    rows: Rows = []
    here = qualified(measured)
    spine = measured.periods
    seen: set[str] = set()
    for index, cohort in enumerate(spine):
        members = set(here[cohort])
        if analysis.cohort == "first":
            members -= seen
            seen |= members
        if not members:
            continue
        last = LAST_PERIOD if analysis.horizon is None else analysis.horizon
        for later, period in enumerate(spine[index : index + last + 1]):
            _, end = scope.clock.bounds(period)
            mature = members if scope.stage(measured, period) == "final" else set()
            rows.append(
                {
                    **scope.cohort_keys(measured, cohort, end),
                    **described(analysis, Window(later, later + 1)),
                    "is_left_censored": is_left_censored(cohort, measured, scope),
                    **counted(
                        len(members), len(mature), len(mature & set(here[period]))
                    ),
                }
            )
    return rows


def by_days(analysis: Analysis, measured: Measured, scope: Scope) -> Rows:
    """Who qualifies within some days after the start, of those followed so long."""
    rows: Rows = []
    life = lives(measured)
    for cohort, starts in starts_of(analysis, measured, life, scope).items():
        for window in analysis.windows:
            spans = {
                member: span(start, window, analysis.clock, scope.clock)
                for member, start in starts.items()
            }
            mature = {m: span for m, span in spans.items() if scope.is_mature(span[1])}
            retained = sum(
                qualifies(measured, member, life.get(member, []), begin, end)
                for member, (begin, end) in mature.items()
            )
            until = last_end(cohort, window, analysis.clock, scope.clock)
            rows.append(
                {
                    **scope.cohort_keys(measured, cohort, until),
                    **described(analysis, window),
                    "is_left_censored": is_left_censored(cohort, measured, scope),
                    **counted(len(starts), len(mature), retained),
                }
            )
    return rows


def starts_of(
    analysis: Analysis, measured: Measured, life: Lives, scope: Scope
) -> Cohorts:
    """First-ever: by anchor. Recurring: the first event of each period that counts."""
    if analysis.cohort == "first":
        anchors = scope.company.anchors[measured.definition.entity]
        return {
            cohort: {member: anchors[member].anchor_at for member in members}
            for cohort, members in scope.anchored(measured).items()
        }
    cohorts: Cohorts = {}
    for period, members in qualified(measured).items():
        begin, end = scope.clock.bounds(period)
        for member in members:
            cohorts.setdefault(period, {})[member] = next(
                booking.booked_at
                for booking in real(life[member])
                if begin <= booking.booked_at < end
            )
    return cohorts


def span(
    start: datetime, window: Window, kind: str, clock: Clock
) -> tuple[datetime, datetime]:
    """The instants of a window, in local days or in runs of 24 hours."""
    if kind == "24h":
        return (start + window.since * DAY, start + window.until * DAY)
    day = clock.local_date(start)
    return (
        first_instant(clock.zone, day + timedelta(days=window.since)),
        first_instant(clock.zone, day + timedelta(days=window.until)),
    )


def last_end(cohort: Period, window: Window, kind: str, clock: Clock) -> datetime:
    """When the window ends for whoever started at the very end of the cohort."""
    if kind == "24h":
        return clock.bounds(cohort)[1] + window.until * DAY
    days = timedelta(days=window.until - 1)
    return first_instant(clock.zone, cohort.end + days)


def is_left_censored(cohort: Period, measured: Measured, scope: Scope) -> bool:
    """Whether the cohort is not after the metric's last left-censored period."""
    censored = measured.periods[: scope.company.settings.left_censored_periods]
    return bool(censored) and cohort.start <= censored[-1].start


def described(analysis: Analysis, window: Window) -> dict[str, Value]:
    """Which analysis, and which window of it."""
    return {
        "analysis_name": analysis.name,
        "retention_kind": analysis.kind,
        "cohort_kind": analysis.cohort,
        "clock": analysis.clock,
        "periods_since": window.since,
        "periods_until": window.until,
    }


def counted(cohort: int, mature: int, retained: int) -> dict[str, Value]:
    """The counts and the rate."""
    return {
        "cohort_entities": cohort,
        "mature_entities": mature,
        "retained_entities": retained,
        **rate_columns(retained, mature, "retention_rate"),
    }
