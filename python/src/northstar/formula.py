"""What a metric is made of, in words, and whether one metric is a part of another.

A `component` edge is a claim of arithmetic: the parent comes out of the child and
others by a formula. `verify_component` holds the claim against the definitions.
It can check, and says which of these holds:

- the parent is a ratio or derived, and the child is one of its inputs;
- the parent is the child times another of its components: the child is the ratio of
  the two (revenue = revenue per order x orders);
- whatever counts in the parent counts in the child, so the parent is the child times
  a share or a mean of it (qualified teams = active teams x the share that qualifies);
- parent and child are the same sum, the child over some of the parent's events;
- both are sums over the rows of one semantic model.

It cannot check a metric of the semantic layer on other rows than its parent's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from northstar.text import clean

COMPUTING = (
    "entity",
    "events",
    "state",
    "void",
    "nth",
    "when",
    "actors",
    "per_entity",
    "window",
    "total",
    "ratio",
    "unit_scale",
)
"""The keys of a definition that say what is computed."""


@dataclass(frozen=True)
class Formula:
    """How a metric comes about.

    `lines` are for people. `inputs` are the metrics that a ratio or a derived metric
    is made of, the numerator first. `ratio` says that it is the quotient of two.
    `computing` is the computing half of a configured metric. `rows` is the semantic
    model that a simple metric adds up, `measure` which column of it, `filter` which of
    its rows; `table` is the model behind it, and `expression` the measure as SQL, where
    it is a sum or a maximum. `window` says over which time a configured metric is
    computed. `never_falls` is true of totals since the beginning.
    """

    lines: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    ratio: bool = False
    computing: Mapping[str, Any] | None = None
    rows: str = ""
    measure: str = ""
    table: str = ""
    expression: str = ""
    filter: str = ""
    window: str = ""
    never_falls: bool = False


@dataclass(frozen=True)
class Verdict:
    """Whether a component edge holds: `verified`, `unchecked` or `contradicted`."""

    state: str
    reason: str


# ---------------------------------------------------------------- configured metrics


def configured_formula(name: str, definition: Mapping[str, Any]) -> Formula:
    """The formula of a metric of northstar_metrics."""
    computing = {key: definition[key] for key in COMPUTING if key in definition}
    if "ratio" in computing:
        parts = tuple(str(part) for part in computing["ratio"])
        lines = [f"{name} = {' / '.join(parts)}"]
        if "unit_scale" in computing:
            lines.append(f"times {computing['unit_scale']}")
        return Formula(tuple(lines), parts, ratio=True, computing=computing)
    window = _mapping(computing.get("window"))
    void = _mapping(computing.get("void"))
    return Formula(
        lines=tuple(map(clean, _sentence_lines(computing))),
        computing=computing,
        window=clean(_window_words(window)),
        never_falls="lifetime" in window and void.get("mode") != "net",
    )


def _sentence_lines(computing: Mapping[str, Any]) -> list[str]:
    entity = computing.get("entity", "entity")
    measure = _measure_words(_mapping(computing.get("per_entity")))
    state = computing.get("state")
    at_least = _mapping(computing.get("per_entity")).get("at_least")
    if computing.get("total") == "entities":
        lines = [f"number of entities: {entity}"]
        if at_least is not None:
            lines.append(f"with at least {at_least} {measure}")
    else:
        lines = [f"total of {measure}, by entity: {entity}"]
        if at_least is not None:
            lines.append(f"only those with at least {at_least}")
    if isinstance(state, Mapping):
        value = f", adding its {state['value']}" if "value" in state else ""
        lines.append(f"in the state {state.get('name')}{value}")
    for number, event in enumerate(computing.get("events") or ()):
        lines.append(f"{'or' if number else 'of'} {_event_words(event)}")
    lines += _condition_lines(computing)
    lines.append(_window_words(_mapping(computing.get("window"))))
    if "unit_scale" in computing:
        lines.append(f"times {computing['unit_scale']}")
    return lines


def _measure_words(per_entity: Mapping[str, Any]) -> str:
    if "distinct" in per_entity:
        return f"distinct {per_entity['distinct']}"
    return "value" if "sum" in per_entity else "events"


def _event_words(event: Mapping[str, Any]) -> str:
    words = [str(event.get("event"))]
    if "where" in event:
        words.append(f"where {event['where']}")
    if "at" in event:
        words.append(f"booked at {event['at']}")
    if "value" in event:
        words.append(f"adding {event['value']}")
    if "cap" in event:
        words.append(f"up to {event['cap']} each")
    return ", ".join(words)


def _condition_lines(computing: Mapping[str, Any]) -> list[str]:
    lines = []
    nth = _mapping(computing.get("nth"))
    if nth:
        first, last = nth.get("min", 1), nth.get("max")
        if first == last:
            lines.append(f"only number {first} of the entity's life")
        elif last is None:
            lines.append(f"from number {first} of the entity's life on")
        else:
            lines.append(f"only numbers {first} to {last} of the entity's life")
    void = _mapping(computing.get("void"))
    if void:
        within = f" within {void['within_days']} days" if "within_days" in void else ""
        what = {"net": "less", "ignore": "whether or not there is"}
        words = what.get(str(void.get("mode", "exclude")), "not those with")
        lines.append(
            f"{words} {void.get('event')} of the same {void.get('key')}{within}"
        )
    for condition in computing.get("when") or ():
        if "state" in condition:
            lines.append(
                f"while in the state {condition['state']} ({condition.get('at')})"
            )
        if "anchor_age" in condition:
            lines.append(f"at an age of {condition['anchor_age']}")
    actors = _mapping(computing.get("actors"))
    if actors:
        lines.append(
            f"by at least {actors.get('at_least')} distinct {actors.get('distinct')}"
        )
    return lines


def _window_words(window: Mapping[str, Any]) -> str:
    if "calendar" in window:
        return f"in each calendar {window['calendar']}"
    if "rolling" in window:
        return f"in the last {window['rolling']}, every {window.get('step', '1d')}"
    if "since_anchor" in window:
        grain, book = window.get("grain", ""), window.get("book", "cohort")
        return f"within {window['since_anchor']} of the anchor, by {grain} of {book}"
    if "lifetime" in window:
        return f"ever, as it stands at the end of each {window['lifetime']}"
    if "as_of" in window:
        return f"as it stands at the end of each {window['as_of']}"
    return "in each period"


# ----------------------------------------------------------------- the semantic layer


def semantic_formula(
    metric: Mapping[str, Any], semantic_models: Sequence[Mapping[str, Any]]
) -> Formula:
    """The formula of a metric of the semantic layer: a node of the manifest."""
    kind = str(metric.get("type"))
    parameters = _mapping(metric.get("type_params"))
    filters = _filter_words(metric.get("filter"))
    lines: list[str] = []
    rows = measure = table = expression = ""
    never_falls = False
    inputs: tuple[str, ...] = ()
    if kind == "ratio":
        parts = (parameters.get("numerator"), parameters.get("denominator"))
        inputs = tuple(str(_mapping(part).get("name")) for part in parts)
        lines.append(" / ".join(inputs))
    elif kind == "derived":
        inputs = tuple(
            str(_mapping(part).get("name")) for part in parameters.get("metrics") or ()
        )
        lines.append(str(parameters.get("expr") or " and ".join(inputs)))
    else:
        own = _mapping(parameters.get("measure"))
        measure = str(own.get("name") or "")
        model, found = _find_measure(measure, semantic_models)
        rows = str(model.get("name") or "")
        table = str(_mapping(model.get("node_relation")).get("alias") or "")
        words = f"{found.get('agg')}({found.get('expr') or measure})"
        if found.get("agg") in ("sum", "max"):
            expression = words
        lines.append(
            f"{words} of {table}"
            if found
            else f"{kind} metric of {measure or 'a measure'}"
        )
        filters = [*_filter_words(own.get("filter")), *filters]
    if kind == "cumulative":
        window = _mapping(parameters.get("cumulative_type_params"))
        bounds = [
            _mapping(place).get(key)
            for place in (window, parameters)
            for key in ("window", "grain_to_date")
        ]
        never_falls = not any(bounds)
        lines.append("added up since the beginning" if never_falls else "added up")
    lines += [f"where {condition}" for condition in filters]
    return Formula(
        lines=tuple(map(clean, lines)),
        inputs=inputs,
        ratio=kind == "ratio",
        rows=rows if kind == "simple" else "",
        measure=measure,
        table=table if kind == "simple" else "",
        expression=expression if kind == "simple" else "",
        filter=" and ".join(filters),
        never_falls=never_falls,
    )


def _find_measure(
    name: str, semantic_models: Sequence[Mapping[str, Any]]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The semantic model that has a measure, and the measure; empty where none has."""
    for model in semantic_models:
        for measure in model.get("measures") or ():
            if measure.get("name") == name:
                return model, _mapping(measure)
    return {}, {}


def _filter_words(found: Any) -> list[str]:
    conditions = _mapping(found).get("where_filters") or ()
    return [
        " ".join(str(_mapping(condition).get("where_sql_template")).split())
        for condition in conditions
    ]


# ------------------------------------------------------------------ component or not


def verify_component(
    parent_name: str,
    parent: Formula,
    child_name: str,
    child: Formula,
    siblings: Collection[str],
) -> Verdict:
    """Whether the child is a part of the parent's formula.

    `siblings` are the other components of the parent; all names are those of nodes.
    """
    if child_name in parent.inputs:
        return Verdict("verified", f"it is an input of the formula of {parent_name}")
    if child.ratio and child.inputs[0] == parent_name:
        per = child.inputs[1]
        if per in siblings:
            return Verdict("verified", f"{parent_name} = {child_name} x {per}")
        return Verdict(
            "contradicted",
            f"{parent_name} = {child_name} x {per}, and {per} is not a component of it",
        )
    if parent.inputs:
        return Verdict(
            "contradicted",
            f"{parent_name} is made of {' and '.join(parent.inputs)} alone",
        )
    if parent.rows and parent.rows == child.rows:
        if parent.measure == child.measure:
            return Verdict("verified", f"it adds up some of the rows of {parent_name}")
        return Verdict("verified", f"both add up the rows of {parent.rows}")
    if parent.computing is None or child.computing is None:
        return Verdict(
            "unchecked", "the definitions are over different rows and cannot tell"
        )
    return _verify_configured(
        parent_name, parent.computing, child_name, child.computing
    )


def _verify_configured(
    parent_name: str,
    parent: Mapping[str, Any],
    child_name: str,
    child: Mapping[str, Any],
) -> Verdict:
    if "ratio" not in child and _is_part_of_sum(parent, child):
        return Verdict("verified", f"it adds up some of the events of {parent_name}")
    if "ratio" not in child and _holds_all(parent, child):
        kind = "share" if parent.get("total") == "entities" else "mean"
        return Verdict(
            "verified",
            f"whatever counts in {parent_name} counts in {child_name}: "
            f"{parent_name} = {child_name} x a {kind} of it",
        )
    return Verdict(
        "contradicted",
        f"no arithmetic leads from {child_name} to {parent_name}",
    )


def _is_part_of_sum(parent: Mapping[str, Any], child: Mapping[str, Any]) -> bool:
    """The same count or sum without a threshold, over fewer of the events."""
    if parent.get("total") != "measure" or "state" in parent:
        return False
    per_entity = _mapping(parent.get("per_entity"))
    if "distinct" in per_entity or "at_least" in per_entity:
        return False
    if any(key in parent for key in ("nth", "actors")):
        return False
    same = [key for key in COMPUTING if key != "events"]
    if any(parent.get(key) != child.get(key) for key in same):
        return False
    names = [event.get("event") for event in parent.get("events") or ()]
    if len(set(names)) < len(names):  # an event that matches two entries counts once
        return False
    events = child.get("events") or ()
    return bool(events) and all(event in parent["events"] for event in events)


def _holds_all(parent: Mapping[str, Any], child: Mapping[str, Any]) -> bool:
    """Whether every entity that counts in the parent also counts in the child.

    Where the definitions do not settle it, the answer is no.
    """
    if child.get("total") != "entities":
        return False
    if any(parent.get(key) != child.get(key) for key in ("entity", "window")):
        return False
    if _mapping(parent.get("void")).get("mode") == "net":
        return False  # an entity with refunds alone counts in the sum, not as one
    if "nth" in child:  # the rank is among other events than the parent's
        return False
    if _mapping(parent.get("window")).get("book") == "completion":
        return False  # the lower threshold may be reached a period earlier
    if any(
        key in child and child[key] != parent.get(key) for key in ("void", "actors")
    ):
        return False
    if any(
        condition not in (parent.get("when") or ())
        for condition in child.get("when") or ()
    ):
        return False
    if "state" in parent or "state" in child:
        names = {_mapping(one.get("state")).get("name") for one in (parent, child)}
        return len(names) == 1 and not _mapping(child.get("per_entity"))
    if not all(
        any(_covers(wider, event) for wider in child.get("events") or ())
        for event in parent.get("events") or ()
    ):
        return False
    return _threshold_holds(
        _mapping(parent.get("per_entity")), _mapping(child.get("per_entity"))
    )


def _covers(wider: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether every row that one entry takes is taken by the other."""
    same = ("event", "at")
    return all(wider.get(key) == event.get(key) for key in same) and (
        "where" not in wider or wider["where"] == event.get("where")
    )


def _threshold_holds(parent: Mapping[str, Any], child: Mapping[str, Any]) -> bool:
    """Whether whoever reaches the parent's threshold reaches the child's."""
    wanted = child.get("at_least", 1)
    if "distinct" not in child and "sum" not in child and wanted <= 1:
        return True
    same = all(parent.get(key) == child.get(key) for key in ("distinct", "sum"))
    return same and "sum" not in child and wanted <= parent.get("at_least", 1)


def _mapping(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}
