"""Other tools' own test cases for drivers: retention, lifecycles, funnels, repetition.

All cases share one project, as in test_peers: each has its events and its people to
itself, by their names. What builds the marts is the fixture `answers`, and any builder
of them can be a parameter of it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from comparison import public_marts
from consumer import Consumer
from engines import Engine, Row, Table
from reference import evaluate
from reference.values import divided
from test_peers import COLUMNS, LIFECYCLES, START, Case

DAY_BY_DAY = "retention_posthog_day_recurring"
MONTHS = "retention_posthog_month"
WEEKS = "retention_posthog_week_start_sun_and_mon"
TWICE = "retention_posthog_min_occurrences"
CLICKHOUSE = "retention_clickhouse_docs"
DORIS = "retention_doris_docs"
AMPLITUDE = "retention_amplitude_24h_vs_calendar"
UNBOUNDED = "retention_dbt_product_analytics"
STICKINESS = "stickiness_posthog_day"
RFM = "repeat_lifetimes_rfm_daily"
ORDERED = "funnel_clickhouse_ordered_vs_strict_order"
REENTRY = "funnel_clickhouse_reentry"
INCLUSIVE = "funnel_clickhouse_window_inclusive"
ORDERS = "funnel_dbt_product_analytics"
TIMES = "funnel_posthog_conversion_times"
WINDOWS = "funnel_posthog_conversion_window"
IDENTITY = "funnel_posthog_ordered_with_identity"
UNORDERED = "funnel_posthog_unordered"

RECURRING = {DAY_BY_DAY: "day", TWICE: "day", MONTHS: "month", WEEKS: "week"}
DRIVERS = [*LIFECYCLES, STICKINESS, RFM]
FIRST_EVER = {CLICKHOUSE: "day", DORIS: "day"}

ANY_TIME = 1000
"""More days than any of the journeys takes."""
SUNDAY = 7
END = datetime(2023, 1, 1)
"""The watermark: long after everything."""

Marts = dict[str, list[Row]]
Answers = Callable[[dict[str, Any], dict[str, Table]], Marts]
"""A project and its tables, answered by the rows of each mart, by its short name."""


class Cases:
    """Events, entities, metrics, analyses and funnels of the cases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Row] = []
        self.links: list[Row] = []
        self.entities = {"user": {"id": "user_id"}, "account": {"id": "account_id"}}
        self.metrics: dict[str, Any] = {}
        self.retention: list[dict[str, Any]] = []
        self.funnels: dict[str, Any] = {}

    def case(self, name: str) -> Case:
        """The case in the file of that name."""
        content = json.loads((self.folder / f"{name}.json").read_text("utf-8"))
        return Case(name, content["input"], content["expected"])

    def vars(self, **settings: Any) -> dict[str, Any]:
        """The project."""
        first = next(iter(self.metrics))
        metrics = self.metrics | {first: self.metrics[first] | {"level": "north_star"}}
        return {
            "northstar_events": [
                {
                    "name": "peers",
                    "relation": {"source": ["raw", "events"]},
                    "columns": {name: name for name in COLUMNS},
                }
            ],
            "northstar_identity_links": {
                "relation": {"source": ["raw", "links"]},
                "columns": {"from_id": "from_id", "to_id": "to_id"},
            },
            "northstar_entities": self.entities,
            "northstar_metrics": metrics,
            "northstar_driver_metrics": [name for name in DRIVERS if name in metrics],
            "northstar_retention": self.retention,
            "northstar_funnels": self.funnels,
            **settings,
        }

    def tables(self) -> dict[str, Table]:
        """Its raw tables; the last row sets the watermark."""
        end = {"event_name": "end", "occurred_at": END, "loaded_at": END}
        rows = [*self.events, {**end, "user_id": "the end"}]
        events = [
            dict.fromkeys(COLUMNS) | row | {"event_id": f"e{number}"}
            for number, row in enumerate(rows)
        ]
        links = {"from_id": "text", "to_id": "text"}
        return {
            "events": {"columns": COLUMNS, "rows": events},
            "links": {"columns": links, "rows": self.links},
        }

    def measure(self, case: Case, name: str, grain: str, **keys: Any) -> None:
        """A metric of the case: the people with an event `active`, period by period."""
        self.metrics[name] = {
            "entity": "user",
            "events": [{"event": f"{case.name} active"}],
            "window": {"calendar": grain},
            "total": "entities",
            **keys,
        }

    def analyse(self, metric: str, **keys: Any) -> None:
        """An analysis of retention, by the name of its metric unless it has one."""
        self.retention.append({"name": metric, "metric": metric, **keys})

    def funnel(self, case: Case, name: str, steps: Iterable[Any], days: int) -> None:
        """A funnel; all who enter in a quarter are one cohort."""
        self.funnels[name] = {
            "entity": "user",
            "steps": [{"event": f"{case.name} {step}"} for step in steps],
            "window": f"{days}d",
            "grain": "quarter",
        }

    def link(self, case: Case, one: str, other: str) -> None:
        """Two names of one person."""
        self.links.append(
            {"from_id": f"{case.name} {one}", "to_id": f"{case.name} {other}"}
        )

    def add_all(self) -> None:
        """Every case but those that need settings of their own."""
        for name in LIFECYCLES:
            self.add_lifecycle(name)
        for name, grain in RECURRING.items():
            self.add_recurring(name, grain)
        for name, grain in FIRST_EVER.items():
            self.add_first_ever(name, grain)
        self.add_amplitude()
        self.add_unbounded()
        self.add_stickiness()
        self.add_rfm()
        self.add_funnel(ORDERED, ["a", "b", "c"], 1)
        steps = ["begin_checkout", "view_product_detail", "complete_payment"]
        self.add_funnel(REENTRY, steps, 1)
        self.add_funnel(TIMES, ["sign up", "play movie", "buy"], 7)
        self.add_inclusive()
        self.add_orders()
        self.add_windows()
        self.add_identity()
        self.add_unordered()

    def add_lifecycle(self, name: str) -> None:
        case, (entity, grain, _) = self.case(name), LIFECYCLES[name]
        for row in case.input["events"]:
            person = row["person"] if entity == "account" else row["distinct_id"]
            account = row.get("account")
            self.events.append(
                case.event(person, "active", row["timestamp"], account_id=account)
            )
        for alias, person in case.input.get("identity", {}).items():
            self.link(case, alias, person)
        self.measure(case, name, grain, entity=entity)

    def add_recurring(self, name: str, grain: str) -> None:
        case = self.case(name)
        for row in case.input["events"]:
            self.events.append(
                case.event(row["distinct_id"], "active", row["timestamp"])
            )
        for alias, person in case.input["identity"].items():
            self.link(case, alias, person)
        least = {"count": "events", "at_least": 2 if name == TWICE else 1}
        self.measure(case, name, grain, per_entity=least)
        self.analyse(name, kind="period", cohort="recurring")

    def add_first_ever(self, name: str, grain: str) -> None:
        case = self.case(name)
        for row in case.input["events"]:
            self.events.append(case.event(row["uid"], "active", row["date"]))
        self.measure(case, name, grain)
        self.analyse(name, kind="period")

    def add_amplitude(self) -> None:
        case = self.case(AMPLITUDE)
        for row in case.input["events"]:
            name = f"active of {row['user']}"
            self.events.append(case.event(row["user"], name, row["ts"]))
        spans = {"1": [0, 1], "2": [[0, 7], [7, 14]], "3": [[0, 30], [30, 60]]}
        for user, days in spans.items():
            metric = f"{AMPLITUDE}_{user}"
            events = [{"event": f"{case.name} active of {user}"}]
            self.measure(case, metric, "week", events=events)
            kind = "n_day" if user == "1" else "bracket"
            for clock in ("calendar", "24h"):
                name = f"{metric} {clock}"
                self.analyse(metric, name=name, kind=kind, days=days, clock=clock)

    def add_unbounded(self) -> None:
        case = self.case(UNBOUNDED)
        for row in case.input:
            if row["order_date"] < "2018-02-01":
                user = row["user_id"]
                self.events.append(
                    case.event(user, row["status"], row["order_date"], account_id=user)
                )
        # of their own kind, so that nobody else is in their cohort
        self.entities["visitor"] = {"id": "account_id"}
        self.entities["buyer"] = {
            "id": "account_id",
            "anchor": f"{case.name} completed",
        }
        events = [{"event": f"{case.name} completed"}]
        days = [int(row["period"]) for row in case.expected]
        for entity in ("visitor", "buyer"):
            name = f"{UNBOUNDED}_{entity}"
            self.measure(case, name, "quarter", entity=entity, events=events)
            self.analyse(name, kind="unbounded", days=days, horizon=31)

    def add_stickiness(self) -> None:
        case = self.case(STICKINESS)
        for row in case.input["events"]:
            self.events.append(
                case.event(row["distinct_id"], "active", row["timestamp"])
            )
        self.measure(case, STICKINESS, "month")

    def add_rfm(self) -> None:
        case = self.case(RFM)
        for row in case.input:
            self.events.append(case.event(row["id"], "active", row["date"]))
        self.measure(case, RFM, "quarter", total="measure")

    def add_funnel(self, name: str, steps: list[str], days: int) -> None:
        """A funnel of people whose events have an instant, or a second."""
        case = self.case(name)
        for person, rows in case.input.items():
            for row in rows:
                at = row.get("timestamp") or START + timedelta(seconds=row["t"])
                self.events.append(case.event(person, row["event"], at))
        self.funnel(case, name, steps, days)

    def add_inclusive(self) -> None:
        """Windows are whole days here, so each second of theirs takes one."""
        case = self.case(INCLUSIVE)
        for row in case.input["user_1"]:
            at = START + timedelta(days=row["t"])
            self.events.append(case.event("user_1", row["event"], at))
        for number, wanted in enumerate(case.expected):
            if len(wanted["steps"]) > 1:
                window = min(wanted["window"], ANY_TIME)
                for more in (0, 1):
                    name = f"{INCLUSIVE}_{number}_{more}"
                    self.funnel(case, name, wanted["steps"], window + more)

    def add_orders(self) -> None:
        case = self.case(ORDERS)
        for row in case.input:
            self.events.append(
                case.event(row["customer_id"], row["status"], row["order_date"])
            )
        self.funnel(case, ORDERS, ["placed", "completed", "returned"], ANY_TIME)

    def add_windows(self) -> None:
        """The window of minutes is one of days here, on a clock of a day a minute."""
        case = self.case(WINDOWS)
        midnight = datetime(2020, 1, 2)
        for person, rows in case.input.items():
            for row in rows:
                at = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=None)
                slow = START + (at - midnight) // timedelta(minutes=1) * timedelta(1)
                self.events.append(case.event(person, row["event"], at))
                self.events.append(case.event(person, f"{row['event']} slowly", slow))
        steps = ["user signed up", "pageview"]
        self.funnel(case, WINDOWS, steps, 14)
        for days in (5, 6):
            slow_steps = [f"{step} slowly" for step in steps]
            self.funnel(case, f"{WINDOWS}_{days}", slow_steps, days)

    def add_identity(self) -> None:
        case = self.case(IDENTITY)
        for merged in ("before", "after"):
            for row in case.input["events"]:
                person, name = row["distinct_id"], f"{merged} {row['event']}"
                self.events.append(
                    case.event(f"{merged} {person}", name, row["timestamp"])
                )
            links = dict(case.input["identity"])
            links |= case.input["merge_later"] if merged == "after" else {}
            for one, other in links.items():
                self.link(case, f"{merged} {one}", f"{merged} {other}")
            steps = [f"{merged} {step}" for step in ("signup", "pay", "movie")]
            self.funnel(case, f"{IDENTITY}_{merged}", steps, 14)

    def add_unordered(self) -> None:
        case = self.case(UNORDERED)
        for person, letters in case.input.items():
            for minute, letter in enumerate(letters.split()):
                at = START + timedelta(minutes=minute)
                self.events.append(case.event(person, letter, at))
        events = [{"event": f"{case.name} {letter}"} for letter in "SPIC"]
        distinct = {"distinct": "event_name"}
        self.measure(case, UNORDERED, "month", events=events, per_entity=distinct)
        self.funnel(case, UNORDERED, "SPIC", ANY_TIME)


@pytest.fixture(scope="module", params=["reference", "package"])
def answers(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    duckdb_engine: Engine,
) -> Answers:
    """What builds the marts."""

    def build(vars: dict[str, Any], tables: dict[str, Table]) -> Marts:
        directory = tmp_path_factory.mktemp("cases")
        consumer = Consumer(directory, duckdb_engine, vars=vars, tables=tables)
        consumer.build().assert_success()
        return {
            name.removeprefix("northstar__"): rows
            for name, rows in public_marts(consumer).items()
        }

    return evaluate if request.param == "reference" else build


@pytest.fixture(scope="module")
def cases(test_data: Path) -> Cases:
    folder = test_data / "cases"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}")
    return Cases(folder)


@pytest.fixture(scope="module")
def marts(cases: Cases, answers: Answers) -> Marts:
    together = Cases(cases.folder)
    together.add_all()
    return answers(together.vars(), together.tables())


def of(marts: Marts, mart: str, **wanted: Any) -> list[Row]:
    """The rows of a mart with these values."""
    return [
        row
        for row in marts[mart]
        if all(row[name] == value for name, value in wanted.items())
    ]


# ------------------------------------------------------------------------ lifecycles


def lifecycle(marts: Marts, name: str, periods: int) -> dict[str, list[int]]:
    """People by how they came and went, under the names of the peer."""
    _, grain, first = LIFECYCLES[name]
    start = date.fromisoformat(first)
    starts = [
        start + timedelta(days=number)
        if grain == "day"
        else start.replace(month=start.month + number)
        for number in range(periods)
    ]
    growth = {
        row["period_start"]: row
        for row in of(marts, "growth_accounting", metric_name=name)
    }
    return {
        "new": [growth[at]["new_entities"] for at in starts],
        "returning": [growth[at]["retained_entities"] for at in starts],
        "resurrecting": [growth[at]["resurrected_entities"] for at in starts],
        "dormant": [-growth[at]["churned_entities"] for at in starts],
    }


@pytest.mark.parametrize(
    "name", [name for name, (entity, *_) in LIFECYCLES.items() if entity == "user"]
)
def test_growth_accounting_is_the_lifecycle_of_posthog(
    name: str, marts: Marts, cases: Cases
) -> None:
    expected = cases.case(name).expected
    assert lifecycle(marts, name, len(expected["new"])) == expected


def test_accounts_come_and_go_as_in_posthog_but_are_new_at_their_first_event(
    marts: Marts, cases: Cases
) -> None:
    # There an account is new when its group was created. The one without a date of
    # creation is resurrected by its first event; here that event makes it new.
    name = "lifecycle_posthog_account_level"
    expected = cases.case(name).expected
    theirs = expected["as_in_peer_test"]
    ours = lifecycle(marts, name, len(theirs["new"]))

    assert ours == expected["with_first_event_rule"]
    assert ours != theirs
    for status in ("returning", "dormant"):
        assert ours[status] == theirs[status]


# ------------------------------------------------------------------------- retention


def matrix(marts: Marts, name: str, starts: list[date]) -> list[list[int]]:
    """Who was there and who was later, by cohort; 0 where a cohort has nobody.

    A cell later than the last start is 0, as the peer has it.
    """
    found: dict[tuple[date, int], int] = defaultdict(int)
    for row in of(marts, "retention_cohorts", analysis_name=name):
        found[row["cohort_start"], row["periods_since"]] = row["retained_entities"]
    size = len(starts)
    return [
        [found[start, k] if number + k < size else 0 for k in range(size)]
        for number, start in enumerate(starts)
    ]


def days_from(first: str, count: int, step: int = 1) -> list[date]:
    """Dates that follow one another."""
    start = date.fromisoformat(first)
    return [start + timedelta(days=step * number) for number in range(count)]


def test_recurring_retention_by_day_is_that_of_posthog(
    marts: Marts, cases: Cases
) -> None:
    expected = cases.case(DAY_BY_DAY).expected
    starts = days_from(expected["first_day"], len(expected["matrix"]))
    assert matrix(marts, DAY_BY_DAY, starts) == expected["matrix"]


def test_recurring_retention_by_month_is_that_of_posthog(
    marts: Marts, cases: Cases
) -> None:
    expected = cases.case(MONTHS).expected
    first = date.fromisoformat(expected["first_month"])
    starts = [first.replace(month=n + 1) for n in range(len(expected["matrix"]))]
    assert matrix(marts, MONTHS, starts) == expected["matrix"]


def test_recurring_retention_by_week_is_that_of_posthog_whenever_weeks_start(
    marts: Marts, cases: Cases, answers: Answers
) -> None:
    expected = cases.case(WEEKS).expected
    alone = Cases(cases.folder)
    alone.add_recurring(WEEKS, "week")
    sundays = answers(alone.vars(northstar_week_start=SUNDAY), alone.tables())
    size = len(expected["matrix"])
    mondays = days_from(expected["week_starts_monday"], size, step=7)
    assert matrix(marts, WEEKS, mondays) == expected["matrix"]
    starts = days_from(expected["week_starts_sunday"], size, step=7)
    assert matrix(sundays, WEEKS, starts) == expected["matrix"]


def test_a_threshold_holds_for_who_starts_too_and_in_posthog_for_returns_alone(
    marts: Marts, cases: Cases
) -> None:
    # There one event starts and two are a return; here a person qualifies with two or
    # does not. All of their returns are on the one day on which somebody has two.
    expected = cases.case(TWICE).expected
    starts = days_from("2020-06-10", len(expected["matrix"]))
    returned_on = {
        starts[number + later]
        for number, row in enumerate(expected["matrix"])
        for later, people in enumerate(row)
        if later > 0 and people > 0
    }
    twice = of(marts, "metric_periods", metric_name=TWICE, qualified_entities=1)
    assert {row["period_start"] for row in twice} == returned_on
    cohorts = of(marts, "retention_cohorts", analysis_name=TWICE, periods_since=0)
    assert {row["cohort_start"] for row in cohorts} == returned_on
    ours = matrix(marts, TWICE, starts)
    assert ours != expected["matrix"]
    assert sum(map(sum, ours)) == 1


def test_first_ever_retention_is_that_of_clickhouse_and_doris(
    marts: Marts, cases: Cases
) -> None:
    expected = cases.case(CLICKHOUSE).expected["cohort_2020_01_01"]
    days = [expected[f"day{number}"] for number in range(3)]
    starts = days_from("2020-01-01", 3)
    assert matrix(marts, CLICKHOUSE, starts)[0] == days
    expected = cases.case(DORIS).expected["cohort_2022_10_12"]
    assert matrix(marts, DORIS, days_from("2022-10-12", 3))[0] == expected


def test_a_day_of_24_hours_is_exact_and_that_of_amplitude_begins_on_the_hour(
    marts: Marts, cases: Cases
) -> None:
    # The first user comes back after 23 hours and a minute, on the next calendar day.
    # Amplitude's first 24 hours began at 17:00, so there that is day 1 by both clocks.
    assert cases.case(AMPLITUDE).expected["user1"].startswith("Day 1 retained")

    def retained(user: str, clock: str) -> dict[int, int]:
        name = f"{AMPLITUDE}_{user} {clock}"
        found: Counter[int] = Counter()
        for row in of(marts, "retention_cohorts", analysis_name=name):
            found[row["periods_since"]] += row["retained_entities"]
        return dict(found)

    assert retained("1", "calendar") == {0: 1, 1: 1}
    assert retained("1", "24h") == {0: 1, 1: 0}
    # A week and a month since the start are brackets: the others are in the first ones.
    for clock in ("calendar", "24h"):
        assert retained("2", clock) == {0: 1, 7: 0}
        assert retained("3", clock) == {0: 1, 30: 0}


def test_unbounded_retention_is_that_of_dbt_product_analytics(
    marts: Marts, cases: Cases
) -> None:
    # Its macro does not look at the first action: it begins with whatever a user did
    # first. So does an entity without an anchor event here.
    users = {
        row["user_id"]
        for row in cases.case(UNBOUNDED).input
        if row["order_date"] < "2018-02-01"
    }
    ours = unbounded(marts, "visitor")
    for theirs in cases.case(UNBOUNDED).expected:
        row = ours[theirs["period"]]
        assert row["cohort_entities"] == row["mature_entities"] == len(users)
        assert row["retained_entities"] == int(theirs["unique_users"])
        # theirs is cut off after eighteen places
        distance = row["retention_rate"] - Decimal(theirs["pct_users"])
        assert abs(distance) < Decimal("0.000000001")
    # With `completed` for an anchor, who completed once does not come back. One did so
    # 25 days after placing the order.
    anchored = unbounded(marts, "buyer")
    fewer = {
        day: row["retained_entities"] - anchored[day]["retained_entities"]
        for day, row in ours.items()
    }
    assert fewer == {"0": 0, "1": 1, "7": 1, "14": 1}


def unbounded(marts: Marts, entity: str) -> dict[str, Row]:
    """The analysis of the case for one kind of entity, by the day it begins at."""
    rows = of(
        marts,
        "retention_cohorts",
        analysis_name=f"{UNBOUNDED}_{entity}",
        cohort_start=date(2018, 1, 1),
    )
    return {str(row["periods_since"]): row for row in rows}


# ---------------------------------------------------------- engagement and repetition


def test_people_by_active_days_are_those_of_posthog(marts: Marts, cases: Cases) -> None:
    # Theirs are eleven days, of which all with an event are in one month of ours.
    rows = of(
        marts,
        "active_days",
        metric_name=STICKINESS,
        period_start=date(2020, 1, 1),
    )
    days = {row["active_days"]: row["entities"] for row in rows}
    expected = cases.case(STICKINESS).expected["users_by_active_days"]
    assert [days[number] for number in range(1, 12)] == expected
    assert sum(days.values()) == sum(expected)


def test_customers_repeat_as_often_as_in_lifetimes(marts: Marts, cases: Cases) -> None:
    # Theirs is the number of days after the first on which a customer bought; here each
    # bought once a day, so those who reach event n are those with n - 1 repetitions.
    rows = of(marts, "repeat_steps", metric_name=RFM)
    reached: Counter[int] = Counter()
    repeated: Counter[int] = Counter()
    for row in rows:
        reached[row["n"]] += row["reached_entities"]
        repeated[row["n"]] += row["repeated_entities"]
    customers = cases.case(RFM).expected.values()
    for n in range(1, 5):
        assert reached[n] == sum(c["frequency"] >= n - 1 for c in customers)
    # all but customer 1, who came back after 36 days, did so within 30
    late = sum(c["frequency"] == 1 and c["recency"] > 30 for c in customers)
    assert late == 1
    assert repeated[1] == reached[2] - late
    assert repeated[2] == reached[3]


# --------------------------------------------------------------------------- funnels


def reached(marts: Marts, name: str) -> list[int]:
    """How many reached each step, of everyone who entered."""
    found: Counter[int] = Counter()
    for row in of(marts, "funnel_steps", funnel_name=name):
        found[row["step"]] += row["reached_entities"]
    return [found[step] for step in sorted(found)]


def by_level(levels: Iterable[int]) -> list[int]:
    """How many reached each of three steps, from the last step of each."""
    levels = list(levels)
    return [sum(level >= step for level in levels) for step in (1, 2, 3)]


def test_what_happens_between_steps_does_not_matter_as_in_clickhouse(
    marts: Marts, cases: Cases
) -> None:
    # Its strict modes stop at an event that is not the next step, and ours never does.
    expected = cases.case(ORDERED).expected
    assert reached(marts, ORDERED) == by_level(expected["ordered"].values())
    assert reached(marts, ORDERED) != by_level(expected["strict_order"].values())
    expected = cases.case(REENTRY).expected
    again, strict = expected["strict_order_allow_reentry"], expected["strict_order"]
    assert reached(marts, REENTRY) == by_level(again.values())
    assert reached(marts, REENTRY) != by_level(strict.values())


def test_the_last_instant_of_a_window_is_outside_and_in_clickhouse_inside(
    marts: Marts, cases: Cases
) -> None:
    case = cases.case(INCLUSIVE)
    times = {row["event"]: row["t"] for row in case.input["user_1"]}
    compared = set()
    for number, wanted in enumerate(case.expected):
        steps = wanted["steps"]
        if len(steps) == 1:
            continue  # a funnel has two steps at least
        end = times[steps[0]] + wanted["window"]
        at_the_end = sum(times[step] == end for step in steps)
        levels = [
            sum(reached(marts, f"{INCLUSIVE}_{number}_{more}")) for more in (0, 1)
        ]
        assert levels[0] == wanted["level"] - at_the_end
        if at_the_end:
            assert levels[1] == wanted["level"]
        compared.add(at_the_end)
    assert compared == {0, 1}


def test_orders_go_through_the_funnel_as_in_dbt_product_analytics(
    marts: Marts, cases: Cases
) -> None:
    expected = cases.case(ORDERS).expected
    assert reached(marts, ORDERS) == [int(step["unique_users"]) for step in expected]
    rows = of(marts, "funnel_steps", funnel_name=ORDERS)
    for row, theirs in zip(rows, expected, strict=True):
        overall, step = (theirs[n] for n in ("pct_conversion", "pct_of_previous"))
        assert row["overall_conversion_rate"] == nine_places(overall)
        assert row["step_conversion_rate"] == nine_places(step)


def nine_places(text: str) -> Decimal | None:
    """A number of theirs, as we publish it; no number is none."""
    return divided(Decimal(text), Decimal(1)) if text else None


def test_conversion_times_are_those_of_posthog(marts: Marts, cases: Cases) -> None:
    # Theirs has the mean too, which one slow person moves; here is the median alone.
    expected = cases.case(TIMES).expected
    rows = sorted(
        of(marts, "funnel_steps", funnel_name=TIMES), key=lambda row: row["step"]
    )
    assert [row["reached_entities"] for row in rows] == expected["counts"]
    assert [row["median_seconds"] for row in rows] == expected["median"]


def test_conversion_in_a_window_is_that_of_posthog_but_for_the_last_instant(
    marts: Marts, cases: Cases
) -> None:
    expected = cases.case(WINDOWS).expected
    assert reached(marts, WINDOWS) == expected["window_14d"]["counts"]
    entered, in_5_minutes = expected["window_5min"]["counts"]
    assert reached(marts, f"{WINDOWS}_5") == [entered, in_5_minutes - 1]
    assert reached(marts, f"{WINDOWS}_6") == [entered, in_5_minutes]


def test_merged_people_are_one_in_a_funnel_as_in_posthog(
    marts: Marts, cases: Cases
) -> None:
    expected = cases.case(IDENTITY).expected
    assert reached(marts, f"{IDENTITY}_before") == expected["before_merge"]
    assert reached(marts, f"{IDENTITY}_after") == expected["after_merge"]


def test_steps_in_any_order_are_a_distinct_count_and_no_funnel(
    marts: Marts, cases: Cases
) -> None:
    # PostHog's unordered funnel counts the steps that a person did, whatever came
    # first. Here that is `per_entity: {distinct: event_name}`; funnels are in order.
    rows = of(marts, "entity_periods", metric_name=UNORDERED)
    expected = cases.case(UNORDERED).expected["counts"]
    done = [sum(row["measure"] >= least for row in rows) for least in range(1, 5)]
    assert done == expected
    assert reached(marts, UNORDERED) != expected
