"""The diagrams in the Markdown, drawn by Mermaid itself in a headless Chromium.

`mermaid.py` reads them too, where there is no browser, and accepts less.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import Browser, Page
from bundles import mermaid_script, newest_mermaid_script
from mermaid import find_diagrams, read_flowchart
from northstar.render_tree_markdown import mermaid_text, render_markdown
from northstar.text import clean, plain_order
from trees import HOSTILE, hostile_tree, large_tree, whole_values

GOLDEN = Path(__file__).parent / "golden"

# As a code host does it: strict, so that labels are text and nothing can be clicked.
_DRAW = """
(async (text) => {
  const parsed = await mermaid.parse(text);
  const { svg } = await mermaid.render("drawn", text);
  const box = document.createElement("div");
  box.innerHTML = svg;
  document.body.replaceChildren(box);
  const texts = (selector) =>
    [...box.querySelectorAll(selector)].map((found) => found.textContent.trim());
  return {
    kind: parsed.diagramType,
    labels: texts(".node"),
    edges: box.querySelectorAll(".edgePaths path, path.flowchart-link").length,
    foreign: box.querySelectorAll("script, img, a, iframe, b").length,
  };
})
"""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(mermaid_script, id="of_code_hosts"),
        pytest.param(newest_mermaid_script, id="newest", marks=pytest.mark.slow),
    ],
)
def paper(
    request: pytest.FixtureRequest,
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Page]:
    """An empty page with Mermaid in it."""
    script: str = request.param()
    path = tmp_path_factory.mktemp("mermaid") / "paper.html"
    path.write_text("<!doctype html><title>Diagrams</title>", encoding="utf-8")
    page = browser.open(path)
    page.value(f"{script}; null")
    page.value("mermaid.initialize({startOnLoad: false, securityLevel: 'strict'})")
    yield page
    assert page.problems == []
    assert page.requests == [path.resolve().as_uri()]
    page.close()


def draw(page: Page, text: str) -> dict[str, Any]:
    """What Mermaid makes of a diagram. Raises RuntimeError where it refuses it."""
    found: dict[str, Any] = page.value(f"{_DRAW}({json.dumps(text)})")
    return found


def squeezed(label: str) -> str:
    """A label without its spaces, which a drawing breaks lines at."""
    return "".join(label.split())


GOLDEN_PAGES = [GOLDEN / "driver_tree.md", GOLDEN / "driver_tree_values.md"]


@pytest.mark.parametrize(
    "markdown",
    [
        *(path.read_text(encoding="utf-8") for path in GOLDEN_PAGES),
        render_markdown(hostile_tree(), whole_values()),
        *(render_markdown(large_tree(size)) for size in (7, 40, 300)),
    ],
    ids=[*(path.name for path in GOLDEN_PAGES), "hostile", "7", "40", "300"],
)
def test_every_diagram_is_drawn_with_its_labels_and_lines(
    paper: Page, markdown: str
) -> None:
    diagrams = find_diagrams(markdown)
    assert diagrams
    for text in diagrams:
        drawn, written = draw(paper, text), read_flowchart(text)
        assert drawn["kind"] == "flowchart-v2"
        assert sorted(map(squeezed, drawn["labels"])) == sorted(
            map(squeezed, written.labels.values())
        )
        assert (drawn["edges"], drawn["foreign"]) == (len(written.edges), 0)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_label_is_drawn_as_it_was_written(paper: Page, text: str) -> None:
    shown = clean(text)[:200]
    drawn = draw(paper, f'flowchart RL\n  n_x["{mermaid_text(shown)}"]')
    assert drawn["foreign"] == 0
    assert list(map(squeezed, drawn["labels"])) == [squeezed(plain_order(shown))]


def test_mermaid_refuses_what_is_no_diagram(paper: Page) -> None:
    with pytest.raises(RuntimeError, match="Parse error"):
        draw(paper, 'flowchart RL\n  n_x["a" end')
