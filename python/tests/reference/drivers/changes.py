"""Why a value changed: parts that add up to the change. Accounting, not causes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from ..clock import Period
from ..grammar import Definition
from ..measure import EntityPeriod
from ..periods import Measured, Metric, Quotient, keys
from ..values import rounded, scaled
from .engagement import ActiveDays, active_days_of, within
from .growth import ADDED, LOST, Growth, accounting, contribution, scale_of
from .parts import SUPPRESSED, Part, balanced
from .products import Factors, over, shapley
from .rate_mix import has_segments, rate_mix
from .scope import Rows, Scope, lives
from .segments import Cells, Valued, cells_of, segments_of, suppressed

RATES = {
    "active": "retention_rate",
    "dormant": "resurrection_rate",
    "never": "first_qualification_rate",
}

Accounts = dict[Period, Growth]


class Method(NamedTuple):
    """A way to take a change apart: its parts, by the period and the one before."""

    name: str
    segment: str | None
    parts: Callable[[Period, Period], list[Part]]


def metric_changes(scope: Scope) -> Rows:
    """One row per metric, period that is over, method and component."""
    rows: Rows = []
    for name in scope.driver_metrics:
        metric, definition = scope.metrics[name], scope.definitions[name]
        ways = list(methods(metric, scope))
        for period in metric.periods:
            before = metric.cadence.before(period)
            change = change_of(metric, period, before)
            stage = scope.stage(metric, period)
            if change is None or stage == "open":
                continue
            rows += [
                {
                    **keys(definition, metric, period, stage),
                    "method": way.name,
                    "segment_name": way.segment,
                    "segment_value": part.segment_value,
                    "effect": part.effect,
                    "component": part.component,
                    "contribution": part.contribution,
                }
                for way in ways
                for part in balanced(way.parts(period, before), change)
            ]
    return rows


def change_of(metric: Metric, period: Period, before: Period) -> Decimal | None:
    """The change of the published value, if both are known."""
    if before not in metric.periods:
        return None
    now, then = metric.value(period), metric.value(before)
    return None if now is None or then is None else rounded(now - then)


def methods(metric: Metric, scope: Scope) -> Iterator[Method]:
    """Every way that there is for this metric."""
    if isinstance(metric, Quotient):
        yield Method("shapley", None, partial(ratio, metric))
        for segment in scope.mapped_segments if has_segments(metric) else []:
            parts = partial(rate_mix, metric, segment=segment, min_cell=scope.min_cell)
            yield Method(f"rate_mix_{segment}", segment, parts)
        return
    assert isinstance(metric, Measured)
    definition = metric.definition
    kind, is_measure = definition.window.kind, definition.total == "measure"
    if kind in ("calendar", "rolling") and scope.lasts(definition):
        accounts = accounting(scope, metric)
        yield Method("flows", None, partial(flows, definition, accounts))
        if kind == "calendar" and not is_measure:
            yield Method("shapley", None, partial(pools, accounts))
        if kind == "calendar" and is_measure:
            active = active_days_of(lives(metric), scope.clock)
            yield Method("shapley", None, partial(activity, metric, active))
    if kind == "calendar":
        for segment, value_of in segments_of(metric, scope).items():
            parts = partial(
                by_segment, metric, value_of=value_of, min_cell=scope.min_cell
            )
            yield Method(f"segments_{segment}", segment, parts)
    if kind in ("lifetime", "as_of") and is_measure:
        yield Method("shapley", None, partial(stock, metric))


# --------------------------------------------------------------- flows and segments


def flows(
    definition: Definition, accounts: Accounts, period: Period, before: Period
) -> list[Part]:
    """By how entities came and went; an entity that is counted does not grow."""
    names: Sequence[str] = (*ADDED, *LOST)
    if definition.total == "entities":
        names = ("new", "resurrected", "churned")
    by_name, unit_scale = accounts[period].flows, scale_of(definition)
    return [Part(name, scaled(by_name[name], unit_scale)) for name in names]


def by_segment(
    measured: Measured,
    period: Period,
    before: Period,
    value_of: Valued,
    min_cell: int,
) -> list[Part]:
    """By the value of a segment."""
    now = cells_of(measured, period, value_of)
    then = cells_of(measured, before, value_of)
    hidden = suppressed(now, min_cell) | suppressed(then, min_cell)
    found: dict[str, Decimal] = {}
    for value in sorted({v for v in now.keys() | then.keys() if counts(v, now, then)}):
        shown = SUPPRESSED if value in hidden else value
        change = added(value, now) - added(value, then)
        found[shown] = found.get(shown, Decimal(0)) + change
    unit_scale = scale_of(measured.definition)
    return [
        Part(value, scaled(change, unit_scale), segment_value=value)
        for value, change in found.items()
    ]


def counts(value: str, now: Cells, then: Cells) -> bool:
    """Whether anyone of this value counts in one of the two periods."""
    return any(value in cells and cells[value].counting for cells in (now, then))


def added(value: str, cells: Cells) -> Decimal:
    """What a value adds, which is nothing if nobody has it."""
    return cells[value].contribution if value in cells else Decimal(0)


# ------------------------------------------------------------------------- factors


def pools(accounts: Accounts, period: Period, before: Period) -> list[Part]:
    """Of entities: the pools that they come from, and the rate of each."""
    parts = []
    for pool, rate in RATES.items():
        then, now = accounts[before].pools[pool], accounts[period].pools[pool]
        by_size, by_rate = shapley(
            (Fraction(then.entities), over(then.qualified, then.entities)),
            (Fraction(now.entities), over(now.qualified, now.entities)),
        )
        parts += [Part(f"{pool}_pool", by_size), Part(rate, by_rate)]
    return parts


def activity(
    measured: Measured, active: ActiveDays, period: Period, before: Period
) -> list[Part]:
    """Of a measure: entities, their active days, and how much they do on one."""

    def factors(at: Period) -> Factors:
        entities = standing(measured, at, is_qualified=True)
        here = within(active, at)
        days = sum(here[row.entity_id] for row in entities)
        value = total(measured.definition, entities)
        return (Fraction(len(entities)), over(days, len(entities)), over(value, days))

    changes = shapley(factors(before), factors(period))
    parts = in_unit(measured, ("entities", "frequency", "depth"), changes)
    return parts + net_voids(measured, period, before)


def stock(measured: Measured, period: Period, before: Period) -> list[Part]:
    """Of a stock: how many there are, and what each is worth."""

    def factors(at: Period) -> Factors:
        entities = standing(measured, at, is_qualified=True)
        value = total(measured.definition, entities)
        return (Fraction(len(entities)), over(value, len(entities)))

    changes = shapley(factors(before), factors(period))
    parts = in_unit(measured, ("entities", "value_per_entity"), changes)
    return parts + net_voids(measured, period, before)


def ratio(quotient: Quotient, period: Period, before: Period) -> list[Part]:
    """Of a ratio: what is divided, and by what."""

    def factors(at: Period) -> Factors:
        numerator, denominator = quotient.parts(at)
        return (Fraction(numerator), over(1, denominator))

    changes = shapley(factors(before), factors(period))
    return [
        Part(name, scaled(change, quotient.ratio.unit_scale))
        for name, change in zip(("numerator", "denominator"), changes, strict=True)
    ]


def net_voids(measured: Measured, period: Period, before: Period) -> list[Part]:
    """What is added by entities that do not qualify: their net voids."""
    definition = measured.definition
    if definition.void is None or definition.void.mode != "net":
        return []
    now = total(definition, standing(measured, period, is_qualified=False))
    then = total(definition, standing(measured, before, is_qualified=False))
    return in_unit(measured, ("net_voids",), (now - then,))


def standing(
    measured: Measured, period: Period, is_qualified: bool
) -> list[EntityPeriod]:
    """The rows that make a period's value, those that qualify or those that do not."""
    rows = measured.standing.get(period, [])
    return [row for row in rows if row.is_qualified is is_qualified]


def total(definition: Definition, rows: Iterable[EntityPeriod]) -> Decimal:
    """What rows add to the value, unscaled."""
    return sum((contribution(definition, row) for row in rows), Decimal(0))


def in_unit(
    measured: Measured, names: Sequence[str], changes: Sequence[Decimal]
) -> list[Part]:
    """Parts in the metric's unit."""
    unit_scale = scale_of(measured.definition)
    return [
        Part(name, scaled(change, unit_scale))
        for name, change in zip(names, changes, strict=True)
    ]
