"""The latest final values of metrics, for a tree that shows them.

A tree is drawn the same without values. Open and provisional periods are left out: a
number in a document should not change after it was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from northstar.manifest import PERIODS
from northstar.periods import as_date, as_number
from northstar.render import decimal_places, format_number, format_rate
from northstar.warehouse import Warehouse

POINTS = 13
"""How many periods a sparkline shows: a quarter of weeks."""


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

    @property
    def value_text(self) -> str:
        """The value with as many places as the points ask for."""
        return format_number(self.value, decimal_places([*self.points, self.value]))

    @property
    def change_text(self) -> str:
        """The change as a share where there is one, else as a number."""
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


def read_values(warehouse: Warehouse) -> TreeValues:
    """The final values of every metric in northstar__metric_periods.

    Of several versions of a metric the latest is taken. Raises NotBuiltError and
    WarehouseError as the warehouse does.
    """
    rows = warehouse.query(
        "select metric_name, metric_version, period_start, period_end, value, change, "
        "change_rate from ("
        "select metric_name, metric_version, period_start, period_end, value, change, "
        "change_rate, row_number() over (partition by metric_name, metric_version "
        "order by period_start desc) as position "
        f"from {warehouse.relation(PERIODS)} where period_status = 'final'"
        f") as final_periods where position <= {POINTS} "
        "order by metric_name, metric_version, period_start"
    )
    return group_values(rows)


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
