"""A run of dbt in a process of its own, which kills itself at a node of the graph.

    assert run_until(consumer, "model.northstar.northstar__entities", "before")

Nothing in the process gets to clean up: it ends by SIGKILL, as when the machine loses
power or the scheduler loses patience. Processes are forked from a server that has
imported dbt, so that each takes no longer than the run.
"""

from __future__ import annotations

import os
import signal
from multiprocessing import get_context
from typing import Any, Literal

from consumer import Consumer

Moment = Literal["before", "uncommitted", "committed"]
"""Before the node's first statement; with all done but the commit; right after it."""

_processes = get_context("forkserver")
_processes.set_forkserver_preload(
    ["dbt.cli.main", "dbt.task.build", "dbt.adapters.duckdb", "dbt.adapters.postgres"]
)


def run_until(consumer: Consumer, node: str, moment: Moment) -> bool:
    """Build the project until that moment of the node; whether it came to that.

    Raises:
        RuntimeError: the process ended in some other way than by its own hand, or a
            build that was not killed failed.
    """
    consumer.database.release()
    process = _processes.Process(target=_build, args=(consumer, node, moment))
    process.start()
    process.join()
    if process.exitcode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the run to be killed at {node} ended {process.exitcode}")
    return process.exitcode == -signal.SIGKILL


def _build(consumer: Consumer, node: str, moment: Moment) -> None:
    _lay_the_trap(node, moment)
    consumer.build().assert_success()


def _lay_the_trap(node: str, moment: Moment) -> None:
    """Have dbt kill its process when it comes to that moment of the node."""
    from dbt.adapters.sql.connections import SQLConnectionManager
    from dbt.task.run import ModelRunner
    from dbt_common.events.contextvars import get_node_info

    connections: Any = SQLConnectionManager
    runners: Any = ModelRunner
    add_query, execute = connections.add_query, runners.execute

    def trapped_query(manager: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        is_here = get_node_info().get("unique_id") == node
        is_commit = sql == "COMMIT"
        if is_here and (moment == "before" or (moment == "uncommitted" and is_commit)):
            _die()
        answer = add_query(manager, sql, *arguments, **options)
        if is_here and moment == "committed" and is_commit:
            _die()
        return answer

    def trapped_execute(runner: Any, *arguments: Any) -> Any:
        if runner.node.unique_id == node:
            connections.add_query = trapped_query
        return execute(runner, *arguments)

    # Compiling a model asks the warehouse for columns: that is not yet the model.
    if node.startswith("model."):
        runners.execute = trapped_execute
    else:
        connections.add_query = trapped_query


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
