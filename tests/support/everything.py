"""All that a store holds, without what two equal runs differ in: ids, times, numbers that count attempts."""

from __future__ import annotations

import json
import re
from typing import Any

import psycopg
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg.rows import dict_row

UNTOLD = {"assay_migrations", "audit_head", "checkpoint_migrations", "checkpoints", "checkpoint_blobs"}
UNTOLD |= {"checkpoint_writes", "model_calls", "lineage_state"}
"""Tables of the machinery; a call of a model that was cut off is made, and paid, again, a run told of again."""
IDS = {"uuid", "timestamp with time zone", "USER-DEFINED"}
COUNTERS = {"id", "run_id", "key", "seq", "mac", "prev", "attempt", "lease_token", "last_event", "number", "position"}
COUNTERS |= {"memory", "attempts", "dataset_id", "root", "job_id", "statement_id", "src", "dst", "node", "witness"}
AGAIN = {"model.answered"}
"""What a person may find twice in the audit log, because it happened twice."""
STATES = {"waiting", "done", "failed", "cancelled"}
NOISE = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(\+00:00|Z)?"), "<time>"),
    (re.compile(r'"(seconds|cached)": [^,}]+'), r'"\1": 0'),
    # Numbers that were given to what was rolled back are not given again; a digest is over what has such numbers.
    (re.compile(r'(rule|proposal) \d+"'), r'\1 0"'),
    (re.compile(r"(<run> [A-Z]+) \d+"), r"\1 0"),
    (re.compile(r'(digest\\": ?\\")[0-9a-f]+'), r"\1"),
)


def everything(url: str, run_id: str) -> dict[str, list[str]]:
    """The rows of each table that has any, as sorted texts, and the state of the run's graph."""
    with psycopg.connect(url, autocommit=True, row_factory=dict_row, prepare_threshold=None) as connection:
        found = {table: _rows(connection, table, run_id) for table in _tables(connection)}
        state = PostgresSaver(connection).get_tuple({"configurable": {"thread_id": run_id}})
        assert state
        found["state"] = [_plain(state.checkpoint["channel_values"], run_id)]
    return {table: rows for table, rows in found.items() if rows}


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    return [row["tablename"] for row in rows if row["tablename"] not in UNTOLD]


def _rows(connection: psycopg.Connection[Any], table: str, run_id: str) -> list[str]:
    columns = connection.execute(
        """select column_name from information_schema.columns where table_schema = 'public' and table_name = %s
            and is_identity = 'NO' and not data_type = any(%s) and not column_name = any(%s)""",
        [table, list(IDS), list(COUNTERS)],
    ).fetchall()
    kept = [column["column_name"] for column in columns]
    rows = connection.execute(f"select * from {table}").fetchall()  # type: ignore[call-overload]
    if table == "run_events":
        rows = [row for row in rows if row["key"] or row["kind"] in STATES]
    if table == "audit_log":
        rows = [row for row in rows if row["action"] not in AGAIN]
    return sorted(_plain({name: row[name] for name in kept}, run_id) for row in rows)


def _plain(value: Any, run_id: str) -> str:
    text = json.dumps(value, default=str, sort_keys=True, ensure_ascii=False).replace(run_id, "<run>")
    for pattern, instead in NOISE:
        text = pattern.sub(instead, text)
    return text
