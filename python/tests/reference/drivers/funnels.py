"""Funnels: how far those who began got, in order and in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from ..clock import Calendar, Period
from ..inputs import Event, as_text
from ..predicate import is_true
from ..values import Value
from .scope import DAY, Rows, Scope, lives, real
from .segments import GROWTH_STATUS, Cell, suppressed
from .statistics import median, rate_columns, whole_seconds

PRESET = "signup_to_value"
UNKNOWN = "(unknown)"

Order = tuple[datetime, str, str]


@dataclass(frozen=True)
class Step:
    """An event by name, and by a predicate if there is one."""

    event: str
    where: str | None

    def matches(self, event: Event) -> bool:
        """Whether the event is of this step."""
        return event.event_name == self.event and is_true(self.where, event.values)


@dataclass(frozen=True)
class Funnel:
    """Steps that an entity takes one after another within a window."""

    name: str
    entity: str
    steps: tuple[Step, ...]
    window: timedelta
    grain: str
    metric: str | None = None
    """Of which the last step is the first event, where steps are not configured."""


@dataclass(frozen=True)
class Journey:
    """When an entity took each step, from the first, and its segments."""

    reached_at: list[datetime]
    segments: Mapping[str, str]

    def waited(self, number: int) -> int:
        """The whole seconds from the step before to this one."""
        return whole_seconds(*self.reached_at[number - 2 : number])


Cohorts = dict[Period, list[Journey]]


def read_funnels(scope: Scope) -> list[Funnel]:
    """The configured funnels, weekly unless they say otherwise; then the preset."""
    written = scope.config.get("northstar_funnels") or {}
    funnels = [
        Funnel(
            name=name,
            entity=funnel["entity"],
            steps=tuple(
                Step(step["event"], step.get("where")) for step in funnel["steps"]
            ),
            window=int(funnel["window"].removesuffix("d")) * DAY,
            grain=funnel.get("grain", "week"),
        )
        for name, funnel in written.items()
        if isinstance(funnel, Mapping)
    ]
    return funnels if written.get(PRESET, True) is not True else funnels + preset(scope)


def preset(scope: Scope) -> list[Funnel]:
    """From the anchor to the first event of the North Star, where it has both."""
    for measured in scope.measured("calendar"):
        definition = measured.definition
        anchor = scope.config["northstar_entities"][definition.entity].get("anchor")
        if definition.is_north_star and anchor:
            names = dict.fromkeys(entry.event for entry in definition.entries)
            return [
                Funnel(
                    name=PRESET,
                    entity=definition.entity,
                    steps=(Step(anchor, None), Step(" or ".join(names), None)),
                    window=max(scope.activation_windows) * DAY,
                    grain=measured.cadence.grain,
                    metric=definition.name,
                )
            ]
    return []


def funnel_steps(scope: Scope) -> Rows:
    """One row per funnel, period of entry, and step."""
    return [
        {
            **keys(funnel, cohort, number, scope),
            **figures(funnel, group, number, scope),
            "is_last_step": number == len(funnel.steps),
            "previous_entities": None
            if number == 1
            else len(reached(mature(funnel, group, scope), number - 1)),
        }
        for funnel in read_funnels(scope)
        for cohort, group in cohorts(funnel, scope).items()
        for number in range(1, len(funnel.steps) + 1)
    ]


def funnel_segments(scope: Scope) -> Rows:
    """One row per funnel, period of entry, step, segment, and value."""
    rows: Rows = []
    for funnel in read_funnels(scope):
        for cohort, group in cohorts(funnel, scope).items():
            for segment in sorted({name for j in group for name in j.segments}):
                by_value: dict[str, list[Journey]] = defaultdict(list)
                for journey in group:
                    by_value[journey.segments[segment]].append(journey)
                hidden: set[str] = set()
                for number in range(1, len(funnel.steps) + 1):
                    hidden |= too_small(funnel, by_value, number, scope)
                    for value, those in by_value.items():
                        found = figures(funnel, those, number, scope)
                        shown = dict.fromkeys(found) if value in hidden else found
                        rows.append(
                            {
                                **keys(funnel, cohort, number, scope),
                                "segment_name": segment,
                                "segment_value": value,
                                **shown,
                                "is_suppressed": value in hidden,
                            }
                        )
    return rows


def too_small(
    funnel: Funnel, by_value: Mapping[str, list[Journey]], number: int, scope: Scope
) -> set[str]:
    """The values whose step is not shown, by the rule of all segments."""
    cells = {
        value: Cell(
            Decimal(0), len(those), len(reached(mature(funnel, those, scope), number))
        )
        for value, those in by_value.items()
    }
    return suppressed(cells, scope.min_cell)


def keys(funnel: Funnel, cohort: Period, number: int, scope: Scope) -> dict[str, Value]:
    """The columns that a row of a funnel begins with."""
    _, end = scope.clock.bounds(cohort)
    return {
        "funnel_name": funnel.name,
        "entity_type": funnel.entity,
        "grain": funnel.grain,
        "period_start": cohort.start,
        "period_end": cohort.end,
        "period_status": scope.cohort_stage(cohort, end + funnel.window),
        "cohort_start": cohort.start,
        "step": number,
        "step_event": funnel.steps[number - 1].event,
    }


def figures(
    funnel: Funnel, group: list[Journey], number: int, scope: Scope
) -> dict[str, Value]:
    """How many of a group entered and reached a step, and how soon."""
    entered = mature(funnel, group, scope)
    here = reached(entered, number)
    is_first = number == 1
    before = 0 if is_first else len(reached(entered, number - 1))
    return {
        "cohort_entities": len(group),
        "entered_entities": len(entered),
        "reached_entities": len(here),
        **rate_columns(
            0 if is_first else len(here), before, "step_conversion_rate", "step_rate"
        ),
        **rate_columns(
            len(here), len(entered), "overall_conversion_rate", "overall_rate"
        ),
        "median_seconds": None
        if is_first
        else median(Decimal(journey.waited(number)) for journey in here),
    }


def mature(funnel: Funnel, group: list[Journey], scope: Scope) -> list[Journey]:
    """Those whose window has been seen to its end."""
    return [j for j in group if scope.is_mature(j.reached_at[0] + funnel.window)]


def reached(group: list[Journey], number: int) -> list[Journey]:
    """Those who took the step."""
    return [journey for journey in group if len(journey.reached_at) >= number]


def cohorts(funnel: Funnel, scope: Scope) -> Cohorts:
    """By period: whoever entered in it, once a period."""
    cadence = Calendar(scope.clock, funnel.grain)
    if funnel.metric is None:
        return entries(funnel, cadence, scope)
    return anchored(funnel, funnel.metric, cadence, scope)


def anchored(
    funnel: Funnel, metric: str, cadence: Calendar, scope: Scope
) -> dict[Period, list[Journey]]:
    """Whoever has an anchor, until the first event that counts."""
    (measured,) = (m for m in scope.measured("calendar") if m.definition.name == metric)
    booked = lives(measured)
    seen = events_of(funnel.entity, scope)
    found: dict[Period, list[Journey]] = defaultdict(list)
    for entity_id, anchor in scope.company.anchors[funnel.entity].items():
        if anchor.source != "anchor":
            continue
        (cohort,) = cadence.containing(scope.clock.local_date(anchor.anchor_at))
        counting = (
            booking.booked_at
            for booking in real(booked.get(entity_id, []))
            if anchor.anchor_at <= booking.booked_at < anchor.anchor_at + funnel.window
        )
        reached_at = [anchor.anchor_at, *sorted(counting)[:1]]
        segments = {
            name: first_known(seen[entity_id], name) for name in scope.mapped_segments
        }
        found[cohort].append(Journey(reached_at, segments))
    return found


def entity_segments(scope: Scope) -> Rows:
    """One row per entity and segment, where the project declares segments."""
    if not scope.company.settings.declared_segments:
        return []
    return [
        {
            "entity_type": entity,
            "entity_id": entity_id,
            "segment_name": name,
            "segment_value": first_known(events, name),
        }
        for entity in scope.company.settings.entity_columns
        for entity_id, events in events_of(entity, scope).items()
        for name in scope.mapped_segments
    ]


def first_known(events: list[Event], segment: str) -> str:
    """The value at the earliest instant that has one, of several the smallest."""
    known = [
        (event.occurred_at, as_text(event.values[segment]))
        for event in events
        if event.values[segment] not in (None, "")
    ]
    return min(known)[1] if known else UNKNOWN


def entries(funnel: Funnel, cadence: Calendar, scope: Scope) -> Cohorts:
    """The steps taken by each entity that began in a period."""
    found: Cohorts = defaultdict(list)
    for events in events_of(funnel.entity, scope).values():
        events.sort(key=order)
        beginnings: dict[Period, list[Event]] = defaultdict(list)
        for event in events:
            day = scope.clock.local_date(event.occurred_at)
            (period,) = cadence.containing(day)
            if funnel.steps[0].matches(event):
                beginnings[period].append(event)
        for period, firsts in beginnings.items():
            taken = journey(funnel, firsts[0], events)
            segments = {name: first(firsts, name) for name in scope.mapped_segments}
            segments[GROWTH_STATUS] = (
                "new"
                if period == min(beginnings)
                else "retained"
                if cadence.before(period) in beginnings
                else "resurrected"
            )
            found[period].append(Journey([e.occurred_at for e in taken], segments))
    return found


def first(events: Iterable[Event], segment: str) -> str:
    """The first value that is not empty."""
    values = (event.values[segment] for event in events)
    return next((as_text(v) for v in values if v not in (None, "")), UNKNOWN)


def events_of(entity: str, scope: Scope) -> dict[str, list[Event]]:
    """The accepted events of each entity of a type."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in scope.company.events:
        entity_id = scope.company.entity_id(event, entity)
        if entity_id is not None:
            found[entity_id].append(event)
    return found


def journey(funnel: Funnel, first: Event, events: list[Event]) -> list[Event]:
    """The events of the steps taken, from the first; no row is taken twice."""
    taken = [first]
    for step in funnel.steps[1:]:
        following = (
            event
            for event in events
            if step.matches(event)
            and event not in taken
            and taken[-1].occurred_at <= event.occurred_at
            and event.occurred_at < first.occurred_at + funnel.window
        )
        event = next(following, None)
        if event is None:
            break
        taken.append(event)
    return taken


def order(event: Event) -> Order:
    """By time, then event id, then source."""
    return (event.occurred_at, *event.tie)
