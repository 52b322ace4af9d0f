"""One folder knows that warehouses differ: macros/engines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from consumer import REPOSITORY

FOLDER = REPOSITORY / "macros" / "engines"
ADAPTERS = [
    *("duckdb", "postgres", "spark"),
    *("redshift", "databricks", "snowflake", "bigquery"),
]
NAMED = re.compile(
    rf"target\s*\.\s*type|target\[|adapter\.(?:dispatch|type)\b|{'|'.join(ADAPTERS)}",
    re.I,
)


def sources() -> list[Path]:
    """What dbt reads of the package."""
    folders = ("models", "macros", "tests", "semantic", "analyses", "seeds")
    found = [REPOSITORY / "dbt_project.yml"]
    for folder in folders:
        found += [path for path in (REPOSITORY / folder).rglob("*") if path.is_file()]
    return found


def test_no_other_file_names_a_warehouse_or_asks_which_it_is() -> None:
    named = [
        f"{path.relative_to(REPOSITORY)}:{number}: {line.strip()}"
        for path in sources()
        if FOLDER not in path.parents
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if NAMED.search(line)
    ]
    assert not named, "belongs in macros/engines:\n" + "\n".join(named)


@pytest.mark.parametrize(
    "line",
    [
        "{% if target.type == 'x' %}",
        "{{ adapter.dispatch('x', 'northstar')() }}",
        "{% macro snowflake__x() %}",
    ],
)
def test_the_check_sees(line: str) -> None:
    assert NAMED.search(line)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.sql")), ids=lambda p: p.stem)
def test_every_difference_says_why_it_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    head = text[: text.index("{% ma")]

    assert head.startswith("{#-"), "begins with a comment"
    if "adapter.dispatch(" in text:
        named = [name for name in (*ADAPTERS, "engine", "dbt") if name in head.lower()]
        assert named, "its comment names the engines that differ, and how"
