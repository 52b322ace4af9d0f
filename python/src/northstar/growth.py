"""Growth accounting of a metric, as northstar__growth_accounting publishes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from northstar.errors import NoGrowthError, NotBuiltError, TooFewPeriodsError
from northstar.periods import Metric, as_date, as_number
from northstar.warehouse import Row, Warehouse

MART = "northstar__growth_accounting"

NO_FLOWS = {
    "ratio": "it is a ratio, of which nobody is a part",
    "since_anchor": "each entity is booked in it once, for its anchor, and cannot stay",
    "lifetime": "it is a stock over a lifetime, which nobody leaves",
    "as_of": "it counts a state and not what entities do",
}
"""Why nobody is new, kept or gone in a metric, by its kind."""


@dataclass(frozen=True)
class Account:
    """One final period: its entities against those of the period before.

    `dormant` and `never` are the pools that the period drew on: who had qualified
    before and not in the period before, and who was known and never had. `value` is
    the metric's own, in its unit.
    """

    start: date
    end: date
    is_left_censored: bool
    qualified: int
    previous: int
    new: int
    retained: int
    resurrected: int
    dormant: int
    never: int
    value: float

    @property
    def dormant_next(self) -> int:
        """Who is in the dormant pool of the period after: the churned are added."""
        return self.dormant + self.previous - self.retained - self.resurrected

    @property
    def never_left(self) -> int:
        """Who stays in the pool of those who never qualified; others arrive."""
        return self.never - self.new


@dataclass(frozen=True)
class Growth:
    """The final periods of a metric, each with its grain, the earliest first."""

    metric: Metric
    grain: str
    accounts: tuple[Account, ...]


def read_growth(warehouse: Warehouse, metric: Metric) -> Growth:
    """The final periods of the metric.

    Raises NoGrowthError where growth accounting means nothing for the metric, is not
    asked for, or is of windows that overlap; NotBuiltError where the mart is missing;
    TooFewPeriodsError where no period is final.
    """
    kind = _kind(warehouse, metric)
    if kind in NO_FLOWS:
        raise NoGrowthError(
            f"{metric.name} cannot be simulated: {NO_FLOWS[kind]}. Growth accounting "
            "is of metrics with a calendar window, or with rolling ones that do not "
            "overlap"
        )
    asked = (
        "Write in dbt_project.yml, then build:\n"
        "vars:\n"
        "  northstar:\n"
        f"    northstar_driver_metrics: [{metric.name}]"
    )
    try:
        mart = warehouse.relation(MART)
    except NotBuiltError as error:
        raise NotBuiltError(
            f"{error} It is not built where northstar_using_drivers is false, nor "
            f"where no driver metric has flows. {asked}"
        ) from error
    rows = warehouse.query(
        "select growth.grain, growth.period_start, growth.period_end, "
        "growth.period_status, growth.is_left_censored, growth.qualified_entities, "
        "growth.previous_entities, growth.new_entities, growth.retained_entities, "
        "growth.resurrected_entities, growth.dormant_pool, growth.never_pool, "
        "periods.value "
        f"from {mart} as growth "
        f"inner join {warehouse.relation('northstar__metric_periods')} as periods "
        "on growth.metric_name = periods.metric_name "
        "and growth.metric_version = periods.metric_version "
        "and growth.period_start = periods.period_start "
        f"where growth.metric_name = '{metric.name}' "
        f"and growth.metric_version = {metric.version} "
        "order by growth.period_start"
    )
    if not rows:
        raise NoGrowthError(
            f"{metric.name} has no growth accounting: it has no periods yet, or no "
            f"drivers are asked for. {asked}"
        )
    accounts = tuple(_account(row) for row in rows if row["period_status"] == "final")
    if not accounts:
        raise TooFewPeriodsError(
            f"no period of {metric.name} is final yet, and what may still change says "
            "nothing about rates"
        )
    _assert_apart(metric, accounts)
    return Growth(metric, str(rows[0]["grain"]), accounts)


def _kind(warehouse: Warehouse, metric: Metric) -> str:
    """The kind of the metric's window, or `ratio`."""
    mart = "northstar__metric_definitions"
    written = warehouse.meta(mart).get("northstar_definitions", {})
    if "ratio" in written.get(metric.name, {}):
        return "ratio"
    (row,) = warehouse.query(
        f"select window_kind from {warehouse.relation(mart)} "
        f"where metric_name = '{metric.name}' and metric_version = {metric.version}"
    )
    return str(row["window_kind"])


def _assert_apart(metric: Metric, accounts: Sequence[Account]) -> None:
    """Pools follow from the flows of the period before only where none overlap."""
    for one, other in pairwise(accounts):
        if other.start < one.end:
            raise NoGrowthError(
                f"{metric.name} cannot be simulated: its windows overlap, so that the "
                "pools of one do not follow from the flows of another. Simulate a "
                "metric with window: {calendar: week}, or give its rolling window a "
                f"step of its length: {{rolling: {_days(one)}d, step: {_days(one)}d}}"
            )


def _days(account: Account) -> int:
    return (account.end - account.start).days


def _account(row: Row) -> Account:
    value = as_number(row["value"])
    return Account(
        start=as_date(row["period_start"]),
        end=as_date(row["period_end"]),
        is_left_censored=bool(row["is_left_censored"]),
        qualified=int(row["qualified_entities"]),
        previous=int(row["previous_entities"]),
        new=int(row["new_entities"]),
        retained=int(row["retained_entities"]),
        resurrected=int(row["resurrected_entities"]),
        dormant=int(row["dormant_pool"]),
        never=int(row["never_pool"]),
        value=0.0 if value is None else float(value),
    )
