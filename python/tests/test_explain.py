"""Every value can be explained: the steps name what they dropped, and add up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from consumer import REPOSITORY, Consumer
from engines import Engine, Row, Table
from northstar.cli import main
from northstar.explain import explain
from northstar.explanation import Explanation, is_same
from northstar.periods import choose_metric, read_metrics
from northstar.warehouse import open_warehouse
from reference.companies import batch

COMPANIES = 40

# ------------------------------------------------------------------ a small company

ENTITIES = {
    "team": {"id": "account_id", "anchor": "team_created"},
    "user": {"id": "user_id"},
}

SHARED = {"entity": "team", "window": {"calendar": "week"}, "total": "entities"}

RUN = {"event": "run"}
PAID = {"event": "paid"}
REFUND = {"event": "refund", "key": "order_id"}

METRICS: dict[str, Any] = {
    # The North Star, in docs/explain.md too.
    "weekly_teams": {
        **SHARED,
        "events": [{"event": "run", "where": "feature = 'core'"}],
        "per_entity": {"count": "events", "at_least": 2},
        "actors": {"distinct": "user_id", "at_least": 2},
        "level": "north_star",
        "label": "Weekly teams",
        "plain_language": "Teams in which two people run core workflows in a week.",
    },
    "revenue": {
        **SHARED,
        "events": [{"event": "paid", "at": "delivered_at", "cap": 100}],
        "void": {**REFUND, "within_days": 7},
        "per_entity": {"sum": "value"},
        "total": "measure",
        "unit_scale": 0.01,
    },
    "net_revenue": {
        **SHARED,
        "events": [PAID],
        "void": {**REFUND, "mode": "net", "value": "value"},
        "per_entity": {"sum": "value"},
        "total": "measure",
    },
    "second_runs": {**SHARED, "events": [RUN], "nth": {"min": 2, "max": 3}},
    "young_runs": {
        **SHARED,
        "events": [RUN],
        "when": [{"anchor_age": "<7d"}, {"state": "paying", "at": "event"}],
    },
    "features": {
        **SHARED,
        "events": [RUN],
        "per_entity": {"distinct": "feature"},
        "total": "measure",
    },
    "paying_runs": {
        **SHARED,
        "events": [RUN],
        "when": [{"state": "paying", "at": "period_end"}],
    },
    "fortnight": {
        **SHARED,
        "events": [RUN],
        "window": {"rolling": "14d", "step": "7d"},
        "total": "measure",
    },
    "activated": {
        **SHARED,
        "events": [RUN],
        "window": {"since_anchor": "7d", "book": "cohort", "grain": "week"},
    },
    "completed": {
        **SHARED,
        "events": [RUN],
        "per_entity": {"count": "events", "at_least": 3},
        "window": {"since_anchor": "14d", "book": "completion", "grain": "week"},
    },
    "features_ever": {
        **SHARED,
        "events": [RUN],
        "per_entity": {"distinct": "feature"},
        "window": {"lifetime": "week"},
        "total": "measure",
    },
    "runners": {**SHARED, "entity": "user", "events": [RUN]},
    "payers": {**SHARED, "state": {"name": "paying"}, "window": {"as_of": "week"}},
    "recurring": {
        **SHARED,
        "state": {"name": "paying", "value": "value"},
        "window": {"as_of": "week"},
        "total": "measure",
    },
    "orders": {**SHARED, "events": [PAID], "total": "measure"},
    "earned": {
        **SHARED,
        "events": [PAID],
        "per_entity": {"sum": "value"},
        "total": "measure",
    },
    "average_order": {"ratio": ["earned", "orders"], "unit_scale": 10},
}

COLUMNS = {
    "event_id": "text",
    "event_name": "text",
    "occurred_at": "timestamp",
    "loaded_at": "timestamp",
    "user_id": "text",
    "anonymous_id": "text",
    "account_id": "text",
    "value": "number",
    "is_internal": "boolean",
    "order_id": "text",
    "feature": "text",
    "delivered_at": "timestamp",
}
ATTRIBUTES = ("order_id", "feature", "delivered_at")
STATE_COLUMNS = {
    "entity": "text",
    "entity_id": "text",
    "state": "text",
    "valid_from": "timestamp",
    "valid_to": "timestamp",
    "value": "number",
}


def event(event_id: str | None, name: str, when: str, **cells: Any) -> Row:
    """An event of team a; `when` is a day of June 2026 and a time in UTC."""
    at = f"2026-06-{when}"
    return {
        "event_id": event_id,
        "event_name": name,
        "occurred_at": at,
        "loaded_at": at,
        "account_id": "a",
        **cells,
    }


def run(event_id: str | None, when: str, user: str | None = "ann", **cells: Any) -> Row:
    return event(event_id, "run", when, user_id=user, **{"feature": "core", **cells})


def paid(event_id: str, when: str, value: float | None, **cells: Any) -> Row:
    delivered = {"delivered_at": f"2026-06-{when}"}
    return event(event_id, "paid", when, value=value, **{**delivered, **cells})


# London is an hour ahead: the week from Monday 1 June begins on 31 May at 23:00 UTC.
EVENTS = [
    event("a0", "team_created", "02 08:00"),
    run("r0", "01 09:00"),  # before the anchor of team a
    run("r1", "02 09:00"),
    run("r1", "02 09:00"),  # again, the same
    run("r1", "02 09:00", "bob"),  # and again, not the same
    run(None, "02 10:00"),
    run("r2", "03 09:00", "bob"),
    run("r3", "03 10:00", feature="side"),
    run("r4", "03 11:00", feature=None),
    run("r5", "04 09:00", "staff", is_internal=True),
    run("r6", "04 10:00", "cynic"),  # denied consent
    run("r7", "04 11:00", "gone"),  # is erased
    run("r8", "07 23:30", "bob"),  # Monday in London
    run("r9", "12 09:00", "bob", feature="side"),
    event("b0", "team_created", "01 08:00", account_id="b"),
    run("s1", "02 09:00", "eve", account_id="b"),
    run("s2", "02 10:00", "eve", account_id="b"),
    event("c0", "team_created", "01 08:00", account_id="c"),
    run("t1", "05 10:00", "fay", account_id="c"),
    run("u1", "05 11:00", "gil", account_id=None),
    run("v1", "05 12:00", None, anonymous_id="phone", account_id="c"),
    event("v2", "signed_in", "05 13:00", user_id="fay", anonymous_id="phone"),
    paid("o1", "02 09:00", 120, order_id="x1"),
    paid("o2", "02 10:00", 40, order_id="x2"),
    paid("o3", "03 10:00", None, order_id="x3"),
    paid("o4", "03 11:00", 30, order_id="x4", delivered_at=None),
    paid("o5", "03 12:00", 50, order_id="x5", account_id=None, user_id="ann"),
    paid("o6", "04 12:00", 10, order_id="x6", delivered_at="2026-06-09 12:00"),
    event("q1", "refund", "05 10:00", order_id="x2", value=15),
    event("q2", "refund", "12 10:00", order_id="x1", value=120),  # after seven days
    event("q3", "refund", "05 12:00", order_id="x9", value=1),
    event("end", "data_ended", "15 12:00", user_id="nobody"),
]
STATES = [
    ("a", "2026-05-01", "2026-06-03 09:30", 10),
    ("b", "2026-05-20", None, 20),
    ("b", "2026-06-05", None, 5),  # beside the other
    ("c", "2026-06-03", "2026-06-20", None),
    ("d", "2026-06-10", None, 7),
]

Fate = tuple[str, int | None, str | None, str | None]
"""An event's id, and the step, the reason and the detail that decided."""

UPSTREAM: list[Fate] = [
    ("-", 2, "missing_event_id", None),
    ("r1", 3, "conflict", None),
    ("r1", 3, "duplicate", None),
    ("r5", 6, "internal", None),
    ("r6", 7, "no_consent", None),
    ("r7", 5, "erased", None),
]


def counted(*event_ids: str) -> list[Fate]:
    return [(event_id, None, None, None) for event_id in event_ids]


def dropped(step: int, reason: str, *event_ids: str) -> list[Fate]:
    return [(event_id, step, reason, None) for event_id in event_ids]


# What must become of each event of the first week, and of those without a team.
FIRST_WEEK: dict[str, list[Fate]] = {
    "weekly_teams": [
        *UPSTREAM,
        *counted("r0", "r1", "r2", "s1", "s2", "t1", "v1"),
        *dropped(8, "where_not_true", "r3", "r4"),
        *dropped(8, "no_entity", "u1"),
    ],
    "revenue": [
        *counted("o1"),
        ("o2", 9, "voided", "q1"),
        *dropped(13, "no_value", "o3"),
        *dropped(8, "no_booking_time", "o4"),
        *dropped(8, "no_entity", "o5"),
        *dropped(9, "void", "q1"),
        *dropped(9, "void_of_nothing", "q3"),
    ],
    "net_revenue": [
        *counted("o1", "o2", "o4", "o6"),
        ("o2", None, None, "q1"),
        *dropped(13, "no_value", "o3"),
        *dropped(8, "no_entity", "o5"),
        *dropped(9, "void_of_nothing", "q3"),
    ],
    "second_runs": [
        *UPSTREAM,
        ("r0", 10, "outside_nth", "1"),
        *counted("r1", "r2"),
        ("r3", 10, "outside_nth", "4"),
        ("r4", 10, "outside_nth", "5"),
        ("s1", 10, "outside_nth", "1"),
        *counted("s2", "v1"),
        ("t1", 10, "outside_nth", "1"),
        *dropped(8, "no_entity", "u1"),
    ],
    "young_runs": [
        *UPSTREAM,
        *dropped(12, "not_of_age", "r0"),
        *counted("r1", "r2"),
        ("r3", 12, "not_in_state", "paying"),
        ("r4", 12, "not_in_state", "paying"),
        *counted("s1", "s2", "t1", "v1"),
        *dropped(8, "no_entity", "u1"),
    ],
    "features": [
        *UPSTREAM,
        *counted("r0", "r3", "s1", "t1"),
        ("r1", None, "counted_already", "core"),
        ("r2", None, "counted_already", "core"),
        *dropped(13, "no_value", "r4"),
        ("s2", None, "counted_already", "core"),
        ("v1", None, "counted_already", "core"),
        *dropped(8, "no_entity", "u1"),
    ],
    "activated": [
        *UPSTREAM,
        *dropped(11, "before_anchor", "r0"),
        *counted("r1", "r2", "r3", "r4", "r8", "s1", "s2", "t1", "v1"),
        *dropped(11, "after_anchor_window", "r9"),
        *dropped(8, "no_entity", "u1"),
    ],
    "completed": [
        *UPSTREAM,
        *dropped(11, "before_anchor", "r0"),
        *counted("r1", "r2", "r3", "r4", "r8", "r9"),
        *dropped(14, "not_completed", "s1", "s2", "t1", "v1"),
        *dropped(8, "no_entity", "u1"),
    ],
    "average_order__numerator": [
        *counted("o1", "o2", "o4", "o6"),
        *dropped(13, "no_value", "o3"),
        *dropped(8, "no_entity", "o5"),
    ],
    "average_order__denominator": [
        *counted("o1", "o2", "o4", "o6"),
        *dropped(13, "no_value_in_other_part", "o3"),
        *dropped(8, "no_entity", "o5"),
    ],
}

# The same of entities: step, reason, measure and contribution.
FIRST_WEEK_ENTITIES: dict[str, dict[str, tuple[int | None, str | None, int, int]]] = {
    "weekly_teams": {
        "a": (None, None, 3, 1),
        "b": (14, "too_few_actors", 2, 0),
        "c": (14, "too_few_actors", 2, 0),
    },
    "paying_runs": {
        "a": (15, "not_in_state", 5, 0),
        "b": (None, None, 2, 1),
        "c": (None, None, 2, 1),
    },
    "revenue": {"a": (None, None, 100, 100)},
    "net_revenue": {"a": (None, None, 185, 185)},
    "features": {
        "a": (None, None, 2, 2),
        "b": (None, None, 1, 1),
        "c": (None, None, 1, 1),
    },
    "payers": {"b": (None, None, 1, 1), "c": (None, None, 1, 1)},
    "recurring": {"b": (None, None, 25, 25)},
}


def tables() -> dict[str, Table]:
    people: dict[str, list[Row]] = {
        "consent": [
            {"id_type": "user", "id": "cynic", "status": "denied"},
        ],
        "erasure_requests": [{"id_type": "user", "id": "gone"}],
    }
    states = [
        dict(zip(STATE_COLUMNS, ("team", team, "paying", *rest), strict=True))
        for team, *rest in STATES
    ]
    return {
        "events": {"columns": COLUMNS, "rows": EVENTS},
        "states": {"columns": STATE_COLUMNS, "rows": states},
        **{
            name: {"columns": dict.fromkeys(rows[0], "text"), "rows": rows}
            for name, rows in people.items()
        },
    }


def vars_for(metrics: dict[str, Any]) -> dict[str, Any]:
    def mapped(name: str, columns: Any) -> dict[str, Any]:
        return {
            "relation": {"source": ["raw", name]},
            "columns": {column: column for column in columns},
        }

    consent = mapped("consent", ("id_type", "id", "status"))
    consent["columns"]["valid_from"] = "cast('2026-01-01' as timestamp)"
    return {
        "northstar_timezone": "Europe/London",
        "northstar_consent_default": "granted",
        "northstar_events": [
            {
                "name": "app",
                **mapped(
                    "events", [name for name in COLUMNS if name not in ATTRIBUTES]
                ),
                "attributes": {name: name for name in ATTRIBUTES},
            }
        ],
        "northstar_states": mapped("states", STATE_COLUMNS),
        "northstar_consent": consent,
        "northstar_erasure_requests": mapped("erasure_requests", ("id_type", "id")),
        "northstar_entities": ENTITIES,
        "northstar_metrics": metrics,
    }


@pytest.fixture(scope="module")
def company(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Consumer]:
    consumer = Consumer(
        tmp_path_factory.mktemp("company"),
        engine,
        vars=vars_for(METRICS),
        tables=tables(),
        models={
            "doubted.sql": "select * "
            "from {{ ref('northstar', 'int_northstar__explained_events') }} "
            "where {{ northstar.explains('weekly_teams', '2026-06-03') }}"
        },
        drivers=False,
    )
    consumer.dbt("build").assert_success()
    yield consumer
    consumer.database.release()


@pytest.mark.parametrize("metric", FIRST_WEEK)
def test_each_event_has_the_step_and_the_reason_that_dropped_it(
    company: Consumer, metric: str
) -> None:
    rows = company.rows(
        "int_northstar__explained_events",
        f"metric_name = '{metric}' and period_start = '2026-06-01'",
    )
    assert sorted(map(fate, rows)) == sorted(
        (event_id, step or 0, reason or "", detail or "")
        for event_id, step, reason, detail in FIRST_WEEK[metric]
    )


def fate(row: Row) -> tuple[str, int, str, str]:
    return (
        row["event_id"] or "-",
        row["dropped_at_step"] or 0,
        row["reason"] or "",
        row["detail"] or "",
    )


@pytest.mark.parametrize("metric", FIRST_WEEK_ENTITIES)
def test_each_entity_has_the_step_and_the_reason_that_kept_it_out(
    company: Consumer, metric: str
) -> None:
    rows = company.rows(
        "int_northstar__explained_entities",
        f"metric_name = '{metric}' and period_start = '2026-06-01'",
    )
    assert {
        row["entity_id"]: tuple(
            row[column]
            for column in ("dropped_at_step", "reason", "measure", "contribution")
        )
        for row in rows
    } == FIRST_WEEK_ENTITIES[metric]


def test_intervals_of_a_state_have_theirs(company: Consumer) -> None:
    rows = company.rows(
        "int_northstar__explained_states", "period_start = '2026-06-01'"
    )
    assert sorted(
        (
            row["metric_name"],
            row["entity_id"],
            row["dropped_at_step"] or 0,
            row["reason"] or "",
            row["amount"],
        )
        for row in rows
    ) == [
        ("payers", "a", 11, "ended", None),
        ("payers", "b", 0, "", 1),
        ("payers", "b", 0, "counted_already", 0),
        ("payers", "c", 0, "", 1),
        ("payers", "d", 11, "not_begun", None),
        ("recurring", "a", 11, "ended", None),
        ("recurring", "b", 0, "", 5),
        ("recurring", "b", 0, "", 20),
        ("recurring", "c", 13, "no_value", None),
        ("recurring", "d", 11, "not_begun", None),
    ]


def test_a_cap_shows_the_value_before_it(company: Consumer) -> None:
    (row,) = company.rows(
        "int_northstar__explained_events",
        "metric_name = 'revenue' and event_id = 'o1'",
    )
    assert (row["uncapped"], row["amount"]) == (120, 100)


def test_a_project_reads_the_views_in_its_own_models(company: Consumer) -> None:
    assert len(company.rows("doubted")) == len(FIRST_WEEK["weekly_teams"])


def test_every_value_of_the_company_adds_up(company: Consumer) -> None:
    assert_all_adds_up(company)
    with open_warehouse(company.directory) as warehouse:
        metrics = read_metrics(warehouse)
        for name in METRICS:
            for day in (date(2026, 6, 3), date(2026, 6, 8)):
                explanation = explain(warehouse, choose_metric(metrics, name), day)
                assert_steps_add_up(explanation)


# ------------------------------------------------------------------ random companies

# Lifetimes stand until the next row; everything else is a sum over the period.
VALUES = """
with contributed as (
    select metric_name, period_start, entity_id, contribution
    from {int_northstar__explained_entities}
    where metric_name not in (
        select metric_name from {int_northstar__metrics}
        where window_kind = 'lifetime'
    )
    union all
    select metric_name, period_start, entity_id, contribution
    from (
        select
            values.metric_name,
            values.period_start,
            entities.entity_id,
            entities.contribution,
            row_number() over (
                partition by
                    values.metric_name, values.period_start, entities.entity_id
                order by entities.period_start desc
            ) as recency
        from {int_northstar__metric_values} as values
        inner join {int_northstar__explained_entities} as entities
            on values.metric_name = entities.metric_name
            and entities.period_start <= values.period_start
        where values.window_kind = 'lifetime'
    ) as life
    where recency = 1
)
select metric_name, period_start, sum(contribution) as contributed
from contributed
group by metric_name, period_start
"""

EVENT_KEY = (
    "metric_name, entity_id, source_name, event_id, booked_at, period_start, is_void"
)
STANDING = f"""
select 'core' as side, {EVENT_KEY}, count(*) as row_count
from {{int_northstar__qualifying_events}}
where amount is not null
group by {EVENT_KEY}
union all
select 'explained' as side, {EVENT_KEY}, count(*) as row_count
from {{int_northstar__explained_events}}
where dropped_at_step is null
group by {EVENT_KEY}
"""


def assert_all_adds_up(consumer: Consumer) -> None:
    """For every metric and period: the explained sum is the published value.

    And for every event: what stands in the explanation is what the metric counted.
    """
    metrics = {
        row["metric_name"]: row for row in consumer.rows("int_northstar__metrics")
    }
    contributed = {
        (row["metric_name"], row["period_start"]): row["contributed"]
        for row in consumer.query(VALUES)
    }
    ratios = {
        row["published_name"] for row in metrics.values() if not row["is_published"]
    }

    def explained(name: str, start: date) -> Decimal:
        total = Decimal(contributed.get((name, start), 0))
        metric = metrics[name]
        scale = metric["unit_scale"] if metric["total"] == "measure" else 1
        return total * Decimal(scale)

    for row in consumer.rows("northstar__metric_periods"):
        name, start = row["metric_name"], row["period_start"]
        sides = {"value": name}
        if name in ratios:
            sides = {side: f"{name}__{side}" for side in ("numerator", "denominator")}
        for column, part in sides.items():
            ours = explained(part, start)
            ours = ours.quantize(Decimal("1e-9"), "ROUND_HALF_UP")
            published = Decimal(row[column])
            assert is_same(ours, published), (part, start, ours, published)

    sides_of: dict[tuple[Any, ...], dict[str, int]] = {}
    for row in consumer.query(STANDING):
        side, *key, row_count = row.values()
        sides_of.setdefault(tuple(key), {})[side] = row_count
    different = {
        key: sides
        for key, sides in sides_of.items()
        if sides.get("core") != sides.get("explained")
    }
    assert not different


def assert_steps_add_up(explanation: Explanation) -> None:
    """What comes out of a step goes into the next, and the last makes the value."""
    assert not explanation.differences
    for part in explanation.parts:
        before = part.steps[0]
        for step in part.steps[1:]:
            left_out = sum(step.left_out.values())
            assert step.events_in == before.events_out
            if step.number < 14:
                expected = step.events_in - left_out + step.net_voids
                assert step.events_out == expected
            else:
                assert step.entities_out == before.entities_out - left_out
            before = step
        assert part.entities == before.entities_out


def assert_batch_adds_up(number: int, directory: Path, engine: Engine) -> None:
    seeds = range(number * COMPANIES, (number + 1) * COMPANIES)
    made = batch(seeds)
    raw: dict[str, Any] = made.tables
    consumer = Consumer(directory, engine, vars=made.config, tables=raw, drivers=False)

    consumer.dbt("build").assert_success()

    assert_all_adds_up(consumer)
    with open_warehouse(directory) as warehouse:
        metrics = read_metrics(warehouse)
        for name in made.config["northstar_metrics"]:
            starts = sorted(
                row["period_start"]
                for row in consumer.rows(
                    "northstar__metric_periods", f"metric_name = '{name}'"
                )
            )
            for day in starts[:1] + starts[-1:]:
                explanation = explain(warehouse, choose_metric(metrics, name), day)
                assert_steps_add_up(explanation)


@pytest.mark.parametrize("number", [1])
def test_every_value_of_a_batch_on_duckdb_adds_up(
    number: int, tmp_path: Path, duckdb_engine: Engine
) -> None:
    assert_batch_adds_up(number, tmp_path, duckdb_engine)


@pytest.mark.slow
@pytest.mark.postgres
def test_every_value_of_a_batch_on_postgres_adds_up(
    tmp_path: Path, postgres_engine: Engine
) -> None:
    assert_batch_adds_up(2, tmp_path, postgres_engine)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(7, 60))
def test_every_value_of_many_batches_adds_up(
    number: int, tmp_path: Path, duckdb_engine: Engine
) -> None:
    assert_batch_adds_up(number, tmp_path, duckdb_engine)


# ------------------------------------------------------------------ the command line

PAGE = REPOSITORY / "docs" / "explain.md"


def northstar_explain(company: Consumer, *arguments: str) -> Result:
    return CliRunner().invoke(
        main,
        ["explain", *arguments, "--project-dir", str(company.directory)],
        env={"DBT_PROJECT_DIR": None, "DBT_PROFILES_DIR": None},
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("explain.txt", ("weekly_teams", "2026-06-03")),
        ("explain_entity.txt", ("weekly_teams", "2026-06-01", "--entity", "a")),
        ("explain_voids.txt", ("revenue", "2026-06-01")),
        ("explain_net.txt", ("net_revenue", "2026-06-01", "--entity", "a")),
        ("explain_cohort.txt", ("completed", "2026-06-01")),
        ("explain_eligible.txt", ("young_runs", "2026-06-01")),
        ("explain_rolling.txt", ("fortnight", "2026-06-01")),
        ("explain_lifetime.txt", ("features_ever", "2026-06-10", "--entity", "a")),
        ("explain_state.txt", ("recurring", "2026-06-01")),
        ("explain_state_entity.txt", ("payers", "2026-06-01", "--entity", "b")),
        ("explain_ratio.txt", ("average_order", "2026-06-01")),
        ("explain_person.txt", ("runners", "2026-06-01", "--entity", "phone")),
    ],
)
def test_explanations_read_well(
    company: Consumer,
    golden: Callable[[str, str], None],
    name: str,
    arguments: tuple[str, ...],
) -> None:
    result = northstar_explain(company, *arguments)
    assert (result.stderr, result.exit_code) == ("", 0)
    golden(name, result.stdout)


@pytest.mark.parametrize("name", ["explain.txt", "explain_entity.txt"])
def test_the_page_shows_what_the_command_prints(name: str) -> None:
    printed = Path(__file__).parent / "golden" / name
    assert printed.read_text(encoding="utf-8") in PAGE.read_text(encoding="utf-8")


def test_the_page_names_every_reason(company: Consumer) -> None:
    reasons = company.query(
        "select reason from {int_northstar__explained_events} "
        "where dropped_at_step > 7 or dropped_at_step is null and reason is not null "
        "union select reason from {int_northstar__explained_states} "
        "where reason is not null "
        "union select reason from {int_northstar__explained_entities} "
        "where reason is not null"
    )
    text = PAGE.read_text(encoding="utf-8")
    assert len(reasons) > 15
    for row in reasons:
        assert f"`{row['reason']}`" in text


def test_the_sql_of_the_page_runs(company: Consumer) -> None:
    page = PAGE.read_text(encoding="utf-8")
    steps, events = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    view = "int_northstar__explained_events"

    left_out = company.query(steps.replace(view, f"{{{view}}}"))
    fates = company.query(events.replace(view, f"{{{view}}}"))

    assert sum(row["events"] for row in left_out) == len(FIRST_WEEK["weekly_teams"])
    assert sum(row["amount"] or 0 for row in fates) == 3


def test_json_says_the_same(company: Consumer) -> None:
    result = northstar_explain(
        company, "weekly_teams", "2026-06-01", "--entity", "a", "--json"
    )
    shown = json.loads(result.stdout)
    assert (shown["value"], shown["published"]["value"], shown["adds_up"]) == (
        1,
        1,
        True,
    )
    (part,) = shown["parts"]
    (where,) = [step for step in part["steps"] if step["name"] == "where"]
    assert where["left_out"] == {"no_entity": 1, "where_not_true": 2}
    (entity,) = shown["entity"]["parts"]
    assert entity["measure"] == 3
    assert [row["reason"] for row in entity["rows"] if row["event_id"] == "r6"] == [
        "no_consent"
    ]


def test_what_cannot_be_explained_is_refused_in_words(company: Consumer) -> None:
    for command, *texts in [
        ["weekly_team 2026-06-01", "did you mean weekly_teams?"],
        ["weekly_teams 2026-01-01", "no period with 2026-01-01", "2026-06-01"],
        ["weekly_teams soon", "soon"],
        ["weekly_teams 2026-06-01 --entity z", "no team z", "in any period"],
        ["weekly_teams 2026-06-15 --entity a", "2026-06-08"],
        ["runners 2026-06-15 --entity phone", "phone belongs to fay"],
    ]:
        result = northstar_explain(company, *command.split())
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        for text in texts:
            assert text in result.stderr


def test_a_project_can_do_without_the_views(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    switched_off = {"intermediate": {"explained": {"+enabled": False}}}
    company = Consumer(
        tmp_path,
        duckdb_engine,
        vars=vars_for({"weekly_teams": METRICS["weekly_teams"]}),
        tables=tables(),
        project={"models": {"northstar": switched_off}},
        drivers=False,
    )
    company.dbt("build").assert_success()
    assert not [name for name in company.model_names() if "explained" in name]

    result = northstar_explain(company, "weekly_teams", "2026-06-01")

    assert result.exit_code == 3
    assert "its model switched on" in result.stderr


def test_a_value_that_does_not_add_up_fails(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    metrics = {"weekly_teams": METRICS["weekly_teams"]}
    company = Consumer(
        tmp_path, duckdb_engine, vars=vars_for(metrics), tables=tables(), drivers=False
    )
    company.dbt("build").assert_success()
    company.database.execute(
        f"update {company.relation_name('northstar__metric_periods')} set value = 7"
    )

    result = northstar_explain(company, "weekly_teams", "2026-06-01")

    assert result.exit_code == 4
    assert "The steps come to 1 as the value" in result.stdout
    assert "northstar__metric_periods has 7" in result.stdout
    assert "do not come to" in result.stderr
