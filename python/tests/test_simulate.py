"""Simulation: worlds worked out by hand, identities, other ways to the same figures.

A world is written as its entities and the periods in which each qualifies; its accounts
are taken from that by set arithmetic alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer import REPOSITORY, Consumer
from engines import Engine
from northstar.cli import main
from northstar.errors import TooFewPeriodsError
from northstar.growth import Account, Growth
from northstar.periods import Metric
from northstar.render_simulation import (
    backtest_json,
    render_backtest,
    render_simulation,
    simulation_json,
)
from northstar.simulate import DRIVERS, Simulation, backtest, next_end, simulate
from reference import evaluate
from reference.companies import company, with_any_driver

FIRST = date(2026, 1, 5)
METRIC = Metric("weekly_teams", 1, True, "Weekly teams", "", "teams")

Lives = Mapping[str, tuple[int, Iterable[int]]]
"""By entity: the period in which it became known, and those in which it qualified."""


def growth_of(
    lives: Lives, periods: int, *, worth: float = 1, grain: str = "week"
) -> Growth:
    """The accounts of a world, by set arithmetic."""
    known = {name: since for name, (since, _) in lives.items()}
    active = [
        {name for name, (_, when) in lives.items() if place in when}
        for place in range(periods)
    ]
    accounts = []
    for place, here in enumerate(active):
        before = active[place - 1] if place else set()
        ever = set().union(*active[:place])
        never = {name for name, since in known.items() if since <= place} - ever
        accounts.append(
            Account(
                start=FIRST + timedelta(days=7 * place),
                end=FIRST + timedelta(days=7 * place + 7),
                is_left_censored=place == 0,
                qualified=len(here),
                previous=len(before),
                new=len(here - ever),
                retained=len(here & before),
                resurrected=len(here & ever - before),
                dormant=len(ever - before),
                never=len(never),
                value=worth * len(here),
            )
        )
    return Growth(METRIC, grain, tuple(accounts))


def values(found: Simulation) -> list[float]:
    return [point.value for point in found.unchanged]


def effect(found: Simulation, driver: str) -> Any:
    (one,) = (effect for effect in found.effects if effect.driver == driver)
    return one


# Week 0: a, b, c and d qualify. e and f are known and do not; g and h arrive in week 1.
SMALL: Lives = {
    "a": (0, {0, 1}),
    "b": (0, {0, 1}),
    "c": (0, {0}),
    "d": (0, {0}),
    "e": (0, {1}),
    "f": (0, ()),
    "g": (1, ()),
    "h": (1, ()),
}


def test_a_small_world_goes_on_as_by_hand() -> None:
    # Week 1: a and b stay of a, b, c, d: retention 2/4. Nobody was dormant. Of e, f, g
    # and h, who never qualified, e does: 1/4. g and h arrived: 2.
    # Pools after week 1: active a, b, e: 3. Dormant c, d: 2. Never f, g, h: 3.
    found = simulate(growth_of(SMALL, 2), periods=2, over=1, change=10)
    assert found.rates.retention == 1 / 2
    assert found.rates.resurrection is None
    assert found.rates.first_qualification == found.rates.activation == 1 / 4
    assert found.rates.arrivals == 2
    # Week 2: 3/2 stay; 0 of 2 are back; (3 + 2)/4 are first: 2.75.
    #   Dormant 2 + 3 - 1.5 = 3.5. Never 5 - 1.25 = 3.75.
    # Week 3: 1.375 stay; 0; (3.75 + 2)/4 = 1.4375: 2.8125.
    assert values(found) == [2.75, 2.8125]
    # Retention 0.6. Week 2: 1.8 + 1.25 = 3.05. Week 3: 1.83 + 1.4375 = 3.2675.
    retention = effect(found, "retention")
    assert (retention.before, retention.after) == (0.5, 0.6)
    assert [p.value for p in retention.path] == pytest.approx([3.05, 3.2675])
    assert retention.more == pytest.approx(0.455)
    # 0.455 of 2.8125 for 0.1 of 0.5
    assert retention.elasticity == pytest.approx(0.455 / 2.8125 / 0.2)
    # Resurrection 0.1. Week 2: 1.5 + 0.2 + 1.25 = 2.95; dormant 5 - 1.5 - 0.2 = 3.3.
    # Week 3: 1.475 + 0.33 + 1.4375 = 3.2425.
    resurrection = effect(found, "resurrection")
    assert [p.value for p in resurrection.path] == pytest.approx([2.95, 3.2425])
    assert resurrection.elasticity is None
    # First qualification 0.35. Week 2: 1.5 + 5 x 0.35 = 3.25; never 3.25.
    # Week 3: 1.625 + 5.25 x 0.35 = 3.4625.
    first = effect(found, "first_qualification")
    assert [p.value for p in first.path] == pytest.approx([3.25, 3.4625])
    # Activation 0.35, of those who arrive alone. Week 2: 1.5 + 3/4 + 2 x 0.35 = 2.95;
    # never 5 - 1.45 = 3.55. Week 3: 1.475 + 3.55/4 + 0.7 = 3.0625.
    activation = effect(found, "activation")
    assert [p.value for p in activation.path] == pytest.approx([2.95, 3.0625])
    # Arrivals 2.2. Week 2: 1.5 + 5.2/4 = 2.8; never 3.9. Week 3: 1.4 + 6.1/4 = 2.925.
    arrivals = effect(found, "arrivals")
    assert [p.value for p in arrivals.path] == pytest.approx([2.8, 2.925])


def test_a_measure_goes_on_by_entities_and_what_each_is_worth() -> None:
    found = simulate(growth_of(SMALL, 2, worth=40), periods=1, over=1, change=10)
    assert not found.counts_entities
    assert values(found) == [110]  # 2.75 entities, 40 of each
    assert effect(found, "value_per_entity").path[0].value == pytest.approx(121)
    assert [one.driver for one in found.effects] == list(DRIVERS)
    counted = simulate(growth_of(SMALL, 2), periods=1, over=1, change=10)
    assert [one.driver for one in counted.effects] == list(DRIVERS[:-1])


def test_rates_weigh_a_period_by_its_entities() -> None:
    # Week 1: 1 of 2 stays. Week 2: 1 of 1 + 5 new. Week 3: 5 of 6. Together 7 of 9.
    lives: dict[str, tuple[int, set[int]]] = {
        "a": (0, {0, 1, 2, 3}),
        "b": (0, {0}),
        **{f"n{number}": (2, {2, 3}) for number in range(4)},
        "m": (2, {2}),
    }
    found = simulate(growth_of(lives, 4), periods=1, over=3, change=1)
    assert found.rates.retention == 7 / 9
    assert found.rates.arrivals == 5 / 3


def test_fixed_rates_keep_a_steady_state() -> None:
    # 8 of 10 stay, and 2 of the 10 who are away are back: each of 20 has its turn.
    lives = {
        f"e{one}": (0, {p for p in range(24) if (p * 2 + one) % 20 < 10})
        for one in range(20)
    }
    # by the twelfth week all have been there, so that nobody is new
    growth = Growth(METRIC, "week", growth_of(lives, 24).accounts[12:])
    found = simulate(growth, periods=40, over=8, change=1)
    assert found.rates.retention == 0.8
    assert found.rates.resurrection == 0.2
    assert values(found) == pytest.approx([10] * 40)
    # What retention r and resurrection s come to: 20 s / (1 - r + s).
    settled = simulate(growth, periods=400, over=8, change=5)
    assert effect(settled, "retention").path[-1].value == pytest.approx(
        20 * 0.2 / (1 - 0.85 + 0.2)
    )
    assert effect(settled, "resurrection").path[-1].value == pytest.approx(
        20 * 0.25 / (1 - 0.8 + 0.25)
    )
    tested = backtest(growth, periods=3, over=8)
    assert [(d.ahead, d.paths) for d in tested.distances] == [(1, 3), (2, 2), (3, 1)]
    assert [d.off for d in tested.distances] == pytest.approx([0, 0, 0])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Lives, int]:
    """Up to twelve entities over up to eight periods."""
    periods = draw(st.integers(3, 8))
    lives = {}
    for number in range(draw(st.integers(1, 12))):
        since = draw(st.integers(0, periods - 1))
        when = draw(st.sets(st.integers(since, periods - 1)))
        lives[f"e{number}"] = (since, when)
    return lives, periods


@given(worlds())
def test_the_pools_of_a_period_follow_from_the_one_before(
    world: tuple[Lives, int],
) -> None:
    for one, other in pairwise(growth_of(*world).accounts):
        assert other.previous == one.qualified
        assert other.dormant == one.dormant_next
        assert other.never >= one.never_left


@pytest.mark.parametrize("seed", range(40, 50))
def test_the_pools_of_the_mart_follow_from_one_another(seed: int) -> None:
    config, tables = company(seed)
    config = config | {"northstar_driver_metrics": with_any_driver(config)}
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in evaluate(config, tables)["growth_accounting"]:
        rows.setdefault(str(row["metric_name"]), []).append(dict(row))
    for metric in rows.values():
        for one, other in pairwise(sorted(metric, key=lambda row: row["period_start"])):
            if other["period_start"] < one["period_end"]:
                continue  # rolling windows that overlap are refused
            gone = one["previous_entities"] - one["retained_entities"]
            back = one["resurrected_entities"]
            assert other["previous_entities"] == one["qualified_entities"]
            assert other["dormant_pool"] == one["dormant_pool"] + gone - back
            assert other["never_pool"] >= one["never_pool"] - one["new_entities"]


Matrix = list[list[Fraction]]


def product(one: Matrix, other: Matrix) -> Matrix:
    columns = list(zip(*other, strict=True))
    return [
        [sum(map(Fraction.__mul__, row, column), Fraction(0)) for column in columns]
        for row in one
    ]


def power(matrix: Matrix, times: int) -> Matrix:
    size = range(len(matrix))
    found = [[Fraction(one == other) for other in size] for one in size]
    for _ in range(times):
        found = product(matrix, found)
    return found


@given(worlds(), st.integers(1, 30))
@settings(deadline=None)
def test_a_path_is_the_power_of_a_matrix(
    world: tuple[Lives, int], periods: int
) -> None:
    """In fractions, where the path is in floats and step by step.

    The state is (active, dormant, never, 1). Arrivals come before first qualification.
    """
    growth = growth_of(*world)
    over = len(growth.accounts) - 1
    held = growth.accounts[1:]

    def rate(done: Iterable[int], pool: Sequence[int]) -> Fraction:
        return Fraction(sum(done), sum(pool)) if sum(pool) else Fraction(0)

    stay = rate((a.retained for a in held), [a.previous for a in held])
    back = rate((a.resurrected for a in held), [a.dormant for a in held])
    first = rate((a.new for a in held), [a.never for a in held])
    known = [a.never + sum(b.new for b in growth.accounts if b.start < a.start)
             for a in growth.accounts]  # fmt: skip
    arrive = Fraction(known[-1] - known[0], over)
    last = growth.accounts[-1]
    state = [
        [Fraction(n)] for n in (last.qualified, last.dormant_next, last.never_left)
    ]
    zero, one = Fraction(0), Fraction(1)
    step = [
        [stay, back, first, first * arrive],
        [one - stay, one - back, zero, zero],
        [zero, zero, one - first, (one - first) * arrive],
        [zero, zero, zero, one],
    ]
    expected = product(power(step, periods), [*state, [one]])[0][0]
    found = simulate(growth, periods, over, change=1)
    assert values(found)[-1] == pytest.approx(float(expected), rel=1e-9, abs=1e-9)


@given(worlds(), st.sampled_from(DRIVERS), st.floats(-100, 100))
@settings(deadline=None)
def test_nobody_is_made_and_nobody_is_lost(
    world: tuple[Lives, int], driver: str, change: float
) -> None:
    growth = growth_of(*world)
    found = simulate(growth, 30, len(growth.accounts) - 1, change, [driver])
    (moved,) = found.effects
    ever = sum(account.new for account in growth.accounts)
    arrivals = moved.after if driver == "arrivals" else found.rates.arrivals
    for ahead, point in enumerate(moved.path, 1):
        known = ever + growth.accounts[-1].never_left + arrivals * ahead
        assert -1e-9 <= point.entities <= known + 1e-6


def test_no_change_is_worth_nothing() -> None:
    found = simulate(growth_of(SMALL, 2), periods=5, over=1, change=0)
    assert {(one.more, one.elasticity) for one in found.effects} == {(0, None)}


def test_a_share_ends_at_1_and_at_0_and_says_so() -> None:
    up = simulate(growth_of(SMALL, 2), 1, 1, 60, ["retention"])
    assert effect(up, "retention").after == 1
    assert "; a share ends at 100 %\n" in render_simulation(up)
    down = simulate(growth_of(SMALL, 2), 1, 1, -60, ["retention"])
    assert effect(down, "retention").after == 0
    assert "; a share ends at 0.00 %\n" in render_simulation(down)
    assert "a share ends" not in render_simulation(
        simulate(growth_of(SMALL, 2), 1, 1, 50, ["retention"])
    )


def test_a_back_test_is_as_by_hand() -> None:
    # Over one period, begun after weeks 1 and 2.
    # After week 1: 2.75, as above. In week 2 a and g qualify: 2.
    # After week 2: 1 of 3 stayed, 0 of 2 were back, 1 of 3 were first, nobody arrived.
    #   Active 2, never 2: 2/3 + 2/3. In week 3 f, g and h qualify: 3.
    # One ahead: off by 0.75 + 1.666... of 5; too high by 0.75 - 1.666...; the last
    # values, 3 and 2, are off by 1 + 1.
    # Two ahead, begun after week 1: 2.8125 against 3; the last value, 3, is right.
    lives = {
        **SMALL,
        "a": (0, {0, 1, 2}),
        "f": (0, {3}),
        "g": (1, {2, 3}),
        "h": (1, {3}),
    }
    found = backtest(growth_of(lives, 4), periods=5, over=1)
    assert (found.first, found.last) == (date(2026, 1, 12), date(2026, 1, 19))
    one, two = found.distances
    assert (one.paths, two.paths) == (2, 1)
    assert one.off == pytest.approx((0.75 + 5 / 3) / 5)
    assert one.over == pytest.approx((0.75 - 5 / 3) / 5)
    assert one.naive == 2 / 5
    assert two.off == pytest.approx(0.1875 / 3)
    assert two.over == pytest.approx(-0.1875 / 3)
    assert two.naive == 0


def test_a_back_test_knows_nothing_of_what_came_later() -> None:
    lives = {**SMALL, "g": (1, {2, 3, 4, 5}), "x": (3, {3, 5})}
    whole = backtest(growth_of(lives, 6), periods=1, over=2)
    parts = [backtest(growth_of(lives, n), periods=1, over=2) for n in (4, 5, 6)]
    told = sum((part.distances[0].off or 0) for part in parts)
    assert told > 0
    assert whole.distances[0].paths == 3
    assert [part.distances[0].paths for part in parts] == [1, 2, 3]


def test_periods_on_the_left_edge_say_nothing_about_rates() -> None:
    growth = growth_of(SMALL, 2)
    with pytest.raises(
        TooFewPeriodsError, match=r"has 1 final periods .* needs 2; take"
    ):
        simulate(growth, 1, 2, 1)
    with pytest.raises(TooFewPeriodsError, match="needs 2; wait for more"):
        backtest(growth, 1, 1)


@pytest.mark.parametrize(
    ("start", "end", "grain", "after"),
    [
        ("2026-01-05", "2026-01-12", "week", "2026-01-19"),
        ("2026-01-05", "2026-01-06", "day", "2026-01-07"),
        ("2026-01-01", "2026-02-01", "month", "2026-03-01"),
        ("2026-11-01", "2026-12-01", "month", "2027-01-01"),
        ("2026-07-01", "2026-10-01", "quarter", "2027-01-01"),
        ("2026-01-01", "2026-01-29", "28d", "2026-02-26"),
    ],
)
def test_periods_follow_the_calendar(
    start: str, end: str, grain: str, after: str
) -> None:
    dates = [date.fromisoformat(text) for text in (start, end)]
    assert next_end(dates[0], dates[1], grain).isoformat() == after


# -------------------------------------------------------------------- what is printed


def test_what_is_printed_is_as_kept(golden: Callable[[str, str], None]) -> None:
    growth = growth_of({**SMALL, "g": (1, {2})}, 3, worth=2.5)
    found = simulate(growth, periods=3, over=2, change=1)
    tested = backtest(growth, periods=2, over=1)
    golden("simulation.txt", render_simulation(found))
    golden("backtest.txt", render_backtest(tested))
    machine = {"simulation": simulation_json(found), "backtest": backtest_json(tested)}
    golden("simulation.json", json.dumps(machine, indent=2) + "\n")


def test_every_figure_has_its_assumption() -> None:
    found = simulate(growth_of(SMALL, 2, worth=3), periods=2, over=1, change=1)
    for one in simulation_json(found)["drivers"]:
        assert len(one["assumption"]) > 20
    text = render_simulation(found)
    for line in text.splitlines():
        if line.startswith(tuple(driver.replace("_", " ") for driver in DRIVERS)):
            assert line.split("  ")[-1] in text
    assert "nobody was there to know it by, so it was taken as 0" in text
    assert "arithmetic, not a cause" in text


def test_how_far_off_such_paths_were_stands_above_the_figures() -> None:
    growth = growth_of({**SMALL, "g": (1, {2})}, 3)
    tested = simulate(growth, periods=9, over=1, change=1).tested
    assert tested == backtest(growth, periods=9, over=1).distances[-1]
    text = render_simulation(simulate(growth, periods=9, over=1, change=1))
    assert "\n1 period ahead such paths were off by 175.0 % (of 1); the last" in text
    untested = simulate(growth, periods=9, over=2, change=1)
    assert untested.tested is None
    assert "No earlier path can be held against what happened" in (
        render_simulation(untested)
    )


def test_nothing_that_happened_has_no_share() -> None:
    growth = growth_of({"a": (0, {0})}, 4)
    tested = backtest(growth, periods=1, over=1)
    assert tested.distances[0].off is None
    assert " - " in render_backtest(tested).replace("-\n", "- \n")


# ------------------------------------------------------------------ the command line

DEFINITIONS = """\
{{ config(materialized='table', meta={'northstar_definitions': {
    'share': {'ratio': ['teams', 'folks']}
}}) }}
select name as metric_name, 1 as metric_version, name = 'teams' as is_north_star,
    name as label, cast(null as text) as plain_language, 'teams' as unit,
    kind as window_kind
from (
    select 'teams' as name, 'calendar' as kind
    union all select 'rolled', 'rolling'
    union all select 'late', 'calendar'
    union all select 'young', 'calendar'
    union all select 'share', 'calendar'
    union all select 'first_week', 'since_anchor'
    union all select 'ever', 'lifetime'
    union all select 'paying', 'as_of'
) as metrics
"""

COLUMNS = (
    "qualified_entities",
    "previous_entities",
    "new_entities",
    "retained_entities",
    "resurrected_entities",
    "dormant_pool",
    "never_pool",
)


def rows_of(metric: str, growth: Growth, statuses: Sequence[str]) -> list[str]:
    """The accounts of a world as select statements."""
    found = []
    for number, (account, status) in enumerate(
        zip(growth.accounts, statuses, strict=True)
    ):
        days = timedelta(days=number if metric == "rolled" else 0)
        numbers = (
            account.qualified,
            account.previous,
            account.new,
            account.retained,
            account.resurrected,
            account.dormant,
            account.never,
        )
        cells = ", ".join(
            f"{value} as {name}" for name, value in zip(COLUMNS, numbers, strict=True)
        )
        found.append(
            f"select '{metric}' as metric_name, 1 as metric_version, 'week' as grain, "
            f"cast('{account.start - days * 6}' as date) as period_start, "
            f"cast('{account.end - days * 6}' as date) as period_end, "
            f"'{status}' as period_status, "
            f"{str(account.is_left_censored).lower()} as is_left_censored, {cells}, "
            f"cast({account.value} as numeric(38, 9)) as value"
        )
    return found


@pytest.fixture(scope="module")
def project(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Consumer]:
    """A package whose marts are these rows: a week more is not final."""
    world = growth_of({**SMALL, "g": (1, {2})}, 4)
    final = ["final", "final", "final", "provisional"]
    rows = [
        *rows_of("teams", world, final),
        *rows_of("rolled", world, final),
        *rows_of("young", world, ["provisional"] * 4),
    ]
    union = "\nunion all\n".join(rows)
    head = "{{ config(materialized='table') }}\n"
    package = tmp_path_factory.mktemp("package")
    (package / "models").mkdir()
    (package / "dbt_project.yml").write_text("name: northstar\nversion: 1.0.0\n")
    for name, sql in (
        ("northstar__metric_definitions", DEFINITIONS),
        ("northstar__metric_periods", f"{head}{union}"),
        ("northstar__growth_accounting", f"{head}{union}"),
    ):
        (package / "models" / f"{name}.sql").write_text(sql)
    consumer = Consumer(tmp_path_factory.mktemp("project"), engine, package=package)
    consumer.dbt("run").assert_success()
    yield consumer
    consumer.database.release()


def run(project: Consumer, *arguments: str) -> Result:
    return CliRunner().invoke(
        main,
        ["simulate", "--project-dir", str(project.directory), *arguments],
        env={"DBT_PROJECT_DIR": None, "DBT_PROFILES_DIR": None},
        terminal_width=80,
    )


def test_the_command_reads_final_periods_alone(project: Consumer) -> None:
    result = run(project, "--over", "2", "--periods", "3", "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    growth = growth_of({**SMALL, "g": (1, {2})}, 3)
    expected = simulation_json(simulate(growth, periods=3, over=2, change=1))
    for name in ("held", "unchanged", "drivers", "change", "grain"):
        assert told[name] == expected[name]
    assert told["metric"] == "teams"
    assert told["unchanged"][0]["period_start"] == "2026-01-26"


def test_the_command_changes_the_driver_that_is_named(project: Consumer) -> None:
    asked = ("--driver", "retention", "--driver", "retention", "--change", "5")
    result = run(project, "--over", "1", *asked, "--format", "json")
    (one,) = json.loads(result.stdout)["drivers"]
    assert one["driver"] == "retention"
    assert one["after"] == pytest.approx(one["before"] + 0.05)
    text = run(project, "--over", "1", *asked)
    assert (text.exit_code, text.stderr) == (0, "")
    assert "\nretention " in text.stdout


def test_the_command_tests_back(project: Consumer) -> None:
    result = run(project, "--backtest", "--over", "1", "--format", "json")
    told = json.loads(result.stdout)
    growth = growth_of({**SMALL, "g": (1, {2})}, 3)
    assert told["distances"] == backtest_json(backtest(growth, 12, 1))["distances"]
    text = run(project, "--backtest", "--over", "1")
    assert "off by" in text.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "texts"),
    [
        (("--metric", "share"), 2, ("share cannot be simulated", "it is a ratio")),
        (("--metric", "first_week"), 2, ("booked in it once", "calendar window")),
        (("--metric", "ever"), 2, ("which nobody leaves",)),
        (("--metric", "paying"), 2, ("counts a state",)),
        (("--metric", "rolled"), 2, ("windows overlap", "{rolling: 7d, step: 7d}")),
        (("--metric", "late"), 2, ("    northstar_driver_metrics: [late]",)),
        (("--metric", "young"), 5, ("no period of young is final yet",)),
        (("--metric", "tems"), 2, ("did you mean teams?",)),
        (("--over", "3"), 5, ("has 2 final periods", "--over 2")),
        (("--over", "2", "--backtest"), 5, ("this needs 3", "--over 1")),
        (("--change", "nan"), 2, ("nan is not a number",)),
        (("--change", "1000"), 2, ("1000",)),
        (("--driver", "luck"), 2, ("'luck'", "retention")),
        (("--periods", "0"), 2, ("0",)),
        (("--target", "nowhere"), 1, ("nowhere",)),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    arguments: tuple[str, ...], code: int, texts: tuple[str, ...], project: Consumer
) -> None:
    result = run(project, *arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for text in texts:
        assert text in result.stderr


def test_a_missing_mart_is_refused_with_what_builds_it(
    tmp_path: Path, duckdb_engine: Engine, project: Consumer
) -> None:
    package = tmp_path / "package"
    (package / "models").mkdir(parents=True)
    (package / "dbt_project.yml").write_text("name: northstar\nversion: 1.0.0\n")
    for name in ("northstar__metric_definitions", "northstar__metric_periods"):
        text = (project.package / "models" / f"{name}.sql").read_text()
        (package / "models" / f"{name}.sql").write_text(text)
    consumer = Consumer(tmp_path / "project", duckdb_engine, package=package)
    consumer.dbt("run").assert_success()
    result = run(consumer)
    assert result.exit_code == 3
    assert "no model northstar__growth_accounting" in result.stderr
    assert "northstar_driver_metrics: [teams]" in result.stderr


def test_help_needs_no_dbt() -> None:
    code = (
        "import sys; from click.testing import CliRunner;"
        "from northstar.cli import main;"
        "assert CliRunner().invoke(main, ['simulate', '--help']).exit_code == 0;"
        "print([name for name in sys.modules if name.split('.')[0] in"
        " ('dbt', 'dbt_common', 'numpy', 'duckdb', 'agate')])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "python" / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "[]\n"
