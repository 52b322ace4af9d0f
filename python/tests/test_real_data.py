"""Real data with known figures, through a project that installs the package.

Cancellations in Online Retail: an invoice whose number begins with C cancels goods, and
does not say which invoice they were bought on. So it voids nothing; an order is an
invoice with a known customer and at least one line of positive quantity and price, and
its revenue is the sum of those lines.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from consumer import Consumer
from engines import Engine

SOLD = '"Quantity" > 0 and "UnitPrice" > 0'
LINE_COLUMNS = {
    "InvoiceNo": "text",
    "StockCode": "text",
    "Description": "text",
    "Quantity": "integer",
    "InvoiceDate": "timestamp",
    "UnitPrice": "double",
    "CustomerID": "integer",
    "Country": "text",
}
LINE = {
    "occurred_at": '"InvoiceDate"',
    "user_id": '"CustomerID"',
    "country": '"Country"',
}
RETAIL: dict[str, Any] = {
    "northstar_events": [
        {
            # every row is a line of its own, as the wholesaler billed it
            "name": "lines",
            "relation": {"source": ["raw", "online_retail"]},
            "rows_without_id": "distinct",
            "columns": LINE
            | {
                "event_name": f"""
                    case
                        when "InvoiceNo" like 'C%' then 'line_cancelled'
                        when {SOLD} then 'line_sold'
                        else 'line_adjusted'
                    end""",
                "value": '"Quantity" * "UnitPrice"',
            },
            "attributes": {"invoice_id": '"InvoiceNo"', "product_id": '"StockCode"'},
        },
        {
            # the same rows, equal ones taken as one
            "name": "lines_once",
            "relation": {"source": ["raw", "online_retail"]},
            "rows_without_id": "hash",
            "columns": LINE | {"event_name": "'line_seen'", "value": '"UnitPrice"'},
            "attributes": {
                "invoice_id": '"InvoiceNo"',
                "product_id": '"StockCode"',
                "description": '"Description"',
                "quantity": '"Quantity"',
            },
        },
        {
            "name": "invoices",
            "relation": {"ref": "invoices"},
            "columns": {
                "event_id": "invoice_id",
                "event_name": "'order_paid'",
                "occurred_at": "invoiced_at",
                "user_id": "customer_id",
                "value": "revenue",
            },
            "attributes": {"invoice_id": "invoice_id"},
        },
    ],
    "northstar_entities": {
        "customer": {"id": "user_id"},
        "invoice": {"id": "invoice_id"},
        "product": {"id": "product_id"},
    },
    "northstar_metrics": {
        "second_order_customers": {
            "level": "north_star",
            "entity": "customer",
            "events": [{"event": "order_paid"}],
            "nth": {"min": 2, "max": 2},
            "window": {"calendar": "week"},
            "total": "entities",
        },
        "second_order_customers_by_month": {
            "entity": "customer",
            "events": [{"event": "order_paid"}],
            "nth": {"min": 2, "max": 2},
            "window": {"calendar": "month"},
            "total": "entities",
        },
        "first_order_customers": {
            "entity": "customer",
            "events": [{"event": "order_paid"}],
            "nth": {"min": 1, "max": 1},
            "window": {"calendar": "month"},
            "total": "entities",
        },
        "repeat_purchase_customers": {
            "entity": "customer",
            "events": [{"event": "order_paid"}],
            "nth": {"min": 2},
            "window": {"calendar": "month"},
            "total": "entities",
        },
        "customers_2plus_purchases": {
            "entity": "customer",
            "events": [{"event": "order_paid"}],
            "per_entity": {"count": "events", "at_least": 2},
            "window": {"lifetime": "month"},
            "total": "entities",
        },
        "orders_paid": {
            "entity": "customer",
            "events": [{"event": "order_paid"}],
            "window": {"calendar": "month"},
            "total": "measure",
        },
        "order_revenue": {
            "entity": "customer",
            "events": [{"event": "order_paid"}],
            "per_entity": {"sum": "value"},
            "window": {"calendar": "month"},
            "total": "measure",
        },
        "line_revenue": {
            "entity": "customer",
            "events": [{"event": "line_sold"}],
            "per_entity": {"sum": "value"},
            "window": {"calendar": "week"},
            "total": "measure",
        },
        "lines_sold": {
            "entity": "customer",
            "events": [{"event": "line_sold"}],
            "window": {"calendar": "week"},
            "total": "measure",
        },
        "cancelled_invoices": {
            "entity": "invoice",
            "events": [{"event": "line_cancelled"}],
            "window": {"calendar": "month"},
            "total": "entities",
        },
    },
}
INVOICES = f"""
select
    "InvoiceNo" as invoice_id,
    "CustomerID" as customer_id,
    min("InvoiceDate") as invoiced_at,
    sum("Quantity" * "UnitPrice") as revenue
from {{{{ source('raw', 'online_retail') }}}}
where {SOLD} and "CustomerID" is not null
group by "InvoiceNo", "CustomerID"
"""


@pytest.fixture(scope="module")
def retail(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, test_data: Path
) -> Consumer:
    consumer = Consumer(
        tmp_path_factory.mktemp("retail"),
        engine,
        vars=RETAIL,
        models={"invoices.sql": INVOICES},
    )
    consumer.load_file(
        "online_retail", test_data / "data" / "online_retail.parquet", LINE_COLUMNS
    )
    consumer.dbt("build").assert_success()
    return consumer


def total(consumer: Consumer, metric: str) -> Decimal:
    rows = consumer.rows("northstar__metric_periods", f"metric_name = '{metric}'")
    return sum((row["value"] for row in rows), Decimal(0))


def test_the_ledger_accounts_for_every_row(retail: Consumer) -> None:
    counted = retail.query(
        "select source_name, disposition, cast(sum(row_count) as bigint) as row_count"
        f" from {retail.relation_name('northstar__event_ledger')}"
        " group by 1, 2 order by 1, 2"
    )

    assert [tuple(row.values()) for row in counted] == [
        ("invoices", "accepted", 18_532),
        ("lines", "accepted", 541_909),
        ("lines_once", "accepted", 536_641),
        ("lines_once", "duplicate", 5_268),
    ]


def test_the_marts_give_the_known_figures(retail: Consumer) -> None:
    rows = retail.rows("northstar__metric_periods")
    lines_without_customer = sum(
        row["events_without_entity"]
        for row in rows
        if row["metric_name"] == "lines_sold"
    )

    assert total(retail, "lines_sold") == 397_884
    assert lines_without_customer == 530_104 - 397_884  # all lines sold, of which known
    assert total(retail, "orders_paid") == 18_532
    assert total(retail, "first_order_customers") == 4_338
    assert total(retail, "second_order_customers") == 2_845
    assert total(retail, "second_order_customers_by_month") == 2_845
    assert total(retail, "cancelled_invoices") == 3_836
    assert total(retail, "line_revenue") == Decimal("8911407.904")
    assert round(total(retail, "order_revenue"), 3) == Decimal("8911407.904")
    stock = [row for row in rows if row["metric_name"] == "customers_2plus_purchases"]
    assert stock[-1]["value"] == 2_845


def test_repeat_customers_are_those_of_a_hand_written_query(
    retail: Consumer, test_data: Path
) -> None:
    path = test_data / "data" / "online_retail.parquet"
    by_hand = duckdb.execute(
        f"""
        with orders as (
            select CustomerID, InvoiceNo, min(InvoiceDate) as paid_at
            from '{path}'
            where {SOLD} and CustomerID is not null
            group by all
        ),
        ranked as (
            select
                *,
                row_number() over (
                    partition by CustomerID order by paid_at, InvoiceNo
                ) as n
            from orders
        )
        select cast(date_trunc('month', paid_at) as date), count(distinct CustomerID)
        from ranked where n >= 2 group by 1 order by 1
        """
    ).fetchall()

    ours = retail.rows(
        "northstar__metric_periods", "metric_name = 'repeat_purchase_customers'"
    )
    assert [(row["period_start"], row["value"]) for row in ours] == by_hand


LOGINS: dict[str, Any] = {
    "northstar_events": [
        {
            "name": "logins",
            "relation": {"source": ["raw", "logins"]},
            "rows_without_id": "hash",
            "columns": {
                "event_name": "'login'",
                "occurred_at": "event_time",
                "user_id": "userid",
            },
        }
    ],
    "northstar_entities": {"user": {"id": "user_id"}},
    "northstar_metrics": {
        f"active_users_by_{grain}": {
            "entity": "user",
            "events": [{"event": "login"}],
            "window": {"calendar": grain},
            "total": "entities",
        }
        | ({"level": "north_star"} if grain == "week" else {})
        for grain in ("day", "week", "month")
    },
}


def test_active_users_grow_as_the_logins_say(
    tmp_path: Path, engine: Engine, test_data: Path
) -> None:
    path = test_data / "data" / "logins.csv.gz"
    consumer = Consumer(tmp_path, engine, vars=LOGINS)
    consumer.load_file("logins", path, {"userid": "integer", "event_time": "date"})

    consumer.dbt("build").assert_success()

    active: dict[tuple[str, Any], set[int]] = {}
    for user, day, week, month in duckdb.execute(
        "select userid, event_time, cast(date_trunc('week', event_time) as date),"
        f" cast(date_trunc('month', event_time) as date) from read_csv('{path}')"
    ).fetchall():
        for grain, start in (("day", day), ("week", week), ("month", month)):
            active.setdefault((grain, start), set()).add(user)
    seen: dict[str, set[int]] = {"day": set(), "week": set(), "month": set()}
    before: dict[str, set[int]] = {"day": set(), "week": set(), "month": set()}
    expected = {}
    for (grain, start), users in sorted(active.items()):
        expected[grain, start] = {
            "new": len(users - seen[grain]),
            "retained": len(users & before[grain]),
            "resurrected": len((users & seen[grain]) - before[grain]),
        }
        seen[grain] |= users
        before[grain] = users

    counted: dict[tuple[str, Any], dict[str, int]] = {}
    for row in consumer.query(
        "select grain, period_start, growth_status, count(*) as users from"
        f" {consumer.relation_name('northstar__entity_periods')} group by 1, 2, 3"
    ):
        statuses = counted.setdefault((row["grain"], row["period_start"]), {})
        statuses[row["growth_status"]] = row["users"]
    assert counted == {
        key: {status: count for status, count in statuses.items() if count}
        for key, statuses in expected.items()
    }
    assert len(seen["day"]) == 10_000
    for row in consumer.rows("northstar__metric_periods"):
        assert row["value"] == len(active[row["grain"], row["period_start"]])
