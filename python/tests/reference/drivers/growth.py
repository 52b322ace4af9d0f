"""Growth accounting: who is new, kept, back and gone, and what that adds up to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from ..clock import Period
from ..grammar import Definition
from ..measure import EntityPeriod
from ..periods import Measured, growth_statuses
from ..values import Value, divided, scaled
from .scope import Rows, Scope, qualified
from .statistics import named_rate

ZERO = Decimal(0)
ADDED = ("new", "resurrected", "expansion")
LOST = ("contraction", "churned")


class Pool(NamedTuple):
    """Entities that could have qualified, and how many of them did."""

    entities: int
    qualified: int


@dataclass(frozen=True)
class Growth:
    """One period: its entities against those of the period before.

    `flows` is the change of the metric's value by bucket, in the measure's own unit.
    """

    new: int
    retained: int
    resurrected: int
    previous: int
    dormant: int
    never: int
    flows: dict[str, Decimal]

    @property
    def churned(self) -> int:
        """Who was there before and is not now."""
        return self.previous - self.retained

    @property
    def pools(self) -> dict[str, Pool]:
        """Where the entities of the period come from."""
        return {
            "active": Pool(self.previous, self.retained),
            "dormant": Pool(self.dormant, self.resurrected),
            "never": Pool(self.never, self.new),
        }


def growth_accounting(scope: Scope) -> Rows:
    """One row per metric and period."""
    rows: Rows = []
    for measured in scope.measured("calendar", "rolling"):
        censored = scope.company.settings.left_censored_periods
        accounts = accounting(scope, measured)
        for index, (period, growth) in enumerate(accounts.items()):
            keys = scope.keys(measured, period)
            rows.append(
                {
                    **keys,
                    "is_left_censored": index < censored,
                    "qualified_entities": measured.qualified(period),
                    "previous_entities": growth.previous,
                    "new_entities": growth.new,
                    "retained_entities": growth.retained,
                    "resurrected_entities": growth.resurrected,
                    "dormant_pool": growth.dormant,
                    "never_pool": growth.never,
                    **ended(growth, measured, keys["period_status"] == "open"),
                }
            )
    return rows


def ended(growth: Growth, measured: Measured, is_open: bool) -> dict[str, Value]:
    """What can be said of a period only when it is over."""
    unit_scale = scale_of(measured.definition)
    gained = growth.new + growth.resurrected
    columns: dict[str, Value] = {
        "churned_entities": growth.churned,
        **{f"{name}_value": scaled(growth.flows[name], unit_scale) for name in ADDED},
        **{f"{name}_value": scaled(-growth.flows[name], unit_scale) for name in LOST},
        "quick_ratio": divided(Decimal(gained), Decimal(growth.churned)),
        **named_rate("retention_rate", growth.retained, growth.previous),
        **named_rate("resurrection_rate", growth.resurrected, growth.dormant),
        **named_rate("first_qualification_rate", growth.new, growth.never),
    }
    return dict.fromkeys(columns) if is_open else columns


def accounting(scope: Scope, measured: Measured) -> dict[Period, Growth]:
    """The account of each period."""
    here = qualified(measured)
    statuses = growth_statuses(measured.entity_periods, measured.cadence)
    known, first_ends = known_dates(scope, measured), first_ends_of(measured)
    contributions = contributions_of(measured)
    accounts = {}
    for period in measured.periods:
        before = measured.cadence.before(period)
        previous = here.get(before, {})
        came = [statuses[entity_id, period] for entity_id in here[period]]
        once = sum(end <= period.start for end in first_ends.values())
        flows = dict.fromkeys((*ADDED, *LOST), ZERO)
        now, then = contributions[period], contributions.get(before, {})
        for entity_id in now.keys() | then.keys():
            change = now.get(entity_id, ZERO) - then.get(entity_id, ZERO)
            arrived = statuses.get((entity_id, period))
            flows[bucket(arrived, entity_id in previous, change)] += change
        accounts[period] = Growth(
            new=came.count("new"),
            retained=came.count("retained"),
            resurrected=came.count("resurrected"),
            previous=len(previous),
            dormant=once - len(previous),
            never=sum(day < period.end for day in known.values()) - once,
            flows=flows,
        )
    return accounts


def bucket(arrived: str | None, was_there: bool, change: Decimal) -> str:
    """Where the change of one entity is booked; every change is booked once."""
    if arrived in ("new", "resurrected"):
        return arrived
    if was_there and arrived is None:
        return "churned"
    return "expansion" if change > 0 else "contraction"


def known_dates(scope: Scope, measured: Measured) -> dict[str, date]:
    """From when an entity could have qualified: first seen, or its first period."""
    anchors = scope.company.anchors[measured.definition.entity]
    known = {
        entity_id: scope.clock.local_date(anchor.first_seen_at)
        for entity_id, anchor in anchors.items()
    }
    for period, entities in qualified(measured).items():
        for entity_id in entities:
            known[entity_id] = min(known[entity_id], period.start)
    return known


def first_ends_of(measured: Measured) -> dict[str, date]:
    """When the first period ended in which an entity qualified."""
    ends: dict[str, date] = {}
    for period, entities in qualified(measured).items():
        for entity_id in entities:
            ends[entity_id] = min(ends.get(entity_id, period.end), period.end)
    return ends


def contributions_of(measured: Measured) -> dict[Period, dict[str, Decimal]]:
    """What each entity adds to the value of each period, unscaled."""
    found: dict[Period, dict[str, Decimal]] = {p: {} for p in measured.periods}
    for row in measured.entity_periods:
        found[row.period][row.entity_id] = contribution(measured.definition, row)
    return found


def contribution(definition: Definition, row: EntityPeriod) -> Decimal:
    """What a row adds to the value, unscaled: 1 where entities are counted."""
    if definition.total == "entities":
        return Decimal(row.is_qualified)
    return row.measure if row.is_counted else ZERO


def scale_of(definition: Definition) -> Decimal:
    """The unit of the value; a number of entities has none."""
    return definition.unit_scale if definition.total == "measure" else Decimal(1)
