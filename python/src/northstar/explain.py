"""Reads how a value came about from the models int_northstar__explained_*.

They hold, for each event that a metric names, the step of the evaluation order that
dropped it and the reason. What is left is added up here a second time; what comes out
must be the value that is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from northstar.errors import NotBuiltError, UnknownEntityError, UnknownPeriodError
from northstar.explanation import (
    STEPS,
    Definition,
    EntityExplanation,
    EntityPart,
    EventRow,
    Explanation,
    Part,
    Step,
)
from northstar.periods import Metric, as_date, as_number
from northstar.warehouse import Row, Warehouse

EVENTS = "int_northstar__explained_events"
STATES = "int_northstar__explained_states"
ENTITIES = "int_northstar__explained_entities"
IDENTITIES = "int_northstar__identities"


def explain(warehouse: Warehouse, metric: Metric, day: date) -> Explanation:
    """How the metric came to its value in the period that starts on, or holds, the day.

    Raises UnknownPeriodError, with the periods around it, where none does.
    """
    published = _read_published(warehouse, metric, day)
    start = as_date(published["period_start"])
    meta = warehouse.meta(EVENTS)
    definitions: Mapping[str, Definition] = meta["northstar_definitions"]
    names = [metric.name]
    scale = None
    if "ratio" in definitions[metric.name]:
        names = [f"{metric.name}__numerator", f"{metric.name}__denominator"]
        scale = as_number(definitions[metric.name]["unit_scale"])
    parts = [
        _read_part(warehouse, name, definitions[name], start, meta["northstar_inputs"])
        for name in names
    ]
    return Explanation(
        metric=metric,
        start=start,
        end=as_date(published["period_end"]),
        status=published["period_status"],
        timezone=meta["northstar_timezone"],
        ratio_scale=scale,
        parts=parts,
        value=parts[0].value if scale is None else _ratio(parts, scale),
        published={
            name: as_number(published[name])
            for name in ("value", "numerator", "denominator")
        },
    )


def explain_entity(
    warehouse: Warehouse, explanation: Explanation, entity_id: str
) -> EntityExplanation:
    """What one entity adds to the value, and what became of each of its events.

    An id that belongs to another person stands for that person.
    Raises UnknownEntityError, with the periods that do have events of it, where this
    one has none.
    """
    found = entity_id
    if all(part.definition["entity_column"] == "user_id" for part in explanation.parts):
        found = _read_canonical_id(warehouse, entity_id)
    parts = [
        _read_entity(warehouse, part, explanation.start, found)
        for part in explanation.parts
    ]
    if not any(part.rows for part in parts):
        problem = _no_events(warehouse, explanation, found)
        if found != entity_id:
            problem = f"{entity_id} belongs to {found}; {problem}"
        raise UnknownEntityError(problem)
    return EntityExplanation(found, entity_id, parts)


# --------------------------------------------------------------------------- the metric


def _read_published(warehouse: Warehouse, metric: Metric, day: date) -> Row:
    rows = warehouse.query(
        "select period_start, period_end, period_status, value, numerator, denominator "
        f"from {warehouse.relation('northstar__metric_periods')} "
        f"where metric_name = '{metric.name}' and metric_version = {metric.version} "
        "order by period_start"
    )
    starts = [as_date(row["period_start"]) for row in rows]
    if day in starts:
        return rows[starts.index(day)]
    for start, row in reversed(list(zip(starts, rows, strict=True))):
        if start <= day < as_date(row["period_end"]):
            return row
    if not rows:
        raise UnknownPeriodError(f"{metric.name} has no periods yet: nothing counted")
    near = [
        *[start for start in starts if start < day][-2:],
        *[start for start in starts if start > day][:2],
    ]
    raise UnknownPeriodError(
        f"{metric.name} has no period with {day}; its periods begin from {starts[0]} "
        f"to {starts[-1]}, near that day on {_listed(near)}"
    )


def _read_part(
    warehouse: Warehouse,
    name: str,
    definition: Definition,
    start: date,
    inputs: Sequence[str],
) -> Part:
    relation = warehouse.relation(_rows_of(definition))
    where = _where(name, definition, start)
    is_void = "false" if definition["state"] else "is_void"
    rows = warehouse.query(
        f"select dropped_at_step, reason, {is_void} as is_void, count(*) as counted "
        f"from {relation} where {where} "
        "group by 1, 2, 3 order by 1, 2, 3"
    )
    # Up to step 8 the voids are not events; from step 9 on net voids are rows too.
    (standing,) = warehouse.query(
        "select "
        + ", ".join(
            f"count(distinct case when (dropped_at_step is null or dropped_at_step > "
            f"{step}){'' if step > 8 else f' and not {is_void}'} then entity_id end) "
            f"as step_{step}"
            for step in STEPS
        )
        + f" from {relation} where {where}"
    )
    totals = warehouse.query(
        "select dropped_at_step, reason, count(*) as counted, "
        "sum(event_count) as events, sum(contribution) as contribution "
        f"from ({_entities(warehouse, name, definition, start)}) as entities "
        "group by 1, 2 order by 1, 2"
    )
    incomplete = warehouse.query(
        "select reason, count(distinct entity_id) as counted "
        f"from {relation} where {where} and dropped_at_step = 14 group by 1"
    )
    steps = _event_steps(rows, standing)
    steps += _entity_steps(steps[-1], totals, incomplete)
    total = sum((_decimal(row["contribution"]) for row in totals), Decimal(0))
    return Part(
        name=name,
        definition=definition,
        steps=[
            step
            for step in steps
            if step.left_out
            or step.net_voids
            or step.number in _used_steps(definition, inputs)
        ],
        entities=sum(int(row["counted"]) for row in totals if not _step(row)),
        total=total,
        value=_scaled(total, definition),
    )


def _event_steps(rows: Sequence[Row], standing: Row) -> list[Step]:
    """Steps 1 to 13: how many events came in and out, and why the others did not."""
    events = [row for row in rows if not row["is_void"]]
    voids = [row for row in rows if row["is_void"] and 0 < _step(row) < 10]
    net_voids = [row for row in rows if row["is_void"] and row not in voids]
    count = sum(_by_reason(events).values())
    steps = [Step(1, count, count, int(standing["step_1"]), {})]
    for number in range(2, 14):
        if number not in STEPS:
            continue
        here = events if number < 10 else [*events, *net_voids]
        left_out = _by_reason(row for row in here if _step(row) == number)
        added = sum(_by_reason(net_voids).values()) if number == 9 else 0
        entered, count = count, count - sum(left_out.values()) + added
        steps.append(
            Step(
                number=number,
                events_in=entered,
                events_out=count,
                entities_out=int(standing[f"step_{number}"]),
                left_out=left_out,
                net_voids=added,
                voids=_by_reason(voids) if number == 9 else {},
            )
        )
    return steps


def _entity_steps(
    measured: Step, totals: Sequence[Row], incomplete: Sequence[Row]
) -> list[Step]:
    """Steps 14 to 16: how many entities are left, with how many events."""
    steps = []
    events = measured.events_out
    for number in (14, 15, 16):
        left = [row for row in totals if not 0 < _step(row) <= number]
        left_out = _by_reason(row for row in totals if _step(row) == number)
        if number == 14:
            left_out |= _by_reason(incomplete)
        entered, events = events, sum(int(row["events"]) for row in left)
        steps.append(
            Step(
                number=number,
                events_in=entered,
                events_out=events,
                entities_out=sum(int(row["counted"]) for row in left),
                left_out=left_out,
            )
        )
    return steps


def _used_steps(definition: Definition, inputs: Sequence[str]) -> set[int]:
    """The steps that this definition, in this project, has."""
    when = definition["when"]
    is_elapsed = definition["window"]["kind"] in ("since_anchor", "as_of")
    at_event = [each for each in when if each.get("at", "event") == "event"]
    uses = {
        1: True,
        2: not definition["state"],
        3: not definition["state"],
        5: "erasure_requests" in inputs and not definition["state"],
        6: "exclusions" in inputs and not definition["state"],
        7: "consent" in inputs and not definition["state"],
        8: not definition["state"],
        9: bool(definition["void"]),
        10: bool(definition["nth"]),
        11: is_elapsed,
        12: bool(at_event),
        13: definition["measure"] != "count",
        14: definition["at_least"] not in (None, 1) or bool(definition["actors"]),
        15: len(at_event) < len(when),
        16: True,
    }
    return {number for number, is_used in uses.items() if is_used}


def _ratio(parts: Sequence[Part], scale: Decimal) -> Decimal | None:
    numerator, denominator = (part.value for part in parts)
    return _rounded(numerator * scale / denominator) if denominator else None


def _scaled(total: Decimal, definition: Definition) -> Decimal:
    """The total as it is published: a number of entities is never scaled."""
    if definition["total"] == "entities":
        return total
    return _rounded(total * _decimal(definition["unit_scale"]))


# ---------------------------------------------------------------------------- an entity


def _read_canonical_id(warehouse: Warehouse, person_id: str) -> str:
    try:
        identities = warehouse.relation(IDENTITIES)
    except NotBuiltError:
        return person_id  # the project resolves none
    rows = warehouse.query(
        f"select canonical_id from {identities} where id = {_literal(person_id)}"
    )
    return str(rows[0]["canonical_id"]) if rows else person_id


def _read_entity(
    warehouse: Warehouse, part: Part, start: date, entity_id: str
) -> EntityPart:
    definition = part.definition
    where = f"entity_id = {_literal(entity_id)}"
    selected = (
        "valid_from as booked_at, valid_to as ends_at, null as occurred_at, "
        "state as event_name, null as event_id, null as source_name, "
        "false as is_void, value as uncapped, null as detail"
        if definition["state"]
        else "booked_at, null as ends_at, occurred_at, event_name, event_id, "
        "source_name, is_void, uncapped, detail"
    )
    rows = warehouse.query(
        f"select {selected}, amount, dropped_at_step, reason "
        f"from {warehouse.relation(_rows_of(definition))} "
        f"where {_where(part.name, definition, start)} and {where}"
    )
    entities = warehouse.query(
        "select measure, dropped_at_step, reason, contribution "
        f"from ({_entities(warehouse, part.name, definition, start)}) as entities "
        f"where {where}"
    )
    entity: Row = entities[0] if entities else {}
    return EntityPart(
        name=part.name,
        rows=_event_rows(rows),
        measure=as_number(entity.get("measure")),
        step=_step(entity) or None,
        reason=entity.get("reason"),
        contribution=_decimal(entity.get("contribution")),
    )


def _event_rows(rows: Sequence[Row]) -> list[EventRow]:
    running = Decimal(0)
    events = []
    for row in sorted(rows, key=_in_order):
        amount = as_number(row["amount"])
        running += amount or 0
        events.append(
            EventRow(
                at=_instant(row["booked_at"]) or _instant(row["occurred_at"]),
                ends_at=_instant(row["ends_at"]),
                occurred_at=_instant(row["occurred_at"]),
                event=row["event_name"],
                event_id=row["event_id"],
                source=row["source_name"],
                is_void=bool(row["is_void"]),
                value=as_number(row["uncapped"]),
                amount=amount,
                running=running,
                step=_step(row) or None,
                reason=row["reason"],
                detail=row["detail"],
            )
        )
    return events


def _in_order(row: Row) -> tuple[datetime, bytes, bytes, bool, int, str]:
    """The order of events in a rank or a running measure; copies after what counted."""
    at = _instant(row["booked_at"]) or _instant(row["occurred_at"])
    return (
        at or datetime.min,
        (row["event_id"] or "").encode(),
        (row["source_name"] or "").encode(),
        bool(row["is_void"]),
        _step(row),
        row["reason"] or "",
    )


def _no_events(warehouse: Warehouse, explanation: Explanation, entity_id: str) -> str:
    starts: set[date] = set()
    for part in explanation.parts:
        rows = warehouse.query(
            "select distinct period_start "
            f"from {warehouse.relation(_rows_of(part.definition))} "
            f"where metric_name = '{part.name}' and entity_id = {_literal(entity_id)} "
            "and period_start is not null"
        )
        starts |= {as_date(row["period_start"]) for row in rows}
    entity = explanation.parts[0].definition["entity"]
    problem = (
        f"no {entity} {entity_id} has an event that {explanation.metric.name} names"
    )
    if not starts:
        return f"{problem}, in any period"
    near = [
        *sorted(start for start in starts if start < explanation.start)[-2:],
        *sorted(start for start in starts if start > explanation.start)[:2],
    ]
    return (
        f"{problem} in the period from {explanation.start}; "
        f"nearest are the periods from {_listed(near)}"
    )


# ------------------------------------------------------------------------------ the SQL


def _rows_of(definition: Definition) -> str:
    return STATES if definition["state"] else EVENTS


def _where(name: str, definition: Definition, start: date) -> str:
    """The rows of the period; a lifetime is made of all up to it."""
    comparison = "<=" if definition["window"]["kind"] == "lifetime" else "="
    return (
        f"metric_name = '{name}' and period_start {comparison} cast('{start}' as date)"
    )


def _entities(
    warehouse: Warehouse, name: str, definition: Definition, start: date
) -> str:
    """The query of the entities of the period, one row each."""
    entities = (
        f"from {warehouse.relation(ENTITIES)} where {_where(name, definition, start)}"
    )
    if definition["window"]["kind"] != "lifetime":
        return f"select * {entities}"
    latest = "row_number() over (partition by entity_id order by period_start desc)"
    return (
        f"select * from (select *, {latest} as recency {entities}) as life "
        "where recency = 1"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _step(row: Mapping[str, Any]) -> int:
    """The step that dropped what the row counts, or 0."""
    return int(row.get("dropped_at_step") or 0)


def _by_reason(rows: Iterable[Row]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        reason = row["reason"] or ""
        counts[reason] = counts.get(reason, 0) + int(row["counted"])
    return counts


def _instant(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(str(value))


def _decimal(value: Any) -> Decimal:
    return as_number(value) or Decimal(0)


def _rounded(number: Decimal) -> Decimal:
    """To nine places, half away from zero, as all that is published."""
    return number.quantize(Decimal("1e-9"), ROUND_HALF_UP)


def _listed(days: Sequence[date]) -> str:
    return ", ".join(map(str, days))
