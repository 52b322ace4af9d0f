"""The picture of the README: well-formed whatever it is given, and of the demo."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from consumer import REPOSITORY

DOCS = REPOSITORY / "docs"
DEMO = REPOSITORY / "examples" / "demo"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert('&amp;')</script> ]]> \" \x00\x1b\ud800\uffff 😀"


def load(name: str, path: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, REPOSITORY / path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # dataclasses look for their module there
    specification.loader.exec_module(module)
    return module


picture = load("picture", "docs/picture.py")
company = load("demo_company", "examples/demo/company.py")


def story(
    values: tuple[float, ...] = (3, 9, 7, 12, 5),
    statuses: tuple[str, ...] = ("final", "final", "final", "provisional", "open"),
    ledger: Mapping[str, int] | None = None,
    text: str = "Weekly teams",
) -> Any:
    weeks = [
        picture.Week(date(2026, 1, 5) + timedelta(days=7 * number), status, value)
        for number, (value, status) in enumerate(zip(values, statuses, strict=True))
    ]
    if statuses[-1:] == ("open",):
        weeks[-1] = picture.Week(weeks[-1].start, "open", values[-1], 0.2549, 6)
    return picture.Story(
        label=text,
        sentence=text,
        unit=text,
        weeks=weeks,
        ledger={"accepted": 90, "bot": 9, "conflict": 1} if ledger is None else ledger,
        notes=[picture.Note(date(2026, 1, 12), (text, text), 30)],
    )


def words(svg: str) -> list[str]:
    """What the picture says, its title and description first."""
    texts = [
        "".join(element.itertext()).strip()
        for element in ET.fromstring(svg).iter()
        if element.tag.removeprefix(SVG) in ("title", "desc", "text")
    ]
    assert texts[0]
    assert texts[1]
    return texts


@pytest.mark.parametrize("theme", [picture.LIGHT, picture.DARK])
def test_it_says_what_it_is_given(theme: Any) -> None:
    said = words(picture.draw(story(), theme))
    assert said[0] == "Weekly teams"
    assert "12" in said
    assert "5 with 25 % of the week gone" in said
    assert "6 at this point of the week before" in said
    assert "100 raw rows, each accepted or left out for a reason" in said
    assert "90 accepted" in said
    assert "1 duplicates" in said


def test_the_same_story_gives_the_same_bytes() -> None:
    reversed_ledger = {"conflict": 1, "bot": 9, "accepted": 90}
    one = picture.draw(story(), picture.LIGHT)
    assert one == picture.draw(story(ledger=reversed_ledger), picture.LIGHT)


def test_hostile_text_stays_text() -> None:
    svg = picture.draw(story(text=HOSTILE), picture.DARK)
    svg.encode()
    kept = "<script>alert('&amp;')</script> ]]> \"  😀"
    assert kept in words(svg)
    tags = {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()}
    assert tags == {"svg", "title", "desc", "rect", "path", "text", "tspan", "circle"}


def test_it_asks_for_nothing_from_outside() -> None:
    svg = picture.draw(story(), picture.LIGHT)
    assert re.findall(r"href|url\(|@import|https?://\S+", svg) == [
        'http://www.w3.org/2000/svg"'
    ]


@pytest.mark.parametrize(
    ("values", "statuses"),
    [
        ((4,), ("final",)),
        ((0,), ("open",)),
        ((0, 0), ("final", "provisional")),
        ((8, 5), ("provisional", "open")),
        ((0.25, 1e12), ("final", "final")),
    ],
)
def test_few_and_odd_weeks_are_drawn(
    values: tuple[float, ...], statuses: tuple[str, ...]
) -> None:
    svg = picture.draw(story(values, statuses, ledger={}), picture.LIGHT)
    points = re.findall(r' c?y="([^"]*)"', svg)
    assert all(0 <= float(y) <= picture.HEIGHT for y in points)


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(ValueError, match="no part of the bar holds lost"):
        picture.draw(story(ledger={"accepted": 1, "lost": 1}), picture.LIGHT)
    with pytest.raises(ValueError, match="no week"):
        picture.draw(story((), ()), picture.LIGHT)


def test_the_notes_are_what_was_planted() -> None:
    planted = (
        company.ONBOARDING_RELEASE,
        date(company.FIRST_DAY.year, *company.CHRISTMAS[0]),
        company.PRICING_CHANGE,
        company.OUTAGE_DAYS[0],
    )
    weeks = [day - timedelta(days=day.weekday()) for day in planted]
    assert [note.on for note in picture.NOTES] == weeks


def test_every_disposition_is_in_the_bar() -> None:
    path = REPOSITORY / "models" / "marts" / "northstar__event_ledger.yml"
    (mart,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    (column,) = [c for c in mart["columns"] if c["name"] == "disposition"]
    allowed = column["data_tests"][0]["accepted_values"]["arguments"]["values"]
    held = [name for names in picture.LEDGER.values() for name in names]
    assert sorted(held) == sorted(allowed)


def test_the_pictures_in_the_repository_are_of_the_demo() -> None:
    project = yaml.safe_load((DEMO / "dbt_project.yml").read_text(encoding="utf-8"))
    metrics = project["vars"]["northstar"]["northstar_metrics"]
    (metric,) = [m for m in metrics.values() if m.get("level") == "north_star"]
    light, dark = (
        words((DOCS / name).read_text(encoding="utf-8")) for name in picture.PICTURES
    )
    assert light == dark
    assert metric["label"] == light[0]
    assert metric["plain_language"] in light
    shown = [re.match(r"([\d,]+) (.*)", text) for text in light]
    rows = {found[2]: int(found[1].replace(",", "")) for found in shown if found}
    total = rows["raw rows, each accepted or left out for a reason"]
    assert sum(rows[part] for part in picture.LEDGER) == total
