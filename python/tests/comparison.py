"""Marts as the package built them, against marts as the reference has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consumer import Consumer
from engines import Row
from reference import evaluate

KEYS = {
    "event_ledger": ("source_name", "event_date", "disposition"),
    "entities": ("entity_type", "entity_id"),
    "entity_periods": ("metric_name", "period_start", "entity_id"),
    "metric_periods": ("metric_name", "period_start"),
}


def assert_same_marts(
    consumer: Consumer, vars: Mapping[str, Any], tables: Mapping[str, Any]
) -> None:
    """Fail with the first rows that differ, mart by mart."""
    differences = differences_between(consumer, vars, tables)
    assert not differences, "\n".join(differences[:30])


def differences_between(
    consumer: Consumer, vars: Mapping[str, Any], tables: Mapping[str, Any]
) -> list[str]:
    """Every difference in words: the mart, the key, the column and both values."""
    expected = evaluate(dict(vars), {name: dict(t) for name, t in tables.items()})
    found: list[str] = []
    for mart, key in KEYS.items():
        ours = _by_key(consumer.rows(f"northstar__{mart}"), key)
        theirs = _by_key(expected[mart], key)
        for at in sorted({*ours, *theirs}, key=str):
            if at not in theirs:
                found.append(f"{mart} {at}: not in the reference: {ours[at]}")
            elif at not in ours:
                found.append(f"{mart} {at}: missing: {theirs[at]}")
            else:
                found += [
                    f"{mart} {at}: {column} is {ours[at][column]!r},"
                    f" in the reference {value!r}"
                    for column, value in theirs[at].items()
                    if ours[at][column] != value
                ]
    return found


def _by_key(rows: list[Row], key: tuple[str, ...]) -> dict[tuple[Any, ...], Row]:
    keyed = {tuple(row[column] for column in key): row for row in rows}
    assert len(keyed) == len(rows), f"rows share a key {key}"
    return keyed
