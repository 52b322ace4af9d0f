"""Guardrails over enough days to be held against their own past."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from consumer import Consumer
from driver_projects import assert_drivers_are_right, signals, with_signals
from engines import Engine, Row, Table

FIRST, DAYS = date(2024, 1, 1), 90
COLUMNS = {
    "event_id": "text",
    "event_name": "text",
    "occurred_at": "timestamp",
    "user_id": "text",
    "order_id": "text",
    "value": "number",
    "given_back": "number",
}
REFUND = {"event": "refunded", "key": "order_id"}


def daily(total: str, **keys: Any) -> dict[str, Any]:
    """A daily metric of orders."""
    return {
        "entity": "user",
        "events": [{"event": "ordered"}],
        "window": {"calendar": "day"},
        "total": total,
    } | keys


SHOP: dict[str, Any] = {
    "northstar_timezone": "Europe/Madrid",
    "northstar_grace_hours": 24,
    "northstar_events": [
        {
            "name": "shop",
            "relation": {"ref": "raw_events"},
            "columns": {
                name: name for name in COLUMNS if name not in ("order_id", "given_back")
            },
            "attributes": {"order_id": "order_id", "given_back": "given_back"},
        }
    ],
    "northstar_entities": {"user": {"id": "user_id"}},
    "northstar_metrics": {
        "buyers": daily(
            "entities", level="north_star", guardrails=["last_week", "tickets"]
        ),
        "ignoring": daily("measure", void=REFUND | {"mode": "ignore"}),
        "excluding": daily(
            "measure",
            void=REFUND | {"mode": "exclude", "within_days": 5},
            per_entity={"sum": "value"},
        ),
        "netting": daily(
            "measure",
            void=REFUND | {"mode": "net", "value": "given_back"},
            per_entity={"sum": "value"},
            level="guardrail",
            direction="up",
            target=250,
        ),
        "complaints": daily(
            "entities",
            events=[{"event": "complained"}],
            level="guardrail",
            direction="down",
        ),
        "tickets": daily("measure", events=[{"event": "complained"}], direction="down"),
        "last_week": daily(
            "entities", window={"rolling": "7d", "step": "2d"}, direction="up"
        ),
    },
    "northstar_driver_metrics": ["ignoring", "excluding", "netting", "last_week"],
}
CONFIG = with_signals(SHOP)


def world() -> dict[str, Table]:
    """Orders, refunds and complaints by the day; now and then a bad day."""
    dice = Random("guardrails")
    rows: list[Row] = []
    for day in range(DAYS):
        noon = datetime.combine(FIRST, datetime.min.time()) + timedelta(days=day)
        bad = dice.random() < 0.15
        for person in dice.sample(range(20), 5 if bad else 13):
            at = noon + timedelta(minutes=dice.randrange(1440))
            order = {
                "event_name": "ordered",
                "occurred_at": at,
                "user_id": f"u{person}",
                "order_id": dice.choice([f"o{day} {person}", f"o{person}", None]),
                "value": dice.choice([10, 20, 35, None]),
            }
            rows.append(order)
            if dice.random() < (0.5 if bad else 0.15):
                later = timedelta(days=dice.randrange(8), minutes=dice.randrange(60))
                refund = {"event_name": "refunded", "occurred_at": at + later}
                rows.append(order | refund | {"given_back": dice.choice([5, 9, None])})
        rows += [
            {"event_name": "complained", "occurred_at": noon, "user_id": f"u{person}"}
            for person in dice.sample(range(20), 9 if bad else 2)
        ]
    blank = dict.fromkeys(COLUMNS)
    numbered = [blank | row | {"event_id": f"e{n}"} for n, row in enumerate(rows)]
    last = FIRST + timedelta(days=DAYS + 20)
    return {
        "raw_events": {"columns": COLUMNS, "rows": numbered},
        "raw_signals": signals(1, FIRST - timedelta(days=20), last),
    }


def assert_guardrails_are_right(directory: Path, engine: Engine) -> Consumer:
    tables = world()
    consumer = Consumer(directory, engine, vars=CONFIG, tables=tables)
    consumer.build().assert_success()
    assert_drivers_are_right(consumer, CONFIG, tables, ["guardrails"])
    return consumer


def test_every_kind_of_guardrail_is_as_in_the_reference(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    consumer = assert_guardrails_are_right(tmp_path, duckdb_engine)

    states: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in consumer.rows("northstar__guardrails"):
        kind = row["guardrail_name"].split("__")[-1]
        states[row["guardrail_source"], kind].add(row["state"])
    both = {"ok", "breached", "unknown"}
    assert states == {
        ("metric", "netting"): both,
        ("metric", "complaints"): both,
        ("metric", "tickets"): both,
        # hardly moves: nearly everyone orders in a week
        ("metric", "last_week"): {"ok", "unknown"},
        ("driver", "churn_rate"): both,
        ("driver", "tickets_per_active_entity"): both,
        ("driver", "voided_rate"): both,
        ("driver", "voided_rate_by_void_date"): both,
        ("driver", "voided_value_rate"): both,
        ("driver", "voided_value_rate_by_void_date"): both,
        ("signal", "p95 'latency'"): both,
        ("signal", "csat"): both,
        ("signal", "delivered"): both,
    }


@pytest.mark.postgres
def test_every_kind_of_guardrail_is_as_in_the_reference_on_postgres(
    tmp_path: Path, postgres_engine: Engine
) -> None:
    assert_guardrails_are_right(tmp_path, postgres_engine)


def test_a_bound_is_as_by_hand(tmp_path: Path, duckdb_engine: Engine) -> None:
    # Eight days of 1 to 8 people, then one of 30. Median 4.5, deviations 0.5 to 3.5,
    # twice each: their median is 2. So it may stray by 8.74734 times 2.
    tables = world()
    people = [*range(1, 9), 30, 1, 1]
    blank = dict.fromkeys(COLUMNS)
    tables["raw_events"]["rows"] = [
        blank
        | {"event_id": f"{day} {person}", "event_name": "complained"}
        | {"occurred_at": datetime(2024, 1, 1 + day, 12), "user_id": f"u{person}"}
        for day, count in enumerate(people)
        for person in range(count)
    ]
    tables["raw_events"]["rows"] = [
        *tables["raw_events"]["rows"],
        *(
            blank
            | {"event_id": f"order {user}", "event_name": "ordered", "user_id": user}
            | {"occurred_at": datetime(2024, 1, 9, 12)}
            for user in ("u0", "somebody else")
        ),
    ]
    consumer = Consumer(tmp_path, duckdb_engine, vars=CONFIG, tables=tables)
    consumer.build().assert_success()

    found = consumer.query(
        "select * from {northstar__guardrails} where guardrail_name = 'complaints'"
        " order by period_start"
    )
    columns = ("value", "baseline", "bound", "state")
    days = [tuple(row[name] for name in columns) for row in found]
    bound = Decimal("4.5") + 2 * Decimal("8.74734")
    assert days[7] == (8, None, None, "unknown")
    assert days[8] == (30, Decimal("4.5"), bound, "breached")
    # the tenth is not final: a day has not passed since its end
    assert days[9][0] == 1
    assert days[9][3] == "unknown"

    # Support contacts of whoever buys: u0 buys on the ninth, when it is one of
    # 30 who complain, and so does somebody who does not; before that nobody buys.
    contacts = consumer.query(
        "select * from {northstar__guardrails} where guardrail_name ="
        " 'buyers__tickets_per_active_entity' order by period_start"
    )
    assert [
        (row["period_start"].day, row["numerator"], row["denominator"], row["value"])
        for row in contacts
        if row["period_status"] == "final"
    ] == [(9, 1, 2, Decimal("0.5"))]
    assert {row["direction"] for row in contacts} == {"down"}
    assert {row["value_lower"] for row in contacts} == {None}
