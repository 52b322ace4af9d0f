"""What a person reads whose configuration is wrong, and that no right one is refused.

The tables are in malformed.yml. All their cases go through the macros in one run of
dbt, on a package that holds the macros alone; a few go the whole way, as a project's
own vars.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.cli.main import dbtRunner

from consumer import REPOSITORY, Consumer
from engines import Engine, Table

Config = dict[str, Any]

TABLES: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("malformed.yml").read_text(encoding="utf-8")
)
MALFORMED = {case["name"]: case for case in TABLES["cases"]}
SOUND = {case["name"]: case for case in TABLES["sound"]}

LEAKS = ("Traceback", "Database Error", "Jinja", "Undefined", "undefined")
"""Words of machinery that no message may show."""

GARBAGE: tuple[Any, ...] = (
    None, True, 0, -1.5, 10**60, "", " ", "x; drop table y", "{{ x }}", "😀" * 10_000,
    "\x00", [], [None], [[]], {}, {True: 1}, {None: None}, {"a": {"b": [1]}},
)  # fmt: skip

MACROS = """
{% macro check_configs(configs) %}
    {% for config in configs %}
        {% set problems = northstar.config_problems(config) %}
        {% do log('RESULT ' ~ tojson({
            'problems': problems,
            'page': northstar.problems_text(problems, 'in the vars of northstar'),
        }), info=true) %}
    {% endfor %}
{% endmacro %}

{% macro call_macros(calls) %}
    {% for call in calls %}
        {% set result = northstar[call[0]](*call[1:]) %}
        {% do log('RESULT ' ~ tojson(result), info=true) %}
    {% endfor %}
{% endmacro %}
"""


def macros_package(folder: Path, models: Mapping[str, str]) -> Path:
    """The package's macros and hooks, with other models or none."""
    project = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text())
    kept = ("name", "version", "config-version", "on-run-start", "vars")
    (folder / "test_macros").mkdir(parents=True)
    (folder / "models").mkdir()
    (folder / "macros").symlink_to(REPOSITORY / "macros", target_is_directory=True)
    (folder / "test_macros" / "test_macros.sql").write_text(MACROS)
    (folder / "dbt_project.yml").write_text(
        yaml.safe_dump(
            {key: project[key] for key in kept if models or key != "on-run-start"}
            | {"macro-paths": ["macros", "test_macros"]}
        )
    )
    for name, text in models.items():
        (folder / "models" / name).write_text(text)
    return folder


class Macros:
    """Calls macros of the package, many in one run of dbt."""

    def __init__(self, consumer: Consumer) -> None:
        self.consumer = consumer

    def problems(self, configs: Sequence[Config]) -> list[dict[str, Any]]:
        """What config_problems() finds in each, and the page that it makes."""
        return self._run("check_configs", {"configs": list(configs)})

    def call(self, *calls: Sequence[Any]) -> list[Any]:
        """The value of each call, which is a macro's name and its arguments."""
        return self._run("call_macros", {"calls": [list(call) for call in calls]})

    def _run(self, macro: str, arguments: Mapping[str, Any]) -> list[Any]:
        text = yaml.dump(
            dict(arguments),
            Dumper=yaml.CSafeDumper,
            allow_unicode=True,
            sort_keys=False,
        )
        said: list[str] = []

        def listen(event: Any) -> None:
            said.append(event.info.msg)

        outcome = dbtRunner(callbacks=[listen]).invoke(
            [
                "--no-send-anonymous-usage-stats",
                "--log-level=none",
                "--log-level-file=none",
                "run-operation",
                f"northstar.{macro}",
                f"--args={text}",
                f"--project-dir={self.consumer.directory}",
                f"--profiles-dir={self.consumer.directory}",
            ]
        )
        if not outcome.success:
            pytest.fail("\n".join(said)[-4000:], pytrace=False)
        results = (line for line in said if line.startswith("RESULT "))
        return [json.loads(line.removeprefix("RESULT ")) for line in results]


@pytest.fixture(scope="session")
def macros(tmp_path_factory: pytest.TempPathFactory, duckdb_engine: Engine) -> Macros:
    folder = tmp_path_factory.mktemp("macros")
    package = macros_package(folder / "package", {})
    return Macros(Consumer(folder / "project", duckdb_engine, package=package))


@pytest.fixture(scope="session")
def found(macros: Macros) -> dict[str, dict[str, Any]]:
    """What was found in each case of the tables, by its name."""
    cases = MALFORMED | SOUND
    results = macros.problems([build(case) for case in cases.values()])
    return dict(zip(cases, results, strict=True))


def build(case: Mapping[str, Any]) -> Config:
    """The configuration of a case: the base, with what the case changes."""
    config: Config = copy.deepcopy(TABLES["base"]) | case.get("vars", {})
    for path, value in case.get("set", {}).items():
        parent, key = find(config, path)
        if isinstance(parent, list) and key == len(parent):
            parent.append(value)
        else:
            parent[key] = value
    for path in case.get("remove", ()):
        parent, key = find(config, path)
        del parent[key]
    return config


def find(config: Config, path: str) -> tuple[Any, Any]:
    """The container that a path ends in, and the key or position there."""
    *above, last = path.split(".")
    parent: Any = config
    for part in above:
        parent = parent[int(part) if part.isdigit() else part]
    return parent, int(last) if last.isdigit() else last


def paths(value: Any, path: str = "") -> Iterator[str]:
    """Every path of a configuration."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        here = f"{path}.{key}" if path else str(key)
        yield here
        if isinstance(inner, dict | list):
            yield from paths(inner, here)


def golden_config(metrics: Mapping[str, Any]) -> Config:
    """The 44 metrics, with the entities and columns that they name."""
    users = dict.fromkeys(("customer", "guest", "reader", "user"), "user_id")
    accounts = dict.fromkeys(("account", "team"), "account_id")
    own = {
        name: f"{name}_id"
        for name in [
            "booking",
            "claim",
            "match",
            "order",
            "profile",
            "shift",
            "transaction",
        ]
    }
    other = "amount buyer_id contact_id feature friend_id nights seconds seller_id"
    columns = (*own.values(), *other.split())
    instants = {
        name: {"expression": name, "type": "timestamp"}
        for name in ("delivered_at", "promised_at")
    }
    config: Config = copy.deepcopy(TABLES["base"])
    return config | {
        "northstar_events": [
            TABLES["base"]["northstar_events"][0]
            | {"attributes": {name: name for name in columns} | instants}
        ],
        "northstar_entities": {
            name: {"id": column, "anchor": f"{name}_created"}
            for name, column in (users | accounts | own).items()
        },
        "northstar_metrics": dict(metrics)
        | {
            "weekly_active_teams": dict(metrics["weekly_active_teams"])
            | {"level": "north_star"}
        },
    }


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_configuration_is_explained(
    name: str, found: dict[str, dict[str, Any]]
) -> None:
    case, page = MALFORMED[name], found[name]["page"]
    missing = [text for text in case["expect"] if str(text) not in page]
    assert not missing, f"not there: {missing}\n{page}"
    assert len(found[name]["problems"]) == case.get("problems", 1), page
    leaks = [word for word in LEAKS if word in page]
    assert leaks == (["Jinja"] if "Jinja" in case["expect"] else []), page


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_configuration_is_let_through(
    name: str, found: dict[str, dict[str, Any]]
) -> None:
    assert found[name]["problems"] == [], found[name]["page"]


def test_every_metric_of_the_grammar_is_sound(macros: Macros, test_data: Path) -> None:
    grammar = yaml.safe_load((test_data / "grammar.yml").read_text(encoding="utf-8"))
    metrics = grammar["metrics"]
    assert len(metrics) == 44
    (result,) = macros.problems([golden_config(metrics)])
    assert result["problems"] == [], result["page"]


def test_no_garbage_breaks_the_checks(macros: Macros) -> None:
    configs = [
        build({"set": {path: GARBAGE[(at * 7 + turn * 5) % len(GARBAGE)]}})
        for at, path in enumerate(paths(TABLES["base"]))
        for turn in range(2)
    ]
    drivers = build(SOUND["drivers of every kind"])
    for at, path in enumerate(paths(drivers)):
        if path.startswith(("northstar_retention", "northstar_driver_metrics")):
            garbage = copy.deepcopy(drivers)
            parent, key = find(garbage, path)
            parent[key] = GARBAGE[at * 7 % len(GARBAGE)]
            configs.append(garbage)
    configs += [dict.fromkeys(TABLES["base"], garbage) for garbage in GARBAGE]
    results = macros.problems(configs)
    assert len(results) == len(configs)
    for result in results:
        for problem in result["problems"]:
            assert set(problem) == {"path", "given", "allowed", "write", "message"}
            assert len(problem["given"]) < 110
            assert "\x00" not in problem["message"] + problem["path"]


KNOWN = ["feature", "occurred_at"]

COLUMNS_IN_SQL: list[tuple[str, list[str]]] = [
    ("feature = 'core'", []),
    ("FEATURE = 'core' and \"Feature\" <> 'x'", []),
    ("featur = 'core'", ["featur"]),
    ("lower(feature) in (colour, shade, colour)", ["colour", "shade"]),
    ("cast(feature as decimal(10, 2)) > 1e3", []),
    ("feature::double precision > 2", []),
    ("feature::timestamp with time zone < occurred_at", []),
    ("occurred_at at time zone 'UTC' > timestamp '2026-01-01'", []),
    ("occurred_at > current_date - interval '7 days'", []),
    ("extract(epoch from occurred_at) > 1", []),
    ("feature is not distinct from 'core'", []),
    ("case when feature is null then true else false end", []),
    ("payload.feature = 'core'", ["payload"]),
    ("feature:name::string = 'core'", []),
    ("feature ->> 'name' = 'core'", []),
    ("len(list_filter(feature, x -> x > 1)) > 0", []),
    ("make_thing(name => feature)", []),
    ("`feature` = 'a' and `colour` = 'b'", ["colour"]),
    ('"wei""rd" = \'a\'', ['wei"rd']),
    ("'colour' = feature", []),
    ("größe > 1", ["größe"]),
]
"""The unknown columns of an expression, where feature and occurred_at are known."""

IS_MORE_THAN_ONE: list[tuple[str, bool]] = [
    ("a", False),
    ("coalesce(a, 'x;y')", False),
    ("a[1] + b", False),
    ("cast(a as date)", False),
    ("(select max(x) from y)", False),
    ("a - -b", False),
    ("a is distinct from b", False),
    ("a --b", True),
    ("a /* b */", True),
    ("a; b", True),
    ("a, b", True),
    ("a as b", True),
    ("(a", True),
    ("a)", True),
    ("(a]", True),
    ("'a", True),
    ("a where b", True),
    ("select a", True),
    ("a $$ ; $$", True),
    ("", True),
]

NEAREST: list[tuple[Any, str | None]] = [
    ("evnets", "events"),
    ("Entity", "entity"),
    ("entites", "entities"),
    ("event", "events"),
    ("london", "Europe/London"),
    ("weeks", None),
    ("x" * 10_000, None),
    ("", None),
    (7, None),
]
"""The word meant, among entity, entities, events and Europe/London."""


@pytest.fixture(scope="session")
def answers(macros: Macros) -> dict[str, Any]:
    """What the macros answer on all of the above, by macro and first argument."""
    words = ["entity", "entities", "events", "Europe/London"]
    calls: list[tuple[Any, ...]] = [
        *(("unknown_identifiers", sql, KNOWN) for sql, _ in COLUMNS_IN_SQL),
        *(("sql_has_second_statement", sql) for sql, _ in IS_MORE_THAN_ONE),
        *(("nearest", word, words) for word, _ in NEAREST),
    ]
    results = macros.call(*calls)
    return {
        f"{call[0]} {call[1]}": result
        for call, result in zip(calls, results, strict=True)
    }


@pytest.mark.parametrize(("sql", "unknown"), COLUMNS_IN_SQL)
def test_columns_are_found_in_sql(
    sql: str, unknown: list[str], answers: dict[str, Any]
) -> None:
    assert answers[f"unknown_identifiers {sql}"] == unknown


@pytest.mark.parametrize(("sql", "more_than_one"), IS_MORE_THAN_ONE)
def test_one_expression_is_told_from_more(
    sql: str, more_than_one: bool, answers: dict[str, Any]
) -> None:
    assert answers[f"sql_has_second_statement {sql}"] is more_than_one


@pytest.mark.parametrize(("word", "nearest"), NEAREST)
def test_the_nearest_word_is_found(
    word: object, nearest: str | None, answers: dict[str, Any]
) -> None:
    assert answers[f"nearest {word}"] == nearest


# --- the whole way: a project's own vars, and its own warehouse

EVENTS: Table = {
    "columns": {
        "id": "text",
        "event": "text",
        "created_at": "timestamp",
        "created_epoch": "integer",
        "user_id": "text",
        "team_id": "text",
        "amount": "number",
        "plan": "text",
        "order_id": "text",
        "feature": "text",
        "delivered_at": "timestamp",
        "seconds": "integer",
    },
    "rows": [{"id": "1", "event": "a", "created_at": "2026-01-01", "user_id": "u"}],
}

PROBE = {"probe.sql": "{{ northstar.assert_valid_config() }}select 1 as id\n"}


def consumer_of(
    folder: Path, engine: Engine, vars: Config, models: Mapping[str, str] | None = None
) -> Consumer:
    """A project on a package with one model, which asks whether the vars are right."""
    return Consumer(
        folder / "project",
        engine,
        package=macros_package(folder / "package", PROBE),
        tables={"raw_events": EVENTS},
        vars=vars,
        models=models,
    )


def small(**changes: Any) -> Config:
    """The base without states, since there is no table of them."""
    return build(
        {
            "remove": ["northstar_states", "northstar_metrics.subscribers"],
            "set": changes,
        }
    )


def test_a_project_reads_all_its_mistakes_at_parse(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    vars = small(northstar_week_start=9)
    vars["northstar_metrics"]["weekly_teams"]["window"] = {"calendar": "weekly"}
    vars["northstar_metrics"]["orders"]["label"] = "{{ not_a_macro() }}\x00"
    run = consumer_of(tmp_path, duckdb_engine, vars).dbt("parse")
    run.assert_failure(
        "3 problems in the vars of northstar.",
        "northstar_metrics.orders.label",
        "northstar_metrics.weekly_teams.window.calendar",
        "northstar_week_start: 1",
    )
    assert not [word for word in LEAKS if word in run.errors]


def test_a_project_without_vars_reads_how_to_begin(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    run = consumer_of(tmp_path, duckdb_engine, {}).dbt("parse")
    run.assert_failure(
        "`northstar_events` is not set", "northstar_metrics:", "dbt build"
    )
    page = run.errors[run.errors.index("vars:") : run.errors.index("Then:")]
    vars = yaml.safe_load(page)["vars"]["northstar"]
    consumer = consumer_of(tmp_path / "begun", duckdb_engine, vars)
    consumer.dbt("parse").assert_success()
    assert len(run.errors.splitlines()) < 40


def test_a_misspelt_var_is_noticed(tmp_path: Path, duckdb_engine: Engine) -> None:
    vars = small() | {"northstar_time_zone": "UTC", "northstar_state": []}
    run = consumer_of(tmp_path, duckdb_engine, vars).dbt("parse")
    run.assert_failure("Did you mean `northstar_timezone`?", "`northstar_states`?")


def test_a_mistake_made_later_is_noticed(tmp_path: Path, duckdb_engine: Engine) -> None:
    consumer = consumer_of(tmp_path, duckdb_engine, small())
    consumer.dbt("parse").assert_success()
    consumer.set_vars(small(northstar_week_start=9))
    consumer.dbt("parse").assert_failure("northstar_week_start: 1")
    consumer.dbt("run").assert_failure("northstar_week_start: 1")
    consumer.dbt(
        "parse", "--vars", "{northstar_week_start: 1, northstar_grace_hours: -1}"
    ).assert_failure("1 problem in", "northstar_grace_hours")


def test_a_sound_project_runs(tmp_path: Path, engine: Engine) -> None:
    consumer_of(tmp_path, engine, small()).dbt("run").assert_success()


def test_columns_that_the_warehouse_lacks_are_named_before_a_run(
    tmp_path: Path, engine: Engine
) -> None:
    vars = small()
    source = vars["northstar_events"][0]
    source["relation"] = {"source": ["raw", "raw_events"]}
    source["columns"]["event_id"] = "idd"
    source["columns"]["plan"] = "coalesce(\"plan\", Team_ID, 'colour')"
    source["columns"]["loaded_at"] = "created_epoch"
    source["attributes"]["feature"] = "lower(flavour)"
    run = consumer_of(tmp_path, engine, vars).dbt("run")
    said = run.errors + run.log
    assert not run.success
    assert "3 problems between the vars of northstar and the warehouse." in said
    assert "northstar_events[0].columns.event_id" in said
    assert "Did you mean `id`?" in said
    assert "northstar_events[0].attributes.feature" in said
    assert "no column 'flavour'" in said
    assert "`loaded_at` is an instant. Convert it." in said
    assert "Database Error" not in said


@pytest.mark.parametrize("materialized", ["ephemeral", "view"])
def test_a_relation_that_is_not_there_yet_is_passed_over(
    tmp_path: Path, duckdb_engine: Engine, materialized: str
) -> None:
    vars = small()
    vars["northstar_events"][0]["relation"] = {"ref": "later"}
    model = f"{{{{ config(materialized='{materialized}') }}}} select 1 as other"
    consumer = consumer_of(tmp_path, duckdb_engine, vars, {"later.sql": model})
    consumer.dbt("run", "--select", "probe").assert_success()
