"""The settings and the metric grammar, with every default written in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from .clock import Cadence, Calendar, Clock, Rolling


@dataclass(frozen=True)
class Settings:
    """The project's settings, all with defaults."""

    clock: Clock
    grace: timedelta
    min_event_date: date
    left_censored_periods: int
    anonymous_owner: str
    max_identity_size: int
    consent_purpose: str
    consent_default: str
    has_consent: bool
    entity_columns: Mapping[str, str]
    anchor_events: Mapping[str, str | None]
    declared_segments: Sequence[str]
    run_started_at: datetime


@dataclass(frozen=True)
class Entry:
    """One event of the any-of list."""

    event: str
    where: str | None
    at: str
    value: str
    cap: Decimal | None


@dataclass(frozen=True)
class Void:
    """What takes an event back."""

    event: str
    key: str
    within: timedelta | None
    mode: str
    value: str | None


@dataclass(frozen=True)
class AnchorAge:
    """An eligibility by the time since the anchor."""

    comparison: str
    age: timedelta


@dataclass(frozen=True)
class InState:
    """An eligibility by a state, `at` the event or some part of the period."""

    state: str
    at: str


@dataclass(frozen=True)
class Window:
    """Which events a measure looks at, and the period that it is published in."""

    kind: str
    cadence: Cadence
    span: timedelta | None
    book: str


@dataclass(frozen=True)
class Definition:
    """The computing half of a metric that is not a ratio."""

    name: str
    version: int
    is_north_star: bool
    unit_scale: Decimal
    entity: str
    entries: tuple[Entry, ...]
    state: str | None
    state_has_value: bool
    void: Void | None
    nth: tuple[int, int | None] | None
    when: tuple[InState | AnchorAge, ...]
    actor: str | None
    actors_at_least: int
    counts: str
    column: str | None
    at_least: Decimal | None
    window: Window
    total: str


@dataclass(frozen=True)
class Ratio:
    """A metric that divides one by another."""

    name: str
    version: int
    is_north_star: bool
    unit_scale: Decimal
    numerator: str
    denominator: str


def read_settings(config: Mapping[str, Any], run_started_at: datetime) -> Settings:
    """The settings, with the defaults for those that are left out."""
    entities = config.get("northstar_entities", {})
    return Settings(
        clock=Clock(
            zone=ZoneInfo(config.get("northstar_timezone", "UTC")),
            week_start=int(config.get("northstar_week_start", 1)),
        ),
        grace=timedelta(hours=float(config.get("northstar_grace_hours", 0))),
        min_event_date=_as_date(config.get("northstar_min_event_date", "2000-01-01")),
        left_censored_periods=int(config.get("northstar_left_censored_periods", 1)),
        anonymous_owner=config.get("northstar_anonymous_owner", "first"),
        max_identity_size=int(config.get("northstar_max_identity_size", 50)),
        consent_purpose=config.get("northstar_consent_purpose", "analytics"),
        consent_default=config.get("northstar_consent_default", "denied"),
        has_consent=bool(config.get("northstar_consent")),
        entity_columns={name: entity["id"] for name, entity in entities.items()},
        anchor_events={name: e.get("anchor") for name, e in entities.items()},
        declared_segments=tuple(config.get("northstar_segments") or ()),
        run_started_at=run_started_at,
    )


def read_metrics(
    config: Mapping[str, Any], clock: Clock
) -> dict[str, Definition | Ratio]:
    """Every configured metric, by name."""
    return {
        name: read_metric(name, written, clock)
        for name, written in config.get("northstar_metrics", {}).items()
    }


def read_metric(
    name: str, written: Mapping[str, Any], clock: Clock
) -> Definition | Ratio:
    """One metric, with the defaults for the keys that are left out."""
    version = int(written.get("version", 1))
    is_north_star = written.get("level") == "north_star"
    unit_scale = Decimal(str(written.get("unit_scale", 1)))
    if "ratio" in written:
        numerator, denominator = written["ratio"]
        return Ratio(name, version, is_north_star, unit_scale, numerator, denominator)
    state = written.get("state", {})
    void = read_void(written["void"]) if "void" in written else None
    actors = written.get("actors", {})
    counts, column = read_measure(written)
    return Definition(
        name=name,
        version=version,
        is_north_star=is_north_star,
        unit_scale=unit_scale,
        entity=written["entity"],
        entries=tuple(read_entry(entry) for entry in written.get("events", [])),
        state=state.get("name"),
        state_has_value=state.get("value") is not None,
        void=void,
        nth=read_nth(written),
        when=tuple(read_condition(condition) for condition in written.get("when", [])),
        actor=actors.get("distinct"),
        actors_at_least=int(actors.get("at_least", 1)),
        counts=counts,
        column=column,
        at_least=read_threshold(written, counts, void),
        window=read_window(written["window"], clock),
        total=written["total"],
    )


def read_entry(written: Mapping[str, Any]) -> Entry:
    """An event books at `occurred_at` and carries `value`, unless it says otherwise."""
    cap = written.get("cap")
    return Entry(
        event=written["event"],
        where=written.get("where"),
        at=written.get("at", "occurred_at"),
        value=written.get("value", "value"),
        cap=None if cap is None else Decimal(str(cap)),
    )


def read_void(written: Mapping[str, Any]) -> Void:
    """A void excludes for ever, unless it says otherwise."""
    days = written.get("within_days")
    return Void(
        event=written["event"],
        key=written["key"],
        within=None if days is None else timedelta(hours=24 * int(days)),
        mode=written.get("mode", "exclude"),
        value=written.get("value"),
    )


def read_nth(written: Mapping[str, Any]) -> tuple[int, int | None] | None:
    """The first and the last rank that count."""
    nth = written.get("nth")
    return None if nth is None else (int(nth.get("min", 1)), nth.get("max"))


def read_condition(written: Mapping[str, Any]) -> InState | AnchorAge:
    """One eligibility: a state, or an age such as `<7d`."""
    if "state" in written:
        return InState(written["state"], written["at"])
    text = written["anchor_age"].replace(" ", "")
    comparison = text.rstrip("0123456789d")
    return AnchorAge(comparison, timedelta(days=_days(text[len(comparison) :])))


def read_measure(written: Mapping[str, Any]) -> tuple[str, str | None]:
    """What an entity is measured by: `events`, `distinct` with a column, or `sum`."""
    per_entity = written.get("per_entity", {})
    if "distinct" in per_entity:
        return "distinct", per_entity["distinct"]
    if "sum" in per_entity:
        return "sum", None
    return "events", None


def read_threshold(
    written: Mapping[str, Any], counts: str, void: Void | None
) -> Decimal | None:
    """1 for counts; none for sums, states and `net` voids."""
    stated = written.get("per_entity", {}).get("at_least")
    if stated is not None:
        return Decimal(str(stated))
    is_net = void is not None and void.mode == "net"
    if counts == "sum" or "state" in written or is_net:
        return None
    return Decimal(1)


def read_window(written: Mapping[str, Any], clock: Clock) -> Window:
    """The window and the grain that it is published in."""
    if "rolling" in written:
        days, step = _days(written["rolling"]), _days(written.get("step", "1d"))
        return Window("rolling", Rolling(clock, days, step), None, "cohort")
    if "since_anchor" in written:
        return Window(
            kind="since_anchor",
            cadence=Calendar(clock, written.get("grain", "week")),
            span=timedelta(hours=24 * _days(written["since_anchor"])),
            book=written.get("book", "cohort"),
        )
    ((kind, grain),) = written.items()
    return Window(kind, Calendar(clock, grain), None, "cohort")


def _days(written: str) -> int:
    return int(written.removesuffix("d"))


def _as_date(written: date | str) -> date:
    return written if isinstance(written, date) else date.fromisoformat(written)
