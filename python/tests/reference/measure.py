"""Steps 8 to 15: what each entity is measured at in each window."""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from .clock import Period
from .company import Company, Interval, cover
from .grammar import AnchorAge, Definition, Entry, InState, Void
from .inputs import SEGMENTS, Event, as_text
from .predicate import is_true
from .values import Value, as_number

WITHOUT_ENTITY = "events_without_entity"
WITHOUT_TIME = "events_without_time"
WITHOUT_VALUE = "events_without_value"
ABSENCES = (WITHOUT_ENTITY, WITHOUT_TIME, WITHOUT_VALUE)
UNKNOWN = "(unknown)"

AGES: dict[str, Callable[[timedelta, timedelta], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

Absences = Mapping[Event, str]
"""What an event lacks, by which a metric leaves it out."""

Retraction = tuple[Event, Event]
"""A void and the event that it takes back."""


@dataclass(frozen=True)
class Match:
    """An event that passed `where`, with whatever of it a metric needs."""

    event: Event
    entity_id: str | None
    booked_at: datetime | None
    amount: Decimal | None
    item: Value

    @property
    def lacks(self) -> str | None:
        """What it lacks, the first that applies."""
        if self.entity_id is None:
            return WITHOUT_ENTITY
        if self.booked_at is None:
            return WITHOUT_TIME
        if self.amount is None or self.item is None:
            return WITHOUT_VALUE
        return None

    @property
    def filed_at(self) -> datetime:
        """When to count it, if it lacks something."""
        return self.booked_at or self.event.occurred_at


@dataclass(frozen=True, eq=False)
class Booking:
    """An event booked for an entity, or a void that takes one back.

    `event` gives the row its place: the event itself, or the void.
    """

    event: Event
    entity_id: str
    booked_at: datetime
    amount: Decimal | None
    item: Value
    takes_back: Booking | None = None

    @property
    def subject(self) -> Booking:
        """The booking of the event: itself, or the one that is taken back."""
        return self.takes_back or self

    @property
    def order(self) -> tuple[datetime, bool, str, str]:
        """Booking time, what takes back last, event id, source."""
        return (self.booked_at, self.takes_back is not None, *self.event.tie)


class Slot(NamedTuple):
    """The bookings of one entity in one window, `[begin, end)`."""

    entity_id: str
    period: Period
    begin: datetime
    end: datetime
    bookings: list[Booking]


class EntityPeriod(NamedTuple):
    """The measure of one entity in one period."""

    entity_id: str
    period: Period
    measure: Decimal
    is_counted: bool
    is_qualified: bool
    segments: Mapping[str, str]


# ------------------------------------------------------------------ step 8: where


def matches(definition: Definition, company: Company) -> list[Match]:
    """Step 8: each event that an entry names and whose `where` is true."""
    by_name: dict[str, list[Entry]] = defaultdict(list)
    for listed in definition.entries:
        by_name[listed.event].append(listed)
    return [
        match_of(event, entry, definition, company)
        for name, entries in by_name.items()
        for event in company.by_name.get(name, [])
        if (entry := first_match(event, entries))
    ]


def first_match(event: Event, entries: Iterable[Entry]) -> Entry | None:
    """The first entry of the any-of list that the event matches."""
    return next((e for e in entries if is_true(e.where, event.values)), None)


def match_of(
    event: Event, entry: Entry, definition: Definition, company: Company
) -> Match:
    """The event as the metric sees it."""
    booked_at = company.settings.clock.as_instant(event.values[entry.at])
    return Match(
        event=event,
        entity_id=company.entity_id(event, definition.entity),
        booked_at=booked_at,
        amount=amount_of(event, entry, definition),
        item=item_of(event, booked_at, definition, company),
    )


def amount_of(event: Event, entry: Entry, definition: Definition) -> Decimal | None:
    """What an event adds: its capped value to a sum, otherwise one."""
    if definition.counts != "sum":
        return Decimal(1)
    amount = number_in(event, entry.value)
    if amount is None or entry.cap is None:
        return amount
    return min(amount, entry.cap)


def item_of(
    event: Event, booked_at: datetime | None, definition: Definition, company: Company
) -> Value:
    """What is told apart by a distinct measure; nothing is, by the others."""
    clock = company.settings.clock
    if definition.column is None:
        return ""
    if definition.column == "user_id":
        return company.identity.person(event)
    if definition.column in ("local_date", "local_week"):
        if booked_at is None:
            return None
        day = clock.local_date(booked_at)
        return day if definition.column == "local_date" else clock.week_of(day)
    return event.values[definition.column]


def number_in(event: Event, column: str) -> Decimal | None:
    """A number column of an event."""
    return as_number(event.values[column])


def absences(found: Iterable[Match]) -> dict[Event, str]:
    """The events that lack something that the metric needs, and what."""
    return {m.event: m.lacks for m in found if m.lacks is not None}


def bookings(found: Iterable[Match], absent: Absences) -> list[Booking]:
    """Step 8: without an entity or a booking time there is nothing to rank."""
    return [
        Booking(m.event, m.entity_id, m.booked_at, m.amount, m.item)
        for m in found
        if absent.get(m.event) not in (WITHOUT_ENTITY, WITHOUT_TIME)
        and m.entity_id is not None
        and m.booked_at is not None
    ]


# ------------------------------------------------------------------- step 9: void


def voided(
    definition: Definition, booked: list[Booking], company: Company
) -> list[Booking]:
    """Step 9: take out what was voided, or add the rows that take it back."""
    void = definition.void
    if void is None or void.mode == "ignore":
        return booked
    voids = voids_by_key(void, company)
    hits = [(booking, first_void(booking, void, voids)) for booking in booked]
    if void.mode == "exclude":
        return [booking for booking, hit in hits if hit is None]
    return booked + [
        retraction(booking, hit, void) for booking, hit in hits if hit is not None
    ]


def voids_by_key(void: Void, company: Company) -> dict[Value, list[Event]]:
    """The voids of each key, in order; a null key never matches."""
    found: dict[Value, list[Event]] = defaultdict(list)
    for event in company.by_name.get(void.event, []):
        if event.values[void.key] is not None:
            found[event.values[void.key]].append(event)
    for events in found.values():
        events.sort(key=lambda event: (event.occurred_at, *event.tie))
    return found


def first_void(
    booking: Booking, void: Void, voids: Mapping[Value, list[Event]]
) -> Event | None:
    """The first void with the event's key, at or after it and in time."""
    for event in voids.get(booking.event.values[void.key], []):
        waited = event.occurred_at - booking.booked_at
        if waited >= timedelta(0) and (void.within is None or waited < void.within):
            return event
    return None


def retraction(booking: Booking, hit: Event, void: Void) -> Booking:
    """The row of a `net` void, on its own date."""
    amount = booking.amount if void.value is None else number_in(hit, void.value)
    return Booking(
        event=hit,
        entity_id=booking.entity_id,
        booked_at=hit.occurred_at,
        amount=None if amount is None else -amount,
        item=booking.item,
        takes_back=booking,
    )


# ------------------------------------------------------------------- step 10: nth


def ranked(definition: Definition, booked: list[Booking]) -> list[Booking]:
    """Step 10: the wanted ranks, over the entity's whole life."""
    if definition.nth is None:
        return booked
    first, last = definition.nth
    by_entity: dict[str, list[Booking]] = defaultdict(list)
    for booking in booked:
        if booking.takes_back is None:
            by_entity[booking.entity_id].append(booking)
    wanted = {
        booking
        for life in by_entity.values()
        for rank, booking in enumerate(sorted(life, key=lambda b: b.order), start=1)
        if rank >= first and (last is None or rank <= last)
    }
    return [booking for booking in booked if booking.subject in wanted]


# -------------------------------------------------------------- step 11: the window


def in_window(
    definition: Definition, booked: list[Booking], company: Company
) -> list[Booking]:
    """Step 11: since the anchor only the first days count; elsewhere every booking."""
    span = definition.window.span
    if span is None:
        return booked
    anchors = company.anchors[definition.entity]
    return [
        booking
        for booking in booked
        if anchors[booking.entity_id].anchor_at
        <= booking.booked_at
        < anchors[booking.entity_id].anchor_at + span
    ]


def periods_of(
    definition: Definition, booking: Booking, company: Company
) -> list[Period]:
    """Step 11: the periods that a booking belongs to, in local time."""
    moment = booking.booked_at
    if definition.window.kind == "since_anchor" and definition.window.book == "cohort":
        moment = company.anchors[definition.entity][booking.entity_id].anchor_at
    day = company.settings.clock.local_date(moment)
    return definition.window.cadence.containing(day)


# ----------------------------------------------------- step 12: event-time eligibility


def eligible(
    definition: Definition, booked: list[Booking], company: Company
) -> list[Booking]:
    """Step 12: what holds at the event's booking time; a net void follows its event."""
    return [
        booking
        for booking in booked
        if all(
            holds_at_event(condition, definition.entity, booking.subject, company)
            for condition in definition.when
        )
    ]


def holds_at_event(
    condition: InState | AnchorAge, entity: str, booking: Booking, company: Company
) -> bool:
    """Whether one condition admits the event; those about the period wait."""
    if isinstance(condition, AnchorAge):
        anchor = company.anchors[entity][booking.entity_id].anchor_at
        is_after = booking.booked_at >= anchor
        age = booking.booked_at - anchor
        return is_after and AGES[condition.comparison](age, condition.age)
    if condition.at != "event":
        return True
    intervals = company.intervals(entity, booking.entity_id, condition.state)
    return any(interval.holds_at(booking.booked_at) for interval in intervals)


# ------------------------------------------------------- step 13: per-entity measure


def measurable(
    booked: list[Booking], absent: Absences, unknown: set[Retraction]
) -> list[Booking]:
    """Step 13: without a value an event leaves, and what takes it back with it."""
    return [
        booking
        for booking in booked
        if booking.subject.event not in absent
        and booking.amount is not None
        and (booking.event, booking.subject.event) not in unknown
    ]


def unknown_retractions(booked: Iterable[Booking]) -> set[Retraction]:
    """The net voids of which the amount is not known."""
    return {
        (booking.event, booking.subject.event)
        for booking in booked
        if booking.takes_back is not None and booking.amount is None
    }


def slots(
    definition: Definition, booked: list[Booking], company: Company
) -> list[Slot]:
    """Each entity's bookings, window by window, in order."""
    booked = sorted(booked, key=lambda booking: booking.order)
    if definition.window.kind == "lifetime":
        return lifetime_slots(definition, booked, company)
    if definition.window.kind == "since_anchor":
        return anchor_slots(definition, booked, company)
    found: dict[tuple[str, Period], list[Booking]] = defaultdict(list)
    for booking in booked:
        for period in periods_of(definition, booking, company):
            found[booking.entity_id, period].append(booking)
    clock = company.settings.clock
    return [
        Slot(entity_id, period, *clock.bounds(period), rows)
        for (entity_id, period), rows in found.items()
    ]


def by_entity(booked: Iterable[Booking]) -> dict[str, list[Booking]]:
    """The bookings of each entity."""
    found: dict[str, list[Booking]] = defaultdict(list)
    for booking in booked:
        found[booking.entity_id].append(booking)
    return found


def lifetime_slots(
    definition: Definition, booked: list[Booking], company: Company
) -> list[Slot]:
    """All of an entity's bookings so far, at the end of each period that has one."""
    clock = company.settings.clock
    found = []
    for entity_id, life in by_entity(booked).items():
        seen = {p for b in life for p in periods_of(definition, b, company)}
        for period in sorted(seen):
            begin, end = clock.bounds(period)
            so_far = [booking for booking in life if booking.booked_at < end]
            found.append(Slot(entity_id, period, begin, end, so_far))
    return found


def anchor_slots(
    definition: Definition, booked: list[Booking], company: Company
) -> list[Slot]:
    """An entity's bookings since its anchor, in the period that they are booked in.

    Of a completion that is the period of the event that reached the threshold; who
    never reached it has none.
    """
    assert definition.window.span is not None
    found = []
    for entity_id, rows in by_entity(booked).items():
        begin = company.anchors[definition.entity][entity_id].anchor_at
        end = begin + definition.window.span
        booking: Booking | None = rows[0]
        if definition.window.book == "completion":
            booking = completion(definition, rows, company)
        if booking is not None:
            (period,) = periods_of(definition, booking, company)
            found.append(Slot(entity_id, period, begin, end, rows))
    return found


def completion(
    definition: Definition, rows: list[Booking], company: Company
) -> Booking | None:
    """The event at which the thresholds were first reached."""
    for index, booking in enumerate(rows):
        so_far = rows[: index + 1]
        if booking.takes_back is None and reaches(definition, so_far, company):
            return booking
    return None


def weigh(definition: Definition, rows: Iterable[Booking]) -> Decimal:
    """Step 13: events, distinct values, or the sum."""
    rows = list(rows)
    if definition.counts == "distinct":
        return Decimal(len({row.item for row in rows}))
    return sum((row.amount for row in rows if row.amount is not None), Decimal(0))


# ------------------------------------------------------- step 14: threshold and actors


def reaches(definition: Definition, rows: list[Booking], company: Company) -> bool:
    """Step 14: enough of the measure, and enough people behind it."""
    if (
        definition.at_least is not None
        and weigh(definition, rows) < definition.at_least
    ):
        return False
    if definition.actor is None:
        return True
    actors = {
        actor_of(definition.actor, row.event, company)
        for row in rows
        if row.takes_back is None
    }
    return len(actors - {None}) >= definition.actors_at_least


def actor_of(column: str, event: Event, company: Company) -> Value:
    """Who acted: a known user, or the value of another column."""
    if column == "user_id":
        return company.identity.actor(event)
    return event.values[column]


# ---------------------------------------------------- step 15: period-time eligibility


def holds_in_period(definition: Definition, slot: Slot, company: Company) -> bool:
    """Step 15: whether every condition about the period holds."""
    return all(
        holds_in(
            company.intervals(definition.entity, slot.entity_id, condition.state),
            condition.at,
            slot.begin,
            slot.end,
        )
        for condition in definition.when
        if isinstance(condition, InState) and condition.at != "event"
    )


def holds_in(
    intervals: list[Interval], at: str, begin: datetime, end: datetime
) -> bool:
    """Whether a state holds at some time, at the end, or throughout."""
    if at == "period_any":
        return any(interval.overlaps(begin, end) for interval in intervals)
    if at == "period_end":
        return any(interval.holds_at_end(end) for interval in intervals)
    return cover(intervals, begin, end)


def judged(definition: Definition, slot: Slot, company: Company) -> EntityPeriod:
    """Steps 13 to 15 for one entity and window."""
    is_counted = reaches(definition, slot.bookings, company) and holds_in_period(
        definition, slot, company
    )
    real = [row for row in slot.bookings if row.takes_back is None]
    is_stock = definition.window.kind == "lifetime"
    return EntityPeriod(
        entity_id=slot.entity_id,
        period=slot.period,
        measure=weigh(definition, slot.bookings),
        is_counted=is_counted,
        is_qualified=is_counted and bool(real),
        segments={
            name: segment([] if is_stock else real, name)
            for name in (*SEGMENTS, *company.settings.declared_segments)
        },
    )


def segment(rows: Iterable[Booking], name: str) -> str:
    """The first value that is not empty, by booking time."""
    values = (row.event.values[name] for row in rows)
    return next((as_text(v) for v in values if v not in (None, "")), UNKNOWN)


def held(
    definition: Definition,
    periods: Iterable[Period],
    company: Company,
    needs_value: bool = False,
) -> list[EntityPeriod]:
    """Steps 13 to 15 for a state: who holds it at each period's end, and how much.

    An interval without the value that is needed does not count.
    """
    assert definition.state is not None
    found = []
    of_state = company.states.get((definition.entity, definition.state), {})
    for period in periods:
        begin, end = company.settings.clock.bounds(period)
        for entity_id, intervals in of_state.items():
            values = [
                interval.value if definition.state_has_value else Decimal(1)
                for interval in intervals
                if interval.holds_at_end(end)
                and not (needs_value and interval.value is None)
            ]
            known = [value for value in values if value is not None]
            if not known:
                continue
            measure = sum(known, Decimal(0)) if definition.state_has_value else known[0]
            slot = Slot(entity_id, period, begin, end, [])
            is_counted = (
                definition.at_least is None or measure >= definition.at_least
            ) and holds_in_period(definition, slot, company)
            segments = dict.fromkeys(
                (*SEGMENTS, *company.settings.declared_segments), UNKNOWN
            )
            found.append(
                EntityPeriod(
                    entity_id, period, measure, is_counted, is_counted, segments
                )
            )
    return found
