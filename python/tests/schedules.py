"""Histories of random companies, cut into loads: what arrives before each build.

A schedule is its number, so a failure comes back. It takes a batch of companies and
says, load by load, which rows are added to the raw events, which only ever grow, and
what stands in each of the other inputs, which are replaced. Rows mostly arrive in the
order in which they were loaded. Beyond that, whatever upsets a build that looks at new
rows alone:

- late events, and rows that are seen after others with a later `loaded_at`;
- one `loaded_at` on both sides of a cut;
- copies in later loads, the same or not, and the first-loaded copy after the others;
- rows without an id, again;
- a device first, and later the login that says whose it is;
- voids long after their event, and before it;
- links, states, exclusions, consent and erasure requests that come, change and go;
- loads without news of a company, loads without any, a source that starts late;
- sources that do not say when a row was loaded.

Every company has its own cuts, so a schedule of forty companies is forty schedules. In
half of them the companies keep step, so that the watermark moves with each load.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple

from consumer import Consumer
from driver_projects import with_drivers
from engines import Engine, Table
from reference.companies import (
    COUNTED,
    EVENT_COLUMNS,
    Config,
    RawRow,
    Tables,
    batch,
)

COMPANIES = 40
LOADS = [3, 2, 4, 5, 3, 4, 6, 7, 8]

LoadedAt = Literal["some", "all", "none"]
"""Which of the two sources of events say when a row was loaded."""
MAPPED: list[LoadedAt] = ["some", "some", "all", "none"]

# The load of rows that are left out.
_NEVER = -1

# The companies are others than those that the reference is compared on.
FIRST_SEED = 1_000_000

EARLY, FAR = datetime(1, 1, 1), datetime(2100, 1, 1)
DELAYS = [timedelta(minutes=1), timedelta(0), timedelta(hours=30), timedelta(days=8)]


# Beside the metrics that are drawn: in each a row, of events or of another input,
# changes what entities have that it does not name.
METRICS: Config = {
    "orders_of_teams": {
        "entity": "team",
        "events": [{"event": "order_paid"}],
        "void": {"event": "order_refunded", "key": "order_id"},
        "window": {"calendar": "week"},
        "total": "measure",
    },
    "revenue_of_users": {
        "entity": "user",
        "events": [{"event": "order_paid"}],
        "per_entity": {"sum": "value"},
        "void": {"event": "order_refunded", "key": "order_id", "mode": "net"},
        "window": {"calendar": "day"},
        "total": "measure",
    },
    "teams_of_two": {
        "entity": "team",
        "events": [{"event": "workflow_completed"}, {"event": "feature_used"}],
        "actors": {"distinct": "user_id", "at_least": 2},
        "window": {"calendar": "week"},
        "total": "entities",
    },
}
STATE_METRICS: Config = {
    "paid_by_users": {
        "entity": "user",
        "state": {"name": "paid", "value": "value"},
        "window": {"as_of": "week"},
        "total": "measure",
    },
    "events_of_subscribed_teams": {
        "entity": "team",
        "events": [{"event": "workflow_completed"}, {"event": "order_paid"}],
        "when": [{"state": "subscribed", "at": "period_any"}],
        "window": {"calendar": "week"},
        "total": "measure",
    },
}


class Load(NamedTuple):
    """What happens to the raw tables before a build, by the name of the table."""

    events: dict[str, list[RawRow]]
    """Rows to add."""
    inputs: dict[str, list[RawRow]]
    """Rows that stand there from now on, in place of all before."""

    def deliver(self, consumer: Consumer) -> None:
        """Change the raw tables of a project."""
        for name, rows in self.events.items():
            consumer.append(name, rows)
        for name, rows in self.inputs.items():
            consumer.replace(name, rows)


@dataclass(frozen=True)
class Schedule:
    """The vars of a project, and the loads that it gets, in order."""

    name: str
    """The call that makes it."""
    config: Config
    columns: dict[str, dict[str, str]]
    loads: list[Load]

    def __str__(self) -> str:
        return self.name

    def tables(self, after: int) -> dict[str, Table]:
        """The raw tables after so many loads, in an order that no load has brought."""
        dice = Random(f"order {self.name} {after}")
        tables: dict[str, Table] = {}
        for name, columns in self.columns.items():
            rows = [
                row for load in self.loads[:after] for row in load.events.get(name, ())
            ]
            if after and name in self.loads[after - 1].inputs:
                rows = list(self.loads[after - 1].inputs[name])
            dice.shuffle(rows)
            tables[name] = {"columns": columns, "rows": rows}
        return tables

    def project(self, directory: Path, engine: Engine, after: int) -> Consumer:
        """A new project, never built, with the raw tables after so many loads."""
        return Consumer(directory, engine, vars=self.config, tables=self.tables(after))

    def brings_news(self, load: int) -> bool:
        """Whether the load changes any raw table; the first is number 0."""
        events, inputs = self.loads[load]
        before = self.loads[load - 1].inputs if load else {name: [] for name in inputs}
        return any(events.values()) or inputs != before


def schedule(
    number: int,
    companies: int = COMPANIES,
    *,
    loads: int | None = None,
    loaded_at: LoadedAt | None = None,
    only: Collection[int] | None = None,
) -> Schedule:
    """The schedule of that number.

    Arguments:
        companies: how many share the project.
        loads: how many; drawn, from 2 to 8, if left out.
        loaded_at: which sources say when a row was loaded; drawn if left out.
        only: the companies (as in c017|) to keep, to cut a failure down.
    """
    dice = Random(f"schedule {number} of {companies}")
    first = FIRST_SEED + number * companies
    drawn = batch(range(first, first + companies))
    mapped = dice.choice(MAPPED) if loaded_at is None else loaded_at
    config, columns = _with_loaded_at(mapped, drawn.config, drawn.tables)
    config = _with_drivers(Random(f"drivers {number}"), config)
    members = [
        _Rows(Random(f"{number} {prefix}"), config, tables)
        for prefix, _, tables in drawn.companies
    ]
    plan = _plan(dice, loads or dice.choice(LOADS), members)
    for member in members:
        member.arrange(plan)
    kept = [members[index] for index in sorted(only or range(companies))]
    name = f"schedule({number}, {companies}, {loads=}, {loaded_at=})"
    return Schedule(name, config, columns, _loads(dice, plan, columns, kept))


# ------------------------------------------------------------------------- the project


@dataclass(frozen=True)
class _Plan:
    """What the companies of a schedule share."""

    loads: int
    busy: list[int]
    """The loads that bring anything. Companies count these alone."""
    instants: list[datetime] | None
    """Where all companies are cut; none where each is cut as it likes."""
    server_from: int
    """The first busy load with rows of the second source."""

    @property
    def last(self) -> int:
        return len(self.busy) - 1


def _plan(dice: Random, loads: int, members: Sequence[_Rows]) -> _Plan:
    busy = list(range(loads))
    if loads > 2 and _chance(dice, 40):
        busy.remove(dice.randrange(loads))
    instants = None
    if _chance(dice, 50):
        known = sorted(
            arrival.known_at
            for member in members
            for arrival in member.arrivals
            if EARLY < arrival.known_at < FAR
        )
        begin = len(known) * 3 // 4 if _chance(dice, 60) else 0
        instants = sorted(dice.choice(known[begin:]) for _ in busy[1:])
    server_from = dice.randrange(len(busy)) if _chance(dice, 25) else 0
    return _Plan(loads, busy, instants, server_from)


def _with_loaded_at(
    mapped: LoadedAt, config: Config, tables: Tables
) -> tuple[Config, dict[str, dict[str, str]]]:
    """The project where the sources of events say when a row was loaded, or do not.

    As drawn, the first does.
    """
    config = deepcopy(config)
    config["northstar_metrics"] |= METRICS
    if "northstar_states" in config:
        config["northstar_metrics"] |= STATE_METRICS
    columns = {name: dict(table["columns"]) for name, table in tables.items()}
    app, server = config["northstar_events"]
    if mapped == "none":
        del app["columns"]["loaded_at"]
    if mapped == "all":
        server["columns"]["loaded_at"] = "loaded"
        columns["raw_server_events"]["loaded"] = "timestamp"
    return config, columns


def _with_drivers(dice: Random, config: Config) -> Config:
    """The project where a few metrics have drivers.

    Of the metrics that are added to those drawn, and of these.
    """
    metrics = config["northstar_metrics"]
    added = [name for name in metrics if name in METRICS or name in STATE_METRICS]
    others = [name for name in metrics if name not in added]
    with_drivers_of = [*dice.sample(added, 2), *dice.sample(others, 2)]
    min_cell = dice.choice([0, 3])
    return with_drivers(config, min_cell=min_cell, metrics=with_drivers_of)


def _loads(
    dice: Random,
    plan: _Plan,
    columns: dict[str, dict[str, str]],
    members: Sequence[_Rows],
) -> list[Load]:
    loads: list[Load] = []
    inputs: dict[str, list[RawRow]] = {
        name: [] for name in columns if name not in EVENT_COLUMNS
    }
    for number in range(plan.loads):
        events: dict[str, list[RawRow]] = {name: [] for name in EVENT_COLUMNS}
        if number in plan.busy:
            load = plan.busy.index(number)
            for member in members:
                for arrival in member.arrivals:
                    if arrival.load == load:
                        events[arrival.table].append(arrival.row)
            inputs = {
                name: [row for member in members for row in member.standing(name, load)]
                for name in inputs
            }
        for rows in events.values():
            dice.shuffle(rows)
        loads.append(Load(events, inputs))
    return loads


def _chance(dice: Random, percent: int) -> bool:
    return dice.randrange(100) < percent


# ------------------------------------------------------------------------- the company


class _Arrival:
    """A row of an events table, and the load that brings it."""

    def __init__(self, table: str, columns: Config, row: RawRow) -> None:
        self.table = table
        self.columns = columns
        self.row = row
        self.load = 0

    def get(self, column: str) -> Any:
        """The value of a mapped column; nothing is null."""
        return self.row.get(self.columns.get(column, "")) or None

    @property
    def occurred_at(self) -> datetime:
        """When it happened; early where that is not known."""
        found: datetime = self.get("occurred_at") or EARLY
        return found

    @property
    def known_at(self) -> datetime:
        """When the row says that it was loaded, as the package reads it."""
        found: datetime = self.get("loaded_at") or self.occurred_at
        return found


class _Record(NamedTuple):
    """A row of another input: its versions, each with the load that brings it.

    A version of None takes the row away.
    """

    table: str
    versions: list[tuple[int, RawRow | None]]

    def hasten(self, load: int) -> None:
        """Bring what was to come with a load in the one before."""
        self.versions[:] = [
            (load - 1 if since == load else since, row) for since, row in self.versions
        ]


class _Rows:
    """The rows of one company, and when each arrives."""

    def __init__(self, dice: Random, config: Config, tables: Tables) -> None:
        self.dice = dice
        self.tables = tables
        self.owner = config["northstar_anonymous_owner"]
        self.made = 0
        self.arrivals: list[_Arrival] = []
        self.records: list[_Record] = []
        for source in config["northstar_events"]:
            table = source["relation"]["ref"]
            for row in tables[table]["rows"]:
                columns = source["columns"] | source["attributes"]
                arrival = _Arrival(table, columns, dict(row))
                self._say_when_loaded(arrival)
                self.arrivals.append(arrival)

    def _say_when_loaded(self, arrival: _Arrival) -> None:
        column = arrival.columns.get("loaded_at")
        if column is None or column in arrival.row:
            return
        occurred = arrival.get("occurred_at")
        if occurred is not None:
            # what says that it is of the far future stays of the future
            occurred = occurred if occurred < FAR else datetime(2024, 1, 1)
            occurred += self.dice.choice(DELAYS)
        arrival.row[column] = occurred

    def arrange(self, plan: _Plan) -> None:
        """Give every row of the company its load."""
        self.last = plan.last
        self._cut(plan.instants)
        self._split_ties()
        self._commit_out_of_order()
        self._deliver_again()
        self._deliver_first_copies_last()
        self._log_in_late()
        self._void_late_or_early()
        self.records = [
            _Record(table, self._versions(row, self.tables[table]["rows"]))
            for table in self.tables
            if table not in EVENT_COLUMNS
            for row in self.tables[table]["rows"]
        ]
        for load in range(1, plan.last + 1):
            if self._chance(40):
                self._isolate(load, is_in_step=plan.instants is not None)
        for arrival in self.arrivals:
            if arrival.table == "raw_server_events" and arrival.load != _NEVER:
                arrival.load = max(arrival.load, plan.server_from)

    def standing(self, table: str, load: int) -> list[RawRow]:
        """The rows of an input after a load."""
        latest = [
            [row for since, row in record.versions if since <= load][-1:]
            for record in self.records
            if record.table == table
        ]
        return [row for rows in latest for row in rows if row is not None]

    # ........................................................................ events

    def _cut(self, instants: list[datetime] | None) -> None:
        """In the order of loading: pieces of any size, or a large one and then drops.

        Drops matter: in them a row seldom comes with others that name the same ids.
        """
        self.dice.shuffle(self.arrivals)
        self.arrivals.sort(key=lambda arrival: arrival.known_at)
        end = len(self.arrivals)
        begin = max(end - 8, 0) if self._chance(60) else 0
        cuts = sorted(self.dice.randint(begin, end) for _ in range(self.last))
        for position, arrival in enumerate(self.arrivals):
            if arrival.known_at >= FAR:
                arrival.load = self._from(0)
            elif instants is None:
                arrival.load = sum(cut <= position for cut in cuts)
            else:
                arrival.load = sum(instant <= arrival.known_at for instant in instants)

    def _split_ties(self) -> None:
        """Rows on both sides of a cut that were loaded in one instant."""
        loaded = [arrival for arrival in self.arrivals if arrival.get("loaded_at")]
        for before, after in pairwise(loaded):
            if before.load < after.load and self._chance(50):
                after.row[after.columns["loaded_at"]] = before.get("loaded_at")

    def _commit_out_of_order(self) -> None:
        for arrival in self.arrivals:
            if self._chance(8):
                arrival.load = self._from(arrival.load)

    def _deliver_again(self) -> None:
        """Copies, the same or not; some were loaded before what came before them."""
        for arrival in list(self.arrivals):
            if not self._chance(10):
                continue
            copy = self._copy(arrival)
            copy.load = self._from(arrival.load)
            loaded = arrival.get("loaded_at")
            if loaded is not None:
                moved = [timedelta(0), timedelta(seconds=-30), timedelta(days=1)]
                copy.row[arrival.columns["loaded_at"]] = loaded + self._any(moved)
            if self._chance(60):
                copy.row |= self._changed(arrival)
            self.arrivals.append(copy)

    def _changed(self, arrival: _Arrival) -> RawRow:
        """What a copy says otherwise: of the payload, the time or the person."""
        columns, occurred = arrival.columns, arrival.get("occurred_at")
        changes: list[RawRow] = [
            {columns["channel"]: "other"},
            {columns["value"]: Decimal(7)},
            {columns["user_id"]: self._other().get("user_id")},
            {columns["account_id"]: self._other().get("account_id")},
        ]
        if occurred is not None:
            moved = [timedelta(hours=-1), timedelta(days=-9), timedelta(minutes=1)]
            changes.append({columns["occurred_at"]: occurred + self._any(moved)})
        return self.dice.choice(changes)

    def _deliver_first_copies_last(self) -> None:
        copies: dict[tuple[str, str], list[_Arrival]] = {}
        for arrival in self.arrivals:
            if arrival.get("event_id"):
                key = (arrival.table, arrival.get("event_id"))
                copies.setdefault(key, []).append(arrival)
        for found in copies.values():
            if len(found) > 1 and self._chance(50):
                latest = max(copy.load for copy in found)
                first = min(found, key=lambda copy: copy.known_at)
                first.load = min(latest + 1, self.last)

    def _log_in_late(self) -> None:
        """After what was done on the device; or the login that decides comes last."""
        devices = {arrival.get("anonymous_id") for arrival in self.arrivals}
        for device in sorted(devices - {None}):
            rows = [row for row in self.arrivals if row.get("anonymous_id") == device]
            logins = [row for row in rows if row.get("user_id")]
            alone = [row.load for row in rows if not row.get("user_id")]
            if logins and alone and self._chance(40):
                for login in logins:
                    login.load = max(login.load, min(min(alone) + 1, self.last))
            elif logins and self._chance(40):
                deciding = self._any([min, max])
                deciding(logins, key=lambda login: login.occurred_at).load = self.last

    def _void_late_or_early(self) -> None:
        for arrival in self.arrivals:
            if arrival.get("event_name") == "order_refunded" and self._chance(60):
                arrival.load = self._from(self._any([arrival.load, 0]))

    def _isolate(self, load: int, is_in_step: bool) -> None:
        """A load with one row of the company, or with other inputs alone.

        The row is a new one, and changes what entities have that it does not name.
        """
        others = [arrival for arrival in self.arrivals if arrival.load == load]
        known = [
            arrival
            for arrival in self.arrivals
            if _NEVER < arrival.load < load
            and arrival.get("event_id")
            and arrival.get("occurred_at")
        ]
        for make in self.dice.sample([self._void, self._login, self._displacing], 3):
            lone = make(known) if self._chance(75) else None
            if lone is not None:
                lone.load = load
                self.arrivals.append(lone)
                for record in self.records:
                    record.hasten(load)
                break
        for arrival in others:
            arrival.load = _NEVER if is_in_step else load - 1

    def _void(self, known: Sequence[_Arrival]) -> _Arrival | None:
        """A void of an order, by whoever it was, by another or by nobody."""
        paid = [row for row in known if row.get("event_name") == "order_paid"]
        if not paid:
            return None
        void = self._after(self._any(paid), timedelta(hours=1))
        void.row[void.columns["event_name"]] = "order_refunded"
        if self._chance(80):
            void.row |= self._ids(void, self._other() if self._chance(50) else None)
        return void

    def _login(self, known: Sequence[_Arrival]) -> _Arrival | None:
        """A login that makes a device another's."""
        on_devices = [row for row in known if row.get("anonymous_id")]
        people = [row.get("user_id") for row in known if row.get("user_id")]
        if not on_devices or not people:
            return None
        device = self._any(on_devices)
        logins = [
            row
            for row in on_devices
            if row.get("anonymous_id") == device.get("anonymous_id")
            and row.get("user_id")
        ]
        decides, moved = (min, -1) if self.owner == "first" else (max, 1)
        deciding = decides(logins or [device], key=lambda row: row.occurred_at)
        login = self._after(deciding, timedelta(seconds=moved))
        login.row[login.columns["user_id"]] = self._any(people)
        return login

    def _displacing(self, known: Sequence[_Arrival]) -> _Arrival | None:
        """A copy that was loaded before what came before it, and names others."""
        counted = [row for row in known if row.get("event_name") in COUNTED]
        if not counted:
            return None
        first = self._any(counted)
        copy = self._copy(first)
        says_when = "loaded_at" if "loaded_at" in copy.columns else "occurred_at"
        copy.row[copy.columns[says_when]] = first.known_at - timedelta(seconds=1)
        copy.row |= self._ids(copy, self._other())
        return copy

    def _after(self, arrival: _Arrival, delay: timedelta) -> _Arrival:
        """An event like that one, of its own, so much later."""
        event = self._copy(arrival)
        occurred = arrival.occurred_at + delay
        self.made += 1
        event.row[event.columns["event_id"]] = f"{event.get('event_id')}+{self.made}"
        event.row[event.columns["occurred_at"]] = occurred
        if "loaded_at" in event.columns:
            event.row[event.columns["loaded_at"]] = occurred + timedelta(minutes=1)
        return event

    def _copy(self, arrival: _Arrival) -> _Arrival:
        return _Arrival(arrival.table, arrival.columns, dict(arrival.row))

    def _other(self) -> _Arrival:
        other: _Arrival = self._any(self.arrivals)
        return other

    def _ids(self, arrival: _Arrival, other: _Arrival | None) -> RawRow:
        """The ids of another row, or none, in the columns of this one."""
        return {
            arrival.columns[name]: other and other.get(name)
            for name in ("user_id", "anonymous_id", "account_id")
            if name in arrival.columns
        }

    # ................................................................ other inputs

    def _versions(
        self, row: RawRow, others: Sequence[RawRow]
    ) -> list[tuple[int, RawRow | None]]:
        """A record that comes, is perhaps corrected, and perhaps goes."""
        since = self._from(0) if self._chance(50) else 0
        versions: list[tuple[int, RawRow | None]] = [(since, row)]
        if since < self.last and self._chance(40):
            versions = [(since, row | self._mistaken(row, others))]
            since = self._from(since + 1)
            versions.append((since, row))
        if since < self.last and self._chance(20):
            versions.append((self._from(since + 1), None))
        return versions

    def _mistaken(self, row: RawRow, others: Sequence[RawRow]) -> RawRow:
        """What a record said before it was corrected, one column of it."""
        other = self._any(others)
        same = {"id_type", "entity"}  # whose ids they are moves with the id
        column = self._any([column for column in row if column not in same])
        if column == "valid_to":
            return {column: None}
        if column in ("id", "entity_id"):
            return {name: other[name] for name in row if name in {column, *same}}
        return {column: other[column]}

    # ........................................................................ chance

    def _chance(self, percent: int) -> bool:
        return _chance(self.dice, percent)

    def _any(self, items: Sequence[Any]) -> Any:
        return self.dice.choice(items)

    def _from(self, load: int) -> int:
        """That load or a later one."""
        return self.dice.randint(load, self.last)
