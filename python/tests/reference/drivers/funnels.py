"""Funnels: how far those who began got, in order and in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ..clock import Calendar, Period
from ..inputs import Event
from ..predicate import is_true
from .scope import DAY, Rows, Scope
from .statistics import median, rate_columns, whole_seconds

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


def read_funnels(config: Mapping[str, Any]) -> list[Funnel]:
    """The configured funnels; weekly unless they say otherwise."""
    return [
        Funnel(
            name=name,
            entity=written["entity"],
            steps=tuple(
                Step(step["event"], step.get("where")) for step in written["steps"]
            ),
            window=int(written["window"].removesuffix("d")) * DAY,
            grain=written.get("grain", "week"),
        )
        for name, written in (config.get("northstar_funnels") or {}).items()
    ]


def funnel_steps(scope: Scope) -> Rows:
    """One row per funnel, period of entry, and step."""
    rows: Rows = []
    for funnel in read_funnels(scope.config):
        cadence = Calendar(scope.clock, funnel.grain)
        for cohort, journeys in entries(funnel, cadence, scope).items():
            _, end = scope.clock.bounds(cohort)
            mature = [
                taken
                for taken in journeys
                if scope.is_mature(taken[0].occurred_at + funnel.window)
            ]
            for number, step in enumerate(funnel.steps, start=1):
                before = sum(len(taken) >= number - 1 for taken in mature)
                reached = [taken for taken in mature if len(taken) >= number]
                is_first = number == 1
                rows.append(
                    {
                        "funnel_name": funnel.name,
                        "entity_type": funnel.entity,
                        "grain": funnel.grain,
                        "period_start": cohort.start,
                        "period_end": cohort.end,
                        "period_status": scope.cohort_stage(
                            cohort, end + funnel.window
                        ),
                        "cohort_start": cohort.start,
                        "step": number,
                        "step_event": step.event,
                        "is_last_step": number == len(funnel.steps),
                        "cohort_entities": len(journeys),
                        "entered_entities": len(mature),
                        "reached_entities": len(reached),
                        "previous_entities": None if is_first else before,
                        **rate_columns(
                            0 if is_first else len(reached),
                            0 if is_first else before,
                            "step_conversion_rate",
                            "step_rate",
                        ),
                        **rate_columns(
                            len(reached),
                            len(mature),
                            "overall_conversion_rate",
                            "overall_rate",
                        ),
                        "median_seconds": None
                        if is_first
                        else median(
                            Decimal(waited(taken, number)) for taken in reached
                        ),
                    }
                )
    return rows


def waited(taken: list[Event], number: int) -> int:
    """The whole seconds from the step before to this one."""
    return whole_seconds(taken[number - 2].occurred_at, taken[number - 1].occurred_at)


def entries(
    funnel: Funnel, cadence: Calendar, scope: Scope
) -> dict[Period, list[list[Event]]]:
    """By period: the steps taken by each entity that entered in it, once a period."""
    by_entity: dict[str, list[Event]] = defaultdict(list)
    for event in scope.company.events:
        entity_id = scope.company.entity_id(event, funnel.entity)
        if entity_id is not None:
            by_entity[entity_id].append(event)
    found: dict[Period, list[list[Event]]] = defaultdict(list)
    for events in by_entity.values():
        events.sort(key=order)
        entered = set()
        for event in events:
            day = scope.clock.local_date(event.occurred_at)
            (period,) = cadence.containing(day)
            if funnel.steps[0].matches(event) and period not in entered:
                entered.add(period)
                found[period].append(journey(funnel, event, events))
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
