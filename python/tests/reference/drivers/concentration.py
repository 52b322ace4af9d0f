"""Concentration: how much of the measure comes from a few."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ..values import Value, divided
from .scope import Rows, Scope, qualified

DECILE = 10


def concentration(scope: Scope) -> Rows:
    """One row per metric and period, over the entities that qualify with something."""
    rows: Rows = []
    for measured in scope.measured("calendar"):
        for period, entities in qualified(measured).items():
            keys = scope.keys(measured, period)
            measures = [row.measure for row in entities.values() if row.measure > 0]
            shares = shares_of(measures)
            is_open = keys["period_status"] == "open"
            rows.append(
                {
                    **keys,
                    "entities": len(measures),
                    "top_decile_entities": decile(len(measures)),
                    **(dict.fromkeys(shares) if is_open else shares),
                }
            )
    return rows


def decile(entities: int) -> int:
    """A tenth of them, rounded up."""
    return -(-entities // DECILE)


def shares_of(measures: Iterable[Decimal]) -> dict[str, Value]:
    """The shares of the largest, and Gini's coefficient: 0 if all have the same.

    Source: Gini as half the relative mean difference, without a small-sample factor.
    """
    ordered = sorted(measures)
    entities, total = len(ordered), sum(ordered, Decimal(0))
    top = ordered[entities - decile(entities) :]
    skew = sum(
        ((2 * rank - entities - 1) * x for rank, x in enumerate(ordered, start=1)),
        Decimal(0),
    )
    return {
        "top_decile_share": divided(sum(top, Decimal(0)), total),
        "gini": divided(skew, entities * total),
        "top_entity_share": divided(max(ordered, default=Decimal(0)), total),
    }
