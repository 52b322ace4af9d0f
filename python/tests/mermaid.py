"""A reader of the part of Mermaid that the tree is drawn with.

It accepts less than Mermaid does: one statement a line, quoted labels of characters
that mean nothing. It needs no browser; `test_docs_mermaid.py` holds it to Mermaid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_CHARACTERS = 50_000  # maxTextSize of Mermaid's defaults
MOST_EDGES = 500  # maxEdges

_LABEL = r'"(?P<label>(?:[A-Za-z0-9 ,()+:]|#\d{1,7};|<br/>|[^\x00-\xff])*)"'
_NODE = re.compile(rf"  (?P<id>n_\w+)\[{_LABEL}\]:::(?P<level>[a-z_]+)")
_EDGE = re.compile(
    r"  (?P<child>n_\w+) (?:-->|-\.->|-\.-)"
    r"(?:\|(?P<text>[a-z ]+)\|)? (?P<parent>n_\w+)"
)
_CLASS = re.compile(
    r"  classDef (?P<level>[a-z_]+) "
    r"fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#[0-9a-f]{6}"
)


@dataclass
class Flowchart:
    """What a diagram says: labels by id, and (child, parent) pairs."""

    labels: dict[str, str] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)


def read_flowchart(text: str) -> Flowchart:
    """The diagram. Raises ValueError at the first line that is none of it."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"{len(text)} characters")
    first, *lines = text.splitlines()
    if first != "flowchart RL":
        raise ValueError(first)
    chart = Flowchart()
    levels: set[str] = set()
    styled: set[str] = set()
    for line in lines:
        if found := _NODE.fullmatch(line):
            if found["id"] in chart.labels:
                raise ValueError(f"twice: {line}")
            chart.labels[found["id"]] = _unescape(found["label"])
            levels.add(found["level"])
        elif found := _EDGE.fullmatch(line):
            chart.edges.append((found["child"], found["parent"]))
        elif found := _CLASS.fullmatch(line):
            styled.add(found["level"])
        else:
            raise ValueError(line)
    unknown = {name for edge in chart.edges for name in edge} - set(chart.labels)
    if unknown or levels != styled or len(chart.edges) > MOST_EDGES:
        raise ValueError(f"{unknown or levels ^ styled or len(chart.edges)}")
    return chart


def find_diagrams(page: str) -> list[str]:
    """The texts of the diagrams of a page of Markdown."""
    return re.findall(r"^```mermaid\n(.*?)\n```$", page, re.DOTALL | re.MULTILINE)


def read_diagrams(page: str) -> list[Flowchart]:
    """The diagrams of a page of Markdown."""
    return [read_flowchart(text) for text in find_diagrams(page)]


def _unescape(label: str) -> str:
    text = label.replace("<br/>", "\n")
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text)
