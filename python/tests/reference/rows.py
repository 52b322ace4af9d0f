"""Steps 2 to 7: the one disposition of each raw row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from .grammar import Settings
from .identity import Identity
from .inputs import Event
from .values import BEGINNING, FOREVER, Row, Value, as_id

Key = tuple[str, str]
"""A way to name whose row it is: ("account" | "person" | "device", id)."""

CLOCK_SKEW = timedelta(minutes=5)
REASONS = ("internal", "bot", "fraud", "test", "excluded")
FLAGS = {"internal": "is_internal", "bot": "is_bot", "test": "is_test"}


def rejection(event: Event, settings: Settings) -> str | None:
    """Step 2: why a row cannot be used, the first reason that applies."""
    if event.event_id is None:
        return "missing_event_id"
    if event.happened_at is None:
        return "missing_time"
    if not has_entity(event, settings):
        return "missing_entity"
    known_at = event.seen_at if event.has_load_time else settings.run_started_at
    if event.occurred_at > known_at + CLOCK_SKEW:
        return "future"
    if settings.clock.local_date(event.occurred_at) < settings.min_event_date:
        return "out_of_range"
    return None


def has_entity(event: Event, settings: Settings) -> bool:
    """Whether the row names any declared entity; a device can stand for a user."""
    return any(
        event.values.get(column) is not None
        or (column == "user_id" and event.anonymous_id is not None)
        for column in settings.entity_columns.values()
    )


def copies(events: Iterable[Event]) -> dict[Event, str]:
    """Step 3: of the copies of an event the first loaded stays."""
    by_id: dict[tuple[str, str | None], list[Event]] = defaultdict(list)
    for event in events:
        if not event.is_repeatable:
            by_id[event.source, event.event_id].append(event)
    later = {}
    for group in by_id.values():
        first, *rest = sorted(group, key=loading_order)
        for copy in rest:
            same = copy.row_hash == first.row_hash
            later[copy] = "duplicate" if same else "conflict"
    return later


def loading_order(event: Event) -> tuple[datetime, datetime, str]:
    """First loaded, then earliest, then smallest row hash."""
    return (event.seen_at, event.occurred_at, event.row_hash)


class Register:
    """Records that name an id, found by the rows that they hold for."""

    def __init__(self, records: Iterable[Row], identity: Identity) -> None:
        self._by_key: dict[Key, list[Row]] = defaultdict(list)
        for record in records:
            for key in record_keys(record, identity):
                self._by_key[key].append(record)

    def naming(self, keys: set[Key]) -> list[Row]:
        """Every record that names one of these keys."""
        return [record for key in keys for record in self._by_key.get(key, [])]


def record_keys(record: Row, identity: Identity) -> set[Key]:
    """Whom an exclusion, a consent or an erasure names.

    The id of a device names its owner, and the device itself in anyone's hands.
    """
    named = as_id(record["id"])
    if named is None:
        return set()
    if record["id_type"] == "account":
        return {("account", named)}
    if record["id_type"] == "anonymous":
        return {("person", identity.of(named)), ("device", named)}
    if record["id_type"] == "user":
        return {("person", identity.of(named))}
    return set()


def event_keys(event: Event, identity: Identity) -> set[Key]:
    """By which names a record can hold for this row."""
    named = {
        "account": event.account_id,
        "person": identity.person(event),
        "device": event.anonymous_id,
    }
    return {(kind, name) for kind, name in named.items() if name is not None}


def is_erased(event: Event, erasures: Register, identity: Identity) -> bool:
    """Step 5: whether a request names any id of the person, or the account.

    A request that names a device leaves the rows of another known user on it.
    """
    keys = event_keys(event, identity)
    return bool(erasures.naming({key for key in keys if key[0] != "device"}))


def exclusion(event: Event, exclusions: Register, identity: Identity) -> str | None:
    """Step 6: the first reason for which the row does not count."""
    reasons = {name for name, flag in FLAGS.items() if event.values[flag] is True}
    for record in exclusions.naming(event_keys(event, identity)):
        if is_in_force(record, event.occurred_at):
            reasons.add(reason_of(record))
    return next((reason for reason in REASONS if reason in reasons), None)


def reason_of(record: Row) -> str:
    """The disposition that an exclusion gives."""
    reason = record.get("reason")
    return str(reason) if reason in REASONS else "excluded"


def is_in_force(record: Row, moment: datetime) -> bool:
    """Whether a record holds: `[valid_from, valid_to)`, open where null."""
    starts, ends = span_of(record)
    return starts <= moment < ends


def span_of(record: Row) -> tuple[datetime, datetime]:
    """The interval of a record."""
    return (record.get("valid_from") or BEGINNING, record.get("valid_to") or FOREVER)


def is_consented(
    event: Event, consents: Register, identity: Identity, settings: Settings
) -> bool:
    """Step 7: the latest consent at the event's time; a tie is not granted."""
    if not settings.has_consent:
        return True
    records = [
        record
        for record in consents.naming(event_keys(event, identity))
        if is_in_force(record, event.occurred_at)
    ]
    if not records:
        return settings.consent_default == "granted"
    latest = max(span_of(record)[0] for record in records)
    last = [record for record in records if span_of(record)[0] == latest]
    return all(record["status"] == "granted" for record in last)


def watermark(events: Iterable[Event]) -> datetime | None:
    """How far every required source is known to be loaded, after step 2."""
    latest: dict[str, datetime] = {}
    for event in events:
        if event.is_required:
            before = latest.get(event.source, BEGINNING)
            latest[event.source] = max(before, event.seen_at)
    return min(latest.values(), default=None)


def ledger(
    events: Iterable[Event], dispositions: Mapping[Event, str], settings: Settings
) -> list[dict[str, Value]]:
    """Rows by source, day and disposition; no raw row is missing from it."""
    counts: Counter[tuple[str, Value, str]] = Counter()
    for event in events:
        moment = event.happened_at or event.loaded_at
        day = None if moment is None else settings.clock.local_date(moment)
        counts[event.source, day, dispositions[event]] += 1
    return [
        {
            "source_name": source,
            "event_date": day,
            "disposition": disposition,
            "row_count": count,
        }
        for (source, day, disposition), count in counts.items()
    ]
