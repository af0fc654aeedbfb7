"""Generated lineage for benchmarks: layers of columns, a few of which feed very many others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import numpy as np
from numpy.typing import NDArray

from memory.db import Connection
from memory.lineage.copy import micros
from tools.lineage.observed import ColumnId, DatasetId, JobId, Observed, ObservedDataset, ObservedEdge

LAYERS, IN_DEGREE, COLUMNS_PER_TABLE, REPEATED_JOBS = 12, 2, 20, 50
SKEW = 4
"""The larger, the more columns hang on a few hubs: a source is the u ** SKEW quantile of its layer."""
THEN, NOW = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 3))
BETWEEN = THEN + timedelta(days=1)
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Graph:
    """Edges between columns, numbered from 1; column n is of table (n - 1) // 20 + 1, which has a job of its own."""

    columns: int
    src: Ids
    dst: Ids


def generated(edges: int, seed: int = 1) -> Graph:
    """A graph of so many edges: each column below the first layer has two sources in the layer above on average."""
    random = np.random.default_rng(seed)
    layer = max(edges // (IN_DEGREE * (LAYERS - 1)), COLUMNS_PER_TABLE)
    dst = random.integers(layer, layer * LAYERS, edges)
    within = (layer * random.random(edges) ** SKEW).astype(np.int64)
    src = (dst // layer - 1) * layer + within
    pairs = np.unique(np.stack((src, dst), 1), axis=0) + 1
    return Graph(layer * LAYERS, pairs[:, 0].copy(), pairs[:, 1].copy())


def table_of(column: int | Ids) -> Any:
    """The number of a column's table."""
    return (column - 1) // COLUMNS_PER_TABLE + 1


def column_id(column: int) -> ColumnId:
    """The name of a column."""
    return ColumnId(DatasetId("bench", f"t{table_of(column)}"), f"c{column}")


def fill(connection: Connection, graph: Graph, *, past: bool) -> None:
    """Puts the graph into an empty store by COPY; with `past`, as it was once too, the same edges ended and renewed."""
    tables = int(table_of(graph.columns))
    for statement in _NODES:
        connection.execute(statement, {"tables": tables, "columns": graph.columns, "width": COLUMNS_PER_TABLE})
    jobs = table_of(graph.dst)
    ends = [("job", 4, jobs), ("src", 8, graph.src), ("dst", 8, graph.dst), ("kind", 2, 1)]
    rest = [("run", 8, 0), ("confidence", 4, 0), ("version", 8, 0)]
    copies: list[tuple[LiteralString, list[tuple[str, int, Any]]]] = [
        ("copy lineage_edges from stdin (format binary)", [("start", 8, micros(NOW))])
    ]
    if past:
        times = [("start", 8, micros(THEN)), ("end", 8, micros(NOW))]
        copies.append(("copy lineage_past_edges from stdin (format binary)", times))
    for query, times in copies:
        with connection.cursor() as cursor, cursor.copy(query) as out:
            out.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
            out.write(_rows(len(graph.src), [*ends, *times, *rest]))
            out.write(b"\xff\xff")
    connection.execute("update lineage_state set version = version + 1, rewritten = version + 1")


def _rows(count: int, fields: list[tuple[str, int, Any]]) -> bytes:
    """Rows of a binary COPY: each field a number with its size before it."""
    parts = [part for name, size, _ in fields for part in ((f"{name} size", ">i4"), (name, f">i{size}"))]
    rows = np.zeros(count, np.dtype([("fields", ">i2"), *parts]))
    rows["fields"] = len(fields)
    for name, size, values in fields:
        rows[f"{name} size"], rows[name] = size, values
    return rows.tobytes()


_NODES: tuple[LiteralString, ...] = (
    """insert into lineage_datasets (namespace, name, root, shown_namespace, shown_name)
    select 'bench', 't' || n, n, 'bench', 't' || n from generate_series(1, %(tables)s) n""",
    """insert into lineage_names
    select namespace, name, '0002-01-01 00:00:00+00', id from lineage_datasets""",
    """insert into lineage_jobs (kind, namespace, name)
    select 'job', 'bench', 'j' || n from generate_series(1, %(tables)s) n""",
    """insert into lineage_columns (dataset_id, role, name)
    select (n - 1) / %(width)s + 1, 0, 'c' || n from generate_series(1, %(columns)s) n""",
    """insert into lineage_labels (subject, namespace, name, origin, what, at, id, content)
    select 'dataset', namespace, name, 'bench', 'owners', '2026-01-01', id,
        json_build_array(json_build_array('team ' || id %% 50, '')) from lineage_datasets""",
)


def events(count: int, graph: Graph, seed: int = 2) -> list[Observed]:
    """Runs that completed, each with 20 column edges and a raw event; half say what their job said before."""
    random = np.random.default_rng(seed)
    tables = int(table_of(graph.columns))
    made = []
    for number in range(count):
        told_anew = bool(number % 2)
        table = int(random.integers(tables // 2, tables if told_anew else tables // 2 + REPEATED_JOBS))
        target = DatasetId("bench", f"t{table + 1}")
        # Columns of three tables.
        first = random.integers(0, tables // 2, 3) if told_anew else np.array([table % 9, 10, 11])
        sources = first[np.arange(COLUMNS_PER_TABLE) % 3] * COLUMNS_PER_TABLE + np.arange(COLUMNS_PER_TABLE) + 1
        edges = tuple(
            ObservedEdge(column_id(int(source)), ColumnId(target, f"c{table * COLUMNS_PER_TABLE + place + 1}"))
            for place, source in enumerate(sources)
        )
        inputs = tuple(ObservedDataset(name) for name in sorted({edge.source.dataset for edge in edges}))
        at, run = NOW + timedelta(seconds=number), f"run {number}"
        raw = {"run": run, "at": at, "edges": [[e.source.column, e.target.column] for e in edges]}
        made.append(
            Observed(at, "bench", JobId("bench", f"j{table + 1}"), run, completes=True, state="COMPLETE",
                inputs=inputs, outputs=(ObservedDataset(target),), edges=edges, raw=raw)
        )  # fmt: skip
    return made
