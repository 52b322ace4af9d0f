"""The tree that a manifest describes."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from consumer import REPOSITORY, Consumer
from engines import Engine, Table
from northstar.check import check_tree
from northstar.formula import configured_formula, verify_component
from northstar.manifest import ManifestError, load_manifest, read_manifest
from northstar.text import clean
from northstar.tree import Tree, build_tree, choose_node
from northstar.tree_layout import cut_into_panels, lay_out
from trees import (
    SEMANTIC_MODEL,
    hostile_tree,
    large_tree,
    metric,
    semantic,
    star,
    tree,
    whole_tree,
)

TODAY = date(2026, 11, 22)


def edge(found: Tree, parent: str, child: str) -> Any:
    (one,) = (e for e in found.edges if (e.parent, e.child) == (parent, child))
    return one


# --------------------------------------------------------------------------- building


def test_children_name_their_parents_by_one_name_or_several() -> None:
    found = tree({"a": metric(drives="north"), "b": metric(drives=["a", "north"])})
    assert [(e.parent, e.child) for e in found.edges] == [
        ("a", "b"),
        ("north", "a"),
        ("north", "b"),
    ]
    assert found.places == {"a": "north", "b": "a"}


def test_a_shipped_metric_of_the_north_stars_role_is_the_configured_one() -> None:
    found = tree(
        semantic_metrics=[
            semantic("north_star", "northstar", meta={"northstar_role": "north_star"}),
            semantic(
                "north_star_pace", "northstar", meta={"northstar_drives": "north_star"}
            ),
        ]
    )
    assert found.north_stars == ("north",)
    assert found.nodes["north"].queried_as == ("north_star",)
    assert found.places["north_star_pace"] == "north"


def test_a_teams_own_north_star_is_another_one() -> None:
    own = semantic("mine", meta={"northstar_role": "north_star"})
    assert tree(semantic_metrics=[own]).north_stars == ("mine", "north")


@pytest.mark.parametrize("meta", [{"northstar_definition": "contacts"}, {}])
def test_a_metric_that_gives_a_configured_one_is_no_second_node(
    meta: dict[str, str],
) -> None:
    name = "contacts_query" if meta else "contacts"
    own = semantic(name, meta={"northstar_owner": "Support", **meta})
    unowned = {"contacts": metric(level="guardrail", owners=None)}
    found = tree(unowned, semantic_metrics=[own])
    assert set(found.nodes) == {"north", "contacts"}
    assert found.nodes["contacts"].queried_as == (name,)
    assert found.nodes["contacts"].owners == (("owner", "Support"),)
    owned = tree(semantic_metrics=[own]).nodes["contacts"].owners
    assert ("owner", "Support") not in owned  # the definition stands


def test_metrics_that_say_nothing_to_the_tree_stay_out_of_it() -> None:
    own = semantic("unrelated", meta={"team": "x"})
    assert "unrelated" not in tree(semantic_metrics=[own]).nodes


def test_influence_carries_its_grade_of_evidence() -> None:
    found = tree(
        {
            "a": metric(drives="north"),
            "b": metric(drives="north", evidence="experiment", evidence_source="T1"),
        }
    )
    assert edge(found, "north", "a").evidence == "none"
    assert edge(found, "north", "b").evidence == "experiment"
    assert edge(found, "north", "b").evidence_source == "T1"


def test_an_experiment_hangs_on_its_driver() -> None:
    found = whole_tree()
    assert found.places["shorter_checkout"] == "orders"
    node = found.nodes["shorter_checkout"]
    assert (node.primary_metric, node.guardrails) == ("orders", ("contacts",))


def test_the_order_of_the_manifest_changes_nothing() -> None:
    drivers = {name: metric(drives="north") for name in "abcd"}
    backwards = dict(reversed(drivers.items()))
    one, other = tree(drivers), tree(backwards)
    assert list(one.nodes.items()) == list(other.nodes.items())
    assert one.edges == other.edges


@pytest.mark.parametrize(
    ("drives", "places"),
    [
        ({"a": ["b"], "b": ["a"]}, {}),
        ({"a": ["a"]}, {}),
        ({"a": ["b", "north"], "b": ["a"]}, {"a": "north", "b": "a"}),
        ({"a": ["gone"], "b": ["a"]}, {"b": "a"}),
        ({"north": ["a"], "a": ["north"]}, {"a": "north"}),
    ],
)
def test_a_circle_is_opened_where_it_can_be(
    drives: dict[str, list[str]], places: dict[str, str]
) -> None:
    found = tree(
        {
            name: (star if name == "north" else metric)(drives=parents)
            for name, parents in drives.items()
        }
    )
    assert found.places == places
    drawn = [name for root in found.roots for name in found.below(root)]
    assert sorted(drawn) == sorted(found.nodes)


def test_a_chain_of_a_thousand_is_a_tree() -> None:
    links = {f"m{i:04}": metric(drives=f"m{i - 1:04}") for i in range(1, 1000)}
    found = tree({"m0000": metric(drives="north"), **links})
    assert len(list(found.below("north"))) == 1001
    assert found.connected >= set(links)


@pytest.mark.parametrize(
    "meta",
    [
        {"northstar_drives": 5},
        {"northstar_drives": None, "northstar_role": None},
        {"northstar_guardrails": {"contacts": 1}, "northstar_edge": ["x"]},
        {"northstar_role": {}, "northstar_suppress": "NS001"},
        {"northstar_suppress": [{"rule": None}, None, 3], "northstar_counts": [1, {}]},
        {"northstar_owner": ["A"], "northstar_unit": 5, "northstar_segments": "x"},
    ],
)
def test_whatever_stands_in_a_meta_is_no_error(meta: dict[str, Any]) -> None:
    assert "own" in tree(semantic_metrics=[semantic("own", meta=meta)]).nodes


def test_text_is_kept_but_for_what_no_format_holds() -> None:
    assert clean(" a\n b\x00\ud800\t😀 ") == "a b 😀"
    assert clean("\u202eabc") == "\u202eabc"
    assert clean(None) == ""


def test_a_part_of_a_tree_keeps_what_is_below_to_a_depth() -> None:
    found = whole_tree()
    part = found.part("revenue")
    assert set(part.nodes) == {
        *("revenue", "orders", "per_order", "sessions"),
        *("checkout_speed", "shorter_checkout"),
    }
    assert set(found.part("revenue", 2).nodes) == {"revenue", "orders", "per_order"}
    assert part.roots == ("revenue",)
    assert part.connected == set(part.nodes)
    assert [panel.title for panel in cut_into_panels(part, 30)] == [""]


def test_a_node_is_chosen_by_any_of_its_names() -> None:
    found = whole_tree()
    assert choose_node(found, None) == "north"
    assert choose_node(found, "north_star") == "north"
    with pytest.raises(Exception, match="did you mean orders"):
        choose_node(found, "order")


# ------------------------------------------------------------------------- components


def verdict(parent: dict[str, Any], child: dict[str, Any], *siblings: str) -> str:
    return verify_component(
        "parent",
        configured_formula("parent", parent),
        "child",
        configured_formula("child", child),
        siblings,
    ).state


PAID = {
    "entity": "order",
    "events": [{"event": "paid", "value": "amount"}, {"event": "renewed"}],
    "per_entity": {"sum": "value"},
    "window": {"calendar": "week"},
    "total": "measure",
}


@pytest.mark.parametrize(
    ("child", "siblings", "expected"),
    [
        ({"ratio": ["parent", "orders"]}, ["orders"], "verified"),
        ({"ratio": ["parent", "orders"]}, [], "contradicted"),
        ({**PAID, "events": [{"event": "renewed"}]}, [], "verified"),
        ({**PAID, "events": [{"event": "refunded"}]}, [], "contradicted"),
        ({**PAID, "total": "entities", "per_entity": {}}, [], "verified"),
        ({**PAID, "entity": "user"}, [], "contradicted"),
        ({**PAID, "window": {"calendar": "day"}}, [], "contradicted"),
        ({**PAID, "unit_scale": 2}, [], "contradicted"),
    ],
)
def test_components_of_a_sum(
    child: dict[str, Any], siblings: list[str], expected: str
) -> None:
    assert verdict(PAID, child, *siblings) == expected


TEAMS = metric(per_entity={"count": "events", "at_least": 3})


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        ({}, "verified"),
        ({"per_entity": {"count": "events", "at_least": 2}}, "verified"),
        ({"per_entity": {"count": "events", "at_least": 4}}, "contradicted"),
        ({"per_entity": {"distinct": "user_id", "at_least": 1}}, "contradicted"),
        (
            {"events": [{"event": "workflow_completed"}, {"event": "viewed"}]},
            "verified",
        ),
        (
            {"events": [{"event": "workflow_completed", "where": "plan = 'pro'"}]},
            "contradicted",
        ),
        ({"nth": {"min": 1}}, "contradicted"),
        ({"when": [{"state": "paid", "at": "event"}]}, "contradicted"),
        ({"void": {"event": "undone", "key": "id"}}, "contradicted"),
        ({"total": "measure"}, "contradicted"),
        ({"state": {"name": "paid"}, "events": None}, "contradicted"),
    ],
)
def test_components_of_a_number_of_entities(
    child: dict[str, Any], expected: str
) -> None:
    without = {key: value for key, value in TEAMS.items() if key != "per_entity"}
    said = {key: v for key, v in {**without, **child}.items() if v is not None}
    assert verdict(TEAMS, said) == expected


def test_a_stock_is_made_of_those_who_hold_it() -> None:
    stock = {
        "entity": "account",
        "state": {"name": "paid", "value": "mrr"},
        "window": {"as_of": "month"},
        "total": "measure",
    }
    paying = {**stock, "state": {"name": "paid"}, "total": "entities"}
    assert verdict(stock, paying) == "verified"
    trying = {**paying, "state": {"name": "trial"}}
    assert verdict(stock, trying) == "contradicted"


def test_refunds_alone_make_a_sum_that_no_entity_counts_in() -> None:
    netted = {**PAID, "void": {"event": "refunded", "key": "id", "mode": "net"}}
    paying = {key: PAID[key] for key in ("entity", "events", "window")}
    assert verdict(netted, {**paying, "total": "entities"}) == "contradicted"


def test_completion_is_booked_by_the_threshold() -> None:
    window = {"since_anchor": "7d", "book": "completion", "grain": "week"}
    slow = metric(window=window, per_entity={"count": "events", "at_least": 3})
    assert verdict(slow, metric(window=window)) == "contradicted"


def test_a_ratio_is_made_of_its_two_parts_alone() -> None:
    parent = {"ratio": ["child", "other"]}
    assert verdict(parent, metric()) == "verified"
    assert verdict({"ratio": ["one", "other"]}, metric()) == "contradicted"


def test_a_derived_metric_is_made_of_its_inputs() -> None:
    derived = semantic(
        "own",
        type="derived",
        type_params={"expr": "a + b", "metrics": [{"name": "a"}, {"name": "b"}]},
        meta={"northstar_drives": "north"},
    )
    part = {"northstar_drives": "own", "northstar_edge": "component"}
    found = tree(
        semantic_metrics=[derived, semantic("a", meta=part), semantic("c", meta=part)]
    )
    assert edge(found, "own", "a").verdict == "verified"
    assert edge(found, "own", "c").verdict == "contradicted"


def test_sums_over_the_same_rows_are_parts_and_others_cannot_be_checked() -> None:
    found = whole_tree()
    assert edge(found, "north", "north_star_entities").verdict == "verified"
    elsewhere = semantic(
        "own", meta={"northstar_drives": "north", "northstar_edge": "component"}
    )
    found = tree(semantic_metrics=[elsewhere], semantic_models=[SEMANTIC_MODEL])
    assert edge(found, "north", "own").verdict == "unchecked"


# ------------------------------------------------------------------------- the layout


@pytest.mark.parametrize("limit", [2, 5, 40])
@pytest.mark.parametrize("size", [2, 7, 40, 300])
def test_panels_hold_every_node_and_edge_of_the_drawing(size: int, limit: int) -> None:
    found = large_tree(size)
    panels = cut_into_panels(found, limit)
    drawn = {name for panel in panels for name, _ in panel.rows}
    assert drawn == set(found.nodes)
    links = {link for panel in panels for link in panel.links()}
    assert links == {(parent, child) for child, parent in found.places.items()}
    for panel in panels:
        assert len(panel.rows) <= limit
        for name, count in panel.folded.items():
            assert count == len(list(found.below(name))) - 1


@pytest.mark.parametrize("size", [7, 300])
def test_no_two_cards_overlap_and_children_are_to_the_right(size: int) -> None:
    for panel in cut_into_panels(large_tree(size), 30):
        spots = {spot.name: spot for spot in lay_out(panel)}
        columns: dict[int, list[float]] = {}
        for spot in spots.values():
            columns.setdefault(spot.column, []).append(spot.row)
        for rows in columns.values():
            ordered = sorted(rows)
            gaps = [b - a for a, b in pairwise(ordered)]
            assert all(gap >= 1 for gap in gaps)
        for parent, child in panel.links():
            assert spots[child].column == spots[parent].column + 1


def test_a_panel_of_one_node_cannot_show_an_edge() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        cut_into_panels(whole_tree(), 1)


# ----------------------------------------------------------------------- the manifest


def test_a_manifest_that_is_missing_says_how_to_write_it(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="dbt parse"):
        read_manifest(tmp_path / "manifest.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"nodes": []}', "\xff"])
def test_what_is_no_manifest_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ManifestError, match="dbt parse"):
        read_manifest(path)


def test_a_project_without_the_package_is_told_to_add_it() -> None:
    other = {"model.a.b": {"resource_type": "model", "name": "b"}, "model.a.c": None}
    with pytest.raises(ManifestError, match="dbt deps"):
        load_manifest({"nodes": other})


def test_what_is_shipped_goes_with_the_metric_that_it_hangs_on() -> None:
    def hanging(name: str, parent: str, package: str = "northstar") -> dict[str, Any]:
        return semantic(name, package, meta={"northstar_drives": parent})

    found = tree(
        semantic_metrics=[
            hanging("rate", "off"),
            hanging("part", "rate"),
            hanging("elsewhere", "north"),
            hanging("own", "rate", "consumer"),
        ],
        disabled=frozenset(["off"]),
    )
    assert set(found.nodes) == {"north", "contacts", "elsewhere", "own"}
    assert found.missing == (("own", "rate"),)


def test_a_hostile_tree_is_a_tree() -> None:
    found = hostile_tree()
    assert len(found.nodes) == 2 + 3 * 9
    assert found.north_stars == ("north",)


# ---------------------------------------------------------------- a consumer's project

OWN = """\
version: 2
semantic_models:
  - name: visits
    model: ref('visits')
    primary_entity: visit
    defaults: {agg_time_dimension: visited_on}
    dimensions:
      - {name: visited_on, type: time, type_params: {time_granularity: day}}
    measures:
      - {name: visit_count, agg: sum, expr: "1"}
metrics:
  - name: qualified_visits
    label: Qualified visits
    description: Visits of people like our customers.
    type: simple
    type_params: {measure: visit_count}
    config:
      meta:
        northstar_role: input
        northstar_drives: weekly_teams
        northstar_edge: influence
        northstar_owner: Marketing
        northstar_guardrails: [north_star_entities]
"""
VARS: dict[str, Any] = {
    "northstar_events": [
        {
            "name": "app",
            "relation": {"source": ["raw", "events"]},
            "columns": {
                "event_id": "id",
                "event_name": "name",
                "occurred_at": "at",
                "user_id": "person",
            },
        }
    ],
    "northstar_entities": {"user": {"id": "user_id"}},
    "northstar_metrics": {
        "weekly_teams": {
            "level": "north_star",
            "entity": "user",
            "events": [{"event": "done", "where": "event_name <> 'it''s \"quoted\"'"}],
            "window": {"calendar": "week"},
            "total": "entities",
            "owners": {"sponsor": "Chief"},
        }
    },
}
EVENTS: Table = {
    "columns": dict.fromkeys(("id", "name", "at", "person"), "text"),
    "rows": [],
}


UNQUOTED = "2026-01-05"
"""A date that stands in dbt_project.yml without quotes: YAML reads it as a date."""


def parsed(
    directory: Path,
    engine: Engine,
    project: dict[str, Any] | None = None,
    vars: dict[str, Any] | None = None,
) -> Tree:
    """The tree of a project that dbt parsed; `vars` are added to VARS."""
    consumer = Consumer(
        directory,
        engine,
        vars=VARS | (vars or {}),
        tables={"events": EVENTS},
        models={"visits.sql": "select current_date as visited_on", "visits.yml": OWN},
        project=project,
    )
    file = consumer.directory / "dbt_project.yml"
    text = file.read_text(encoding="utf-8").replace(f'"{UNQUOTED}"', UNQUOTED)
    file.write_text(text, encoding="utf-8")
    consumer.dbt("parse").assert_success()
    manifest = read_manifest(consumer.directory / "target" / "manifest.json")
    return build_tree(manifest)


def test_a_project_adds_drivers_and_owners_without_touching_the_package(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    found = parsed(tmp_path, duckdb_engine, documented("Hand over"))
    assert found.project == "consumer"
    own = found.nodes["qualified_visits"]
    assert (own.kind, own.level, own.owners) == (
        "own",
        "input",
        (("owner", "Marketing"),),
    )
    assert own.file == "models/visits.yml"
    assert own.lineage == ("visits", "visits", "qualified_visits")
    assert found.places["qualified_visits"] == "weekly_teams"
    shipped = found.nodes["north_star_entities"]
    assert shipped.kind == "shipped"
    assert shipped.owners == (("owner", "Growth"),)
    assert found.places["north_star_entities"] == "weekly_teams"  # meta was merged
    star = found.nodes["weekly_teams"]
    assert star.queried_as == ("north_star",)
    assert star.reads == ("raw.events",)
    where = star.formula.computing and star.formula.computing["events"][0]["where"]
    assert where == "event_name <> 'it''s \"quoted\"'"


def documented(title: str) -> dict[str, Any]:
    """The YAML that docs/tree.md has under a title in bold."""
    text = (REPOSITORY / "docs" / "tree.md").read_text(encoding="utf-8")
    block = text.partition(f"**{title}.**")[2].partition("```yaml\n")[2]
    said: dict[str, Any] = yaml.safe_load(block.partition("```")[0])
    return said


def test_a_project_detaches_a_shipped_driver_and_what_it_is_made_of(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    found = parsed(tmp_path, duckdb_engine, documented("Detach"))
    gone = {"north_star_activation_rate", "north_star_activated_entities"}
    assert not gone & set(found.nodes)
    assert "north_star_activation_rate" in found.disabled
    assert "north_star_retention_rate" in found.nodes
    assert "north_star" in found.aliases
    codes = {finding.rule.name for finding in check_tree(found, TODAY).findings}
    assert "unknown-parent" not in codes


def test_a_project_moves_a_shipped_driver(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    meta = {"northstar_drives": ["qualified_visits"], "northstar_edge": "influence"}
    found = parsed(
        tmp_path,
        duckdb_engine,
        {"metrics": {"northstar": {"north_star_entities": {"+meta": meta}}}},
    )
    assert found.places["north_star_entities"] == "qualified_visits"
    assert edge(found, "qualified_visits", "north_star_entities").kind == "influence"


EXPERIMENTS = {
    "shorter_form": {
        "hypothesis": "Three fields in place of nine bring more visits that count.",
        "driver": "qualified_visits",
        "primary_metric": "qualified_visits",
        "guardrails": {"north_star_entities": {"margin": 0.02}},
        "entity": "user",
        "owner": "Growth",
        "start": UNQUOTED,
        "end": "2026-02-01",
        "planned_size": 4000,
    },
    "new_colours": {"owner": "Design", "driver": "delight"},
}


def test_experiments_are_in_the_tree_by_the_manifest_alone(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    found = parsed(tmp_path, duckdb_engine, vars={"northstar_experiments": EXPERIMENTS})
    node = found.nodes["shorter_form"]
    assert (node.kind, node.level) == ("experiment", "experiment")
    assert (node.start, node.end) == ("2026-01-05", "2026-02-01")
    assert node.guardrails == ("north_star_entities",)
    assert found.places["shorter_form"] == "qualified_visits"
    flagged = check_tree(found, TODAY).findings
    unmapped = [f.node for f in flagged if f.rule.name == "unmapped-experiment"]
    assert unmapped == ["new_colours"]


def test_a_project_switches_a_module_off(tmp_path: Path, duckdb_engine: Engine) -> None:
    found = parsed(tmp_path, duckdb_engine, vars={"northstar_using_drivers": False})
    shipped = {name for name, node in found.nodes.items() if node.kind == "shipped"}
    assert shipped == {"north_star_entities"}
    assert found.places["qualified_visits"] == "weekly_teams"
    codes = {finding.rule.name for finding in check_tree(found, TODAY).findings}
    assert not codes & {"unknown-parent", "orphan", "unknown-guardrail"}
