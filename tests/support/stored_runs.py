"""Runs as they lie in a store, in a file: made with the graph of one day, and to be resumed with that of another.

``python -m tests.support.stored_runs`` makes the file anew, which has to be done (with a new ``GRAPH_VERSION``) when a
paused run of before can no longer go on.
"""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Json, Jsonb

FILE = Path(__file__).with_name("stored_runs.json")
FOLDER = Path("/tmp/assay-stored-runs")
"""Where the tables of the runs are: checkpoints hold whole paths."""
TABLES = (
    *("datasets", "dataset_fields", "profiles", "runs", "run_events", "proposals", "approvals"),
    *("checkpoints", "checkpoint_blobs", "checkpoint_writes"),
)
"""Those that parts of a paused run are in, each after those that it refers to."""


def write_tables() -> list[str]:
    """The tables of the runs, as they were."""
    from tests.support.runs import write_orders

    FOLDER.mkdir(exist_ok=True)
    return [write_orders(FOLDER, name, rows=2) for name in ("orders.csv", "returns.csv")]


def load(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Puts the stored rows into an empty, migrated database; the ids of the runs by what they wait for."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    for table in TABLES:
        for row in stored["rows"][table]:
            names = ", ".join(row)
            values = [_value(value) for value in row.values()]
            connection.execute(
                f"insert into {table} ({names}) values ({', '.join(['%s'] * len(values))})",  # type: ignore[arg-type]
                values,
            )
    runs: dict[str, str] = stored["runs"]
    return runs


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        kind, content = next(iter(value.items()))
        return {"bytes": base64.b64decode, "json": Json, "jsonb": Jsonb}[kind](content)
    return value


def _plain(value: Any, kind: str) -> Any:
    if kind in ("json", "jsonb"):
        return {kind: value}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    return str(value) if isinstance(value, (UUID, datetime)) else value


def _save(url: str, runs: dict[str, str]) -> None:
    rows = {}
    with psycopg.connect(url, row_factory=dict_row) as connection:
        for table in TABLES:
            columns = connection.execute(
                """select column_name, data_type from information_schema.columns where table_schema = 'public'
                    and table_name = %s and is_generated = 'NEVER' order by ordinal_position""",
                [table],
            ).fetchall()
            kinds = {column["column_name"]: column["data_type"] for column in columns}
            found = connection.execute(f"select {', '.join(kinds)} from {table}").fetchall()  # type: ignore[call-overload]
            rows[table] = [{name: _plain(row[name], kind) for name, kind in kinds.items()} for row in found]
    FILE.write_text(json.dumps({"runs": runs, "rows": rows}, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """A run that waits for decisions about two tables, and one that was cut off in the middle of profiling them."""
    from langchain_core.messages import HumanMessage

    from agents.offline import plan
    from graph.runs import Runs
    from graph.worker import Worker
    from memory import Memory, embedded
    from tests.support.runs import scripted_worker
    from tests.support.scripted import ScriptedModel

    home = Path(tempfile.mkdtemp(prefix="assay-f-"))
    try:
        with Memory.open(embedded.start(home)) as memory:
            runs, sources = Runs(memory), write_tables()

            def leaving(messages: Any, tools: Any) -> Any:
                if tools[0]["name"] == "profile_table" and isinstance(messages[-1], HumanMessage):
                    hands.stop(now=True)
                return plan(messages, tools)

            cut = runs.start(sources, requested_by="Ann", model="offline")
            hands = scripted_worker(memory, ScriptedModel(answer=leaving))
            hands.run(cut.id)
            waiting = runs.start(sources, requested_by="Ann", model="offline")
            Worker(memory).run(waiting.id)
            _save(memory.url, {"in the middle of profiling": cut.id, "at the approval": waiting.id})
    finally:
        embedded.stop(home)
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
