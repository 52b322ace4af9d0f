"""The latest final values of metrics, for a tree that shows them.

A tree is drawn the same without values. Open and provisional periods are left out: a
number in a document should not change after it was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from northstar.errors import NotBuiltError
from northstar.manifest import PERIODS
from northstar.periods import as_date, as_number
from northstar.render import decimal_places, format_number, format_rate
from northstar.tree import Node
from northstar.warehouse import Warehouse

SIDE_BY_SIDE = "northstar__north_star_drivers"
"""The mart whose columns the shipped metrics add up, each by its measure."""

MEASURE = "driver_"
"""How a measure of that mart begins; the column's name follows."""

BY_THEMSELVES = ("northstar__revenue_periods", "northstar__funnel_steps")
"""Marts that shipped metrics add up as they are, each by its measure."""

ENTITIES = "north_star_qualified_entities"
"""The measure that gives the number of entities behind the North Star."""

POINTS = 13
"""How many periods a sparkline shows: a quarter of weeks."""


SHARE = "share"
"""The unit of what is shown in percent."""


def unit_text(unit: str) -> str:
    """The unit where it stands beside a number; a share has its mark already."""
    return "" if unit == SHARE else unit


@dataclass(frozen=True)
class NodeValue:
    """A metric in its latest final period [start, end), changed from the one before.

    `points` are the values of the last final periods, that one included, the earliest
    first; None where a value is null.
    """

    start: date
    end: date
    value: Decimal | None
    change: Decimal | None
    change_rate: Decimal | None
    points: tuple[Decimal | None, ...]

    def value_text(self, unit: str = "") -> str:
        """The value with as many places as the points ask for; a share in percent."""
        if unit == SHARE and self.value is not None:
            return f"{format_number(self.value * 100, 1)} %"
        return format_number(self.value, decimal_places([*self.points, self.value]))

    def said(self, unit: str) -> str:
        """The value and what it is counted in."""
        return f"{self.value_text(unit)} {unit_text(unit)}".strip()

    def change_text(self, unit: str = "") -> str:
        """The change as a rate where there is one, else as a number.

        That of a share is in points: percent of percent would be misread.
        """
        if unit == SHARE and self.change is not None:
            return f"{format_number(self.change * 100, 1, sign=True)} points"
        if self.change_rate is not None:
            return format_rate(self.change_rate)
        if self.change is None:
            return ""
        return format_number(self.change, decimal_places([self.change]), sign=True)

    @property
    def period_text(self) -> str:
        """The period's first and last day."""
        last = self.end - timedelta(days=1)
        return f"{self.start.isoformat()} to {last.isoformat()}"

    def status(self, direction: str) -> Literal["better", "worse", "same", "unknown"]:
        """What the change means for a metric that should go this way, up or down."""
        if self.change is None:
            return "unknown"
        if self.change == 0:
            return "same"
        rises = self.change > 0
        return "better" if rises == (direction != "down") else "worse"


TreeValues = Mapping[str, NodeValue]
"""Values by the name of the node."""


def read_values(warehouse: Warehouse, nodes: Iterable[Node] = ()) -> TreeValues:
    """The final values of every metric in northstar__metric_periods.

    Of several versions of a metric the latest is taken. The shipped metrics among
    `nodes` are the North Star's own number of entities, and what
    northstar__north_star_drivers and the marts of revenue and funnels have, where a
    project builds them. Raises NotBuiltError
    and WarehouseError as the warehouse does.
    """
    columns = (
        "metric_name, metric_version, is_north_star, period_start, period_end, "
        "value, change, change_rate, qualified_entities"
    )
    rows = warehouse.query(
        f"select {columns} from ("
        f"select {columns}, row_number() over (partition by metric_name, "
        "metric_version order by period_start desc) as position "
        f"from {warehouse.relation(PERIODS)} where period_status = 'final'"
        f") as final_periods where position <= {POINTS} "
        "order by metric_name, metric_version, period_start"
    )
    shipped = [node for node in nodes if node.kind == "shipped"]
    return {
        **_read_drivers(warehouse, shipped),
        **read_sums(warehouse, shipped),
        **entity_values(rows, shipped),
        **group_values(rows),
    }


def _read_drivers(warehouse: Warehouse, shipped: Sequence[Node]) -> TreeValues:
    try:
        drivers = warehouse.relation(SIDE_BY_SIDE) if shipped else ""
    except NotBuiltError:
        return {}
    if not drivers:
        return {}
    rows = warehouse.query(
        f"select * from {drivers} where period_status = 'final' order by period_start"
    )
    return driver_values(rows, shipped)


def read_sums(warehouse: Warehouse, shipped: Sequence[Node]) -> TreeValues:
    """Revenue over all states, and funnels over all funnels if their grain is one.

    From the marts in which shipped metrics among the nodes add rows up; one that is
    not built gives none.
    """
    values: dict[str, NodeValue] = {}
    for mart in BY_THEMSELVES:
        summed = {
            node.formula.measure: node.formula.expression
            for node in shipped
            if node.formula.table == mart
            and node.formula.expression
            and not node.formula.filter
        }
        try:
            relation = warehouse.relation(mart) if summed else ""
        except NotBuiltError:
            continue
        if not relation:
            continue
        columns = ", ".join(f"{sql} as {name}" for name, sql in summed.items())
        rows = warehouse.query(
            f"select grain, period_start, period_end, {columns} from {relation} "
            "where period_status = 'final' group by grain, period_start, period_end "
            "order by period_start"
        )
        if len({row["grain"] for row in rows}) == 1:
            values |= _sum_values(rows, shipped)
    return values


def _sum_values(
    rows: Sequence[Mapping[str, Any]], shipped: Iterable[Node]
) -> TreeValues:
    """Values from rows that have a column for each measure, in order of the start."""
    nodes = {node.name: node for node in shipped}
    held = set(rows[-1]) if rows else set()
    return _point_values(
        rows,
        nodes,
        {
            name: node.formula.measure
            for name, node in nodes.items()
            if node.formula.measure in held
        },
    )


def entity_values(
    rows: Sequence[Mapping[str, Any]], shipped: Iterable[Node]
) -> TreeValues:
    """How many entities qualify for the North Star, for the metric that says it.

    From rows of northstar__metric_periods, in order of the start. A North Star that
    counts no entities, such as a ratio, gives none.
    """
    own = [row for row in rows if row["is_north_star"]]
    points = [as_number(row["qualified_entities"]) for row in own]
    if not points or points[-1] is None:
        return {}
    return {
        node.name: _last_of(points, own)
        for node in shipped
        if node.formula.measure == ENTITIES
    }


def driver_values(
    rows: Sequence[Mapping[str, Any]], shipped: Iterable[Node]
) -> TreeValues:
    """Values from rows of northstar__north_star_drivers, in order of the start.

    A simple metric is its measure's column, a ratio the quotient of two. One that is
    not known yet in the last periods (a cohort that is still followed) has the latest
    period in which it is.
    """
    nodes = {node.name: node for node in shipped}
    return _point_values(
        rows, nodes, {name: _column(node) for name, node in nodes.items()}
    )


def _point_values(
    rows: Sequence[Mapping[str, Any]],
    nodes: Mapping[str, Node],
    columns: Mapping[str, str],
) -> TreeValues:
    values: dict[str, NodeValue] = {}
    for name, node in nodes.items():
        parts = node.formula.inputs if node.formula.ratio else (name,)
        found = [columns.get(part, "") for part in parts]
        if not all(found):
            continue
        points = [_point(row, found) for row in rows]
        while points and points[-1] is None:
            points.pop()
        if points:
            values[name] = _last_of(points, rows[: len(points)])
    return values


def _column(node: Node) -> str:
    measure = node.formula.measure
    return measure.removeprefix(MEASURE) if measure.startswith(MEASURE) else ""


def _point(row: Mapping[str, Any], columns: Sequence[str]) -> Decimal | None:
    numbers = [as_number(row.get(column)) for column in columns]
    if len(numbers) == 1 or numbers[0] is None:
        return numbers[0]
    return numbers[0] / numbers[1] if numbers[1] else None


def _last_of(
    points: Sequence[Decimal | None], rows: Sequence[Mapping[str, Any]]
) -> NodeValue:
    value = points[-1]
    before = points[-2] if len(points) > 1 else None
    change = None if value is None or before is None else value - before
    return NodeValue(
        start=as_date(rows[-1]["period_start"]),
        end=as_date(rows[-1]["period_end"]),
        value=value,
        change=change,
        change_rate=change / before if change is not None and before else None,
        points=tuple(points[-POINTS:]),
    )


def group_values(rows: Sequence[Mapping[str, Any]]) -> TreeValues:
    """Values from rows of northstar__metric_periods, in order of version and start."""
    periods: dict[str, dict[int, list[Mapping[str, Any]]]] = {}
    for row in rows:
        versions = periods.setdefault(str(row["metric_name"]), {})
        versions.setdefault(int(row["metric_version"]), []).append(row)
    return {
        name: _node_value(versions[max(versions)]) for name, versions in periods.items()
    }


def _node_value(rows: Sequence[Mapping[str, Any]]) -> NodeValue:
    last = rows[-1]
    return NodeValue(
        start=as_date(last["period_start"]),
        end=as_date(last["period_end"]),
        value=as_number(last["value"]),
        change=as_number(last["change"]),
        change_rate=as_number(last["change_rate"]),
        points=tuple(as_number(row["value"]) for row in rows),
    )
