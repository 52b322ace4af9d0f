"""How far the unchanged path is from what happened, on real data.

The figures are on docs/drivers/what-would-move-it.md, and this builds the same marts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from consumer import REPOSITORY, Consumer
from engines import Engine
from northstar.cli import main

PAGE = REPOSITORY / "docs" / "drivers" / "what-would-move-it.md"


@dataclass(frozen=True)
class DataSet:
    """A file of events, and what each column is."""

    file: str
    columns: dict[str, str]
    mapping: dict[str, str]
    metric: str

    @property
    def vars(self) -> dict[str, Any]:
        """A project whose North Star is whoever did anything in a week."""
        return {
            "northstar_events": [
                {
                    "name": "app",
                    "relation": {"source": ["raw", "events"]},
                    "rows_without_id": "hash",
                    "columns": {"event_name": "'done'", **self.mapping},
                }
            ],
            "northstar_entities": {"user": {"id": "user_id"}},
            "northstar_metrics": {
                self.metric: {
                    "level": "north_star",
                    "entity": "user",
                    "events": [{"event": "done", "where": "value > 0"}]
                    if "value" in self.mapping
                    else [{"event": "done"}],
                    "window": {"calendar": "week"},
                    "total": "entities",
                }
            },
        }


DATA = {
    "logins": DataSet(
        "logins.csv.gz",
        {"userid": "integer", "event_time": "date"},
        {"occurred_at": "event_time", "user_id": "userid"},
        "weekly_users",
    ),
    "online retail": DataSet(
        "online_retail.parquet",
        {
            "InvoiceNo": "text",
            "Quantity": "integer",
            "InvoiceDate": "timestamp",
            "UnitPrice": "double",
            "CustomerID": "integer",
        },
        {
            "occurred_at": '"InvoiceDate"',
            "user_id": '"CustomerID"',
            "value": 'case when "Quantity" > 0 then "UnitPrice" end',
        },
        "weekly_customers",
    ),
}


MARTS = (
    "+northstar__growth_accounting",
    "+northstar__metric_periods",
    "northstar__metric_definitions",
)


def shown(title: str) -> str:
    """The block on the page beneath this title."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"\n### {title}\n.*?```text\n(.*?)```", text, re.DOTALL)
    assert found, title
    return found[1]


@pytest.mark.parametrize("title", DATA)
def test_the_back_test_on_the_page_is_what_the_command_says(
    title: str, tmp_path: Path, duckdb_engine: Engine, test_data: Path
) -> None:
    data = DATA[title]
    path = test_data / "data" / data.file
    if not path.is_file():
        pytest.skip(f"no file {path}")
    consumer = Consumer(tmp_path, duckdb_engine, vars=data.vars)
    consumer.load_file("events", path, data.columns)
    consumer.dbt("run", "--select", *MARTS).assert_success()
    result = CliRunner().invoke(
        main, ["simulate", "--backtest", "--project-dir", str(tmp_path)]
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == shown(title)
