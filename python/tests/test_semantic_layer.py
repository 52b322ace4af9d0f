"""What MetricFlow answers is what the marts say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from consumer import Consumer
from engines import Engine, Row, Table
from northstar.cli import main
from northstar.text import clean
from trees import HOSTILE

pytestmark = [
    # MetricFlow is on a release of its own libraries that warns of the next.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

SEGMENTS = ("channel", "device", "country", "plan", "persona", "company_size")
MONDAY = date(2024, 1, 22)

# user, week, how much in each of the week's events: two events make a user count
HISTORY: list[tuple[str, int, tuple[float, ...]]] = [
    ("a", 0, (1, 2)),
    ("b", 0, (4,)),
    ("a", 1, (8, 16)),
    ("c", 1, (0.5, 0.25)),
    # nothing in week 2, and in week 3 one event that does not make its user count
    ("b", 3, (32,)),
    ("a", 4, (64, 128)),
    ("b", 4, (256, 512, 1024)),
    ("c", 5, (2048, -4096)),
    # the data ends in week 6
    ("d", 6, (3, 5)),
]
TRAITS: dict[str, dict[str, str | None]] = {
    "a": {"channel": "paid", "device": "ios", "country": "GB", "plan": "pro"},
    "b": {"channel": "direct", "device": "web", "country": "GB", "persona": "Admin"},
    "c": {"channel": "paid", "device": "ios", "country": "FR", "company_size": "1-10"},
    "d": {},
}
WEEKS = 7

WEEK_STARTS = {"measure": 7, "entities": 1}
"""Sundays and Mondays: MetricFlow's own week knows Mondays alone."""

NORTH_STARS: dict[str, dict[str, Any]] = {
    "measure": {"per_entity": {"sum": "value"}, "total": "measure"},
    "entities": {"per_entity": {"count": "events", "at_least": 2}, "total": "entities"},
}

# entity, state, from, to, what it pays a month: two states, a year and more of them
STATES: list[tuple[str, str, str, str | None, int]] = [
    ("a", "paid", "2023-01-10", "2023-06-10", 10),
    ("a", "paid", "2023-06-10", None, 30),
    ("b", "paid", "2023-01-15", "2024-01-15", 20),
    ("c", "paid", "2023-02-01", "2023-05-01", 40),
    ("c", "paid", "2024-01-20", "2024-02-20", 15),
    ("c", "paid", "2024-02-20", None, 5),
    ("a", "addon", "2023-01-20", "2024-02-05", 3),
    ("d", "addon", "2024-02-01", None, 7),
]
FUNNELS: dict[str, Any] = {
    "twice": {"steps": 2, "grain": "week"},
    "three_times": {"steps": 3, "grain": "month"},
}
MODULES: dict[str, Any] = {
    "northstar_states": {
        "relation": {"source": ["raw", "states"]},
        "columns": {
            "entity": "'user'",
            "entity_id": "id",
            "state": "state",
            "valid_from": "valid_from",
            "valid_to": "valid_to",
            "value": "amount",
        },
    },
    "northstar_funnels": {
        name: {
            "entity": "user",
            "steps": [{"event": "act"}] * funnel["steps"],
            "window": "7d",
            "grain": funnel["grain"],
        }
        for name, funnel in FUNNELS.items()
    },
}
"""What switches on funnels and revenue: in one project of the two, which saves time."""

WITH_MODULES = "entities"
HOSTILE_LABEL = "{{ 1 + 1 }} {% raw %} {# none #} {{ Dimension('x') }} \"'\\ : - <b>😀"

ACTS: dict[str, Any] = {
    "entity": "user",
    "events": [{"event": "act"}],
    "window": {"calendar": "month"},
    "total": "measure",
    "level": "guardrail",
    "direction": "up",
    "target": 7.5,
    "label": HOSTILE_LABEL,
    "plain_language": clean(" ".join([HOSTILE_LABEL, *map(clean, HOSTILE)])),
    "owners": {"sponsor": "Product chief", "data": "Analytics"},
    "why": "More is more.",
    "unit": "acts",
}


def states() -> Table:
    columns = ("id", "state", "valid_from", "valid_to", "amount")
    return {
        "columns": {
            "id": "text",
            "state": "text",
            "valid_from": "date",
            "valid_to": "date",
            "amount": "number",
        },
        "rows": [dict(zip(columns, row, strict=True)) for row in STATES],
    }


def events() -> Table:
    columns = ("id", "name", "user_id", *SEGMENTS)
    rows = [
        {
            "id": f"{user} {week} {number}",
            "name": "act",
            "occurred": datetime(2024, 1, 22, 12) + timedelta(days=7 * week + number),
            "user_id": user,
            "amount": amount,
        }
        | TRAITS[user]
        for user, week, amounts in HISTORY
        for number, amount in enumerate(amounts)
    ]
    return {
        "columns": dict.fromkeys(columns, "text")
        | {"occurred": "timestamp", "amount": "number"},
        "rows": rows,
    }


class SemanticLayer:
    """A project that is built, its marts read once, and MetricFlow over it."""

    def __init__(self, consumer: Consumer, north_star: str) -> None:
        from dbt_metricflow.cli.cli_configuration import CLIConfiguration

        self.consumer = consumer
        self.north_star = north_star
        self.periods: list[Row] = consumer.rows(
            "northstar__metric_periods", "is_north_star"
        )
        self.entities: list[Row] = consumer.rows(
            "northstar__entity_periods", "metric_name = 'north'"
        )
        self.configuration = CLIConfiguration()
        with pytest.MonkeyPatch.context() as patch:
            # It runs dbt, which would leave its log open.
            patch.setenv("DBT_LOG_LEVEL_FILE", "none")
            self.configuration.setup(
                dbt_profiles_path=consumer.directory,
                dbt_project_path=consumer.directory,
                configure_file_logging=False,
            )

    def query(self, metric: str, *group_by: str) -> dict[tuple[Any, ...], Decimal]:
        """The metric's value by the values of the dimensions, dates as dates."""
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

        result = self.configuration.mf.query(
            MetricFlowQueryRequest.create(
                metric_names=[metric], group_by_names=list(group_by)
            )
        ).result_df
        assert result is not None
        assert list(result.column_names) == [*group_by, metric]
        found = {}
        for *key, value in result.rows:
            assert value is not None
            found[tuple(map(as_date, key))] = Decimal(str(value)).normalize() + 0
        assert len(found) == result.row_count
        return found

    def saved(self, name: str) -> list[dict[str, Any]]:
        """What a saved query answers."""
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

        result = self.configuration.mf.query(
            MetricFlowQueryRequest.create(saved_query_name=name)
        ).result_df
        assert result is not None
        return [dict(zip(result.column_names, row, strict=True)) for row in result.rows]

    def rows(self, metrics: list[str], time: str) -> dict[date, dict[str, Any]]:
        """Several metrics at once, by the time."""
        return {key[0]: row for key, row in self.table(metrics, time).items()}

    def table(
        self, metrics: list[str], *group_by: str
    ) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Several metrics at once, by the values of the dimensions."""
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

        result = self.configuration.mf.query(
            MetricFlowQueryRequest.create(
                metric_names=metrics, group_by_names=list(group_by)
            )
        ).result_df
        assert result is not None
        found = {}
        for cells in result.rows:
            row = dict(zip(result.column_names, cells, strict=True))
            key = tuple(as_date(row[name]) for name in group_by)
            found[key] = {name: as_published(row[name]) for name in metrics}
        assert len(found) == result.row_count
        return found


def as_date(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value


@contextmanager
def semantic_layer(
    directory: Path, engine: Engine, north_star: str
) -> Iterator[SemanticLayer]:
    vars = {
        "northstar_events": [
            {
                "name": "app",
                "relation": {"source": ["raw", "events"]},
                "columns": {
                    "event_id": "id",
                    "event_name": "name",
                    "occurred_at": "occurred",
                    "user_id": "user_id",
                    "value": "amount",
                }
                | {name: name for name in SEGMENTS},
            }
        ],
        "northstar_week_start": WEEK_STARTS[north_star],
        "northstar_entities": {"user": {"id": "user_id"}},
        "northstar_metrics": {
            "north": {
                "level": "north_star",
                "entity": "user",
                "events": [{"event": "act"}],
                "window": {"calendar": "week"},
                **NORTH_STARS[north_star],
            },
            "acts": ACTS,
        },
    } | (MODULES if north_star == WITH_MODULES else {})
    consumer = Consumer(
        directory,
        engine,
        vars=vars,
        tables={"events": events(), "states": states()},
    )
    consumer.dbt("run").assert_success()
    if north_star == WITH_MODULES:
        assert_named_metrics_are_written(consumer)
    try:
        yield SemanticLayer(consumer, north_star)
    finally:
        consumer.database.release()


NAMED = "models/northstar_metrics.yml"


def northstar(command: str, directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [command, f"--project-dir={directory}", *arguments])


def assert_named_metrics_are_written(consumer: Consumer) -> None:
    """The command writes what dbt then reads as it was configured."""
    folder = consumer.directory
    checked = northstar("check", folder, "--today=2026-01-01").stdout
    done = northstar("semantic", folder)
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    assert done.stdout == f"{folder / NAMED}\n"
    consumer.dbt("parse").assert_success()
    found = {
        node["name"]: node
        for node in consumer.manifest()["metrics"].values()
        if node["package_name"] == "consumer"
    }
    assert found.keys() == {"north", "acts"}
    assert found["acts"]["label"] == ACTS["label"]
    assert found["acts"]["description"] == ACTS["plain_language"]

    # the tree has each metric once, as before
    assert northstar("check", folder, "--today=2026-01-01").stdout == checked
    text = (folder / NAMED).read_text(encoding="utf-8")
    assert northstar("semantic", folder, "--check").exit_code == 0
    assert northstar("semantic", folder, "--out=-").stdout == text
    again = northstar("semantic", folder, f"--out={folder / NAMED}")
    assert (again.stdout, again.exit_code) == ("", 0)
    mine = folder / "models" / "mine.yml"
    mine.write_text("metrics: []\n")
    refused = northstar("semantic", folder, "--out=models/mine.yml")
    assert (refused.exit_code, refused.stdout) == (2, "")
    mine.unlink()


def assert_named_metrics_are_the_mart(layer: SemanticLayer) -> None:
    """Two grains in one mart, and both by their own last period."""
    periods = layer.consumer.rows("northstar__metric_periods")
    for name in ("north", "acts"):
        values = {
            row["period_start"]: row["value"]
            for row in periods
            if row["metric_name"] == name
        }
        assert layer.query(name, "metric_time__day") == {
            (start,): value for start, value in values.items()
        }
        by_quarter = {quarter_of(start): value for start, value in values.items()}
        assert layer.query(name, "metric_time__quarter") == {
            (quarter,): value for quarter, value in by_quarter.items()
        }


def contributed(layer: SemanticLayer, metric: str, row: Row) -> Decimal:
    """What a row of northstar__entity_periods adds to the metric."""
    if metric == "north_star_entities":
        return Decimal(row["is_qualified"])
    return Decimal(row["contribution"] or 0)


def assert_the_marts_are_as_written_by_hand(layer: SemanticLayer) -> None:
    """Else MetricFlow and the marts might agree on nothing."""
    expected = [Decimal(0)] * WEEKS
    for _, week, amounts in HISTORY:
        is_counted = layer.north_star == "entities"
        added = Decimal(len(amounts) >= 2 if is_counted else str(sum(amounts)))
        expected[week] += added
    assert [row["period_start"] for row in layer.periods] == [
        MONDAY + timedelta(days=7 * week - (WEEK_STARTS[layer.north_star] == 7))
        for week in range(WEEKS)
    ]
    assert [row["value"] for row in layer.periods] == expected
    assert [row["period_status"] for row in layer.periods] == ["final"] * 6 + ["open"]
    assert expected[2] == 0


def assert_the_north_star_is_the_marts_by_week(layer: SemanticLayer) -> None:
    starts = {row["period_start"]: row for row in layer.periods}
    for grain in ("northstar_week", "day"):
        time = f"metric_time__{grain}"
        values = layer.query("north_star", time)
        assert values == {(start,): row["value"] for start, row in starts.items()}
        entities = layer.query("north_star_entities", time)
        assert entities == {
            (start,): row["qualified_entities"] for start, row in starts.items()
        }


def assert_over_months_the_last_week_counts(layer: SemanticLayer) -> None:
    last = {row["period_start"].replace(day=1): row for row in layer.periods}
    assert layer.query("north_star", "metric_time__month") == {
        (month,): row["value"] for month, row in last.items()
    }
    assert layer.query("north_star_entities", "metric_time__month") == {
        (month,): row["qualified_entities"] for month, row in last.items()
    }


def assert_by_a_dimension_it_is_the_sum_over_entities(
    layer: SemanticLayer, metric: str, dimension: str
) -> None:
    # every week has a row of its own, in no segment, so that none is left out
    rest = "(none)" if dimension == "growth_status" else "(unknown)"
    expected = {(row["period_start"], rest): Decimal(0) for row in layer.periods}
    for row in layer.entities:
        key = (row["period_start"], row[dimension] or rest)
        expected[key] = expected.get(key, Decimal(0)) + contributed(layer, metric, row)
    assert len(expected) > WEEKS

    found = layer.query(
        metric, "metric_time__northstar_week", f"north_star_row__{dimension}"
    )

    assert found == expected


def assert_by_status_it_is_the_last_week_of_each(
    layer: SemanticLayer, metric: str
) -> None:
    column = "value" if metric == "north_star" else "qualified_entities"
    found = layer.query(
        metric, "metric_time__northstar_week", "north_star_row__period_status"
    )
    assert found == {
        (row["period_start"], row["period_status"]): row[column]
        for row in layer.periods
    }


def assert_two_dimensions_at_once(layer: SemanticLayer) -> None:
    expected = {
        (row["period_start"], "(unknown)", "(unknown)"): Decimal(0)
        for row in layer.periods
    }
    for row in layer.entities:
        key = (row["period_start"], row["channel"], row["plan"])
        expected[key] = expected.get(key, Decimal(0)) + contributed(
            layer, "north_star", row
        )
    found = layer.query(
        "north_star",
        "metric_time__northstar_week",
        "north_star_row__channel",
        "north_star_row__plan",
    )
    assert found == expected


def assert_metricflow_finds_nothing_to_complain_of(layer: SemanticLayer) -> None:
    from dbt_metricflow.cli.dbt_connectors.dbt_config_accessor import dbtArtifacts
    from metricflow.validation.data_warehouse_model_validator import (
        DataWarehouseModelValidator,
    )
    from metricflow_semantic_interfaces.validations.semantic_manifest_validator import (
        SemanticManifestValidator,
    )

    manifest = dbtArtifacts.build_semantic_manifest_from_dbt_project_root(
        layer.consumer.directory
    )
    found = SemanticManifestValidator[Any](max_workers=1).validate_semantic_manifest(
        manifest
    )
    assert [str(issue) for issue in found.all_issues] == []

    warehouse = DataWarehouseModelValidator(sql_client=layer.configuration.sql_client)
    for validate in (
        warehouse.validate_semantic_models,
        warehouse.validate_dimensions,
        warehouse.validate_entities,
        warehouse.validate_metrics,
    ):
        assert [str(issue) for issue in validate(manifest).all_issues] == []


# metric: the mart that it is to equal, which of its rows, and the column
DRIVERS: dict[str, tuple[str, str, str]] = {
    "new_entities": ("growth_accounting", "1 = 1", "new_entities"),
    "retained_entities": ("growth_accounting", "1 = 1", "retained_entities"),
    "resurrected_entities": ("growth_accounting", "1 = 1", "resurrected_entities"),
    "churned_entities": ("growth_accounting", "1 = 1", "churned_entities"),
    "retention_rate": ("growth_accounting", "1 = 1", "retention_rate"),
    "resurrection_rate": ("growth_accounting", "1 = 1", "resurrection_rate"),
    "first_qualification_rate": (
        "growth_accounting",
        "1 = 1",
        "first_qualification_rate",
    ),
    "quick_ratio": ("growth_accounting", "1 = 1", "quick_ratio"),
    "churn_rate": ("guardrails", "guardrail_name = 'north__churn_rate'", "value"),
    "activation_rate": ("activation_cohorts", "window_days = 7", "activation_rate"),
    "activated_entities": (
        "activation_cohorts",
        "window_days = 7",
        "activated_entities",
    ),
    "repeat_rate": ("repeat_steps", "n = 1", "repeat_rate"),
    "cohort_retention_rate": (
        "retention_cohorts",
        "periods_since = 1",
        "retention_rate",
    ),
    "median_days_to_value": ("time_to_value", "day = 0", "median_days"),
    "dau": ("engagement", "1 = 1", "dau"),
    "wau": ("engagement", "1 = 1", "wau"),
    "mau": ("engagement", "1 = 1", "mau"),
    "stickiness": ("engagement", "1 = 1", "stickiness"),
    "frequency": ("engagement", "1 = 1", "frequency"),
    "adoption_breadth": ("engagement", "1 = 1", "adoption_breadth"),
    "adoption_depth": ("engagement", "1 = 1", "adoption_depth"),
    "top_decile_share": ("concentration", "1 = 1", "top_decile_share"),
    "gini": ("concentration", "1 = 1", "gini"),
    "top_entity_share": ("concentration", "1 = 1", "top_entity_share"),
}
ADDED_OVER_TIME = {"new_entities", "activated_entities"}
POOLED_OVER_TIME = {"activation_rate", "repeat_rate", "cohort_retention_rate"}


def as_published(value: Any) -> Decimal | None:
    """With the nine places of the marts."""
    if value is None:
        return None
    return Decimal(str(value)).quantize(Decimal("1e-9")).normalize() + 0


def assert_drivers_are_the_marts(layer: SemanticLayer) -> None:
    names = [f"north_star_{name}" for name in DRIVERS]
    weekly = layer.rows(names, "metric_time__northstar_week")
    monthly = layer.rows(names, "metric_time__month")
    months = sorted({week.replace(day=1) for week in weekly})
    seen = set()
    for name, (mart, condition, column) in DRIVERS.items():
        expected = {
            row["period_start"]: as_published(row[column])
            for row in layer.consumer.rows(f"northstar__{mart}", condition)
        }
        metric = f"north_star_{name}"
        found = {week: as_published(row[metric]) for week, row in weekly.items()}
        assert len(found) == WEEKS
        assert found == {week: expected.get(week) for week in found}, name
        seen |= {name for value in found.values() if value is not None}
        if name in POOLED_OVER_TIME:
            continue
        for month in months:
            weeks = sorted(week for week in found if week.replace(day=1) == month)
            known = [value for week in weeks if (value := found[week]) is not None]
            of_month = as_published(monthly[month][metric])
            if name in ADDED_OVER_TIME:
                total = as_published(sum(known)) if known else None
                assert of_month == total, (name, month)
            else:
                assert of_month == found[weeks[-1]], (name, month)
    assert seen >= set(DRIVERS) - {"median_days_to_value"}


REVENUE = {
    "mrr": "ending_mrr",
    "new_mrr": "new_mrr",
    "reactivation_mrr": "reactivation_mrr",
    "expansion_mrr": "expansion_mrr",
    "contraction_mrr": "contraction_mrr",
    "churned_mrr": "churned_mrr",
    "paying_entities": "ending_entities",
    "paying_entities_before": "starting_entities",
    "net_revenue_retention": "net_revenue_retention",
    "gross_revenue_retention": "gross_revenue_retention",
    "logo_churn_rate": "logo_churn_rate",
    "renewal_rate": "renewal_rate",
    "arpu": "arpu",
    "arpa": "arpa",
}
"""Metrics over northstar__revenue_periods, by the column that they are to equal."""


def assert_revenue_is_the_mart(layer: SemanticLayer) -> None:
    mart = layer.consumer.rows("northstar__revenue_periods")
    names = [f"northstar_{name}" for name in REVENUE]
    state = "revenue_month__state_name"
    found = layer.table(names, "metric_time__day", state)
    assert found == {
        (row["period_start"], row["state_name"]): {
            f"northstar_{name}": as_published(row[column])
            for name, column in REVENUE.items()
        }
        for row in mart
    }
    for name in names:  # none is empty or 0 throughout
        assert any(row[name] for row in found.values()), name

    # over quarters what moved adds up, and of the rest the last month is taken
    quarters = layer.table(names, "metric_time__quarter", state)
    for (quarter, of_state), row in quarters.items():
        months = [
            found[start, name]
            for start, name in sorted(found)
            if name == of_state and quarter_of(start) == quarter
        ]
        for name in names:
            if name.endswith("_mrr") and name != "northstar_mrr":
                assert row[name] == sum(month[name] for month in months), name
            elif name != "northstar_renewal_rate":
                assert row[name] == months[-1][name], name

    # over states revenue adds up, and users are not counted once for each
    for start, row in layer.rows(names, "metric_time__day").items():
        of_month = [row for row in mart if row["period_start"] == start]
        ending = sum(row["ending_mrr"] for row in of_month)
        assert row["northstar_mrr"] == ending
        users = of_month[0]["mean_active_users"]
        expected = as_published(ending / users) if users else None
        assert row["northstar_arpu"] == expected


def quarter_of(day: date) -> date:
    return date(day.year, day.month - (day.month - 1) % 3, 1)


def assert_funnels_are_the_mart(layer: SemanticLayer) -> None:
    mart = layer.consumer.rows("northstar__funnel_steps")
    funnel, step = "funnel_step__funnel_name", "funnel_step__step"
    parts = ["northstar_funnel_reached", "northstar_funnel_step_rate"]
    of_steps = layer.table(parts, "metric_time__day", funnel, step)
    assert of_steps == {
        (row["period_start"], row["funnel_name"], row["step"]): {
            parts[0]: as_published(row["reached_entities"]),
            parts[1]: as_published(row["step_conversion_rate"]),
        }
        for row in mart
    }
    names = [f"northstar_funnel_{n}" for n in ("entries", "completions")]
    rate = "northstar_funnel_completion_rate"
    whole = layer.table([*names, rate, *parts], "metric_time__day", funnel)
    last = {
        (row["period_start"], row["funnel_name"]): row
        for row in mart
        if row["step"] == FUNNELS[row["funnel_name"]]["steps"]
    }
    assert whole == {
        key: {
            names[0]: as_published(row["entered_entities"]),
            names[1]: as_published(row["reached_entities"]),
            rate: as_published(row["overall_conversion_rate"]),
            parts[0]: None,  # of several steps at once
            parts[1]: None,
        }
        for key, row in last.items()
    }
    assert {key[1] for key in whole} == set(FUNNELS)
    months = layer.table([names[0], rate], "metric_time__month", funnel)
    for (month, name), row in months.items():
        cohorts = [last[key] for key in last if key[1] == name]
        cohorts = [c for c in cohorts if c["period_start"].replace(day=1) == month]
        entered = sum(cohort["entered_entities"] for cohort in cohorts)
        reached = sum(cohort["reached_entities"] for cohort in cohorts)
        assert row[names[0]] == entered
        expected = as_published(Decimal(reached) / entered) if entered else None
        assert row[rate] == expected


def assert_guardrails_are_the_mart(layer: SemanticLayer) -> None:
    mart = layer.consumer.rows("northstar__guardrails")
    name = "guardrail_period__guardrail_name"
    single = ["northstar_guardrail_value", "northstar_guardrail_bound"]
    found = layer.table(single, "metric_time__day", name)
    assert found == {
        (row["period_start"], row["guardrail_name"]): {
            single[0]: as_published(row["value"]),
            single[1]: as_published(row["bound"]),
        }
        for row in mart
    }
    counts = [f"northstar_guardrails_{word}" for word in ("checked", "breached")]
    rate = "northstar_guardrail_breach_rate"
    months = layer.rows([*counts, rate, *single], "metric_time__month")
    assert any(row[rate] for row in months.values())
    for month, row in months.items():
        rows = [r for r in mart if r["period_start"].replace(day=1) == month]
        checked = sum(r["state"] != "unknown" for r in rows)
        breached = sum(r["state"] == "breached" for r in rows)
        assert (row[counts[0]], row[counts[1]]) == (checked, breached)
        expected = as_published(Decimal(breached) / checked) if checked else None
        assert row[rate] == expected
        assert len(rows) > 1
        assert [row[part] for part in single] == [None, None]


def assert_saved_queries_give_the_north_star(layer: SemanticLayer) -> None:
    values = {row["period_start"]: row["value"] for row in layer.periods}
    review = layer.saved("northstar_weekly_review")
    assert {
        as_date(row["metric_time__day"]): row["north_star"] for row in review
    } == values
    by_month = {start.replace(day=1): value for start, value in values.items()}
    check = layer.saved("northstar_monthly_check")
    assert {
        as_date(row["metric_time__month"]): row["north_star"] for row in check
    } == by_month
    summed = dict.fromkeys(values, Decimal(0))
    for row in layer.saved("northstar_by_segment"):
        start = as_date(row["metric_time__day"])
        summed[start] += Decimal(str(row["north_star"]))
    assert summed == values


# One test, because what takes its time is to build: each worker would do it anew.
@pytest.mark.parametrize("north_star", NORTH_STARS)
def test_metricflow_answers_what_the_marts_say(
    tmp_path: Path, engine: Engine, north_star: str
) -> None:
    with semantic_layer(tmp_path, engine, north_star) as layer:
        assert_the_marts_are_as_written_by_hand(layer)
        assert_the_north_star_is_the_marts_by_week(layer)
        assert_over_months_the_last_week_counts(layer)
        for metric in ("north_star", "north_star_entities"):
            for dimension in (*SEGMENTS, "growth_status"):
                assert_by_a_dimension_it_is_the_sum_over_entities(
                    layer, metric, dimension
                )
            assert_by_status_it_is_the_last_week_of_each(layer, metric)
        assert_two_dimensions_at_once(layer)
        assert_drivers_are_the_marts(layer)
        assert_saved_queries_give_the_north_star(layer)
        assert_guardrails_are_the_mart(layer)
        if north_star == WITH_MODULES:
            assert_revenue_is_the_mart(layer)
            assert_funnels_are_the_mart(layer)
            assert_named_metrics_are_the_mart(layer)
            assert_metricflow_finds_nothing_to_complain_of(layer)


def parsed(directory: Path, engine: Engine, **project: Any) -> dict[str, Any]:
    """The manifest of a project with settings of its own for the package."""
    vars = {
        "northstar_events": [
            {
                "name": "app",
                "relation": {"source": ["raw", "events"]},
                "columns": {
                    "event_id": "id",
                    "event_name": "name",
                    "occurred_at": "occurred",
                    "user_id": "user_id",
                },
            }
        ],
        "northstar_entities": {"user": {"id": "user_id"}},
        "northstar_metrics": {
            "north": {
                "level": "north_star",
                "entity": "user",
                "events": [{"event": "act"}],
                "window": {"calendar": "week"},
                "total": "entities",
            },
        },
    }
    consumer = Consumer(
        directory,
        engine,
        vars=vars | project.pop("vars", {}),
        tables={"events": events(), "states": states()},
        project=project,
    )
    # what dbt itself lists as deprecated is an error, and nothing else is said either
    errors = "--warn-error-options={'error': ['Deprecations']}"
    run = consumer.dbt("parse", errors)
    run.assert_success()
    assert not run.warnings
    return consumer.manifest()


def test_a_project_leaves_a_driver_out_and_names_its_owner(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    manifest = parsed(
        tmp_path,
        duckdb_engine,
        vars=MODULES,
        metrics={
            "northstar": {
                "north_star_gini": {"+enabled": False},
                "north_star_activation_rate": {
                    "+meta": {"northstar_owner": "Growth", "northstar_drives": "mine"}
                },
            }
        },
    )
    metrics = {metric["name"]: metric for metric in manifest["metrics"].values()}
    assert "north_star_gini" not in metrics
    assert "north_star_top_decile_share" in metrics
    meta = metrics["north_star_activation_rate"]["config"]["meta"]
    assert (meta["northstar_owner"], meta["northstar_drives"]) == ("Growth", "mine")
    assert_bi_tools_find_what_docs_bi_says(manifest)


ADDED_BY_BI = {"northstar__event_ledger", "northstar__metric_changes"}
"""Marts of which a tool may add a column up; of all others it would count twice."""


def assert_bi_tools_find_what_docs_bi_says(manifest: dict[str, Any]) -> None:
    """What dbt docs, Lightdash and Metabase's import read from the manifest."""
    models = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["package_name"] == "northstar"
    ]
    public = [node for node in models if node["access"] == "public"]
    assert {node["name"] for node in public} == {
        node["name"] for node in models if node["name"].startswith("northstar__")
    }
    seen: set[str] = set()
    for node in models:
        assert node["group"] == "northstar", node["name"]
    for node in public:
        name = node["name"]
        assert "One row per" in " ".join(node["description"].split()), name
        assert node["config"]["contract"]["enforced"], name
        for column in node["columns"].values():
            place = (name, column["name"])
            assert column["description"].strip(), place
            assert column["data_type"], place
            meta = column["config"]["meta"]
            assert meta.keys() <= {"metrics", "dimension"}, place
            is_hidden = meta.get("dimension", {}).get("hidden", False)
            assert is_hidden == column["name"].endswith("_hash"), place
            for metric, said in meta.get("metrics", {}).items():
                assert metric == f"{name.replace('__', '_')}_{column['name']}"
                assert said["type"] == ("sum" if name in ADDED_BY_BI else "max"), place
                assert said["label"]
                seen.add(name)
    assert len(seen) == 11


def test_without_drivers_only_the_north_star_is_a_semantic_metric(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    manifest = parsed(tmp_path, duckdb_engine, vars={"northstar_using_drivers": False})
    metrics = {metric["name"] for metric in manifest["metrics"].values()}
    assert metrics == {"north_star", "north_star_entities"}
    queries = {query["name"] for query in manifest["saved_queries"].values()}
    assert queries == {"northstar_by_segment"}
    marts = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and "drivers" in node["fqn"]
    }
    assert marts == set()
