"""Snowflake, BigQuery, Redshift and Databricks: what dbt would say to each.

Nothing runs on these here. Their real adapters build the package with a stand-in for
the warehouse (standin.py), and every statement of ours has to be in order by a parser
that knows the dialect, with no function or type that is not known to be there. The
adapters live in an environment of their own, since they disagree with the tests' about
versions: `make engines`, or NORTHSTAR_ENGINES_PYTHON.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlfluff.core import FluffConfig, Linter
from sqlglot import exp

from companies_of_every_kind import bare, everything
from consumer import REPOSITORY
from reference.companies import Config, Tables

STANDIN = Path(__file__).parent / "standin.py"
PYTHON = Path(
    os.environ.get("NORTHSTAR_ENGINES_PYTHON", REPOSITORY / ".venv-engines/bin/python")
)

PROFILES: dict[str, dict[str, Any]] = {
    "snowflake": {
        "account": "none",
        "user": "none",
        "password": "none",
        "database": "analytics",
        "warehouse": "none",
        "schema": "northstar",
    },
    "bigquery": {
        "method": "oauth-secrets",
        "token": "none",
        "project": "analytics",
        "dataset": "northstar",
    },
    "redshift": {
        "host": "localhost",
        "user": "none",
        "password": "none",
        "port": 5439,
        "dbname": "analytics",
        "schema": "northstar",
    },
    "databricks": {
        "host": "localhost",
        "http_path": "/sql/1.0/warehouses/none",
        "token": "none",
        "catalog": "analytics",
        "schema": "northstar",
    },
}

# What is to be found in the manual of every one of them.
COMMON_FUNCTIONS = (
    "abs cast chr coalesce count date_trunc exp first_value floor greatest lag lead ln"
    " lower max md5 min nullif row_number sqrt sum"
)
FUNCTIONS = {
    "snowflake": "add_months array_agg array_generate_range convert_timezone dateadd"
    " greatest_ignore_nulls datediff flatten get md5_number_lower64 percentile_cont"
    " to_char regexp_like rtrim to_decimal"
    " try_to_date try_to_decimal try_to_timestamp_ntz try_to_timestamp_tz upper",
    "bigquery": "array_agg avg date date_add date_diff farm_fingerprint format"
    " format_timestamp generate_date_array mod regexp_contains regexp_replace safe_cast"
    " safe_offset timestamp timestamp_add timestamp_diff to_hex unnest upper"
    " current_timestamp options",
    "redshift": "add_months convert_timezone dateadd datediff farmfingerprint64 left"
    " length lpad percentile_cont right rtrim to_char try_cast",
    "databricks": "add_months concat convert_timezone date_add datediff explode"
    " format_number min_by percentile_cont regexp_extract regexp_replace rpad"
    " sequence sign struct substring timestampadd timestampdiff trunc try_cast"
    " try_divide try_multiply unix_micros xxhash64",
}
# sqlglot's names for them, which are the dialect's own or a synonym.
TYPES = {
    "snowflake": "bigint boolean date decimal double int timestampntz varchar",
    "bigquery": "bignumeric bool date float64 int64 numeric string timestamp",
    "redshift": "bigint boolean date decimal double integer timestamp varchar",
    "databricks": "bigint boolean date decimal double int string timestamp_ntz",
}
KEYWORDS = (
    "all and as between by case distinct else except exists filter from group having in"
    " insert interval into is join lateral like not on or order over partition select"
    " set table then union using values when where with decimal numeric varchar"
)
# Statements that dbt and the adapter write by themselves, not from a template of ours.
OF_DBT = re.compile(
    r"alter table \S+ change column|show |describe |optimize |use |begin|commit", re.I
)

Statements = dict[str, list[str]]


@pytest.fixture(scope="module", params=sorted(PROFILES))
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Statements]:
    """What an engine is told when a project is built: by the name of its vars."""
    if not PYTHON.exists():
        pytest.skip(f"no environment with the adapters at {PYTHON} (make engines)")
    engine = str(request.param)
    known: dict[str, Statements] = {}

    def build(kind: str) -> Statements:
        if kind not in known:
            folder = tmp_path_factory.mktemp(f"{engine}_{kind}")
            config, tables = everything() if kind == "everything" else bare()
            known[kind] = statements(folder, engine, config, tables)
        return known[kind]

    build.__name__ = engine
    return build


def write_project(folder: Path, engine: str, config: Config, tables: Tables) -> None:
    """Write a project for the engine that has these vars."""
    models = folder / "models"
    models.mkdir(parents=True)
    packages = folder / "dbt_packages"
    packages.mkdir()
    (packages / "northstar").symlink_to(REPOSITORY, target_is_directory=True)
    target = {"type": engine, "threads": 1, **PROFILES[engine]}
    profile = {"target": "standin", "outputs": {"standin": target}}
    files: dict[str, Any] = {
        "dbt_project.yml": {
            "name": "consumer",
            "version": "1.0.0",
            "config-version": 2,
            "profile": "consumer",
            "vars": {"northstar": config},
        },
        "packages.yml": {"packages": [{"local": str(REPOSITORY)}]},
        "profiles.yml": {"consumer": profile},
        "models/_sources.yml": {
            "sources": [
                {
                    "name": "raw",
                    "schema": "raw",
                    "tables": [{"name": name} for name in tables],
                }
            ]
        },
        "standin.json": {
            "adapter": engine,
            "tables": {name: table["columns"] for name, table in tables.items()},
        },
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    for name in tables:
        sql = f"select * from {{{{ source('raw', '{name}') }}}}\n"
        (models / f"{name}.sql").write_text(sql, encoding="utf-8")


def statements(folder: Path, engine: str, config: Config, tables: Tables) -> Statements:
    """What the engine is told when a project with these vars is built twice."""
    write_project(folder, engine, config, tables)
    done = subprocess.run(
        [PYTHON, STANDIN, folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    found: Statements = json.loads((folder / "statements.json").read_text("utf-8"))
    return found


def ours(statements: Statements) -> Iterator[str]:
    for run in statements.values():
        yield from (sql for sql in run if not OF_DBT.match(sql))


def functions(sql: str) -> set[str]:
    """Every name that is called in a statement, its texts and quoted names left out."""
    sql = re.sub(r"'(?:[^'\\]|''|\\.)*'", "''", sql, flags=re.S)
    sql = re.sub(r'"[^"]*"|`[^`]*`', " ", re.sub(r"--.*", "", sql))
    found = re.findall(r"(?<![\w.])([a-z_]\w*)\s*\(", sql.lower())
    return set(found) - set(KEYWORDS.split())


def query_of(sql: str) -> str:
    """The query of a statement that creates a relation from one, else all of it."""
    found = re.match(
        r"create .*?\bas\b\s*(\(?\s*(?:with|select)\b.*)", sql, re.S | re.I
    )
    return found.group(1) if found else sql


@pytest.mark.parametrize(
    "kind", ["bare", pytest.param("everything", marks=pytest.mark.slow)]
)
def test_every_statement_is_in_the_engines_own_words(
    told: Callable[[str], Statements], kind: str
) -> None:
    engine = told.__name__
    known = {*COMMON_FUNCTIONS.split(), *FUNCTIONS[engine].split()}
    types = set(TYPES[engine].split())
    wrong: list[str] = []
    queries = 0
    for sql in ours(told(kind)):
        try:
            trees = sqlglot.parse(sql, dialect=engine)
        except sqlglot.ParseError as error:
            wrong.append(f"{error}\n{sql[:500]}")
            continue
        queries += 1
        wrong += [
            f"{name}() is not known to be there:\n{sql[:300]}"
            for name in functions(query_of(sql)) - known
        ]
        for tree in trees:
            assert tree is not None
            if isinstance(tree, exp.Command):
                wrong.append(f"sqlglot does not read it:\n{sql[:500]}")
            for cast in tree.find_all(exp.Cast, exp.TryCast):
                name = re.split(r"\W", cast.to.sql(dialect=engine).lower())[0]
                if name not in types:
                    wrong.append(f"cast to {name}:\n{sql[:300]}")
    assert not wrong, "\n\n".join(wrong[:5])
    assert queries > 60


def unparsable(sql: str, dialect: str) -> list[str]:
    """What sqlfluff cannot make sense of in a statement."""
    # the statements are SQL, whatever a definition's texts look like
    config = FluffConfig(
        overrides={"dialect": dialect, "templater": "raw", "max_parse_nodes": 0}
    )
    parsed = Linter(config=config).parse_string(sql)
    variant = parsed.root_variant()
    if variant is None or variant.tree is None:
        return [f"{parsed.violations}\nin {sql[:300]}"]
    sections = variant.tree.recursive_crawl("unparsable")
    return [
        *(f"{section.raw[:300]}\nin {sql[:300]}" for section in sections),
        *(f"{problem}\nin {sql[:300]}" for problem in parsed.violations),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bare", "everything"])
def test_sqlfluff_parses_every_statement(
    told: Callable[[str], Statements], kind: str
) -> None:
    # it takes most of a second for each, so none is parsed twice
    distinct = {" ".join(sql.split()): sql for sql in ours(told(kind))}
    parse = partial(unparsable, dialect=told.__name__)
    with ProcessPoolExecutor() as processes:
        found = processes.map(parse, distinct.values(), chunksize=4)
        wrong = [problem for problems in found for problem in problems]
    assert not wrong, "\n\n".join(wrong[:5])
    assert len(distinct) > 60


def test_a_second_run_replaces_rows_and_not_tables(
    told: Callable[[str], Statements],
) -> None:
    again = [" ".join(sql.split()).lower() for sql in told("bare")["again"]]
    words = "merge into" if told.__name__ == "databricks" else "delete from"

    def said(word: str, table: str) -> bool:
        return any(sql.startswith(word) and table in sql for sql in again)

    for table in ("int_northstar__activity", "int_northstar__entity_measures"):
        assert said(words, table), table
        assert said("insert into", table), table
    added = r"(insert|merge) into (table )?\S*int_northstar__published_values"
    assert any(re.search(added, sql) for sql in again)


def test_there_is_a_profile_for_every_engine() -> None:
    example = (REPOSITORY / "profiles.example.yml").read_text("utf-8")
    assert {name for name in PROFILES if f"type: {name}" not in example} == set()
