"""An explanation as text for the terminal, and as JSON. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

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
from northstar.render import NOTHING, align

REASONS = {
    "not_in_other_part": "not in the other part",
    "voided": "voided by {detail}",
    "void": "a void that hits",
    "void_of_nothing": "a void that hits nothing",
    "outside_nth": "number {detail} of its life",
    "after_anchor_window": "after the anchor window",
    "not_of_age": "not of the anchor age",
    "not_in_state": "not in state {detail}",
    "no_value_in_other_part": "no value in the other part",
    "not_completed": "threshold never reached",
    "counted_already": "adds nothing: {detail} counted already",
}
"""A reason in words where its own are not enough; `detail` is left out in totals."""


def render_explanation(explanation: Explanation) -> str:
    """The metric, its steps with what each left out, and what they come to."""
    lines = _header(explanation)
    for part in explanation.parts:
        lines += ["", *_part_title(explanation, part), *_step_table(part), _total(part)]
    if explanation.ratio_scale is not None:
        lines += ["", _ratio(explanation)]
    lines += ["", _comparison(explanation)]
    return "\n".join(lines) + "\n"


def render_entity(explanation: Explanation, entity: EntityExplanation) -> str:
    """The metric, and each event of one entity with what became of it."""
    lines = _header(explanation)
    name = explanation.parts[0].definition["entity"]
    lines += ["", f"{name} {entity.entity_id}"]
    if entity.entity_id != entity.asked_for:
        lines[-1] += f", to whom {entity.asked_for} belongs"
    for part, of_entity in zip(explanation.parts, entity.parts, strict=True):
        lines += ["", *_part_title(explanation, part)]
        if of_entity.rows:
            lines += _event_table(explanation, part, of_entity.rows)
        lines.append(_entity_verdict(part, of_entity))
    return "\n".join(lines) + "\n"


def explanation_json(
    explanation: Explanation, entity: EntityExplanation | None
) -> dict[str, Any]:
    """The same for machines: numbers as numbers, instants in UTC."""
    content = asdict(explanation)
    for part, shown in zip(explanation.parts, content["parts"], strict=True):
        for step, row in zip(part.steps, shown["steps"], strict=True):
            row["name"] = step.name
    content["adds_up"] = not explanation.differences
    if entity is not None:
        content["entity"] = asdict(entity)
    plain: dict[str, Any] = _plain(content)
    return plain


# --------------------------------------------------------------------------- the header


def _header(explanation: Explanation) -> list[str]:
    metric = explanation.metric
    last = explanation.end - timedelta(days=1)
    lines = [f"{metric.label} ({metric.name}, version {metric.version})"]
    if metric.plain_language:
        lines.append(metric.plain_language)
    words = [("period", f"{explanation.start} to {last}, {explanation.status}")]
    if explanation.ratio_scale is None:
        words += definition_in_words(explanation.parts[0].definition)
    else:
        scale = explanation.ratio_scale
        words.append(("ratio", "numerator / denominator" + _times(scale)))
    width = max(len(key) for key, _ in words) + 2
    return [*lines, "", *(f"{key:<{width}}{text}" for key, text in words)]


def _part_title(explanation: Explanation, part: Part) -> list[str]:
    """Which part this is, and its own definition; nothing where it is the only one."""
    if len(explanation.parts) == 1:
        return []
    words = definition_in_words(part.definition)
    width = max(len(key) for key, _ in words) + 2
    return [
        part.name.removeprefix(f"{explanation.metric.name}__"),
        *(f"  {key:<{width}}{text}" for key, text in words),
        "",
    ]


def definition_in_words(definition: Definition) -> list[tuple[str, str]]:
    """What is computed, key by key, in the order of the grammar."""
    words = [("entity", f"{definition['entity']} ({definition['entity_column']})")]
    if definition["state"]:
        state = definition["state"]
        value = f", adding up {state['value']}" if state["value"] else ""
        words.append(("state", state["name"] + value))
    words += [("events", _entry(entry, definition)) for entry in definition["events"]]
    if definition["void"]:
        words.append(("void", _void(definition["void"])))
    if definition["nth"]:
        least, most = definition["nth"]["min"], definition["nth"]["max"]
        words.append(("nth", f"{least} to {most}" if most else f"{least} and later"))
    words += [("when", _condition(condition)) for condition in definition["when"]]
    if definition["actors"]:
        actors = definition["actors"]
        words.append(
            ("actors", f"at least {actors.get('at_least', 1)} {actors['distinct']}")
        )
    if not definition["state"]:
        words.append(("measure", _measure(definition)))
    words.append(("window", _window(definition["window"])))
    of = "entities" if definition["total"] == "entities" else "measures"
    scale = "" if of == "entities" else _times(Decimal(str(definition["unit_scale"])))
    words.append(("total", of + scale))
    return words


def _entry(entry: Mapping[str, Any], definition: Definition) -> str:
    text = str(entry["event"])
    if entry["where"]:
        text += f" where {' '.join(str(entry['where']).split())}"
    if entry["at"] != "occurred_at":
        text += f", booked at {entry['at']}"
    if definition["measure"] == "sum":
        text += f", adding {entry['value']}"
        if entry["cap"] is not None:
            text += f" up to {entry['cap']}"
    return text


def _void(void: Mapping[str, Any]) -> str:
    text = f"{void['event']} of the same {void['key']}"
    if void["within_days"]:
        text += f" within {void['within_days']} days"
    if void["mode"] == "exclude":
        return f"{text}: the event never counted"
    subtracted = f"its {void['value']}" if void["value"] else "what the event added"
    return f"{text}: {subtracted} is subtracted, at the time of the void"


def _condition(condition: Mapping[str, Any]) -> str:
    if condition["kind"] == "anchor_age":
        return f"anchor age {condition['operator']} {_duration(condition['seconds'])}"
    return f"in state {condition['state']} ({condition['at']})"


def _measure(definition: Definition) -> str:
    measure = {
        "count": "number of events",
        "distinct": f"number of distinct {definition['distinct']}",
        "sum": "sum",
    }[definition["measure"]]
    if definition["at_least"] in (None, 1) and definition["measure"] != "sum":
        return measure
    if definition["at_least"] is None:
        return measure
    return f"{measure}, at least {definition['at_least']}"


def _window(window: Mapping[str, Any]) -> str:
    kind, grain = window["kind"], window["grain"]
    if kind == "rolling":
        return f"{window['days']} days, every {window['step_days']}"
    if kind == "since_anchor":
        booked = {"cohort": "anchor", "completion": "completion"}[window["book"]]
        duration = _duration(window["seconds"])
        return f"{duration} from the anchor, by {grain} of the {booked}"
    if kind == "lifetime":
        return f"all up to the end of the {grain}"
    return f"the end of the {grain}" if kind == "as_of" else str(grain)


def _duration(seconds: int) -> str:
    days, rest = divmod(seconds, 86400)
    return f"{days} days" if not rest else f"{seconds // 3600} hours"


# ---------------------------------------------------------------------------- the steps


def _step_table(part: Part) -> list[str]:
    what = "intervals" if part.definition["state"] else "events"
    rows = [("step", "", f"{what} in", f"{what} out", "entities", "left out")]
    for step in part.steps:
        name = "raw rows" if what == "events" else what
        rows.append(
            (
                str(step.number),
                name if step.number == 1 else step.name,
                f"{step.events_in:,}" if step.number > 1 else "",
                f"{step.events_out:,}",
                f"{step.entities_out:,}",
                _left_out(step),
            )
        )
    return align(rows, right=(0, 2, 3, 4))


def _left_out(step: Step) -> str:
    reasons = step.left_out.items()
    text = ", ".join(f"{count:,} {_words(reason, '')}" for reason, count in reasons)
    if text and step.number in (14, 15):
        text = f"entities: {text}"
    notes = [text] if text else []
    if step.net_voids:
        notes.append(f"{step.net_voids:,} net voids come in")
    voids = {"void": "hit something", "void_of_nothing": "hit nothing"}
    notes += [
        f"{count:,} void events {voids.get(reason, _words(reason, ''))}"
        for reason, count in step.voids.items()
    ]
    return "; ".join(notes)


def _total(part: Part) -> str:
    if part.definition["total"] == "entities":
        return f"total: {_entities(part)}"
    scale = Decimal(str(part.definition["unit_scale"]))
    result = f"{_number(part.total)}{_times(scale)}"
    equals = f" = {_number(part.value)}" if scale != 1 else ""
    return f"total: the measures of {_entities(part)}, {result}{equals}"


def _entities(part: Part) -> str:
    return f"{part.entities:,} {'entity' if part.entities == 1 else 'entities'}"


def _ratio(explanation: Explanation) -> str:
    numerator, denominator = (_number(part.value) for part in explanation.parts)
    scale = _times(explanation.ratio_scale or Decimal(1))
    return f"ratio: {numerator} / {denominator}{scale} = {_number(explanation.value)}"


def _comparison(explanation: Explanation) -> str:
    if not explanation.differences:
        value = _number(explanation.value)
        return f"The steps come to {value}, and so does northstar__metric_periods."
    return "\n".join(
        f"The steps come to {_number(ours)} as the {name}, "
        f"and northstar__metric_periods has {_number(theirs)}."
        for name, (ours, theirs) in explanation.differences.items()
    )


# --------------------------------------------------------------------------- the entity


def _event_table(
    explanation: Explanation, part: Part, rows: Sequence[EventRow]
) -> list[str]:
    is_state = bool(part.definition["state"])
    has_value = is_state or part.definition["measure"] == "sum"
    zone = explanation.timezone
    columns = ["from (UTC)" if is_state else "time (UTC)"]
    columns += [f"in {zone}"] * (zone != "UTC")
    columns += ["to (UTC)"] if is_state else ["event id", "source"]
    columns += ["state" if is_state else "event"]
    columns += ["value"] * has_value
    columns += ["adds", "running", "verdict"]
    table = [tuple(columns)]
    for row in rows:
        cells = [_time(row.at)]
        cells += [_time(row.at, zone)] * (zone != "UTC")
        cells += (
            [_time(row.ends_at)]
            if is_state
            else [row.event_id or NOTHING, row.source or NOTHING]
        )
        cells += [row.event]
        cells += [_number(row.value)] * has_value
        cells += [_number(row.amount), _number(row.running), _verdict(row)]
        table.append(tuple(cells))
    numbers = tuple(
        index
        for index, name in enumerate(columns)
        if name in ("value", "adds", "running")
    )
    return align(table, right=numbers)


def _verdict(row: EventRow) -> str:
    words = _words(row.reason or "", row.detail or "")
    if row.step is not None:
        return f"step {row.step}, {STEPS[row.step]}: {words}"
    if row.reason:
        return words
    return f"counted: the void {row.detail}" if row.is_void else "counted"


def _entity_verdict(part: Part, entity: EntityPart) -> str:
    if entity.measure is None:
        return "it adds nothing"
    measure = f"measure {_number(entity.measure)}"
    if entity.step is not None:
        words = _words(entity.reason or "", "")
        return f"{measure}: step {entity.step}, {STEPS[entity.step]}: {words}"
    scale = Decimal(str(part.definition["unit_scale"]))
    adds = _number(entity.contribution)
    if part.definition["total"] != "entities":
        adds += _times(scale)
    return f"{measure}: it adds {adds}"


def _words(reason: str, detail: str) -> str:
    """The reason in words; in a total it has no detail."""
    text = REASONS.get(reason, reason.replace("_", " "))
    if detail:
        return text.format(detail=detail)
    head, found, _ = text.partition(" {detail}")
    if not found:
        return text
    return {
        "voided": "voided",
        "outside_nth": "outside nth",
        "counted_already": "counted already",
        "not_in_state": "not in state",
    }.get(reason, head)


def _time(moment: datetime | None, zone: str = "UTC") -> str:
    if moment is None:
        return NOTHING
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    return local.strftime("%Y-%m-%d %H:%M:%S")


def _number(value: Decimal | None) -> str:
    """The number as it is, to the last place."""
    if value is None:
        return NOTHING
    text = format(value, ",f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _times(scale: Decimal) -> str:
    return "" if scale == 1 else f" * {_number(scale)}"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
