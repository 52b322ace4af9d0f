"""The tree as Markdown: what a code host draws, whatever the labels hold."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from mermaid import read_diagrams, read_flowchart
from northstar.render_tree_html import render_html
from northstar.render_tree_markdown import (
    code,
    escape,
    fence,
    mermaid_text,
    node_id,
    render_markdown,
)
from trees import (
    HOSTILE,
    hostile_tree,
    large_tree,
    metric,
    tree,
    whole_tree,
    whole_values,
)


def test_the_page_is_as_in_the_golden_file(golden: Callable[[str, str], None]) -> None:
    golden("driver_tree.md", render_markdown(whole_tree()))


def test_the_page_with_values_is_as_in_the_golden_file(
    golden: Callable[[str, str], None],
) -> None:
    golden("driver_tree_values.md", render_markdown(whole_tree(), whole_values()))


def test_the_diagrams_hold_every_node_and_edge() -> None:
    found = whole_tree()
    charts = read_diagrams(render_markdown(found))
    assert {name for chart in charts for name in chart.labels} == {
        node_id(name) for name in found.nodes
    }
    assert {edge for chart in charts for edge in chart.edges} == {
        (node_id(edge.child), node_id(edge.parent)) for edge in found.edges
    }


@pytest.mark.parametrize("size", [2, 7, 40, 300, 1000])
def test_every_diagram_is_under_the_limits_of_a_code_host(size: int) -> None:
    found = large_tree(size)
    charts = read_diagrams(render_markdown(found))
    assert all(len(chart.labels) <= 40 for chart in charts)
    drawn = {edge for chart in charts for edge in chart.edges}
    links = {(node_id(c), node_id(p)) for c, p in found.places.items()}
    assert links <= drawn


def test_hostile_labels_stay_labels() -> None:
    charts = read_diagrams(render_markdown(hostile_tree()))
    labels = {label for chart in charts for label in chart.labels.values()}
    assert any(label.startswith("</script><img src=x") for label in labels)
    assert any(label.startswith('"]; click n_x') for label in labels)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_leaves_its_label(text: str) -> None:
    line = text.replace("\n", " ").replace("\x00", "").replace("\x1b", "")
    shown = mermaid_text(line.replace("\ud800", ""))
    read_flowchart(
        f'flowchart RL\n  n_x["{shown}"]:::driver\n'
        "  classDef driver fill:#f6f8fa,stroke:#59636e,color:#1f2328"
    )


@pytest.mark.parametrize("character", "`\"'#;%{}[]<>|\\&@$*_-./=!?^~")
def test_every_mark_is_an_entity_in_a_label(character: str) -> None:
    assert mermaid_text(character) == f"#{ord(character)};"


def test_hostile_texts_open_no_markup_in_the_page() -> None:
    page = render_markdown(hostile_tree())
    outside = re.sub(r"^(`{3,})\w*\n.*?\n\1$", "", page, flags=re.DOTALL | re.MULTILINE)
    outside = re.sub(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", outside)
    tags = set(re.findall(r"<[^>]*>", outside))
    assert all(re.fullmatch(r'<a id="n_\w+">|</a>', tag) for tag in tags)
    links = re.findall(r"(?<!\\)\]\(([^)]*)\)", outside)
    assert all(re.fullmatch(r"#n_\w+", link) for link in links)
    page.encode()
    assert "\u202e" not in page


def test_a_table_has_as_many_cells_in_each_row() -> None:
    page = render_markdown(hostile_tree(), {})
    table = page.partition("## All metrics\n\n")[2].partition("\n\n")[0]
    counts = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
    assert counts == {7}


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("<b>", "&lt;b&gt;"),
        ("*x* _y_", r"\*x\* \_y\_"),
        ("[a](b)", r"\[a\](b)"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("2026-01-31", "2026-01-31"),
        ("# head", r"\# head"),
        ("&amp;", "&amp;amp;"),
    ],
)
def test_marks_of_markdown_are_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_code_holds_ticks() -> None:
    assert code("a`b") == "`` a`b ``"
    assert fence("sql", ["a", "```"])[0] == "````sql"


def test_names_have_ids_of_their_own() -> None:
    names = ["a_b", "a b", "a-b", "A_b", "aX20Xb", "é"]
    assert len({node_id(name) for name in names}) == len(names)


def test_a_tree_without_a_north_star_is_a_page() -> None:
    found = tree({"north": {"level": "driver", "ratio": ["a", "b"]}})
    assert "North Star: none." in render_markdown(found)


def test_a_definition_says_all_that_governs_it() -> None:
    said = metric(
        drives="north",
        plain_language="The number of teams that worked in a week.",
        counts=["Completed workflows.", "Autopilot."],
        does_not_count="Drafts.",
        why="Work stays.",
        owners={"sponsor": "Board", "data": "Analytics", "functional": "Core"},
        unit="teams",
        version=2,
        effective_from="2026-06-01",
        approved_by="Leadership",
        review_due="2027-01-31",
        previous={
            "version": 1,
            "effective_from": "2025-01-06",
            "approved_by": "Founders",
            "events": [{"event": "signed_in"}],
            "window": {"calendar": "month"},
            "total": "entities",
        },
    )
    for page in (
        render_markdown(tree({"active": said})).partition("### active")[2],
        render_html(tree({"active": said})).partition('id="d-n_active"')[2],
    ):
        text = re.sub(r"<[^>]*>|[*\\]", " ", page.partition("</article>")[0])
        for words in (
            "The number of teams that worked in a week.",
            *("Completed workflows.", "Autopilot.", "Drafts.", "Work stays."),
            "Board (sponsor), Analytics (data), Core (functional)",
            *("in each calendar week", "teams", "2026-06-01", "Leadership"),
            "1, from 2025-01-06, approved by Founders",
            *("in each calendar month", "2027-01-31"),
        ):
            assert re.sub(r"[\s_]", "", words) in re.sub(r"[\s_]", "", text), words
