"""The pages of docs/drivers: complete, and their queries and pictures of the demo."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import duckdb
import pytest
from click.testing import CliRunner

from consumer import REPOSITORY
from northstar.cli import main
from test_demo_company import company, load
from test_picture import load as load_module

FOLDER = REPOSITORY / "docs" / "drivers"
DEMO = REPOSITORY / "examples" / "demo"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert('&amp;')</script> ]]> \" \x00\x1b\ud800\uffff 😀"

pictures = load_module("driver_pictures", "docs/drivers/pictures.py")
PAGES = {name: FOLDER / f"{name}.md" for name in pictures.PICTURES}
QUERIES = [
    pytest.param(sql, id=f"{name}-{number}")
    for name, page in PAGES.items()
    for number, sql in enumerate(pictures.queries(page))
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The DuckDB file of the demo with a twentieth of its data."""
    folder = tmp_path_factory.mktemp("demo") / "project"
    made = shutil.ignore_patterns("data", "target", "logs", "dbt_packages", "*.duckdb*")
    shutil.copytree(DEMO, folder, ignore=made)
    file = folder / "northstar_demo.duckdb"
    company.main(["--out", str(folder / "data"), "--small"])
    load.main(["--csv", str(folder / "data"), "--duckdb", str(file)])
    (folder / "packages.yml").write_text(f"packages: [{{local: {REPOSITORY}}}]\n")
    (folder / "dbt_packages").mkdir()
    (folder / "dbt_packages" / "northstar").symlink_to(REPOSITORY)
    # in a process of its own: dbt keeps the file open as long as it lives
    run = subprocess.run(
        [
            *(sys.executable, "-c", "from dbt.cli.main import cli; cli()"),
            *("--no-send-anonymous-usage-stats", "--quiet", "run"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return file


def words(svg: str) -> list[str]:
    return [
        "".join(element.itertext()).strip()
        for element in ET.fromstring(svg).iter()
        if element.tag.removeprefix(SVG) in ("title", "desc", "text")
    ]


def test_every_page_is_listed_and_every_picture_is_shown() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(PAGES)
    assert {path.stem for path in FOLDER.glob("*.md")} == {*PAGES, "README"}
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name, page in PAGES.items():
        text = page.read_text(encoding="utf-8")
        title, question = re.match(r"# (.*)\n\n(.*)\n", text).groups()  # type: ignore[union-attr]
        assert f"| [{title}]({name}.md) | {question.split('?')[0]}?" in listed
        assert f'<img src="{name}.svg" alt="' in text
        for section in ("The formula", "Ask it", "How it misleads"):
            assert f"\n## {section}\n" in text
        assert "](../../" in text.partition("## Ask it")[0], "no source of the formula"


@pytest.mark.parametrize("sql", QUERIES)
def test_every_query_has_an_answer_on_the_demo(sql: str, demo: Path) -> None:
    assert pictures.read_rows(demo, sql)


def test_every_mart_of_drivers_is_asked() -> None:
    asked = "".join(sql for page in PAGES.values() for sql in pictures.queries(page))
    others = {"entities", "entity_periods", "event_ledger", "metric_definitions"}
    others |= {"metric_periods", "metric_revisions", "time_spine"}
    for path in (REPOSITORY / "models" / "marts").glob("**/northstar__*.sql"):
        name = path.stem.removeprefix("northstar__")
        if name in others or name.startswith("north_star"):
            continue  # not of drivers, or the same numbers for the semantic layer
        assert f" {path.stem}\n" in asked or f" {path.stem} " in asked, path.stem


@pytest.mark.parametrize("name", PAGES)
def test_every_picture_can_be_drawn_of_any_demo(name: str, demo: Path) -> None:
    sql = pictures.queries(PAGES[name])[0]
    svg = pictures.draw(pictures.PICTURES[name](pictures.read_rows(demo, sql)))
    assert svg == pictures.draw(pictures.PICTURES[name](pictures.read_rows(demo, sql)))
    committed = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert words(svg)[0] == words(committed)[0]


@pytest.mark.parametrize("name", PAGES)
def test_a_picture_follows_its_reader_and_asks_for_nothing(name: str) -> None:
    svg = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    (style,) = [
        element.text or ""
        for element in ET.fromstring(svg).iter()
        if element.tag == f"{SVG}style"
    ]
    assert "@media (prefers-color-scheme:dark)" in style
    assert re.findall(r"href|url\(|@import|https?://\S+", svg) == [
        'http://www.w3.org/2000/svg"'
    ]
    coloured = re.findall(r'(?:fill|stroke)="(#[^"]*)"', svg)
    assert coloured == [], "a colour that is the same in the dark"
    lit, _, dark = style.partition("@media")
    assert re.findall(r"\.\w+\{", lit) == re.findall(r"\.\w+\{", dark)


def chart(**parts: Any) -> Any:
    return pictures.Chart("Teams", **parts)


@pytest.mark.parametrize(
    "values", [[4.0], [0.0, 0.0], [0.25, 1e12], [-3.0, 5.0], [1e-9, 2e-9]]
)
def test_few_and_odd_values_are_drawn(values: list[float]) -> None:
    points = list(enumerate(values))
    svg = pictures.draw(
        chart(
            lines=[pictures.Line("one", points, 0)],
            bars=[pictures.Bar(place, 0, value, 1) for place, value in points],
        )
    )
    numbers = re.findall(r' (?:x|y|x1|y1|cx|cy)="([^"]*)"', svg)
    assert all(-1 <= float(number) <= pictures.WIDTH for number in numbers)
    assert "nan" not in svg


def test_hostile_text_stays_text() -> None:
    line = pictures.Line(HOSTILE, [(date(2026, 1, 5), 1.0)], 0)
    svg = pictures.draw(pictures.Chart(HOSTILE, lines=[line, line], unit=HOSTILE))
    svg.encode()
    assert "<script>alert('&amp;')</script> ]]> \"  😀" in words(svg)
    tags = {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "path", "text", "line"}


def test_nothing_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        pictures.draw(chart())


# ------------------------------------------------------------- the whole demo, if built


@pytest.fixture(scope="module")
def whole() -> Path:
    """The file of `make demo`, whole and with all marts."""
    file = DEMO / "northstar_demo.duckdb"
    if not file.is_file():
        pytest.skip(f"no {file}: make demo")
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.execute(
            "select count(*) from information_schema.tables"
            " where table_name = 'northstar__guardrails'"
        ).fetchall()
        teams = connection.execute("select count(*) from raw.raw_app_events").fetchall()
    if found != [(1,)] or teams[0][0] < 200_000:
        pytest.skip(f"{file} is of a small demo, or not built: make demo")
    return file


@pytest.mark.parametrize("name", PAGES)
def test_the_pictures_are_of_the_whole_demo(name: str, whole: Path) -> None:
    rows = pictures.read_rows(whole, pictures.queries(PAGES[name])[0])
    drawn = pictures.draw(pictures.PICTURES[name](rows))
    assert drawn == (FOLDER / f"{name}.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [(), ("--backtest",)])
def test_what_simulate_says_of_the_demo_is_on_the_page(
    arguments: tuple[str, ...], whole: Path
) -> None:
    environment: Mapping[str, str] = {"NORTHSTAR_DEMO_DUCKDB": str(whole)}
    result = CliRunner().invoke(
        main,
        ["simulate", "--project-dir", str(DEMO), *arguments],
        env={**os.environ, **environment},
    )
    assert result.exit_code == 0, result.output
    page = PAGES["what-would-move-it"].read_text(encoding="utf-8")
    assert f"```text\n{result.stdout}```" in page
