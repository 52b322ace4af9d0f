"""Scripts of others that tests run in a browser, from the packages that carry them.

They are read from disk and given to the page by the browser: no network is asked.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from consumer import REPOSITORY

NPM = REPOSITORY / ".npm" / "node_modules"


def axe_script() -> str:
    """axe-core, the engine that finds what keeps people out of a page."""
    return _of_wheel("axe-playwright-python", "axe_playwright_python/axe.min.js")


def mermaid_script() -> str:
    """Mermaid of the release line that code hosts draw with."""
    return _of_wheel("mermaidx", "mermaidx/assets/mermaid.js")


def newest_mermaid_script() -> str:
    """The newest Mermaid, where npm has installed it."""
    path = NPM / "mermaid" / "dist" / "mermaid.min.js"
    if not path.is_file():
        pytest.skip("mermaid of npm is not installed (make test-matrix, with npm)")
    return path.read_text(encoding="utf-8")


def _of_wheel(name: str, script: str) -> str:
    """The text of a script in an installed wheel; the test skips where there is none.

    The wheel is not imported: it would ask for what it depends on.
    """
    try:
        path = Path(str(distribution(name).locate_file(script)))
    except PackageNotFoundError:
        pytest.skip(f"{name} is not installed (requirements/pages.txt)")
    return path.read_text(encoding="utf-8")
