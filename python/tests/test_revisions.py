"""What was published is kept, and a definition does not change under its version."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from consumer import Consumer
from engines import Engine, Row, Table

COLUMNS = {
    "id": "text",
    "name": "text",
    "occurred": "timestamp",
    "loaded": "timestamp",
    "user_id": "text",
}


def event(number: int, occurred: str, loaded: str, user: str) -> dict[str, str]:
    return {
        "id": f"e{number}",
        "name": "act",
        "occurred": f"2024-01-{occurred} 10:00:00",
        "loaded": f"2024-01-{loaded} 11:00:00",
        "user_id": user,
    }


def settings(**definition: Any) -> dict[str, Any]:
    return {
        "northstar_events": [
            {
                "name": "app",
                "relation": {"source": ["raw", "events"]},
                "columns": {
                    "event_id": "id",
                    "event_name": "name",
                    "occurred_at": "occurred",
                    "loaded_at": "loaded",
                    "user_id": "user_id",
                },
            }
        ],
        "northstar_entities": {"user": {"id": "user_id"}},
        "northstar_metrics": {
            "weekly_users": {
                "level": "north_star",
                "entity": "user",
                "events": [{"event": "act"}],
                "window": {"calendar": "week"},
                "total": "entities",
            }
            | definition
        },
    }


@pytest.fixture
def consumer(tmp_path: Path, engine: Engine) -> Consumer:
    """A project whose first week was over, with one user in it, when it was built."""
    rows = [event(1, "01", "01", "a"), event(2, "09", "09", "b")]
    events: Table = {"columns": COLUMNS, "rows": rows}
    consumer = Consumer(tmp_path, engine, vars=settings(), tables={"events": events})
    consumer.dbt("run").assert_success()
    return consumer


def revisions(consumer: Consumer) -> list[Row]:
    return sorted(
        consumer.rows("northstar__metric_revisions"),
        key=lambda row: (row["period_start"], row["known_at"]),
    )


def test_a_late_event_leaves_both_values_and_when_each_was_known(
    consumer: Consumer,
) -> None:
    (first,) = revisions(consumer)
    assert first["period_start"] == date(2024, 1, 1)
    assert (first["old_value"], first["new_value"]) == (None, Decimal(1))
    assert first["known_until"] is None

    # a second user of the first week is loaded in the third
    consumer.append("events", [event(3, "03", "16", "b")])
    consumer.dbt("run").assert_success()

    before, after, second_week = revisions(consumer)
    assert before["new_value"] == Decimal(1)
    assert before["known_until"] == after["known_at"] > before["known_at"]
    assert (after["old_value"], after["new_value"]) == (Decimal(1), Decimal(2))
    assert after["known_until"] is None
    assert second_week["period_start"] == date(2024, 1, 8)

    for known_at, value in [
        (before["known_at"], Decimal(1)),
        (after["known_at"], Decimal(2)),
    ]:
        known = consumer.query(
            "select new_value from {northstar__metric_revisions}"
            " where metric_name = 'weekly_users' and period_start = '2024-01-01'"
            f" and known_at <= '{known_at}'"
            f" and (known_until > '{known_at}' or known_until is null)"
        )
        assert known == [{"new_value": value}]


def test_what_was_published_outlives_a_full_refresh(consumer: Consumer) -> None:
    consumer.append("events", [event(3, "03", "16", "b")])
    consumer.dbt("run").assert_success()
    before = revisions(consumer)

    consumer.dbt("run", "--full-refresh").assert_success()

    assert revisions(consumer) == before


def test_a_run_without_news_publishes_nothing(consumer: Consumer) -> None:
    before = revisions(consumer)
    consumer.dbt("run").assert_success()
    assert revisions(consumer) == before


def test_a_changed_definition_of_a_published_version_stops_the_build(
    consumer: Consumer,
) -> None:
    before = consumer.rows("northstar__metric_periods")
    consumer.set_vars(settings(per_entity={"count": "events", "at_least": 2}))

    consumer.dbt("run").assert_failure(
        "northstar_metrics.weekly_users.version",
        "The definition of `weekly_users` changed",
        "given:   1",
        "version: 2",
    )
    assert consumer.rows("northstar__metric_periods") == before

    # governance is not the definition
    consumer.set_vars(settings(plain_language="Users of the week."))
    consumer.dbt("run").assert_success()


def test_a_new_version_is_computed_at_once_and_says_so(consumer: Consumer) -> None:
    consumer.append("events", [event(3, "02", "16", "a")])
    new = settings(per_entity={"count": "events", "at_least": 2}, version=2)
    consumer.set_vars(new)

    run = consumer.dbt("run").assert_success()

    assert "int_northstar__entity_measures is built anew, since definitions" in run.log
    values = {
        row["period_start"]: row["value"]
        for row in consumer.rows("northstar__metric_periods")
    }
    # user a had one event in the first week, and now has two
    assert values[date(2024, 1, 1)] == 1
    assert values[date(2024, 1, 8)] == 0
    published = {
        (row["metric_version"], row["period_start"]) for row in revisions(consumer)
    }
    assert published == {
        (1, date(2024, 1, 1)),
        (2, date(2024, 1, 1)),
        (2, date(2024, 1, 8)),
    }

    # and the old version is taken: it cannot come back as something else
    consumer.set_vars(settings(window={"calendar": "day"}, version=1))
    consumer.dbt("run").assert_failure("version: 3")


def test_a_development_target_may_redefine(consumer: Consumer) -> None:
    changed = settings(per_entity={"count": "events", "at_least": 2})
    consumer.set_vars(changed | {"northstar_keep_versions": False})
    consumer.dbt("run").assert_success()
