"""The tutorial is true: its steps are taken on the demo, and say what it shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from consumer import REPOSITORY
from test_demo_company import company, load

PAGE = REPOSITORY / "docs" / "tutorial.md"
DEMO = REPOSITORY / "examples" / "demo"
NUMBERS = "6. Give it numbers"


@dataclass
class Step:
    """What to write before some commands, the commands, and what they print.

    `files` are by path; those of dbt_project.yml are added to what stands there.
    """

    section: str
    files: list[tuple[str, str]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    shown: str = ""


def read_steps(text: str) -> list[Step]:
    """The steps of the page: what stands before an output, and the output."""
    steps: list[Step] = []
    section, path = "", "dbt_project.yml"
    step = Step(section)
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("## "):
            section = step.section = line[3:]
        elif named := re.fullmatch(r"`(\S+)`:", line):
            path = named[1]
        elif line.startswith("```"):
            block = "\n".join(iter(lambda: next(lines), "```")) + "\n"
            if line in ("```yaml", "```sql"):
                step.files.append((path, block))
                path = "dbt_project.yml"
            elif line == "```shell":
                step.commands += block.splitlines()
            elif line == "```text":
                step.shown = block.strip("\n")
                steps.append(step)
                step = Step(section)
    return steps


STEPS = read_steps(PAGE.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Reader:
    """Somebody who takes the steps, in a copy of the demo."""

    folder: Path
    environment: Mapping[str, str]

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        if path != "dbt_project.yml":
            file.write_text(text, encoding="utf-8")
            return
        project = yaml.safe_load(file.read_text(encoding="utf-8"))
        merge(project, yaml.safe_load(text))
        written = yaml.safe_dump(project, sort_keys=False, allow_unicode=True)
        file.write_text(written, encoding="utf-8")

    def take(self, step: Step) -> str:
        """What the commands of a step print. Nothing may be said on stderr."""
        printed = ""
        for path, text in step.files:
            self.write(path, text)
        for command in step.commands:
            done = subprocess.run(
                ["sh", "-c", command],
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
            )
            finds = command.startswith("northstar check")
            assert done.returncode in ((0, 1) if finds else (0,)), done.stdout
            assert done.stderr == "", done.stderr
            printed += done.stdout
        return printed.strip("\n")


def merge(whole: dict[str, Any], part: dict[str, Any]) -> None:
    """Put what a snippet says where it belongs."""
    for key, value in part.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict):
            merge(whole[key], value)
        else:
            whole[key] = value


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """A reader before the first step, with the small demo's raw data."""
    root = tmp_path_factory.mktemp("tutorial")
    folder = root / "demo"
    made = shutil.ignore_patterns("data", "target", "logs", "dbt_packages", "*.duckdb*")
    shutil.copytree(DEMO, folder, ignore=made)
    company.main(["--out", str(folder / "data"), "--small"])
    file = folder / "northstar_demo.duckdb"
    load.main(["--csv", str(folder / "data"), "--duckdb", str(file)])
    (folder / "packages.yml").write_text(f"packages: [{{local: {REPOSITORY}}}]\n")
    (folder / "dbt_packages").mkdir()
    (folder / "dbt_packages" / "northstar").symlink_to(REPOSITORY)
    scripts = root / "bin"
    scripts.mkdir()
    for name, module in (("dbt", "dbt.cli.main"), ("northstar", "northstar.cli")):
        run = "cli" if name == "dbt" else "main"
        script = scripts / name
        script.write_text(f"#!{sys.executable}\nfrom {module} import {run}\n{run}()\n")
        script.chmod(0o755)
    dropped = ("DBT_PROJECT_DIR", "DBT_PROFILES_DIR", "DBT_TARGET_PATH")
    kept = {key: text for key, text in os.environ.items() if key not in dropped}
    path = [str(REPOSITORY / "python" / "src"), os.environ.get("PYTHONPATH", "")]
    return Reader(
        folder,
        kept
        | {
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
    )


def test_the_steps_up_to_the_numbers_print_what_the_page_shows(reader: Reader) -> None:
    assert [step.section for step in STEPS].index(NUMBERS) == len(STEPS) - 1 > 4
    for step in STEPS[:-1]:
        printed = reader.take(step)
        if "--format markdown" in step.commands[-1]:
            printed = printed.partition("```mermaid\n")[2].partition("\n```")[0]
        assert printed == step.shown, step.section
        if step.section == "3. Look at it":
            drawn = (reader.folder / "slides" / "driver_tree.svg").read_bytes()
            assert drawn == (PAGE.parent / "tutorial.svg").read_bytes()
            dark = f"{step.commands[-1]} --theme dark".replace("out slides", "out -")
            printed = reader.take(Step(step.section, commands=[dark]))
            shown = (PAGE.parent / "tutorial-dark.svg").read_text(encoding="utf-8")
            assert printed == shown.strip("\n")


@pytest.mark.slow
def test_the_numbers_are_those_on_the_page(reader: Reader) -> None:
    for step in STEPS[:-1]:
        for path, text in step.files:
            reader.write(path, text)
    assert reader.take(STEPS[-1]) == STEPS[-1].shown


def test_the_page_names_targets_that_make_has() -> None:
    page = PAGE.read_text(encoding="utf-8")
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\S+)$", page, re.MULTILINE):
        assert f"\n{target}:" in makefile
