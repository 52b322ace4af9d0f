"""Random companies that ask for every driver of every metric, against the reference.

`with_drivers` makes a company's project ask, `with_signals` gives it signals, and
`assert_drivers_are_right` compares what was built, mart by mart and row by row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from comparison import assert_equal_marts
from consumer import Consumer
from engines import Row, Table
from reference import evaluate
from reference.companies import with_any_driver

KEYS = {
    "growth_accounting": ("metric_name", "period_start"),
    "activation_cohorts": ("metric_name", "cohort_start", "window_days"),
    "time_to_value": ("metric_name", "cohort_start", "day"),
    "repeat_steps": ("metric_name", "cohort_start", "n"),
    "retention_cohorts": (
        "metric_name",
        "analysis_name",
        "cohort_start",
        "periods_since",
        "periods_until",
    ),
    "engagement": ("metric_name", "period_start"),
    "active_days": ("metric_name", "period_start", "active_days"),
    "concentration": ("metric_name", "period_start"),
    "funnel_steps": ("funnel_name", "cohort_start", "step"),
    "funnel_segments": (
        "funnel_name",
        "cohort_start",
        "step",
        "segment_name",
        "segment_value",
    ),
    "entity_segments": ("entity_type", "entity_id", "segment_name"),
    "revenue_periods": ("entity_type", "state_name", "period_start"),
    "segment_periods": (
        "metric_name",
        "period_start",
        "segment_name",
        "segment_value",
    ),
    "metric_changes": ("metric_name", "period_start", "method", "component"),
    "guardrails": ("guardrail_source", "guardrail_name", "period_start"),
}
"""The columns that tell the rows of each driver mart apart."""

MAY_BE_OFF = {"revenue_periods", "entity_segments"}
"""Marts that a company without valued states, or declared segments, does not have."""

ANALYSES: list[dict[str, Any]] = [
    {"name": "by_period", "kind": "period"},
    {"name": "come_back", "kind": "period", "cohort": "recurring", "horizon": 3},
    {"name": "on_a_day", "kind": "n_day"},
    {"name": "on_a_day_again", "kind": "n_day", "cohort": "recurring", "days": [0, 6]},
    {
        "name": "within",
        "kind": "bracket",
        "clock": "24h",
        "cohort": "recurring",
        "days": [1, 3, [2, 9], 14],
    },
    {"name": 'it\'s "ever"', "kind": "unbounded", "clock": "24h", "days": [1, 7]},
]

PAID = {"event": "order_paid"}
FUNNELS: dict[str, Any] = {
    # steps that share an event, so that a row could be taken twice
    "buying_again": {
        "entity": "user",
        "steps": [PAID, {"event": "feature_used"}, PAID],
        "window": "7d",
    },
    "orders": {
        "entity": "order",
        "steps": [
            PAID,
            {"event": "order_delivered", "where": "value > 0"},
            {"event": "order_refunded"},
        ],
        "window": "14d",
        "grain": "day",
    },
    "teams": {
        "entity": "team",
        "steps": [PAID, PAID, PAID | {"where": "channel is not null"}],
        "window": "3d",
        "grain": "month",
    },
}

SIGNALS = {
    "signal": "text",
    "day": "date",
    "value": "number",
    "numerator": "number",
    "denominator": "number",
    "segment": "text",
    "direction": "text",
}


def with_drivers(
    config: Mapping[str, Any],
    *,
    min_cell: int = 0,
    metrics: Collection[str] | None = None,
) -> dict[str, Any]:
    """The project, where these metrics have all drivers; all that can if left out.

    Some of its metrics are guardrails, and some of these have targets.
    """
    written = dict(config["northstar_metrics"])
    dice = Random(f"guardrails {sorted(written)}")
    for name in sorted(written):
        if written[name].get("level") != "north_star" and dice.random() < 0.4:
            direction = dice.choice(["up", "down"])
            governed: dict[str, Any] = {"level": "guardrail", "direction": direction}
            if dice.random() < 0.3:
                governed["target"] = dice.choice([1, 2.5, 40])
            if "lifetime" in written[name].get("window", {}):
                governed.setdefault("target", 40)
            written[name] = written[name] | governed
    periodic = [name for name in sorted(written) if _is_by_period(written[name])]
    for name in periodic:
        others = [other for other in periodic if other != name]
        guardrails = dice.sample(others, min(len(others), 3))
        written[name] = written[name] | {"guardrails": guardrails}
    with_any = set(with_any_driver(config))
    named = written if metrics is None else metrics
    return {
        **config,
        "northstar_metrics": written,
        "northstar_driver_metrics": [name for name in named if name in with_any],
        "northstar_retention": [*ANALYSES, *_of_one_metric(written)],
        "northstar_min_cell": min_cell,
        "northstar_funnels": FUNNELS,
        "northstar_segments": ["feature"],
    }


def _is_by_period(metric: Mapping[str, Any]) -> bool:
    return "calendar" in metric.get("window", ())


def _of_one_metric(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Analyses that name their metric."""
    calendar = [name for name in sorted(metrics) if _is_by_period(metrics[name])]
    kinds: list[dict[str, Any]] = [
        {"kind": "period", "cohort": "recurring"},
        {"kind": "n_day", "days": [3]},
    ]
    return [
        {"name": f"of {name}", "metric": name, **kind}
        for name, kind in zip(calendar, kinds, strict=False)
    ]


def with_trials(table: Mapping[str, Any]) -> Table:
    """States, where every other interval of being subscribed was a trial."""
    rows = [dict(row) for row in table["rows"]]
    for row in [row for row in rows if row["state"] == "subscribed"][::2]:
        row["state"] = "trial"
    return {"columns": table["columns"], "rows": rows}


def with_signals(config: Mapping[str, Any]) -> dict[str, Any]:
    """The project, with the signals of a table `raw_signals`."""
    columns = {name: name for name in SIGNALS if name != "day"} | {"date": "day"}
    signals = {"relation": {"ref": "raw_signals"}, "columns": columns}
    return {**config, "northstar_signals": signals}


def signals(number: int, first: date, last: date) -> Table:
    """Signals from one date to another: some by segment, some with denominators."""
    dice = Random(f"signals {number}")
    rows: list[Row] = []
    for offset in range((last - first).days):
        day = first + timedelta(days=offset)
        for name, segments in (("p95 'latency'", [None]), ("csat", ["eu", "us"])):
            rows += [
                _signal(name, day, segment)
                | {"value": _number(dice), "direction": _said_of(name, dice)}
                for segment in segments
                if dice.random() < 0.7
            ]
        for segment in (None, "", "mail"):
            delivered = _signal("delivered", day, segment)
            delivered["numerator"] = _number(dice)
            delivered["denominator"] = _number(dice) if dice.random() < 0.9 else None
            delivered["direction"] = dice.choice(["up", "Up", None])
            rows.append(delivered)
    rows.append(_signal("never measured", first, None))
    return {"columns": SIGNALS, "rows": rows}


def _said_of(name: str, dice: Random) -> str | None:
    """Of latency nothing that is a direction; of the other now this and now that."""
    return "faster" if "latency" in name else dice.choice(["up", "down"])


def _signal(name: str, day: date, segment: str | None) -> Row:
    return dict.fromkeys(SIGNALS) | {"signal": name, "day": day, "segment": segment}


def _number(dice: Random) -> Decimal | None:
    """A steady number, now and then far off or missing."""
    if dice.random() < 0.05:
        return None
    return Decimal(dice.choice([90, 95, 100, 100, 105, 400])) / 7


def assert_drivers_are_right(
    consumer: Consumer,
    config: Mapping[str, Any],
    tables: Mapping[str, Any],
    marts: Collection[str] = KEYS,
) -> None:
    """Fail unless these driver marts hold the rows of the reference."""
    expected = evaluate(
        dict(config), {name: dict(table) for name, table in tables.items()}
    )
    built = set(consumer.model_names())
    ours: dict[str, list[Row]] = {}
    theirs: dict[str, list[Row]] = {}
    for mart in marts:
        name, key = f"northstar__{mart}", KEYS[mart]
        rows = consumer.rows(name) if name in built else []
        ours[mart] = _in_order(rows, key)
        theirs[mart] = _in_order(expected[mart], key)
        keys = {tuple(row[column] for column in key) for row in rows}
        assert len(keys) == len(rows), f"rows of {mart} share a key"
        assert rows or mart in MAY_BE_OFF, f"no rows of {mart} to compare"
    assert_equal_marts(ours, theirs, KEYS, "not as in the reference")


def _in_order(rows: list[Row], key: tuple[str, ...]) -> list[Row]:
    return sorted(
        (dict(row) for row in rows), key=lambda row: [str(row[k]) for k in key]
    )
