"""What every metric looks at: the accepted events, their entities and the states."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from .grammar import Settings
from .identity import Identity
from .inputs import Event
from .rows import Key, Register, span_of
from .values import FOREVER, Row, Value, as_id, as_number


class Anchor(NamedTuple):
    """When an entity was first seen, and from when its age is counted."""

    first_seen_at: datetime
    anchor_at: datetime
    source: str


class Interval(NamedTuple):
    """A time during which a state holds, `[begins, ends)`."""

    begins: datetime
    ends: datetime
    value: Decimal | None

    def holds_at(self, moment: datetime) -> bool:
        """At an event's time."""
        return self.begins <= moment < self.ends

    def holds_at_end(self, end: datetime) -> bool:
        """At the end of a period, which belongs to the next one."""
        return self.begins < end <= self.ends

    def overlaps(self, begin: datetime, end: datetime) -> bool:
        """At any time of a period."""
        return self.begins < end and begin < self.ends


StateKey = tuple[str, str]
"""An entity type and a state's name."""


@dataclass
class Company:
    """The facts after step 7."""

    settings: Settings
    identity: Identity
    events: list[Event]
    watermark: datetime | None
    states: dict[StateKey, dict[str, list[Interval]]]
    anchors: dict[str, dict[str, Anchor]] = field(default_factory=dict)
    by_name: dict[Value, list[Event]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for event in self.events:
            self.by_name.setdefault(event.event_name, []).append(event)
        for entity in self.settings.entity_columns:
            self.anchors[entity] = self._anchors_of(entity)

    def entity_id(self, event: Event, entity: str) -> str | None:
        """The entity of a row; users by their canonical id."""
        column = self.settings.entity_columns[entity]
        if column == "user_id":
            return self.identity.person(event)
        return as_id(event.values[column])

    def intervals(self, entity: str, entity_id: str, state: str) -> list[Interval]:
        """When a state of an entity holds."""
        return self.states.get((entity, state), {}).get(entity_id, [])

    def _anchors_of(self, entity: str) -> dict[str, Anchor]:
        """The first declared anchor event, else the first event of any name."""
        anchor_event = self.settings.anchor_events[entity]
        seen: dict[str, list[datetime]] = defaultdict(list)
        anchored: dict[str, list[datetime]] = defaultdict(list)
        for event in self.events:
            entity_id = self.entity_id(event, entity)
            if entity_id is None:
                continue
            seen[entity_id].append(event.occurred_at)
            if anchor_event is not None and event.event_name == anchor_event:
                anchored[entity_id].append(event.occurred_at)
        return {
            entity_id: Anchor(min(times), min(anchored[entity_id]), "anchor")
            if entity_id in anchored
            else Anchor(min(times), min(times), "first_seen")
            for entity_id, times in seen.items()
        }


def read_states(
    records: Iterable[Row],
    erasures: Register,
    exclusions: Register,
    identity: Identity,
    settings: Settings,
) -> dict[StateKey, dict[str, list[Interval]]]:
    """Steps 4 to 6 for states: canonical ids, without erased and excluded time."""
    states: dict[StateKey, dict[str, list[Interval]]] = {}
    for record in records:
        entity, raw_id = str(record["entity"]), as_id(record["entity_id"])
        begins = record["valid_from"]
        column = settings.entity_columns.get(entity)
        if column is None or raw_id is None or begins is None:
            continue
        keys = state_keys(column, raw_id, identity)
        if erasures.naming(keys):
            continue
        value = as_number(record.get("value"))
        intervals = [Interval(begins, record.get("valid_to") or FOREVER, value)]
        for excluded in exclusions.naming(keys):
            intervals = without(intervals, *span_of(excluded))
        entity_id = identity.of(raw_id) if column == "user_id" else raw_id
        of_state = states.setdefault((entity, str(record["state"])), {})
        of_state.setdefault(entity_id, []).extend(
            interval for interval in intervals if interval.begins < interval.ends
        )
    return states


def state_keys(column: str, raw_id: str, identity: Identity) -> set[Key]:
    """By which names a record can hold for the state of an entity."""
    if column == "account_id":
        return {("account", raw_id)}
    if column in ("user_id", "anonymous_id"):
        return {("person", identity.of(raw_id))}
    return set()


def without(
    intervals: Iterable[Interval], starts: datetime, ends: datetime
) -> list[Interval]:
    """The intervals with `[starts, ends)` cut out of them."""
    if starts >= ends:
        return list(intervals)
    parts = []
    for interval in intervals:
        parts.append(interval._replace(ends=min(interval.ends, starts)))
        parts.append(interval._replace(begins=max(interval.begins, ends)))
    return [part for part in parts if part.begins < part.ends]


def cover(intervals: Iterable[Interval], begin: datetime, end: datetime) -> bool:
    """Whether the intervals together hold through the whole of `[begin, end)`."""
    reached = begin
    for interval in sorted(intervals, key=lambda interval: interval.begins):
        if interval.begins > reached:
            break
        reached = max(reached, interval.ends)
    return reached >= end


def entities(company: Company) -> list[dict[str, Value]]:
    """Every entity that an accepted event names."""
    return [
        {
            "entity_type": entity,
            "entity_id": entity_id,
            "first_seen_at": anchor.first_seen_at,
            "anchor_at": anchor.anchor_at,
            "anchor_source": anchor.source,
        }
        for entity, anchors in company.anchors.items()
        for entity_id, anchor in anchors.items()
    ]
