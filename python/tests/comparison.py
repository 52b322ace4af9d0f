"""Marts as the package built them, against others that should be equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
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

# What it holds is how values changed from build to build, so it depends on the builds.
HISTORIES = {"northstar__metric_revisions"}

Marts = dict[str, list[Row]]
"""The rows of each mart, by its name."""


# ------------------------------------------------------------------- with the reference


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


# ------------------------------------------------------------- of one build and another


def public_marts(consumer: Consumer) -> Marts:
    """Every row of every public mart that the manifest has, but those of histories."""
    names = [name for name in consumer.model_names() if name.startswith("northstar__")]
    return {name: consumer.rows(name) for name in names if name not in HISTORIES}


def mart_keys(consumer: Consumer) -> dict[str, list[str]]:
    """The columns that tell rows apart, of the marts that have a test that says so."""
    keys: dict[str, list[str]] = {}
    for node in consumer.manifest()["nodes"].values():
        test = node.get("test_metadata") or {}
        if test.get("name") in ("unique", "unique_rows"):
            mart = node["attached_node"].split(".")[2]
            given = test["kwargs"]
            keys[mart] = given.get("columns") or [given["column_name"]]
    return keys


def assert_equal_marts(
    ours: Marts, theirs: Marts, keys: Mapping[str, Sequence[str]], told: str
) -> None:
    """Fail unless the marts have equal rows, in all columns.

    Prints `told`, and then the first differences: the mart, the key, the column and
    both values.
    """
    found: list[str] = []
    for mart in sorted({*ours, *theirs}):
        if mart not in ours or mart not in theirs:
            found.append(f"{mart}: only one of the two has it")
        else:
            found += _differences(mart, ours[mart], theirs[mart], keys.get(mart, ()))
    assert not found, "\n".join([told, f"{len(found)} differences", *found[:30]])


def _differences(
    mart: str, ours: list[Row], theirs: list[Row], key: Sequence[str]
) -> list[str]:
    if ours == theirs:  # both are sorted
        return []
    only_ours, only_theirs = _left_over(ours, theirs), _left_over(theirs, ours)
    found: list[str] = []
    if key:
        expected = {tuple(row.get(c) for c in key): row for row in only_theirs}
        for row in list(only_ours):
            at = tuple(row.get(c) for c in key)
            other = expected.get(at)
            if other is None or row.keys() != other.keys():
                continue
            only_ours.remove(row)
            only_theirs.remove(expected.pop(at))
            found += [
                f"{mart} {at}: {column} is {value!r}, and should be {other[column]!r}"
                for column, value in row.items()
                if value != other[column]
            ]
    found += [f"{mart}: should not be there: {row}" for row in only_ours]
    found += [f"{mart}: missing: {row}" for row in only_theirs]
    return found


def _left_over(rows: list[Row], others: list[Row]) -> list[Row]:
    """The rows without as many as the others have of each."""
    taken = Counter(tuple(row.items()) for row in others)
    left = []
    for row in rows:
        values = tuple(row.items())
        taken[values] -= 1
        if taken[values] < 0:
            left.append(row)
    return left
