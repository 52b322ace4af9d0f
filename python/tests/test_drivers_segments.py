"""Segments, changes, engagement, concentration, funnels and revenue: by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from consumer import Consumer
from driver_projects import assert_drivers_are_right
from engines import Engine, Row, Table
from reference.drivers.statistics import wilson
from reference.values import divided

MARTS = {
    "segment_periods",
    "metric_changes",
    "engagement",
    "active_days",
    "concentration",
    "funnel_steps",
    "funnel_segments",
    "revenue_periods",
}

# ------------------------------------------------------------------- a world by hand

# 2024-01-01 is a Monday. The watermark is 2024-01-29: four weeks are over.
WEEKS = ("01-01", "01-08", "01-15", "01-22")

COLUMNS = {
    "event_id": "text",
    "event_name": "text",
    "occurred_at": "timestamp",
    "user_id": "text",
    "account_id": "text",
    "order_id": "text",
    "channel": "text",
    "value": "number",
}
STATES = {
    "entity": "text",
    "entity_id": "text",
    "state": "text",
    "valid_from": "timestamp",
    "valid_to": "timestamp",
    "value": "number",
}


def at(when: str) -> datetime:
    """An instant: `01-31` or `01-31 12:00` of 2024, or with its year."""
    text = when if len(when.split("-")[0]) == 4 else f"2024-{when}"
    return datetime.fromisoformat(text)


def event(name: str, when: str, **cells: Any) -> Row:
    """An event."""
    return {"event_name": name, "occurred_at": at(when)} | cells


def numbered(events: Sequence[Row]) -> Table:
    """A table of events, each with an id of its own."""
    blank = dict.fromkeys(COLUMNS)
    rows = [blank | row | {"event_id": f"e{n:04}"} for n, row in enumerate(events)]
    return {"columns": COLUMNS, "rows": rows}


def listening() -> list[Row]:
    """10 people on 4 days, 25 minutes a day; then 12 people, 42 days of 28 minutes."""
    events = []
    for person in range(12):
        channel = "web" if person < 6 else "shop"
        for first, minutes, people, days in (
            (at("01-01"), 25, 10, 4),
            (at("01-08"), 28, 12, 4 if person < 6 else 3),
        ):
            events += [
                event("listen", str(first + timedelta(days=day)), channel=channel)
                | {"user_id": f"p{person}", "value": minutes}
                for day in range(days if person < people else 0)
            ]
    return events


def acts(team: str, *days: str) -> list[Row]:
    """A team's acts."""
    return [event("act", day, account_id=team) for day in days]


def orders(person: str, channel: str, value: int, *days: str) -> list[Row]:
    """A person's orders, of this value each."""
    return [
        event("order", day, user_id=person, channel=channel, value=value)
        for day in days
    ]


def looks(case: str, *days: str, name: str = "look") -> list[Row]:
    """What is done with a case, which is told by the order_id."""
    return [event(name, day, order_id=case) for day in days]


def walks(person: str, *steps: tuple[str, ...]) -> list[Row]:
    """The steps of a person, some with a channel."""
    return [
        event(name, when, user_id=person, channel=channel[0] if channel else None)
        for name, when, *channel in steps
    ]


def pays(who: str, value: int | None, start: str, end: str | None) -> Row:
    """What an account pays a month."""
    return {
        "entity": "team",
        "entity_id": who,
        "state": "paid",
        "valid_from": at(start),
        "valid_to": None if end is None else at(end),
        "value": value,
    }


EVENTS = [
    *listening(),
    # by week:    1        2        3
    *acts("a", "01-01", "01-08", "01-15"),
    *acts("b", "01-01", "01-15"),
    *acts("c", "01-01"),
    *acts("d", "01-08"),
    *acts("e", "01-16"),
    # web 3 orders of 10, shop 1 of 20: 50/4; then web 1 of 12, shop 1 of 30: 42/2
    *orders("r", "web", 10, "01-01", "01-02", "01-03"),
    *orders("s", "shop", 20, "01-01"),
    *orders("r", "web", 12, "01-08"),
    *orders("s", "shop", 30, "01-08"),
    *looks("x", "01-01", "01-02", "01-22", "01-23", "01-23", "01-24"),
    *looks("y", "01-10", "01-22"),
    *looks("y", "01-25", name="zoom"),
    *looks("z", "01-26", name="other"),
    *(
        event("tip", "01-01", user_id=f"t{value}", value=value)
        for value in (1, 2, 7, -4)
    ),
    *walks("f", ("visit", "01-01"), ("try", "01-02"), ("pay", "01-02 00:01")),
    # later in the week, which is soon enough for its channel, and two weeks later
    *walks("f", ("visit", "01-04", "web"), ("visit", "01-24")),
    # the payment comes exactly seven days after the visit; the channel with no visit
    *walks("g", ("visit", "01-02"), ("try", "01-05", "web"), ("pay", "01-09")),
    *walks("g", ("visit", "01-10", "web")),
    *walks("h", ("try", "01-01"), ("visit", "01-03", "shop"), ("pay", "01-04")),
    *walks("i", ("visit", "01-24"), ("try", "01-25")),
    # of the web, who listens at that instant, and half a day later
    event("joined", "01-01", user_id="p0"),
    event("joined", "01-01 12:00", user_id="p1"),
    # of the shop: who listens three and a half days later, and exactly seven
    event("joined", "01-04 12:00", user_id="p6"),
    event("joined", "01-01", user_id="p10"),
    event("joined", "01-02", user_id="silent"),
    event("joined", "01-23", user_id="late"),
    event("ping", "2023-11-10", user_id="u"),
    event("ping", "2023-12-10", user_id="u"),
    event("ping", "2023-12-11", user_id="v"),
    event("tick", "01-29", user_id="nobody"),
]
PAYMENTS = [
    # at the ends of October to January: 10, 15, 15, 15
    pays("grows", 10, "2023-10-05", "2023-11-10"),
    pays("grows", 15, "2023-11-10", None),
    # 20, 20, 12, 12
    pays("shrinks", 20, "2023-10-01", "2023-12-01"),
    pays("shrinks", 12, "2023-12-01", None),
    # 5, 0, 6, 6
    pays("leaves", 5, "2023-10-01", "2023-11-15"),
    pays("leaves", 6, "2023-12-20", None),
    # 0, 8, 8, 8
    pays("comes", 8, "2023-11-20", None),
    pays("free", 0, "2023-10-01", None),
]
RENTS = [
    pays("grows", 10, "2022-12-05", "2023-06-01"),
    pays("grows", 30, "2023-06-01", None),
    pays("shrinks", 20, "2022-12-01", "2023-06-01"),
    pays("shrinks", 5, "2023-06-01", None),
    # away in summer, and back within the year
    pays("returns", 10, "2022-12-01", "2023-03-01"),
    pays("returns", 10, "2023-11-01", None),
    pays("comes", 100, "2023-02-01", None),
]
PAYMENTS += [rent | {"state": "rent"} for rent in RENTS]
TRIALS = [
    # tried twice without a break, and pays as it ends
    pays("comes", None, "2023-11-01", "2023-11-10"),
    pays("comes", 0, "2023-11-10", "2023-11-20"),
    # ends on the last day of November; would have to pay before the 7th of December
    pays("hesitates", None, "2023-11-16", "2023-11-30 12:00"),
    pays("leaves", None, "2023-11-16", "2023-11-30"),  # pays twenty days later
    pays("shrinks", None, "2023-11-05", "2023-11-30"),  # pays already
    # pays six days after, before it is over, and exactly seven days after
    pays("slow", None, "2023-12-01", "2023-12-15"),
    pays("eager", None, "2023-12-01", "2023-12-31"),
    pays("late", None, "2023-12-01", "2023-12-11"),
    pays("tries still", None, "2023-12-20", None),
    pays("january", None, "2024-01-01", "2024-01-08"),
]
PAYMENTS += [trial | {"state": "trial"} for trial in TRIALS]
# in a state of its own, so that revenue by hand stays small
SEATS = [
    pays("comes", 1, "2023-11-20", None),
    pays("shrinks", 1, "2023-10-01", None),
    pays("leaves", 1, "2023-12-20", None),
    pays("slow", 1, "2023-12-21", "2023-12-22"),
    pays("eager", 1, "2023-12-02", None),
    pays("late", 1, "2023-12-18", None),
    pays("january", 1, "2024-01-08", None),
]
PAYMENTS += [seat | {"state": "seats"} for seat in SEATS]


def weekly(entity: str, *events: str, **keys: Any) -> dict[str, Any]:
    """A weekly metric."""
    return {
        "entity": entity,
        "events": [{"event": name} for name in events],
        "window": {"calendar": "week"},
        "total": "measure",
    } | keys


SUM = {"per_entity": {"sum": "value"}}
CONFIG: dict[str, Any] = {
    "northstar_events": [
        {
            "name": "app",
            "relation": {"ref": "raw_events"},
            "columns": {name: name for name in COLUMNS if name != "order_id"},
            "attributes": {"order_id": "order_id"},
        }
    ],
    "northstar_states": {
        "relation": {"ref": "raw_states"},
        "columns": {name: name for name in STATES},
    },
    "northstar_entities": {
        "user": {"id": "user_id", "anchor": "joined"},
        "team": {"id": "account_id"},
        "case": {"id": "order_id"},
    },
    "northstar_metrics": {
        "minutes": weekly("user", "listen", **SUM, level="north_star"),
        "teams": weekly("team", "act", total="entities"),
        "revenue": weekly("user", "order", **SUM),
        "orders": weekly("user", "order"),
        "basket": {"ratio": ["revenue", "orders"]},
        "looks": weekly(
            "case", "look", "zoom", per_entity={"count": "events", "at_least": 3}
        ),
        "tips": weekly("user", "tip", **SUM),
    },
    "northstar_driver_metrics": ["teams", "basket", "looks", "tips"],
    "northstar_activation_windows": [1, 7],
    "northstar_funnels": {
        "paying": {
            "entity": "user",
            "steps": [{"event": "visit"}, {"event": "try"}, {"event": "pay"}],
            "window": "7d",
        }
    },
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, duckdb_engine: Engine) -> Consumer:
    """The project, built."""
    consumer = Consumer(
        tmp_path_factory.mktemp("world"),
        duckdb_engine,
        vars=CONFIG,
        tables={
            "raw_events": numbered(EVENTS),
            "raw_states": {"columns": STATES, "rows": PAYMENTS},
        },
    )
    consumer.dbt("build").assert_success()
    return consumer


def rows(world: Consumer, mart: str, **wanted: Any) -> list[Row]:
    """The rows of a mart with these values; dates are written `01-31`."""

    def shown(value: Any) -> Any:
        return value.strftime("%m-%d") if isinstance(value, date) else value

    return [
        row
        for row in world.rows(f"northstar__{mart}")
        if all(shown(row[name]) == value for name, value in wanted.items())
    ]


def row(world: Consumer, mart: str, **wanted: Any) -> Row:
    """The one row of a mart with these values."""
    (found,) = rows(world, mart, **wanted)
    return found


def picked(cells: Row, *names: str) -> list[Any]:
    """Some columns of a row."""
    return [cells[name] for name in names]


def nine(numerator: int, denominator: int) -> Decimal | None:
    """A quotient at nine places."""
    return divided(Decimal(numerator), Decimal(denominator))


def changes(world: Consumer, metric: str, method: str, start: str) -> dict[str, Any]:
    """The contributions to a change, by component."""
    wanted = {"metric_name": metric, "method": method, "period_start": start}
    found = rows(world, "metric_changes", **wanted)
    return {cells["component"]: cells["contribution"] for cells in found}


def segments(world: Consumer, name: str, start: str) -> dict[str, list[Any]]:
    """Value and qualified entities of the North Star, by the value of a segment."""
    wanted = {"metric_name": "minutes", "segment_name": name, "period_start": start}
    return {
        cells["segment_value"]: picked(cells, "value", "qualified_entities")
        for cells in rows(world, "segment_periods", **wanted)
    }


def test_segments_by_hand(world: Consumer) -> None:
    # six of the web and four of the shop at 100; then 6 at 4·28 and 6 at 3·28
    assert segments(world, "channel", "01-01") == {"web": [600, 6], "shop": [400, 4]}
    assert segments(world, "channel", "01-08") == {"web": [672, 6], "shop": [504, 6]}
    assert segments(world, "channel", "01-15") == {"web": [0, 0], "shop": [0, 0]}
    assert segments(world, "channel", "01-22") == {}
    # two are new at 84 each
    assert segments(world, "growth_status", "01-08") == {
        "new": [168, 2],
        "retained": [1008, 10],
    }
    additive = {
        cells["metric_name"]: cells["is_additive"]
        for cells in rows(world, "segment_periods")
    }
    assert additive == {
        "minutes": True,
        "teams": False,
        "revenue": True,
        "orders": True,
        "looks": True,
        "tips": True,
    }


def test_the_change_of_a_measure_is_the_example_of_three_factors(
    world: Consumer,
) -> None:
    # 10 people · 4 days · 25 minutes = 1000, and 12 · 3.5 · 28 = 1176: the factors are
    # those of 1000 · 0.4 · 2.5 and 1200 · 0.35 · 2.8, at a hundredth, ten times and ten
    # times
    assert changes(world, "minutes", "shapley", "01-08") == {
        "entities": Decimal("198.5"),
        "frequency": -146,
        "depth": Decimal("123.5"),
    }
    # two new at 84; six from 100 to 112; four from 100 to 84
    assert changes(world, "minutes", "flows", "01-08") == {
        "new": 168,
        "resurrected": 0,
        "expansion": 72,
        "contraction": -64,
        "churned": 0,
    }
    # web 600 to 672, shop 400 to 504
    assert changes(world, "minutes", "segments_channel", "01-08") == {
        "web": 72,
        "shop": 104,
    }
    # of nobody: every factor is taken away at once, by a third each
    gone = changes(world, "minutes", "shapley", "01-15")
    assert gone == {"entities": -392, "frequency": -392, "depth": -392}
    # there is nothing before the first week
    assert changes(world, "minutes", "flows", "01-01") == {}


def test_the_change_of_a_count_is_by_pools_and_their_rates(world: Consumer) -> None:
    # 3 teams, then 2, then 3. From the second to the third: of those active before 3
    # and 2, retained 1 and 1: pool ½((2/3 - 1) + (1 - 3/2)), the rate as much back
    pool = Decimal("-0.416666667")
    assert changes(world, "teams", "shapley", "01-15") == {
        "active_pool": pool,
        "retention_rate": -pool,
        # dormant 0, then b and c, of whom b is back
        "dormant_pool": Decimal("0.5"),
        "resurrection_rate": Decimal("0.5"),
        # one who never qualified and does, in both weeks
        "never_pool": 0,
        "first_qualification_rate": 0,
    }
    assert changes(world, "teams", "flows", "01-15") == {
        "new": 1,
        "resurrected": 1,
        "churned": -1,
    }


def test_the_change_of_a_ratio_is_by_factor_and_by_rate_and_mix(
    world: Consumer,
) -> None:
    # N/D: 50/4, 42/4, 50/2, 42/2: numerator ½(-2 - 4), denominator ½(12.5 + 10.5)
    assert changes(world, "basket", "shapley", "01-08") == {
        "numerator": -3,
        "denominator": Decimal("11.5"),
    }
    # weights: web 0.75 to 0.5, shop 0.25 to 0.5; rates: 10 to 12, 20 to 30
    # rate: web 0.625·2, shop 0.375·10
    # mix, against the mean ratio 16.75: web (11 - 16.75)·-0.25, shop (25 - 16.75)·0.25
    assert changes(world, "basket", "rate_mix_channel", "01-08") == {
        "rate: web": Decimal("1.25"),
        "rate: shop": Decimal("3.75"),
        "mix: web": Decimal("1.4375"),
        "mix: shop": Decimal("2.0625"),
    }


def test_engagement_by_hand(world: Consumer) -> None:
    cells = row(world, "engagement", metric_name="looks", period_start="01-22")
    # x on 3 days and y on 2 of 7 dates; z does something else
    assert picked(cells, "active_entities", "active_days", "dau") == [2, 5, nine(5, 7)]
    # of the 28 dates x has 5 days and y has 3: 8/28 a day of two
    assert picked(cells, "wau", "mau", "stickiness") == [2, 2, nine(8, 28 * 2)]
    # x alone has three looks: 4 on 3 days
    assert picked(cells, "frequency", "depth") == [3, nine(4, 3)]
    # two of three; x does one thing and y two
    assert picked(cells, "seen_entities", "adoption_breadth", "adoption_depth") == [
        3,
        nine(2, 3),
        Decimal("1.5"),
    ]
    third = row(world, "engagement", metric_name="looks", period_start="01-15")
    assert picked(third, "active_entities", "wau", "mau", "stickiness") == [
        0,
        0,
        None,
        None,
    ]
    days = rows(world, "active_days", metric_name="looks", period_start="01-22")
    assert {cells["active_days"]: cells["entities"] for cells in days} == {
        1: 0,
        2: 1,
        3: 1,
        4: 0,
        5: 0,
        6: 0,
        7: 0,
    }


def test_concentration_by_hand(world: Consumer) -> None:
    cells = row(world, "concentration", metric_name="tips", period_start="01-01")
    # of 1, 2 and 7: (-2·1 + 0·2 + 2·7)/(3·10)
    assert picked(cells, "entities", "top_decile_entities", "gini") == [
        3,
        1,
        Decimal("0.4"),
    ]
    assert picked(cells, "top_decile_share", "top_entity_share") == [Decimal("0.7")] * 2
    empty = row(world, "concentration", metric_name="tips", period_start="01-22")
    assert picked(empty, "entities", "top_decile_entities", "gini") == [0, 0, None]


def test_a_funnel_by_hand(world: Consumer) -> None:
    found = rows(world, "funnel_steps", funnel_name="paying", cohort_start="01-01")
    counts = ("cohort_entities", "entered_entities", "reached_entities")
    # f, g and h enter; f and g try; g pays too late, and h tried before
    assert [picked(cells, *counts) for cells in found] == [
        [3, 3, 3],
        [3, 3, 2],
        [3, 3, 1],
    ]
    second, third = found[1:]
    assert picked(second, "step_conversion_rate", "median_seconds") == [
        nine(2, 3),
        2 * 86400,  # the mean of one day and three
    ]
    assert picked(second, "step_rate_lower", "step_rate_upper") == list(wilson(2, 3))
    assert picked(third, "step_conversion_rate", "overall_conversion_rate") == [
        Decimal("0.5"),
        nine(1, 3),
    ]
    assert picked(third, "overall_rate_lower", "median_seconds") == [
        wilson(1, 3)[0],
        60,
    ]
    # f and i entered five days ago
    late = rows(world, "funnel_steps", funnel_name="paying", cohort_start="01-22")
    assert [picked(cells, *counts) for cells in late] == [[2, 0, 0]] * 3
    assert {cells["period_status"] for cells in late} == {"provisional"}


def funnel_segments(
    world: Consumer, name: str, start: str, segment: str
) -> dict[str, list[list[int]]]:
    """Entered and reached at each step, by the value of a segment."""
    wanted = {"funnel_name": name, "cohort_start": start, "segment_name": segment}
    found = rows(world, "funnel_segments", **wanted)
    return {
        value: [
            picked(cells, "entered_entities", "reached_entities")
            for cells in found
            if cells["segment_value"] == value
        ]
        for value in {cells["segment_value"] for cells in found}
    }


def test_a_funnel_by_segment_adds_up_to_the_funnel(world: Consumer) -> None:
    # f's first visit has no channel and its second is of the web; g's only visit in
    # the week has none, whatever its try says
    assert funnel_segments(world, "paying", "01-01", "channel") == {
        "web": [[1, 1], [1, 1], [1, 1]],
        "shop": [[1, 1], [1, 0], [1, 0]],
        "(unknown)": [[1, 1], [1, 1], [1, 0]],
    }
    assert funnel_segments(world, "paying", "01-01", "growth_status") == {
        "new": [[3, 3], [3, 2], [3, 1]]
    }
    # g is there a week later, and f three weeks later, when i is new
    assert funnel_segments(world, "paying", "01-08", "growth_status") == {
        "retained": [[1, 1], [1, 0], [1, 0]]
    }
    late = funnel_segments(world, "paying", "01-22", "growth_status")
    assert late == {"new": [[0, 0]] * 3, "resurrected": [[0, 0]] * 3}

    # of all funnels, weeks, steps and segments
    keys = ("funnel_name", "cohort_start", "step")
    counts = ("cohort_entities", "entered_entities", "reached_entities")
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for cells in rows(world, "funnel_segments"):
        key = (*picked(cells, *keys), cells["segment_name"])
        sums[key] = [
            a + b for a, b in zip(sums[key], picked(cells, *counts), strict=True)
        ]
    totals = {
        (*picked(cells, *keys),): picked(cells, *counts)
        for cells in rows(world, "funnel_steps")
    }
    assert {key[:-1] for key in sums} == set(totals)
    assert all(total == totals[key[:-1]] for key, total in sums.items())


def test_the_funnel_from_signing_up_to_the_first_value_needs_no_configuration(
    world: Consumer,
) -> None:
    name = "signup_to_value"
    found = rows(world, "funnel_steps", funnel_name=name, cohort_start="01-01")
    counts = ("cohort_entities", "entered_entities", "reached_entities")
    # p0 after no time, p1 after 12 hours and p6 after 84 listen within seven days; p10
    # listens when they are over, and one is silent
    assert [picked(cells, "step_event", *counts) for cells in found] == [
        ["joined", 5, 5, 5],
        ["listen", 5, 5, 3],
    ]
    assert picked(found[1], "step_conversion_rate", "median_seconds") == [
        Decimal("0.6"),
        12 * 3600,
    ]
    assert funnel_segments(world, name, "01-01", "channel") == {
        "web": [[2, 2], [2, 2]],
        "shop": [[2, 2], [2, 1]],
        "(unknown)": [[1, 1], [1, 0]],
    }
    # one joined six days before the data end
    late = rows(world, "funnel_steps", funnel_name=name, cohort_start="01-22")
    assert [picked(cells, *counts) for cells in late] == [[1, 0, 0]] * 2


def test_revenue_by_hand(world: Consumer) -> None:
    found = rows(world, "revenue_periods", state_name="paid")
    names = ("starting", "new", "reactivation", "expansion", "contraction", "churned")
    columns = [f"{name}_mrr" for name in (*names, "ending")]
    assert [picked(cells, *columns) for cells in found] == [
        [0, 35, 0, 0, 0, 0, 35],
        [35, 8, 0, 5, 0, 5, 43],
        [43, 0, 6, 0, 8, 0, 41],
        [41, 0, 0, 0, 0, 0, 41],
    ]
    second, third, last = found[1:]
    # grows' and leaves' first intervals end in November, and grows pays at its end
    assert picked(second, "due_entities", "renewed_entities", "renewal_rate") == [
        2,
        1,
        Decimal("0.5"),
    ]
    rate = "logo_churn_rate"
    assert picked(second, rate, f"{rate}_lower", f"{rate}_upper") == [
        nine(1, 3),
        *wilson(1, 3),
    ]
    assert second["renewal_rate_lower"] == wilson(1, 2)[0]
    # and it guards
    churn = {"guardrail_name": "team.paid__logo_churn_rate", "period_start": "11-01"}
    guardrail = row(world, "guardrails", **churn)
    assert picked(guardrail, "value", "numerator", "denominator", "direction") == [
        nine(1, 3),
        1,
        3,
        "down",
    ]
    assert picked(guardrail, "value_lower", "value_upper") == list(wilson(1, 3))
    # nothing happened before November, so there is no mean of two months
    assert picked(second, "active_users", "arpu") == [1, None]
    # of u, and of u and v: 41 over one and a half
    assert picked(third, "active_users", "arpu", "arpa") == [
        2,
        nine(82, 3),
        nine(41, 4),
    ]
    assert picked(last, "period_status", "arpa", "logo_churn_rate") == [
        "open",
        None,
        None,
    ]


def test_trials_that_end_in_a_month_are_paid_within_seven_days(
    world: Consumer,
) -> None:
    _, november, december, january = rows(world, "revenue_periods", state_name="seats")
    rate = "trial_to_paid_rate"
    columns = ("ended_trials", "paid_trials", rate, f"{rate}_lower", f"{rate}_upper")
    # comes pays; hesitates never does, leaves too late, and shrinks did before
    assert picked(november, *columns) == [3, 1, nine(1, 3), *wilson(1, 3)]
    # slow and eager pay, late does not: a week is over on its last instant
    assert picked(december, *columns) == [3, 2, nine(2, 3), *wilson(2, 3)]
    # whoever tries still is not asked, and January's have a week from its end
    assert picked(january, *columns) == [1, 1, None, None, None]
    # of the other states: the trials are the same
    paid = rows(world, "revenue_periods", state_name="paid", period_start="11-01")
    assert [picked(cells, *columns[:2]) for cells in paid] == [[3, 1]]
    assert {
        cells["ended_trials"]
        for cells in rows(world, "revenue_periods", state_name="trial")
    } == {0}


def test_revenue_retention_is_over_twelve_months_and_not_chained(
    world: Consumer,
) -> None:
    *_, eleventh, twelfth, last = rows(world, "revenue_periods", state_name="rent")
    names = ("gross_revenue_retention", "net_revenue_retention")
    # of 40 a year ago: 10 + 5 + 10 are kept, and 30 + 5 + 10 are there
    assert picked(twelfth, *names) == [Decimal("0.625"), Decimal("1.125")]
    assert twelfth["period_start"] == date(2023, 12, 1)
    assert picked(eleventh, *names) == picked(last, *names) == [None, None]


HOSTILE = "<b>';--\u2603"
BUYS = [
    # who, when, the page that sent them, their trade, and whether they are on trial
    ("p", "01-01", None, "", None),
    ("p", "01-02", "/a", HOSTILE, True),
    ("p", "01-03", "/b", "other", False),
    ("q", "01-01", "/b", HOSTILE, False),
    ("r", "01-08", None, None, True),
    ("p", "01-08", "/b", "other", False),
]
# names that mean something else further on
DECLARED: dict[str, Any] = {
    "northstar_segments": ["landing_page", "amount", "contribution"],
    "northstar_events": [
        {
            "name": "app",
            "relation": {"ref": "raw_events"},
            "columns": {
                "event_id": "event_id",
                "event_name": "event_name",
                "occurred_at": "occurred_at",
                "user_id": "user_id",
                "landing_page": "page",
            },
            "attributes": {
                "amount": "trade",
                "contribution": {"expression": "on_trial", "type": "boolean"},
            },
        }
    ],
    "northstar_entities": {"user": {"id": "user_id", "anchor": "buy"}},
    "northstar_metrics": {
        "buyers": weekly("user", "buy", level="north_star", total="entities")
    },
    "northstar_funnels": {
        "buying": {
            "entity": "user",
            "steps": [{"event": "buy"}, {"event": "buy"}],
            "window": "7d",
        }
    },
}


def test_declared_segments_are_taken_apart_as_the_others_are(
    tmp_path: Path, engine: Engine
) -> None:
    names = ("user_id", "occurred_at", "page", "trade", "on_trial")
    columns = {"event_id": "text", "event_name": "text", "user_id": "text"} | {
        "occurred_at": "timestamp",
        "page": "text",
        "trade": "text",
        "on_trial": "boolean",
    }
    bought: list[Row] = [
        dict(zip(names, buy, strict=True))
        | {"event_id": f"e{number}", "event_name": "buy", "occurred_at": at(buy[1])}
        for number, buy in enumerate(BUYS)
    ]
    watermark = dict.fromkeys(columns) | {"event_id": "w", "event_name": "tick"}
    watermark |= {"occurred_at": at("01-29"), "user_id": "p"}
    tables: dict[str, Table] = {
        "raw_events": {"columns": columns, "rows": [*bought, watermark]}
    }
    # they may be declared later than the first build
    before = DECLARED | {"northstar_segments": ["contribution"]}
    consumer = Consumer(tmp_path, engine, vars=before, tables=tables)
    consumer.dbt("build").assert_success()
    found = rows(consumer, "segment_periods")
    assert {cell["segment_name"] for cell in found} == {"contribution", "growth_status"}

    consumer.set_vars(DECLARED)
    consumer.dbt("build").assert_success()

    # the first known value of the week's events counts: p's is of its second buy
    def cells(segment: str, start: str) -> dict[str, Any]:
        wanted = {"segment_name": segment, "period_start": start}
        found = rows(consumer, "segment_periods", **wanted)
        return {cell["segment_value"]: cell["value"] for cell in found}

    assert cells("amount", "01-01") == {HOSTILE: 2}
    # p's later trade is what it was bought as this week; q has gone, r says nothing
    assert cells("amount", "01-08") == {HOSTILE: 0, "other": 1, "(unknown)": 1}
    assert cells("landing_page", "01-01") == {"/a": 1, "/b": 1}
    assert cells("contribution", "01-01") == {"true": 1, "false": 1}
    assert cells("contribution", "01-08") == {"true": 1, "false": 1}

    # of an entity, the first that was ever known
    wanted = {"segment_name": "amount", "entity_type": "user"}
    found = rows(consumer, "entity_segments", **wanted)
    assert {cell["entity_id"]: cell["segment_value"] for cell in found} == {
        "p": HOSTILE,
        "q": HOSTILE,
        "r": "(unknown)",
    }
    # and of a funnel, the first among its entries: two bought again, one of two
    funnel: dict[str, Any] = {"funnel_name": "buying", "step": 2}
    funnel |= {"cohort_start": "01-01", "segment_name": "landing_page"}
    found = rows(consumer, "funnel_segments", **funnel)
    assert [
        picked(cell, "segment_value", "entered_entities", "reached_entities")
        for cell in sorted(found, key=lambda cell: str(cell["segment_value"]))
    ] == [["/a", 1, 1], ["/b", 1, 0]]

    # the reference reads columns by their names
    (source,) = DECLARED["northstar_events"]
    plain = source | {"attributes": {"amount": "trade", "contribution": "on_trial"}}
    assert_drivers_are_right(
        consumer,
        DECLARED | {"northstar_events": [plain]},
        tables,
        ["segment_periods", "entity_segments", "funnel_segments", "metric_changes"],
    )


def test_ids_that_last_a_day_have_segments_and_no_more(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    daily = weekly("user", "listen", level="north_star", window={"calendar": "day"})
    config = {
        "northstar_events": CONFIG["northstar_events"],
        "northstar_entities": {"user": {"id": "user_id"}},
        "northstar_metrics": {"listens": daily},
        "northstar_identity_scope": "daily",
        "northstar_min_cell": 5,
    }
    tables = {"raw_events": numbered(listening())}
    consumer = Consumer(tmp_path, duckdb_engine, vars=config, tables=tables)
    consumer.dbt("build").assert_success()

    built = {name for name in MARTS if f"northstar__{name}" in consumer.model_names()}
    # the semantic layer reads the funnels of every project, here none
    assert built == {"segment_periods", "metric_changes", "funnel_steps"}
    assert rows(consumer, "funnel_steps") == []
    found = rows(consumer, "segment_periods", period_start="01-01")
    # four of the shop are too few, and would be told by the total and the six others
    assert {cells["segment_value"]: cells["value"] for cells in found} == {
        "shop": None,
        "web": None,
    }
    assert changes(consumer, "listens", "segments_channel", "01-02") == {
        "(suppressed)": 0
    }
    assert {cells["method"] for cells in rows(consumer, "metric_changes")} == {
        "segments_channel"
    }
    assert_drivers_are_right(consumer, config, tables, built - {"funnel_steps"})
