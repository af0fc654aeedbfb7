"""A compact copy of the graph in memory, for answers of more than a few thousand columns.

Edges in arrays, sorted by where they start, with two indexes over them (down and up). Measured on a million edges, it
answers for 300,000 reached columns ten times as fast as a recursive query, and the past as fast as the present.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from memory.db import Connection, Row
from memory.lineage.kinds import FIRST_INDIRECT
from memory.lineage.sweep import ALWAYS, FOREVER
from memory.lineage.walking import Ids, Terms

Array = NDArray[Any]
TagName = tuple[str, str]
"""Key and value."""
_EPOCH = ALWAYS.replace(year=2000)


def _layout(**sizes: int) -> np.dtype[Any]:
    """How a row of a binary COPY lies in memory: the number of fields, then each with its size before it."""
    fields = [part for name, size in sizes.items() for part in ((f"{name}_size", ">i4"), (name, f">i{size}"))]
    return np.dtype([("fields", ">i2"), *fields])


_EDGE = _layout(src=8, dst=8, kind=2, job=4, start=8, end=8)
_NODE = _layout(id=8, dataset=8, role=2)
_TAGGED = _layout(node=8)
_HEADER_BYTES, _TRAILER_BYTES = 19, 2


def micros(at: datetime) -> int:
    """A time as Postgres sends it: microseconds since 2000."""
    return (at - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Index:
    """Where the edges of each node are: from `starts[node]` to `starts[node + 1]` in `order`."""

    starts: Array
    order: Array | None
    """Places of edges; None where they are in order already."""


@dataclass(frozen=True)
class Edges:
    """All edges that hold or held, sorted by source."""

    version: int
    src: Array
    dst: Array
    kind: Array
    job: Array
    start: Array
    end: Array
    down: Index
    up: Index
    datasets: Array
    """The dataset of each node; 0 where there is no such node."""
    columns: Array
    """Whether each node is a column, not a whole dataset."""

    @property
    def size(self) -> int:
        """One more than the largest id of a node."""
        return len(self.datasets)

    def step(self, nodes: Ids, terms: Terms) -> tuple[Ids, Ids]:
        """All edges that lead on from some nodes: from which of them, and to where."""
        places, origins = self.places(nodes, terms)
        targets = self.dst if terms.direction == "down" else self.src
        return origins, targets[places].astype(np.int64)

    def places(self, nodes: Ids, terms: Terms) -> tuple[Array, Ids]:
        """The places of the edges that lead on from some nodes, and from which of them each does."""
        index = self.down if terms.direction == "down" else self.up
        first = index.starts[nodes]
        counts = index.starts[nodes + 1] - first
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        places = np.arange(total) + np.repeat(first - (ends - counts), counts)
        if index.order is not None:
            places = index.order[places]
        origins = np.repeat(nodes, counts)
        kept = self._counts(places, terms)
        return places[kept], origins[kept]

    def _counts(self, places: Array, terms: Terms) -> Array:
        """Which edges are within the terms."""
        kept: Array = np.ones(len(places), np.bool_) if terms.indirect else self.kind[places] < FIRST_INDIRECT
        if terms.at is None:
            kept &= self.end[places] == micros(FOREVER)
        else:
            at = micros(terms.at)
            kept &= (self.start[places] <= at) & (self.end[places] > at)
        return kept


class Copy:
    """The copy of one store in this process: made when first needed, brought up to date when the graph has changed."""

    def __init__(self) -> None:
        self._edges: Edges | None = None
        self._tags: tuple[int, dict[TagName, Ids]] = (-1, {})
        self._lock = Lock()

    def ready(self, connection: Connection) -> Edges | None:
        """The copy, if it is there and up to date."""
        had = self._edges
        return had if had and had.version == _state(connection)["version"] else None

    def edges(self, connection: Connection) -> Edges:
        """The graph as it is now. The transaction of the connection has to see one state of the store."""
        with self._lock:
            state, had = _state(connection), self._edges
            if had is None or had.version < state["rewritten"]:
                self._edges = _load(connection, state["version"], None)
            elif had.version < state["version"]:
                self._edges = _load(connection, state["version"], had)
            assert self._edges
            return self._edges

    def tags(self, connection: Connection) -> dict[TagName, Ids]:
        """The nodes that carry each tag, in order."""
        with self._lock:
            version = _state(connection)["tags"]
            if self._tags[0] != version:
                names = connection.execute("select distinct key, value from lineage_tagged").fetchall()
                self._tags = version, {(r["key"], r["value"]): _tagged(connection, r) for r in names}
            return self._tags[1]


def _state(connection: Connection) -> Row:
    row = connection.execute("select version, rewritten, tags from lineage_state").fetchone()
    assert row
    return row


def _tagged(connection: Connection, tag: Row) -> Ids:
    query = sql.SQL("copy (select node from lineage_tagged where (key, value) = ({}, {})) to stdout binary")
    rows = _read(connection, query.format(sql.Literal(tag["key"]), sql.Literal(tag["value"])), _TAGGED)
    return rows["node"].astype(np.int64)


def _load(connection: Connection, version: int, had: Edges | None) -> Edges:
    since = had.version if had else -1
    rows = _copied(connection, since)
    src, dst = (rows[name].astype(np.int32) for name in ("src", "dst"))
    parts = [src, dst, *(rows[n].astype(t) for n, t in (("kind", "i1"), ("job", "i4"), ("start", "i8"), ("end", "i8")))]
    if had:
        kept = ~_ended(had, rows)
        old = (had.src, had.dst, had.kind, had.job, had.start, had.end)
        parts = [np.concatenate((before[kept], added)) for before, added in zip(old, parts, strict=True)]
    return _indexed(version, parts, *_nodes(connection, had))


def _ended(had: Edges, rows: Array) -> Array:
    """Which of the edges that held are told anew: those that ended since, now among the rows as past ones."""
    open_until = micros(FOREVER)
    past = rows[rows["end"] != open_until]
    keys = {(int(row["src"]), int(row["dst"]), int(row["kind"]), int(row["job"])) for row in past}
    result: Array = (had.end == open_until) & np.isin(_pairs(had.src, had.dst), _pairs(past["src"], past["dst"]))
    for place in np.flatnonzero(result).tolist():
        edge = (int(part[place]) for part in (had.src, had.dst, had.kind, had.job))
        result[place] = tuple(edge) in keys
    return result


def _pairs(src: Array, dst: Array) -> Array:
    pairs: Array = (src.astype(np.int64) << 32) | dst.astype(np.int64)
    return pairs


def _copied(connection: Connection, since: int) -> Array:
    query = sql.SQL(
        """copy (
            select src, dst, kind, job_id, valid_from, {forever}::timestamptz from lineage_edges where version > {since}
            union all
            select src, dst, kind, job_id, valid_from, valid_to from lineage_past_edges where version > {since}
        ) to stdout (format binary)"""
    )
    return _read(connection, query.format(forever=sql.Literal(FOREVER), since=sql.Literal(since)), _EDGE)


def _nodes(connection: Connection, had: Edges | None) -> tuple[Array, Array]:
    """The dataset of each node, and whether it is a column."""
    query = sql.SQL("copy (select id, dataset_id, role from lineage_columns where id >= {}) to stdout (format binary)")
    rows = _read(connection, query.format(sql.Literal(had.size if had else 0)), _NODE)
    size = max(int(rows["id"].max()) + 1 if len(rows) else 1, had.size if had else 1)
    datasets, columns = np.zeros(size, np.int32), np.zeros(size, np.bool_)
    if had:
        datasets[: had.size], columns[: had.size] = had.datasets, had.columns
    datasets[rows["id"]] = rows["dataset"]
    columns[rows["id"]] = rows["role"] == 0
    return datasets, columns


def _read(connection: Connection, query: sql.Composed, layout: np.dtype[Any]) -> Array:
    """The rows of a binary COPY whose fields are all of one size and never null."""
    with connection.cursor() as cursor, cursor.copy(query) as out:
        data = b"".join(bytes(part) for part in out)
    return np.frombuffer(data[_HEADER_BYTES : len(data) - _TRAILER_BYTES], layout)


def _indexed(version: int, parts: list[Array], datasets: Array, columns: Array) -> Edges:
    order = np.argsort(parts[0], kind="stable")
    src, dst, kind, job, start, end = (part[order] for part in parts)
    up = np.argsort(dst, kind="stable").astype(np.int32)
    size = len(datasets)
    indexes = Index(_starts(src, size), None), Index(_starts(dst, size), up)
    return Edges(version, src, dst, kind, job, start, end, *indexes, datasets, columns)


def _starts(ends: Array, size: int) -> Array:
    return np.concatenate(([0], np.cumsum(np.bincount(ends, minlength=size)[:size])))
