"""Where a question is answered from: rows of the store for a small answer, the copy in memory for a large one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from memory.db import Connection
from memory.lineage.copy import Array, Copy, Edges, TagName
from memory.lineage.walking import Ids, Rows, SeenFew, SeenMany, Terms, TooMany, Walk, walk

PATIENCE = 2000
"""Columns after which rows cost more than the copy, where that has to be made first."""


class Facts(Protocol):
    """What an answer about many nodes adds up."""

    def datasets(self, nodes: Ids) -> tuple[Array, Array]:
        """The dataset of each node, and whether it is a column."""

    def jobs(self, nodes: Ids, terms: Terms) -> dict[int, int]:
        """The jobs that made edges from one of the nodes to another, and how many."""

    def tags(self, nodes: Ids) -> dict[TagName, Array]:
        """Which of the nodes carry each tag."""


@dataclass
class Walked:
    """A walk, and where more about its nodes is found."""

    walk: Walk
    facts: Facts


def explore(connection: Connection, copy: Copy, start: Ids, terms: Terms, goal: Ids | None = None) -> Walked:
    """All that can be reached within the terms, or until one of `goal` is."""
    found: Walk | None = None
    edges = copy.ready(connection)
    if edges is None:
        with suppress(TooMany):
            found = walk(Rows(connection), SeenFew(), start, terms, PATIENCE, goal)
        if found:
            return Walked(found, RowFacts(connection))
        edges = copy.edges(connection)
    found = walk(edges, SeenMany(edges.size), start, terms, None, goal)
    assert found
    return Walked(found, CopyFacts(connection, copy, edges))


class RowFacts:
    """From the store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def datasets(self, nodes: Ids) -> tuple[Array, Array]:
        """As the protocol says."""
        rows = self._connection.execute(
            "select id, dataset_id, role from lineage_columns where id = any(%s)", [nodes.tolist()]
        )
        found = {row["id"]: (row["dataset_id"], row["role"] == 0) for row in rows}
        pairs = [found[node] for node in nodes.tolist()]
        return np.array([p[0] for p in pairs], np.int64), np.array([p[1] for p in pairs], np.bool_)

    def jobs(self, nodes: Ids, terms: Terms) -> dict[int, int]:
        """As the protocol says."""
        rows = self._connection.execute(
            """select job_id, count(*) as edges from (
                select job_id, src, dst, kind, valid_from from lineage_edges
                where valid_from <= coalesce(%(at)s::timestamptz, 'infinity')
                union all select job_id, src, dst, kind, valid_from from lineage_past_edges
                where valid_from <= %(at)s::timestamptz and valid_to > %(at)s::timestamptz) e
            where src = any(%(nodes)s) and dst = any(%(nodes)s) and kind < %(below)s and job_id > 0 group by job_id""",
            {"nodes": nodes.tolist(), "below": terms.kinds_below, "at": terms.at},
        )
        return {row["job_id"]: row["edges"] for row in rows}

    def tags(self, nodes: Ids) -> dict[TagName, Array]:
        """As the protocol says."""
        rows = self._connection.execute(
            "select node, key, value from lineage_tagged where node = any(%s)", [nodes.tolist()]
        )
        carrying: dict[TagName, list[int]] = {}
        for row in rows:
            carrying.setdefault((row["key"], row["value"]), []).append(row["node"])
        return {tag: np.isin(nodes, carriers) for tag, carriers in carrying.items()}


class CopyFacts:
    """From the copy in memory."""

    def __init__(self, connection: Connection, copy: Copy, edges: Edges) -> None:
        self._connection = connection
        self._copy = copy
        self._edges = edges

    def datasets(self, nodes: Ids) -> tuple[Array, Array]:
        """As the protocol says."""
        return self._edges.datasets[nodes], self._edges.columns[nodes]

    def jobs(self, nodes: Ids, terms: Terms) -> dict[int, int]:
        """As the protocol says."""
        places, _ = self._edges.places(nodes, Terms("down", terms.indirect, at=terms.at))
        inside = np.zeros(self._edges.size, np.bool_)
        inside[nodes] = True
        counts = np.bincount(self._edges.job[places[inside[self._edges.dst[places]]]])
        return {int(job): int(counts[job]) for job in np.flatnonzero(counts) if job}

    def tags(self, nodes: Ids) -> dict[TagName, Array]:
        """As the protocol says."""
        found = {}
        for tag, carriers in self._copy.tags(self._connection).items():
            carrying = np.zeros(self._edges.size, np.bool_)
            carrying[carriers[carriers < self._edges.size]] = True
            here = carrying[nodes]
            if here.any():
                found[tag] = here
        return found
