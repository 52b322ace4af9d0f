"""Draw docs/picture.svg and docs/picture-dark.svg from the demo company's marts.

    make demo
    python docs/picture.py examples/demo/northstar_demo.duckdb

The same marts give the same bytes. Everything that is drawn comes from the marts but
the notes on it: what was planted in the demo company, and when.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

DOCS = Path(__file__).resolve().parent

WIDTH, HEIGHT = 900, 490
LEFT, RIGHT = 52, 872  # the first and the last week
TOP, BOTTOM = 100, 338  # the axis' greatest value and 0
EDGE = 28  # of everything that is no chart
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"


@dataclass(frozen=True)
class Week:
    """A row of northstar__metric_periods; `same_point` is of the week before."""

    start: date
    status: str
    value: float
    elapsed_share: float = 1
    same_point: float | None = None


@dataclass(frozen=True)
class Note:
    """What happened in a week, written `rise` pixels above its point, or below it."""

    on: date
    lines: tuple[str, ...]
    rise: int
    anchor: str = "middle"


@dataclass(frozen=True)
class Story:
    """What the picture tells: a metric, its weeks in order, and every raw row."""

    label: str
    sentence: str
    unit: str
    weeks: Sequence[Week]
    ledger: Mapping[str, int]
    notes: Sequence[Note] = ()


@dataclass(frozen=True)
class Theme:
    """The colours of one of the two pictures; `rows` are the ledger's, in order."""

    ground: str
    border: str
    text: str
    quiet: str
    grid: str
    line: str
    rows: tuple[str, ...]


LIGHT = Theme(
    ground="#ffffff",
    border="#d1d9e0",
    text="#1f2328",
    quiet="#59636e",
    grid="#e6eaef",
    line="#0969da",
    rows=(
        "#0969da",
        "#8250df",
        "#bf8700",
        "#d1242f",
        "#1a7f37",
        "#bc4c00",
        "#bf3989",
        "#818b98",
    ),
)
DARK = Theme(
    ground="#0d1117",
    border="#3d444d",
    text="#f0f6fc",
    quiet="#9198a1",
    grid="#21262d",
    line="#4493f8",
    rows=(
        "#4493f8",
        "#ab7df8",
        "#d29922",
        "#f85149",
        "#3fb950",
        "#f0883e",
        "#db61a2",
        "#9198a1",
    ),
)
PICTURES = {"picture.svg": LIGHT, "picture-dark.svg": DARK}

LEDGER = {
    "accepted": ("accepted",),
    "no consent": ("no_consent",),
    "staff": ("internal",),
    "bots": ("bot",),
    "duplicates": ("duplicate", "conflict"),
    "fraud, tests, sandbox": ("fraud", "test", "excluded"),
    "erased": ("erased",),
    "incomplete, out of range": (
        "missing_event_id",
        "missing_time",
        "missing_entity",
        "future",
        "out_of_range",
    ),
}
"""The dispositions behind each part of the bar, in its order."""

NOTES = (
    Note(date(2025, 9, 15), ("new onboarding",), 62, "end"),
    Note(date(2025, 12, 22), ("Christmas",), -34),
    Note(date(2026, 2, 2), ("new prices:", "flat for ten weeks"), 50, "end"),
    Note(date(2026, 4, 13), ("36 hours without", "web events"), 58),
)


def draw(story: Story, theme: Theme) -> str:
    """The picture as the text of an SVG file.

    Raises ValueError where there is no week, or where a disposition has no part of
    the bar: every raw row is in the picture.
    """
    if not story.weeks:
        raise ValueError("there is no week to draw")
    parts = _parts(story.ledger)
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {HEIGHT}",
            "width": str(WIDTH),
            "height": str(HEIGHT),
            "role": "img",
            "aria-labelledby": "title desc",
            "font-family": FONT,
            "font-size": "13",
            "fill": theme.text,
        },
    )
    _add(svg, "title", {"id": "title"}).text = _clean(story.label)
    _add(svg, "desc", {"id": "desc"}).text = _clean(_describe(story, parts))
    frame = {"x": 0.5, "y": 0.5, "width": WIDTH - 1, "height": HEIGHT - 1, "rx": 8}
    _add(svg, "rect", {**frame, "fill": theme.ground, "stroke": theme.border})
    _heading(svg, story, theme)
    _chart(svg, story, theme)
    _bar(svg, parts, theme)
    ET.indent(svg)
    return ET.tostring(svg, encoding="unicode") + "\n"


def _heading(svg: ET.Element, story: Story, theme: Theme) -> None:
    _text(svg, EDGE, 40, story.label, size=20, weight=600)
    _text(svg, EDGE, 63, story.sentence, size=14, fill=theme.quiet)
    for x, status in ((660, "final"), (719, "provisional"), (827, "open")):
        _point(svg, x, 35, status, theme)
        _text(svg, x + 10, 39.5, status, fill=theme.quiet)


def _chart(svg: ET.Element, story: Story, theme: Theme) -> None:
    scale = _Scale(story.weeks)
    _axes(svg, scale, story.unit, theme)

    closed = [week for week in story.weeks if week.status != "open"]
    final = [week for week in closed if week.status == "final"]
    if final:
        line = [scale.point(week) for week in final]
        floor = [(line[-1][0], BOTTOM), (line[0][0], BOTTOM)]
        area = _path([*line, *floor]) + " Z"
        _add(svg, "path", {"d": area, "fill": theme.line, "fill-opacity": 0.12})
        _line(svg, line, theme.line)
    if len(closed) > len(final):
        line = [scale.point(week) for week in closed[max(len(final) - 1, 0) :]]
        _line(svg, line, theme.line, dashes="4 3")

    _notes(svg, story, scale, theme)
    for week in closed[len(final) :]:
        x, y = scale.point(week)
        _point(svg, x, y, week.status, theme)
        _text(svg, x + 6, y - 12, f"{week.value:,.0f}", weight=600, anchor="end")
    for week in story.weeks:
        if week.status == "open":
            _open_week(svg, week, scale, theme)


def _axes(svg: ET.Element, scale: _Scale, unit: str, theme: Theme) -> None:
    for tick in scale.ticks:
        y = scale.y(tick)
        _line(svg, [(LEFT, y), (RIGHT, y)], theme.grid, width=1)
        _text(svg, LEFT - 8, y + 4, f"{tick:,.0f}", fill=theme.quiet, anchor="end")
    _text(svg, LEFT, TOP - 8, unit, fill=theme.quiet)
    for first in scale.quarters():
        x = scale.x(first)
        _line(svg, [(x, BOTTOM), (x, BOTTOM + 5)], theme.border, width=1)
        year = f" {first.year}" if first.month == 1 or first == scale.first else ""
        name = f"{first:%b}{year}"
        _text(svg, x, BOTTOM + 20, name, fill=theme.quiet, anchor="middle")


def _notes(svg: ET.Element, story: Story, scale: _Scale, theme: Theme) -> None:
    weeks = {week.start: week for week in story.weeks}
    for note in story.notes:
        week = weeks.get(note.on)
        if week is None:
            continue
        x, y = scale.point(week)
        away = 6 if note.rise > 0 else -6
        ends = [(x, y - away), (x, y - note.rise)]
        _line(svg, ends, theme.quiet, width=1)
        _point(svg, x, y, "final", theme)
        lines = len(note.lines)
        first = y - note.rise - (5 + 16 * (lines - 1) if note.rise > 0 else -14)
        shift = 4 if note.anchor == "end" else 0
        for number, line in enumerate(note.lines):
            at = first + 16 * number
            text = _text(svg, x + shift, at, line, fill=theme.quiet, anchor=note.anchor)
            if note.rise > 0:  # a line of the grid stops before it
                text.set("paint-order", "stroke")
                text.set("stroke", theme.ground)
                text.set("stroke-width", "5")


def _open_week(svg: ET.Element, week: Week, scale: _Scale, theme: Theme) -> None:
    x, y = scale.point(week)
    gone = int(week.elapsed_share * 100)  # rounded down: an open week is never over
    lines = [f"{week.value:,.0f} with {gone} % of the week gone"]
    if week.same_point is not None and week.start > scale.first:
        before = (scale.x(week.start - timedelta(days=7)), scale.y(week.same_point))
        _line(svg, [before, (x, y)], theme.line, width=1.5, dashes="2 2")
        circle = {"cx": before[0], "cy": before[1], "r": 2.5}
        _add(svg, "circle", {**circle, "fill": theme.line})
        lines.append(f"{week.same_point:,.0f} at this point of the week before")
    _point(svg, x, y, "open", theme)
    for number, line in enumerate(lines):
        fill = theme.quiet if number else theme.text
        weight = 400 if number else 600
        at = y + 22 + 16 * number
        _text(svg, x + 4, at, line, fill=fill, weight=weight, anchor="end")


def _bar(svg: ET.Element, parts: Mapping[str, int], theme: Theme) -> None:
    total = sum(parts.values())
    heading = f"{total:,} raw rows, each accepted or left out for a reason"
    _text(svg, EDGE, 396, heading, size=14, weight=600)
    x, width = float(EDGE), WIDTH - 2 * EDGE
    for (name, count), colour in zip(parts.items(), theme.rows, strict=True):
        share = count / total * width if total else 0
        if count:
            seen = max(share - 1, 0.75)  # a gap between the parts
            part = {"x": x, "y": 408, "width": seen, "height": 12}
            _add(svg, "rect", {**part, "fill": colour})
        x += share
        place = list(parts).index(name)
        left = EDGE + (place % 4) * (width / 4)
        top = 444 + 22 * (place // 4)
        key = {"x": left, "y": top - 9, "width": 10, "height": 10, "rx": 2}
        _add(svg, "rect", {**key, "fill": colour})
        entry = _text(svg, left + 16, top, f"{count:,} ", weight=600)
        said = _add(entry, "tspan", {"font-weight": 400, "fill": theme.quiet})
        said.text = name


class _Scale:
    """From weeks and values to pixels."""

    def __init__(self, weeks: Sequence[Week]) -> None:
        self.first, self.last = weeks[0].start, weeks[-1].start
        values = (max(week.value, week.same_point or 0) for week in weeks)
        greatest = max(1.0, *values)
        step = 10.0 ** math.floor(math.log10(greatest))
        step = next(
            size
            for size in (step / 5, step / 2, step, step * 2)
            if greatest / size <= 6
        )
        self.ticks = [step * tick for tick in range(math.ceil(greatest / step) + 1)]

    def x(self, day: date) -> float:
        days = max((self.last - self.first).days, 1)
        return LEFT + (RIGHT - LEFT) * (day - self.first).days / days

    def y(self, value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * value / self.ticks[-1]

    def point(self, week: Week) -> tuple[float, float]:
        return self.x(week.start), self.y(week.value)

    def quarters(self) -> list[date]:
        """The first week, then the first day of each quarter that begins later."""
        later = [
            date(year, month, 1)
            for year in range(self.first.year, self.last.year + 1)
            for month in (1, 4, 7, 10)
        ]
        month = timedelta(days=30)
        return [
            self.first,
            *(day for day in later if self.first + month < day <= self.last),
        ]


def _parts(ledger: Mapping[str, int]) -> dict[str, int]:
    """The rows in each part of the bar."""
    known = {name for names in LEDGER.values() for name in names}
    if unknown := sorted(set(ledger) - known):
        raise ValueError(f"no part of the bar holds {', '.join(unknown)}")
    return {
        part: sum(ledger.get(name, 0) for name in names)
        for part, names in LEDGER.items()
    }


def _describe(story: Story, parts: Mapping[str, int]) -> str:
    """The picture in words, for those who do not see it."""
    first, last = story.weeks[0], story.weeks[-1]
    closed = [week for week in story.weeks if week.status != "open"]
    said = [
        story.sentence,
        f"Weeks from {first.start} to {last.start}.",
        *(f"{w.start}: {w.value:,.0f} ({w.status})." for w in closed[:1] + closed[-1:]),
    ]
    if last.status == "open":
        gone = int(last.elapsed_share * 100)
        said.append(f"{last.start}: {last.value:,.0f} (open, {gone} % gone).")
    said += [f"{note.on}: {' '.join(note.lines)}." for note in story.notes]
    rows = ", ".join(f"{count:,} {name}" for name, count in parts.items())
    return " ".join([*said, f"{sum(parts.values()):,} raw rows: {rows}."])


def _point(svg: ET.Element, x: float, y: float, status: str, theme: Theme) -> None:
    """The mark of a week: full when final, half when provisional, hollow when open."""
    mark = {"cx": x, "cy": y, "r": 4 if status == "final" else 4.5}
    if status == "final":
        _add(svg, "circle", {**mark, "fill": theme.line})
        return
    ring: dict[str, str | float] = {
        "fill": theme.ground,
        "stroke": theme.line,
        "stroke-width": 2,
    }
    _add(svg, "circle", {**mark, **ring})
    if status == "provisional":
        half = f"M {_number(x)} {_number(y - 4.5)} a 4.5 4.5 0 0 0 0 9 Z"
        _add(svg, "path", {"d": half, "fill": theme.line})


def _line(
    svg: ET.Element,
    points: Iterable[tuple[float, float]],
    colour: str,
    *,
    width: float = 2,
    dashes: str = "",
) -> None:
    line = _add(svg, "path", {"d": _path(points), "fill": "none", "stroke": colour})
    line.set("stroke-width", _number(width))
    line.set("stroke-linejoin", "round")
    if dashes:
        line.set("stroke-dasharray", dashes)


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "M " + " L ".join(f"{_number(x)} {_number(y)}" for x, y in points)


def _text(
    svg: ET.Element,
    x: float,
    y: float,
    text: str,
    *,
    size: int = 13,
    weight: int = 400,
    fill: str = "",
    anchor: str = "start",
) -> ET.Element:
    element = _add(svg, "text", {"x": x, "y": y})
    for name, value, usual in (
        ("font-size", str(size), "13"),
        ("font-weight", str(weight), "400"),
        ("fill", fill, ""),
        ("text-anchor", anchor, "start"),
    ):
        if value != usual:
            element.set(name, value)
    element.text = _clean(text)
    return element


def _add(
    parent: ET.Element, tag: str, attributes: Mapping[str, str | float]
) -> ET.Element:
    texts = {
        name: value if isinstance(value, str) else _number(value)
        for name, value in attributes.items()
    }
    return ET.SubElement(parent, tag, texts)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _clean(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def read_story(path: Path) -> Story:
    """The North Star and the ledger, from the DuckDB file that the demo builds."""
    import duckdb  # drawing does without it

    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set schema = 'northstar'")
        label, sentence, unit = connection.execute(
            "select label, plain_language, unit from northstar__metric_definitions "
            "where is_north_star"
        ).fetchall()[0]
        weeks = connection.execute(
            "select period_start, period_status, value, elapsed_share, "
            "same_point_value from northstar__metric_periods where is_north_star "
            "order by period_start"
        ).fetchall()
        ledger = connection.execute(
            "select disposition, sum(row_count) from northstar__event_ledger "
            "group by disposition"
        ).fetchall()
    return Story(
        label=label,
        sentence=sentence,
        unit=unit,
        weeks=[
            Week(start, status, float(value), float(share), _float(same_point))
            for start, status, value, share, same_point in weeks
        ],
        ledger={disposition: int(rows) for disposition, rows in ledger},
        notes=NOTES,
    )


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("duckdb", type=Path, help="the file that `make demo` builds")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of the pictures")
    options = parser.parse_args(arguments)
    if not options.duckdb.exists():
        parser.error(f"there is no {options.duckdb}; `make demo` builds it")
    story = read_story(options.duckdb)
    for name, theme in PICTURES.items():
        (options.out / name).write_text(draw(story, theme), encoding="utf-8")


if __name__ == "__main__":
    main()
