"""What was published is kept, and a definition does not change under its version."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from consumer import Consumer
from engines import DuckDB, Engine, Row, Table

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
    consumer = Consumer(
        tmp_path, engine, vars=settings(), tables={"events": events}, drivers=False
    )
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


def old_and_new(overlap: int = 2) -> dict[str, Any]:
    """Version 2 asks for two events in a week, from the second week on."""
    return settings(
        version=2,
        effective_from="2024-01-08",
        per_entity={"count": "events", "at_least": 2},
        previous={
            "version": 1,
            "overlap": overlap,
            "entity": "user",
            "events": [{"event": "act"}],
            "window": {"calendar": "week"},
            "total": "entities",
        },
    )


def test_old_and_new_version_overlap_and_equal_each_alone(
    tmp_path: Path, engine: Engine
) -> None:
    history = [
        event(1, "01", "01", "a"),
        event(2, "02", "02", "a"),
        event(3, "03", "03", "b"),
        event(4, "09", "09", "b"),
        event(5, "16", "16", "a"),
        event(6, "17", "17", "a"),
        event(7, "24", "24", "b"),
    ]
    events: Table = {"columns": COLUMNS, "rows": history}
    versioned = ("northstar__metric_periods", "northstar__entity_periods")

    def built(name: str, configured: dict[str, Any]) -> dict[str, list[Row]]:
        consumer = Consumer(
            tmp_path / name,
            engine,
            vars=configured,
            tables={"events": events},
            drivers=False,
        )
        consumer.dbt("build").assert_success()
        return {
            mart: consumer.rows(mart) for mart in (*versioned, "northstar__north_star")
        }

    definition = {"per_entity": {"count": "events", "at_least": 2}, "version": 2}
    both = built("both", old_and_new())
    old = built("old", settings())
    new = built("new", settings(**definition))

    for mart in versioned:
        of_version = {
            number: [row for row in both[mart] if row["metric_version"] == number]
            for number in (1, 2)
        }
        # two periods from the one in which version 2 begins to hold
        overlapping = [r for r in old[mart] if r["period_start"] < date(2024, 1, 22)]
        for row in overlapping:
            if "is_north_star" in row:
                row["is_north_star"] = False
        assert of_version[1] == overlapping
        assert of_version[2] == new[mart]
        assert len(overlapping) < len(old[mart])
    # what the company steers by is the new version alone
    assert both["northstar__north_star"] == new["northstar__north_star"]

    values = {
        (row["metric_version"], row["period_start"].day): row["value"]
        for row in both["northstar__metric_periods"]
    }
    # first week: a twice, b once; second: b once; third: a twice; fourth: b once
    assert values == {
        (1, 1): 2, (1, 8): 1, (1, 15): 1,
        (2, 1): 1, (2, 8): 0, (2, 15): 1, (2, 22): 0,
    }  # fmt: skip


def test_a_version_that_is_kept_adds_no_revision_of_itself(consumer: Consumer) -> None:
    (before,) = revisions(consumer)
    consumer.set_vars(old_and_new())
    consumer.dbt("run").assert_success()

    after = revisions(consumer)
    assert [row for row in after if row["metric_version"] == 1] == [before]
    assert {row["metric_version"] for row in after} == {1, 2}

    # and it is the same definition to the hash, or the build stops
    changed = old_and_new()
    changed["northstar_metrics"]["weekly_users"]["previous"]["nth"] = {"min": 2}
    consumer.set_vars(changed)
    consumer.dbt("run").assert_failure(
        "northstar_metrics.weekly_users.previous.version"
    )


@pytest.mark.parametrize(
    ("window", "effective_from", "overlap", "end"),
    [
        ({"calendar": "day"}, "2024-02-28", 2, date(2024, 3, 1)),
        ({"calendar": "month"}, "2024-11-15", 2, date(2025, 1, 1)),
        ({"calendar": "quarter"}, "2023-10-01", 5, date(2025, 1, 1)),
        ({"rolling": "7d"}, "2024-01-10", 2, date(2024, 1, 24)),
    ],
)
def test_an_overlap_is_counted_in_periods_of_the_window(
    tmp_path: Path,
    window: dict[str, str],
    effective_from: str,
    overlap: int,
    end: date,
) -> None:
    configured = old_and_new(overlap)
    metric = configured["northstar_metrics"]["weekly_users"]
    metric["effective_from"] = effective_from
    metric["window"] = metric["previous"]["window"] = window
    metric["label"] = 'It\'s "v2" {{ 1 }} 🚀'
    events: Table = {"columns": COLUMNS, "rows": [event(1, "01", "01", "a")]}
    consumer = Consumer(
        tmp_path, DuckDB(), vars=configured, tables={"events": events}, drivers=False
    )
    consumer.dbt("run", "--select", "+int_northstar__metrics").assert_success()
    rows = consumer.query(
        "select metric_name, published_until from {int_northstar__metrics}"
        " order by metric_name"
    )
    assert [row["published_until"] for row in rows] == [None, end]
