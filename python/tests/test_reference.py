"""The reference, against cases small enough to work out by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reference import evaluate
from reference.clock import Calendar, Clock, Period, Rolling, first_instant
from reference.companies import batch, company, shrunk
from reference.inputs import as_text
from reference.periods import elapsed_share, same_point, status
from reference.predicate import is_true
from reference.values import divided, rounded

LONDON = "Europe/London"
COLUMNS = (
    "event_id",
    "event_name",
    "occurred_at",
    "loaded_at",
    "user_id",
    "anonymous_id",
    "account_id",
    "value",
    "channel",
    "is_internal",
    "is_bot",
    "is_test",
)
ATTRIBUTES = ("order_id", "feature", "friend_id", "seconds", "delivered_at")
INPUTS = {
    "states": ("entity", "entity_id", "state", "valid_from", "valid_to", "value"),
    "identity_links": ("from_id", "to_id", "linked_at"),
    "exclusions": ("id_type", "id", "reason", "valid_from", "valid_to"),
    "consent": ("id_type", "id", "purpose", "status", "valid_from", "valid_to"),
    "erasure_requests": ("id_type", "id", "requested_at"),
}

Cells = dict[str, Any]
Answer = dict[str, list[Cells]]


def at(text: str) -> datetime:
    """`01-31 09:00` of 2024, in UTC; the time may be left out."""
    return datetime.fromisoformat(f"2024-{text}")


def event(name: str, when: str, user: str | None = "u", **cells: Any) -> Cells:
    """A raw event; it is loaded when it happens unless it says otherwise."""
    return {"event_name": name, "occurred_at": at(when), "user_id": user, **cells}


def run(
    events: Iterable[Cells],
    metric: Cells | None = None,
    metrics: Cells | None = None,
    source: Cells | None = None,
    **inputs: Any,
) -> Answer:
    """Evaluate a company with one source; `northstar_` is left out of the inputs."""
    rows = []
    for number, cells in enumerate(events):
        row = dict.fromkeys((*COLUMNS, *ATTRIBUTES)) | {"event_id": f"e{number:03d}"}
        rows.append(row | cells)
    tables: dict[str, Any] = {"raw": rows}
    config: Cells = {
        "northstar_events": [
            {
                "name": "app",
                "relation": {"ref": "raw"},
                "columns": {column: column for column in COLUMNS},
                "attributes": {column: column for column in ATTRIBUTES},
                **(source or {}),
            }
        ],
        "northstar_entities": {
            "user": {"id": "user_id", "anchor": "signed_up"},
            "team": {"id": "account_id"},
            "order": {"id": "order_id"},
        },
        "northstar_metrics": metrics or ({"m": metric} if metric else {}),
    }
    for name, given in inputs.items():
        if name not in INPUTS:
            config[f"northstar_{name}"] = given
            continue
        columns = INPUTS[name]
        tables[name] = [dict.fromkeys(columns) | record for record in given]
        config[f"northstar_{name}"] = {
            "relation": {"ref": name},
            "columns": {column: column for column in columns},
        }
    answer: Answer = evaluate(config, tables, at("12-01"))
    return answer


def weekly(**keys: Any) -> Cells:
    """A weekly count of events by user."""
    return {
        "entity": "user",
        "events": [{"event": "act"}],
        "window": {"calendar": "week"},
        "total": "measure",
    } | keys


def values(answer: Answer, metric: str = "m") -> dict[str, Any]:
    """The value of each period, by its first day."""
    return {
        row["period_start"].strftime("%m-%d"): row["value"]
        for row in answer["metric_periods"]
        if row["metric_name"] == metric
    }


def column(answer: Answer, name: str, metric: str = "m") -> list[Any]:
    """A column of the metric's periods."""
    return [
        row[name] for row in answer["metric_periods"] if row["metric_name"] == metric
    ]


def by_entity(answer: Answer, name: str = "measure") -> dict[tuple[str, str], Any]:
    """A column of the entity rows, by entity and first day."""
    return {
        (row["entity_id"], row["period_start"].strftime("%m-%d")): row[name]
        for row in answer["entity_periods"]
    }


def in_order(answer: Answer) -> dict[str, list[str]]:
    """The rows of each mart in some order that does not depend on the input's."""
    return {name: sorted(map(repr, rows)) for name, rows in answer.items()}


def dispositions(answer: Answer) -> dict[str, int]:
    """Raw rows by disposition."""
    counts: dict[str, int] = {}
    for row in answer["event_ledger"]:
        name = row["disposition"]
        counts[name] = counts.get(name, 0) + row["row_count"]
    return counts


def users(answer: Answer) -> set[str]:
    """The people that there are."""
    return {r["entity_id"] for r in answer["entities"] if r["entity_type"] == "user"}


# ------------------------------------------------------------- steps 2 and 3: rows


def test_each_row_has_the_first_disposition_that_applies() -> None:
    day = timedelta(days=1)
    answer = run(
        [
            event("act", "01-02", event_id="", user=None),
            event("act", "01-02", occurred_at=None, loaded_at=at("01-05"), user=None),
            event("act", "01-02", user="", event_id="x"),
            event("act", "01-02", loaded_at=at("01-02") - day),
            event("act", "01-02", occurred_at=datetime(1999, 12, 31)),
            event("act", "01-02", is_internal=True, is_bot=True),
            event("act", "01-02", is_bot=True, is_test=True),
            event("act", "01-02", is_test=True),
            event("act", "01-02", user=None, anonymous_id="d"),
        ]
    )
    assert dispositions(answer) == {
        "missing_event_id": 1,
        "missing_time": 1,
        "missing_entity": 1,
        "future": 1,
        "out_of_range": 1,
        "internal": 1,
        "bot": 1,
        "test": 1,
        "accepted": 1,
    }
    missing = [r for r in answer["event_ledger"] if r["disposition"] == "missing_time"]
    assert missing[0]["event_date"] == date(2024, 1, 5)


def test_an_event_five_minutes_ahead_of_its_load_is_not_in_the_future() -> None:
    load = at("01-02")
    ahead = timedelta(minutes=5)
    tick = timedelta(microseconds=1)
    answer = run(
        [
            event("act", "01-02", occurred_at=load + ahead, loaded_at=load),
            event("act", "01-02", occurred_at=load + ahead + tick, loaded_at=load),
            event("act", "01-02", occurred_at=load + ahead + tick, loaded_at=None),
        ]
    )
    assert dispositions(answer) == {"accepted": 2, "future": 1}


def test_the_first_loaded_copy_stays_and_tells_copies_from_conflicts() -> None:
    first = event("act", "01-02", event_id="x", value=1, loaded_at=at("01-03"))
    answer = run(
        [
            first | {"value": 2, "loaded_at": at("01-04")},
            first,
            first | {"loaded_at": at("01-05")},
        ],
        weekly(events=[{"event": "act"}], per_entity={"sum": "value"}),
    )
    assert dispositions(answer) == {"accepted": 1, "conflict": 1, "duplicate": 1}
    assert values(answer) == {"01-01": 1}


def test_copies_loaded_together_go_by_time_then_by_row_hash() -> None:
    load: Cells = {"event_id": "x", "loaded_at": at("01-03")}
    answer = run(
        [event("act", "01-02 01", value=7, **load), event("act", "01-02", **load)]
    )
    assert answer["entities"][0]["first_seen_at"] == at("01-02")


@pytest.mark.parametrize(("rule", "kept"), [("distinct", 3), ("hash", 2)])
def test_rows_without_id_are_each_an_event_or_one_by_their_hash(
    rule: str, kept: int
) -> None:
    row = event("act", "01-02", event_id=None)
    answer = run([row, row, event("act", "01-03")], source={"rows_without_id": rule})
    assert dispositions(answer)["accepted"] == kept


def test_the_row_hash_writes_each_type_in_one_way() -> None:
    cells = [None, True, Decimal("1.5"), 2, at("01-02"), date(2024, 1, 2), ""]
    assert [as_text(cell) for cell in cells] == [
        r"\N",
        "true",
        "1.500000000",
        "2.000000000",
        "2024-01-02T00:00:00.000000Z",
        "2024-01-02",
        "",
    ]


# -------------------------------------------------------------- step 4: identity


def test_a_device_belongs_to_the_user_of_its_earliest_row() -> None:
    shared = [
        event("act", "01-01", None, anonymous_id="d"),
        event("act", "01-02", "b", anonymous_id="d"),
        event("act", "01-03", "a", anonymous_id="d"),
    ]
    assert by_entity(run(shared, weekly())) == {("b", "01-01"): 2, ("a", "01-01"): 1}
    last = run(shared, weekly(), anonymous_owner="last")
    assert by_entity(last) == {("b", "01-01"): 1, ("a", "01-01"): 2}


def test_users_tied_on_a_device_go_by_code_point() -> None:
    answer = run(
        [
            event("act", "01-01", "a", anonymous_id="d"),
            event("act", "01-01", "B", anonymous_id="d"),
            event("act", "01-02", None, anonymous_id="d"),
        ],
        weekly(),
    )
    assert by_entity(answer)["B", "01-01"] == 2


def test_explicit_links_merge_transitively_and_beat_a_shared_device() -> None:
    answer = run(
        [
            event("act", "01-01", "c", anonymous_id="d"),
            event("act", "01-02", "b"),
            event("act", "01-03", "a"),
            event("act", "01-04", None, anonymous_id="d"),
        ],
        identity_links=[
            {"from_id": "d", "to_id": "link"},
            {"from_id": "b", "to_id": "link"},
        ],
    )
    assert users(answer) == {"a", "b", "c"}
    merged = run(
        [event("act", "01-01", "z"), event("act", "01-02", "y")],
        identity_links=[
            {"from_id": "z", "to_id": "a"},
            {"from_id": "a", "to_id": "y"},
        ],
    )
    assert users(merged) == {"y"}, "a is in no event, so it cannot be the canonical id"


def test_a_linked_owner_takes_its_devices_along() -> None:
    answer = run(
        [
            event("act", "01-01", "z", anonymous_id="d"),
            event("act", "01-02", "a"),
            event("act", "01-03", None, anonymous_id="d"),
        ],
        weekly(),
        identity_links=[{"from_id": "z", "to_id": "a"}],
    )
    assert by_entity(answer) == {("a", "01-01"): 3}


def test_linked_devices_without_a_user_are_one_device() -> None:
    rows = [
        event("act", "01-01", None, anonymous_id="e"),
        event("act", "01-02", None, anonymous_id="d"),
    ]
    links = [{"from_id": "d", "to_id": "e"}]
    assert users(run(rows, identity_links=links)) == {"d"}
    owned = [*rows, event("act", "01-03", "u", anonymous_id="e")]
    assert users(run(owned, identity_links=links)) == {"u"}


def test_a_component_over_the_cap_is_followed_by_nothing() -> None:
    rows = [
        event("act", "01-01", "a"),
        event("act", "01-02", "b", anonymous_id="d"),
        event("act", "01-03", None, anonymous_id="d"),
    ]
    links = [{"from_id": "a", "to_id": "b"}, {"from_id": "b", "to_id": "d"}]
    assert users(run(rows, identity_links=links, max_identity_size=3)) == {"a"}
    alone = run(rows, identity_links=links, max_identity_size=2)
    assert users(alone) == {"a", "b", "d"}


def test_an_id_that_is_known_is_never_a_device() -> None:
    answer = run(
        [
            event("act", "01-01", "a", anonymous_id="b"),
            event("act", "01-02", "b"),
            event("act", "01-03", None, anonymous_id="b"),
        ],
        weekly(),
    )
    assert by_entity(answer) == {("a", "01-01"): 1, ("b", "01-01"): 2}


# ----------------------------------------- steps 5 to 7: erasure, exclusion, consent


def test_an_erasure_takes_the_person_and_spares_another_user_of_the_device() -> None:
    rows = [
        event("act", "01-01", "a", anonymous_id="d"),
        event("act", "01-02", None, anonymous_id="d"),
        event("act", "01-03", "b", anonymous_id="d"),
    ]
    answer = run(rows, erasure_requests=[{"id_type": "anonymous", "id": "d"}])
    assert dispositions(answer) == {"erased": 2, "accepted": 1}


def test_an_exclusion_holds_for_the_person_and_for_the_device_in_any_hands() -> None:
    rows = [
        event("act", "01-01", "a", anonymous_id="d"),
        event("act", "01-02", "a"),
        event("act", "01-03", "b", anonymous_id="d"),
        event("act", "01-04", "b"),
    ]
    device = {"id_type": "anonymous", "id": "d", "reason": "fraud"}
    assert dispositions(run(rows, exclusions=[device])) == {"fraud": 3, "accepted": 1}
    user = {"id_type": "user", "id": "a", "reason": "odd"}
    assert dispositions(run(rows, exclusions=[user])) == {"excluded": 2, "accepted": 2}


def test_an_exclusion_holds_from_its_start_up_to_its_end() -> None:
    rows = [event("act", f"01-0{day}") for day in (1, 2, 3)]
    timed = {
        "id_type": "user",
        "id": "u",
        "reason": "test",
        "valid_from": at("01-02"),
        "valid_to": at("01-03"),
    }
    assert dispositions(run(rows, exclusions=[timed])) == {"accepted": 2, "test": 1}


def test_the_latest_consent_wins_and_a_tie_is_not_granted() -> None:
    def consent(status: str, since: str, purpose: str = "analytics") -> Cells:
        return {
            "id_type": "user",
            "id": "u",
            "purpose": purpose,
            "status": status,
            "valid_from": at(since),
        }

    rows = [event("act", f"01-0{day}") for day in (1, 2, 3, 4)]
    records = [
        consent("granted", "01-02"),
        consent("denied", "01-02", "ads"),
        consent("denied", "01-03"),
        consent("granted", "01-04"),
        consent("denied", "01-04"),
    ]
    answer = run(rows, consent=records)
    assert dispositions(answer) == {"no_consent": 3, "accepted": 1}
    lenient = run(rows, consent=records, consent_default="granted")
    assert dispositions(lenient) == {"no_consent": 2, "accepted": 2}


# ---------------------------------------------------------------- step 8: where


@pytest.mark.parametrize(
    ("where", "truth"),
    [
        ("a = 1 and missing = 1", False),
        ("a = 1 or missing = 1", True),
        ("not (missing = 1)", False),
        ("missing is null", True),
        ("a is not null", True),
        ("a in (2, 3)", False),
        ("a not in (2, missing)", False),
        ("a in (1, missing)", True),
        ("a between 1 and 2", True),
        ("a not between missing and 0", True),
        ("a not between missing and 2", False),
        ("t like 'W%'", False),
        ("t like 'w_b'", True),
        ("t not like 'x%'", True),
        ("missing not like 'x%'", False),
        ("t <> 'web'", False),
        ("a + 1 * 2 = 3", True),
        ("-a < 0 and a / 4 = 0.25", True),
        ("flag", True),
        ("flag is not true", False),
        ("moment <= later and moment < '2024-01-03'", True),
        ("moment = timestamp '2024-01-02 00:00:00'", True),
    ],
)
def test_predicates_have_three_values(where: str, truth: bool) -> None:
    row: Cells = {
        "a": 1,
        "t": "web",
        "missing": None,
        "flag": True,
        "moment": at("01-02"),
        "later": at("01-02 01"),
    }
    assert is_true(where, row) is truth


def test_a_row_counts_once_by_the_first_entry_that_it_matches() -> None:
    entries = [
        {"event": "act", "where": "feature = 'x'", "value": "seconds", "cap": 10},
        {"event": "act"},
    ]
    answer = run(
        [
            event("act", "01-01", feature="x", seconds=25, value=1),
            event("act", "01-01", feature="y", seconds=25, value=3),
        ],
        weekly(events=entries, per_entity={"sum": "value"}),
    )
    assert values(answer) == {"01-01": 13}


def test_what_a_metric_leaves_out_is_counted_by_the_first_reason() -> None:
    entries = [{"event": "act", "at": "delivered_at"}]
    done: Cells = {"delivered_at": at("01-09")}
    answer = run(
        [
            event("act", "01-01", account_id="t", value=2, **done),
            event("act", "01-01", value=None, **done),
            event("act", "01-01", account_id="t"),
            event("act", "01-01", account_id="t", value=None, **done),
        ],
        weekly(entity="team", events=entries, per_entity={"sum": "value"}),
    )
    assert values(answer) == {"01-08": 2}
    assert column(answer, "events_without_entity") == [1]
    assert column(answer, "events_without_value") == [1]
    assert column(answer, "events_without_time") == [0], "its week is not in the spine"


# ----------------------------------------------------------------- step 9: void


def void_at(when: datetime, **keys: Any) -> dict[str, Any]:
    """The weeks of one order of 01-01, voided at some time."""
    rows = [
        event("act", "01-01", order_id="o", value=5),
        event("back", "01-01", order_id="o", occurred_at=when, value=2),
        event("other", "01-16"),
    ]
    void = {"event": "back", "key": "order_id", **keys}
    return values(run(rows, weekly(void=void, per_entity={"sum": "value"})))


def test_a_void_excludes_from_the_booking_up_to_its_days() -> None:
    tick = timedelta(microseconds=1)
    kept = {"01-01": 5, "01-08": 0, "01-15": 0}
    gone: dict[str, int] = {}
    assert void_at(at("01-01") - tick) == kept
    assert void_at(at("01-01")) == gone
    assert void_at(at("01-08") - tick, within_days=7) == gone
    assert void_at(at("01-08"), within_days=7) == kept
    assert void_at(at("01-15")) == gone
    assert void_at(at("01-15"), mode="ignore") == kept


def test_a_net_void_subtracts_on_its_own_date() -> None:
    assert void_at(at("01-09"), mode="net") == {"01-01": 5, "01-08": -5, "01-15": 0}
    part = void_at(at("01-09"), mode="net", value="value")
    assert part == {"01-01": 5, "01-08": -2, "01-15": 0}


def test_a_period_with_net_voids_alone_is_negative_and_does_not_qualify() -> None:
    answer = run(
        [
            event("act", "01-01", order_id="o", channel="web"),
            event("back", "01-09", order_id="o", channel="shop"),
        ],
        weekly(void={"event": "back", "key": "order_id", "mode": "net"}),
    )
    assert values(answer) == {"01-01": 1, "01-08": -1}
    assert column(answer, "qualified_entities") == [1, 0]
    assert by_entity(answer, "channel")["u", "01-08"] == "(unknown)"
    assert by_entity(answer, "is_qualified")["u", "01-08"] is False


def test_one_void_hits_every_event_of_its_key_and_only_once() -> None:
    answer = run(
        [
            event("act", "01-01", order_id="o"),
            event("act", "01-02", order_id="o"),
            event("act", "01-02", order_id=None),
            event("act", "01-02", order_id=""),
            event("back", "01-03", order_id="o", user="v"),
            event("back", "01-04", order_id="o", user="v"),
            event("back", "01-04", order_id=None),
        ],
        weekly(void={"event": "back", "key": "order_id", "mode": "net"}),
    )
    assert values(answer) == {"01-01": 2}


def test_a_net_void_follows_the_eligibility_of_its_event() -> None:
    answer = run(
        [
            event("act", "01-01", order_id="o"),
            event("act", "01-02", order_id="p"),
            event("back", "01-10", order_id="o"),
            event("back", "01-10", order_id="p"),
        ],
        weekly(
            void={"event": "back", "key": "order_id", "mode": "net"},
            when=[{"state": "paid", "at": "event"}],
        ),
        states=[
            {
                "entity": "user",
                "entity_id": "u",
                "state": "paid",
                "valid_from": at("01-02"),
                "valid_to": at("01-03"),
            }
        ],
    )
    assert values(answer) == {"01-01": 1, "01-08": -1}


# ----------------------------------------------------------------- step 10: nth


def test_ranks_go_by_time_then_event_id_over_the_whole_life() -> None:
    rows = [
        event("act", "01-09", event_id="b", value=10),
        event("act", "01-09", event_id="B", value=20),
        event("act", "01-01", event_id="z", value=40),
        event("act", "01-16", event_id="a", value=80),
    ]
    second = run(rows, weekly(nth={"min": 2, "max": 2}, per_entity={"sum": "value"}))
    assert values(second) == {"01-08": 20, "01-15": 0}
    later = run(rows, weekly(nth={"min": 3}, per_entity={"sum": "value"}))
    assert values(later) == {"01-08": 10, "01-15": 80}


def test_an_excluding_void_gives_up_its_rank_and_a_net_void_keeps_it() -> None:
    rows = [
        event("act", "01-01", order_id="o"),
        event("act", "01-09", order_id="p"),
        event("back", "01-09", order_id="o"),
    ]
    void = {"event": "back", "key": "order_id"}
    assert values(run(rows, weekly(nth={"max": 1}, void=void))) == {"01-08": 1}
    net = run(rows, weekly(nth={"min": 2}, void=void | {"mode": "net"}))
    assert values(net) == {"01-08": 1}


def test_ranks_come_before_eligibility_and_count_events_without_a_value() -> None:
    rows = [
        event("signed_up", "01-01"),
        event("act", "01-02", value=None),
        event("act", "01-03", value=4),
    ]
    metric = weekly(nth={"max": 1}, per_entity={"sum": "value"})
    assert values(run(rows, metric)) == {"01-01": 0}
    young = weekly(nth={"max": 1}, when=[{"anchor_age": ">=2d"}])
    assert values(run(rows, young)) == {}


# ------------------------------------------------- steps 11 and 17: windows, spine


def test_a_day_belongs_to_its_local_date_also_when_clocks_change() -> None:
    rows = [
        event("act", "03-30 23:59:59"),
        event("act", "03-31 00:00"),
        event("act", "03-31 22:59:59.999999"),
        event("act", "03-31 23:00"),
    ]
    metric = weekly(window={"calendar": "day"})
    answer = run(rows, metric, timezone=LONDON)
    assert values(answer) == {"03-30": 1, "03-31": 2, "04-01": 1}


def test_a_midnight_that_the_clock_skips_is_the_instant_of_the_change() -> None:
    havana = ZoneInfo("America/Havana")
    assert first_instant(havana, date(2024, 3, 10)) == at("03-10 05:00")
    assert first_instant(havana, date(2024, 11, 3)) == at("11-03 04:00")


@pytest.mark.parametrize(
    ("grain", "week_start", "day", "expected"),
    [
        ("week", 1, date(2024, 1, 7), (date(2024, 1, 1), date(2024, 1, 8))),
        ("week", 7, date(2024, 1, 7), (date(2024, 1, 7), date(2024, 1, 14))),
        ("week", 3, date(1969, 12, 29), (date(1969, 12, 24), date(1969, 12, 31))),
        ("month", 1, date(2024, 12, 31), (date(2024, 12, 1), date(2025, 1, 1))),
        ("quarter", 1, date(2024, 11, 30), (date(2024, 10, 1), date(2025, 1, 1))),
    ],
)
def test_calendar_periods(
    grain: str, week_start: int, day: date, expected: tuple[date, date]
) -> None:
    clock = Clock(ZoneInfo("UTC"), week_start)
    assert Calendar(clock, grain).containing(day) == [Period(*expected)]


def test_rolling_windows_step_from_the_first_week_and_do_not_overlap_back() -> None:
    rolling = Rolling(Clock(ZoneInfo("UTC"), 1), days=10, step=7)
    windows = rolling.containing(date(2024, 1, 8))
    assert [window.start for window in windows] == [date(2024, 1, 1), date(2024, 1, 8)]
    assert rolling.before(windows[1]).start == date(2023, 12, 25)


def test_a_rolling_metric_runs_from_the_first_to_the_open_window() -> None:
    metric = weekly(window={"rolling": "14d", "step": "7d"}, total="entities")
    rows = [event("act", "01-09"), event("other", "01-15 12:00")]
    answer = run(rows, metric)
    assert values(answer) == {"01-01": 1, "01-08": 1}
    assert column(answer, "period_status") == ["final", "open"]
    assert column(answer, "previous_value") == [None, None]
    assert column(answer, "grain") == ["14d", "14d"]


def test_growth_of_rolling_windows_looks_only_at_windows_that_had_ended() -> None:
    metric = weekly(window={"rolling": "14d", "step": "7d"}, total="entities")
    answer = run([event("act", "01-09"), event("act", "01-24")], metric)
    assert by_entity(answer, "growth_status") == {
        ("u", "01-01"): "new",
        ("u", "01-08"): "new",
        ("u", "01-15"): "retained",
    }


def test_calendar_growth_is_new_then_retained_then_resurrected() -> None:
    rows = [event("act", day) for day in ("01-01", "01-08", "01-22")]
    answer = run(rows, weekly(total="entities"))
    statuses = list(by_entity(answer, "growth_status").values())
    assert statuses == ["new", "retained", "resurrected"]


def test_periods_without_events_are_zero_up_to_the_watermark_or_beyond() -> None:
    rows = [event("act", "01-01"), event("other", "01-16")]
    assert values(run(rows, weekly())) == {"01-01": 1, "01-08": 0, "01-15": 0}
    ahead = weekly(events=[{"event": "act", "at": "delivered_at"}])
    late = [event("act", "01-01", delivered_at=at("01-10"))]
    assert values(run(late, ahead)) == {"01-08": 1}
    assert values(run([event("other", "01-01")], weekly())) == {}


SINCE = {"since_anchor": "7d", "grain": "week"}


def test_a_cohort_counts_the_hours_since_its_anchor() -> None:
    rows = [
        event("act", "01-05 11:59"),
        event("signed_up", "01-05 12:00"),
        event("act", "01-05 12:00"),
        event("act", "01-12 11:59:59"),
        event("act", "01-12 12:00"),
    ]
    answer = run(rows, weekly(window=SINCE | {"book": "cohort"}))
    assert values(answer) == {"01-01": 2, "01-08": 0}
    assert column(answer, "period_status") == ["provisional", "open"]


def test_a_completion_is_booked_when_the_threshold_is_reached() -> None:
    rows = [
        event("signed_up", "01-05"),
        event("act", "01-06"),
        event("act", "01-09"),
        event("act", "01-10"),
        event("signed_up", "01-05", user="v"),
        event("act", "01-06", user="v"),
    ]
    per_entity = {"count": "events", "at_least": 2}
    metric = weekly(window=SINCE | {"book": "completion"}, per_entity=per_entity)
    answer = run(rows, metric)
    assert values(answer) == {"01-01": 0, "01-08": 3}
    assert by_entity(answer) == {("u", "01-08"): 3}
    assert column(answer, "period_status") == ["final", "open"]


def test_a_lifetime_metric_adds_up_and_shows_only_changes() -> None:
    rows = [
        event("act", "01-01", friend_id="f"),
        event("act", "01-09", friend_id="f"),
        event("act", "01-16", friend_id="g"),
        event("act", "01-16", user="v", friend_id="g"),
    ]
    metric = weekly(
        window={"lifetime": "week"},
        per_entity={"distinct": "friend_id", "at_least": 2},
        total="entities",
    )
    answer = run(rows, metric)
    assert values(answer) == {"01-01": 0, "01-08": 0, "01-15": 1}
    assert by_entity(answer) == {
        ("u", "01-01"): 1,
        ("u", "01-15"): 2,
        ("v", "01-15"): 1,
    }


def paid(begins: str, ends: str | None, value: int = 0, who: str = "u") -> Cells:
    """A time for which a user pays."""
    return {
        "entity": "user",
        "entity_id": who,
        "state": "paid",
        "valid_from": at(begins),
        "valid_to": at(ends) if ends else None,
        "value": value,
    }


def test_a_state_holds_at_the_end_that_it_reaches_and_overlaps_count_once() -> None:
    states = [
        paid("01-02", "02-01", 10),
        paid("02-01", "03-01", 20),
        paid("02-10", None, 5),
        paid("02-15", "02-15", 99),
        paid("02-15", None, 1, "v"),
    ]
    state = {
        "entity": "user",
        "state": {"name": "paid"},
        "window": {"as_of": "month"},
        "total": "entities",
    }
    summed = state | {"state": {"name": "paid", "value": "mrr"}, "total": "measure"}
    rows = [event("other", "03-10")]
    answer = run(rows, metrics={"m": state, "mrr": summed}, states=states)
    assert values(answer) == {"01-01": 1, "02-01": 2, "03-01": 2}
    assert values(answer, "mrr") == {"01-01": 10, "02-01": 26, "03-01": 6}


def test_exclusions_and_erasures_leave_states_too() -> None:
    state = {
        "entity": "user",
        "state": {"name": "paid"},
        "window": {"as_of": "week"},
        "total": "entities",
    }
    timed = {
        "id_type": "user",
        "id": "u",
        "valid_from": at("01-08"),
        "valid_to": at("01-15"),
    }
    answer = run(
        [event("other", "01-23")],
        state,
        states=[paid("01-01", None), paid("01-01", None, who="v")],
        exclusions=[timed],
        erasure_requests=[{"id_type": "user", "id": "v"}],
    )
    expected = {"01-01": 1, "01-08": 0, "01-15": 1, "01-22": 1}
    assert values(answer) == expected, "the end of a week is where the next begins"


# -------------------------------------------------- steps 12 to 15: eligibility


def test_eligibility_at_the_event_is_half_open() -> None:
    rows = [event("act", "01-02"), event("act", "01-03")]
    metric = weekly(when=[{"state": "paid", "at": "event"}])
    answer = run(rows, metric, states=[paid("01-02", "01-03")])
    assert values(answer) == {"01-01": 1}


@pytest.mark.parametrize(
    ("at_time", "states", "expected"),
    [
        ("period_any", [paid("01-07", None)], 1),
        ("period_any", [paid("01-08", None)], 0),
        ("period_end", [paid("01-02", "01-08")], 1),
        ("period_end", [paid("01-02", "01-07")], 0),
        ("period_end", [paid("01-08", None)], 0),
        ("period_all", [paid("01-01", "01-04"), paid("01-03", "01-08")], 1),
        ("period_all", [paid("01-01", "01-03"), paid("01-04", "01-08")], 0),
        ("period_all", [paid("01-02", None)], 0),
    ],
)
def test_eligibility_in_the_period(
    at_time: str, states: list[Cells], expected: int
) -> None:
    metric = weekly(when=[{"state": "paid", "at": at_time}])
    answer = run([event("act", "01-02")], metric, states=states)
    assert values(answer) == {"01-01": expected}
    assert by_entity(answer, "is_qualified") == {("u", "01-01"): bool(expected)}


@pytest.mark.parametrize(
    ("age", "expected"), [("<2d", {"01-01": 2}), (">=2d", {"01-01": 1}), (">2d", {})]
)
def test_the_age_since_the_anchor_is_never_negative(
    age: str, expected: dict[str, int]
) -> None:
    rows = [
        event("act", "01-02"),
        event("signed_up", "01-03"),
        event("act", "01-03"),
        event("act", "01-04 23:59"),
        event("act", "01-05"),
    ]
    assert values(run(rows, weekly(when=[{"anchor_age": age}]))) == expected


def test_an_entity_without_an_anchor_event_is_as_old_as_its_first_event() -> None:
    answer = run([event("act", "01-02"), event("act", "01-01", user="v")])
    assert answer["entities"][0] == {
        "entity_type": "user",
        "entity_id": "u",
        "first_seen_at": at("01-02"),
        "anchor_at": at("01-02"),
        "anchor_source": "first_seen",
    }


def test_actors_are_known_people_and_each_counts_once() -> None:
    def team(*people: tuple[str | None, str | None]) -> Any:
        rows = [
            event("act", "01-01", user, anonymous_id=device, account_id="t")
            for user, device in people
        ]
        actors = {"distinct": "user_id", "at_least": 2}
        metric = weekly(entity="team", actors=actors, total="entities")
        return values(run(rows, metric))["01-01"]

    assert team(("a", None), ("b", None)) == 1
    assert team(("a", "d"), (None, "d")) == 0
    assert team(("a", None), (None, "e")) == 0


def test_a_total_of_measures_adds_only_those_over_the_threshold() -> None:
    rows = [event("act", "01-01"), event("act", "01-02"), event("act", "01-02", "v")]
    metric = weekly(per_entity={"count": "events", "at_least": 2})
    assert values(run(rows, metric)) == {"01-01": 2}
    assert values(run(rows, metric | {"total": "entities"})) == {"01-01": 1}


def test_distinct_local_dates_and_canonical_users() -> None:
    rows = [
        event("act", "06-03 22:30", account_id="t"),
        event("act", "06-03 23:30", account_id="t"),
        event("act", "06-04 09:00", None, anonymous_id="d", account_id="t"),
    ]
    dates = weekly(entity="team", per_entity={"distinct": "local_date"})
    people = weekly(entity="team", per_entity={"distinct": "user_id"})
    answer = run(rows, metrics={"dates": dates, "people": people}, timezone=LONDON)
    assert values(answer, "dates") == {"06-03": 2}
    assert values(answer, "people") == {"06-03": 2}


def test_a_segment_is_the_first_value_that_is_not_empty() -> None:
    rows = [
        event("act", "01-01", channel=""),
        event("act", "01-02", event_id="b", channel="web"),
        event("act", "01-02", event_id="a", channel="shop"),
    ]
    answer = run(rows, weekly())
    assert by_entity(answer, "channel") == {("u", "01-01"): "shop"}
    assert by_entity(answer, "plan") == {("u", "01-01"): "(unknown)"}


def test_the_unit_scale_is_applied_and_rounded_half_away_from_zero() -> None:
    metric = weekly(per_entity={"sum": "value"}, unit_scale=0.5)
    answer = run([event("act", "01-01", value=Decimal("-0.000000001"))], metric)
    assert values(answer) == {"01-01": Decimal("-0.000000001")}
    assert rounded(Decimal("0.0000000005")) == Decimal("0.000000001")
    assert str(rounded(Decimal("-0.0000000001"))) == "0E-9"
    assert divided(Decimal(2), Decimal(3)) == Decimal("0.666666667")


# ------------------------------------------------------- step 18 and comparisons


@pytest.mark.parametrize(
    ("watermark", "expected"),
    [
        ("01-07 23:59", "open"),
        ("01-08 00:00", "provisional"),
        ("01-09 23:59", "provisional"),
        ("01-10 00:00", "final"),
    ],
)
def test_status_on_the_boundaries(watermark: str, expected: str) -> None:
    assert status(at("01-08"), timedelta(hours=48), at(watermark)) == expected


def test_a_watermark_on_the_boundary_opens_the_next_period() -> None:
    answer = run([event("act", "01-01"), event("other", "01-08")], weekly())
    assert column(answer, "period_status") == ["final", "open"]
    assert column(answer, "elapsed_share") == [1, 0]


def test_an_excluding_void_with_days_and_the_grace_delay_the_final_status() -> None:
    rows = [event("act", "01-01"), event("other", "01-17")]
    void = {"event": "back", "key": "order_id", "within_days": 7}
    waiting = weekly(void=void)
    assert column(run(rows, waiting), "period_status")[0] == "final"
    graced = run(rows, waiting, grace_hours=72)
    assert column(graced, "period_status")[0] == "provisional"
    net = run(rows, weekly(void=void | {"mode": "net"}), grace_hours=72)
    assert column(net, "period_status")[0] == "final"


def test_the_watermark_is_that_of_the_slowest_required_source() -> None:
    slow = event("act", "01-01", loaded_at=at("01-02"))
    fast = event("act", "01-01", event_id="f", loaded_at=at("01-20"))
    columns = {column: column for column in COLUMNS}
    sources: list[Cells] = [
        {"name": n, "relation": {"ref": n}, "columns": columns} for n in ("one", "two")
    ]
    blank = dict.fromkeys(COLUMNS)
    tables = {"one": [blank | {"event_id": "s"} | slow], "two": [blank | fast]}
    config: Cells = {
        "northstar_events": sources,
        "northstar_entities": {"user": {"id": "user_id"}},
        "northstar_metrics": {"m": weekly()},
    }
    assert values(evaluate(config, tables)) == {"01-01": 2}
    sources[0]["required"] = False
    assert len(values(evaluate(config, tables))) == 3


def test_an_open_period_is_compared_with_the_same_point_of_the_one_before() -> None:
    rows = [
        event("act", "01-01"),
        event("act", "01-03 11:59:59"),
        event("act", "01-03 12:00"),
        event("act", "01-08"),
        event("other", "01-10 12:00"),
    ]
    answer = run(rows, weekly())
    assert column(answer, "previous_value") == [None, 3]
    assert column(answer, "same_point_value") == [None, 2]
    assert column(answer, "change") == [None, -1]
    assert column(answer, "change_rate") == [None, Decimal("-0.5")]
    assert column(answer, "is_left_censored") == [True, False]


def test_the_same_point_of_a_longer_period_is_at_the_same_share() -> None:
    clock = Clock(ZoneInfo("UTC"), 1)
    february = Period(date(2024, 2, 1), date(2024, 3, 1))
    march = Period(date(2024, 3, 1), date(2024, 4, 1))
    half = at("03-16 12:00")
    assert same_point(march, february, half, clock) == at("02-15 12:00")
    assert elapsed_share(at("03-01"), at("04-01"), half) == Decimal("0.5")


def test_a_ratio_leaves_a_row_that_is_null_in_either_part_out_of_both() -> None:
    metrics = {
        "revenue": weekly(per_entity={"sum": "value"}),
        "orders": weekly(),
        "m": {"ratio": ["revenue", "orders"]},
    }
    rows = [
        event("act", "01-01", value=6),
        event("act", "01-02", value=3),
        event("act", "01-03", value=None),
        event("act", "01-09", value=None),
    ]
    answer = run(rows, metrics=metrics)
    assert values(answer, "orders") == {"01-01": 3, "01-08": 1}
    assert values(answer) == {"01-01": Decimal("4.5"), "01-08": None}
    assert column(answer, "numerator") == [9, 0]
    assert column(answer, "denominator") == [2, 0]
    assert column(answer, "events_without_value") == [1, 1]
    assert column(answer, "qualified_entities") == [None, None]
    assert {row["metric_name"] for row in answer["entity_periods"]} == {
        "revenue",
        "orders",
    }


def test_a_ratio_has_the_periods_and_the_less_final_status_of_its_parts() -> None:
    void = {"event": "back", "key": "order_id", "within_days": 14}
    metrics = {
        "kept": weekly(events=[{"event": "late"}], void=void),
        "all": weekly(),
        "m": {"ratio": ["kept", "all"]},
    }
    answer = run([event("act", "01-01"), event("late", "01-09")], metrics=metrics)
    assert values(answer) == {"01-01": 0, "01-08": None}
    assert column(answer, "period_status", "all") == ["final", "open"]
    assert column(answer, "period_status") == ["provisional", "open"]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_company_its_marts_agree_with_each_other(seed: int) -> None:
    config, tables = company(seed)
    answer: Answer = evaluate(config, tables)
    raw = sum(len(tables[f"raw_{name}_events"]["rows"]) for name in ("app", "server"))
    assert sum(row["row_count"] for row in answer["event_ledger"]) == raw
    qualified: dict[Any, int] = {}
    for row in answer["entity_periods"]:
        key = (row["metric_name"], row["period_start"])
        qualified[key] = qualified.get(key, 0) + row["is_qualified"]
    for row in answer["metric_periods"]:
        if config["northstar_metrics"][row["metric_name"]].get("total") == "entities":
            assert row["value"] == row["qualified_entities"]
            if (
                "lifetime"
                not in config["northstar_metrics"][row["metric_name"]]["window"]
            ):
                key = (row["metric_name"], row["period_start"])
                assert row["value"] == qualified.get(key, 0)


@pytest.mark.parametrize("seed", range(40))
def test_the_order_in_which_rows_lie_in_their_table_changes_nothing(seed: int) -> None:
    config, tables = company(seed)
    turned = {
        name: table | {"rows": table["rows"][::-1]} for name, table in tables.items()
    }
    assert in_order(evaluate(config, tables)) == in_order(evaluate(config, turned))


def test_companies_of_a_batch_are_told_apart_by_their_prefix() -> None:
    together = batch([1, 2, 3])
    assert together == batch([1, 2, 3])
    for prefix, _, tables in together.companies:
        rows = tables["raw_app_events"]["rows"]
        assert all((row["member_id"] or prefix).startswith(prefix) for row in rows)
        assert all(row in together.tables["raw_app_events"]["rows"] for row in rows)


def test_a_failing_company_is_cut_down_to_what_fails() -> None:
    config, tables = company(7)

    def fails(config: Cells, tables: Cells) -> bool:
        rows = tables["raw_app_events"]["rows"]
        return "ratio_0" in config["northstar_metrics"] and any(
            row["event"] == "order_paid" for row in rows
        )

    config, tables = shrunk(config, tables, fails)
    assert list(config["northstar_metrics"]) == ["metric_0", "metric_5", "ratio_0"]
    assert sum(len(table["rows"]) for table in tables.values()) == 1


def test_without_any_row_there_is_nothing_but_an_empty_ledger() -> None:
    assert not any(run([], weekly()).values())
