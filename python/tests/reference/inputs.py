"""Step 1: raw rows, read through the column mapping."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from .clock import Clock
from .grammar import Settings
from .values import Row, Value, as_id, as_number, in_utc

IDS = ("event_id", "user_id", "anonymous_id", "account_id")
INSTANTS = ("occurred_at", "loaded_at")
SEGMENTS = ("channel", "device", "country", "plan", "persona", "company_size")
CONTRACT = (
    "event_id",
    "event_name",
    "occurred_at",
    "user_id",
    "anonymous_id",
    "account_id",
    "value",
    "currency",
    "channel",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "referrer",
    "landing_page",
    "device",
    "country",
    "plan",
    "persona",
    "company_size",
    "is_internal",
    "is_bot",
    "is_test",
)
"""The columns of an event in the order of the contract, without `loaded_at`."""

Tables = Mapping[str, Any]


@dataclass(eq=False)
class Event:
    """One raw row under the names of the contract. Two rows are never equal."""

    source: str
    is_required: bool
    is_repeatable: bool
    has_load_time: bool
    values: dict[str, Value]
    row_hash: str
    event_id: str | None
    event_name: Value
    happened_at: datetime | None
    loaded_at: datetime | None
    user_id: str | None
    anonymous_id: str | None
    account_id: str | None

    @property
    def occurred_at(self) -> datetime:
        """The instant of a row that is known to have one."""
        assert self.happened_at is not None
        return self.happened_at

    @property
    def seen_at(self) -> datetime:
        """When the row was loaded, or happened where that is not known."""
        return self.loaded_at or self.occurred_at

    @property
    def tie(self) -> tuple[str, str]:
        """What orders rows of one instant: the event id, then the source."""
        return (self.event_id or "", self.source)


def rows_of(tables: Tables, relation: Mapping[str, Any]) -> list[Row]:
    """The rows of a `{ref: name}` or `{source: [schema, name]}`."""
    name = relation["ref"] if "ref" in relation else relation["source"][-1]
    table = tables[name]
    rows: list[Row] = table["rows"] if isinstance(table, Mapping) else table
    return rows


def records_of(
    config: Mapping[str, Any], tables: Tables, name: str, clock: Clock
) -> Iterator[Row]:
    """The rows of an optional input, under the names of its contract."""
    inputs = config.get(name) or []
    for source in [inputs] if isinstance(inputs, Mapping) else inputs:
        for raw in rows_of(tables, source["relation"]):
            columns = source.get("columns", {})
            record = {column: raw[mapped] for column, mapped in columns.items()}
            for column in ("valid_from", "valid_to"):
                record[column] = clock.as_instant(record.get(column))
            yield record


def read_events(
    config: Mapping[str, Any], tables: Tables, settings: Settings
) -> list[Event]:
    """Every raw event of every source."""
    known_columns = {*CONTRACT, *INSTANTS}
    for source in config["northstar_events"]:
        known_columns |= set(source.get("attributes", {}))
    return [
        read_event(source, raw, known_columns, settings)
        for source in config["northstar_events"]
        for raw in rows_of(tables, source["relation"])
    ]


def read_event(
    source: Mapping[str, Any], raw: Row, known_columns: set[str], settings: Settings
) -> Event:
    """One raw event; a column that its source does not map is null."""
    id_columns = {*IDS, *settings.entity_columns.values()}
    mapped = {**source["columns"], **source.get("attributes", {})}
    values: dict[str, Value] = dict.fromkeys(known_columns)
    for column, name in mapped.items():
        values[column] = read_cell(column, raw[name], id_columns, settings.clock)
    row_hash = hash_of(values, source)
    without_id = source.get("rows_without_id")
    event_id = as_id(values["event_id"])
    if event_id is None and without_id is not None:
        values["event_id"] = row_hash
    return Event(
        source=source["name"],
        is_required=source.get("required", True),
        is_repeatable=event_id is None and without_id == "distinct",
        has_load_time="loaded_at" in mapped,
        values=values,
        row_hash=row_hash,
        event_id=as_id(values["event_id"]),
        event_name=values["event_name"],
        happened_at=settings.clock.as_instant(values["occurred_at"]),
        loaded_at=settings.clock.as_instant(values["loaded_at"]),
        user_id=as_id(values["user_id"]),
        anonymous_id=as_id(values["anonymous_id"]),
        account_id=as_id(values["account_id"]),
    )


def read_cell(column: str, value: Value, id_columns: set[str], clock: Clock) -> Value:
    """A cell under its contract: ids are text, instants are UTC, numbers decimal."""
    if column in id_columns:
        return as_id(value)
    if column in INSTANTS:
        return clock.as_instant(value)
    if isinstance(value, datetime):
        return in_utc(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return as_number(value)
    return value


def hash_of(values: Mapping[str, Value], source: Mapping[str, Any]) -> str:
    """The md5 of what a source maps, in the order of the contract, then by name."""
    columns = [column for column in CONTRACT if column in source["columns"]]
    columns += sorted(source.get("attributes", {}))
    text = "\x1f".join(as_text(values[column]) for column in columns)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def as_text(value: Value) -> str:
    """A cell as the row hash writes it."""
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return f"{as_number(value):f}"
    return value
