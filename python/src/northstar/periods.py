"""A metric and its periods, as the marts publish them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from northstar.errors import UnknownMetricError
from northstar.warehouse import Warehouse


@dataclass(frozen=True)
class Metric:
    """One version of a configured metric: its row in northstar__metric_definitions."""

    name: str
    version: int
    is_north_star: bool
    label: str
    plain_language: str
    unit: str


@dataclass(frozen=True)
class Period:
    """One row of northstar__metric_periods.

    `end` is exclusive. `change` is against the period before, or, where the period is
    still open, against the same point of it; `change_rate` is its share of that.
    """

    start: date
    end: date
    status: str
    value: Decimal | None
    change: Decimal | None
    change_rate: Decimal | None
    elapsed_share: Decimal


def read_metrics(warehouse: Warehouse) -> list[Metric]:
    """All metrics, in all versions."""
    rows = warehouse.query(
        "select metric_name, metric_version, is_north_star, label, plain_language, "
        "unit "
        f"from {warehouse.relation('northstar__metric_definitions')}"
    )
    return [_metric(row) for row in rows]


def read_periods(warehouse: Warehouse, metric: Metric, count: int) -> list[Period]:
    """The last `count` periods of the metric, the earliest first."""
    rows = warehouse.query(
        "select period_start, period_end, period_status, value, change, change_rate, "
        "elapsed_share "
        f"from {warehouse.relation('northstar__metric_periods')} "
        f"where metric_name = '{metric.name}' and metric_version = {metric.version} "
        f"order by period_start desc limit {count}"
    )
    return [_period(row) for row in reversed(rows)]


def choose_metric(metrics: Sequence[Metric], name: str | None) -> Metric:
    """The latest version of the metric with this name, or of the North Star.

    Raises UnknownMetricError, with the nearest name, where there is none.
    """
    if name is None:
        found = [metric for metric in metrics if metric.is_north_star]
        problem = "no metric has the level north_star; name one with --metric"
    else:
        found = [metric for metric in metrics if metric.name == name]
        problem = f"no metric is named {name}"
    if found:
        return max(found, key=lambda metric: metric.version)
    names = sorted({metric.name for metric in metrics})
    if not names:
        raise UnknownMetricError("no metric is configured: northstar_metrics is empty")
    near = get_close_matches(name or "", names, n=1)
    if near:
        raise UnknownMetricError(f"{problem}; did you mean {near[0]}?")
    raise UnknownMetricError(f"{problem}; there are {', '.join(names)}")


def _metric(row: Mapping[str, Any]) -> Metric:
    return Metric(
        name=row["metric_name"],
        version=int(row["metric_version"]),
        is_north_star=bool(row["is_north_star"]),
        label=row["label"] or row["metric_name"],
        plain_language=row["plain_language"] or "",
        unit=row["unit"] or "",
    )


def _period(row: Mapping[str, Any]) -> Period:
    return Period(
        start=as_date(row["period_start"]),
        end=as_date(row["period_end"]),
        status=row["period_status"],
        value=as_number(row["value"]),
        change=as_number(row["change"]),
        change_rate=as_number(row["change_rate"]),
        elapsed_share=as_number(row["elapsed_share"]) or Decimal(0),
    )


def as_date(value: Any) -> date:
    """A date that a driver gave; some give text."""
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])


def as_number(value: Any) -> Decimal | None:
    """A number that a driver gave, whatever its type."""
    return None if value is None else Decimal(str(value))
