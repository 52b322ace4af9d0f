"""The warehouse, through dbt's own connection.

The profile that builds the marts also reads them: the companion works wherever the
project does and needs no credentials of its own. This is the only module that imports
dbt, and it does so when a warehouse is opened: dbt takes seconds to import, and help,
`check` and `docs` need none of it. It loads the project, the profile and the adapter as
`dbt` does, and leaves out the parsing: what each mart is called stands in the manifest
of the last build.
"""

from __future__ import annotations

import json
import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from northstar.errors import NotBuiltError, WarehouseError

if TYPE_CHECKING:
    from dbt.config.runtime import RuntimeConfig

Row = dict[str, Any]

BUILD = "Build the project first: dbt build"


class Warehouse:
    """An open connection to the warehouse of a dbt project."""

    def __init__(self, adapter: Any, manifest_path: Path) -> None:
        self._adapter = adapter
        self._manifest_path = manifest_path

    @property
    def adapter_name(self) -> str:
        """What dbt calls the adapter, such as postgres."""
        return str(self._adapter.type())

    @property
    def semantic_manifest_path(self) -> Path:
        """Where dbt writes what MetricFlow reads."""
        return self._manifest_path.with_name("semantic_manifest.json")

    def relation(self, name: str) -> str:
        """The name in the warehouse of the model that has this name.

        Raises NotBuiltError where there is no manifest, or no such model in it.
        """
        return str(self._model(name)["relation_name"])

    def meta(self, name: str) -> dict[str, Any]:
        """What the configuration of the model with this name has under `meta`.

        Raises NotBuiltError as `relation` does.
        """
        meta: dict[str, Any] = self._model(name)["config"].get("meta", {})
        return meta

    def query(self, sql: str) -> list[Row]:
        """The rows of a query, as dictionaries by column name in lower case.

        Raises WarehouseError, with what the warehouse said, where it fails.
        """
        try:
            with self._adapter.connection_named("northstar"):
                _, table = self._adapter.execute(sql, fetch=True)
        except Exception as error:  # each adapter raises what its driver does
            raise WarehouseError(f"{_text(error)}\n{BUILD}") from error
        names = [name.lower() for name in table.column_names]
        return [dict(zip(names, row, strict=True)) for row in table.rows]

    def _model(self, name: str) -> dict[str, Any]:
        path = self._manifest_path
        if not path.is_file():
            raise NotBuiltError(f"no {path}. {BUILD}")
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise NotBuiltError(f"cannot read {path}: {error}. {BUILD}") from error
        nodes: dict[str, dict[str, Any]] = manifest.get("nodes", {})
        for node in nodes.values():
            if node["resource_type"] == "model" and node["name"] == name:
                return node
        raise NotBuiltError(
            f"no model {name} in {path}. "
            "Is the package northstar installed, and its model switched on?"
        )


@contextmanager
def open_warehouse(
    project_dir: Path, profiles_dir: Path | None = None, target: str | None = None
) -> Iterator[Warehouse]:
    """The warehouse of the project in this folder.

    Without `profiles_dir`, profiles.yml is looked for beside the project, then in
    ~/.dbt; without `target`, the profile's own default is taken.
    Raises WarehouseError where the project or its profile cannot be loaded.
    """
    from dbt.adapters.factory import get_adapter, register_adapter, reset_adapters
    from dbt.mp_context import get_mp_context
    from dbt_common.events.base_types import EventLevel

    project_dir = project_dir.resolve()
    if profiles_dir is None:
        beside = (project_dir / "profiles.yml").is_file()
        profiles_dir = project_dir if beside else Path.home() / ".dbt"
    profiles_dir = profiles_dir.resolve()
    with chdir(project_dir):  # as dbt does: a profile may hold a relative path
        try:
            config = _load_config(project_dir, profiles_dir, target)
            reset_adapters()
            register_adapter(config, get_mp_context(), EventLevel.DEBUG)
            adapter: Any = get_adapter(config)
        except Exception as error:  # dbt's, or a missing adapter's, or YAML's
            raise WarehouseError(_text(error)) from error
        folder = project_dir / config.target_path
        try:
            yield Warehouse(adapter, folder / "manifest.json")
        finally:
            adapter.cleanup_connections()


def _load_config(
    project_dir: Path, profiles_dir: Path, target: str | None
) -> RuntimeConfig:
    from dbt.config.runtime import RuntimeConfig, load_profile, load_project
    from dbt.flags import get_flags, set_from_args
    from dbt_common.context import set_invocation_context

    set_invocation_context(dict(os.environ))
    arguments = Namespace(
        PROJECT_DIR=str(project_dir),
        PROFILES_DIR=str(profiles_dir),
        TARGET=target,
        SEND_ANONYMOUS_USAGE_STATS=False,
    )
    set_from_args(arguments, None)
    profile = load_profile(str(project_dir), {}, target_override=target)
    project = load_project(str(project_dir), False, profile, {})
    return RuntimeConfig.from_parts(project, profile, get_flags())


def _text(error: Exception) -> str:
    """The lines of an error that say something."""
    lines = (line.rstrip() for line in str(error).splitlines())
    return "\n".join(line for line in lines if line) or type(error).__name__
