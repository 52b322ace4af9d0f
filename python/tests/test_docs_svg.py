"""The tree as a picture: well-formed and inert, whatever the labels hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from northstar.render_tree_html import spark_path
from northstar.render_tree_svg import (
    CARD_WIDTH,
    THEMES,
    fit,
    fit_ends,
    render_svg,
    text_width,
)
from northstar.tree import Tree
from trees import hostile_tree, large_tree, tree, whole_tree, whole_values

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_as_in_the_golden_file(
    golden: Callable[[str, str], None], theme: str
) -> None:
    values = whole_values() if theme == "light" else None
    golden(f"driver_tree_{theme}.svg", render_svg(whole_tree(), values, theme))


def test_every_node_has_its_card() -> None:
    found = whole_tree()
    titles = [
        element.findtext(f"{SVG}title") or ""
        for element in ET.fromstring(render_svg(found)).iter(f"{SVG}svg")
    ]
    for node in found.nodes.values():
        assert any(title.startswith(node.label) for title in titles)


@pytest.mark.parametrize("found", [hostile_tree(), whole_tree(), tree()], ids=str)
def test_nothing_in_it_runs_or_is_asked_for(found: Tree) -> None:
    svg = render_svg(found, whole_values())
    svg.encode()
    elements = list(ET.fromstring(svg).iter())
    tags = {element.tag.removeprefix(SVG) for element in elements}
    assert tags <= {"svg", "title", "desc", "rect", "path", "text", "g", "circle"}
    names = {name for element in elements for name in element.attrib}
    assert not [name for name in names if name.startswith("on") or "href" in name]
    assert re.findall(r"url\(|@import|https?://\S+", re.sub(r">[^<]*<", "><", svg)) == [
        'http://www.w3.org/2000/svg"'
    ]


@pytest.mark.parametrize("size", [2, 7, 40, 300])
def test_cards_are_inside_the_picture_and_do_not_overlap(size: int) -> None:
    root = ET.fromstring(render_svg(large_tree(size)))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    boxes = []
    for group in root.iter(f"{SVG}g"):
        place = re.fullmatch(r"translate\((\S+) (\S+)\)", group.get("transform", ""))
        assert place
        for card in group.findall(f"{SVG}svg"):
            x = float(place[1]) + float(card.attrib["x"])
            y = float(place[2]) + float(card.attrib["y"])
            boxes.append((x, y, x + CARD_WIDTH, y + float(card.attrib["height"])))
    assert len(boxes) >= size
    for left, top, right, bottom in boxes:
        assert left >= 0
        assert top >= 0
        assert right <= width
        assert bottom <= height
    for number, one in enumerate(boxes):
        for other in boxes[:number]:
            apart = (
                one[0] >= other[2]
                or other[0] >= one[2]
                or one[1] >= other[3]
                or other[1] >= one[3]
            )
            assert apart, (one, other)


def test_a_tree_of_forty_is_legible_on_a_slide() -> None:
    root = ET.fromstring(render_svg(large_tree(40)))
    shrinking = max(
        float(root.attrib["width"]) / 1920, float(root.attrib["height"]) / 1080
    )
    assert 11 / shrinking >= 7  # the smallest text, in pixels of a slide


def luminance(colour: str) -> float:
    """Relative luminance of a colour #rrggbb, as WCAG 2.2 defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21, as WCAG 2.2 defines it."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_colours_stand_out_from_what_they_are_on(theme: str) -> None:
    colours = THEMES[theme]
    for ground in (colours.ground, colours.card, colours.accent_ground):
        for text in (colours.text, colours.quiet, colours.good, colours.bad):
            assert contrast(text, ground) >= 4.5
    for line in (colours.line, colours.accent, colours.guardrail, colours.experiment):
        assert contrast(line, colours.ground) >= 3


def test_texts_are_cut_where_the_card_ends() -> None:
    assert fit("short", 10) == "short"
    assert text_width(fit("w" * 10_000, 30)) <= 31
    assert text_width(fit("漢字" * 100, 30)) <= 31
    assert fit("", 5) == ""


def test_a_label_is_cut_in_its_middle() -> None:
    assert fit_ends("Activated teams", 30) == "Activated teams"
    cut = fit_ends("Activated accounts of the regional team 213", 30)
    assert cut == "Activated accounts…l team 213"
    for text in ("w" * 10_000, "漢字" * 100, "W" * 31):
        assert text_width(fit_ends(text, 30)) <= 31


def test_a_line_of_values_has_gaps_and_bounds() -> None:
    path, last = spark_path([Decimal(1), None, Decimal(3), Decimal(2)], 50, 20)
    assert path == "M2.0 18.0M32.7 2.0L48.0 10.0"
    assert last == (48, 10)
    assert spark_path([Decimal(5), Decimal(5)], 50, 20)[0] == "M2.0 10.0L48.0 10.0"
    assert spark_path([Decimal(5)], 50, 20) == ("", None)
    assert spark_path([None, None], 50, 20) == ("", None)
