"""Other tools' own test cases, asked of the package: docs/peers.md tells the outcome.

All cases share one project. Each has its events and its people to itself, by their
names: what a tool calls `sign up` is `case sign up` here.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from consumer import Consumer
from engines import Engine, Row, Table

LIFECYCLES = {
    "lifecycle_posthog_day": ("user", "day", "2020-01-12"),
    "lifecycle_posthog_identity_merge": ("user", "day", "2020-01-12"),
    "lifecycle_posthog_month": ("user", "month", "2020-02-01"),
    "lifecycle_posthog_account_level": ("account", "day", "2020-01-09"),
}
RFM = "repeat_lifetimes_rfm_daily"
STICKINESS = "stickiness_posthog_day"
CONVERSION = "funnel_posthog_conversion_window"
FUNNEL = "funnel_clickhouse_window_inclusive"

# Windows since an anchor are whole days, and these cases count seconds and minutes: on
# our clock each of them takes a day. Theirs of 10,000 seconds is as long as all of it.
ANY_TIME = 3660
START = datetime(2020, 1, 1)

COLUMNS = {
    "event_id": "text",
    "event_name": "text",
    "occurred_at": "timestamp",
    "loaded_at": "timestamp",
    "user_id": "text",
    "account_id": "text",
    "value": "number",
}


class Case(NamedTuple):
    """What a file says."""

    name: str
    input: Any
    expected: Any

    def event(
        self, user: object, name: object, at: str | datetime, **columns: Any
    ) -> Row:
        """A raw event that no other case has."""
        moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
        moment = moment.replace(tzinfo=None)
        return {
            "event_name": f"{self.name} {name}",
            "occurred_at": moment,
            "loaded_at": moment,
            "user_id": f"{self.name} {user}",
            **columns,
        }


class Peers:
    """Events, entities and metrics of all the cases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Row] = []
        self.links: list[Row] = []
        self.entities = {"user": {"id": "user_id"}, "account": {"id": "account_id"}}
        self.metrics: dict[str, Any] = {}
        for name, (entity, grain, _) in LIFECYCLES.items():
            self._add_lifecycle(self.case(name), entity, grain)
        self._add_rfm(self.case(RFM))
        self._add_stickiness(self.case(STICKINESS))
        self._add_conversion(self.case(CONVERSION))
        self._add_funnel(self.case(FUNNEL))
        self.metrics[STICKINESS]["level"] = "north_star"

    def case(self, name: str) -> Case:
        """The case in the file of that name."""
        content = json.loads((self.folder / f"{name}.json").read_text("utf-8"))
        return Case(name, content["input"], content["expected"])

    def vars(self) -> dict[str, Any]:
        """The project."""
        links = {"from_id": "from_id", "to_id": "to_id"}
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
                "columns": links,
            },
            "northstar_entities": self.entities,
            "northstar_metrics": self.metrics,
        }

    def tables(self) -> dict[str, Table]:
        """Its raw tables."""
        events = [
            {**event, "event_id": f"e{number}"}
            for number, event in enumerate(self.events)
        ]
        links = {"from_id": "text", "to_id": "text"}
        return {
            "events": {"columns": COLUMNS, "rows": events},
            "links": {"columns": links, "rows": self.links},
        }

    def _add_lifecycle(self, case: Case, entity: str, grain: str) -> None:
        for row in case.input["events"]:
            person = row["person"] if entity == "account" else row["distinct_id"]
            account = row.get("account")
            self.events.append(
                case.event(person, "active", row["timestamp"], account_id=account)
            )
        for alias, person in case.input.get("identity", {}).items():
            self.links.append(
                {"from_id": f"{case.name} {alias}", "to_id": f"{case.name} {person}"}
            )
        self.metrics[case.name] = {
            "entity": entity,
            "events": [{"event": f"{case.name} active"}],
            "window": {"calendar": grain},
            "total": "entities",
        }

    def _add_rfm(self, case: Case) -> None:
        for row in case.input:
            self.events.append(
                case.event(row["id"], "bought", row["date"], value=row["value"])
            )
        bought = {
            "entity": "user",
            "events": [{"event": f"{case.name} bought"}],
            "window": {"lifetime": "month"},
            "total": "measure",
        }
        self.metrics["purchase_days"] = {
            **bought,
            "per_entity": {"distinct": "local_date"},
        }
        self.metrics["repeat_value"] = {
            **bought,
            "nth": {"min": 2},
            "per_entity": {"sum": "value"},
        }

    def _add_stickiness(self, case: Case) -> None:
        for row in case.input["events"]:
            self.events.append(
                case.event(row["distinct_id"], "active", row["timestamp"])
            )
        self.metrics[case.name] = {
            "entity": "user",
            "events": [{"event": f"{case.name} active"}],
            "per_entity": {"distinct": "local_date"},
            "window": {"rolling": "11d"},
            "total": "entities",
        }

    def _add_conversion(self, case: Case) -> None:
        midnight = datetime(2020, 1, 2)
        for person, rows in case.input.items():
            for row in rows:
                at = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=None)
                slow = START + (at - midnight) // timedelta(minutes=1) * timedelta(1)
                self.events.append(case.event(person, row["event"], at))
                self.events.append(
                    case.event(f"{person} slowly", f"{row['event']} slowly", slow)
                )
        for name, window, suffix in (
            ("converted_in_14_days", "14d", ""),
            ("converted_in_5_minutes", "5d", " slowly"),
            ("converted_in_6_minutes", "6d", " slowly"),
        ):
            entity = f"signed_up{suffix.replace(' ', '_')}"
            anchor = f"{case.name} user signed up{suffix}"
            self.entities[entity] = {"id": "user_id", "anchor": anchor}
            self.metrics[name] = {
                "entity": entity,
                "events": [{"event": f"{case.name} pageview{suffix}"}],
                "window": {"since_anchor": window, "book": "cohort", "grain": "month"},
                "total": "entities",
            }

    def _add_funnel(self, case: Case) -> None:
        for user, rows in case.input.items():
            for row in rows:
                at = START + timedelta(days=row["t"])
                self.events.append(case.event(user, row["event"], at))
        for number, wanted in enumerate(case.expected):
            first = wanted["steps"][0]
            entity = f"reached_{first}"
            anchor = f"{case.name} {first}"
            self.entities[entity] = {"id": "user_id", "anchor": anchor}
            is_short = wanted["window"] < 10
            windows = {f"steps_{number}": wanted["window"] if is_short else ANY_TIME}
            if is_short:
                windows[f"steps_{number}_and_one_more"] = wanted["window"] + 1
            for name, days in windows.items():
                self.metrics[name] = {
                    "entity": entity,
                    "events": [
                        {"event": f"{case.name} {step}"} for step in wanted["steps"]
                    ],
                    "per_entity": {"distinct": "event_name"},
                    "window": {
                        "since_anchor": f"{days}d",
                        "book": "cohort",
                        "grain": "month",
                    },
                    "total": "measure",
                }


@pytest.fixture(scope="module")
def peers(test_data: Path) -> Peers:
    folder = test_data / "cases"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}")
    return Peers(folder)


@pytest.fixture(scope="module")
def project(
    peers: Peers, duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Consumer:
    consumer = Consumer(
        tmp_path_factory.mktemp("peers"),
        duckdb_engine,
        vars=peers.vars(),
        tables=peers.tables(),
        drivers=False,
    )
    consumer.dbt("run").assert_success()
    return consumer


def people(project: Consumer, metric: str) -> list[Row]:
    return project.rows("northstar__entity_periods", f"metric_name = '{metric}'")


def total(project: Consumer, metric: str) -> Decimal:
    rows = project.rows("northstar__metric_periods", f"metric_name = '{metric}'")
    return sum((row["value"] for row in rows), Decimal(0))


def lifecycle(project: Consumer, metric: str, periods: int) -> dict[str, list[int]]:
    """People by growth status in each of the periods, under the names of the peer."""
    _, grain, first = LIFECYCLES[metric]
    start = date.fromisoformat(first)
    starts = [
        start + timedelta(days=number)
        if grain == "day"
        else start.replace(month=start.month + number)
        for number in range(periods)
    ]
    found = Counter(
        (row["growth_status"], row["period_start"]) for row in people(project, metric)
    )
    return {
        theirs: [found[ours, start] for start in starts]
        for theirs, ours in (
            ("new", "new"),
            ("returning", "retained"),
            ("resurrecting", "resurrected"),
        )
    }


def came(statuses: dict[str, list[int]]) -> list[int]:
    """Who was not there before, new or not."""
    pairs = zip(statuses["new"], statuses["resurrecting"], strict=True)
    return [new + resurrecting for new, resurrecting in pairs]


@pytest.mark.parametrize(
    "name", [name for name, (entity, *_) in LIFECYCLES.items() if entity == "user"]
)
def test_people_are_new_returning_and_resurrected_as_in_posthog(
    name: str, project: Consumer, peers: Peers
) -> None:
    expected = peers.case(name).expected
    del expected["dormant"]  # those who are not there have no row
    assert lifecycle(project, name, len(expected["new"])) == expected


def test_an_account_is_new_at_its_first_event_and_in_posthog_at_its_creation(
    project: Consumer, peers: Peers
) -> None:
    name = "lifecycle_posthog_account_level"
    expected = peers.case(name).expected
    first_event, theirs = expected["with_first_event_rule"], expected["as_in_peer_test"]
    ours = lifecycle(project, name, len(theirs["new"]))

    del first_event["dormant"]
    assert ours == first_event
    assert ours != {key: theirs[key] for key in ours}
    assert ours["returning"] == theirs["returning"]
    assert came(ours) == came(theirs)


def test_purchase_frequency_and_value_are_those_of_lifetimes(
    project: Consumer, peers: Peers
) -> None:
    def latest(metric: str) -> dict[str, Decimal]:
        rows = sorted(people(project, metric), key=lambda row: row["period_start"])
        return {row["entity_id"].split()[-1]: row["measure"] for row in rows}

    days, repeat_value = latest("purchase_days"), latest("repeat_value")
    first_seen = {
        row["entity_id"].split()[-1]: row["first_seen_at"].date()
        for row in project.rows(
            "northstar__entities", f"entity_type = 'user' and entity_id like '{RFM}%'"
        )
    }
    expected = peers.case(RFM).expected
    for customer in expected.values():
        del customer["recency"]  # needs the last event, which no mart has
    assert expected == {
        customer: {
            "frequency": count - 1,
            "T": (date(2015, 2, 7) - first_seen[customer]).days,
            "monetary": repeat_value[customer] / (count - 1) if count > 1 else 0,
        }
        for customer, count in days.items()
    }


def test_people_by_active_days_are_those_of_posthog(
    project: Consumer, peers: Peers
) -> None:
    days = Counter(
        row["measure"]
        for row in people(project, STICKINESS)
        if row["period_start"] == date(2020, 1, 11)
    )
    assert [days[number] for number in range(1, 12)] == peers.case(STICKINESS).expected[
        "users_by_active_days"
    ]


def test_conversion_is_that_of_posthog_but_for_the_last_instant(
    project: Consumer, peers: Peers
) -> None:
    expected = peers.case(CONVERSION).expected
    _, in_14_days = expected["window_14d"]["counts"]
    _, in_5_minutes = expected["window_5min"]["counts"]

    assert total(project, "converted_in_14_days") == in_14_days
    assert total(project, "converted_in_5_minutes") == in_5_minutes - 1
    assert total(project, "converted_in_6_minutes") == in_5_minutes


def test_steps_are_those_of_clickhouse_but_for_the_last_instant(
    project: Consumer, peers: Peers
) -> None:
    case = peers.case(FUNNEL)
    times = {row["event"]: row["t"] for row in case.input["user_1"]}
    for number, wanted in enumerate(case.expected):
        first, *_ = wanted["steps"]
        end = times[first] + wanted["window"]
        at_the_end = sum(times[step] == end for step in wanted["steps"])

        steps = total(project, f"steps_{number}")
        assert steps == wanted["level"] - at_the_end
        if at_the_end:
            steps = total(project, f"steps_{number}_and_one_more")
            assert steps == wanted["level"]
