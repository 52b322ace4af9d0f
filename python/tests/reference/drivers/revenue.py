"""Recurring revenue: what came, grew, shrank and left, month by month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from ..clock import Calendar, Period
from ..company import Interval
from ..periods import status
from ..values import Value, divided
from .scope import DAY, Rows, Scope
from .statistics import named_rate

MONTHS = 12
TRIAL = "trial"
TIME_TO_PAY = 7 * DAY
ZERO = Decimal(0)
ADDED = ("new", "reactivation", "expansion")
LOST = ("contraction", "churned")

Stock = dict[str, Decimal]
"""By entity: its recurring revenue at some instant."""


def revenue_periods(scope: Scope) -> Rows:
    """One row per entity type, valued state, and month."""
    rows: Rows = []
    users = active_users(scope)
    for (entity, state), holders in scope.company.states.items():
        intervals = {
            entity_id: [i for i in held if i.value is not None]
            for entity_id, held in holders.items()
        }
        months = months_of(intervals.values(), scope)
        stocks = [stock_at(intervals, scope.clock.bounds(m)[1]) for m in months]
        trials = {} if state == TRIAL else trials_of(entity, scope)
        for index, month in enumerate(months):
            _, end = scope.clock.bounds(month)
            stage = status(end, scope.company.settings.grace, scope.watermark)
            before = stocks[index - 1] if index > 0 else {}
            earlier = {i for stock in stocks[:index] for i in paying(stock)}
            base = stocks[index - MONTHS] if index >= MONTHS else {}
            rows.append(
                {
                    "entity_type": entity,
                    "state_name": state,
                    "grain": "month",
                    "period_start": month.start,
                    "period_end": month.end,
                    "period_status": stage,
                    **movements(before, stocks[index], earlier),
                    **rates(
                        base,
                        before,
                        stocks[index],
                        due(intervals, month, scope),
                        users_of(month, users, scope),
                        stage == "open",
                    ),
                    **converted(trials, intervals, month, scope),
                }
            )
    return rows


def months_of(intervals: Iterable[list[Interval]], scope: Scope) -> list[Period]:
    """From the month in which the first valued interval begins to the watermark's."""
    begins = [interval.begins for held in intervals for interval in held]
    if not begins:
        return []
    cadence = Calendar(scope.clock, "month")
    (first,) = cadence.containing(scope.clock.local_date(min(begins)))
    (last,) = cadence.containing(scope.clock.local_date(scope.watermark))
    return cadence.run(first, last)


def stock_at(intervals: dict[str, list[Interval]], end: datetime) -> Stock:
    """What each entity is worth at the end of a period; overlaps add up."""
    return {
        entity_id: sum(
            (i.value for i in held if i.value is not None and i.holds_at_end(end)), ZERO
        )
        for entity_id, held in intervals.items()
        if any(interval.holds_at_end(end) for interval in held)
    }


def paying(stock: Stock) -> set[str]:
    """Who pays something."""
    return {entity_id for entity_id, value in stock.items() if value > 0}


def movements(before: Stock, now: Stock, earlier: set[str]) -> dict[str, Value]:
    """Where the change from one month's end to the next comes from, all of it."""
    flows = dict.fromkeys((*ADDED, *LOST), ZERO)
    paid, pays = paying(before), paying(now)
    for entity_id in before.keys() | now.keys():
        change = now.get(entity_id, ZERO) - before.get(entity_id, ZERO)
        if entity_id in pays - paid:
            name = "reactivation" if entity_id in earlier else "new"
        elif entity_id in paid - pays:
            name = "churned"
        else:
            name = "expansion" if change > 0 else "contraction"
        flows[name] += change
    return {
        "starting_mrr": sum(before.values(), ZERO),
        "ending_mrr": sum(now.values(), ZERO),
        **{f"{name}_mrr": flows[name] for name in ADDED},
        **{f"{name}_mrr": ZERO - flows[name] for name in LOST},
        "starting_entities": len(paid),
        "ending_entities": len(pays),
        "new_entities": len(pays - paid - earlier),
        "reactivated_entities": len((pays - paid) & earlier),
        "churned_entities": len(paid - pays),
    }


def rates(
    base: Stock,
    before: Stock,
    now: Stock,
    due_entities: set[str],
    users: tuple[int, int | None],
    is_open: bool,
) -> dict[str, Value]:
    """The rates of a month, once it is over. `base` is the stock a year ago."""
    paid, pays = paying(before), paying(now)
    payers = paying(base)
    was = sum((base[i] for i in payers), ZERO)
    kept = sum((min(now.get(i, ZERO), base[i]) for i in payers), ZERO)
    became = sum((now.get(i, ZERO) for i in payers), ZERO)
    ending = sum(now.values(), ZERO)
    active, active_before = users
    columns: dict[str, Value] = {
        "base_mrr": was if payers else None,
        "base_mrr_kept": kept if payers else None,
        "base_mrr_now": became if payers else None,
        "mean_active_users": None
        if active_before is None
        else Decimal(active + active_before) / 2,
        "gross_revenue_retention": divided(kept, was),
        "net_revenue_retention": divided(became, was),
        **named_rate("logo_churn_rate", len(paid - pays), len(paid)),
        **named_rate("renewal_rate", len(due_entities & pays), len(due_entities)),
        "arpu": None
        if active_before is None
        else divided(2 * ending, Decimal(active + active_before)),
        "arpa": divided(ending, Decimal(len(pays))),
    }
    return {
        "due_entities": len(due_entities),
        "renewed_entities": len(due_entities & pays),
        "active_users": active,
        **(dict.fromkeys(columns) if is_open else columns),
    }


def trials_of(entity: str, scope: Scope) -> dict[str, list[Interval]]:
    """Of each entity of a type, its unbroken trials."""
    found = {}
    held = scope.company.states.get((entity, TRIAL), {})
    for entity_id, intervals in held.items():
        whole: list[Interval] = []
        for interval in sorted(intervals):
            if whole and interval.begins <= whole[-1].ends:
                ends = max(whole[-1].ends, interval.ends)
                whole[-1] = whole[-1]._replace(ends=ends)
            else:
                whole.append(interval)
        found[entity_id] = whole
    return found


def converted(
    trials: dict[str, list[Interval]],
    intervals: dict[str, list[Interval]],
    month: Period,
    scope: Scope,
) -> dict[str, Value]:
    """The trials that ended in a month, and who of them began to pay in time."""
    begin, end = scope.clock.bounds(month)
    ended = paid = 0
    for entity_id, held in trials.items():
        payments = [
            i
            for i in intervals.get(entity_id, [])
            if i.value is not None and i.value > 0
        ]
        for trial in held:
            if not begin <= trial.ends < end:
                continue
            if any(p.begins < trial.begins < p.ends for p in payments):
                continue
            ended += 1
            paid += any(
                trial.begins <= p.begins < trial.ends + TIME_TO_PAY for p in payments
            )
    rate = named_rate("trial_to_paid_rate", paid, ended)
    is_mature = scope.is_mature(end + TIME_TO_PAY)
    return {
        "ended_trials": ended,
        "paid_trials": paid,
        **(rate if is_mature else dict.fromkeys(rate)),
    }


def due(intervals: dict[str, list[Interval]], month: Period, scope: Scope) -> set[str]:
    """Who had something paid that ran out in the month."""
    begin, end = scope.clock.bounds(month)
    return {
        entity_id
        for entity_id, held in intervals.items()
        for interval in held
        if interval.value is not None
        and interval.value > 0
        and begin <= interval.ends < end
    }


def active_users(scope: Scope) -> dict[Period, set[str]]:
    """By month: the known people who did anything."""
    cadence = Calendar(scope.clock, "month")
    found: dict[Period, set[str]] = defaultdict(set)
    for event in scope.company.events:
        person = scope.company.identity.actor(event)
        (month,) = cadence.containing(scope.clock.local_date(event.occurred_at))
        found[month] |= {person} if person is not None else set()
    return dict(found)


def users_of(
    month: Period, users: dict[Period, set[str]], scope: Scope
) -> tuple[int, int | None]:
    """Of a month and the one before; before the first event nothing is known."""
    before = Calendar(scope.clock, "month").before(month)
    is_known = bool(users) and before >= min(users)
    return (
        len(users.get(month, set())),
        len(users.get(before, set())) if is_known else None,
    )
