"""What a project compiles to: no more than its definitions ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from consumer import Consumer
from engines import Engine, Table

VARS = {
    "northstar_events": [
        {
            "name": "app",
            "relation": {"source": ["raw", "events"]},
            "columns": {
                "event_id": "id",
                "event_name": "name",
                "occurred_at": "happened_at",
                "user_id": "member",
                "account_id": "team",
                "value": "amount",
                "device": "device",
                "referrer": "referrer",
            },
            "attributes": {"order_id": "order_id"},
        }
    ],
    "northstar_entities": {"team": {"id": "account_id"}},
    "northstar_metrics": {
        "weekly_teams": {
            "level": "north_star",
            "entity": "team",
            "events": [{"event": "done"}],
            "per_entity": {"count": "events", "at_least": 3},
            "window": {"calendar": "week"},
            "total": "entities",
        }
    },
}
TABLE: Table = {
    "columns": {
        "id": "text",
        "name": "text",
        "happened_at": "timestamp",
        "member": "text",
        "team": "text",
        "amount": "number",
        "device": "text",
        "referrer": "text",
        "order_id": "text",
    },
    "rows": [],
}


def test_a_simple_metric_is_simple_sql(
    tmp_path: Path, duckdb_engine: Engine, golden: Callable[[str, str], None]
) -> None:
    consumer = Consumer(
        tmp_path, duckdb_engine, vars=VARS, tables={"events": TABLE}, drivers=False
    )

    consumer.dbt("build").assert_success()

    compiled = tmp_path / "target" / "compiled" / "northstar" / "models"
    model = compiled / "intermediate/metrics/int_northstar__qualifying_events.sql"
    sql = "\n".join(line for line in model.read_text().splitlines() if line.strip())
    database = consumer.relation_name("int_northstar__events").split(".")[0]
    golden("simple_metric.sql", sql.replace(f"{database}.", "") + "\n")


def test_events_keep_only_what_a_definition_names(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    consumer = Consumer(
        tmp_path, duckdb_engine, vars=VARS, tables={"events": TABLE}, drivers=False
    )

    consumer.dbt("run", "--select", "+int_northstar__named_events").assert_success()

    columns = consumer.query(
        "select column_name from information_schema.columns"
        " where table_name = 'int_northstar__named_events'"
    )
    assert {row["column_name"] for row in columns} == {
        *("source_name", "load_date", "event_id", "event_name", "occurred_at"),
        *("local_date", "user_id", "account_id", "device"),
    }
