"""The golden definitions, together in one project, against the reference."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from comparison import assert_same_marts
from consumer import Consumer
from engines import Engine, Table

START = datetime(2024, 1, 22)  # ten weeks that hold a leap day and a change of clocks
WEEKS = 10

ENTITIES = {
    "team": {"id": "account_id", "anchor": "team_created"},
    "account": {"id": "account_id"},
    "user": {"id": "user_id", "anchor": "signed_up"},
    "customer": {"id": "user_id"},
    "guest": {"id": "user_id"},
    "reader": {"id": "user_id"},
    "order": {"id": "order_id"},
    "claim": {"id": "claim_id"},
    "match": {"id": "match_id"},
    "booking": {"id": "booking_id"},
    "shift": {"id": "shift_id"},
    "transaction": {"id": "transaction_id"},
    "profile": {"id": "profile_id"},
}
TEXTS = [
    *(entity["id"] for entity in ENTITIES.values() if entity["id"] not in
      ("account_id", "user_id")),
    "buyer_id", "seller_id", "feature", "friend_id", "contact_id",
]  # fmt: skip
NUMBERS = ["seconds", "nights", "amount"]
INSTANTS = ["delivered_at", "promised_at"]


@pytest.fixture(scope="session")
def definitions(test_data: Path) -> dict[str, Any]:
    text = (test_data / "grammar.yml").read_text()
    metrics: dict[str, Any] = yaml.safe_load(text)["metrics"]
    metrics["weekly_teams_3_workflows"]["level"] = "north_star"
    return metrics


def vars_for(definitions: dict[str, Any]) -> dict[str, Any]:
    """A company that measures all of these."""
    columns = {
        name: name
        for name in (
            *("event_id", "event_name", "occurred_at", "loaded_at"),
            *("user_id", "anonymous_id", "account_id", "device", "value"),
        )
    }
    return {
        "northstar_timezone": "Europe/London",
        "northstar_events": [
            {
                "name": "app",
                "relation": {"source": ["raw", "events"]},
                "columns": columns,
                "attributes": {name: name for name in (*TEXTS, *NUMBERS, *INSTANTS)},
            }
        ],
        "northstar_states": {
            "relation": {"source": ["raw", "states"]},
            "columns": {
                name: name
                for name in (
                    *("entity", "entity_id", "state", "valid_from"),
                    *("valid_to", "value"),
                )
            },
        },
        "northstar_entities": ENTITIES,
        "northstar_metrics": definitions,
    }


def event_names(definitions: dict[str, Any]) -> list[str]:
    names = {"team_created", "signed_up"}
    for definition in definitions.values():
        names |= {entry["event"] for entry in definition.get("events", [])}
        names |= {definition["void"]["event"]} if "void" in definition else set()
    return sorted(names)


def company(definitions: dict[str, Any], seed: int) -> dict[str, Table]:
    """Some weeks in which all these events happen, to few enough that they repeat."""
    chance = random.Random(seed)
    names = event_names(definitions)
    events = []
    for number in range(4000):
        occurred_at = START + timedelta(
            seconds=chance.choice([1, 1800, 3600]) * chance.randrange(WEEKS * 7 * 24)
            + chance.choice([0, 0, 1]) * 86400 * chance.randrange(WEEKS * 7)
        )
        row: dict[str, Any] = {
            "event_id": f"e{number - chance.choice([0] * 50 + [1])}",
            "event_name": chance.choice(names),
            "occurred_at": occurred_at,
            "loaded_at": occurred_at + timedelta(minutes=chance.randrange(600)),
            "user_id": chance.choice([None, *(f"u{n}" for n in range(9))]),
            "anonymous_id": chance.choice([None, *(f"d{n}" for n in range(6))]),
            "account_id": chance.choice([None, "a", "b", "B", "ä"]),
            "device": chance.choice([None, "", "ios", "web"]),
            "value": chance.choice([None, 1, 2.5, 10]),
        }
        for name in TEXTS:
            row[name] = chance.choice([None, *(f"{name[0]}{n}" for n in range(25))])
        row["feature"] = chance.choice([None, "core", "beta"])
        for name in NUMBERS:
            row[name] = chance.choice([None, 0, 1, 60.5, 1800, 7201])
        for name in INSTANTS:
            late = timedelta(hours=chance.randrange(72))
            row[name] = chance.choice([None, occurred_at + late])
        events.append(row)
    states = [
        {
            "entity": entity,
            "entity_id": f"u{number}" if entity == "user" else account,
            "state": state,
            "valid_from": START + timedelta(days=chance.randrange(-20, 60)),
            "valid_to": chance.choice(
                [None, START + timedelta(days=chance.randrange(-10, 80))]
            ),
            "value": chance.choice([None, 10, 99.9]),
        }
        for entity in ("user", "team", "account")
        for state in ("paid", "subscribed")
        for number, account in enumerate(["a", "b", "B", "ä", "c", "d"])
    ]
    kinds = {
        "occurred_at": "timestamp",
        "loaded_at": "timestamp",
        "value": "double",
        **dict.fromkeys(NUMBERS, "double"),
        **dict.fromkeys(INSTANTS, "timestamp"),
    }
    return {
        "events": {
            "columns": {name: kinds.get(name, "text") for name in events[0]},
            "rows": events,
        },
        "states": {
            "columns": {
                "entity": "text",
                "entity_id": "text",
                "state": "text",
                "valid_from": "timestamp",
                "valid_to": "timestamp",
                "value": "number",
            },
            "rows": states,
        },
    }


def test_every_golden_definition_is_right(
    tmp_path: Path, engine: Engine, definitions: dict[str, Any]
) -> None:
    vars = vars_for(definitions)
    tables = company(definitions, seed=1)
    consumer = Consumer(tmp_path, engine, vars=vars, tables=tables, drivers=False)

    consumer.dbt("build").assert_success()

    assert len(definitions) == 44
    assert_same_marts(consumer, vars, tables)


SPARK_PARTS = 4
"""Spark plans each model of all 44 at once for minutes; a part of them takes less."""


def part_of(definitions: dict[str, Any], part: int) -> dict[str, Any]:
    """Every fourth definition and the North Star, with those that a ratio divides."""
    names = list(definitions)[part::SPARK_PARTS]
    names += [name for name, d in definitions.items() if d.get("level") == "north_star"]
    wanted = {*names, *(of for n in names for of in definitions[n].get("ratio", ()))}
    return {name: d for name, d in definitions.items() if name in wanted}


@pytest.mark.slow
@pytest.mark.spark
@pytest.mark.parametrize("part", range(SPARK_PARTS))
def test_every_golden_definition_is_right_on_spark(
    part: int, tmp_path: Path, spark_engine: Engine, definitions: dict[str, Any]
) -> None:
    chosen = part_of(definitions, part)
    vars = vars_for(chosen)
    tables = company(definitions, seed=1)
    consumer = Consumer(tmp_path, spark_engine, vars=vars, tables=tables, drivers=False)

    consumer.dbt("build").assert_success()

    # the parts are all of them together
    parts = [part_of(definitions, number) for number in range(SPARK_PARTS)]
    assert set().union(*parts) == set(definitions)
    assert_same_marts(consumer, vars, tables)
