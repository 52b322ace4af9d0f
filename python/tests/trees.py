"""Trees for tests: one that shows everything, and any number of nodes.

A manifest is built of the same parts that `read_manifest` gives.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from northstar.manifest import Manifest
from northstar.tree import Tree, build_tree
from northstar.tree_values import NodeValue, TreeValues

Definition = dict[str, Any]

HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    '"]; click n_x callback; %%{init: {}}%% `end` \\ | subgraph',
    "'; drop table metrics; --",
    "\u202eevil\u202c \u0627\u0644\u0645\u0642\u064a\u0627 \u05e9\u05dc\u05d5\u05dd",
    "😀👩‍👩‍👧‍👦🏳️‍🌈",
    "long " + "w" * 10_000,
    "1. list\n- item\n# head\n```\nfence",
    "${style} $$ {{ var }} \x00\x1b \ud800 ]]> &amp;",
    "*bold* _em_ [link](javascript:alert(1)) <b>x</b> ~~a~~",
)


def metric(**said: Any) -> Definition:
    """A configured metric that no rule finds anything in, but for what is said.

    A key that is None is left out.
    """
    whole: Definition = {
        "entity": "team",
        "events": [{"event": "workflow_completed"}],
        "window": {"calendar": "week"},
        "total": "entities",
        "level": "driver",
        "plain_language": "The number of teams in a week.",
        "counts": "Teams.",
        "does_not_count": "Staff.",
        "why": "Teams stay.",
        "owners": {"sponsor": "Product chief", "data": "Analytics"},
        "unit": "teams",
    } | said
    return {key: value for key, value in whole.items() if value is not None}


def star(**said: Any) -> Definition:
    """A North Star in order."""
    return metric(
        **{
            "level": "north_star",
            "guardrails": ["contacts"],
            "review_due": "2027-01-31",
            **said,
        }
    )


def semantic(name: str, package: str = "consumer", **said: Any) -> dict[str, Any]:
    """A metric of the semantic layer, as the manifest has it; `meta` is its meta."""
    meta = said.pop("meta", {})
    return {
        "name": name,
        "package_name": package,
        "label": name.replace("_", " ").capitalize(),
        "description": "What it is.",
        "type": "simple",
        "type_params": {"measure": {"name": f"{name}_measure"}},
        "filter": None,
        "original_file_path": "models/metrics.yml",
        "config": {"meta": meta},
    } | said


def manifest(
    metrics: Mapping[str, Definition] | None = None,
    semantic_metrics: list[dict[str, Any]] | None = None,
    experiments: Mapping[str, Definition] | None = None,
    **said: Any,
) -> Manifest:
    """A manifest with a North Star and a guardrail, beside what is given."""
    base = {"north": star(), "contacts": metric(level="guardrail")}
    return Manifest(
        project="acme",
        definitions=base | dict(metrics or {}),
        metrics=semantic_metrics or [],
        experiments=experiments or {},
        **said,
    )


def tree(
    metrics: Mapping[str, Definition] | None = None,
    semantic_metrics: list[dict[str, Any]] | None = None,
    experiments: Mapping[str, Definition] | None = None,
    **said: Any,
) -> Tree:
    """The tree of such a manifest."""
    return build_tree(manifest(metrics, semantic_metrics, experiments, **said))


SEMANTIC_MODEL = {
    "name": "northstar_north_star",
    "node_relation": {"alias": "northstar__north_star"},
    "measures": [
        {"name": "north_star_contribution", "agg": "sum", "expr": "contribution"},
        {"name": "north_star_entities_measure", "agg": "sum", "expr": "entities"},
    ],
}


def whole_tree() -> Tree:
    """Every kind of node and edge: what the golden files show."""
    order = {"entity": "order", "owners": {"functional": "Commerce"}}
    return tree(
        {
            "active_teams": metric(
                label="Active teams",
                drives=["north"],
                edge="component",
                events=[{"event": "workflow_completed"}, {"event": "report_viewed"}],
                owners={"functional": "Core product", "data": "Analytics"},
                segments=["enterprise", "self-serve"],
                version=2,
                effective_from="2026-06-01",
                approved_by="Leadership team",
                previous={
                    "version": 1,
                    "overlap": 8,
                    "effective_from": "2025-01-06",
                    "approved_by": "Founders",
                    "plain_language": "The number of teams that worked in a week.",
                    "entity": "team",
                    "events": [{"event": "workflow_completed"}],
                    "window": {"calendar": "week"},
                    "total": "entities",
                },
            ),
            "invited": metric(
                label="Invited members",
                drives=["active_teams", "north"],
                evidence="association",
                evidence_source="Cohorts of 2025",
                segments=["enterprise"],
                events=[
                    {"event": "invited", "where": "status = 'sent' | status <> ''"}
                ],
            ),
            "revenue": metric(
                **order,
                level="product_line",
                drives="north",
                label="Order revenue",
                per_entity={"sum": "value"},
                events=[{"event": "paid", "value": "amount", "cap": 1000}],
                void={"event": "refunded", "key": "order_id", "within_days": 30},
                total="measure",
                unit="GBP",
            ),
            "per_order": {
                "ratio": ["revenue", "orders"],
                "drives": ["revenue"],
                "edge": "component",
                "label": "Revenue per order",
                "owners": {"functional": "Commerce"},
            },
            "orders": metric(
                **order,
                drives=["revenue"],
                edge="component",
                label="Orders",
                events=[{"event": "paid"}],
            ),
            "sessions": metric(
                **order,
                level="input",
                drives=["orders"],
                edge="component",
                label="Sessions",
                events=[{"event": "session_started"}],
            ),
            "idea": metric(level="candidate", label="Reports in the first month"),
            "lost": metric(label="Lost metric", drives=["gone"]),
        },
        [
            semantic(
                "north_star",
                "northstar",
                type_params={"measure": {"name": "north_star_contribution"}},
                meta={"northstar_role": "north_star", "northstar_direction": "up"},
            ),
            semantic(
                "north_star_entities",
                "northstar",
                meta={"northstar_role": "component", "northstar_drives": "north_star"},
            ),
            semantic(
                "checkout_speed",
                type="ratio",
                type_params={
                    "numerator": {"name": "fast_checkouts"},
                    "denominator": {"name": "checkouts"},
                },
                meta={
                    "northstar_drives": ["orders"],
                    "northstar_owner": "Payments",
                    "northstar_evidence": "experiment",
                    "northstar_evidence_source": "Five tests",
                },
            ),
            semantic("unrelated"),
        ],
        {
            "shorter_checkout": {
                "label": "Shorter checkout",
                "hypothesis": "One page in place of three brings more orders.",
                "driver": "orders",
                "primary_metric": "orders",
                "guardrails": {"contacts": 0.02},
                "owner": "Payments",
                "start": "2026-01-05",
                "end": "2026-02-01",
            }
        },
        semantic_models=[SEMANTIC_MODEL],
        inputs=("raw.events", "raw.orders"),
    )


def whole_values() -> TreeValues:
    """Values of some of the nodes: up, down, flat, unknown, with a gap."""

    def value(*points: str | None, rate: str | None = None) -> NodeValue:
        numbers = [None if point is None else Decimal(point) for point in points]
        last = numbers[-1]
        before = numbers[-2] if len(numbers) > 1 else None
        change = None if last is None or before is None else last - before
        return NodeValue(
            date(2026, 6, 22),
            date(2026, 6, 29),
            last,
            change,
            None if rate is None else Decimal(rate),
            tuple(numbers),
        )

    return {
        "north": value("438", "462", rate="0.054794521"),
        "active_teams": value("800", None, "790", "700", rate="-0.113924051"),
        "contacts": value("12", "15", rate="0.25"),
        "revenue": value("1250000.5", "1250000.5", rate="0"),
        "orders": value("0.25"),
        "per_order": value(None),
    }


def large_tree(size: int) -> Tree:
    """A tree of so many nodes: a North Star, a guardrail, drivers of many shapes."""
    choice = random.Random(size)
    metrics = {}
    names = ["north"]
    for number in range(size - 2):
        place = choice.randint(max(0, number // 6 - 3), number // 6)
        name = f"metric_{number:04d}"
        parents = [names[place]]
        if number % 30 == 29:  # a second parent here and there
            parents.append(choice.choice(names[:-1]))
        metrics[name] = metric(
            label=f"Activated accounts of team {number}",
            drives=parents,
            events=[{"event": "workflow_completed"}, {"event": f"event_{number}"}],
            edge=choice.choice(["component", "influence"]),
            owners={"functional": choice.choice(["Growth", "Core", "Sales"])},
        )
        names.append(name)
    return tree(metrics)


def hostile_tree() -> Tree:
    """Every text that people can write holds something hostile."""
    metrics = {}
    for number, text in enumerate(HOSTILE):
        metrics[f"hostile_{number}"] = metric(
            label=text,
            drives=["north"] if number % 2 else ["hostile_0", text],
            plain_language=text,
            counts=[text, text],
            does_not_count=text,
            why=text,
            owners={"sponsor": text, "data": text},
            unit=text,
            guardrails=[text],
            segments=[text],
            evidence_source=text,
            events=[{"event": text, "where": text}],
            review_due="2030-01-01",
            approved_by=text,
            version=text,
            previous={
                "version": text,
                "plain_language": text,
                "approved_by": text,
                "effective_from": text,
                "events": [{"event": text}],
            },
            suppress=[{"rule": text, "reason": text}],
        )
    experiments = {
        text: {"hypothesis": text, "driver": "north", "owner": text} for text in HOSTILE
    }
    own = [
        semantic(
            f"own_{number}",
            label=text,
            description=text,
            meta={
                "northstar_drives": [text, "north"],
                "northstar_owner": text,
                text: 1,
            },
        )
        for number, text in enumerate(HOSTILE)
    ]
    return tree({"north": star(label=HOSTILE[0]), **metrics}, own, experiments)
