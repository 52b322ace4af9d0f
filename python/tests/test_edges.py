"""The edges: text that looks like code, empty inputs, clocks that jump, odd types.

Each test puts many cases into one project, one row or entity a case, and the expected
numbers stand in the test. Where the reference can read the project too, it must agree.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from comparison import assert_same_marts
from consumer import REPOSITORY, Consumer
from engines import Engine, Row, Table

DAY = timedelta(days=1)


def same(*names: str) -> dict[str, str]:
    """A mapping of each column to one of its own name."""
    return {name: name for name in names}


def metric(**changes: Any) -> dict[str, Any]:
    """Entities with at least one `act` on a day, or what the changes say."""
    return {
        "entity": "user",
        "events": [{"event": "act"}],
        "window": {"calendar": "day"},
        "total": "entities",
    } | changes


def table(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> Table:
    """A raw table; every row gets every column, and instants may be ISO text."""
    return {
        "columns": columns,
        "rows": [
            {name: read(row.get(name), kind) for name, kind in columns.items()}
            for row in rows
        ],
    }


def read(value: Any, kind: str) -> Any:
    if kind in ("timestamp", "timestamptz") and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


def marts(consumer: Consumer) -> dict[str, list[Row]]:
    """Every row of every mart."""
    names = [name for name in consumer.model_names() if name.startswith("northstar__")]
    return {name: consumer.rows(name) for name in names}


def values(consumer: Consumer, column: str = "value") -> dict[tuple[str, date], Any]:
    """A column of northstar__metric_periods by metric and first date."""
    return {
        (row["metric_name"], row["period_start"]): row[column]
        for row in consumer.rows("northstar__metric_periods")
    }


# --- names and ids that look like code

HOSTILE = {
    "quotes": """it's "so" `called` ''twice''""",
    "semicolon": "a; drop table raw.events; --",
    "backslash": "C:\\new \\' \\\\ \\N.",
    "markup": "<script>alert('x')</script> &amp; <!-- -->",
    "comment": "-- a /* b */ # c */",
    "jinja": "{{ 1 / 0 }} {% endraw %} {# }}",
    "percent": "100% %s %(name)s %% {0} $1 :name ?",
    "emoji": "🦆👩‍👩‍👧‍👦 e\u0301 é",
    "right_to_left": "\u202eשלום عالم\u202c",  # noqa: RUF001
    "long": "x" * 10_000,
    "lines": "one\ntwo\r\n\tthree\u2028four",
    "padded": "  a  ",
    "null_word": "NULL",
    "number": "007",
}
SOURCE = "the 'app'; -- {{ source }} <b>🦆</b>\n%s \\"
UNDO = "undo'; --"
PURPOSE = "ads'); --"
BOBBY = "Robert'); DROP TABLE Students;--"
TEXTS = ("id", "name", "actor", "team", "device", "feature", "order_id")


def hostile_vars() -> dict[str, Any]:
    quoted = {key: text.replace("'", "''") for key, text in HOSTILE.items()}
    # A `where` may not be so long, nor hold a backslash before a quote, and says so.
    filtered = HOSTILE.keys() - {"long", "backslash"}
    return {
        "northstar_events": [
            {
                "name": SOURCE,
                "relation": {"source": ["raw", "events"]},
                "columns": {
                    "event_id": "id",
                    "event_name": "name",
                    "occurred_at": "occurred",
                    "user_id": "actor",
                    "account_id": "team",
                    "device": "device",
                },
                "attributes": same("feature", "order_id"),
            }
        ],
        "northstar_entities": {
            "user": {"id": "user_id", "anchor": HOSTILE["quotes"]},
            "team": {"id": "account_id"},
        },
        "northstar_states": {
            "relation": {"source": ["raw", "states"]},
            "columns": same("entity", "entity_id", "state", "valid_from"),
        },
        "northstar_exclusions": {
            "relation": {"source": ["raw", "exclusions"]},
            "columns": same("id_type", "id", "reason"),
        },
        "northstar_consent": {
            "relation": {"source": ["raw", "consent"]},
            "columns": same("id_type", "id", "purpose", "status", "valid_from"),
        },
        "northstar_consent_purpose": PURPOSE,
        "northstar_consent_default": "granted",
        "northstar_metrics": {
            "everything": metric(
                level="north_star",
                entity="team",
                events=[{"event": text} for text in HOSTILE.values()],
                void={"event": UNDO, "key": "order_id", "mode": "exclude"},
                total="measure",
            ),
        }
        | {
            f"of_{key}": metric(
                label=text,
                plain_language=text,
                why=text,
                counts=[text, text],
                does_not_count=text,
                owners={"sponsor": text},
                unit=text,
                events=[
                    {"event": text}
                    | (
                        {"where": f"feature = '{quoted[key]}'"}
                        if key in filtered
                        else {}
                    )
                ],
                when=[{"state": text, "at": "event"}],
            )
            for key, text in HOSTILE.items()
        },
    }


def hostile_tables() -> dict[str, Table]:
    events: list[Row] = []
    for key, text in HOSTILE.items():
        row: Row = {
            "name": text,
            "occurred": "2024-03-01 12:00",
            "team": text,
            "device": text,
            "order_id": text,
            "feature": text,
        }
        # the user in the state, someone else, and the user with another feature
        events += [
            row | {"id": text, "actor": text},
            row | {"id": f"{key} 2", "actor": "someone", "order_id": None},
            row | {"id": f"{key} 3", "actor": text, "feature": "-", "order_id": None},
        ]
    plain: Row = {"name": HOSTILE["emoji"], "occurred": "2024-03-01 12:00", "team": "t"}
    events += [
        plain | {"id": "u", "name": UNDO, "order_id": HOSTILE["lines"]},
        plain | {"id": BOBBY, "actor": BOBBY},
        plain | {"id": f"{BOBBY}2", "actor": f"{BOBBY}2"},
    ]
    stated = {"entity": "user", "valid_from": "2024-01-01"}
    return {
        "events": table(
            dict.fromkeys(TEXTS, "text") | {"occurred": "timestamp"}, events
        ),
        "states": table(
            dict.fromkeys(("entity", "entity_id", "state"), "text")
            | {"valid_from": "timestamp"},
            (stated | {"entity_id": text, "state": text} for text in HOSTILE.values()),
        ),
        "exclusions": table(
            dict.fromkeys(("id_type", "id", "reason"), "text"),
            [{"id_type": "user", "id": BOBBY, "reason": "bot"}],
        ),
        "consent": table(
            dict.fromkeys(("id_type", "id", "purpose", "status"), "text")
            | {"valid_from": "timestamp"},
            [
                {
                    "id_type": "user",
                    "id": f"{BOBBY}2",
                    "purpose": PURPOSE,
                    "status": "denied",
                    "valid_from": "2024-01-01",
                }
            ],
        ),
    }


def test_text_that_looks_like_code_is_data(tmp_path: Path, engine: Engine) -> None:
    vars, tables = hostile_vars(), hostile_tables()
    consumer = Consumer(tmp_path, engine, vars=vars, tables=tables, drivers=False)

    consumer.dbt("build").assert_success()

    day = date(2024, 3, 1)
    # each metric has its one user; of three events a text, one is undone
    assert values(consumer) == {(f"of_{key}", day): 1 for key in HOSTILE} | {
        ("everything", day): 3 * len(HOSTILE) - 1
    }
    users = {
        row["metric_name"]: (row["entity_id"], row["device"])
        for row in consumer.rows("northstar__entity_periods", "entity_type = 'user'")
    }
    assert users == {f"of_{key}": (text, text) for key, text in HOSTILE.items()}

    said = {
        row["metric_name"]: row
        for row in consumer.rows("northstar__metric_definitions")
    }
    meta = consumer.manifest()["nodes"]["model.northstar.northstar__metric_definitions"]
    in_manifest = meta["config"]["meta"]["northstar_definitions"]
    for key, text in HOSTILE.items():
        row = said[f"of_{key}"]
        for column in ("label", "plain_language", "why", "does_not_count", "unit"):
            assert row[column] == text
        assert row["counts"] == f"{text}, {text}"
        assert row["owner_sponsor"] == text
        assert in_manifest[f"of_{key}"]["label"] == text

    ledger = consumer.rows("northstar__event_ledger")
    assert {row["disposition"]: row["row_count"] for row in ledger} == {
        "accepted": 3 * len(HOSTILE) + 1,  # and the undoing
        "bot": 1,
        "no_consent": 1,
    }
    assert {row["source_name"] for row in ledger} == {SOURCE}
    assert_same_marts(consumer, vars, tables)


@pytest.mark.parametrize(
    "path",
    [
        ("northstar_events", 0, "name"),
        ("northstar_metrics", "everything", "events", 0, "event"),
        ("northstar_metrics", "of_emoji", "label"),
    ],
    ids=lambda path: str(path[-1]),
)
def test_a_null_byte_is_refused_in_words(
    path: Sequence[Any], tmp_path: Path, duckdb_engine: Engine
) -> None:
    vars = hostile_vars()
    place: Any = vars
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = "a\x00b"
    consumer = Consumer(
        tmp_path, duckdb_engine, vars=vars, tables=hostile_tables(), drivers=False
    )

    run = consumer.dbt("parse").assert_failure(
        "1 problem in the vars of northstar", "a\\x00b"
    )

    assert "Traceback" not in run.errors
    assert "\x00" not in run.errors


# --- inputs with nothing in them

APP_AND_WEB: dict[str, Any] = {
    "northstar_events": [
        {
            "name": name,
            "relation": {"source": ["raw", name]},
            "columns": {
                "event_id": "id",
                "event_name": "name",
                "occurred_at": "occurred",
                "user_id": "actor",
                "value": "amount",
            },
        }
        for name in ("app", "web")
    ],
    "northstar_entities": {"user": {"id": "user_id", "anchor": "act"}},
    "northstar_states": {
        "relation": {"ref": "states"},
        "columns": same("entity", "entity_id", "state", "valid_from"),
    },
    "northstar_metrics": {
        "actors": metric(level="north_star"),
        "amount": metric(per_entity={"sum": "value"}, total="measure"),
        "rolling": metric(window={"rolling": "7d"}),
        "paying": {
            "entity": "user",
            "state": {"name": "paid"},
            "window": {"as_of": "month"},
            "total": "entities",
        },
        "amount_per_actor": {"ratio": ["amount", "actors"]},
    },
}
EVENT = {
    "id": "text",
    "name": "text",
    "occurred": "timestamp",
    "actor": "text",
    "amount": "number",
}


def test_inputs_may_be_empty(tmp_path: Path, engine: Engine) -> None:
    one: Row = {"id": "1", "name": "act", "occurred": "2024-03-01 12:00", "actor": "u"}
    paid = {"entity": "user", "entity_id": "u", "state": "paid"}
    tables = {
        "app": table(EVENT, []),
        "web": table(EVENT, [one, one | {"id": "2", "name": "other"}]),
        "states": table(
            dict.fromkeys(("entity", "entity_id", "state"), "text")
            | {"valid_from": "timestamp"},
            [paid | {"valid_from": "2024-02-10"}],
        ),
    }
    consumer = Consumer(
        tmp_path, engine, vars=APP_AND_WEB, tables=tables, drivers=False
    )
    consumer.dbt("build").assert_success()
    published = values(consumer)
    day = date(2024, 3, 1)
    assert published["actors", day] == 1
    assert published["amount", day] == 0  # one event, and its amount is not known
    # ... and a ratio leaves such a row out of both parts: nothing by nothing
    assert published["amount_per_actor", day] is None
    # February has its end behind it, March has not
    assert published["paying", date(2024, 2, 1)] == 1
    # The windows that hold the day: the last is the first to end after the watermark.
    assert [start for name, start in published if name == "rolling"] == [day - 6 * DAY]
    assert_same_marts(consumer, APP_AND_WEB, tables)

    # rows, and each is rejected: no id, no time, nobody
    rejected = [one | {"id": ""}, one | {"occurred": None}, one | {"actor": None}]
    tables["web"] = table(EVENT, rejected)
    consumer.load("web", tables["web"])
    consumer.dbt("build").assert_success()
    found = marts(consumer)
    ledger = found.pop("northstar__event_ledger")
    assert [(row["disposition"], row["event_date"]) for row in ledger] == [
        ("missing_entity", day),
        ("missing_event_id", day),
        ("missing_time", None),
    ]
    assert len(found.pop("northstar__metric_definitions")) == 5
    # what was published stays published, and its end too
    taken_back = found.pop("northstar__metric_revisions")
    assert [row["new_value"] for row in taken_back if row["old_value"]] == [None]
    assert not any(found.values())
    assert_same_marts(consumer, APP_AND_WEB, tables)

    # nothing anywhere but a state
    consumer.load("web", table(EVENT, []))
    consumer.dbt("build").assert_success()
    found = marts(consumer)
    assert len(found.pop("northstar__metric_definitions")) == 5
    assert found.pop("northstar__metric_revisions") == taken_back
    assert not any(found.values())


# --- the ledger

FAULTS = [
    "missing_event_id",
    "missing_time",
    "missing_entity",
    "future",
    "out_of_range",
    "conflict",
    "duplicate",
    "erased",
    "internal",
    "bot",
    "fraud",
    "test",
    "excluded",
    "no_consent",
]
"""What can be wrong with a row, in the order in which it is judged."""


def faulty_rows(
    faults: tuple[str, ...], number: int
) -> list[tuple[dict[str, Any], date, str]]:
    """A row with these faults, and its copy where one is at fault.

    Beside each is the local date that it is filed under, and its disposition.
    """
    local_date = date(1999 if "out_of_range" in faults else 2024, 1, 1) + number * DAY
    # three in the morning in UTC is the evening before in New York
    occurred = datetime(local_date.year, 1, 2, 3) + number * DAY
    has_flags = number % 2 == 1  # the others are excluded by a record
    row: Row = {
        "id": None if "missing_event_id" in faults else f"e{number}",
        "name": "act",
        "occurred": None if "missing_time" in faults else occurred,
        # five minutes early is not the future yet
        "loaded": occurred - timedelta(seconds=302 if "future" in faults else 300),
        "actor": None if "missing_entity" in faults else f"u{number}",
        "internal": has_flags and "internal" in faults,
        "bot": has_flags and "bot" in faults,
        "test": has_flags and "test" in faults,
    }
    judged = first_of(faults)
    if "duplicate" in faults:
        later = row | {"loaded": row["loaded"] + timedelta(seconds=1)}
        kept = first_of(fault for fault in faults if fault != "duplicate")
        return [(row, local_date, kept), (later, local_date, judged)]
    if "conflict" in faults:
        day = date(2020, 1, 1) + number * DAY
        noon = datetime(2020, 1, 1, 12) + number * DAY
        other: Row = {"id": f"e{number}", "name": "act", "actor": "other"}
        other |= {"occurred": noon, "loaded": noon}
        return [(row, local_date, judged), (other, day, "accepted")]
    return [(row, local_date, judged)]


def first_of(faults: Iterable[str]) -> str:
    return min(faults, key=FAULTS.index, default="accepted")


def test_a_row_goes_by_the_first_of_its_faults(tmp_path: Path, engine: Engine) -> None:
    pairs = [*itertools.combinations(FAULTS, 2)]
    pairs.remove(("conflict", "duplicate"))
    cases = list(enumerate([(), *((fault,) for fault in FAULTS), *pairs]))
    rows = [row for number, faults in cases for row in faulty_rows(faults, number)]
    people = {
        fault: [f"u{number}" for number, faults in cases if fault in faults]
        for fault in FAULTS
    }
    recorded = {
        "fraud": people["fraud"],
        "other": people["excluded"],
        **{
            reason: [user for user in people[reason] if int(user[1:]) % 2 == 0]
            for reason in ("internal", "bot", "test")
        },
    }
    named = {"id_type": "text", "id": "text"}
    tables = {
        "events": table(
            dict.fromkeys(("id", "name", "actor"), "text")
            | dict.fromkeys(("occurred", "loaded"), "timestamp")
            | dict.fromkeys(("internal", "bot", "test"), "boolean"),
            (row for row, _, _ in rows),
        ),
        "erasure_requests": table(
            named, ({"id_type": "user", "id": user} for user in people["erased"])
        ),
        "exclusions": table(
            named | {"reason": "text"},
            (
                {"id_type": "user", "id": user, "reason": reason}
                for reason, users in recorded.items()
                for user in users
            ),
        ),
        "consent": table(
            named | {"status": "text", "valid_from": "timestamp"},
            (
                {"id_type": "user", "id": user, "status": "denied"}
                | {"valid_from": "2000-01-01"}
                for user in people["no_consent"]
            ),
        ),
    }
    vars = {
        "northstar_timezone": "America/New_York",
        "northstar_events": [
            {
                "name": "app",
                "relation": {"source": ["raw", "events"]},
                "columns": {
                    "event_id": "id",
                    "event_name": "name",
                    "occurred_at": "occurred",
                    "loaded_at": "loaded",
                    "user_id": "actor",
                    "is_internal": "internal",
                    "is_bot": "bot",
                    "is_test": "test",
                },
            }
        ],
        "northstar_entities": {"user": {"id": "user_id"}},
        "northstar_consent_default": "granted",
        "northstar_metrics": {"actors": metric(level="north_star")},
    } | {
        f"northstar_{name}": {
            "relation": {"source": ["raw", name]},
            "columns": same(*tables[name]["columns"]),
        }
        for name in ("erasure_requests", "exclusions", "consent")
    }
    consumer = Consumer(tmp_path, engine, vars=vars, tables=tables, drivers=False)

    consumer.dbt("build").assert_success()

    ledger = consumer.rows("northstar__event_ledger")
    counted = {
        (row["event_date"], row["disposition"]): row["row_count"] for row in ledger
    }
    assert counted == Counter((day, disposition) for _, day, disposition in rows)
    assert {row["disposition"] for row in ledger} == {*FAULTS, "accepted"}
    assert sum(counted.values()) == len(rows)
    assert_same_marts(consumer, vars, tables)


# --- copies of an event

LOADED = {
    "id": "text",
    "name": "text",
    "occurred": "timestamp",
    "loaded": "timestamp",
    "actor": "text",
    "amount": "number",
}
NOON = datetime(2024, 3, 1, 12)


def copy_of(
    case: str,
    amount: int,
    occurred: float = 0,
    loaded: float | None = 0,
    event_id: str | None = "",
) -> dict[str, Any]:
    """An event of the case; times are seconds after noon."""
    return {
        "id": case if event_id == "" else event_id,
        "name": "act",
        "occurred": NOON + timedelta(seconds=occurred),
        "loaded": None if loaded is None else NOON + timedelta(seconds=loaded),
        "actor": case,
        "amount": amount,
    }


def hash_of(row: Mapping[str, Any]) -> str:
    """The row hash: id, name, time, user and value of a row of LOADED."""
    texts = [
        row["id"],
        row["name"],
        f"{row['occurred']:%Y-%m-%dT%H:%M:%S.%fZ}",
        row["actor"],
        f"{row['amount']}.000000000",
    ]
    return hashlib.md5("\x1f".join(texts).encode(), usedforsecurity=False).hexdigest()


def test_the_first_loaded_copy_stays(tmp_path: Path, engine: Engine) -> None:
    by_hash = [copy_of("by hash", amount) for amount in (1, 2, 4, 8, 16)]
    app = [
        # by loaded_at, whatever happened first
        copy_of("by load", 1, occurred=0, loaded=2),
        copy_of("by load", 2, occurred=1, loaded=1),
        copy_of("by load", 4, occurred=0, loaded=2),
        # then by occurred_at, to the microsecond
        copy_of("by time", 1, occurred=1e-6, loaded=9),
        copy_of("by time", 2, occurred=0, loaded=9),
        copy_of("by time", 4, occurred=2e-6, loaded=9),
        *by_hash,
        # loaded when it happened, for all that is known: the first second
        copy_of("no load time", 1, occurred=1, loaded=2),
        copy_of("no load time", 2, occurred=1, loaded=None),
        # equal but for loaded_at
        copy_of("again", 1, loaded=1),
        copy_of("again", 1, loaded=2),
        # a copy that is rejected is no copy: it is loaded too early to have happened
        copy_of("rejected", 1, occurred=0, loaded=-301),
        copy_of("rejected", 2, occurred=0, loaded=1),
        # ids are not trimmed, nor are they read without case
        *(copy_of("close", 1, event_id=event_id) for event_id in ("c", "C", "c ", "ç")),
    ]
    # the same id in another source is another event
    web = [copy_of("by load", 8, occurred=0, loaded=0), copy_of("web", 1)]
    # each row is an event, but ids still tell copies
    lines = [copy_of("line", 1, loaded=loaded, event_id=None) for loaded in (1, 1, 2)]
    lines += [copy_of("line", 8, event_id="8"), copy_of("line", 8, event_id="8")]
    # equal rows are one event
    facts = [copy_of("fact", 1, loaded=loaded, event_id=None) for loaded in (1, 1, 2)]
    facts += [copy_of("fact", 2, event_id=None), copy_of("fact", 4, event_id="4")]
    raw = {"app": app, "web": web, "lines": lines, "facts": facts}
    tables = {name: table(LOADED, rows) for name, rows in raw.items()}
    without_id = {"lines": "distinct", "facts": "hash"}
    vars = {
        "northstar_events": [
            {
                "name": name,
                "relation": {"source": ["raw", name]},
                "columns": {
                    "event_id": "id",
                    "event_name": "name",
                    "occurred_at": "occurred",
                    "loaded_at": "loaded",
                    "user_id": "actor",
                    "value": "amount",
                },
            }
            | ({"rows_without_id": without_id[name]} if name in without_id else {})
            for name in raw
        ],
        "northstar_entities": {"user": {"id": "user_id"}},
        "northstar_metrics": {
            "amount": metric(
                level="north_star", per_entity={"sum": "value"}, total="measure"
            )
        },
    }
    consumer = Consumer(tmp_path, engine, vars=vars, tables=tables, drivers=False)

    consumer.dbt("build").assert_success()

    measures = {
        row["entity_id"]: row["measure"]
        for row in consumer.rows("northstar__entity_periods")
    }
    assert measures == {
        "by load": 2 + 8,
        "by time": 2,
        "by hash": min(by_hash, key=hash_of)["amount"],
        "no load time": 2,
        "again": 1,
        "rejected": 2,
        "close": 4,
        "web": 1,
        "line": 3 * 1 + 8,
        "fact": 1 + 2 + 4,
    }
    ledger = {
        (row["source_name"], row["disposition"]): row["row_count"]
        for row in consumer.rows("northstar__event_ledger")
    }
    assert ledger == {
        ("app", "accepted"): 6 + 4,
        ("app", "conflict"): 2 + 2 + 4 + 1,
        ("app", "duplicate"): 1,
        ("app", "future"): 1,
        ("web", "accepted"): 2,
        ("lines", "accepted"): 4,
        ("lines", "duplicate"): 1,
        ("facts", "accepted"): 3,
        ("facts", "duplicate"): 2,
    }
    assert_same_marts(consumer, vars, tables)


# --- who is who

CAP = 50


def chain(prefix: str, length: int) -> list[tuple[str, str]]:
    """Links that join so many ids, each to the next."""
    ids = [f"{prefix}{number:02}" for number in range(1, length + 1)]
    return [*itertools.pairwise(ids)]


LINKS = [
    # exactly as many ids as are allowed, with two known users far apart
    *chain("chain", CAP),
    # one more than that
    *chain("over", CAP + 1),
    # two chains and a link that joins them; a ring; a link to itself; one said twice
    *chain("left", 3),
    *chain("right", 3),
    ("left02", "right03"),
    *chain("ring", 4),
    ("ring04", "ring01"),
    ("ring02", "ring02"),
    ("ring02", "ring01"),
    # devices of nobody; devices of nobody of which one is seen with a user
    ("lost2", "lost1"),
    ("seen1", "seen2"),
    # a device that a link gives to another than the user seen on it first
    ("given", "owner"),
    # two users that only a link can merge: capitals come before small letters
    ("merged", "Merged"),
    # half a link joins nothing
    ("", "alone"),
    (None, "alone"),
]

# hour, user, device
SIGHTINGS: list[tuple[int, str | None, str | None]] = [
    *((1, None, f"chain{number:02}") for number in range(1, CAP + 1)),
    (2, "chain48", None),
    (2, "chain30", None),
    *((1, None, f"over{number:02}") for number in range(1, CAP + 2)),
    (2, "over07", None),
    (2, "over09", "over03"),
    *((1, None, f"{side}0{n}") for side in ("left", "right") for n in (1, 2, 3)),
    (2, "right02", None),
    *((1, None, f"ring0{number}") for number in (1, 2, 3, 4)),
    (1, None, "lost1"),
    (1, None, "lost2"),
    (1, None, "seen1"),
    (9, "seer", "seen2"),
    (1, "thief", "given"),
    (2, "owner", None),
    (3, None, "given"),
    (1, "merged", None),
    (2, "Merged", "shared"),
    (1, None, "alone"),
    # a device that two users share: each keeps their own rows
    (1, None, "shared"),
    (3, "late", "shared"),
    # two users on one device at one instant: the smaller by code point
    (1, "b", "tied"),
    (1, "a", "tied"),
    (1, "Z", "tied"),
    (2, None, "tied"),
    # a device that is itself a known user is that user's, whoever is seen on it
    (1, "guest", "host"),
    (2, "host", None),
    (3, None, "host"),
    # a device once and never again, and a row of a user alone
    (1, None, "device"),
    (1, "user", None),
]

OWNERS = {
    "chain30": CAP + 2,
    **{f"over{number:02}": 1 for number in range(1, CAP + 2) if number != 7},
    "over07": 2,  # as a device and as a user
    "over09": 2,  # and the device over03 stays alone: nothing follows its group
    "right02": 7,
    "ring01": 4,
    "lost1": 2,
    "seer": 2,
    "thief": 1,
    "owner": 2,
    "Merged": 3,  # two users, and the shared device, seen first with one of them
    "late": 1,
    "alone": 1,
    "Z": 2,
    "a": 1,
    "b": 1,
    "guest": 1,
    "host": 2,
    "device": 1,
    "user": 1,
}
"""Events by canonical id."""

LAST_OWNERS = OWNERS | {"Merged": 2, "late": 2}
"""The same, where a device is the last user's: only the shared one moves."""

PEOPLE: dict[str, Any] = {
    "northstar_events": [
        {
            "name": "app",
            "relation": {"source": ["raw", "events"]},
            "columns": {
                "event_id": "id",
                "event_name": "name",
                "occurred_at": "occurred",
                "user_id": "actor",
                "anonymous_id": "visitor",
                "account_id": "team",
            },
        }
    ],
    "northstar_identity_links": {
        "relation": {"source": ["raw", "links"]},
        "columns": same("from_id", "to_id"),
    },
    "northstar_max_identity_size": CAP,
    "northstar_entities": {"user": {"id": "user_id"}, "team": {"id": "account_id"}},
    "northstar_metrics": {
        "actors": metric(level="north_star"),
        "teams": metric(entity="team", per_entity={"distinct": "user_id"}),
    },
}


def test_everyone_is_who_they_are(tmp_path: Path, engine: Engine) -> None:
    events = [
        {
            "id": f"e{number}",
            "name": "act",
            "occurred": datetime(2024, 3, 1, hour),
            "actor": user,
            "visitor": device,
            # accounts never merge, and an id of a person is none of theirs
            "team": "left01" if number % 2 else "left02",
        }
        for number, (hour, user, device) in enumerate(SIGHTINGS)
    ]
    links = [{"from_id": left, "to_id": right} for left, right in LINKS]
    texts = dict.fromkeys(("id", "name", "actor", "visitor", "team"), "text")
    tables = {
        "events": table(texts | {"occurred": "timestamp"}, events),
        "links": table({"from_id": "text", "to_id": "text"}, links),
    }
    consumer = Consumer(tmp_path, engine, vars=PEOPLE, tables=tables, drivers=False)

    run = consumer.dbt("build").assert_success()

    assert events_of_users(consumer) == OWNERS
    cap = "assert_identity_groups_are_within_the_cap"
    assert run.statuses[cap] == "warn"
    assert f"Got {CAP + 1} results" in run.messages[cap]
    teams = consumer.rows("northstar__entity_periods", "entity_type = 'team'")
    assert [row["entity_id"] for row in teams] == ["left01", "left02"]
    assert_same_marts(consumer, PEOPLE, tables)

    # the order in which rows and links lie in their tables says nothing
    before = marts(consumer)
    chance = random.Random(1)
    for name, columns in consumer.columns.items():
        rows = list(tables[name]["rows"])
        chance.shuffle(rows)
        if name == "links":
            rows = [{"from_id": row["to_id"], "to_id": row["from_id"]} for row in rows]
        consumer.load(name, {"columns": columns, "rows": rows})
    consumer.dbt("run").assert_success()
    assert marts(consumer) == before

    consumer.dbt("run", "--vars", "{northstar_anonymous_owner: last}").assert_success()
    assert events_of_users(consumer) == LAST_OWNERS
    last = PEOPLE | {"northstar_anonymous_owner": "last"}
    assert_same_marts(consumer, last, tables)


def events_of_users(consumer: Consumer) -> dict[str, int]:
    return {
        row["entity_id"]: int(row["measure"])
        for row in consumer.rows("northstar__entity_periods", "entity_type = 'user'")
    }


# --- types of columns

# how the time is written: the instant read, in Tokyo, where the project is
TIMES: dict[str, datetime | None] = {
    "2024-03-01": datetime(2024, 2, 29, 15),  # the midnight on the wall
    "2024-03-01 10:00": datetime(2024, 3, 1, 10),  # without a zone it is UTC
    "2024-03-01T10:00:00": datetime(2024, 3, 1, 10),
    "2024-03-01T10:00:00.000001": datetime(2024, 3, 1, 10, 0, 0, 1),
    "2024-03-01T10:00:00Z": datetime(2024, 3, 1, 10),
    "2024-03-01T10:00:00z": datetime(2024, 3, 1, 10),
    "2024-03-01 10:00:00+09:00": datetime(2024, 3, 1, 1),
    "2024-03-01T10:00:00.25-0330": datetime(2024, 3, 1, 13, 30, 0, 250000),
    "2024-03-01T10:00+05:45": datetime(2024, 3, 1, 4, 15),
    "2024-03-01T23:30:00-12": datetime(2024, 3, 2, 11, 30),
    "2024-03-01 10:00:00 +0200": datetime(2024, 3, 1, 8),
    "2024-02-29T24:00:00Z": datetime(2024, 3, 1),
    "2024-03-01T10:00:60Z": None,
    "2024-03-01T10:00:00+16:00": None,
    "2024-03-01T10:00:00 Europe/London": None,
    "2024-02-30": None,
    "2024-03-01T10:61:00": None,
    "2023-02-29T10:00:00Z": None,
    "01/03/2024": None,
    "1709287200": None,
    "now": None,
    "infinity": None,
    "yesterday": None,
    "": None,
    "soon": None,
}

NUMBERS: dict[str, Decimal | None] = {
    "1.5": Decimal("1.5"),
    "-2": Decimal(-2),
    "1e3": Decimal(1000),
    " 7 ": Decimal(7),
    "0.0000000005": Decimal("1e-9"),
    "9999999999999999": Decimal("9" * 16),
    "1e29": None,
    "1e30": None,
    "NaN": None,
    "inf": None,
    "-Infinity": None,
    "": None,
    "1,5": None,
    "twelve": None,
}

TRUE = ["true", "TRUE", "t", "1", "yes", "y"]
NOT_TRUE = ["false", "0", "no", "", "2", "maybe", None]


def test_columns_may_come_in_any_type(tmp_path: Path, engine: Engine) -> None:
    at = datetime(2024, 3, 1, 10)
    columns = {
        "id": "text",
        "occurred": "text",
        "actor": "text",
        "amount": "text",
        "test": "text",
    }
    plain: Row = {"occurred": "2024-03-01T10:00:00Z", "actor": "u", "amount": "1"}
    texts: list[Row] = [
        *(plain | {"actor": f"at {text}", "occurred": text} for text in TIMES),
        *(plain | {"actor": f"of {text}", "amount": text} for text in NUMBERS),
        *(plain | {"actor": f"test {text}", "test": text} for text in TRUE),
        *(plain | {"actor": f"test {text}", "test": text} for text in NOT_TRUE),
        plain | {"actor": "7"},
    ]
    typed = {
        "instants": ("timestamp", "integer", "integer", "integer"),
        "zoned": ("timestamptz", "double", "double", "double"),
        "days": ("date", "integer", "number", "boolean"),
    }
    rows: dict[str, list[tuple[Any, ...]]] = {
        "instants": [(at, 7, 10, 0), (at, 8, -5, 1), (at, 2**53 + 1, 1, None)],
        "zoned": [
            (at, 7.0, 0.1, 0.0),
            (at, 7.5, 1e30, None),
            (at, 9.0, float("nan"), 0.0),
            (at, 9.0, float("inf"), 0.0),
            (at, 9.0, 0.30000000000000004, 0.0),
            (at, 9.0, 1.0, 1.0),
        ],
        "days": [(date(2024, 3, 1), 11, Decimal("2.5"), False)],
    }
    tables = {"texts": table(columns, ({"id": i} | row for i, row in enumerate(texts)))}
    for name, kinds in typed.items():
        columns = {"id": "integer"} | dict(
            zip(("occurred", "actor", "amount", "test"), kinds, strict=True)
        )
        tables[name] = table(
            columns,
            (
                dict(zip(columns, (i, *row), strict=True))
                for i, row in enumerate(rows[name])
            ),
        )
    vars = {
        "northstar_timezone": "Asia/Tokyo",
        "northstar_events": [
            {
                "name": name,
                "relation": {"source": ["raw", name]},
                "columns": {
                    "event_id": "id",
                    "event_name": "'act'",
                    "occurred_at": "occurred",
                    "user_id": "actor",
                    "value": "amount",
                    "is_test": "test",
                },
            }
            for name in tables
        ],
        "northstar_entities": {"user": {"id": "user_id"}},
        "northstar_metrics": {
            "amount": metric(
                level="north_star", per_entity={"sum": "value"}, total="measure"
            ),
        },
    }
    # the session's own zone must not matter
    consumer = Consumer(
        tmp_path,
        engine,
        vars=vars,
        tables=tables,
        session_timezone="America/St_Johns",
        drivers=False,
    )

    consumer.dbt("build").assert_success()

    seen = {
        row["entity_id"]: row["first_seen_at"]
        for row in consumer.rows("northstar__entities")
    }
    assert {text: seen.get(f"at {text}") for text in TIMES} == TIMES
    assert seen["11"] == datetime(2024, 2, 29, 15)
    tested = {f"test {text}" for text in TRUE}
    assert tested.isdisjoint(seen)
    assert {f"test {text}" for text in NOT_TRUE} <= {*seen}

    measured = {
        row["entity_id"]: row["measure"]
        for row in consumer.rows("northstar__entity_periods")
    }
    assert {text: measured.get(f"of {text}") for text in NUMBERS} == NUMBERS
    numbered = {name: number for name, number in measured.items() if name[0].isdigit()}
    assert numbered == {
        # a text, an integer and a double of one id are one entity
        "7": 1 + 10 + Decimal("0.1"),
        str(2**53 + 1): 1,
        # two of its values are no numbers; of the third nine places are kept
        "9": Decimal("0.3"),
        "11": Decimal("2.5"),
    }
    left_out = {
        start: count
        for (_, start), count in values(consumer, "events_without_value").items()
        if count
    }
    unknown = sum(number is None for number in NUMBERS.values())
    assert left_out == {date(2024, 3, 1): unknown + 3}
    ledger = Counter[tuple[str, str]]()
    for row in consumer.rows("northstar__event_ledger"):
        ledger[row["source_name"], row["disposition"]] += row["row_count"]
    untimed = sum(instant is None for instant in TIMES.values())
    assert ledger == {
        ("texts", "missing_time"): untimed,
        ("texts", "test"): len(TRUE),
        ("texts", "accepted"): len(texts) - untimed - len(TRUE),
        ("instants", "test"): 1,
        ("instants", "accepted"): 2,
        ("zoned", "test"): 1,
        ("zoned", "accepted"): 5,
        ("days", "accepted"): 1,
    }


# --- clocks

ZONES = [
    "Europe/London",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # clocks move by half an hour
    "Pacific/Chatham",
    "Pacific/Apia",
    "Pacific/Marquesas",
    # no midnight on the day on which clocks go forward
    "America/Sao_Paulo",
    "America/Santiago",
    "Asia/Beirut",
    "Africa/Cairo",
    # two midnights on the day on which they go back
    "America/Havana",
    "Atlantic/Azores",
    # half an hour back at midnight, and forward to it
    "Asia/Pyongyang",
]

CLOCKS = {
    "of_instants.sql": """
        select instant, {{ northstar.local_date('instant') }} as local_date
        from {{ source('raw', 'instants') }}
        where zone = 'Europe/London'
    """,
    "of_dates.sql": """
        select
            day,
            {{ northstar.local_midnight('day') }} as midnight,
            {{ northstar.period_start('day', 'week') }} as week
        from {{ source('raw', 'dates') }}
        where zone = 'Europe/London'
    """,
}


def transitions(zone: ZoneInfo) -> list[datetime]:
    """The instants, to the second and in UTC, at which the clock jumps."""
    found = []
    before = datetime(2015, 1, 1, tzinfo=UTC)
    while before.year < 2027:
        after = before + DAY
        start, end = before, after
        if offset(zone, start) != offset(zone, end):
            while end - start > timedelta(seconds=1):
                middle = start + (end - start) // 2
                middle = middle.replace(microsecond=0)
                if offset(zone, middle) == offset(zone, start):
                    start = middle
                else:
                    end = middle
            found.append(end.replace(tzinfo=None))
        before = after
    return found


def offset(zone: ZoneInfo, instant: datetime) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()


def local_date(zone: ZoneInfo, instant: datetime) -> date:
    return instant.replace(tzinfo=UTC).astimezone(zone).date()


def first_instant(zone: ZoneInfo, day: date) -> datetime:
    """The first second that carries the date, found by going through the hours."""
    instant = datetime(day.year, day.month, day.day) - 15 * timedelta(hours=1)
    while local_date(zone, instant) < day:
        instant += timedelta(minutes=15)
    return instant


def test_local_dates_are_those_of_the_clocks(tmp_path: Path, engine: Engine) -> None:
    zones = {name: ZoneInfo(name) for name in ZONES}
    instants: dict[str, list[datetime]] = {}
    dates: dict[str, list[date]] = {}
    for name, zone in zones.items():
        jumps = transitions(zone) or [datetime(2024, 2, 29)]
        around = {
            jump + step * timedelta(minutes=30)
            for jump in jumps
            for step in range(-6, 7)
        }
        days = {local_date(zone, instant) for instant in around}
        midnights = {first_instant(zone, day) for day in days}
        around |= midnights | {
            instant - timedelta(microseconds=1) for instant in midnights
        }
        instants[name] = sorted(around)
        dates[name] = sorted(days)
    tables = {
        "instants": table(
            {"zone": "text", "instant": "timestamp"},
            (
                {"zone": name, "instant": instant}
                for name, found in instants.items()
                for instant in found
            ),
        ),
        "dates": table(
            {"zone": "text", "day": "date"},
            (
                {"zone": name, "day": day}
                for name, found in dates.items()
                for day in found
            ),
        ),
        "app": table(EVENT, []),
        "web": table(EVENT, []),
        "states": table(
            dict.fromkeys(("entity", "entity_id", "state", "valid_from"), "text"), []
        ),
    }
    settings = {"northstar_timezone": "Europe/London", "northstar_week_start": 1}
    consumer = Consumer(
        tmp_path,
        engine,
        tables=tables,
        models=CLOCKS,
        vars=APP_AND_WEB,
        project={"vars": {"northstar": APP_AND_WEB} | settings},
        drivers=False,
    )
    consumer.dbt("compile", "--select", "consumer").assert_success()
    compiled = {
        node["name"]: node["compiled_code"]
        for node in consumer.manifest()["nodes"].values()
        if node["name"] in ("of_instants", "of_dates")
    }

    # Zone and week are literals, so the SQL of one setting is that of any other.
    for name, zone in zones.items():
        for row in consumer.query(
            compiled["of_instants"].replace("'Europe/London'", f"'{name}'")
        ):
            assert row["local_date"] == local_date(zone, row["instant"]), (name, row)
        for row in consumer.query(
            compiled["of_dates"].replace("'Europe/London'", f"'{name}'")
        ):
            assert row["midnight"] == first_instant(zone, row["day"]), (name, row)
    for week_start in range(1, 8):
        first = date(1969, 12, 29) + (week_start - 1) * DAY
        for row in consumer.query(
            compiled["of_dates"].replace("1969-12-29", first.isoformat())
        ):
            assert row["week"].isoweekday() == week_start
            assert 0 <= (row["day"] - row["week"]).days < 7


# zone, the weekday on which weeks begin, a date that begins a week there, the first
# instant of that date in UTC, and whether the data has come so far
BOUNDARIES = [
    # a Monday and the first of a month, on the day after clocks went forward
    ("Europe/London", 1, date(2024, 4, 1), datetime(2024, 3, 31, 23), True),
    # a Sunday whose midnight is skipped: three in UTC is one o'clock on the wall
    ("America/Sao_Paulo", 7, date(2018, 11, 4), datetime(2018, 11, 4, 3), True),
    # a Sunday with two midnights, an hour apart: it begins with the first
    ("America/Havana", 7, date(2024, 11, 3), datetime(2024, 11, 3, 4), True),
    # a Friday and the first of a month, five hours and three quarters before UTC's
    ("Asia/Kathmandu", 5, date(2024, 3, 1), datetime(2024, 2, 29, 18, 15), False),
    ("America/New_York", 7, date(2024, 11, 3), datetime(2024, 11, 3, 4), False),
]


def test_a_period_ends_to_the_microsecond(tmp_path: Path, engine: Engine) -> None:
    vars = {
        "northstar_events": [
            {
                "name": "app",
                "relation": {"source": ["raw", "events"]},
                "columns": {
                    "event_id": "id",
                    "event_name": "name",
                    "occurred_at": "occurred",
                    "loaded_at": "loaded",
                    "user_id": "actor",
                },
            }
        ],
        "northstar_entities": {"user": {"id": "user_id"}},
        "northstar_metrics": {
            "day": metric(level="north_star"),
            "week": metric(window={"calendar": "week"}),
            "month": metric(window={"calendar": "month"}),
        },
    }
    microsecond = timedelta(microseconds=1)
    consumer = Consumer(
        tmp_path, engine, vars=vars, tables={"events": table(LOADED, [])}, drivers=False
    )
    # a few seconds each: on PostgreSQL only those where midnight is odd
    boundaries = BOUNDARIES if engine.name == "duckdb" else BOUNDARIES[1:3]
    for zone, week_start, day, begins, is_over in boundaries:
        watermark = begins if is_over else begins - microsecond
        event: Row = {"name": "act", "loaded": watermark}
        tables = {
            "events": table(
                LOADED,
                [
                    event | {"id": "1", "occurred": begins - microsecond, "actor": "a"},
                    event | {"id": "2", "occurred": begins, "actor": "b"},
                ],
            )
        }
        consumer.load("events", tables["events"])
        settings = {"northstar_timezone": zone, "northstar_week_start": week_start}
        consumer.dbt("run", "--vars", json.dumps(settings)).assert_success()

        who = {
            (row["metric_name"], row["entity_id"]): (
                row["period_start"],
                row["period_end"],
            )
            for row in consumer.rows("northstar__entity_periods")
        }
        assert who["day", "a"] == (day - DAY, day), zone
        assert who["day", "b"] == (day, day + DAY), zone
        assert who["week", "a"] == (day - 7 * DAY, day), zone
        assert who["week", "b"] == (day, day + 7 * DAY), zone
        statuses = {
            (row["metric_name"], row["period_start"]): row["period_status"]
            for row in consumer.rows("northstar__metric_periods")
        }
        ended = "final" if is_over else "open"
        assert statuses["day", day - DAY] == statuses["week", day - 7 * DAY] == ended
        assert statuses["day", day] == statuses["week", day] == "open", zone
        if day.day == 1:
            assert statuses["month", (day - DAY).replace(day=1)] == ended, zone
        assert_same_marts(consumer, vars | settings, tables)


# --- the package in a project


def small_company() -> dict[str, Table]:
    rows = [
        {
            "id": f"{number}",
            "name": "act",
            "occurred": datetime(2024, 3, 1) + number * timedelta(hours=7),
            "actor": f"u{number % 4}",
            "amount": number,
        }
        for number in range(20)
    ]
    return {
        "app": table(EVENT, rows),
        "web": table(EVENT, rows[5:]),
        "states": table(
            dict.fromkeys(("entity", "entity_id", "state"), "text")
            | {"valid_from": "timestamp"},
            [],
        ),
    }


def test_nothing_needs_the_raw_tables_before_a_run(
    tmp_path: Path, engine: Engine
) -> None:
    tables = small_company()
    consumer = Consumer(
        tmp_path, engine, vars=APP_AND_WEB, tables=tables, drivers=False
    )
    for name in tables:
        consumer.database.execute(f'drop table raw."{name}"')

    for command in (["parse"], ["compile"], ["docs", "generate"]):
        consumer.dbt(*command).assert_success()


def test_a_project_decides_where_and_how_things_are_built(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    consumer = Consumer(
        tmp_path,
        duckdb_engine,
        vars=APP_AND_WEB,
        tables=small_company(),
        project={
            "models": {
                "northstar": {
                    "staging": {"+materialized": "table"},
                    "marts": {
                        "+schema": "metrics",
                        "northstar__event_ledger": {"+enabled": False},
                    },
                }
            }
        },
        deps=True,  # as `dbt deps` installs it
    )
    consumer.dbt("build").assert_success()

    kinds = {
        (row["table_schema"], row["table_name"]): row["table_type"]
        for row in consumer.query(
            "select table_schema, table_name, table_type from information_schema.tables"
        )
    }
    assert kinds["analytics", "stg_northstar__events"] == "BASE TABLE"
    assert kinds["analytics_metrics", "northstar__metric_periods"] == "BASE TABLE"
    assert ("analytics_metrics", "northstar__event_ledger") not in kinds
    assert ("analytics", "northstar__metric_periods") not in kinds

    before = marts(consumer)
    assert len(before["northstar__metric_periods"]) > 10
    consumer.dbt("build").assert_success()
    assert marts(consumer) == before

    for name in before:
        node = consumer.manifest()["nodes"][f"model.northstar.{name}"]
        assert node["config"]["access"] == "public", name
        assert node["config"]["contract"]["enforced"], name
        assert node["config"]["group"] == "northstar", name
        assert node["description"], name
        (row, *_) = consumer.query(f"select * from {{{name}}} limit 1") or [{}]
        columns = node["columns"]
        assert set(row) <= set(columns), name
        assert all(column["description"] for column in columns.values()), name


@pytest.mark.parametrize("command", ["parse", "build"])
def test_the_package_alone_says_how_to_begin(command: str, tmp_path: Path) -> None:
    example = REPOSITORY / "profiles.example.yml"
    (tmp_path / "profiles.yml").write_text(example.read_text(encoding="utf-8"))
    run = subprocess.run(
        [
            Path(sys.executable).with_name("dbt"),
            "--no-send-anonymous-usage-stats",
            "--no-use-colors",
            command,
            f"--project-dir={REPOSITORY}",
            f"--profiles-dir={tmp_path}",
            f"--target-path={tmp_path / 'target'}",
            f"--log-path={tmp_path / 'logs'}",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    said = run.stdout + run.stderr
    assert run.returncode == 2, said
    assert said.count("`northstar_events` is not set yet") == 1
    assert "northstar_metrics:" in said
    assert "Then: dbt build" in said
    assert len(said.splitlines()) < 45, said
    assert "Traceback" not in said


def test_a_metric_may_be_named_like_any_step(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    names = ("events", "periods", "windows", "metrics", "entities", "left_out", "cells")
    config = dict(APP_AND_WEB)
    weekly = {
        "entity": "user",
        "events": [{"event": "act"}],
        "window": {"calendar": "week"},
        "total": "entities",
    }
    config["northstar_metrics"] = {
        name: weekly | ({"level": "north_star"} if name == "events" else {})
        for name in names
    }
    config["northstar_driver_metrics"] = list(names[1:])
    consumer = Consumer(tmp_path, duckdb_engine, vars=config, tables=small_company())
    consumer.dbt("build").assert_success()

    found = {row["metric_name"] for row in consumer.rows("northstar__metric_periods")}
    assert found == set(names)
