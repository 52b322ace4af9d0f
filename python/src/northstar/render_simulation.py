"""A simulation and its back-test as text for the terminal, and as JSON. Pure functions.

Beside every figure stands what it takes for granted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from northstar.periods import Metric
from northstar.render import NOTHING, align, decimal_places, format_number
from northstar.simulate import SHARES, Backtest, Distance, Effect, Point, Simulation

UNCHANGED = "all as it was"
ASSUMPTIONS = {
    "activation": "of {arrivals} that arrive in a period, so many qualify in it",
    "retention": "of those of a period, so many are there in the next one",
    "resurrection": "of those who stopped, so many are back in a period",
    "first_qualification": "of all who never qualified, so many do in a period",
    "arrivals": "so many become known in a period",
    "value_per_entity": "so much comes of each in a period",
}
"""What a changed driver says, in words; all else is as it was."""

ALIKE = "everyone in a pool is taken to be alike"
ALONE = "no rate moves another"
NOT_CAUSE = "arithmetic, not a cause: nothing says how a rate could be moved"


def render_simulation(simulation: Simulation) -> str:
    """The worth of each driver, then the paths, period by period."""
    last = simulation.unchanged[-1]
    values = [
        last.value,
        *(point.value for effect in simulation.effects for point in effect.path),
    ]
    places = _places(values)
    worth = [
        ("driver", "was", "if", last.start.isoformat(), "more", "elasticity", ""),
        ("unchanged", "", "", _number(last.value, places), "", "", UNCHANGED),
    ]
    for effect in simulation.effects:
        worth.append(
            (
                _words(effect.driver),
                _driver_value(effect.driver, effect.before),
                _driver_value(effect.driver, effect.after),
                _number(effect.path[-1].value, places),
                _number(effect.more, places, sign=True),
                _elasticity(effect.elasticity),
                assumption(simulation, effect),
            )
        )
    header = ("from", "unchanged", *(_words(e.driver) for e in simulation.effects))
    paths = [
        (
            points[0].start.isoformat(),
            *(_number(point.value, places) for point in points),
        )
        for points in zip(
            simulation.unchanged, *(e.path for e in simulation.effects), strict=True
        )
    ]
    metric = simulation.growth.metric
    return _lines(
        _title(metric),
        *_introduction(simulation),
        "",
        f"What a change is worth in period {len(paths)}{_in_unit(metric)}",
        *align(worth, right=(1, 2, 3, 4, 5)),
        "",
        "The paths",
        *align([header, *paths], right=range(1, len(header))),
    )


def render_backtest(found: Backtest) -> str:
    """A line for each number of periods ahead."""
    rows = [("ahead", "paths", "off by", "too high by", "last value kept: off by")]
    for distance in found.distances:
        rows.append(
            (
                str(distance.ahead),
                str(distance.paths),
                _distance(distance.off),
                _distance(distance.over, sign=True),
                _distance(distance.naive),
            )
        )
    return _lines(
        _title(found.growth.metric),
        "How far the unchanged path was from what happened, in percent of that. A path",
        f"begins after each period from {found.first} to {found.last}, and holds the",
        f"rates that were known then, over {found.over} "
        f"{'period' if found.over == 1 else 'periods'}.",
        "",
        *align(rows, right=range(5)),
    )


def simulation_json(simulation: Simulation) -> dict[str, Any]:
    """The simulation for machines; numbers are rounded to the ninth place."""
    held = simulation.held
    return {
        **_metric_json(simulation.growth.metric, simulation.growth.grain),
        "held": {
            "period_start": held[0].start.isoformat(),
            "period_end": held[-1].end.isoformat(),
            "periods": len(held),
        },
        "assumptions": [
            "every driver but the one that is changed stays as it was over `held`",
            ALIKE,
            ALONE,
            NOT_CAUSE,
        ],
        "backtest": simulation.tested and _distance_json(simulation.tested),
        "change": simulation.change,
        "unchanged": _path_json(simulation.unchanged),
        "drivers": [
            {
                "driver": effect.driver,
                "before": _rounded(effect.before),
                "after": _rounded(effect.after),
                "more": _rounded(effect.more),
                "elasticity": _rounded(effect.elasticity),
                "assumption": assumption(simulation, effect),
                "path": _path_json(effect.path),
            }
            for effect in simulation.effects
        ],
    }


def backtest_json(found: Backtest) -> dict[str, Any]:
    """The back-test for machines; distances are shares of what happened."""
    return {
        **_metric_json(found.growth.metric, found.growth.grain),
        "held_periods": found.over,
        "first_start": found.first.isoformat(),
        "last_start": found.last.isoformat(),
        "distances": [_distance_json(distance) for distance in found.distances],
    }


def _distance_json(distance: Distance) -> dict[str, Any]:
    return {
        "ahead": distance.ahead,
        "paths": distance.paths,
        "off": _rounded(distance.off),
        "over": _rounded(distance.over),
        "last_value_off": _rounded(distance.naive),
    }


def assumption(simulation: Simulation, effect: Effect) -> str:
    """What an effect takes for granted, beside all else being as it was."""
    arrivals = simulation.rates.arrivals
    said = ASSUMPTIONS[effect.driver].format(
        arrivals=_number(arrivals, _places([arrivals]))
    )
    if getattr(simulation.rates, effect.driver) is None:
        said += "; nobody was there to know it by, so it was taken as 0"
    asked = effect.before + simulation.change / 100
    if effect.driver in SHARES and abs(asked - effect.after) > 1e-12:
        said += f"; a share ends at {_percent(effect.after)}"
    return said


def _introduction(simulation: Simulation) -> list[str]:
    held = simulation.held
    first, through = held[0].start, held[-1].end - timedelta(days=1)
    periods = "period" if len(held) == 1 else f"{len(held)} periods"
    return [
        f"Rates as they were over the final {periods} from {first} to {through},",
        f"and one of them changed by turns; {ALIKE}, and {ALONE}.",
        f"It is {NOT_CAUSE}.",
        *_how_far_off(simulation.tested),
    ]


def _how_far_off(tested: Distance | None) -> list[str]:
    if tested is None:
        return ["No earlier path can be held against what happened yet."]
    periods = "period" if tested.ahead == 1 else "periods"
    off, naive = _distance(tested.off), _distance(tested.naive)
    return [
        f"{tested.ahead} {periods} ahead such paths were off by {off} "
        f"(of {tested.paths}); the last value, kept, by {naive}."
    ]


def _in_unit(metric: Metric) -> str:
    return f", in {metric.unit}" if metric.unit else ""


def _driver_value(driver: str, value: float) -> str:
    return _percent(value) if driver in SHARES else _number(value, _places([value]))


def _title(metric: Metric) -> str:
    return f"{metric.label} ({metric.name}, version {metric.version})"


def _metric_json(metric: Metric, grain: str) -> dict[str, Any]:
    return {
        "metric": metric.name,
        "version": metric.version,
        "unit": metric.unit,
        "grain": grain,
    }


def _path_json(points: Sequence[Point]) -> list[dict[str, Any]]:
    return [
        {
            "period_start": point.start.isoformat(),
            "entities": _rounded(point.entities),
            "value": _rounded(point.value),
        }
        for point in points
    ]


def _words(driver: str) -> str:
    return driver.replace("_", " ")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 9) + 0.0


def _places(values: Sequence[float]) -> int:
    return decimal_places([Decimal(str(value)) for value in values])


def _number(value: float, places: int, *, sign: bool = False) -> str:
    return format_number(Decimal(str(value)), places, sign=sign)


def _percent(share: float) -> str:
    """Three figures of a share as a percentage: 0.0283 is 2.83 %."""
    return f"{share * 100:#.3g}".rstrip(".") + " %"


def _distance(share: float | None, *, sign: bool = False) -> str:
    """A share of what happened as a percentage with one place: 0.0283 is 2.8 %."""
    if share is None:
        return NOTHING
    return f"{_number(share * 100, 1, sign=sign)} %"


def _elasticity(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"
