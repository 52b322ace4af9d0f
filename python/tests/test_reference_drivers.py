"""The drivers of the reference, on worlds small enough to work out by hand.

2024-01-01 is a Monday. Where a test says nothing else, weeks are counted, people act
(`act`), and the watermark is the load of the last event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from reference import evaluate
from reference.companies import company
from reference.drivers.concentration import shares_of
from reference.drivers.products import shapley
from reference.drivers.segments import Cell, suppressed
from reference.drivers.statistics import (
    Duration,
    days_until,
    followed,
    median,
    survival,
    wilson,
)
from reference.values import divided
from test_reference import COLUMNS, Answer, Cells, at, event, run, weekly

Z = Decimal("1.959963985")
LONDON = "Europe/London"
DAY = 86400


def star(**keys: Any) -> Cells:
    """The North Star: a weekly count of people who act."""
    return weekly(total="entities", level="north_star") | keys


def acts(user: str, *days: str, **cells: Any) -> list[Cells]:
    """A person's acts, one a day given."""
    return [event("act", day, user, **cells) for day in days]


def tick(day: str) -> Cells:
    """Sets the watermark."""
    return event("tick", day, "nobody")


def row(answer: Answer, mart: str, **wanted: Any) -> Cells:
    """The one row of a mart with these values; dates are written `01-31`."""
    found = rows(answer, mart, **wanted)
    assert len(found) == 1, f"{len(found)} rows of {mart} with {wanted}"
    return found[0]


def rows(answer: Answer, mart: str, **wanted: Any) -> list[Cells]:
    """The rows of a mart with these values."""

    def fits(cells: Cells) -> bool:
        return all(shown(cells[name]) == value for name, value in wanted.items())

    return [cells for cells in answer[mart] if fits(cells)]


def shown(value: Any) -> Any:
    """A date as these tests write it."""
    return value.strftime("%m-%d") if isinstance(value, date) else value


def picked(cells: Cells, *names: str) -> list[Any]:
    """Some columns of a row."""
    return [cells[name] for name in names]


def nine(numerator: int, denominator: int) -> Decimal | None:
    """A quotient at nine places."""
    return divided(Decimal(numerator), Decimal(denominator))


# ---------------------------------------------------------------------- statistics


@pytest.mark.parametrize(("k", "n"), [(1, 3), (7, 9), (1, 1000), (50, 100), (3, 4)])
def test_wilson_bounds_are_the_rates_that_are_just_not_rejected(k: int, n: int) -> None:
    share = Decimal(k) / n
    for bound in wilson(k, n):
        assert bound is not None
        distance, spread = abs(share - bound), bound * (1 - bound) / n
        assert abs(distance - Z * spread.sqrt()) < Decimal("0.000003")


def test_wilson_of_none_and_of_all() -> None:
    # z²/(n + z²) = 3.841458822/8.841458822 = 0.434482
    assert wilson(0, 5) == (Decimal(0), Decimal("0.434482"))
    assert wilson(5, 5) == (Decimal("0.565518"), Decimal(1))
    assert wilson(0, 0) == (None, None)
    assert str(wilson(1, 3)[0]) == "0.061492000"


def test_the_median_of_an_even_number_is_between_the_two_in_the_middle() -> None:
    assert median(map(Decimal, (4, 1, 3))) == 3
    assert median(map(Decimal, (4, 1, 3, 10))) == Decimal("3.5")
    assert median([]) is None


def test_the_survival_curve_is_that_of_the_remission_times_in_every_textbook() -> None:
    # 21 leukaemia patients on 6-MP (Freireich 1963), weeks; + is lost from sight
    times = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
    patients = [
        Duration(int(time.rstrip("+")) * DAY, not time.endswith("+"))
        for time in times.split()
    ]
    curve = {seconds // DAY: share for seconds, share in survival(patients)}
    assert {week: round(float(share), 3) for week, share in curve.items()} == {
        6: 0.857,
        7: 0.807,
        10: 0.753,
        13: 0.690,
        16: 0.627,
        22: 0.538,
        23: 0.448,
    }
    assert days_until(Fraction(1, 2), patients) == 23
    assert days_until(Fraction(1, 4), patients) == 13
    assert days_until(Fraction(3, 4), patients) is None


def test_without_censoring_quantiles_are_the_usual_ones() -> None:
    def half(*days: int) -> Decimal | None:
        return days_until(Fraction(1, 2), [Duration(day * DAY, True) for day in days])

    assert half(1, 3) == 2
    assert half(1, 3, 100) == 3
    assert half(5, 5, 5, 5) == 5
    assert half() is None
    # level at a half, and then only those lost from sight: nothing to be between
    lost = [Duration(DAY, True), Duration(3 * DAY, False)]
    assert days_until(Fraction(1, 2), lost) == 1


def test_what_happens_in_the_last_second_is_seen_and_later_is_not() -> None:
    start, until = at("01-01"), at("01-02")
    assert followed(start, at("01-02"), until) == Duration(DAY, True)
    assert followed(start, at("01-02 00:00:01"), until) == Duration(DAY, False)
    assert followed(start, None, until) == Duration(DAY, False)
    assert followed(start, start, start) == Duration(0, True)
    assert followed(until, until, start) is None


# -------------------------------------------------------------- which metrics have what


def test_a_metric_has_the_drivers_of_its_window() -> None:
    definition = {"entity": "user", "events": [{"event": "act"}], "total": "measure"}
    metrics = {
        "calendar": star(),
        "rolling": definition | {"window": {"rolling": "7d", "step": "7d"}},
        "anchored": definition
        | {"window": {"since_anchor": "3d", "book": "cohort", "grain": "week"}},
        "lifetime": definition | {"window": {"lifetime": "week"}},
        "left_out": weekly(),
        "ratio": {"ratio": ["left_out", "left_out"]},
    }
    added = ["rolling", "anchored", "lifetime", "ratio", "calendar"]
    people = [*acts("u", "01-01", "01-02", "01-08"), event("signed_up", "01-01")]
    answer = run([*people, tick("01-16")], metrics=metrics, driver_metrics=added)

    def having(mart: str) -> set[str]:
        return {cells["metric_name"] for cells in answer[mart]}

    assert having("growth_accounting") == {"calendar", "rolling"}
    starts = [cells["period_start"] for cells in rows(answer, "engagement")]
    assert len(starts) == len(set(starts))  # named twice, there once
    assert having("activation_cohorts") == {"calendar", "anchored"}
    for mart in (
        "time_to_value",
        "repeat_steps",
        "retention_cohorts",
        "engagement",
        "active_days",
        "concentration",
    ):
        assert having(mart) == {"calendar"}, mart
    assert having("segment_periods") == {"calendar", "rolling", "anchored", "left_out"}
    methods = defaultdict(set)
    for cells in answer["metric_changes"]:
        methods[cells["metric_name"]].add(cells["method"])
    assert methods == {
        "calendar": {"flows", "shapley", "segments_channel", "segments_growth_status"},
        "rolling": {"flows"},
        "lifetime": {"shapley"},
        "ratio": {"shapley", "rate_mix_channel"},
    }


def test_ids_that_last_a_day_are_not_followed() -> None:
    answer = run(
        [*acts("u", "01-01", "01-08"), tick("01-16")],
        star(total="measure"),
        identity_scope="daily",
    )
    filled = {
        name
        for name, found in answer.items()
        if found and name not in ("event_ledger", "entities")
    }
    assert filled == {
        "entity_periods",
        "metric_periods",
        "segment_periods",
        "metric_changes",
    }
    methods = {cells["method"] for cells in answer["metric_changes"]}
    assert methods == {"segments_channel"}


def test_without_a_watermark_there_is_no_driver() -> None:
    answer = run([event("act", "01-01", user="")], star())
    assert not any(found for name, found in answer.items() if name != "event_ledger")


# ------------------------------------------------------------------ growth accounting


def test_growth_adds_up_by_hand() -> None:
    answer = run(
        [
            # by week:   w1 w2 w3
            *acts("a", "01-01", "01-08", "01-15"),  # here always
            *acts("b", "01-01", "01-15"),  # gone and back
            *acts("c", "01-01", "01-02"),  # gone
            *acts("d", "01-08"),  # new, then gone
            *acts("e", "01-16"),  # new, though known since week 1
            event("other", "01-03", "e"),
            event("other", "01-10", "f"),  # never qualifies
            tick("01-22"),
        ],
        star(),
    )
    names = ("qualified", "previous", "new", "retained", "resurrected", "churned")
    columns = [f"{name}_entities" for name in names]
    counts = [picked(cells, *columns) for cells in answer["growth_accounting"]]
    assert counts == [
        [3, 0, 3, 0, 0, 0],
        [2, 3, 1, 1, 0, 2],
        [3, 2, 1, 1, 1, 1],
        [0, 3, 0, 0, 0, None],  # open: nobody is known to be gone
    ]
    third = row(answer, "growth_accounting", period_start="01-15")
    # dormant: b and c; never yet qualified: e and f ("nobody" is not seen yet)
    assert picked(third, "dormant_pool", "never_pool") == [2, 2]
    assert third["retention_rate"] == Decimal("0.5")
    assert third["resurrection_rate"] == Decimal("0.5")
    assert third["first_qualification_rate"] == Decimal("0.5")
    assert third["quick_ratio"] == 2
    first = answer["growth_accounting"][0]
    assert first["quick_ratio"] is first["retention_rate"] is None
    # a, b and c of those who were seen by the end of the first week; e is the fourth
    assert picked(first, "never_pool", "first_qualification_rate") == [
        4,
        Decimal("0.75"),
    ]
    is_censored = [cells["is_left_censored"] for cells in answer["growth_accounting"]]
    assert is_censored == [True, False, False, False]


def test_who_qualifies_was_known_even_before_it_was_seen() -> None:
    delivered = event("act", "01-16", delivered_at=at("01-02"))
    booked = [{"event": "act", "at": "delivered_at"}]
    answer = run([delivered, tick("01-16")], star(events=booked))
    first = answer["growth_accounting"][0]
    assert shown(first["period_start"]) == "01-01"
    assert picked(first, "new_entities", "never_pool") == [1, 1]


def test_value_flows_add_up_by_hand() -> None:
    answer = run(
        [
            *acts("a", "01-01", value=10),
            *acts("a", "01-08", value=4),  # contraction 6
            *acts("b", "01-01", value=1),
            *acts("b", "01-08", value=3),  # expansion 2
            *acts("c", "01-01", value=5),  # churned 5
            *acts("d", "01-08", value=7),  # new 7
            *acts("c", "01-15", value=2),  # resurrected 2
            tick("01-22"),
        ],
        star(total="measure", per_entity={"sum": "value"}),
    )
    names = ("new", "resurrected", "expansion", "contraction", "churned")
    columns = [f"{name}_value" for name in names]
    values = [picked(cells, *columns) for cells in answer["growth_accounting"]]
    assert values == [
        [16, 0, 0, 0, 0],
        [7, 0, 2, 6, 5],  # 16 + 7 + 2 - 6 - 5 = 14
        [0, 2, 0, 0, 14],  # 14 + 2 - 14 = 2
        [None] * 5,
    ]


def test_a_net_void_alone_is_a_contraction_and_its_end_an_expansion() -> None:
    answer = run(
        [
            event("act", "01-01", order_id="o"),
            event("back", "01-16", order_id="o"),
            tick("01-29"),
        ],
        star(total="measure", void={"event": "back", "key": "order_id", "mode": "net"}),
    )
    columns = ("churned_value", "contraction_value", "expansion_value")
    flows = [picked(cells, *columns) for cells in answer["growth_accounting"][:4]]
    # the value goes 1, 0, -1, 0
    assert flows == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_rolling_windows_are_compared_with_the_one_that_does_not_overlap() -> None:
    window = {"rolling": "7d", "step": "1d"}
    answer = run([*acts("u", "01-01", "01-05"), tick("01-16")], star(window=window))
    growth = {
        shown(cells["period_start"]): picked(
            cells, "new_entities", "retained_entities", "churned_entities"
        )
        for cells in answer["growth_accounting"]
    }
    assert growth["01-01"] == [1, 0, 0]  # no window that ended by then has u
    assert growth["01-02"] == [0, 1, 0]  # 12-26 to 01-02 has u, and 01-02 to 01-09
    assert growth["01-06"] == [0, 0, 1]  # 12-30 to 01-06 has u


# ----------------------------------------------------- activation and time to value


def test_activation_counts_those_who_were_followed_long_enough() -> None:
    two_acts = {"count": "events", "at_least": 2}
    answer = run(
        [
            # signs up on Monday at 12:00, and reaches two acts within 24 h: activated
            event("signed_up", "01-01 12:00", "a"),
            *acts("a", "01-01 13:00", "01-02 11:59:59"),
            # the second comes after exactly 24 h: not in one day, but in seven
            event("signed_up", "01-02 12:00", "b"),
            *acts("b", "01-02 12:00", "01-03 12:00"),
            # never does
            event("signed_up", "01-03", "c"),
            # was there before: what came before the anchor does not count
            *acts("d", "01-01"),
            event("signed_up", "01-06", "d"),
            *acts("d", "01-06"),
            # is not followed for seven days yet
            event("signed_up", "01-07 12:00", "e"),
            *acts("e", "01-08", "01-09"),
            # has no anchor: its first event is one
            *acts("f", "01-04", "01-04 01:00"),
            tick("01-14"),
        ],
        star(per_entity=two_acts),
        activation_windows=[7, 1, 28, 7],
    )

    def cohort(days: int) -> list[Any]:
        wanted = {"cohort_start": "01-01", "window_days": days}
        return picked(
            row(answer, "activation_cohorts", **wanted),
            "cohort_entities",
            "first_seen_entities",
            "mature_entities",
            "activated_entities",
            "activation_rate",
            "period_status",
        )

    # within a day: a and f of six; within seven: a, b and f of five (e is left out)
    assert cohort(1) == [6, 1, 6, 2, nine(2, 6), "final"]
    assert cohort(7) == [6, 1, 5, 3, Decimal("0.6"), "provisional"]
    assert cohort(28) == [6, 1, 0, 0, None, "provisional"]
    lower, upper = wilson(3, 5)
    seven = row(answer, "activation_cohorts", cohort_start="01-01", window_days=7)
    assert picked(seven, "rate_lower", "rate_upper") == [lower, upper]


def test_the_grace_and_a_void_that_may_come_make_a_cohort_wait() -> None:
    void = {"event": "back", "key": "order_id", "within_days": 3}
    events = [event("signed_up", "01-01"), *acts("u", "01-01"), tick("01-10")]

    def cohort(days: int, **settings: Any) -> list[Any]:
        answer = run(events, star(void=void), **settings)
        wanted = {"window_days": days, "cohort_start": "01-01"}
        cells = row(answer, "activation_cohorts", **wanted)
        return picked(cells, "mature_entities", "activation_rate", "period_status")

    # 01-01 and seven days are 01-08; two days of grace end with the watermark
    assert cohort(7, grace_hours=48) == [1, 1, "provisional"]
    assert cohort(7, grace_hours=49) == [0, None, "provisional"]
    # a day after the cohort's end is 01-09, and what came then can be voided to 01-12
    assert cohort(1) == [1, 1, "provisional"]
    events[-1] = tick("01-12")
    assert cohort(1) == [1, 1, "final"]


def test_a_window_since_the_anchor_is_its_own_activation_window() -> None:
    window = {"since_anchor": "3d", "book": "completion", "grain": "week"}
    answer = run(
        [
            event("signed_up", "01-01", "a"),
            *acts("a", "01-03 23:59"),
            event("signed_up", "01-01", "b"),
            *acts("b", "01-04"),
            tick("01-08"),
        ],
        star(window=window),
    )
    cells = row(answer, "activation_cohorts", cohort_start="01-01")
    counts = picked(cells, "window_days", "mature_entities", "activated_entities")
    assert counts == [3, 2, 1]


def test_time_to_value_is_reached_once_the_threshold_is() -> None:
    two_acts = {"count": "events", "at_least": 2}
    answer = run(
        [
            event("signed_up", "01-01", "a"),
            *acts("a", "01-01", "01-03"),  # after 2 days
            event("signed_up", "01-01", "b"),
            *acts("b", "01-01", "01-05"),  # after 4 days
            event("signed_up", "01-01", "c"),  # not in 7
            *acts("c", "01-08 12:00"),
            *acts("d", "01-05"),  # before its life begins
            event("signed_up", "01-06", "d"),  # followed for 2.5 days
            *acts("d", "01-07", "01-07 12:00"),  # after 1.5
            tick("01-08 12:00"),
        ],
        star(per_entity=two_acts),
        activation_windows=[4],
    )
    curve = [
        picked(cells, "at_risk_entities", "reached_entities", "reached_share")
        for cells in rows(answer, "time_to_value", cohort_start="01-01")
    ]
    # exactly two days are not within two days; d leaves after its second day
    assert curve == [
        [4, 0, 0],
        [4, 1, Decimal("0.25")],
        [3, 1, nine(1, 3)],
        [3, 1, nine(1, 3)],
    ]
    # 1.5, 2, 4 days, and c is lost after 7.5: half is level between 2 and 4 days
    cells = row(answer, "time_to_value", cohort_start="01-01", day=1)
    quartiles = ("first_quartile_days", "median_days", "third_quartile_days")
    assert picked(cells, *quartiles) == [Decimal("1.75"), 3, 4]


def test_at_the_third_quartile_the_curve_must_have_got_there() -> None:
    answer = run(
        [
            event("signed_up", "01-01", "a"),
            *acts("a", "01-02"),
            event("signed_up", "01-01", "b"),
            event("signed_up", "01-01", "c"),
            tick("01-08"),
        ],
        star(),
    )
    cells = row(answer, "time_to_value", cohort_start="01-01", day=7)
    assert cells["reached_share"] == nine(1, 3)
    assert picked(cells, "first_quartile_days", "median_days") == [1, None]


def test_for_time_to_value_the_state_must_hold_at_the_event() -> None:
    states = [{"entity": "user", "state": "paid", "valid_from": at("01-03")}]
    answer = run(
        [event("signed_up", "01-01"), *acts("u", "01-02", "01-04"), tick("01-08")],
        star(when=[{"state": "paid", "at": "period_end"}]),
        states=[state | {"entity_id": "u", "value": None} for state in states],
    )
    cells = row(answer, "time_to_value", cohort_start="01-01", day=1)
    assert cells["median_days"] == 3


# ------------------------------------------------------------------------ repetition


def test_repetition_follows_the_nth_event_for_its_window() -> None:
    answer = run(
        [
            *acts("a", "01-01", "01-04", "01-11"),  # 3 days, then 7 days: too late
            *acts("b", "01-02", "01-08"),  # 6 days
            *acts("c", "01-03"),  # none
            *acts("d", "01-07 12:00"),  # not followed for 7 days
            tick("01-14"),
        ],
        star(nth={"min": 2}),
        repeat_window_days=7,
    )

    def step(n: int, start: str) -> list[Any]:
        return picked(
            row(answer, "repeat_steps", n=n, cohort_start=start),
            "reached_entities",
            "mature_entities",
            "repeated_entities",
            "repeat_rate",
        )

    assert step(1, "01-01") == [4, 3, 2, nine(2, 3)]
    assert step(2, "01-01") == [1, 1, 0, 0]  # a, on 01-04
    assert step(2, "01-08") == [1, 0, 0, None]  # b, on 01-08
    assert step(3, "01-08") == [1, 0, 0, None]
    assert len(answer["repeat_steps"]) == 4
    # a after 3 days and b after 6; c is lost after 11, d after 6.5: of four in all half
    # are there after 6 days, and then the curve is level
    first = row(answer, "repeat_steps", n=1, cohort_start="01-01")
    assert first["median_days_between"] == 6


def test_a_voided_event_has_no_place_in_repetition_and_a_net_voided_one_has() -> None:
    events = [
        event("act", "01-01", order_id="x"),
        event("act", "01-02", order_id="y"),
        event("act", "01-03", order_id="z", value=None),
        event("back", "01-04", order_id="y"),
        tick("03-01"),
    ]

    def ranks(mode: str) -> list[tuple[int, Any]]:
        void = {"event": "back", "key": "order_id", "mode": mode}
        answer = run(events, star(void=void, total="measure"))
        return [
            (cells["n"], cells["median_days_between"])
            for cells in answer["repeat_steps"]
        ]

    assert ranks("exclude") == [(1, 2), (2, None)]
    assert ranks("net") == ranks("ignore") == [(1, 1), (2, 1), (3, None)]


def test_repetition_ends_with_the_tenth_event() -> None:
    events = [event("act", f"01-{day:02}") for day in range(1, 13)]
    answer = run([*events, tick("03-01")], star())
    found = [(cells["n"], cells["repeat_rate"]) for cells in answer["repeat_steps"]]
    assert found == [(n, 1) for n in range(1, 11)]


# ------------------------------------------------------------------------- retention


def matrix(answer: Answer, analysis: str = "by_period") -> dict[str, list[Any]]:
    """By cohort: the members, and then the retained, or none where immature."""
    found: dict[str, list[Any]] = defaultdict(list)
    for cells in rows(answer, "retention_cohorts", analysis_name=analysis):
        start = shown(cells["cohort_start"])
        found[start] = found[start] or [cells["cohort_entities"]]
        is_known = cells["mature_entities"] > 0
        found[start].append(cells["retained_entities"] if is_known else None)
    return dict(found)


PERSONS = [
    *acts("a", "01-01", "01-08", "01-22"),
    *acts("b", "01-02", "01-22"),
    *acts("c", "01-08", "01-15"),
]


def test_retention_by_period_of_first_and_recurring_cohorts() -> None:
    analyses = [
        {"name": "first", "kind": "period"},
        {"name": "again", "kind": "period", "cohort": "recurring", "horizon": 2},
    ]
    answer = run([*PERSONS, tick("01-23")], star(), retention=analyses)
    assert matrix(answer, "first") == {
        "01-01": [2, 2, 1, 0, None],  # the fourth week is open
        "01-08": [1, 1, 1, None],
    }
    assert matrix(answer, "again") == {
        "01-01": [2, 2, 1, 0],
        "01-08": [2, 2, 1, None],
        "01-15": [1, 1, None],
        "01-22": [2, None],
    }
    cells = row(
        answer,
        "retention_cohorts",
        analysis_name="first",
        cohort_start="01-01",
        periods_since=1,
    )
    assert picked(cells, "retention_rate", "period_status") == [Decimal("0.5"), "final"]
    assert picked(cells, "is_left_censored", "periods_until") == [True, 2]
    assert [cells["rate_lower"], cells["rate_upper"]] == list(wilson(1, 2))


def test_without_a_setting_retention_is_by_period_of_the_north_star() -> None:
    answer = run([*PERSONS, tick("01-22")], star())
    assert matrix(answer)["01-01"] == [2, 2, 1, 0, None]
    assert matrix(run([*PERSONS, tick("01-22")], star(), retention=[])) == matrix(
        answer
    )


def test_a_period_that_may_still_change_is_not_retention_yet() -> None:
    answer = run([*PERSONS, tick("01-23")], star(), grace_hours=24)
    assert matrix(answer)["01-01"] == [2, 2, 1, 0, None]
    answer = run([*PERSONS, tick("01-23")], star(), grace_hours=25)
    assert matrix(answer)["01-01"] == [2, 2, 1, None, None]


def test_days_are_those_of_the_calendar_or_of_the_clock() -> None:
    analyses = [
        {"name": "days", "kind": "n_day", "days": [0, 1, 7]},
        {"name": "hours", "kind": "n_day", "days": [0, 1, 7], "clock": "24h"},
    ]
    answer = run(
        [
            event("signed_up", "01-01 18:00"),
            *acts("u", "01-01 12:00"),  # day 0, before the anchor
            *acts("u", "01-02 17:59"),  # day 1, and within the first 24 hours
            *acts("u", "01-08 18:00"),  # day 7, and exactly 7 x 24 hours later
            tick("01-09 17:59"),
        ],
        star(),
        retention=analyses,
    )
    assert matrix(answer, "days")["01-01"] == [1, 1, 1, 1]
    # the last 24 hours are not over
    assert matrix(answer, "hours")["01-01"] == [1, 1, 0, None]


def test_a_calendar_day_is_local() -> None:
    analyses = [{"name": "d1", "kind": "n_day", "days": [1]}]
    events = [
        event("signed_up", "06-01 22:30"),  # 23:30 in London
        *acts("u", "06-01 23:30"),  # 00:30 on the next day there
        tick("06-09"),
    ]

    def retained(**settings: Any) -> int:
        found = run(events, star(), retention=analyses, **settings)["retention_cohorts"]
        return sum(cells["retained_entities"] for cells in found)

    assert retained(timezone=LONDON) == 1
    assert retained() == 0


def test_brackets_and_unbounded_retention_have_one_end_for_all() -> None:
    analyses = [
        {"name": "bracket", "kind": "bracket", "days": [1, 7, [7, 10]]},
        {"name": "plain", "kind": "bracket", "days": [1, 7, 10]},
        {"name": "until", "kind": "unbounded", "days": [1, 9], "horizon": 9},
    ]
    answer = run(
        [
            event("signed_up", "01-01", "a"),
            *acts("a", "01-08"),  # day 7
            event("signed_up", "01-01", "b"),
            *acts("b", "01-10"),  # day 9
            event("signed_up", "01-01", "c"),
            *acts("c", "01-11"),  # day 10
            event("signed_up", "01-06", "d"),
            *acts("d", "01-08"),  # day 2, but only followed to day 5
            tick("01-12"),
        ],
        star(),
        retention=analyses,
    )
    # [1, 7) holds for all but d; [7, 10) holds days 7, 8 and 9
    assert matrix(answer, "bracket")["01-01"] == [4, 0, 2]
    assert matrix(answer, "plain") == matrix(answer, "bracket")
    # days 1 to 9, the last included; d is in neither part, though it is back
    assert matrix(answer, "until")["01-01"] == [4, 2, 1]
    found = rows(answer, "retention_cohorts", cohort_start="01-01")
    assert [
        picked(c, "analysis_name", "periods_since", "periods_until", "mature_entities")
        for c in found
    ] == [
        ["bracket", 1, 7, 3],
        ["bracket", 7, 10, 3],
        ["plain", 1, 7, 3],
        ["plain", 7, 10, 3],
        ["until", 1, 10, 3],
        ["until", 9, 10, 3],
    ]


def test_a_recurring_cohort_starts_at_the_first_event_of_each_period() -> None:
    analyses = [{"name": "d3", "kind": "n_day", "days": [3], "cohort": "recurring"}]
    answer = run(
        [*acts("u", "01-01", "01-03", "01-04", "01-09"), tick("01-22")],
        star(),
        retention=analyses,
    )
    # week 1 from 01-01: 01-04 is its day 3; week 2 from 01-09: nothing on 01-12
    assert matrix(answer, "d3") == {"01-01": [1, 1], "01-08": [1, 0]}


def test_who_returns_must_meet_the_whole_definition() -> None:
    analyses = [{"name": "second", "kind": "bracket", "days": [[7, 14]]}]
    metric = star(per_entity={"count": "events", "at_least": 2})
    events = [event("signed_up", "01-01"), *acts("u", "01-08"), tick("01-22")]
    answer = run(events, metric, retention=analyses)
    assert matrix(answer, "second")["01-01"] == [1, 0]
    answer = run([*events, *acts("u", "01-10")], metric, retention=analyses)
    assert matrix(answer, "second")["01-01"] == [1, 1]


# ------------------------------------------------------------------------ engagement


def test_engagement_of_a_week_by_hand() -> None:
    answer = run(
        [
            *acts("a", "01-01", "01-02", "01-22", "01-23", "01-23", "01-24"),
            *acts("b", "01-10", "01-22"),
            event("look", "01-25", "b"),
            event("other", "01-26", "c"),
            tick("01-29"),
        ],
        star(
            events=[{"event": "act"}, {"event": "look"}],
            per_entity={"count": "events", "at_least": 3},
        ),
    )
    cells = row(answer, "engagement", period_start="01-22")
    # a on 3 days and b on 2 of 7 dates; c is not active in this metric
    assert picked(cells, "active_entities", "active_days") == [2, 5]
    assert cells["dau"] == nine(5, 7)
    # the last 28 dates are all: a on 5 days, b on 3, so 8 / 28 a day of 2 people
    assert picked(cells, "wau", "mau", "stickiness") == [2, 2, nine(8, 28 * 2)]
    # only a qualifies: 4 acts on 3 days
    assert picked(cells, "frequency", "depth") == [3, nine(4, 3)]
    # two of the three who were seen; one and two kinds of action
    assert picked(cells, "seen_entities", "adoption_breadth") == [3, nine(2, 3)]
    assert cells["adoption_depth"] == Decimal("1.5")
    early = row(answer, "engagement", period_start="01-01")
    assert picked(early, "wau", "mau", "stickiness") == [1, None, None]
    late = row(answer, "engagement", period_start="01-29")
    assert picked(late, "period_status", "active_days", "dau") == ["open", 0, None]
    days = rows(answer, "active_days", period_start="01-22")
    found = {cells["active_days"]: cells["entities"] for cells in days}
    assert found == {1: 0, 2: 1, 3: 1, 4: 0, 5: 0, 6: 0, 7: 0}


def test_the_month_of_a_month_is_the_calendar_s() -> None:
    answer = run(
        [*acts("a", "01-01", "01-31"), *acts("b", "01-02"), tick("02-01")],
        star(window={"calendar": "month"}),
    )
    cells = row(answer, "engagement", period_start="01-01")
    assert picked(cells, "mau", "stickiness") == [2, nine(3, 31 * 2)]
    answer = run(
        [*acts("a", "01-01", "03-31"), *acts("b", "01-02"), tick("04-01")],
        star(window={"calendar": "quarter"}),
    )
    cells = row(answer, "engagement", period_start="01-01")
    assert picked(cells, "active_entities", "mau", "stickiness") == [2, 1, nine(1, 31)]


def test_value_is_entities_times_frequency_times_depth() -> None:
    answer = run(
        [
            *acts("a", "01-01", "01-02", value=3),
            *acts("b", "01-03", value=6),
            tick("01-08"),
        ],
        star(total="measure", per_entity={"sum": "value"}, unit_scale=10),
    )
    cells = row(answer, "engagement", period_start="01-01")
    # 2 people, 3 days, 120
    assert picked(cells, "frequency", "depth") == [Decimal("1.5"), 40]


def test_concentration_by_hand() -> None:
    answer = run(
        [
            *acts("a", "01-01", value=1),
            *acts("b", "01-01", value=2),
            *acts("c", "01-01", value=7),
            *acts("d", "01-01", value=-4),
            tick("01-08"),
        ],
        star(total="measure", per_entity={"sum": "value"}),
    )
    cells = row(answer, "concentration", period_start="01-01")
    assert picked(cells, "entities", "top_decile_entities") == [3, 1]
    # (-2·1 + 0·2 + 2·7) / (3·10)
    assert picked(cells, "gini", "top_entity_share") == [Decimal("0.4"), Decimal("0.7")]
    many = [Decimal(number) for number in range(1, 12)]
    # two of eleven: 10 + 11 of 66
    assert shares_of(many)["top_decile_share"] == nine(21, 66)
    assert shares_of([Decimal(3)] * 4)["gini"] == 0
    assert shares_of([])["gini"] is None


# --------------------------------------------------------------------------- funnels

SIGN_UP = {
    "signing_up": {
        "entity": "user",
        "steps": [{"event": "visit"}, {"event": "act"}, {"event": "pay"}],
        "window": "7d",
    }
}


def funnel(answer: Answer, start: str = "01-01") -> list[list[Any]]:
    """Entered and reached, step by step."""
    return [
        picked(cells, "entered_entities", "reached_entities")
        for cells in rows(answer, "funnel_steps", cohort_start=start)
    ]


def journey(user: str, *steps: tuple[str, str]) -> list[Cells]:
    """The events of a person."""
    return [event(name, when, user) for name, when in steps]


def test_a_funnel_by_hand() -> None:
    answer = run(
        [
            *journey("a", ("visit", "01-01"), ("act", "01-02"), ("pay", "01-02 00:01")),
            # the payment comes exactly seven days after the visit
            *journey("b", ("visit", "01-02"), ("act", "01-05"), ("pay", "01-09")),
            # in the wrong order
            *journey("c", ("act", "01-01"), ("visit", "01-03"), ("pay", "01-04")),
            # not followed for seven days
            *journey("d", ("visit", "01-07 12:00"), ("act", "01-08")),
            # enters in both weeks; the later act serves both entries
            *journey("e", ("visit", "01-06"), ("visit", "01-08"), ("act", "01-09")),
            tick("01-14"),
        ],
        star(),
        funnels=SIGN_UP,
    )
    assert funnel(answer) == [[4, 4], [4, 3], [4, 1]]
    assert funnel(answer, "01-08") == [[0, 0], [0, 0], [0, 0]]
    second = row(answer, "funnel_steps", cohort_start="01-01", step=2)
    assert picked(second, "cohort_entities", "step_event") == [5, "act"]
    assert picked(second, "step_conversion_rate", "overall_conversion_rate") == [
        Decimal("0.75"),
        Decimal("0.75"),
    ]
    assert second["median_seconds"] == 3 * DAY  # of 1, 3 and 3
    third = row(answer, "funnel_steps", cohort_start="01-01", step=3)
    assert third["step_conversion_rate"] == nine(1, 3)
    assert third["overall_conversion_rate"] == Decimal("0.25")
    assert third["median_seconds"] == 60
    assert picked(third, "step_rate_lower", "step_rate_upper") == list(wilson(1, 3))
    assert picked(third, "overall_rate_lower") == [wilson(1, 4)[0]]
    first = row(answer, "funnel_steps", cohort_start="01-01", step=1)
    assert first["overall_conversion_rate"] == 1
    assert first["step_conversion_rate"] is first["median_seconds"] is None
    assert first["step_rate_lower"] is None
    assert first["period_status"] == "provisional"


def test_in_a_funnel_one_instant_is_in_order_and_one_row_is_one_step() -> None:
    twice = {
        "twice": {
            "entity": "user",
            "steps": [{"event": "act"}, {"event": "act", "where": "value = 1"}],
            "window": "1d",
            "grain": "day",
        }
    }
    once = run([*acts("u", "01-01", value=1), tick("01-08")], star(), funnels=twice)
    assert funnel(once) == [[1, 1], [1, 0]]
    # at one instant: the first by event id is step 1, and the other can follow it
    same = [
        event("act", "01-01", event_id="b", value=1),
        event("act", "01-01", event_id="a", value=2),
        tick("01-08"),
    ]
    assert funnel(run(same, star(), funnels=twice)) == [[1, 1], [1, 1]]
    same[0]["value"], same[1]["value"] = 2, 1
    assert funnel(run(same, star(), funnels=twice)) == [[1, 1], [1, 0]]


# --------------------------------------------------------------------------- revenue


def pays(who: str, value: float, start: str, end: str | None) -> Cells:
    """A subscription of an account."""
    return {
        "entity": "team",
        "entity_id": who,
        "state": "paid",
        "valid_from": at(start),
        "valid_to": None if end is None else at(end),
        "value": value,
    }


def test_revenue_moves_by_hand() -> None:
    answer = run(
        [
            *acts("u", "01-10", "02-10", "03-10"),
            *acts("v", "03-11"),
            event("act", "02-12", None, anonymous_id="d", account_id="t"),
            tick("04-15"),
        ],
        star(),
        states=[
            pays("grows", 10, "01-05", "02-10"),
            pays("grows", 15, "02-10", None),
            pays("shrinks", 20, "01-01", "03-01"),
            pays("shrinks", 12, "03-01", None),
            pays("leaves", 5, "01-01", "02-15"),
            pays("leaves", 6, "03-20", None),
            pays("comes", 8, "02-20", None),
            pays("free", 0, "01-01", None),
        ],
    )
    # at the end of each month: 10 20 5, 15 20 8, 15 12 6 8
    movements = ("starting", "new", "reactivation", "expansion", "contraction")
    columns = [f"{name}_mrr" for name in (*movements, "churned", "ending")]
    found = [picked(cells, *columns) for cells in answer["revenue_periods"]]
    assert found == [
        [0, 35, 0, 0, 0, 0, 35],
        [35, 8, 0, 5, 0, 5, 43],
        [43, 0, 6, 0, 8, 0, 41],
        [41, 0, 0, 0, 0, 0, 41],
    ]
    second, third, last = answer["revenue_periods"][1:]
    assert picked(second, "entity_type", "state_name", "grain") == [
        "team",
        "paid",
        "month",
    ]
    # due in February: grows (goes on) and leaves. Shrinks' end is the first of March
    assert picked(second, "due_entities", "renewed_entities") == [2, 1]
    assert second["renewal_rate"] == Decimal("0.5")
    assert second["logo_churn_rate"] == nine(1, 3)
    assert picked(second, "starting_entities", "ending_entities") == [3, 3]
    assert picked(third, "due_entities", "renewed_entities") == [1, 1]
    assert picked(third, "new_entities", "reactivated_entities") == [0, 1]
    # in February u is active, the device is nobody's; in March u and v are
    assert picked(second, "active_users", "arpu") == [1, 43]
    assert third["arpu"] == nine(41 * 2, 1 + 2)
    assert third["arpa"] == nine(41, 4)
    assert answer["revenue_periods"][0]["arpu"] is None
    assert picked(last, "period_status", "arpa", "logo_churn_rate") == [
        "open",
        None,
        None,
    ]


def test_revenue_retention_is_over_twelve_months_and_not_chained() -> None:
    january = [
        pays("grows", 10, "01-05", "01-10") | {"valid_to": at("06-01")},
        pays("grows", 30, "06-01", None),
        pays("shrinks", 20, "01-01", "06-01"),
        pays("shrinks", 5, "06-01", None),
        # away in summer, and back within the year
        pays("returns", 10, "01-01", "03-01"),
        pays("returns", 10, "11-01", None),
        pays("comes", 100, "02-01", None),
    ]
    later = event("tick", "01-01", "nobody")
    later["occurred_at"] = later["occurred_at"].replace(year=2025, month=2)
    answer = run([*acts("u", "01-10"), later], star(), states=january)
    cells = answer["revenue_periods"][12]
    assert cells["period_start"] == date(2025, 1, 1)
    # of 40: 10 + 5 + 10 are kept, and 30 + 5 + 10 are there
    assert cells["gross_revenue_retention"] == Decimal("0.625")
    assert cells["net_revenue_retention"] == Decimal("1.125")
    assert answer["revenue_periods"][11]["net_revenue_retention"] is None


def test_a_state_without_values_is_no_revenue() -> None:
    state = pays("t", 1, "01-01", None) | {"value": None}
    answer = run([*acts("u", "01-10"), tick("03-01")], star(), states=[state])
    assert answer["revenue_periods"] == []


# ------------------------------------------------------------------------ guardrails


def guardrail(answer: Answer, name: str) -> list[list[Any]]:
    """Value, bound and state of each period."""
    return [
        picked(cells, "value", "bound", "state")
        for cells in rows(answer, "guardrails", guardrail_name=name)
    ]


def weeks(*counts: int) -> list[Cells]:
    """So many acts in each week, and then an open one."""
    first = date(2024, 1, 1)
    starts = [first + timedelta(weeks=week) for week in range(len(counts) + 1)]
    events = [
        event("act", start.strftime("%m-%d"), f"u{number}")
        for start, count in zip(starts, counts, strict=False)
        for number in range(count)
    ]
    return [*events, tick(starts[-1].strftime("%m-%d"))]


def test_a_guardrail_is_bounded_by_the_eight_final_periods_before() -> None:
    metrics = {"m": star(guardrails=["acts"]), "acts": weekly()}
    answer = run(weeks(10, 10, 9, 11, 8, 12, 10, 12, 1, 2), metrics=metrics)
    found = guardrail(answer, "acts")
    assert found[7] == [12, None, "unknown"]
    # median 10, deviations 0 0 0 1 1 2 2 2, their median 1: 10 - 8.74734
    assert found[8] == [1, Decimal("1.25266"), "breached"]
    # of 10 9 11 8 12 10 12 1: median 10, deviations 0 0 1 1 2 2 2 9: 10 - 1.5·8.74734
    assert found[9] == [2, Decimal("-3.12101"), "ok"]
    # open: nothing is known of it, though 9.5 - 2·8.74734 is where it will be bounded
    assert found[10] == [0, Decimal("-7.99468"), "unknown"]
    ninth = rows(answer, "guardrails", guardrail_name="acts")[8]
    assert picked(ninth, "baseline", "direction", "guardrail_source") == [
        10,
        "up",
        "metric",
    ]


def test_a_steady_guardrail_may_stray_by_a_twentieth() -> None:
    metrics = {"m": star(), "acts": weekly(level="guardrail", direction="down")}
    found = guardrail(run(weeks(*[20] * 9, 22), metrics=metrics), "acts")
    assert found[8] == [20, 21, "ok"]
    assert found[9] == [22, 21, "breached"]


def test_a_target_is_a_bound() -> None:
    target = weekly(level="guardrail", direction="down", target=2)
    found = guardrail(run(weeks(2, 3), metrics={"m": star(), "acts": target}), "acts")
    assert found == [[2, 2, "ok"], [3, 2, "breached"], [0, 2, "unknown"]]


def test_churn_is_a_guardrail_of_each_driver_metric() -> None:
    answer = run([*PERSONS, tick("01-22")], star())
    values = [value for value, *_ in guardrail(answer, "m__churn_rate")]
    # of a and b one is gone, of a and c one is, and in the open week nobody knows
    assert values == [None, Decimal("0.5"), Decimal("0.5"), None]


def test_what_was_taken_back_is_told_by_both_dates_by_number_and_by_value() -> None:
    void = {"event": "back", "key": "order_id", "within_days": 7, "mode": "ignore"}
    answer = run(
        [
            event("act", "01-01", order_id="a", value=10),
            event("act", "01-02", order_id="b", value=30),
            event("act", "01-03", order_id="c", value=None),
            event("act", "01-09", order_id="d", value=5),
            event("act", "01-14 12:00", order_id="e", value=5),
            event("back", "01-08 12:00", order_id="b"),  # in 7 days
            event("back", "01-09", order_id="a"),  # a day too late
            event("back", "01-15", order_id="e"),
            tick("01-21"),
        ],
        star(total="measure", per_entity={"sum": "value"}, void=void),
    )

    def values(name: str) -> list[Any]:
        return [value for value, *_ in guardrail(answer, f"m__{name}")]

    # by the event's date: b of a, b and c; d of d, for e may still be taken back
    assert values("voided_rate") == [nine(1, 3), 0, None]
    assert values("voided_value_rate") == [Decimal("0.75"), 0, None]
    # by the void's date: b's comes in the second week, e's in the open one
    assert values("voided_rate_by_void_date") == [0, Decimal("0.5"), None]
    assert values("voided_value_rate_by_void_date") == [0, 3, None]
    stages = rows(answer, "guardrails", guardrail_name="m__voided_rate")
    assert [cells["period_status"] for cells in stages] == [
        "final",
        "provisional",
        "open",
    ]


def test_a_void_takes_back_its_own_value_and_what_is_unknown_leaves_both() -> None:
    void = {"event": "back", "key": "order_id", "mode": "net", "value": "value"}
    answer = run(
        [
            event("act", "01-01", order_id="a", value=10),
            event("back", "01-02", order_id="a", value=4),
            event("act", "01-01", order_id="b", value=20),
            event("back", "01-02", order_id="b", value=None),
            event("act", "01-01", order_id="c", value=None),
            event("back", "01-02", order_id="c", value=5),
            tick("01-08"),
        ],
        star(total="measure", per_entity={"sum": "value"}, void=void),
    )
    assert guardrail(answer, "m__voided_rate")[0][0] == 1
    for name in ("m__voided_value_rate", "m__voided_value_rate_by_void_date"):
        assert guardrail(answer, name)[0][0] == Decimal("0.4")


def test_a_signal_is_a_mean_or_a_ratio_of_sums() -> None:
    names = ("signal", "date", "value", "numerator", "denominator", "segment")

    def signal(name: str, day: str, **cells: Any) -> Cells:
        moment = at(day).date()
        return dict.fromkeys(names) | {"signal": name, "date": moment} | cells

    signals = [
        signal("latency", "01-01", value=100),
        signal("latency", "01-07", value=200),
        signal("latency", "01-02", value=9000, segment="slowest"),
        signal("uptime", "01-01", numerator=1, denominator=2),
        signal("uptime", "01-02", numerator=7, denominator=8),
        signal("uptime", "01-02", numerator=None, denominator=8),
        signal("latency", "03-01", value=1),  # in no period of the North Star
    ]
    blank = dict.fromkeys(COLUMNS)
    events = [blank | {"event_id": "e"} | event("act", "01-02")]
    events.append(blank | {"event_id": "t"} | tick("01-08"))
    config: Cells = {
        "northstar_events": [
            {
                "name": "app",
                "relation": {"ref": "events"},
                "columns": {column: column for column in COLUMNS},
            }
        ],
        "northstar_entities": {"user": {"id": "user_id"}},
        "northstar_metrics": {"m": star()},
        "northstar_signals": {
            "relation": {"ref": "signals"},
            "columns": {name: name for name in names},
        },
    }
    answer: Answer = evaluate(config, {"events": events, "signals": signals})
    assert guardrail(answer, "latency") == [[150, None, "unknown"]]
    assert guardrail(answer, "uptime") == [[Decimal("0.8"), None, "unknown"]]
    cells = row(answer, "guardrails", guardrail_name="uptime")
    assert picked(cells, "guardrail_source", "metric_name", "direction") == [
        "signal",
        None,
        None,
    ]


# -------------------------------------------------------------------------- segments


def segments(answer: Answer, name: str, start: str) -> dict[str, list[Any]]:
    """Value, qualified entities and suppression, by the value of a segment."""
    found = rows(answer, "segment_periods", segment_name=name, period_start=start)
    return {
        cells["segment_value"]: picked(
            cells, "value", "qualified_entities", "is_suppressed"
        )
        for cells in found
    }


def test_segments_add_up_and_one_that_is_gone_is_zero_once() -> None:
    answer = run(
        [
            *acts("a", "01-01", "01-02", "01-09", channel="web"),
            *acts("b", "01-01", channel="shop"),
            *acts("c", "01-08"),
            tick("01-22"),
        ],
        star(total="measure"),
    )
    first = {"web": [2, 1, False], "shop": [1, 1, False]}
    assert segments(answer, "channel", "01-01") == first
    assert segments(answer, "channel", "01-08") == {
        "web": [1, 1, False],
        "shop": [0, 0, False],
        "(unknown)": [1, 1, False],
    }
    assert segments(answer, "channel", "01-15") == {
        "web": [0, 0, False],
        "(unknown)": [0, 0, False],
    }
    assert segments(answer, "growth_status", "01-08") == {
        "new": [1, 1, False],
        "retained": [1, 1, False],
    }
    assert all(cells["is_additive"] for cells in answer["segment_periods"])
    counted = run([*acts("a", "01-01"), tick("01-08")], star())
    assert not any(cells["is_additive"] for cells in counted["segment_periods"])


def test_small_cells_are_hidden_with_as_many_others_as_it_takes() -> None:
    def hidden(least: int, **sizes: int) -> set[str]:
        cells = {name: Cell(Decimal(n), n, n) for name, n in sizes.items()}
        return suppressed(cells, least)

    assert hidden(0, a=1, b=0) == set()
    assert hidden(10, a=10, b=50) == set()
    # one hidden cell would be told by the total, so the next is hidden with it
    assert hidden(10, a=3, b=20, c=50) == {"a", "b"}
    # those that hold ten together tell nobody
    assert hidden(10, a=3, b=7, c=50) == {"a", "b"}
    # those that hold less do
    assert hidden(10, a=3, b=6, c=50) == {"a", "b", "c"}
    # of equals the first by name
    assert hidden(10, a=3, b=20, c=20) == {"a", "b"}
    # an empty cell is under ten too, and hides nobody
    assert hidden(10, a=0, b=20, c=50) == {"a"}
    assert hidden(10, a=0, b=9, c=50, d=60) == {"a", "b", "c"}
    assert hidden(10, a=9) == {"a"}


def test_a_hidden_cell_shows_nothing_and_is_part_of_no_change() -> None:
    people = [
        *(cell for n in range(3) for cell in acts(f"w{n}", "01-01", channel="web")),
        *(cell for n in range(2) for cell in acts(f"s{n}", "01-08", channel="shop")),
        *(
            cell
            for n in range(2)
            for cell in acts(f"m{n}", "01-01", "01-08", channel="mail")
        ),
        *acts("x", "01-01", "01-08", channel="radio"),
    ]
    answer = run([*people, tick("01-15")], star(), min_cell=2)
    # 1 on the radio alone, so the next smallest is hidden with it
    assert segments(answer, "channel", "01-01") == {
        "web": [3, 3, False],
        "mail": [None, None, True],
        "radio": [None, None, True],
    }
    assert segments(answer, "channel", "01-08") == {
        "web": [None, None, True],
        "mail": [None, None, True],
        "radio": [None, None, True],
        "shop": [2, 2, False],
    }
    changes = rows(answer, "metric_changes", method="segments_channel")
    # 6 to 5: shop +2, and the rest of it -3
    found = {cells["component"]: cells["contribution"] for cells in changes}
    assert found == {"(suppressed)": -3, "shop": 2}


def test_a_cell_that_was_hidden_before_is_hidden_in_the_change() -> None:
    def weekly_acts(day: str, **people: int) -> list[Cells]:
        return [
            cells
            for channel, count in people.items()
            for number in range(count)
            for cells in acts(f"{channel}{number}", day, channel=channel)
        ]

    answer = run(
        [
            *weekly_acts("01-01", radio=1, mail=2, web=3),  # radio, and mail with it
            *weekly_acts("01-08", radio=2, mail=2, web=3),  # none
            tick("01-15"),
        ],
        star(),
        min_cell=2,
    )
    assert not any(cells[2] for cells in segments(answer, "channel", "01-08").values())
    found = changes(answer, "segments_channel", "01-08")
    assert found == {"(suppressed)": 1, "web": 0}


def test_rate_and_mix_are_hidden_where_either_part_was_small() -> None:
    def week(day: str, *buyers: str) -> list[Cells]:
        visits = [
            event("visit", day, f"{channel}{number}", channel=channel)
            for channel in ("web", "shop")
            for number in range(3)
        ]
        return visits + [event("act", day, who, channel=who[:-1]) for who in buyers]

    metrics = {
        "visits": weekly(events=[{"event": "visit"}]),
        "acts": weekly(),
        "m": {"ratio": ["acts", "visits"], "level": "north_star"},
    }
    people = [
        *week("01-01", "web0", "shop0", "shop1"),  # one act of the web alone
        *week("01-08", "web0", "web1", "shop0", "shop1", "shop2"),
        tick("01-15"),
    ]
    # rates 1/3 to 2/3 and 2/3 to 1, at even weights
    in_full = changes(run(people, metrics=metrics), "rate_mix_channel", "01-08")
    assert set(in_full) == {"rate: web", "rate: shop", "mix: web", "mix: shop"}
    hidden = run(people, metrics=metrics, min_cell=2)
    found = changes(hidden, "rate_mix_channel", "01-08")
    assert found == {
        "rate: (suppressed)": Decimal("0.333333333"),
        "mix: (suppressed)": 0,
    }


# --------------------------------------------------------------------------- changes


def changes(answer: Answer, method: str, start: str) -> dict[str, Any]:
    """The contributions to a change, by component."""
    found = rows(answer, "metric_changes", method=method, period_start=start)
    return {cells["component"]: cells["contribution"] for cells in found}


def factors(*numbers: float | None) -> tuple[Fraction | None, ...]:
    """The factors of a product, as they are written."""
    return tuple(None if n is None else Fraction(str(n)) for n in numbers)


def test_the_shapley_example_of_the_contract() -> None:
    found = shapley(factors(1000, 0.4, 2.5), factors(1200, 0.35, 2.8))
    assert found == (Decimal("198.5"), Decimal("-146"), Decimal("123.5"))
    assert sum(found) == 176


def test_shapley_values_work_with_zeros_and_with_four_factors() -> None:
    assert list(shapley(factors(0, None, None), factors(2, 3, 5))) == [10, 10, 10]
    # only one factor moves, so it is the whole change
    assert list(shapley(factors(2, 3, 1, 1), factors(2, 3, 1, 2))) == [0, 0, 0, 6]
    # two factors: each at the mean of the other, 1·(3+5)/2 and 2·(2+3)/2
    assert list(shapley(factors(2, 3), factors(3, 5))) == [4, 5]


def test_changes_of_a_count_of_entities() -> None:
    answer = run(
        [
            *acts("a", "01-01", "01-08", "01-15"),
            *acts("b", "01-01", "01-15"),
            *acts("c", "01-01"),
            *acts("d", "01-08"),
            *acts("e", "01-16"),
            tick("01-22"),
        ],
        star(),
    )
    # 3, 2, 3
    assert changes(answer, "flows", "01-08") == {
        "new": 1,
        "resurrected": 0,
        "churned": -2,
    }
    assert changes(answer, "flows", "01-15") == {
        "new": 1,
        "resurrected": 1,
        "churned": -1,
    }
    # active 3·(1/3) to 2·(1/2): the pool ½((2/3 - 1) + (1 - 3/2)), the rate the rest
    pool = Decimal("-0.416666667")
    found = changes(answer, "shapley", "01-15")
    assert found["active_pool"] == pool
    assert found["retention_rate"] == -pool
    # dormant 0 to 2·(1/2); never 1·1 to 1·1
    assert [found["dormant_pool"], found["resurrection_rate"]] == [
        Decimal("0.5"),
        Decimal("0.5"),
    ]
    assert found["never_pool"] == found["first_qualification_rate"] == 0
    assert sum(found.values()) == 1
    assert not changes(answer, "flows", "01-01")  # nothing to compare with
    assert not changes(answer, "flows", "01-22")  # open


def test_changes_of_a_measure() -> None:
    answer = run(
        [
            # 2 people, 4 days, 8: 2 · 2 · 2
            *acts("a", "01-01", "01-02", value=2),
            *acts("b", "01-01", "01-02", value=2),
            # 1 person, 3 days, 12: 1 · 3 · 4
            *acts("a", "01-08", "01-09", "01-10", value=4),
            tick("01-15"),
        ],
        star(total="measure", per_entity={"sum": "value"}, unit_scale=0.5),
    )
    assert changes(answer, "flows", "01-08") == {
        "new": 0,
        "resurrected": 0,
        "expansion": 4,  # from 4 to 12, at a half
        "contraction": 0,
        "churned": -2,
    }
    # products: 000 8, 100 4, 010 12, 110 6, 001 16, 101 8, 011 24, 111 12
    # entities (2·-4 - 6 - 8 + 2·-12)/6 = -46/6, frequency (2·4 + 2 + 8 + 2·4)/6 = 26/6,
    # depth (2·8 + 4 + 12 + 2·6)/6 = 44/6, and a half of each; what rounding leaves over
    # is the largest's: -7.666666667/2 is -3.8333333335, so -3.833333334
    found = changes(answer, "shapley", "01-08")
    assert found["frequency"] == Decimal("2.166666667")
    assert found["depth"] == Decimal("3.666666667")
    assert found["entities"] == Decimal("-3.833333334")
    assert sum(found.values()) == 2


def test_changes_of_a_stock_and_of_its_net_voids() -> None:
    lifetime = star(total="measure", window={"lifetime": "week"})
    answer = run(
        [*acts("a", "01-01", "01-02"), *acts("b", "01-08"), tick("01-15")], lifetime
    )
    # 1 · 2 to 2 · 1.5: entities ½(2 + 1.5), depth ½(-0.5 - 1)
    assert changes(answer, "shapley", "01-08") == {
        "entities": Decimal("1.75"),
        "value_per_entity": Decimal("-0.75"),
    }
    void = {"event": "back", "key": "order_id", "mode": "net"}
    answer = run(
        [
            event("act", "01-01", order_id="o"),
            event("back", "01-09", order_id="o"),
            tick("01-15"),
        ],
        star(total="measure", void=void),
    )
    # 1 to -1: one person who acts is gone, and the void is worth -1
    found = changes(answer, "shapley", "01-08")
    third = Decimal("-0.333333333")
    assert found["net_voids"] == -1 + Decimal("-0.000000001")
    assert [found["depth"], found["entities"], found["frequency"]] == [third] * 3
    assert sum(found.values()) == -2


RATIO = {
    "revenue": weekly(per_entity={"sum": "value"}),
    "orders": weekly(),
    "m": {"ratio": ["revenue", "orders"], "level": "north_star"},
}


def test_changes_of_a_ratio_by_factor_and_by_rate_and_mix() -> None:
    answer = run(
        [
            # web 3 orders of 10, shop 1 of 20: 50 / 4 = 12.5
            *acts("a", "01-01", "01-02", "01-03", value=10, channel="web"),
            *acts("b", "01-01", value=20, channel="shop"),
            # web 1 of 12, shop 1 of 30: 42 / 2 = 21
            *acts("a", "01-08", value=12, channel="web"),
            *acts("b", "01-08", value=30, channel="shop"),
            tick("01-15"),
        ],
        metrics=RATIO,
    )
    # N/D: 50/4, 42/4, 50/2, 42/2: numerator ½(-2 - 4), denominator ½(12.5 + 10.5)
    assert changes(answer, "shapley", "01-08") == {
        "numerator": -3,
        "denominator": Decimal("11.5"),
    }
    # weights: web 0.75 to 0.5, shop 0.25 to 0.5; rates: 10 to 12, 20 to 30
    # rate: web 0.625·2, shop 0.375·10
    # mix, against the mean ratio 16.75: web (11 - 16.75)·-0.25, shop (25 - 16.75)·0.25
    found = changes(answer, "rate_mix_channel", "01-08")
    assert found == {
        "rate: web": Decimal("1.25"),
        "rate: shop": Decimal("3.75"),
        "mix: web": Decimal("1.4375"),
        "mix: shop": Decimal("2.0625"),
    }
    assert sum(found.values()) == Decimal("8.5")
    cells = row(answer, "metric_changes", component="mix: shop")
    assert picked(cells, "segment_name", "segment_value", "effect") == [
        "channel",
        "shop",
        "mix",
    ]


def test_a_segment_that_comes_or_goes_is_all_mix() -> None:
    answer = run(
        [
            *acts("a", "01-01", value=10, channel="web"),
            *acts("a", "01-08", value=10, channel="web"),
            *acts("b", "01-08", value=30, channel="shop"),
            tick("01-15"),
        ],
        metrics=RATIO,
    )
    found = changes(answer, "rate_mix_channel", "01-08")
    # 10 to 20, mean 15: web (10 - 15)·-0.5, shop (30 - 15)·0.5
    assert found == {
        "rate: web": 0,
        "rate: shop": 0,
        "mix: web": Decimal("2.5"),
        "mix: shop": Decimal("7.5"),
    }


def test_a_numerator_without_a_denominator_stands_alone() -> None:
    metrics = {
        "visits": weekly(events=[{"event": "visit"}]),
        "acts": weekly(),
        "m": {"ratio": ["acts", "visits"], "level": "north_star"},
    }
    answer = run(
        [
            *journey("a", ("visit", "01-01"), ("act", "01-01")),
            *journey("a", ("visit", "01-08"), ("visit", "01-09")),
            event("act", "01-08", "b", channel="shop"),
            tick("01-15"),
        ],
        metrics=metrics,
    )
    # 1/1 to 1/2: the act of the shop has no visit
    assert changes(answer, "rate_mix_channel", "01-08") == {
        "rate: (unknown)": -1,
        "mix: (unknown)": 0,
        "(no denominator)": Decimal("0.5"),
    }


# --------------------------------------------------- whatever the company, they agree

SEEDS = range(40)

KEYS = {
    "growth_accounting": ("metric_name", "period_start"),
    "activation_cohorts": ("metric_name", "cohort_start", "window_days"),
    "time_to_value": ("metric_name", "cohort_start", "day"),
    "repeat_steps": ("metric_name", "n", "cohort_start"),
    "retention_cohorts": (
        "metric_name",
        "analysis_name",
        "cohort_start",
        "periods_since",
        "periods_until",
    ),
    "engagement": ("metric_name", "period_start"),
    "active_days": ("metric_name", "period_start", "active_days"),
    "concentration": ("metric_name", "period_start"),
    "funnel_steps": ("funnel_name", "cohort_start", "step"),
    "revenue_periods": ("entity_type", "state_name", "period_start"),
    "guardrails": ("guardrail_source", "guardrail_name", "period_start"),
    "segment_periods": (
        "metric_name",
        "period_start",
        "segment_name",
        "segment_value",
    ),
    "metric_changes": ("metric_name", "period_start", "method", "component"),
}


def with_drivers(seed: int) -> tuple[Cells, Cells]:
    """A random company that asks for all drivers of all its metrics."""
    config, tables = company(seed)
    entity = next(iter(config["northstar_entities"]))
    steps = [
        {"event": "order_paid"},
        {"event": "feature_used"},
        {"event": "order_paid"},
    ]
    config = config | {
        "northstar_driver_metrics": list(config["northstar_metrics"]),
        "northstar_funnels": {
            "buying": {"entity": entity, "steps": steps, "window": "7d"}
        },
        "northstar_retention": [
            {"name": "by_period", "kind": "period"},
            {"name": "again", "kind": "period", "cohort": "recurring"},
            {"name": "days", "kind": "n_day", "clock": "24h"},
            {"name": "brackets", "kind": "bracket", "cohort": "recurring"},
            {"name": "until", "kind": "unbounded", "horizon": 30},
        ],
    }
    return config, tables


def by_key(found: Iterable[Cells], *names: str) -> dict[tuple[Any, ...], list[Cells]]:
    """Rows in groups."""
    groups: dict[tuple[Any, ...], list[Cells]] = defaultdict(list)
    for cells in found:
        groups[tuple(cells[name] for name in names)].append(cells)
    return groups


@cache
def answered(seed: int) -> tuple[Cells, Answer]:
    """A random company's settings and its marts."""
    config, tables = with_drivers(seed)
    return config, evaluate(config, tables)


def totals(answer: Answer) -> dict[tuple[str, date], Cells]:
    """The rows of metric_periods."""
    names = ("metric_name", "period_start")
    found = by_key(answer["metric_periods"], *names).items()
    return {(metric, start): cells for (metric, start), (cells,) in found}


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_of_drivers_are_told_apart_by_their_keys(seed: int) -> None:
    _, answer = answered(seed)
    for mart, key in KEYS.items():
        assert all(len(group) == 1 for group in by_key(answer[mart], *key).values())


@pytest.mark.parametrize("seed", SEEDS)
def test_growth_always_adds_up(seed: int) -> None:
    _, answer = answered(seed)
    for cells in answer["growth_accounting"]:
        total = totals(answer)[cells["metric_name"], cells["period_start"]]
        came = [cells[f"{n}_entities"] for n in ("new", "retained", "resurrected")]
        qualified = cells["qualified_entities"]
        assert qualified == sum(came) == total["qualified_entities"]
        assert cells["dormant_pool"] >= cells["resurrected_entities"]
        assert cells["never_pool"] >= cells["new_entities"]
        if cells["period_status"] != "open":
            gone = cells["churned_entities"]
            assert qualified - cells["previous_entities"] == came[0] + came[2] - gone


@pytest.mark.parametrize("seed", SEEDS)
def test_changes_always_add_up_to_the_last_place(seed: int) -> None:
    _, answer = answered(seed)
    names = ("metric_name", "period_start", "method")
    for (metric, start, _), parts in by_key(answer["metric_changes"], *names).items():
        changed = sum(part["contribution"] for part in parts)
        assert changed == totals(answer)[metric, start]["change"]


@pytest.mark.parametrize("seed", SEEDS)
def test_segments_always_add_up(seed: int) -> None:
    config, answer = answered(seed)
    names = ("metric_name", "period_start", "segment_name")
    for (metric, start, _), cells in by_key(answer["segment_periods"], *names).items():
        unit_scale = config["northstar_metrics"][metric].get("unit_scale", 1)
        rounding = Decimal(0) if unit_scale == 1 else Decimal("0.00000001")
        added = sum(cell["value"] for cell in cells)
        assert abs(totals(answer)[metric, start]["value"] - added) <= rounding


@pytest.mark.parametrize("seed", SEEDS)
def test_revenue_always_adds_up(seed: int) -> None:
    _, answer = answered(seed)
    for cells in answer["revenue_periods"]:
        gained = ("starting_mrr", "new_mrr", "reactivation_mrr", "expansion_mrr")
        lost = ("contraction_mrr", "churned_mrr")
        moved = sum(picked(cells, *gained)) - sum(picked(cells, *lost))
        assert moved == cells["ending_mrr"]


@pytest.mark.parametrize("seed", SEEDS)
def test_funnels_never_widen(seed: int) -> None:
    _, answer = answered(seed)
    names = ("funnel_name", "cohort_start")
    for steps in by_key(answer["funnel_steps"], *names).values():
        reached = [cells["reached_entities"] for cells in steps]
        assert reached == sorted(reached, reverse=True)
        assert reached[0] == steps[0]["entered_entities"] <= steps[0]["cohort_entities"]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_curve_of_time_to_value_passes_through_activation(seed: int) -> None:
    config, answer = answered(seed)
    curve = by_key(answer["time_to_value"], "metric_name", "cohort_start", "day")
    names = ("metric_name", "cohort_start", "window_days")
    for key, (cells,) in by_key(answer["activation_cohorts"], *names).items():
        if key in curve and only_grows(config["northstar_metrics"][key[0]]):
            (point,) = curve[key]
            assert point["reached_share"] == cells["activation_rate"]


def only_grows(metric: Cells) -> bool:
    """Whether who has met the definition once goes on meeting it."""
    falls = "sum" in metric.get("per_entity", {})
    falls |= metric.get("void", {}).get("mode") == "net"
    conditions = metric.get("when", [])
    return not falls and all(item.get("at", "event") == "event" for item in conditions)


def test_the_random_companies_reach_every_mart() -> None:
    filled = set()
    for seed in SEEDS:
        _, answer = answered(seed)
        filled |= {name for name, found in answer.items() if found}
    assert filled >= set(KEYS)
