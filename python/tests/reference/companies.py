"""Small nasty companies: settings, definitions and rows that sit on every boundary.

There is one generator, and it draws everything from a `random.Random`. Seeded, it gives
the heavy sweep companies that can be named by a number (`company`, `batch`). Fed by
hypothesis's own `st.randoms`, which records each draw, the same code is a strategy that
shrinks (`companies`): every chance comes out false and every choice at its first, plain
alternative as the draws go to zero.

Building is slow and evaluating is fast, so many companies share one project: a batch
has one set of settings and definitions, and each company in it has its own ids, under a
prefix such as `c017|`. Events, periods and watermark are then those of the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from .clock import Calendar, Clock, first_instant

Item = TypeVar("Item")
Config = dict[str, Any]
RawRow = dict[str, Any]
Tables = dict[str, dict[str, Any]]
"""By name: `{"columns": {column: type}, "rows": [row]}`."""

TICK = timedelta(microseconds=1)
SKEW = timedelta(minutes=5)

STARTS = {
    "UTC": [date(2024, 2, 5), date(2023, 12, 4)],
    "Europe/London": [date(2024, 3, 4), date(2023, 10, 9)],
    "America/New_York": [date(2024, 2, 26), date(2023, 10, 16)],
    "America/Havana": [date(2024, 2, 26), date(2024, 10, 14)],
    "Australia/Lord_Howe": [date(2024, 3, 18), date(2023, 9, 11)],
    "Pacific/Auckland": [date(2024, 3, 18), date(2023, 9, 4)],
    "Asia/Kathmandu": [date(2024, 1, 29)],
}
"""First days from which ten weeks hold the changes of the clock, if there are any."""

PEOPLE = ["a", "b", "B", "Z", "ä", "é'o", '"q"', "🦊", "aa", "_"]
DEVICES = ["d1", "D1", "d2", "a", "ω", "d'3"]
TEAMS = ["t1", "T1", "ü"]
ORDERS = ["o1", "o2", "O2", "o'3", "🍋", "o4"]
STATES = ["paid", "subscribed"]

EVENT_NAMES = [
    "workflow_completed",
    "workflow_completed",
    "order_paid",
    "order_paid",
    "order_paid",
    "order_delivered",
    "order_delivered",
    "order_refunded",
    "order_refunded",
    "feature_used",
    "feature_used",
    "friend_added",
    "friend_added",
    "signed_up",
    "team_created",
]
COUNTED = [
    "workflow_completed",
    "order_paid",
    "order_delivered",
    "feature_used",
    "friend_added",
]
AMOUNTS = ["1", "2.5", "0", "-3", "100", "10.123456789", "0.000000001", "1.05"]
PREDICATES = [
    "feature = 'core'",
    "feature in ('core', 'side') and user_id is not null",
    "feature not in ('core')",
    "feature like 'c_r%' or seconds is null",
    "not (feature = 'core' and seconds > 30)",
    "seconds between 10 and 60",
    "delivered_at <= promised_at",
    "delivered_at is null or promised_at > delivered_at",
    "value * 2 - 1 >= 1",
    "channel <> 'web'",
    "-seconds + 5 < 0 or value is not null",
]

EVENT_COLUMNS = {
    "raw_app_events": {
        "id": "text",
        "event": "text",
        "created_at": "timestamp",
        "loaded": "timestamp",
        "member_id": "text",
        "device_id": "text",
        "team_id": "text",
        "amount": "number",
        "channel": "text",
        "device": "text",
        "plan": "text",
        "internal": "boolean",
        "bot": "boolean",
        "test": "boolean",
        "order_id": "text",
        "feature": "text",
        "friend_id": "text",
        "seconds": "integer",
        "delivered_at": "timestamp",
        "promised_at": "timestamp",
    },
    "raw_server_events": {
        "event_key": "text",
        "name": "text",
        "happened_at": "timestamp",
        "member": "text",
        "team": "text",
        "total": "number",
        "channel": "text",
        "order_key": "text",
        "seconds": "integer",
        "delivered": "timestamp",
        "promised": "timestamp",
    },
}
APP = {
    "name": "app",
    "relation": {"ref": "raw_app_events"},
    "columns": {
        "event_id": "id",
        "event_name": "event",
        "occurred_at": "created_at",
        "loaded_at": "loaded",
        "user_id": "member_id",
        "anonymous_id": "device_id",
        "account_id": "team_id",
        "value": "amount",
        "channel": "channel",
        "device": "device",
        "plan": "plan",
        "is_internal": "internal",
        "is_bot": "bot",
        "is_test": "test",
    },
    "attributes": {
        "order_id": "order_id",
        "feature": "feature",
        "friend_id": "friend_id",
        "seconds": "seconds",
        "delivered_at": "delivered_at",
        "promised_at": "promised_at",
    },
}
SERVER = {
    "name": "server",
    "relation": {"ref": "raw_server_events"},
    "columns": {
        "event_id": "event_key",
        "event_name": "name",
        "occurred_at": "happened_at",
        "user_id": "member",
        "account_id": "team",
        "value": "total",
        "channel": "channel",
    },
    "attributes": {
        "order_id": "order_key",
        "seconds": "seconds",
        "delivered_at": "delivered",
        "promised_at": "promised",
    },
}
INPUT_COLUMNS = {
    "states": {
        "entity": "text",
        "entity_id": "text",
        "state": "text",
        "valid_from": "timestamp",
        "valid_to": "timestamp",
        "value": "number",
    },
    "identity_links": {"from_id": "text", "to_id": "text", "linked_at": "timestamp"},
    "exclusions": {
        "id_type": "text",
        "id": "text",
        "reason": "text",
        "valid_from": "timestamp",
        "valid_to": "timestamp",
    },
    "consent": {
        "id_type": "text",
        "id": "text",
        "purpose": "text",
        "status": "text",
        "valid_from": "timestamp",
        "valid_to": "timestamp",
    },
    "erasure_requests": {
        "id_type": "text",
        "id": "text",
        "requested_at": "timestamp",
    },
}


class Batch(NamedTuple):
    """Companies in one project: what to build, and each company on its own."""

    config: Config
    tables: Tables
    companies: list[tuple[str, Config, Tables]]


# -------------------------------------------------------------------------- the ways in


def company(seed: int) -> tuple[Config, Tables]:
    """One company, without a prefix."""
    return _company(Random(seed), fewest_events=10)


def batch(seeds: Sequence[int]) -> Batch:
    """Companies that share settings and definitions, each under its own prefix."""
    dice = Random("batch " + " ".join(map(str, seeds)))
    project = _project(dice)
    companies = []
    for index, seed in enumerate(seeds):
        prefix = f"c{index:03d}|"
        tables = _Rows(Random(seed), project, prefix, fewest_events=10).tables()
        companies.append((prefix, project.config, tables))
    return Batch(project.config, _together(companies), companies)


def companies() -> st.SearchStrategy[tuple[Config, Tables]]:
    """One company, as a strategy that shrinks."""
    return st.randoms(use_true_random=False).map(
        lambda dice: _company(dice, fewest_events=1)
    )


def shrunk(
    config: Config, tables: Tables, fails: Callable[[Config, Tables], bool]
) -> tuple[Config, Tables]:
    """A failing company with as few metrics and rows as still fail, for slow builds.

    Takes halves away, then quarters, and so on down to single metrics and rows.
    """
    metrics = config["northstar_metrics"]

    def with_metrics(names: Sequence[str]) -> Config:
        return config | {"northstar_metrics": {name: metrics[name] for name in names}}

    def parts_are_there(names: Sequence[str]) -> bool:
        return all(set(metrics[name].get("ratio", [])) <= set(names) for name in names)

    config = with_metrics(
        _fewest(
            list(metrics),
            lambda names: parts_are_there(names) and fails(with_metrics(names), tables),
        )
    )
    for name in tables:
        tables = _with_fewest_rows(name, tables, partial(fails, config))
    return config, tables


def _with_fewest_rows(
    name: str, tables: Tables, fails: Callable[[Tables], bool]
) -> Tables:
    def with_rows(rows: list[RawRow]) -> Tables:
        return tables | {name: tables[name] | {"rows": rows}}

    return with_rows(_fewest(tables[name]["rows"], lambda rows: fails(with_rows(rows))))


def _fewest(items: list[Item], fails: Callable[[list[Item]], bool]) -> list[Item]:
    """The items without any run of them that the failure does not need."""
    size = max(len(items) // 2, 1)
    while size > 0:
        before = len(items)
        start = 0
        while start < len(items):
            fewer = items[:start] + items[start + size :]
            if fails(fewer):
                items = fewer
            else:
                start += size
        if len(items) == before:
            size //= 2
    return items


def with_any_driver(config: Mapping[str, Any]) -> list[str]:
    """What may be a driver metric: the number of entities in a stock has no driver."""
    stocks = {"lifetime", "as_of"}
    return [
        name
        for name, metric in config["northstar_metrics"].items()
        if "ratio" in metric
        or metric["total"] == "measure"
        or stocks.isdisjoint(metric["window"])
    ]


def column_types(tables: Tables) -> dict[str, dict[str, str]]:
    """The type of each column of each table, for a loader."""
    return {name: table["columns"] for name, table in tables.items()}


def _company(dice: Random, fewest_events: int) -> tuple[Config, Tables]:
    project = _project(dice)
    return project.config, _Rows(dice, project, "", fewest_events).tables()


def _together(companies: Sequence[tuple[str, Config, Tables]]) -> Tables:
    joined: Tables = {}
    for _, _, tables in companies:
        for name, table in tables.items():
            empty = {"columns": table["columns"], "rows": []}
            joined.setdefault(name, empty)["rows"].extend(table["rows"])
    return joined


# ------------------------------------------------------------------------- the project


@dataclass(frozen=True)
class _Project:
    """What the companies of a batch share."""

    config: Config
    clock: Clock
    start: date
    weeks: int


def _chance(dice: Random, percent: int) -> bool:
    """True so often; false when the draw shrinks."""
    return dice.randrange(100) >= 100 - percent


def _some(dice: Random, items: Sequence[Item], most: int) -> list[Item]:
    return dice.sample(items, dice.randint(1, min(most, len(items))))


def _project(dice: Random) -> _Project:
    zone = dice.choice(list(STARTS))
    start = dice.choice(STARTS[zone]) + timedelta(days=dice.randint(0, 13))
    week_start = dice.randint(1, 7)
    inputs = [name for name in INPUT_COLUMNS if _chance(dice, 75)]
    server = SERVER | ({"required": False} if _chance(dice, 40) else {})
    if _chance(dice, 50):
        server["rows_without_id"] = dice.choice(["distinct", "hash"])
    config: Config = {
        "northstar_timezone": zone,
        "northstar_week_start": week_start,
        "northstar_grace_hours": dice.choice([0, 6, 24, 72]),
        "northstar_min_event_date": start.isoformat(),
        "northstar_left_censored_periods": dice.choice([1, 0, 2]),
        "northstar_anonymous_owner": dice.choice(["first", "last"]),
        "northstar_max_identity_size": dice.choice([50, 2, 3]),
        "northstar_consent_purpose": "analytics",
        "northstar_consent_default": dice.choice(["granted", "granted", "denied"]),
        "northstar_events": [APP, server],
        "northstar_entities": {
            "user": {"id": "user_id", "anchor": "signed_up"},
            "team": {"id": "account_id", "anchor": "team_created"},
            "order": {"id": "order_id", "anchor": "order_paid"},
        },
        "northstar_metrics": _metrics(dice, has_states="states" in inputs),
    }
    for name in inputs:
        config[f"northstar_{name}"] = {
            "relation": {"ref": f"raw_{name}"},
            "columns": {column: column for column in INPUT_COLUMNS[name]},
        }
    clock = Clock(ZoneInfo(zone), week_start)
    return _Project(config, clock, start, weeks=dice.randint(1, 10))


# --------------------------------------------------------------------- the definitions


def _metrics(dice: Random, has_states: bool) -> Config:
    """Eight metrics and, of metrics with one window, two ratios."""
    windows = [_window(dice, has_states) for _ in range(5)]
    windows[0] = {"calendar": dice.choice(["week", "day", "month", "quarter"])}
    entities = [dice.choice(["user", "team", "order"]) for _ in windows]
    metrics: Config = {}
    for index, of in enumerate([*range(5), 0, 1, 2]):
        metrics[f"metric_{index}"] = _metric(
            dice, windows[of], entities[of], has_states
        )
    metrics["metric_0"]["level"] = "north_star"
    if _chance(dice, 30):
        metrics["metric_1"]["version"] = 3
    metrics["ratio_0"] = {"ratio": ["metric_0", "metric_5"]}
    metrics["ratio_1"] = {"ratio": ["metric_6", "metric_1"]}
    return metrics


def _window(dice: Random, has_states: bool) -> Config:
    kinds = ["calendar", "calendar", "since_anchor", "rolling", "lifetime"]
    kind = dice.choice(kinds + ["as_of"] * has_states)
    grain = dice.choice(["week", "day", "month", "quarter"])
    if kind == "rolling":
        days, step = dice.choice([(7, 1), (28, 7), (14, 7), (10, 7), (7, 7), (3, 2)])
        window = {"rolling": f"{days}d"}
        return window if step == 1 else window | {"step": f"{step}d"}
    if kind == "since_anchor":
        span = dice.choice(["7d", "1d", "14d"])
        book = dice.choice(["cohort", "completion"])
        return {"since_anchor": span, "book": book, "grain": grain}
    return {kind: grain}


def _metric(dice: Random, window: Config, entity: str, has_states: bool) -> Config:
    if "as_of" in window:
        return _state_metric(dice, window, entity)
    total = dice.choice(["entities", "measure"])
    entries = [_entry(dice) for _ in range(2 if _chance(dice, 30) else 1)]
    metric: Config = {"entity": entity, "events": entries}
    void = _void(dice) if _chance(dice, 40) else None
    per_entity = _per_entity(dice, is_net=void is not None and void["mode"] == "net")
    if void is not None:
        if void["mode"] == "exclude" and _chance(dice, 50):
            del void["mode"]
        metric["void"] = void
    if window.get("book") == "completion":  # there is a threshold to reach
        per_entity = {"at_least": 2} | (per_entity or {"count": "events"})
    if per_entity:
        metric["per_entity"] = per_entity
    if "sum" not in per_entity:
        for entry in entries:
            entry.pop("value", None)
            entry.pop("cap", None)
    if _chance(dice, 20):
        metric["nth"] = dice.choice([{"min": 2}, {"max": 2}, {"min": 1, "max": 1}])
    conditions = _conditions(dice, has_states, is_stock="lifetime" in window)
    if conditions:
        metric["when"] = conditions
    if entity != "user" and _chance(dice, 30):
        metric["actors"] = {"distinct": "user_id", "at_least": dice.randint(1, 2)}
    if total == "measure" and _chance(dice, 20):
        metric["unit_scale"] = dice.choice([0.5, 60, 0.000277777778])
    return metric | {"window": window, "total": total}


def _state_metric(dice: Random, window: Config, entity: str) -> Config:
    state = {"name": dice.choice(STATES)}
    total = "entities"
    if _chance(dice, 50):
        state["value"] = "value"
        total = dice.choice(["measure", "entities"])
    return {"entity": entity, "state": state, "window": window, "total": total}


def _entry(dice: Random) -> Config:
    entry: Config = {"event": dice.choice(COUNTED)}
    if _chance(dice, 30):
        entry["where"] = dice.choice(PREDICATES)
    if _chance(dice, 20):
        entry["at"] = dice.choice(["delivered_at", "promised_at"])
    if _chance(dice, 40):
        entry["value"] = "seconds"
    if _chance(dice, 30):
        entry["cap"] = dice.choice([5, 30, 2.5])
    return entry


def _void(dice: Random) -> Config:
    void: Config = {"event": "order_refunded", "key": "order_id"}
    void["mode"] = dice.choice(["exclude", "net", "ignore", "net"])
    if _chance(dice, 60):
        void["within_days"] = dice.choice([7, 1, 14])
    if void["mode"] == "net" and _chance(dice, 40):
        void["value"] = dice.choice(["value", "seconds"])
    return void


def _per_entity(dice: Random, is_net: bool) -> Config:
    kind = dice.choice(["default", "count", "sum", "distinct"])
    if kind == "default" or (kind == "distinct" and is_net):
        return {}
    per_entity: Config = {"count": "events"}
    if kind == "sum":
        per_entity = {"sum": "value"}
    elif kind == "distinct":
        columns = ["local_date", "local_week", "order_id", "user_id", "feature"]
        per_entity = {"distinct": dice.choice([*columns, "friend_id", "channel"])}
    if _chance(dice, 50):
        per_entity["at_least"] = dice.choice([2, 1, 3])
    return per_entity


def _conditions(dice: Random, has_states: bool, is_stock: bool) -> list[Config]:
    conditions: list[Config] = []
    times = ["event"] if is_stock else ["event", "period_any", "period_end"]
    times += [] if is_stock else ["period_all"]
    if has_states and _chance(dice, 25):
        state = dice.choice(STATES)
        conditions.append({"state": state, "at": dice.choice(times)})
    if _chance(dice, 15):
        age = dice.choice(["<7d", "<=7d", ">1d", ">=1d"])
        conditions.append({"anchor_age": age})
    return conditions


# ---------------------------------------------------------------------------- the rows


class _Rows:
    """The raw rows of one company."""

    def __init__(
        self, dice: Random, project: _Project, prefix: str, fewest_events: int
    ) -> None:
        self.dice = dice
        self.project = project
        self.prefix = prefix
        self.fewest_events = fewest_events
        self.begin = first_instant(project.clock.zone, project.start)
        self.end = self.begin + timedelta(weeks=project.weeks)
        self.edges = self._edges()
        self.used = [self.begin]
        self.people = self._named(PEOPLE, 4)
        self.devices = self._named(DEVICES, 3)
        self.teams = self._named(TEAMS, 2)
        self.orders = self._named(ORDERS, 4)

    def tables(self) -> Tables:
        """Every table of the project, with this company's rows."""
        app, server = self.events()
        rows = {
            "raw_app_events": app,
            "raw_server_events": server,
            "raw_states": self.states(),
            "raw_identity_links": self.links(),
            "raw_exclusions": self.exclusions(),
            "raw_consent": self.consents(),
            "raw_erasure_requests": self.erasures(),
        }
        columns = EVENT_COLUMNS | {f"raw_{n}": c for n, c in INPUT_COLUMNS.items()}
        return {
            name: {"columns": columns[name], "rows": found}
            for name, found in rows.items()
            if name in EVENT_COLUMNS
            or name.replace("raw_", "northstar_", 1) in self.project.config
        }

    # ................................................................. ids and times

    def _named(self, names: Sequence[str], most: int) -> list[str]:
        return [self.prefix + name for name in _some(self.dice, names, most)]

    def _id(self, names: Sequence[str], missing: int) -> str | None:
        """One of the names; now and then none, written as null or as nothing."""
        if _chance(self.dice, missing):
            return self.dice.choice([None, None, ""])
        return self.dice.choice(names)

    def _edges(self) -> list[datetime]:
        """The starts of days, weeks and months, and the changes of the clock."""
        clock = self.project.clock
        days = range(self.project.weeks * 7 + 1)
        dates = [self.project.start + timedelta(days=day) for day in days]
        starts = set(dates[:: max(len(dates) // 7, 1)])
        for grain in ("week", "month"):
            starts |= {Calendar(clock, grain).containing(day)[0].end for day in dates}
        found = [first_instant(clock.zone, day) for day in sorted(starts)]
        return [self.begin, *found, *self._clock_changes()]

    def _clock_changes(self) -> list[datetime]:
        zone = self.project.clock.zone
        hours = int((self.end - self.begin) / timedelta(hours=1))
        moments = [self.begin + timedelta(hours=hour) for hour in range(hours)]
        offsets = [m.replace(tzinfo=UTC).astimezone(zone).utcoffset() for m in moments]
        return [
            moment
            for moment, offset, before in zip(
                moments[1:], offsets[1:], offsets, strict=False
            )
            if offset != before
        ]

    def moment(self) -> datetime:
        """An instant: plain, on an edge, tied with another or whole days after it."""
        kind = self.dice.choice(["plain", "edge", "tie", "days", "plain"])
        found = self._moment(kind)
        self.used.append(found)
        return found

    def _moment(self, kind: str) -> datetime:
        if kind == "plain":
            seconds = int((self.end - self.begin).total_seconds())
            return self.begin + timedelta(seconds=self.dice.randrange(seconds))
        if kind == "edge":
            return self.dice.choice(self.edges) + self._nudge()
        if kind == "tie":
            return self.dice.choice(self.used)
        days = timedelta(days=self.dice.choice([1, 7, 14, 2]))
        return self.dice.choice(self.used) + days + self._nudge()

    def _nudge(self) -> timedelta:
        return self.dice.choice([timedelta(0), timedelta(0), -TICK, TICK])

    def _loaded(self, occurred: datetime | None) -> datetime | None:
        """When a row was loaded: soon, late, unknown, or too early to be true."""
        occurred = occurred or self.begin
        delays = [timedelta(minutes=1), timedelta(0), timedelta(hours=30)]
        delays += [timedelta(days=8), -SKEW, -SKEW - TICK]
        weights = [60, 12, 8, 4, 4, 4]
        if _chance(self.dice, 8):
            return None
        return occurred + self.dice.choices(delays, weights)[0]

    # ........................................................................ events

    def events(self) -> tuple[list[RawRow], list[RawRow]]:
        """The rows of both sources, with copies."""
        app: list[RawRow] = []
        server: list[RawRow] = []
        for number in range(self.dice.randint(self.fewest_events, 80)):
            if _chance(self.dice, 30):
                self._add(server, self._server_event(number), "event_key")
            else:
                self._add(app, self._app_event(number), "id")
        self.dice.shuffle(app)
        return app, server

    def _add(self, rows: list[RawRow], row: RawRow, id_column: str) -> None:
        """A row and perhaps a copy, the same or not, sooner or later."""
        rows.append(row)
        if not row[id_column] or not _chance(self.dice, 15):
            return
        copy = dict(row)
        if "loaded" in copy and _chance(self.dice, 60):
            copy["loaded"] = self._loaded(copy["created_at"])
        if _chance(self.dice, 50):
            copy |= self.dice.choice(
                [
                    {"channel": "other"},
                    {next(c for c in ("amount", "total") if c in copy): Decimal(7)},
                    {next(c for c in ("created_at", "happened_at") if c in copy): None},
                    {next(c for c in ("member_id", "member") if c in copy): None},
                    {
                        next(
                            c for c in ("created_at", "happened_at") if c in copy
                        ): self.moment()
                    },
                ]
            )
        rows.append(copy)

    def _app_event(self, number: int) -> RawRow:
        occurred = self._occurred()
        is_ordered = _chance(self.dice, 75)
        return {
            "id": self._event_id(number),
            "event": self._event_name(),
            "created_at": occurred,
            "loaded": self._loaded(occurred),
            "member_id": self._id(self.people, 20),
            "device_id": self._id(self.devices, 50),
            "team_id": self._id(self.teams, 12),
            "amount": self._amount(),
            "channel": self.dice.choice([None, "web", "", "shop"]),
            "device": self.dice.choice([None, "ios", "Web", ""]),
            "plan": self.dice.choice([None, "pro", "größer"]),
            "internal": self._flag(),
            "bot": self._flag(),
            "test": self._flag(),
            "order_id": self._id(self.orders, 15) if is_ordered else None,
            "feature": self.dice.choice(["core", "side", None, "", "Core"]),
            "friend_id": self.dice.choice(["f1", "f2", "f3", None]),
            "seconds": self._seconds(),
            "delivered_at": self._optional_moment(),
            "promised_at": self._optional_moment(),
        }

    def _server_event(self, number: int) -> RawRow:
        occurred = self._occurred()
        if _chance(self.dice, 2):
            occurred = datetime(2999, 1, 1)
        return {
            "event_key": self._event_id(number),
            "name": self._event_name(),
            "happened_at": occurred,
            "member": self._id(self.people, 40),
            "team": self._id(self.teams, 40),
            "total": self._amount(),
            "channel": self.dice.choice([None, "web", "server"]),
            "order_key": self._id(self.orders, 15),
            "seconds": self._seconds(),
            "delivered": self._optional_moment(),
            "promised": self._optional_moment(),
        }

    def _event_id(self, number: int) -> str | None:
        """An id of its own, in an order that is not that of the rows."""
        if _chance(self.dice, 4):
            return self.dice.choice([None, ""])
        letter = self.dice.choice(["e", "E", "é", "x"])
        return f"{self.prefix}{letter}{number}"

    def _event_name(self) -> str | None:
        return None if _chance(self.dice, 2) else self.dice.choice(EVENT_NAMES)

    def _occurred(self) -> datetime | None:
        if _chance(self.dice, 3):
            return None
        if _chance(self.dice, 3):
            return self.begin - self.dice.choice([TICK, timedelta(days=400)])
        return self.moment()

    def _optional_moment(self) -> datetime | None:
        return None if _chance(self.dice, 25) else self.moment()

    def _amount(self) -> Decimal | None:
        return None if _chance(self.dice, 15) else Decimal(self.dice.choice(AMOUNTS))

    def _seconds(self) -> int | None:
        return None if _chance(self.dice, 15) else self.dice.choice([1, 10, 31, 60, 90])

    def _flag(self) -> bool | None:
        return True if _chance(self.dice, 1) else self.dice.choice([None, False])

    # ................................................................ other inputs

    def _interval(self) -> dict[str, datetime | None]:
        """A time: mostly open or some days long, now and then empty or inverted."""
        begins = self.moment()
        ends = self.dice.choice([None, self.moment(), self.dice.choice(self.edges)])
        if ends is not None and ends < begins and not _chance(self.dice, 10):
            begins, ends = ends, begins
        return {"valid_from": begins, "valid_to": ends}

    def states(self) -> list[RawRow]:
        """States of people, devices, teams and orders, overlapping as they like."""
        owners = [("user", name) for name in [*self.people, *self.devices]]
        owners += [("team", name) for name in self.teams]
        owners += [("order", name) for name in self.orders]
        return [
            {
                "entity": entity,
                "entity_id": name,
                "state": self.dice.choice(STATES),
                **self._interval(),
                "value": self._amount(),
            }
            for entity, name in owners
            for _ in range(self.dice.randint(0, 2))
        ]

    def links(self) -> list[RawRow]:
        """Links between people, devices and ids that no event has."""
        ids = [*self.people, *self.devices, self.prefix + "A", self.prefix + "unseen"]
        return [
            {
                "from_id": self.dice.choice(ids),
                "to_id": self._id(ids, 5),
                "linked_at": self.moment(),
            }
            for _ in range(self.dice.randint(0, 3))
        ]

    def _person_or_team(self) -> dict[str, str]:
        id_type = self.dice.choice(["user", "anonymous", "account"])
        ids = {"user": self.people, "anonymous": self.devices, "account": self.teams}
        return {"id_type": id_type, "id": self.dice.choice(ids[id_type])}

    def exclusions(self) -> list[RawRow]:
        """A few exclusions, mostly for a time."""
        reasons = ["internal", "bot", "fraud", "test", "other"]
        always = {"valid_from": None, "valid_to": None}
        most = self.dice.choice([0, 1, 2])
        return [
            {
                **self._person_or_team(),
                "reason": self.dice.choice(reasons),
                **(always if _chance(self.dice, 10) else self._interval()),
            }
            for _ in range(most)
        ]

    def consents(self) -> list[RawRow]:
        """A grant for most people, and then changes of mind, some of them tied."""
        granted = [
            {
                "id_type": "user",
                "id": name,
                "purpose": "analytics",
                "status": "granted",
                "valid_from": self.begin,
                "valid_to": None,
            }
            for name in self.people
            if not _chance(self.dice, 10)
        ]
        changed = [
            {
                **self._person_or_team(),
                "purpose": self.dice.choice(["analytics", "analytics", "ads"]),
                "status": self.dice.choice(["granted", "denied"]),
                **self._interval(),
            }
            for _ in range(self.dice.randint(0, 3))
        ]
        tied = [
            row | {"status": self.dice.choice(["granted", "denied"])}
            for row in changed
            if _chance(self.dice, 25)
        ]
        return granted + changed + tied

    def erasures(self) -> list[RawRow]:
        """Now and then someone asks to be forgotten."""
        if not _chance(self.dice, 12):
            return []
        return [{**self._person_or_team(), "requested_at": self.moment()}]
