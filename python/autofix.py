"""Run dbt-autofix with the schemas of dbt Core 1.12, and not those of the network.

    python python/autofix.py SCHEMAS deprecations --path PROJECT --dry-run --json

SCHEMAS is the folder dbt/jsonschemas of that dbt-core; the rest are arguments of
dbt-autofix. Its own way is to download the newest schemas of dbt 2 in every run.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Run it; the exit code is its own."""
    from dbt_autofix import main as autofix
    from dbt_autofix import retrieve_schemas

    folder = Path(sys.argv.pop(1))

    def schema(kind: str) -> Any:
        text = (folder / kind / "latest.json").read_text(encoding="utf-8")
        return json.loads(text)

    retrieve_schemas.get_fusion_latest_version = lambda *_: "local"
    retrieve_schemas.get_fusion_yml_schema = lambda *_: schema("resources")
    retrieve_schemas.get_fusion_dbt_project_schema = lambda *_: schema("project")
    autofix.app()


if __name__ == "__main__":
    main()
