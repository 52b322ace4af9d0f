"""Projects that hold every kind of definition and input, or as few as there can be.

What the compile tests and the comparison of engines build: the definitions of several
batches of random companies in one project, with each input that any of them has.
"""

from __future__ import annotations

from reference.companies import Config, Tables, batch

# Batches whose definitions together use every key of the grammar.
BATCHES = range(5)
COMPANIES = 4

BARE_METRIC: Config = {
    "level": "north_star",
    "entity": "team",
    "events": [{"event": "workflow_completed"}],
    "window": {"calendar": "week"},
    "total": "entities",
}
FUNNEL: Config = {
    "entity": "user",
    "steps": [{"event": "order_paid"}, {"event": "order_delivered"}],
    "window": "7d",
    "grain": "week",
}


def everything() -> tuple[Config, Tables]:
    """Vars with every input and many definitions, and the raw tables."""
    config, tables, _ = batch(range(COMPANIES))
    metrics: Config = {}
    for number in BATCHES:
        first = number * 40
        other, others, _ = batch(range(first, first + COMPANIES))
        for name, value in other.items():
            config.setdefault(name, value)
        for name, table in others.items():
            tables.setdefault(name, table)
        for name, definition in other["northstar_metrics"].items():
            definition = dict(definition)
            if number:
                definition.pop("level", None)
            if "ratio" in definition:
                definition["ratio"] = [f"b{number}_{of}" for of in definition["ratio"]]
            metrics[f"b{number}_{name}"] = definition
    settings: Config = {
        "northstar_metrics": metrics,
        "northstar_min_cell": 3,
        "northstar_funnels": {"paid_to_delivered": FUNNEL},
    }
    return config | settings, tables


def bare() -> tuple[Config, Tables]:
    """Vars with one source of events and one definition, and the raw table."""
    config, tables, _ = batch(range(COMPANIES))
    events = [e for e in config["northstar_events"] if e["name"] == "app"]
    kept = {
        "northstar_events": events,
        "northstar_entities": config["northstar_entities"],
        "northstar_metrics": {"weekly_teams": BARE_METRIC},
    }
    return kept, {"raw_app_events": tables["raw_app_events"]}
