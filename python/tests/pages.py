"""The pages of the documentation, as far as tests read them.

A section of docs/grammar.md that has YAML and tables is an example: the YAML defines
metrics, a table with `occurred_at` holds events, one with `valid_from` states, and one
with `period_start` what a mart must hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

YEAR = 2026
"""Of the dates on the pages, which have a weekday in its place."""

Cell = str | Decimal | bool | date | datetime | None
Row = dict[str, Cell]


@dataclass
class Section:
    """What stands between one heading and the next."""

    title: str
    prose: list[str] = field(default_factory=list)
    yaml: list[str] = field(default_factory=list)
    tables: list[list[Row]] = field(default_factory=list)

    @property
    def slug(self) -> str:
        """The anchor that a link names, as GitHub makes it."""
        return re.sub(r"[^\w\- ]", "", self.title.lower()).replace(" ", "-")

    @cached_property
    def mapping(self) -> dict[str, Any]:
        """The YAML blocks of the section, as one mapping."""
        merged: dict[str, Any] = {}
        for block in self.yaml:
            merged |= yaml.safe_load(block)
        return merged

    def rows(self, column: str) -> list[Row]:
        """The rows of every table that has the column."""
        return [row for table in self.tables_with(column) for row in table]

    def tables_with(self, column: str) -> list[list[Row]]:
        """The tables that have the column."""
        return [table for table in self.tables if column in table[0]]


def read_page(path: Path) -> list[Section]:
    """The sections of a page; the first is what stands above any heading."""
    sections = [Section("")]
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith("```"):
            block = "\n".join(_until_fence(lines))
            if line == "```yaml":
                sections[-1].yaml.append(block)
        elif re.match(r"#+ ", line):
            sections.append(Section(line.lstrip("#").strip()))
        else:
            sections[-1].prose.append(line)
    for section in sections:
        section.tables = list(_tables(section.prose))
    return sections


def links(section: Section) -> list[str]:
    """The targets of the links in the prose, code left out."""
    prose = re.sub(r"`[^`]*`", "", "\n".join(section.prose))
    return re.findall(r"\]\(([^)\s]+)\)", prose)


def read_cell(text: str) -> Cell:
    """`Mon 5 Jan`, `Mon 5 Jan 09:00`, `-30`, `true`, text, or nothing: null."""
    if text == "":
        return None
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return Decimal(text)
    if re.fullmatch(r"\w{3} \d{1,2} \w{3}( \d\d:\d\d)?", text):
        has_time = ":" in text
        pattern = "%a %d %b %H:%M %Y" if has_time else "%a %d %b %Y"
        moment = datetime.strptime(f"{text} {YEAR}", pattern)
        if not text.startswith(f"{moment:%a}"):
            raise ValueError(f"{text} {YEAR} is a {moment:%A}")
        return moment if has_time else moment.date()
    return text


def _until_fence(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("```"):
            return
        yield line
    raise ValueError("a code block has no end")


def _tables(lines: list[str]) -> Iterator[list[Row]]:
    """The tables with rows; a cell holds no `|`."""
    table: list[list[str]] = []
    for line in [*lines, ""]:
        if line.startswith("|"):
            table.append([cell.strip() for cell in line[1:-1].split("|")])
        elif table:
            header, _, *rows = table
            yield [
                {
                    name: read_cell(text)
                    for name, text in zip(header, cells, strict=True)
                }
                for cells in rows
            ]
            table = []
