"""Growth accounting, activation, time to value, repetition, retention: by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from consumer import Consumer
from driver_projects import KEYS
from engines import Engine, Row, Table

MARTS = {
    "growth_accounting",
    "activation_cohorts",
    "time_to_value",
    "repeat_steps",
    "retention_cohorts",
}

# ------------------------------------------------------------------ worked out by hand

# Weeks from Monday the 1st; the data end on the 22nd at one o'clock.
#
#                 1st to 7th        8th to 14th                15th to 21st
# ann    used     2nd 10:00, 11:00  9th 10:00, 11:00, 12:00
# ben    used     3rd 9:00                                     17th 9:00
# cat    used                       10th 8:00, 8:30, 9:00,     16th 7:00, 8:00, 9:00
#                                   11th 10:00
# dan    signed_up 5th 12:00
EVENTS = {
    "ann": ["2 10:00", "2 11:00", "9 10:00", "9 11:00", "9 12:00"],
    "ben": ["3 09:00", "17 09:00"],
    "cat": [
        *("10 08:00", "10 08:30", "10 09:00", "11 10:00"),
        *("16 07:00", "16 08:00", "16 09:00"),
    ],
}
END = datetime(2024, 1, 22, 1)
FIRST, SECOND, THIRD, FOURTH = (date(2024, 1, day) for day in (1, 8, 15, 22))


def at(text: str) -> datetime:
    """A time of that January, such as 5 12:00."""
    day, time = text.split()
    return datetime.fromisoformat(f"2024-01-{int(day):02} {time}")


@pytest.fixture(scope="module")
def company(
    tmp_path_factory: pytest.TempPathFactory, duckdb_engine: Engine
) -> Consumer:
    """The small company above."""
    rows: list[Row] = [
        {"event": "used", "occurred_at": at(text), "user_id": user}
        for user, texts in EVENTS.items()
        for text in texts
    ]
    rows += [
        {"event": "signed_up", "occurred_at": at("5 12:00"), "user_id": "dan"},
        {"event": "seen", "occurred_at": END, "user_id": "dan"},
    ]
    columns = {
        "id": "text",
        "event": "text",
        "occurred_at": "timestamp",
        "user_id": "text",
    }
    used = {
        "entity": "user",
        "events": [{"event": "used"}],
        "window": {"calendar": "week"},
    }
    consumer = Consumer(
        tmp_path_factory.mktemp("company"),
        duckdb_engine,
        tables={
            "events": {
                "columns": columns,
                "rows": [{**row, "id": f"e{n}"} for n, row in enumerate(rows)],
            }
        },
        vars={
            "northstar_events": [
                {
                    "name": "app",
                    "relation": {"source": ["raw", "events"]},
                    "columns": {
                        "event_id": "id",
                        "event_name": "event",
                        "occurred_at": "occurred_at",
                        "user_id": "user_id",
                    },
                }
            ],
            "northstar_entities": {"user": {"id": "user_id", "anchor": "signed_up"}},
            "northstar_metrics": {
                "uses": {**used, "level": "north_star", "total": "measure"},
                "twice": {
                    **used,
                    "per_entity": {"count": "events", "at_least": 2},
                    "total": "entities",
                },
            },
            "northstar_driver_metrics": ["twice"],
            "northstar_activation_windows": [1, 7, 14],
            "northstar_repeat_window_days": 7,
            "northstar_retention": [
                {"name": "by_week", "metric": "uses", "kind": "period"},
                {"name": "d7", "metric": "uses", "kind": "n_day", "days": [7]},
            ],
        },
    )
    consumer.dbt("build").assert_success()
    return consumer


def rows_of(company: Consumer, mart: str, metric: str, *columns: str) -> list[Any]:
    """These columns of a metric's rows, in the order of the mart's key."""
    key = ", ".join(KEYS[mart])
    found = company.query(
        f"select * from {{northstar__{mart}}} where metric_name = '{metric}'"
        f" order by {key}"
    )
    return [tuple(row[column] for column in columns) for row in found]


def share(text: str) -> Decimal:
    """A published share."""
    return Decimal(text)


def test_growth_adds_up_as_by_hand(company: Consumer) -> None:
    assert rows_of(
        company,
        "growth_accounting",
        "uses",
        "period_start",
        "period_status",
        "qualified_entities",
        "previous_entities",
        "new_entities",
        "retained_entities",
        "resurrected_entities",
        "churned_entities",
    ) == [
        (FIRST, "final", 2, 0, 2, 0, 0, 0),  # ann and ben
        (SECOND, "final", 2, 2, 1, 1, 0, 1),  # ann, and cat is new; without ben
        (THIRD, "final", 2, 2, 0, 1, 1, 1),  # cat, and ben is back; without ann
        (FOURTH, "open", 0, 2, 0, 0, 0, None),
    ]
    assert rows_of(
        company,
        "growth_accounting",
        "uses",
        "new_value",
        "resurrected_value",
        "expansion_value",
        "contraction_value",
        "churned_value",
        "quick_ratio",
    ) == [
        (3, 0, 0, 0, 0, None),  # 2 + 1
        (4, 0, 1, 0, 1, 1),  # cat 4, ann 2 -> 3, ben 1 -> 0; (1 + 0) / 1
        (0, 1, 0, 1, 3, 1),  # ben 0 -> 1, cat 4 -> 3, ann 3 -> 0; (0 + 1) / 1
        (None,) * 6,
    ]
    assert rows_of(
        company,
        "growth_accounting",
        "uses",
        "retention_rate",
        "dormant_pool",
        "resurrection_rate",
        "never_pool",
        "first_qualification_rate",
    ) == [
        # ann, ben and dan are known
        (None, 0, None, 3, share("0.666666667")),
        # ann and ben have qualified, and both the week before; cat and dan have not
        (share("0.5"), 0, None, 2, share("0.5")),
        # ben is dormant; dan has not qualified yet
        (share("0.5"), 1, 1, 1, 0),
        # ann is dormant
        (None, 1, None, 1, None),
    ]


def test_activation_is_as_by_hand(company: Consumer) -> None:
    one_of_three = (3, 1, share("0.333333333"), share("0.061492"), share("0.79234"))
    # z^2 = 3.841459; k = n: the upper bound is 1, the lower 1 / (1 + z^2)
    one_of_one = (1, 1, 1, share("0.206549"), 1)
    assert rows_of(
        company,
        "activation_cohorts",
        "twice",
        "cohort_start",
        "window_days",
        "period_status",
        "cohort_entities",
        "first_seen_entities",
        "mature_entities",
        "activated_entities",
        "activation_rate",
        "rate_lower",
        "rate_upper",
    ) == [
        # ann at once. Ben's second time is 14 days to the hour after his first: too
        # late. Dan has an anchor and never did anything.
        (FIRST, 1, "final", 3, 2, *one_of_three),
        (FIRST, 7, "final", 3, 2, *one_of_three),
        (FIRST, 14, "final", 3, 2, *one_of_three),
        # cat at once; 10th 8:00 and 14 days is the 24th
        (SECOND, 1, "final", 1, 1, *one_of_one),
        (SECOND, 7, "final", 1, 1, *one_of_one),
        (SECOND, 14, "provisional", 1, 1, 0, 0, None, None, None),
    ]


def test_time_to_value_is_as_by_hand(company: Consumer) -> None:
    found = rows_of(
        company,
        "time_to_value",
        "twice",
        "cohort_start",
        "day",
        "at_risk_entities",
        "reached_entities",
        "first_quartile_days",
        "median_days",
        "third_quartile_days",
    )
    # Ann's second time came after 1 h, ben's after 14 days; dan was followed for 16
    # days and 13 h without one. So the share waiting falls to 2/3 after 1 h, and by
    # half, as two still wait, after 14 days: to 1/3. A quarter had it after 1 h, a half
    # after 14 days, three quarters never. Cat's second time came after 30 minutes.
    hour, half_an_hour = share("0.041666667"), share("0.020833333")
    assert found == [
        *((FIRST, day, 3, 1, hour, 14, None) for day in range(1, 15)),
        # cat is followed for 11 days and 17 h
        *(
            (SECOND, day, followed, followed, *[half_an_hour] * 3)
            for day in range(1, 15)
            for followed in [1 if day <= 11 else 0]
        ),
    ]


def test_repetition_is_as_by_hand(company: Consumer) -> None:
    found = rows_of(
        company,
        "repeat_steps",
        "uses",
        "cohort_start",
        "n",
        "reached_entities",
        "mature_entities",
        "repeated_entities",
        "median_days_between",
    )
    assert found == [
        # ann again after 1 h; ben after 14 days, and not in 7. Half had it after 1 h,
        # and no more than half until 14 days: the middle is 168.5 h.
        (FIRST, 1, 2, 2, 1, share("7.020833333")),
        # ann after 6 days and 23 h
        (FIRST, 2, 1, 1, 1, share("6.958333333")),
        # cat after 30 minutes, and again
        (SECOND, 1, 1, 1, 1, share("0.020833333")),
        (SECOND, 2, 1, 1, 1, share("0.020833333")),
        # ann after 1 h, cat after 25 h: the middle is 13 h
        (SECOND, 3, 2, 2, 2, share("0.541666667")),
        # ann after 1 h, cat after 4 days and 21 h: the middle is 59 h
        (SECOND, 4, 2, 2, 2, share("2.458333333")),
        # ann never again: 9th 12:00 and 7 days are over
        (SECOND, 5, 1, 1, 0, None),
        # ben's second: 17th and 7 days are not over
        (THIRD, 2, 1, 0, 0, None),
        # cat's on the 16th
        (THIRD, 5, 1, 0, 0, share("0.041666667")),
        (THIRD, 6, 1, 0, 0, share("0.041666667")),
        (THIRD, 7, 1, 0, 0, None),
    ]


def test_retention_is_as_by_hand(company: Consumer) -> None:
    half = (2, 1, share("0.5"), share("0.094531"), share("0.905469"))
    found = rows_of(
        company,
        "retention_cohorts",
        "uses",
        "analysis_name",
        "cohort_start",
        "periods_since",
        "periods_until",
        "period_status",
        "is_left_censored",
        "cohort_entities",
        "mature_entities",
        "retained_entities",
        "retention_rate",
        "rate_lower",
        "rate_upper",
    )
    of_two = share("0.342380")  # 2 / (2 + z^2)
    of_one, of_three = share("0.206549"), (share("0.061492"), share("0.79234"))
    nobody = (0, 0, None, None, None)
    assert found == [
        # ann and ben; ann a week later, ben two weeks later
        ("by_week", FIRST, 0, 1, "final", True, 2, 2, 2, 1, of_two, 1),
        ("by_week", FIRST, 1, 2, "final", True, 2, *half),
        ("by_week", FIRST, 2, 3, "final", True, 2, *half),
        ("by_week", FIRST, 3, 4, "provisional", True, 2, *nobody),
        # cat
        ("by_week", SECOND, 0, 1, "final", False, 1, 1, 1, 1, of_one, 1),
        ("by_week", SECOND, 1, 2, "final", False, 1, 1, 1, 1, of_one, 1),
        ("by_week", SECOND, 2, 3, "provisional", False, 1, *nobody),
        # a week to the day after the start: ann on the 9th; not ben, dan, nor cat, who
        # comes on the sixth day. 1 - 1 / (1 + z^2) = 0.793451
        ("d7", FIRST, 7, 8, "final", True, 3, 3, 1, share("0.333333333"), *of_three),
        ("d7", SECOND, 7, 8, "final", False, 1, 1, 0, 0, 0, share("0.793451")),
    ]


# ------------------------------------------------------------------------ what is there


def test_marts_that_mean_nothing_for_a_metric_do_not_exist(
    tmp_path: Path, duckdb_engine: Engine, company: Consumer
) -> None:
    def drivers(window: dict[str, str]) -> set[str]:
        config: dict[str, Any] = {
            "northstar_events": [
                {
                    "name": "app",
                    "relation": {"source": ["raw", "events"]},
                    "columns": {
                        "event_id": "id",
                        "event_name": "event",
                        "occurred_at": "occurred_at",
                        "user_id": "user_id",
                    },
                }
            ],
            "northstar_entities": {"user": {"id": "user_id", "anchor": "signed_up"}},
            "northstar_metrics": {
                "uses": {
                    "entity": "user",
                    "level": "north_star",
                    "events": [{"event": "used"}],
                    "window": window,
                    "total": "entities",
                }
            },
        }
        name = "_".join(window)
        table: Table = {"columns": company.columns["events"], "rows": []}
        consumer = Consumer(
            tmp_path / name, duckdb_engine, vars=config, tables={"events": table}
        )
        consumer.dbt("parse").assert_success()
        marts = set(consumer.model_names())
        return {mart for mart in MARTS if f"northstar__{mart}" in marts}

    assert drivers({"calendar": "week"}) == MARTS
    assert drivers({"rolling": "28d"}) == {"growth_accounting"}
    anchored = {"since_anchor": "7d", "book": "cohort", "grain": "week"}
    assert drivers(anchored) == {"activation_cohorts"}
    assert drivers({"lifetime": "month"}) == set()
