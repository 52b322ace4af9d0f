"""Draw the pictures of docs/drivers from the demo company's marts.

    make demo
    python docs/drivers/pictures.py examples/demo/northstar_demo.duckdb

Each picture shows the answer of the first query on its page. The same marts give the
same bytes. A picture follows its reader's colour scheme, dark or light.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

FOLDER = Path(__file__).resolve().parent

WIDTH, HEIGHT = 860, 340
LEFT, RIGHT = 64, 836
TOP, BOTTOM = 92, 300
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"

LIGHT = ("#0969da", "#1a7f37", "#bf8700", "#cf222e", "#8250df", "#59636e")
DARK = ("#4493f8", "#3fb950", "#d29922", "#f85149", "#ab7df8", "#9198a1")
STYLE = (
    ".ground{fill:#fff;stroke:#d1d9e0}.text{fill:#1f2328}.quiet{fill:#59636e}"
    ".grid{stroke:#e6eaef}.zero{stroke:#818b98}"
    + "".join(f".f{n}{{fill:{c}}}.s{n}{{stroke:{c}}}" for n, c in enumerate(LIGHT))
    + "@media (prefers-color-scheme:dark){"
    ".ground{fill:#0d1117;stroke:#3d444d}.text{fill:#f0f6fc}.quiet{fill:#9198a1}"
    ".grid{stroke:#21262d}.zero{stroke:#656c76}"
    + "".join(f".f{n}{{fill:{c}}}.s{n}{{stroke:{c}}}" for n, c in enumerate(DARK))
    + "}"
)

Rows = Sequence[Mapping[str, Any]]
Place = date | int


@dataclass(frozen=True)
class Line:
    """A line through its points, with a band around it or marks on some of them."""

    name: str
    points: Sequence[tuple[Place, float]]
    colour: int
    band: Sequence[tuple[float, float]] = ()
    dashed: bool = False
    marked: frozenset[Place] = frozenset()


@dataclass(frozen=True)
class Bar:
    """A part of a column, from one value to another."""

    at: Place
    since: float
    until: float
    colour: int
    label: str = ""


@dataclass(frozen=True)
class Chart:
    """What a picture shows; `names` are the parts of columns in the key, by colour."""

    title: str
    lines: Sequence[Line] = ()
    bars: Sequence[Bar] = ()
    names: Mapping[str, int] | None = None
    ticks: Mapping[int, str] | None = None
    is_share: bool = False
    unit: str = ""
    across: str = ""


def draw(chart: Chart) -> str:
    """The picture as the text of an SVG file.

    Raises ValueError where there is nothing to draw.
    """
    scale = _Scale(chart)
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
        },
    )
    _add(svg, "title", id="title").text = _clean(chart.title)
    _add(svg, "desc", id="desc").text = _clean(_describe(chart, scale))
    _add(svg, "style").text = STYLE
    frame = {"x": "0.5", "y": "0.5", "rx": "8", "class": "ground"}
    _add(svg, "rect", width=str(WIDTH - 1), height=str(HEIGHT - 1), **frame)
    _text(svg, 24, 34, chart.title, size=17, weight=600)
    _key(svg, chart)
    _axes(svg, chart, scale)
    for line in chart.lines:
        if line.band:
            _band(svg, line, scale)
    for bar in chart.bars:
        _bar(svg, bar, scale, chart)
    for line in chart.lines:
        _line(svg, line, scale)
    ET.indent(svg)
    return ET.tostring(svg, encoding="unicode") + "\n"


def _key(svg: ET.Element, chart: Chart) -> None:
    entries = [(name, colour, False) for name, colour in (chart.names or {}).items()]
    entries += [(line.name, line.colour, line.dashed) for line in chart.lines]
    x = 24.0
    for name, colour, dashed in entries if len(entries) > 1 else []:
        mark = {"x1": _number(x), "x2": _number(x + 16), "y1": "56", "y2": "56"}
        stroke = {"stroke-width": "3"} | ({"stroke-dasharray": "4 3"} if dashed else {})
        _add(svg, "line", **mark, **stroke, **{"class": f"s{colour}"})
        _text(svg, x + 22, 60.5, name, quiet=True)
        x += 22 + 7.2 * len(name) + 18


def _axes(svg: ET.Element, chart: Chart, scale: _Scale) -> None:
    for tick in scale.steps:
        y = _number(scale.y(tick))
        kind = "zero" if tick == 0 else "grid"
        _add(svg, "line", x1=str(LEFT), x2=str(RIGHT), y1=y, y2=y, **{"class": kind})
        shown = _shown(tick, chart.is_share)
        _text(svg, LEFT - 8, scale.y(tick) + 4, shown, quiet=True, anchor="end")
    _text(svg, LEFT, TOP - 10, chart.unit, quiet=True)
    for place, name in scale.names().items():
        _text(svg, scale.x(place), BOTTOM + 19, name, quiet=True, anchor="middle")
    _text(svg, RIGHT, HEIGHT - 6, chart.across, quiet=True, anchor="end")


def _band(svg: ET.Element, line: Line, scale: _Scale) -> None:
    places = [place for place, _ in line.points]
    upper = [
        (scale.x(at), scale.y(b[1])) for at, b in zip(places, line.band, strict=True)
    ]
    lower = [
        (scale.x(at), scale.y(b[0])) for at, b in zip(places, line.band, strict=True)
    ]
    outline = f"{_path([*upper, *reversed(lower)])} Z"
    _add(svg, "path", d=outline, **{"class": f"f{line.colour}", "fill-opacity": "0.15"})


def _line(svg: ET.Element, line: Line, scale: _Scale) -> None:
    points = [(scale.x(place), scale.y(value)) for place, value in line.points]
    stroke = {"stroke-width": "2", "stroke-linejoin": "round", "fill": "none"}
    if line.dashed:
        stroke["stroke-dasharray"] = "4 3"
    _add(svg, "path", d=_path(points), **stroke, **{"class": f"s{line.colour}"})
    for place, value in line.points:
        if place in line.marked:
            at = {"cx": _number(scale.x(place)), "cy": _number(scale.y(value))}
            _add(svg, "circle", r="5", **at, **{"class": "f3"})


def _bar(svg: ET.Element, bar: Bar, scale: _Scale, chart: Chart) -> None:
    high, low = max(bar.since, bar.until), min(bar.since, bar.until)
    x, y = scale.x(bar.at) - scale.bar / 2, scale.y(high)
    size = {"width": _number(scale.bar), "height": _number(scale.y(low) - y)}
    colour = {"class": f"f{bar.colour}"}
    _add(svg, "rect", x=_number(x), y=_number(y), **size, **colour)
    if bar.label:
        _text(svg, x + scale.bar / 2, y - 6, bar.label, weight=600, anchor="middle")


class _Scale:
    """From places and values to pixels."""

    def __init__(self, chart: Chart) -> None:
        places = [p for line in chart.lines for p, _ in line.points]
        places += [bar.at for bar in chart.bars]
        if not places:
            raise ValueError(f"nothing to draw: {chart.title}")
        values = [v for line in chart.lines for _, v in line.points]
        values += [v for line in chart.lines for pair in line.band for v in pair]
        values += [v for bar in chart.bars for v in (bar.since, bar.until)]
        self.places = sorted({_days(place) for place in places})
        self.are_dates = isinstance(places[0], date)
        self.ticks = chart.ticks
        gaps = [b - a for a, b in zip(self.places, self.places[1:], strict=False)]
        span = max(self.places[-1] - self.places[0], 1)
        columns = span / min(gaps, default=1) + 1
        self.bar = 0.0
        self.inset = 0.0
        if chart.bars:
            room = (RIGHT - LEFT) / columns
            self.bar, self.inset = min(room * 0.7, 90), room / 2
        low, high = min(0.0, *values), max(0.0, *values)
        step = _step((high - low) or 1.0)
        lowest = math.floor(low / step)
        highest = max(math.ceil(high / step), lowest + 1)
        self.steps = [step * number for number in range(lowest, highest + 1)]

    def x(self, place: Place) -> float:
        first, last = self.places[0], self.places[-1]
        left, right = LEFT + self.inset, RIGHT - self.inset
        if first == last:
            return (left + right) / 2
        return left + (right - left) * (_days(place) - first) / (last - first)

    def y(self, value: float) -> float:
        low, high = self.steps[0], self.steps[-1]
        return BOTTOM - (BOTTOM - TOP) * (value - low) / (high - low)

    def names(self) -> dict[Place, str]:
        if self.ticks is not None:
            return dict(self.ticks)
        if not self.are_dates:
            every = max(len(self.places) // 14, 1)
            return {place: str(place) for place in self.places[::every]}
        first, last = (date.fromordinal(self.places[n]) for n in (0, -1))
        quarters = [
            date(year, month, 1)
            for year in range(first.year, last.year + 1)
            for month in (1, 4, 7, 10)
        ]
        inside = [day for day in quarters if first <= day <= last]
        return {day: f"{day:%b %Y}" for day in inside}


def _step(span: float) -> float:
    size = 10.0 ** math.floor(math.log10(span))
    sizes = (size / 10, size / 5, size / 2, size, size * 2)
    return next(step for step in sizes if span / step <= 6)


def _days(place: Place) -> int:
    return place.toordinal() if isinstance(place, date) else place


def _describe(chart: Chart, scale: _Scale) -> str:
    """The picture in words, for those who do not see it."""
    said = [chart.title + "."]
    for line in chart.lines:
        (first, start), (last, end) = line.points[0], line.points[-1]
        said.append(
            f"{line.name}: {_shown(start, chart.is_share)} at {first}, "
            f"{_shown(end, chart.is_share)} at {last}."
        )
    if chart.bars:
        said.append(f"{len(scale.places)} columns.")
        said += [f"{name}." for name in (chart.names or {})]
        said += [bar.label for bar in chart.bars if bar.label]
    return " ".join(said)


def _shown(value: float, is_share: bool) -> str:
    if is_share:
        return f"{value * 100:.3g} %"
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:g}"


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
    quiet: bool = False,
    anchor: str = "start",
) -> None:
    if text:
        style = {"class": "quiet" if quiet else "text", "text-anchor": anchor}
        style |= {"font-size": str(size), "font-weight": str(weight)}
        _add(svg, "text", x=_number(x), y=_number(y), **style).text = _clean(text)


def _add(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, tag, attributes)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _clean(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


# ------------------------------------------------------------------------ the pictures


def activation(rows: Rows) -> Chart:
    """The rate of each weekly cohort, with its interval."""
    line = Line(
        "activated within 7 days",
        _points(rows, "cohort_start", "activation_rate"),
        0,
        band=[(float(r["rate_lower"]), float(r["rate_upper"])) for r in rows],
    )
    title = "Share of new teams with three workflows in their first 7 days"
    return Chart(title, [line], is_share=True, across="week of sign-up")


def time_to_value(rows: Rows) -> Chart:
    """The share that has arrived by each day, before and after new onboarding."""
    lines = _lines_by(rows, "cohorts", "day", "reached_share")
    title = "Share of new teams that reached three workflows in a week, by day"
    return Chart(title, lines, is_share=True, across="days since sign-up")


def repeat(rows: Rows) -> Chart:
    """The share that goes on, after each event."""
    bars = [_column(row, "n", "repeat_rate", share=True) for row in rows]
    title = "Share that completes another workflow within 30 days"
    return Chart(title, bars=bars, is_share=True, across="after so many workflows")


def retention(rows: Rows) -> Chart:
    """The share that qualifies again, so many weeks later."""
    lines = _lines_by(rows, "cohorts", "periods_since", "retention_rate")
    title = "Share of a cohort that qualifies again, by weeks since its first"
    return Chart(title, lines, is_share=True, across="weeks since the first")


def growth_accounting(rows: Rows) -> Chart:
    """Who came above, who went below."""
    gains = {"new_entities": 0, "resurrected_entities": 1}
    names = {"new": 0, "resurrected": 1, "churned": 3}
    bars = _stacked(rows, gains, {"churned_entities": 3})
    return Chart("Teams that came and went", bars=bars, names=names, unit="teams")


def engagement(rows: Rows) -> Chart:
    """On how many days of the week teams were active."""
    bars = [_column(row, "active_days", "entities") for row in rows]
    title = "Teams by the number of days on which they completed a workflow"
    return Chart(title, bars=bars, unit="teams", across="active days in the week")


def concentration(rows: Rows) -> Chart:
    """How much rests on few."""
    lines = [
        Line(name, _points(rows, "period_start", column), colour)
        for name, column, colour in (
            ("of the top tenth", "top_decile_share", 0),
            ("of the greatest one", "top_entity_share", 3),
        )
    ]
    return Chart("Share of all completed workflows", lines, is_share=True)


def funnels(rows: Rows) -> Chart:
    """Who reached each step."""
    bars = [_column(row, "step", "reached_entities") for row in rows]
    ticks = {int(row["step"]): str(row["step_event"]) for row in rows}
    title = "New teams that reached each step within 14 days"
    return Chart(title, bars=bars, ticks=ticks, unit="teams")


def revenue(rows: Rows) -> Chart:
    """What monthly revenue gained and lost."""
    gains = {"new_mrr": 0, "reactivation_mrr": 1, "expansion_mrr": 4}
    losses = {"contraction_mrr": 2, "churned_mrr": 3}
    names = {c.removesuffix("_mrr"): n for c, n in (gains | losses).items()}
    bars = _stacked(rows, gains, losses)
    title = "Monthly recurring revenue: gained and lost"
    return Chart(title, bars=bars, names=names, unit="pounds")


def guardrails(rows: Rows) -> Chart:
    """A value and its bound; what is beyond it is marked."""
    breached = frozenset(r["period_start"] for r in rows if r["state"] == "breached")
    lines = [
        Line(
            "support contacts",
            _points(rows, "period_start", "value"),
            0,
            marked=breached,
        ),
        Line("bound", _points(rows, "period_start", "bound"), 5, dashed=True),
    ]
    return Chart("Support contacts a week, their bound, and breaches", lines)


def segments(rows: Rows) -> Chart:
    """A line for each segment value."""
    lines = _lines_by(rows, "segment_value", "period_start", "value")
    return Chart("Weekly teams with three workflows, by plan", lines, unit="teams")


def why_it_moved(rows: Rows) -> Chart:
    """From the value of one week to that of the next."""
    before, after = float(rows[0]["previous_value"]), float(rows[0]["value"])
    bars = [Bar(0, 0, before, 5, f"{before:,.0f}")]
    ticks, level = {0: "week before"}, before
    for place, row in enumerate(rows, 1):
        change = float(row["contribution"])
        colour = 3 if change < 0 else 1
        bars.append(Bar(place, level, level + change, colour, f"{change:+,.0f}"))
        ticks[place] = str(row["component"])
        level += change
    bars.append(Bar(len(bars), 0, after, 0, f"{after:,.0f}"))
    ticks[len(bars) - 1] = "Christmas week"
    title = "Why the North Star halved at Christmas"
    return Chart(title, bars=bars, ticks=ticks, unit="teams")


def what_would_move_it(rows: Rows) -> Chart:
    """What happened, and the paths that follow from the last final week."""
    from northstar.growth import Account, Growth
    from northstar.periods import Metric
    from northstar.simulate import simulate

    accounts = tuple(
        Account(
            start=row["period_start"],
            end=row["period_end"],
            is_left_censored=row["is_left_censored"],
            qualified=row["qualified_entities"],
            previous=row["previous_entities"],
            new=row["new_entities"],
            retained=row["retained_entities"],
            resurrected=row["resurrected_entities"],
            dormant=row["dormant_pool"],
            never=row["never_pool"],
            value=float(row["qualified_entities"]),
        )
        for row in rows
    )
    metric = Metric("north_star", 1, True, "", "", "")
    found = simulate(Growth(metric, "week", accounts), periods=12, over=8, change=5)
    recent = [(account.start, account.value) for account in accounts[-13:]]
    paths = {"unchanged": found.unchanged} | {
        f"{effect.driver.replace('_', ' ')} +5 points": effect.path
        for effect in found.effects
        if effect.driver in ("retention", "resurrection", "activation")
    }
    lines = [Line("what happened", recent, 5)]
    for colour, (name, path) in enumerate(paths.items()):
        points = [recent[-1], *((point.start, point.value) for point in path)]
        lines.append(Line(name, points, colour, dashed=name == "unchanged"))
    title = "Weekly teams with three workflows, if one rate were another"
    return Chart(title, lines, unit="teams")


PICTURES: dict[str, Callable[[Rows], Chart]] = {
    "activation": activation,
    "time-to-value": time_to_value,
    "repeat": repeat,
    "retention": retention,
    "growth-accounting": growth_accounting,
    "engagement": engagement,
    "concentration": concentration,
    "funnels": funnels,
    "revenue": revenue,
    "guardrails": guardrails,
    "segments": segments,
    "why-it-moved": why_it_moved,
    "what-would-move-it": what_would_move_it,
}
"""By the name of the page."""


def _points(rows: Rows, place: str, value: str) -> list[tuple[Place, float]]:
    return [(row[place], float(row[value])) for row in rows if row[value] is not None]


def _lines_by(rows: Rows, name: str, place: str, value: str) -> list[Line]:
    """A line for each name, in the order in which they come first."""
    names = list(dict.fromkeys(str(row[name]) for row in rows))
    return [
        Line(
            one, _points([r for r in rows if str(r[name]) == one], place, value), n % 6
        )
        for n, one in enumerate(names)
    ]


def _column(
    row: Mapping[str, Any], place: str, value: str, *, share: bool = False
) -> Bar:
    number = float(row[value])
    label = f"{number * 100:.0f} %" if share else f"{number:,.0f}"
    return Bar(int(row[place]), 0, number, 0, label)


def _stacked(
    rows: Rows, gains: Mapping[str, int], losses: Mapping[str, int]
) -> list[Bar]:
    bars = []
    for row in rows:
        for columns, sign in ((gains, 1), (losses, -1)):
            level = 0.0
            for column, colour in columns.items():
                size = sign * float(row[column])
                bars.append(Bar(row["period_start"], level, level + size, colour))
                level += size
    return bars


def queries(page: Path) -> list[str]:
    """The SQL blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^```sql\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def read_rows(path: Path, sql: str) -> list[dict[str, Any]]:
    """The answer of a query to the DuckDB file that the demo builds."""
    import duckdb  # drawing does without it

    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set schema = 'northstar'")
        answer = connection.execute(sql)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write all pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("duckdb", type=Path, help="the file that `make demo` builds")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to")
    options = parser.parse_args(arguments)
    if not options.duckdb.exists():
        parser.error(f"there is no {options.duckdb}; `make demo` builds it")
    for name, chart in PICTURES.items():
        rows = read_rows(options.duckdb, queries(FOLDER / f"{name}.md")[0])
        picture = options.out / f"{name}.svg"
        picture.write_text(draw(chart(rows)), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
