"""The raw data of the demo company: the same everywhere, and what it claims to be."""

from __future__ import annotations

import csv
import hashlib
import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from consumer import REPOSITORY

DEMO = REPOSITORY / "examples" / "demo"
sys.path.insert(0, str(DEMO))
company = importlib.import_module("company")
load = importlib.import_module("load")

OUTAGE = "timestamp '2026-04-14 00:00'", "timestamp '2026-04-15 12:00'"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "data"
    company.main(["--out", str(path), "--small"])
    return path


@pytest.fixture(scope="module")
def raw(folder: Path) -> Iterator[Callable[[str], Any]]:
    """Answers a query over the small company: the first value of its first row."""
    load.main(["--csv", str(folder), "--duckdb", str(folder / "demo.duckdb")])
    with duckdb.connect(str(folder / "demo.duckdb"), read_only=True) as connection:
        connection.execute("set schema = 'raw'")

        def ask(query: str) -> Any:
            row = connection.execute(query).fetchone()
            assert row is not None
            return row[0]

        yield ask


def digests(folder: Path) -> str:
    lines = []
    for path in sorted(folder.glob("*.csv")):
        data = path.read_bytes()
        rows = data.count(b"\n") - 1
        lines.append(f"{hashlib.sha256(data).hexdigest()} {rows:6} {path.stem}\n")
    return "".join(lines)


def test_bytes_are_the_same_on_every_machine(
    folder: Path, golden: Callable[[str, str], None]
) -> None:
    golden("demo_company.txt", digests(folder))


def test_bytes_do_not_depend_on_the_order_of_hashes(
    folder: Path, tmp_path: Path
) -> None:
    subprocess.run(
        [sys.executable, str(DEMO / "company.py"), "--out", str(tmp_path), "--small"],
        check=True,
        capture_output=True,
        env=os.environ | {"PYTHONHASHSEED": "7"},
    )
    assert digests(tmp_path) == digests(folder)


def test_every_table_has_the_declared_columns_and_types(
    folder: Path, raw: Callable[[str], Any]
) -> None:
    assert {path.stem for path in folder.glob("*.csv")} == set(company.TABLES)
    for table, columns in company.TABLES.items():
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            assert next(csv.reader(file)) == list(columns)
        found = raw(
            f"""
            select list(lower(data_type) order by ordinal_position)
            from information_schema.columns where table_name = '{table}'
            """
        )
        declared = [load.DUCKDB_TYPES[type_] for type_ in columns.values()]
        assert found == [type_.replace(", ", ",") for type_ in declared]


def test_loading_without_files_says_how_to_make_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        load.main(["--csv", str(tmp_path), "--duckdb", str(tmp_path / "x.duckdb")])
    assert f"python company.py --out {tmp_path}" in capsys.readouterr().err


def test_the_north_star_grows(raw: Callable[[str], Any]) -> None:
    weeks = raw(
        """
        with teams as (
            select date_trunc('week', created_at) as week, team_id
            from raw_app_events
            where event = 'workflow_completed' and team_id ~ '^team_[0-9]+$'
            group by all
            having count(*) >= 3
        ),
        weeks as (select week, count(*) as teams from teams group by week)
        select list(teams order by week) from weeks
        """
    )
    assert sum(weeks[-13:-1]) > 5 * sum(weeks[:12])


@pytest.mark.parametrize(
    ("table", "id_", "least", "most"),
    [
        ("raw_app_events", "event_id", 0.003, 0.008),
        ("raw_server_events", "id", 0.004, 0.012),
    ],
)
def test_some_rows_are_copies(
    raw: Callable[[str], Any], table: str, id_: str, least: float, most: float
) -> None:
    share = raw(f"select 1 - count(distinct {id_}) / count({id_}) from {table}")
    assert least < share < most
    conflicts = raw(
        f"""
        select count(*) from (
            select {id_} from {table} where {id_} is not null group by {id_}
            having count(distinct {"created_at" if id_ == "event_id" else "plan"}) > 1
            or count({"created_at" if id_ == "event_id" else "plan"}) < count(*)
        )
        """
    )
    assert conflicts > 0


def test_some_rows_are_late(raw: Callable[[str], Any]) -> None:
    share = raw(
        """
        select avg(cast(loaded_at - created_at > interval 6 hour as integer))
        from raw_app_events where created_at >= timestamp '2025-01-06'
        """
    )
    assert 0.005 < share < 0.015


def test_some_rows_are_broken(raw: Callable[[str], Any]) -> None:
    for broken in (
        "event_id is null",
        "created_at is null",
        "created_at > loaded_at + interval 1 hour",
        "created_at < timestamp '1971-01-01'",
        "coalesce(user_id, device_id, team_id) is null",
    ):
        assert raw(f"select count(*) from raw_app_events where {broken}") > 0, broken


def test_nothing_is_known_from_after_the_export(raw: Callable[[str], Any]) -> None:
    assert str(raw("select max(loaded_at) from raw_app_events")) < "2026-06-30 18"
    assert str(raw("select max(received_at) from raw_server_events")) < "2026-06-30 18"


def test_web_events_are_missing_for_a_day_and_a_half(
    raw: Callable[[str], Any],
) -> None:
    def count(platforms: str, start: str, end: str) -> int:
        return int(
            raw(
                f"""
                select count(*) from raw_app_events
                where platform in ({platforms})
                    and created_at >= {start} and created_at < {end}
                """
            )
        )

    start, end = OUTAGE
    assert count("'web'", start, end) == 0
    assert count("'ios', 'android'", start, end) > 0
    assert count("'web'", f"{start} - interval 1 day", start) > 0
    assert count("'web'", end, f"{end} + interval 1 day") > 0


def test_clocks_change_while_teams_work(raw: Callable[[str], Any]) -> None:
    for at in ("2025-03-30 01:00", "2025-10-26 01:00", "2026-03-29 01:00"):
        for hour in (f"timestamp '{at}' - interval 1 hour", f"timestamp '{at}'"):
            count = raw(
                f"""
                select count(*) from raw_app_events
                where event = 'workflow_completed'
                    and created_at between {hour} and {hour} + interval 1 hour
                """
            )
            assert count > 0, at


def test_devices_are_anonymous_first_and_some_are_shared(
    raw: Callable[[str], Any],
) -> None:
    def devices(condition: str) -> int:
        return int(
            raw(
                f"""
                select count(*) from (
                    select device_id from raw_app_events
                    where device_id is not null group by device_id having {condition}
                )
                """
            )
        )

    assert devices("arg_min(user_id is null, created_at) and count(user_id) > 0") > 100
    assert devices("count(distinct user_id) > 1") > 5


def test_some_members_work_for_two_teams(raw: Callable[[str], Any]) -> None:
    count = raw(
        """
        select count(*) from (
            select user_id from raw_app_events where user_id like 'user_%'
            group by user_id having count(distinct team_id) > 1
        )
        """
    )
    assert count > 0


def test_links_join_real_ids_and_one_script_joined_too_many(
    raw: Callable[[str], Any],
) -> None:
    unknown = raw(
        """
        select count(*) from raw_identity_links
        where reason = 'registered_again'
            and from_user_id not in (
                select user_id from raw_app_events where user_id is not null
            )
        """
    )
    assert unknown == 0
    assert raw("select count(*) from raw_identity_links where reason like 'reg%'") > 1
    largest = raw(
        """
        select max(links) from (
            select count(*) as links from raw_identity_links group by to_user_id
        )
        """
    )
    assert largest > 50


def test_each_reason_for_exclusion_is_there(raw: Callable[[str], Any]) -> None:
    reasons = raw("select list(distinct reason order by reason) from raw_exclusions")
    assert reasons == ["bot", "fraud", "internal", "other", "test"]
    assert raw("select count(*) from raw_exclusions where valid_to is not null") > 0
    assert raw("select count(*) from raw_app_events where is_bot") > 0
    assert raw("select count(*) from raw_server_events where not livemode") > 0
    flags = raw(
        """
        select list(distinct is_internal) from raw_app_events
        where user_id like 'staff_%'
            and created_at between timestamp '2025-01-06' and timestamp '2025-05-01'
        """
    )
    assert flags == [False]
    assert raw("select count(*) from raw_app_events where is_internal") > 0


def test_consent_is_granted_denied_and_withdrawn(raw: Callable[[str], Any]) -> None:
    statuses = raw(
        """
        select list(distinct status order by status) from raw_consent
        where purpose = 'analytics'
        """
    )
    assert statuses == ["denied", "granted"]
    assert raw("select count(*) from raw_consent where valid_to is not null") > 0
    assert raw("select count(*) from raw_erasure_requests") > 0


def test_subscriptions_of_a_team_do_not_overlap(raw: Callable[[str], Any]) -> None:
    overlaps = raw(
        """
        select count(*) from (
            select ended_at, lead(started_at) over (
                partition by team_id order by started_at
            ) as next_started_at
            from raw_subscriptions
        ) where next_started_at < coalesce(ended_at, timestamp '2100-01-01')
        """
    )
    assert overlaps == 0
    assert (
        raw("select count(*) from raw_subscriptions where ended_at <= started_at") == 0
    )


def test_refunds_are_of_invoices_that_were_paid(raw: Callable[[str], Any]) -> None:
    refunds = raw(
        "select count(*) from raw_server_events where type = 'invoice.refunded'"
    )
    paid = raw(
        """
        select count(*) from raw_server_events as refunds
        where type = 'invoice.refunded' and exists (
            select 1 from raw_server_events as invoices
            where invoices.type = 'invoice.paid'
                and invoices.invoice_id = refunds.invoice_id
                and invoices.emitted_at < refunds.emitted_at
                and invoices.amount_minor >= refunds.amount_minor
        )
        """
    )
    assert refunds == paid > 0


def test_both_experiments_have_both_variants(raw: Callable[[str], Any]) -> None:
    arms = raw(
        "select count(*) from (select distinct experiment, variant from raw_exposures)"
    )
    assert arms == 4
