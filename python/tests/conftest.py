"""Fixtures that every test may ask for."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from browser import Browser, find_chromium
from consumer import REPOSITORY
from engines import DuckDB, Engine, PostgreSQL, Spark

# dbt keeps hundreds of thousands of objects alive: looking for garbage among them again
# and again is a fifth of the time of a small build.
gc.set_threshold(200_000, 50, 100)


@pytest.fixture(scope="session")
def duckdb_engine() -> Engine:
    """The engine for tests that one engine is enough for."""
    return DuckDB()


@pytest.fixture(scope="session")
def postgres_engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The PostgreSQL server of the run. Mark tests that ask for it `postgres`."""
    folder = tmp_path_factory.getbasetemp()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    if worker != "main":
        folder = folder.parent  # each worker has a folder in the run's own
    return PostgreSQL(folder, worker)


@pytest.fixture(scope="session")
def spark_engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Spark in this process. Mark tests that ask for it `spark`."""
    return Spark(tmp_path_factory.mktemp("spark"))


@pytest.fixture(
    scope="session",
    params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium, started once for all pages that the run looks at."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no chromium on the PATH: pages are not opened")
    with Browser(executable) as started:
        yield started


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data sets, which are no part of the repository."""
    folder = Path(os.environ.get("NORTHSTAR_TEST_DATA", REPOSITORY / "../shared"))
    if not folder.is_dir():
        pytest.skip(f"no folder {folder} (set NORTHSTAR_TEST_DATA)")
    return folder.resolve()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Give the tests an option that rewrites what they compare with."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the files in golden/ anew: read the difference before it goes in",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with the file of that name in golden/."""

    def compare(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
