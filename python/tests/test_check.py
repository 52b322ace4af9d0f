"""`northstar check`: each rule finds what it says and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from consumer import REPOSITORY
from northstar.check import Checked, check_tree
from northstar.cli import main
from northstar.render_check import (
    find_lines,
    page,
    render_github,
    render_json,
    render_text,
)
from northstar.rules import RULES
from northstar.tree import Tree
from trees import hostile_tree, metric, semantic, star, tree

TODAY = date(2026, 11, 22)
PAGES = REPOSITORY / "docs" / "check"
FIRST = [{"event": "a"}, {"event": "workflow_completed"}]


def check(found: Tree) -> Checked:
    return check_tree(found, TODAY)


def codes(found: Tree) -> list[tuple[str, str]]:
    return [(finding.rule.code, finding.node) for finding in check(found).findings]


def experiment(**said: Any) -> dict[str, Any]:
    return {
        "hypothesis": "It helps.",
        "driver": "north",
        "primary_metric": "north",
        "guardrails": ["contacts"],
        "owner": "Growth",
        "start": "2026-01-01",
        "end": "2026-02-01",
    } | said


def test_a_tree_in_order_has_no_findings() -> None:
    found = tree(
        {"active": metric(drives=["north"], edge="component")},
        experiments={"trial": experiment(driver="active")},
    )
    assert codes(found) == []
    assert render_text(check(found)) == "No findings in 4 metrics.\n"


def driver(**said: Any) -> dict[str, Any]:
    return {"bad": metric(drives=["north"], **said)}


REVENUE = {"type": "revenue", "level": "product_line"}
OWN = {
    "northstar_drives": "north",
    "northstar_owner": "Growth",
    "northstar_counts": "A",
    "northstar_does_not_count": "B",
    "northstar_why": "C",
}
LATE = semantic(
    "ever",
    type="cumulative",
    meta=OWN,
)


@pytest.mark.parametrize(
    ("code", "node", "found"),
    [
        ("NS001", "bad", tree({"bad": metric(drives=["bad", "north"])})),
        (
            "NS001",
            "a",
            tree({"a": metric(drives=["b"]), "b": metric(drives=["a", "north"])}),
        ),
        ("NS002", "bad", tree({"bad": metric()})),
        ("NS002", "bad", tree({"bad": metric(level="input", drives=["contacts"])})),
        ("NS002", "bad", tree({"bad": metric(level="product_line")})),
        ("NS003", "bad", tree({"bad": metric(drives=["norht", "north"])})),
        ("NS004", "", tree({"north": metric(level="guardrail")})),
        ("NS005", "north", tree({"north": star(guardrails=None)})),
        ("NS006", "bad", tree(driver(**REVENUE))),
        (
            "NS006",
            "bad",
            tree(driver(**REVENUE, guardrails=["contacts"])),
        ),
        ("NS007", "bad", tree(driver(events=[{"event": "page_viewed"}]))),
        ("NS007", "bad", tree(driver(events=[{"event": "signed_up"}, *FIRST]))),
        (
            "NS007",
            "bad",
            tree(driver(events=[{"event": "read", "value": "time_on_page"}])),
        ),
        ("NS008", "bad", tree(driver(window={"lifetime": "month"}))),
        ("NS008", "ever", tree(semantic_metrics=[LATE])),
        (
            "NS009",
            "north",
            tree({f"driver_{i}": metric(drives="north") for i in range(7)}),
        ),
        ("NS010", "bad", tree(driver(owners=None))),
        ("NS010", "north", tree({"north": star(owners={"functional": "Product"})})),
        (
            "NS010",
            "bad",
            tree(experiments={"bad": experiment(owner=None)}),
        ),
        (
            "NS010",
            "bad",
            tree(
                semantic_metrics=[semantic("bad", meta=OWN | {"northstar_owner": ""})]
            ),
        ),
        ("NS011", "bad", tree(driver(plain_language=None))),
        ("NS011", "bad", tree(driver(plain_language="It is one. It is two."))),
        ("NS011", "bad", tree(driver(does_not_count=None))),
        ("NS012", "bad", tree(driver(review_due="2026-11-21"))),
        ("NS012", "bad", tree(driver(review_due="some day"))),
        ("NS012", "north", tree({"north": star(review_due=None)})),
        (
            "NS013",
            "weekly_bad",
            tree(
                {
                    "weekly_bad": metric(drives=["north"])
                    | {"window": {"calendar": "month"}}
                }
            ),
        ),
        ("NS013", "bad", tree(driver(events=[{"event": "Order Paid"}]))),
        ("NS013", "bad__name", tree({"bad__name": metric(drives="north")})),
        (
            "NS014",
            "bad",
            tree(driver(edge="component", entity="user")),
        ),
        ("NS015", "bad", tree(experiments={"bad": experiment(driver=None)})),
        ("NS015", "bad", tree(experiments={"bad": experiment(driver="gone")})),
        ("NS015", "bad", tree(experiments={"bad": experiment(driver="contacts")})),
        ("NS016", "bad", tree(driver(guardrails=["refunds"]))),
        ("NS017", "bad", tree(experiments={"bad": experiment(hypothesis=None)})),
        ("NS018", "bad", tree(driver(evidence="association"))),
        (
            "NS019",
            "own",
            tree(
                semantic_metrics=[semantic("own", meta={**OWN, "northstar_edge": "x"})]
            ),
        ),
        (
            "NS019",
            "own",
            tree(
                semantic_metrics=[semantic("own", meta={**OWN, "northstar_onwer": 1})]
            ),
        ),
        (
            "NS022",
            "bad",
            tree(
                driver(
                    version=3,
                    effective_from="2026-06-01",
                    previous={"version": 2, "effective_from": "2025-06-02"},
                )
            ),
        ),
        (
            "NS023",
            "north",
            tree({"north": star(version=2, effective_from="2026-06-01")}),
        ),
        (
            "NS023",
            "bad",
            tree(driver(level="product_line", version=2, approved_by="Board")),
        ),
        ("NS020", "bad", tree(driver(suppress=[{"rule": "NS999", "reason": "x"}]))),
        ("NS020", "bad", tree(driver(suppress="NS007"))),
        ("NS021", "bad", tree(driver(suppress=[{"rule": "NS007", "reason": "x"}]))),
    ],
)
def test_a_rule_finds_it_and_no_other_does(code: str, node: str, found: Tree) -> None:
    assert codes(found) == [(code, node)]


@pytest.mark.parametrize(
    "found",
    [
        tree(driver(review_due="2026-11-22")),
        tree(driver(plain_language="Teams, e.g. Those in a trial, that work.")),
        tree(driver(level="input", events=[{"event": "signed_up"}])),
        tree(driver(events=[{"event": "review_published"}])),
        tree(driver(events=[{"event": "order_signed_off"}])),
        tree({f"driver_{i}": metric(drives="north") for i in range(6)}),
        tree({"candidate": metric(level="candidate")}),
        tree(
            driver(
                window={"lifetime": "month"},
                void={"event": "undone", "key": "id", "mode": "net"},
            )
        ),
        tree(
            {
                **driver(
                    **REVENUE, guardrails=["churned", "refunds", "qualified_leads"]
                ),
                **{
                    name: metric(level="guardrail")
                    for name in ("churned", "refunds", "qualified_leads")
                },
            }
        ),
        tree({"earned": metric(type="revenue", level="guardrail")}),
        tree(
            driver(
                version=3,
                effective_from="2026-06-01",
                previous={"version": 2, "effective_from": "2025-06-01"},
            )
        ),
        tree(
            driver(
                version=2,
                effective_from="2026-06-01",
                previous={"version": 1, "effective_from": "2026-01-01"},
            )
        ),
    ],
)
def test_a_rule_leaves_alone_what_is_right(found: Tree) -> None:
    assert codes(found) == []


def test_two_north_stars_are_both_found() -> None:
    assert codes(tree({"other": star()})) == [("NS004", "north"), ("NS004", "other")]


def test_a_circle_is_found_once_and_its_way_is_told() -> None:
    found = tree(
        {
            "a": metric(drives=["b"]),
            "b": metric(drives=["c"]),
            "c": metric(drives=["a"]),
        }
    )
    (finding,) = (f for f in check(found).findings if f.rule.code == "NS001")
    assert "a drives b drives c drives a" in finding.message


def test_a_parent_that_is_switched_off_is_called_so() -> None:
    found = tree(
        {"bad": metric(drives=["gone", "north"])}, disabled=frozenset(["gone"])
    )
    (finding,) = check(found).findings
    assert "switched off" in finding.message


def test_what_the_package_ships_is_only_held_to_what_the_team_can_say() -> None:
    shipped = semantic(
        "north_star_part",
        "northstar",
        meta={"northstar_role": "component", "northstar_drives": "north"},
    )
    assert codes(tree(semantic_metrics=[shipped])) == []


# ------------------------------------------------------------------------ suppression


def test_a_suppression_with_a_reason_takes_the_finding_away() -> None:
    reason = "We are paid by the view"
    found = tree(
        driver(
            events=[{"event": "page_viewed"}],
            suppress=[{"rule": "NS007", "reason": reason}],
        )
    )
    checked = check(found)
    assert checked.findings == ()
    ((finding, said),) = [(s.finding, s.reason) for s in checked.suppressed]
    assert (finding.rule.code, finding.node, said) == ("NS007", "bad", reason)
    assert reason in render_text(checked)


def test_a_suppression_without_a_reason_suppresses_nothing() -> None:
    found = tree(
        driver(events=[{"event": "page_viewed"}], suppress=[{"rule": "NS007"}])
    )
    assert codes(found) == [("NS007", "bad"), ("NS020", "bad")]


def test_a_meta_can_suppress_too() -> None:
    item = [{"rule": "NS010", "reason": "Nobody yet"}]
    meta = OWN | {"northstar_owner": "", "northstar_suppress": item}
    found = tree(semantic_metrics=[semantic("own", meta=meta)])
    assert codes(found) == []


def test_what_is_shipped_belongs_to_the_owners_of_the_north_star() -> None:
    meta = {"northstar_drives": "north"}
    found = tree(semantic_metrics=[semantic("shipped", "northstar", meta=meta)])
    assert codes(found) == []


@pytest.mark.parametrize("code", ["NS020", "NS021"])
def test_rules_of_suppressions_cannot_be_suppressed(code: str) -> None:
    found = tree(
        driver(
            suppress=[
                {"rule": code, "reason": "No"},
                {"rule": "NS001"},
                {"rule": "NS002", "reason": "Unused"},
            ]
        )
    )
    assert {"NS020", "NS021"} <= {found_code for found_code, _ in codes(found)}


# ---------------------------------------------------------------------- what is printed


def shown_tree() -> Tree:
    """A finding of each sort of node, and a suppression."""
    return tree(
        {
            "north": star(guardrails=None, review_due="2026-01-31"),
            "page_visitors": metric(
                drives=["north"],
                events=[{"event": "page_viewed"}],
                suppress=[{"rule": "NS007", "reason": "Until carts are tracked"}],
            ),
            "weekly_revenue": metric(
                drives=["north"], **REVENUE, owners=None, window={"calendar": "month"}
            ),
            "carts": metric(drives=["nroth"], owners=None, counts=None, why=None),
        },
        [semantic("speed", meta={"northstar_drives": "north"})],
        {"new_page": experiment(driver=None, hypothesis=None)},
    )


def test_text_is_as_in_the_golden_file(golden: Callable[[str, str], None]) -> None:
    golden("check.txt", render_text(check(shown_tree())))


def test_json_is_as_in_the_golden_file(golden: Callable[[str, str], None]) -> None:
    golden("check.json", render_json(check(shown_tree()), {"north": 12}))


def test_annotations_are_as_in_the_golden_file(
    golden: Callable[[str, str], None],
) -> None:
    said = render_github(check(shown_tree()), {"north": 12}, "analytics/")
    golden("check_github.txt", said)


def test_hostile_text_is_one_line_and_no_command() -> None:
    checked = check(hostile_tree())
    assert checked.findings
    said = render_github(checked, {})
    commands = [line for line in said.splitlines() if line.startswith("::")]
    assert len(commands) == len(checked.findings)
    assert "\u202e" not in said + render_text(checked)
    assert "\x1b" not in said + render_text(checked)
    assert max(map(len, render_text(checked).splitlines())) < 12_000
    assert json.loads(render_json(checked, {}))["errors"] == checked.count("error")


def test_lines_are_those_of_the_definitions() -> None:
    text = (
        "name: north\nvars:\n  northstar:\n    northstar_entities:\n      orders: {}\n"
        "    northstar_metrics:\n      orders:\n        level: driver\n"
        "      'quoted': {}\n"
    )
    names = iter(["orders", "quoted", "absent"])
    assert find_lines(text, names) == {"orders": 7, "quoted": 9}


# ------------------------------------------------------------------------ the command


def write_project(folder: Path, **definitions: Any) -> None:
    base = {"north": star(), "contacts": metric(level="guardrail")}
    node = {
        "resource_type": "model",
        "name": "northstar__metric_definitions",
        "package_name": "northstar",
        "config": {"meta": {"northstar_definitions": base | definitions}},
    }
    (folder / "target").mkdir(parents=True)
    (folder / "target" / "manifest.json").write_text(
        json.dumps({"metadata": {"project_name": "acme"}, "nodes": {"model.x": node}})
    )
    (folder / "dbt_project.yml").write_text(
        "name: acme\nvars:\n  northstar:\n    northstar_metrics:\n      bad:\n"
    )


def run(*arguments: object) -> Result:
    return CliRunner().invoke(
        main,
        ["check", *map(str, arguments)],
        env={"DBT_PROJECT_DIR": None, "DBT_TARGET_PATH": None},
    )


def test_exit_code_0_is_a_tree_in_order(tmp_path: Path) -> None:
    write_project(tmp_path)
    result = run("--project-dir", tmp_path, "--today", "2026-11-22")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "No findings in 2 metrics.\n"


def test_exit_code_1_is_a_finding(tmp_path: Path) -> None:
    write_project(tmp_path, bad=metric(drives="north", owners=None))
    result = run("--project-dir", tmp_path, "--today", "2026-11-22")
    assert result.exit_code == 1
    assert "NS010" in result.stdout
    told = run("--project-dir", tmp_path, "--today", "2026-11-22", "--format", "json")
    (finding,) = json.loads(told.stdout)["findings"]
    assert (finding["node"], finding["line"]) == ("bad", 5)
    assert (REPOSITORY / finding["page"]).is_file()


def test_a_warning_fails_unless_only_errors_should(tmp_path: Path) -> None:
    write_project(tmp_path, bad=metric(drives="north", why=None))
    options = ("--project-dir", tmp_path, "--today", "2026-11-22")
    assert run(*options).exit_code == 1
    lenient = run(*options, "--fail-on", "error")
    assert lenient.exit_code == 0
    assert "NS011" in lenient.stdout


def test_today_is_the_day_that_is_given(tmp_path: Path) -> None:
    write_project(tmp_path)
    late = run("--project-dir", tmp_path, "--today", "2027-02-01")
    assert late.exit_code == 1
    assert "NS012" in late.stdout


def test_exit_code_2_is_a_project_that_was_not_parsed(tmp_path: Path) -> None:
    result = run("--project-dir", tmp_path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "dbt parse" in result.stderr


def test_the_manifest_is_where_the_project_puts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path)
    (tmp_path / "target").rename(tmp_path / "out")
    assert run("--project-dir", tmp_path).exit_code == 2
    (tmp_path / "dbt_project.yml").write_text('name: acme\ntarget-path: "out"\n')
    today = ("--today", "2026-11-22")
    assert run("--project-dir", tmp_path, *today).exit_code == 0
    named = ("--manifest", tmp_path / "out" / "manifest.json")
    assert run(*named, *today).exit_code == 0
    assert run("--manifest", tmp_path / "no.json").exit_code == 2


def test_other_repositories_can_use_the_hook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As docs/tree.md has it, on a repository with a project in a folder."""
    for name, text in (
        ("GIT_AUTHOR_NAME", "x"),
        ("GIT_AUTHOR_EMAIL", "x@example.com"),
        ("GIT_COMMITTER_NAME", "x"),
        ("GIT_COMMITTER_EMAIL", "x@example.com"),
        ("GIT_CONFIG_GLOBAL", os.devnull),
        ("PRE_COMMIT_HOME", str(tmp_path / "cache")),
        ("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"),
        ("PYTHONPATH", str(REPOSITORY / "python" / "src")),
    ):
        monkeypatch.setenv(name, text)
    command = tmp_path / "bin" / "northstar"
    command.parent.mkdir()
    command.write_text(f"#!{sys.executable}\nfrom northstar.cli import main\nmain()\n")
    command.chmod(0o755)

    def git(folder: Path, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)

    def commit(folder: Path) -> None:
        git(folder, "init", "--quiet", "--initial-branch=main")
        git(folder, "add", "--all", "--force")
        git(folder, "commit", "--quiet", "--message=x")

    package = tmp_path / "package"
    package.mkdir()
    hooks = (REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    (package / ".pre-commit-hooks.yaml").write_text(hooks)
    commit(package)
    project = tmp_path / "team" / "analytics"
    write_project(project)
    text = (REPOSITORY / "docs" / "tree.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(repos:.*?)```", text, re.DOTALL)
    config = yaml.safe_load(block)
    config["repos"][0]["repo"] = str(package)
    config["repos"][0]["hooks"][0]["args"] += ["--today", "2026-11-22"]
    (project.parent / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    commit(project.parent)

    def hook() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--all-files"],
            cwd=project.parent,
            capture_output=True,
            text=True,
            check=False,
        )

    passed = hook()
    assert passed.returncode == 0, passed.stdout
    assert "Passed" in passed.stdout
    shutil.rmtree(project / "target")
    write_project(project, bad=metric(drives="north", owners=None))
    failed = hook()
    assert failed.returncode == 1
    assert "NS010" in failed.stdout


# -------------------------------------------------------------------------- the pages


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_has_its_page(rule: Any) -> None:
    text = (REPOSITORY / page(rule.code)).read_text(encoding="utf-8")
    assert text.startswith(f"# {rule.code} {rule.name}\n")
    assert f"Severity: {rule.severity}." in text
    for title in ("## What it is", "## Why it is flagged", "## How to mend it"):
        assert f"\n{title}\n" in text
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    row = f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity} |"
    assert row in index


def test_every_key_for_machines_is_on_the_page() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    text = index.partition("## For machines")[2]
    rows = re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE)
    said = {key for row in rows for key in re.findall("`(.*?)`", row)}
    shown = json.loads(render_json(check(shown_tree()), {}))
    assert set(shown) == {"errors", "warnings", "findings", "suppressed"}
    assert all(f"`{key}`" in text for key in shown)
    assert set(shown["suppressed"][0]) == said
    assert set(shown["findings"][0]) == said - {"reason"}


def test_no_page_is_of_a_rule_that_is_gone() -> None:
    codes_of_pages = {path.stem for path in PAGES.glob("*.md")} - {"README"}
    assert codes_of_pages == {rule.code for rule in RULES}


@pytest.mark.parametrize(
    "path", [*PAGES.glob("*.md"), REPOSITORY / "docs" / "tree.md"], ids=lambda p: p.stem
)
def test_links_lead_somewhere_and_examples_are_yaml(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
        assert link.startswith("https://") or (path.parent / link).exists(), link
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        assert isinstance(yaml.safe_load(block), (dict, list))


def test_codes_are_in_order_and_unlike() -> None:
    found = [rule.code for rule in RULES]
    assert found == sorted(set(found))
    assert len({rule.name for rule in RULES}) == len(RULES)
