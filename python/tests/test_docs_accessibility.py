"""The page is for everybody: axe finds nothing in it, in Chromium, light and dark."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import Browser, Page
from bundles import axe_script
from northstar.render_tree_html import render_html
from northstar.tree import Tree
from trees import hostile_tree, large_tree, whole_tree, whole_values

_FIND = """
axe.run(document, {resultTypes: ["violations"]}).then((found) =>
  found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.html.slice(0, 200)} (${node.failureSummary})`)))
"""


@pytest.fixture
def look_at(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens the page of a tree, with axe in it."""
    engine = axe_script()
    opened: list[Page] = []

    def open_page(html: str, **how: Any) -> Page:
        path = tmp_path / "driver_tree.html"
        path.write_text(html, encoding="utf-8")
        page = browser.open(path, **how)
        opened.append(page)
        page.value(f"{engine}; null")
        return page

    yield open_page
    for page in opened:
        page.close()


def violations(page: Page) -> list[str]:
    found: list[str] = page.value(_FIND)
    return found


@pytest.mark.parametrize(
    ("found", "dark"),
    [
        pytest.param(whole_tree(), False, id="whole-light"),
        pytest.param(whole_tree(), True, id="whole-dark"),
        pytest.param(large_tree(7), False, id="7-light"),
        pytest.param(large_tree(7), True, id="7-dark"),
        pytest.param(large_tree(40), False, id="40-light"),
        pytest.param(large_tree(40), True, id="40-dark"),
        pytest.param(large_tree(300), False, id="300-light"),
        pytest.param(large_tree(300), True, id="300-dark", marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing_with_a_node_opened(
    look_at: Callable[..., Page], found: Tree, dark: bool
) -> None:
    page = look_at(render_html(found, whole_values()), dark=dark)
    page.click(".north_star > .card")
    assert page.value("document.querySelector('article:not([hidden])') !== null")
    assert violations(page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_in_what_a_search_leaves(
    look_at: Callable[..., Page], dark: bool
) -> None:
    page = look_at(render_html(whole_tree(), whole_values()), dark=dark)
    page.click("#search")
    page.type("session_started")
    assert page.value("document.querySelectorAll('.aside:not([hidden])').length") == 3
    assert violations(page) == []
    page.type(" nothing like it")
    assert violations(page) == []


def test_axe_finds_nothing_on_a_telephone(look_at: Callable[..., Page]) -> None:
    page = look_at(render_html(hostile_tree(), whole_values()), width=400)
    assert violations(page) == []
    page.click("#n_hostile_0 > .card")
    assert violations(page) == []


def test_axe_would_find_what_is_wrong(look_at: Callable[..., Page]) -> None:
    html = render_html(large_tree(7))
    page = look_at(html.replace('aria-label="Close"', "").replace("&times;", ""))
    page.click(".north_star > .card")
    page.value("document.body.style.color = '#ccc'")
    rules = {line.partition(":")[0] for line in violations(page)}
    assert {"button-name", "color-contrast"} <= rules, json.dumps(sorted(rules))
