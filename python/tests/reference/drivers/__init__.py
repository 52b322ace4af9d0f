"""The drivers of a metric: section 4 of the contract, mart by mart, by brute force.

Each module holds one subject and gives the rows of its marts. What they share is in
`scope` (which metrics, up to when) and `statistics` (rates, intervals, medians).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..company import Company
from ..grammar import Definition, Ratio
from ..inputs import Tables
from ..periods import Metric
from .activation import activation_cohorts
from .changes import metric_changes
from .concentration import concentration
from .engagement import active_days, engagement
from .funnels import entity_segments, funnel_segments, funnel_steps
from .growth import growth_accounting
from .guardrails import guardrails
from .repeat import repeat_steps
from .retention import retention_cohorts
from .revenue import revenue_periods
from .scope import Builder, Rows, Scope
from .segments import segment_periods
from .time_to_value import time_to_value

__all__ = ["driver_marts"]

MARTS: dict[str, Builder] = {
    "growth_accounting": growth_accounting,
    "activation_cohorts": activation_cohorts,
    "time_to_value": time_to_value,
    "repeat_steps": repeat_steps,
    "retention_cohorts": retention_cohorts,
    "engagement": engagement,
    "active_days": active_days,
    "concentration": concentration,
    "funnel_steps": funnel_steps,
    "funnel_segments": funnel_segments,
    "entity_segments": entity_segments,
    "revenue_periods": revenue_periods,
    "guardrails": guardrails,
    "segment_periods": segment_periods,
    "metric_changes": metric_changes,
}


def driver_marts(
    config: Mapping[str, Any],
    tables: Tables,
    company: Company,
    definitions: Mapping[str, Definition | Ratio],
    metrics: Mapping[str, Metric],
) -> dict[str, Rows]:
    """Every driver mart; without a watermark each is empty."""
    if company.watermark is None:
        return {name: [] for name in MARTS}
    scope = Scope(config, tables, company, definitions, metrics)
    return {name: build(scope) for name, build in MARTS.items()}
