"""Segments: a metric by channel, device, country and so on, without small cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from ..clock import Period
from ..measure import EntityPeriod
from ..periods import Measured, growth_statuses
from ..values import scaled
from .growth import contribution, scale_of
from .scope import Rows, Scope

GROWTH_STATUS = "growth_status"
NO_STATUS = "(none)"
SEGMENTED = ("calendar", "rolling", "since_anchor")


class Cell(NamedTuple):
    """The entities of one value of a segment: those that count, those that qualify."""

    contribution: Decimal
    counting: int
    qualified: int


EMPTY = Cell(Decimal(0), 0, 0)

Cells = Mapping[str, Cell]
"""By the value of a segment."""

Valued = Callable[[EntityPeriod], str]
"""The value of a segment that a row has."""


def segment_periods(scope: Scope) -> Rows:
    """One row per metric, period, segment, and value that is or was just there."""
    rows: Rows = []
    for metric in scope.metrics.values():
        if not isinstance(metric, Measured):
            continue
        definition = metric.definition
        if definition.window.kind not in SEGMENTED:
            continue
        for segment, value_of in segments_of(metric, scope).items():
            for period in metric.periods:
                cells = cells_of(metric, period, value_of)
                hidden = suppressed(cells, scope.min_cell)
                rows += [
                    {
                        **scope.keys(metric, period),
                        "segment_name": segment,
                        "segment_value": value,
                        "value": None
                        if value in hidden
                        else scaled(cell.contribution, scale_of(definition)),
                        "qualified_entities": None
                        if value in hidden
                        else cell.qualified,
                        "is_suppressed": value in hidden,
                        "is_additive": is_additive(metric),
                    }
                    for value, cell in cells.items()
                ]
    return rows


def segments_of(measured: Measured, scope: Scope) -> dict[str, Valued]:
    """The segments that a source maps, and how an entity came."""
    definition = measured.definition
    found: dict[str, Valued] = {
        name: lambda row, name=name: row.segments[name]  # type: ignore[misc]
        for name in scope.mapped_segments
    }
    if definition.window.kind in ("calendar", "rolling") and scope.lasts(definition):
        statuses = growth_statuses(measured.entity_periods, measured.cadence)
        found[GROWTH_STATUS] = lambda row: statuses.get(
            (row.entity_id, row.period), NO_STATUS
        )
    return found


def cells_of(measured: Measured, period: Period, value_of: Valued) -> dict[str, Cell]:
    """The cells of a period; a value that was only in the one before is empty now."""
    before = measured.cadence.before(period)
    then = {
        value_of(row) for row in measured.standing.get(before, []) if row.is_counted
    }
    cells = dict.fromkeys(sorted(then), EMPTY)
    for row in measured.standing.get(period, []):
        if row.is_counted:
            cell = cells.get(value_of(row), EMPTY)
            cells[value_of(row)] = Cell(
                cell.contribution + contribution(measured.definition, row),
                cell.counting + 1,
                cell.qualified + row.is_qualified,
            )
    return cells


def suppressed(cells: Cells, least: int) -> set[str]:
    """The values that are not shown: too small, and as many more as hide those.

    Beside the total, what is hidden can be told by subtraction: so if anyone is in it,
    it must not be small together.
    """
    hidden = {value for value, cell in cells.items() if cell.qualified < least}
    if not any(cells[value].counting for value in hidden):
        return hidden
    for value in sorted(cells, key=lambda value: (cells[value].qualified, value)):
        if sum(cells[hiding].qualified for hiding in hidden) >= least:
            break
        hidden.add(value)
    return hidden


def is_additive(measured: Measured) -> bool:
    """Whether values may be added over time: events and sums, each in one period."""
    definition = measured.definition
    return (
        definition.total == "measure"
        and definition.counts != "distinct"
        and definition.window.kind != "rolling"
    )
