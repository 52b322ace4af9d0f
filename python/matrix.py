"""Run the package on other versions of dbt and of Python, and print what came of it.

    python python/matrix.py            # or: make test-matrix

Each row has an environment of its own under .venv-matrix, made from a pinned file of
requirements/. A Python that is not on the path is left out, and the table says so.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from semantic_parity import difference, read_by

REPOSITORY = Path(__file__).resolve().parents[1]
ENVIRONMENTS = REPOSITORY / ".venv-matrix"
DEMO = REPOSITORY / "examples" / "demo"


@dataclass(frozen=True)
class Row:
    """One environment, and whether the companion is in it."""

    name: str
    python: str
    requirements: str
    companion: bool = True


ROWS = [
    Row("dbt Core 1.11", "3.11", "demo.txt"),
    Row("dbt Core 1.11", "3.12", "demo.txt"),
    Row("dbt Core 1.11", "3.13", "demo.txt"),
    Row("dbt Core 1.12", "3.11", "dbt-1.12.txt"),
    Row("dbt 2", "3.11", "dbt-2.txt", companion=False),
]

SEMANTIC_READINGS = [
    ("demo", "v1"),
    ("dbt-1.12", "v1"),
    ("dbt-1.12", "v2"),
    ("dbt-2", "v2"),
]
"""By environment, the forms of the semantic YAML that it must read alike."""


def run(*command: str | Path, cwd: Path = REPOSITORY) -> bool:
    """Whether a command succeeds; what it said goes to stderr where it does not."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(f"$ {' '.join(map(str, command))}\n{done.stdout[-4000:]}")
        sys.stderr.write(done.stderr[-4000:])
    return done.returncode == 0


def dbt_on_duckdb(folder: Path) -> Path:
    """dbt 2 of this environment, with DuckDB at hand: a script that starts it.

    dbt 2 downloads the driver of a warehouse when it first needs one. The driver of
    DuckDB is DuckDB itself, which is in its wheel for Python; what that asks of Python
    is loaded before it.
    """
    asked = (
        "import _duckdb, pathlib, sysconfig;"
        "print(_duckdb.__file__);"
        "print(pathlib.Path(sysconfig.get_config_var('LIBDIR'))"
        " / sysconfig.get_config_var('LDLIBRARY'))"
    )
    answer = subprocess.run(
        [folder / "bin" / "python", "-c", asked],
        capture_output=True,
        text=True,
        check=True,
    )
    duckdb, python = answer.stdout.split()
    drivers = folder / "drivers"
    drivers.mkdir(exist_ok=True)
    (drivers / "duckdb.toml").write_text(
        'manifest_version = 1\nname = "DuckDB"\n\n[Driver]\n'
        'entrypoint = "duckdb_adbc_init"\n\n[Driver.shared]\n'
        f'linux_amd64 = "{duckdb}"\n',
        encoding="utf-8",
    )
    script = folder / "bin" / "dbt-on-duckdb"
    script.write_text(
        "#!/bin/sh\n"
        f"export ADBC_DRIVER_PATH={shlex.quote(str(drivers))}"
        f" LD_PRELOAD={shlex.quote(python)}\n"
        f'exec {shlex.quote(str(folder / "bin" / "dbt"))} "$@"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    return script


def result(row: Row) -> str:
    """What came of a row: `passed`, or the first step that failed."""
    python = shutil.which(f"python{row.python}")
    if python is None or not run(python, "--version"):
        return f"not run: no python{row.python}"
    folder = ENVIRONMENTS / f"{Path(row.requirements).stem}-{row.python}"
    bin_folder = folder / "bin"
    pip = [bin_folder / "python", "-m", "pip", "install", "--quiet"]
    requirements = REPOSITORY / "requirements" / row.requirements
    if not bin_folder.exists() and not run(python, "-m", "venv", folder):
        return "failed: venv"
    if not run(*pip, "--requirement", requirements):
        return "failed: install"
    dbt = bin_folder / "dbt"
    if not row.companion:
        data = DEMO / "northstar_demo.duckdb"
        if not data.exists():
            return "not run: no demo built before"
        dbt = dbt_on_duckdb(folder)
        for command in ("deps", "parse", "ls", "compile"):
            if not run(dbt, command, cwd=DEMO):
                return f"failed: dbt {command}"
        return "passed"
    companion = ["--no-deps", "--no-build-isolation", "--editable", "python"]
    if not run(*pip, *companion):
        return "failed: companion"
    data = DEMO / "northstar_demo.duckdb"
    data.unlink(missing_ok=True)
    steps: list[tuple[str, list[str | Path], Path]] = [
        ("data", [bin_folder / "python", DEMO / "company.py", "--out", DEMO / "data",
                  "--small"], REPOSITORY),
        ("load", [bin_folder / "python", DEMO / "load.py", "--csv", DEMO / "data",
                  "--duckdb", data], REPOSITORY),
        ("dbt deps", [dbt, "deps"], DEMO),
        ("dbt build", [dbt, "build"], DEMO),
        ("dbt build, again", [dbt, "build"], DEMO),
        ("northstar show", [bin_folder / "northstar", "show"], DEMO),
        ("northstar check", [bin_folder / "northstar", "check"], DEMO),
    ]  # fmt: skip
    for name, command, cwd in steps:
        if not run(*command, cwd=cwd):
            return f"failed: {name}"
    return "passed"


def semantic_readings() -> list[tuple[str, str]]:
    """What came of each reading of the semantic YAML, beside the first one's."""
    readings = []
    first = None
    for environment, form in SEMANTIC_READINGS:
        name = f"{environment}, semantic/{form}"
        folder = ENVIRONMENTS / f"{environment}-3.11"
        dbt = folder / "bin" / "dbt"
        if not dbt.exists():
            readings.append((name, "not run: no environment"))
            continue
        try:
            found = read_by(dbt, ENVIRONMENTS / "semantic" / form, form)
        except RuntimeError as error:
            sys.stderr.write(f"{error}\n")
            readings.append((name, "failed: dbt parse"))
            continue
        first = first or found
        where = difference(first, found)
        readings.append((name, f"failed: {where}" if where else "read the same"))
    return readings


def deprecated() -> str:
    """What dbt-autofix finds in the package and its example projects."""
    python = shutil.which("python3.11")
    schemas = next(ENVIRONMENTS.glob("dbt-1.12-3.11/lib/*/site-packages/dbt"), None)
    if python is None or schemas is None:
        return "not run: no environment of dbt Core 1.12"
    own = ENVIRONMENTS / "autofix-3.11" / "bin" / "python"
    requirements = REPOSITORY / "requirements" / "autofix.txt"
    if not own.exists() and not run(python, "-m", "venv", own.parents[1]):
        return "failed: venv"
    if not run(own, "-m", "pip", "install", "--quiet", "--requirement", requirements):
        return "failed: install"
    command = [own, REPOSITORY / "python" / "autofix.py", schemas / "jsonschemas"]
    # lint/ has the package's own folders as they are, with no expression in their names
    for project in (REPOSITORY / "lint", DEMO, REPOSITORY / "benchmarks" / "project"):
        done = subprocess.run(
            [*command, "deprecations", "--path", project, "--dry-run", "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
        found = [line for line in done.stdout.splitlines() if '"deprecation"' in line]
        if found or '{"mode": "complete"}' not in done.stdout:
            sys.stderr.write(done.stdout[-4000:] + done.stderr[-4000:])
            return f"failed: {len(found)} files with something deprecated"
    return "passed: nothing deprecated"


def main() -> int:
    """Print the table; 1 where something failed."""
    failed = False
    for row in ROWS:
        came = result(row)
        failed = failed or came.startswith("failed")
        sys.stdout.write(f"| {row.name} | {row.python} | {came} |\n")
        sys.stdout.flush()
    for name, came in semantic_readings():
        failed = failed or came.startswith("failed")
        sys.stdout.write(f"| {name} | 3.11 | {came} |\n")
        sys.stdout.flush()
    came = deprecated()
    failed = failed or came.startswith("failed")
    sys.stdout.write(f"| dbt-autofix | 3.11 | {came} |\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
