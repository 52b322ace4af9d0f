"""The tree as a page: whole without a script, and usable with one.

The tests of what moves drive a headless Chromium; they skip where there is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from browser import Browser, Page
from northstar.render_tree_html import render_html
from northstar.render_tree_markdown import node_id
from northstar.tree import Tree
from trees import (
    HOSTILE,
    hostile_tree,
    large_tree,
    metric,
    tree,
    whole_tree,
    whole_values,
)

VOID = {"meta", "input", "br", "path", "circle"}


class Outline(HTMLParser):
    """Reads a page; `problems` says where its elements are not nested."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.problems: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")


def outline(html: str) -> Outline:
    found = Outline()
    found.feed(html)
    found.close()
    return found


def test_the_page_is_as_in_the_golden_file(golden: Callable[[str, str], None]) -> None:
    html = render_html(whole_tree(), whole_values())
    for tag in ("style", "script"):
        html = re.sub(rf"<{tag}>.*</{tag}>", f"<{tag}/>", html, flags=re.DOTALL)
    golden("driver_tree.html", re.sub(r"sha256-[^']+", "sha256-…", html))


@pytest.mark.parametrize(
    "found", [whole_tree(), hostile_tree(), large_tree(40)], ids=str
)
def test_elements_are_nested_and_ids_are_single(found: Tree) -> None:
    read = outline(render_html(found, whole_values()))
    assert (read.problems, read.open) == ([], [])
    ids = [value for _, name, value in read.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {node_id(name) for name in found.nodes} <= set(ids)
    for _, name, value in read.attributes:
        if name in ("aria-labelledby", "href"):
            assert value.removeprefix("#") in ids


@pytest.mark.parametrize("found", [whole_tree(), hostile_tree()], ids=str)
def test_nothing_is_asked_of_a_network(found: Tree) -> None:
    html = render_html(found)
    read = outline(html)
    assert not [
        (tag, name, value)
        for tag, name, value in read.attributes
        if name in ("src", "srcset", "action", "style") or name.startswith("on")
    ]
    assert html.count("<script") == html.count("</script") == 1
    assert "default-src 'none'" in html
    style = html.partition("<style>")[2].partition("</style>")[0]
    assert not re.search(r"url\(|@import", style)


def test_a_chain_of_a_thousand_is_a_page() -> None:
    links = {f"m{i:04}": metric(drives=f"m{i - 1:04}") for i in range(1, 1000)}
    html = render_html(tree({"m0000": metric(drives="north"), **links}))
    assert html.count('<li role="treeitem"') == 1002


# ------------------------------------------------------------------------- a browser


@pytest.fixture
def draw(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens the page of a tree; at the end nothing may have gone wrong in it."""
    opened: list[Page] = []
    path = tmp_path / "driver_tree.html"

    def open_page(found: Tree, **how: Any) -> Page:
        path.write_text(render_html(found, whole_values()), encoding="utf-8")
        opened.append(browser.open(path, **how))
        return opened[-1]

    yield open_page
    for page in opened:
        page.value("1")
        assert page.problems == []
        assert page.requests == [path.resolve().as_uri()]
        page.close()


def shown(page: Page) -> list[str]:
    found: list[str] = page.value(
        "[...document.querySelectorAll('[data-node]:is([role=treeitem])')]"
        ".filter((e) => e.offsetParent).map((e) => e.dataset.node.slice(2))"
    )
    return found


def focused(page: Page) -> str:
    found: str = page.value(
        "(document.activeElement.dataset.node || document.activeElement.id).slice(2)"
    )
    return found


def opened(page: Page) -> list[str]:
    found: list[str] = page.value(
        "[...document.querySelectorAll('article')].filter((e) => e.offsetParent)"
        ".map((e) => e.id.slice(4))"
    )
    return found


def test_a_search_keeps_what_fits_and_the_way_to_it(
    draw: Callable[..., Page],
) -> None:
    page = draw(whole_tree())
    page.click("#search")
    page.type("session_started")
    assert shown(page) == ["north", "revenue", "orders", "sessions"]
    assert page.value("document.getElementById('found').textContent") == "1 of 13"
    page.type(" nothing like it")
    assert shown(page) == []
    assert page.value("document.getElementById('nothing').offsetParent !== null")
    page.value("document.getElementById('search').value = ''")
    page.type(" ")
    assert len(shown(page)) == 13


def choose(page: Page, menu: str, value: str) -> None:
    page.value(
        f"(() => {{ const e = document.getElementById('{menu}'); e.value = '{value}';"
        "e.dispatchEvent(new Event('change', {bubbles: true})); })()"
    )


def test_an_owner_and_a_segment_can_be_picked(draw: Callable[..., Page]) -> None:
    page = draw(whole_tree())
    choose(page, "owner", "Payments")
    assert shown(page) == [
        *("north", "revenue", "orders", "checkout_speed", "shorter_checkout")
    ]
    choose(page, "owner", "")
    choose(page, "segment", "self-serve")
    assert "invited" not in shown(page)
    assert "active_teams" in shown(page)
    assert "orders" in shown(page)  # says no segment: it matters for all


def test_a_branch_is_closed_and_opened_by_mouse_and_by_key(
    draw: Callable[..., Page],
) -> None:
    page = draw(whole_tree())
    page.click("#n_orders .knob")
    assert "sessions" not in shown(page)
    assert "orders" in shown(page)
    page.press("ArrowRight")
    assert "sessions" in shown(page)
    page.press("ArrowLeft")
    assert "sessions" not in shown(page)
    page.press("ArrowLeft")
    assert focused(page) == "revenue"
    page.click("#collapse")
    assert "orders" not in shown(page)
    page.click("#expand")
    assert "sessions" in shown(page)


def test_a_node_opens_by_key_and_gives_the_focus_back(
    draw: Callable[..., Page],
) -> None:
    page = draw(whole_tree())
    for _ in range(20):
        page.press("Tab")
        if focused(page) == "north":
            break
    assert focused(page) == "north"
    page.press("ArrowDown")
    assert focused(page) == "active_teams"
    page.press("Enter")
    assert opened(page) == ["active_teams"]
    assert page.value("document.activeElement.id") == "h-n_active_teams"
    said = page.value("document.getElementById('d-n_active_teams').innerText")
    for words in ("Core product", "workflow_completed", "northstar__metric_periods"):
        assert words in said
    page.press("Escape")
    assert opened(page) == []
    assert focused(page) == "active_teams"


def test_a_node_opens_by_mouse_and_links_lead_to_others(
    draw: Callable[..., Page],
) -> None:
    page = draw(whole_tree())
    page.click("#collapse")
    page.click("#n_revenue > .card")
    assert opened(page) == ["revenue"]
    page.click("#d-n_revenue a[data-node=n_orders]")
    assert opened(page) == ["orders"]
    assert "orders" in shown(page)
    page.click("#d-n_orders .close")
    assert opened(page) == []


def test_one_item_of_the_tree_is_in_the_order_of_tabs(
    draw: Callable[..., Page],
) -> None:
    page = draw(whole_tree())
    count = "document.querySelectorAll('[role=treeitem][tabindex=\"0\"]').length"
    assert page.value(count) == 1
    page.value("document.querySelector('[role=treeitem]').focus()")
    page.press("End")
    assert focused(page) == "lost"
    page.press("Home")
    assert focused(page) == "north"
    assert page.value(count) == 1
    levels = page.value(
        "[...document.querySelectorAll('[role=group] [role=treeitem]')].every((e) =>"
        " e.getAttribute('aria-level') =="
        " +e.parentElement.closest('[role=treeitem]').getAttribute('aria-level') + 1)"
    )
    assert levels is True


@pytest.mark.parametrize("dark", [False, True])
def test_colours_follow_the_reader_until_they_are_chosen(
    draw: Callable[..., Page], dark: bool
) -> None:
    page = draw(whole_tree(), dark=dark)
    ground = "getComputedStyle(document.body).backgroundColor"
    colours = ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]
    assert page.value(ground) == colours[dark]
    page.click("#theme")
    assert page.value(ground) == colours[not dark]


def test_paper_has_every_definition(draw: Callable[..., Page]) -> None:
    page = draw(whole_tree())
    page.send("Emulation.setEmulatedMedia", {"media": "print"})
    assert len(opened(page)) == 13
    assert page.value("document.getElementById('search').offsetParent === null")


@pytest.mark.parametrize("media", ["screen", "print"])
def test_what_a_card_says_is_not_cut_off(draw: Callable[..., Page], media: str) -> None:
    page = draw(large_tree(40))
    page.send("Emulation.setEmulatedMedia", {"media": media})
    cut = page.value(
        "[...document.querySelectorAll('.card :is(.name, .said, small)')]"
        ".filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth"
        " || e.scrollHeight > e.clientHeight + 1 && e.clientHeight)"
        ".map((e) => e.textContent)"
    )
    assert cut == []


@pytest.mark.parametrize("width", [1440, 400])
def test_hostile_labels_do_not_run_and_do_not_break_the_page(
    draw: Callable[..., Page], width: int
) -> None:
    page = draw(hostile_tree(), width=width)
    images = "document.querySelectorAll('img, iframe, object, b b').length"
    assert page.value(images) == 0
    assert page.value("document.scripts.length") == 1
    label = page.value("document.querySelector('.north_star .name').textContent")
    assert label == HOSTILE[0]
    page.value("window.scrollTo(9999, 9999)")
    assert page.value("[scrollX, scrollY]") == [0, 0]
    tallest = page.value(
        "Math.max(...[...document.querySelectorAll('.card')]"
        ".map((e) => e.offsetHeight))"
    )
    assert tallest < 140
    page.click("#search")
    page.type(HOSTILE[0])
    assert "hostile_0" in shown(page)
    page.click("#n_hostile_0 > .card")
    wide = page.value(
        "[...document.querySelectorAll('article:not([hidden]) *')]"
        ".every((e) => e.scrollWidth <= innerWidth)"
    )
    assert wide is True


def test_a_large_tree_opens_folded_and_at_once(draw: Callable[..., Page]) -> None:
    page = draw(large_tree(1000))
    assert len(shown(page)) < 200
    spent = page.value(
        "(() => { const t = performance.now();"
        "document.getElementById('expand').click(); document.body.offsetHeight;"
        "return performance.now() - t; })()"
    )
    assert len(shown(page)) == 1000
    assert spent < 3000


def test_the_page_is_whole_without_its_script(browser: Browser, tmp_path: Path) -> None:
    html = re.sub(
        r"<script>.*</script>", "", render_html(whole_tree()), flags=re.DOTALL
    )
    path = tmp_path / "driver_tree.html"
    path.write_text(html, encoding="utf-8")
    page = browser.open(path)
    assert len(shown(page)) == 13
    assert len(opened(page)) == 13
    page.close()
