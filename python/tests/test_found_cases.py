"""Cases that random companies and real data brought up, each by its name.

One small company holds all of them, so that they share a build on each engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from comparison import assert_same_marts
from consumer import Consumer
from engines import Engine, Row, Table

COLUMNS = {
    "id": "text",
    "name": "text",
    "happened_at": "timestamp",
    "member": "text",
    "device": "text",
    "team": "text",
    "amount": "number",
    "delivered_at": "timestamp",
    "quantity": "integer",
    "channel": "text",
    "deal": "text",
}
VARS: dict[str, Any] = {
    "northstar_events": [
        {
            "name": "app",
            "relation": {"source": ["raw", "app_events"]},
            "columns": {
                "event_id": "id",
                "event_name": "name",
                "occurred_at": "happened_at",
                "user_id": "member",
                "anonymous_id": "device",
                "account_id": "team",
                "value": "amount",
                "channel": "channel",
            },
            "attributes": {
                "deal": "deal",
                "delivered_at": "delivered_at",
                "quantity": "quantity",
            },
        },
        {
            "name": "server",
            "relation": {"source": ["raw", "server_events"]},
            "columns": {
                "event_id": "id",
                "event_name": "name",
                "occurred_at": "happened_at",
                "account_id": "team",
            },
        },
    ],
    "northstar_states": {
        "relation": {"source": ["raw", "states"]},
        "columns": {
            "entity": "'team'",
            "entity_id": "team",
            "state": "'paid'",
            "valid_from": "started_at",
            "value": "mrr",
        },
    },
    "northstar_exclusions": {
        "relation": {"source": ["raw", "exclusions"]},
        "columns": {
            name: name for name in ("id_type", "id", "reason", "valid_from", "valid_to")
        },
    },
    "northstar_entities": {"team": {"id": "account_id", "anchor": "opened"}},
    "northstar_metrics": {
        "collaborating_teams": {
            "level": "north_star",
            "entity": "team",
            "events": [{"event": "edited"}],
            "actors": {"distinct": "user_id", "at_least": 2},
            "window": {"calendar": "week"},
            "total": "entities",
        },
        "revenue": {
            "entity": "team",
            "events": [{"event": "paid"}],
            "per_entity": {"sum": "value"},
            "window": {"calendar": "day"},
            "total": "measure",
        },
        "orders": {
            "entity": "team",
            "events": [{"event": "paid"}],
            "window": {"calendar": "day"},
            "total": "measure",
        },
        "revenue_per_order": {"ratio": ["revenue", "orders"]},
        "channels": {
            "entity": "team",
            "events": [{"event": "sold"}],
            "per_entity": {"distinct": "channel"},
            "window": {"calendar": "day"},
            "total": "measure",
        },
        "sales": {
            "entity": "team",
            "events": [{"event": "sold"}],
            "per_entity": {"sum": "value"},
            "window": {"calendar": "day"},
            "total": "measure",
        },
        "cents_per_order": {"ratio": ["revenue", "orders"], "unit_scale": 100},
        "channels_per_sale": {"ratio": ["channels", "sales"]},
        "collected": {
            "entity": "team",
            "events": [{"event": "sold"}],
            "per_entity": {"sum": "value", "at_least": 5},
            "void": {"event": "cancelled", "key": "deal", "mode": "net"},
            "window": {"since_anchor": "14d", "book": "completion", "grain": "week"},
            "total": "measure",
        },
        "delivered": {
            "entity": "team",
            "events": [{"event": "shipped", "at": "delivered_at"}],
            "window": {"calendar": "day"},
            "total": "measure",
        },
        "shipped": {
            "entity": "team",
            "events": [{"event": "shipped"}],
            "window": {"calendar": "day"},
            "total": "measure",
        },
        "share_delivered": {"ratio": ["delivered", "shipped"]},
        "recurring_revenue": {
            "entity": "team",
            "state": {"name": "paid", "value": "value"},
            "window": {"as_of": "day"},
            "total": "measure",
        },
        "paying_teams": {
            "entity": "team",
            "state": {"name": "paid"},
            "window": {"as_of": "day"},
            "total": "entities",
        },
        "revenue_per_team": {"ratio": ["recurring_revenue", "paying_teams"]},
    },
}


def _typed(row: Mapping[str, Any], table: Table) -> Row:
    """A row as the reference reads it: instants as instants, numbers as decimals."""
    read: Row = {}
    for column, kind in table["columns"].items():
        value = row.get(column)
        if value is not None and kind == "timestamp":
            value = datetime.fromisoformat(value)
        if value is not None and kind == "number":
            value = Decimal(value)
        read[column] = value
    return read


def row(number: int, name: str, day: int, **columns: Any) -> Row:
    return {
        "id": f"e{number}",
        "name": name,
        "happened_at": f"2026-01-{day:02} 09:00:00",
        "team": "t1",
        **columns,
    }


APP_EVENTS = [
    # ann is a known user; so the device of that name is hers
    row(1, "opened", 5, member="ann"),
    row(2, "edited", 5, member="ben"),
    row(3, "edited", 6, device="ann"),
    # an orphaned device is nobody who acts
    row(4, "edited", 13, member="ben"),
    row(5, "edited", 13, device="unknown"),
    # 3 over 7, then 1 over 2: a change whose share lies at half of the ninth place
    *(row(10 + n, "paid", 7, amount=3 if n == 0 else 0) for n in range(7)),
    *(row(20 + n, "paid", 8, amount=n) for n in range(2)),
    # a sale of unknown value leaves both parts, its channel too; the deal is off in the
    # instant in which it is made, which takes nothing from having reached 5
    row(40, "sold", 9, amount=None, channel="web"),
    row(41, "sold", 9, amount=5, channel="shop", deal="d1"),
    row(42, "cancelled", 9, deal="d1"),
    # not delivered: it leaves both parts, and its day stays in the ratio
    row(30, "shipped", 5, quantity=2),
    row(31, "shipped", 6, delivered_at="2026-01-07 09:00:00"),
]
TABLES: dict[str, Table] = {
    "app_events": {"columns": COLUMNS, "rows": APP_EVENTS},
    "server_events": {
        "columns": {name: COLUMNS[name] for name in ("id", "name", "happened_at")}
        | {"team": "text"},
        "rows": [row(1, "invoiced", 14)],
    },
    "states": {
        "columns": {"team": "text", "started_at": "timestamp", "mrr": "number"},
        "rows": [
            {"team": "t1", "started_at": "2026-01-05 10:00:00", "mrr": 30},
            {"team": "t2", "started_at": "2026-01-05 10:00:00", "mrr": None},
            {"team": "t3", "started_at": "2026-01-05 10:00:00", "mrr": 5},
        ],
    },
    "exclusions": {
        "columns": {
            **dict.fromkeys(("id_type", "id", "reason"), "text"),
            **dict.fromkeys(("valid_from", "valid_to"), "timestamp"),
        },
        "rows": [
            {
                "id_type": "account",
                "id": "t3",
                "reason": reason,
                "valid_from": f"2026-01-{day} 00:00:00",
            }
            for reason, day in (("fraud", "06"), ("bot", "08"))
        ],
    },
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Consumer:
    consumer = Consumer(
        tmp_path_factory.mktemp("found"),
        engine,
        vars=VARS,
        tables=TABLES,
        drivers=False,
    )
    consumer.dbt("build").assert_success()
    return consumer


def periods(company: Consumer, metric: str) -> dict[int, Row]:
    """The rows of a metric by the day in January that they start on."""
    rows = company.rows("northstar__metric_periods", f"metric_name = '{metric}'")
    assert {row["period_start"].replace(day=1) for row in rows} == {date(2026, 1, 1)}
    return {row["period_start"].day: row for row in rows}


def test_a_device_that_is_a_known_user_acts_as_that_user(company: Consumer) -> None:
    teams = periods(company, "collaborating_teams")
    assert (teams[5]["value"], teams[12]["value"]) == (1, 0)


def test_a_share_at_half_of_the_ninth_place_is_rounded_alike(
    company: Consumer,
) -> None:
    days = periods(company, "revenue_per_order")
    assert days[7]["value"] == Decimal("0.428571429")
    assert days[8]["change"] == Decimal("0.071428571")
    assert periods(company, "cents_per_order")[7]["value"] == Decimal("42.857142857")
    # 0.071428571 / 0.428571429 = 0.16666666550000001…
    assert days[8]["change_rate"] == Decimal("0.166666666")


def test_a_row_without_a_value_leaves_the_distinct_part_of_a_ratio(
    company: Consumer,
) -> None:
    assert periods(company, "channels")[9]["value"] == 2
    assert periods(company, "channels_per_sale")[9]["numerator"] == 1


def test_a_void_in_the_instant_of_its_event_comes_after_it(company: Consumer) -> None:
    collected = periods(company, "collected")
    assert list(collected) == [5, 12]
    [team] = company.rows("northstar__entity_periods", "metric_name = 'collected'")
    # it reached 5, and nothing is left of it: 0 is not at least 5
    assert (team["period_start"].day, team["measure"]) == (5, 0)
    assert team["is_qualified"] is False


def test_a_ratio_has_the_periods_of_its_parts(company: Consumer) -> None:
    days = periods(company, "share_delivered")
    lone = days[5]  # its only row lacks a delivery, and so left both parts
    assert (lone["numerator"], lone["denominator"], lone["value"]) == (0, 0, None)
    assert lone["events_without_time"] == 1
    assert (days[6]["numerator"], days[6]["denominator"]) == (0, 1)
    assert (days[7]["numerator"], days[7]["denominator"]) == (1, 0)


def test_a_state_without_a_value_leaves_both_parts_of_a_ratio(
    company: Consumer,
) -> None:
    assert periods(company, "paying_teams")[6]["value"] == 2
    assert periods(company, "revenue_per_team")[6]["denominator"] == 1
    assert periods(company, "revenue_per_team")[6]["value"] == 30


def test_exclusions_that_touch_leave_no_empty_state_between_them(
    company: Consumer,
) -> None:
    [state] = company.rows("int_northstar__states", "entity_id = 't3'")
    assert str(state["valid_to"]) == "2026-01-06 00:00:00"


def test_a_source_may_lack_an_attribute_of_another(company: Consumer) -> None:
    rows = company.query(
        "select source_name, quantity from {stg_northstar__events}"
        " where quantity is not null or source_name = 'server'"
    )
    assert sorted((row["source_name"], row["quantity"]) for row in rows) == [
        ("app", 2),
        ("server", None),
    ]


def test_the_reference_agrees(company: Consumer) -> None:
    raw: dict[str, Any] = {
        name: {**table, "rows": [_typed(row, table) for row in table["rows"]]}
        for name, table in TABLES.items()
    }
    vars = VARS | {
        "northstar_states": {
            "relation": {"source": ["raw", "states"]},
            "columns": {
                name: name
                for name in ("entity", "entity_id", "state", "valid_from", "value")
            },
        }
    }
    raw["states"]["rows"] = [
        {
            "entity": "team",
            "entity_id": row["team"],
            "state": "paid",
            "valid_from": row["started_at"],
            "value": row["mrr"],
        }
        for row in raw["states"]["rows"]
    ]
    assert_same_marts(company, vars, raw)
