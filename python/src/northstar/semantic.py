"""Queries of the semantic layer, where MetricFlow's own command does not go.

`mf` asks the adapter for its name and refuses those that it was not written for, Spark
among them. Its engine only needs to be told how SQL is to be written, so here it
renders the query, and the companion executes it on the profile's connection. This is
the only module that imports MetricFlow, and it does so when a query is rendered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from northstar.errors import NotBuiltError, SemanticQueryError

# By the adapter's name, how MetricFlow writes SQL for it. Spark reads what is written
# for Databricks.
_RENDERERS = {
    "bigquery": ("big_query", "BigQuerySqlPlanRenderer"),
    "databricks": ("databricks", "DatabricksSqlPlanRenderer"),
    "duckdb": ("duckdb_renderer", "DuckDbSqlPlanRenderer"),
    "postgres": ("postgres", "PostgresSQLSqlPlanRenderer"),
    "redshift": ("redshift", "RedshiftSqlPlanRenderer"),
    "snowflake": ("snowflake", "SnowflakeSqlPlanRenderer"),
    "spark": ("databricks", "DatabricksSqlPlanRenderer"),
}


@dataclass(frozen=True)
class SemanticQuery:
    """What is asked for, in MetricFlow's words, such as `metric_time__week`."""

    metrics: Sequence[str]
    group_by: Sequence[str] = ()
    where: Sequence[str] = ()
    order_by: Sequence[str] = ()
    limit: int | None = None


def render_query(query: SemanticQuery, manifest: Path, adapter: str) -> str:
    """The SQL of a query, for the adapter of that name.

    `manifest` is dbt's semantic_manifest.json. Raises NotBuiltError where there is
    none, and SemanticQueryError where MetricFlow is not installed, does not know the
    warehouse, or has no answer to the query.
    """
    if not manifest.is_file():
        raise NotBuiltError(f"no {manifest}. Build the project first: dbt build")
    if adapter not in _RENDERERS:
        known = ", ".join(sorted(_RENDERERS))
        raise SemanticQueryError(
            f"the warehouse is {adapter}, and MetricFlow writes SQL for {known}"
        )
    try:
        engine = _engine(manifest, adapter)
    except ImportError as error:
        raise SemanticQueryError(
            f"{error}. The semantic layer is read with MetricFlow: "
            "pip install dbt-metricflow"
        ) from error
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    request = MetricFlowQueryRequest.create(
        metric_names=list(query.metrics),
        group_by_names=list(query.group_by) or None,
        where_constraints=list(query.where) or None,
        order_by_names=list(query.order_by) or None,
        limit=query.limit,
    )
    try:
        return str(engine.explain(request).sql_statement.sql)
    except Exception as error:  # MetricFlow's errors have no common class
        raise SemanticQueryError(str(error).strip()) from error


def _engine(manifest: Path, adapter: str) -> Any:
    from importlib import import_module

    from metricflow.engine.metricflow_engine import MetricFlowEngine
    from metricflow.protocols.sql_client import SqlEngine
    from metricflow_semantics.model.dbt_manifest_parser import (
        parse_manifest_from_dbt_generated_manifest,
    )
    from metricflow_semantics.model.semantic_manifest_lookup import (
        SemanticManifestLookup,
    )

    module, name = _RENDERERS[adapter]
    renderer = getattr(import_module(f"metricflow.sql.render.{module}"), name)()
    engine = SqlEngine["DATABRICKS" if adapter == "spark" else adapter.upper()]
    parsed = parse_manifest_from_dbt_generated_manifest(
        manifest_json_string=manifest.read_text(encoding="utf-8")
    )
    client: Any = _Rendering(renderer, engine)
    return MetricFlowEngine(
        semantic_manifest_lookup=SemanticManifestLookup(parsed),
        sql_client=client,
    )


class _Rendering:
    """As much of a MetricFlow client as rendering asks for."""

    def __init__(self, renderer: Any, engine: Any) -> None:
        self.sql_plan_renderer = renderer
        self.sql_engine_type = engine
