"""Breadth-first walks. Each node is met once, so that cycles end and paths are never enumerated."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, LiteralString, Protocol

import numpy as np
from numpy.typing import NDArray

from memory.db import Connection
from memory.lineage.kinds import FIRST_INDIRECT

Ids = NDArray[np.int64]
Direction = Literal["up", "down"]
ALL_KINDS = 32


@dataclass(frozen=True)
class Terms:
    """What a walk may do."""

    direction: Direction
    indirect: bool = False
    depth: int | None = None
    limit: int | None = None
    at: datetime | None = None
    """The graph as it was then; None: as it is now."""

    @property
    def kinds_below(self) -> int:
        """The kinds of edges that are followed are below this one."""
        return ALL_KINDS if self.indirect else FIRST_INDIRECT


@dataclass
class Walk:
    """The nodes that were met, the nearest first; `before` is where each was come from, -1 for a start."""

    nodes: Ids
    distances: NDArray[np.int32]
    before: Ids
    cut: str | None = None


class Graph(Protocol):
    """Something that knows the neighbours of nodes."""

    def step(self, nodes: Ids, terms: Terms) -> tuple[Ids, Ids]:
        """All edges that lead on from some nodes: from which of them, and to where. May raise TooMany."""


class Seen(Protocol):
    """A set of nodes."""

    def fresh(self, nodes: Ids) -> NDArray[np.bool_]:
        """Which of some nodes are new, each the first time that it is in the list; they are in the set from now on."""


@dataclass
class Progress:
    """How far a walk has come; another graph may take it on from there."""

    levels: list[Ids] = field(default_factory=list)
    before: list[Ids] = field(default_factory=list)
    met: int = 0


def walk(
    graph: Graph, seen: Seen, start: Ids, terms: Terms, patience: int | None = None, goal: Ids | None = None
) -> Walk | None:
    """All that is within reach, or until one of `goal` is; None once more than `patience` nodes are met."""
    start = np.unique(start)
    seen.fresh(start)
    done = Progress([start], [np.full(len(start), -1, np.int64)], 0)
    while True:
        if goal is not None and np.isin(done.levels[-1], goal).any():
            return _result(done, None)
        if terms.depth is not None and len(done.levels) > terms.depth:
            return _result(done, _at_depth(graph, seen, done, terms))
        origins, targets = graph.step(done.levels[-1], terms)
        new = seen.fresh(targets)
        level, came = targets[new], origins[new]
        if not len(level):
            return _result(done, None)
        left = None if terms.limit is None else terms.limit - done.met
        if left is not None and len(level) > left:
            done.levels.append(level[:left])
            done.before.append(came[:left])
            return _result(done, f"there are more than {terms.limit} columns")
        done.levels.append(level)
        done.before.append(came)
        done.met += len(level)
        if patience is not None and done.met > patience:
            return None


def _at_depth(graph: Graph, seen: Seen, done: Progress, terms: Terms) -> str | None:
    _, targets = graph.step(done.levels[-1], terms)
    return f"there are columns more than {terms.depth} edges away" if seen.fresh(targets).any() else None


def _result(done: Progress, cut: str | None) -> Walk:
    distances = [np.full(len(level), number, np.int32) for number, level in enumerate(done.levels)]
    return Walk(np.concatenate(done.levels), np.concatenate(distances), np.concatenate(done.before), cut)


class SeenFew:
    """A set for small walks over any ids."""

    def __init__(self) -> None:
        self._met: set[int] = set()

    def fresh(self, nodes: Ids) -> NDArray[np.bool_]:
        """As the protocol says."""
        result = np.zeros(len(nodes), np.bool_)
        for at, node in enumerate(nodes.tolist()):
            if node not in self._met:
                self._met.add(node)
                result[at] = True
        return result


class SeenMany:
    """A set for large walks: one byte for each node that there is."""

    def __init__(self, size: int) -> None:
        self.met = np.zeros(size, np.bool_)
        self._first = np.empty(size, np.int32)

    def fresh(self, nodes: Ids) -> NDArray[np.bool_]:
        """As the protocol says."""
        places = np.flatnonzero(~self.met[nodes])
        found = nodes[places]
        # Written backwards, the first of equal ones is what stays.
        self._first[found[::-1]] = places[::-1]
        result = np.zeros(len(nodes), np.bool_)
        result[self._first[found]] = True
        self.met[found] = True
        return result


class TooMany(Exception):
    """There are more edges than are worth being read as rows."""

    def __init__(self, first: tuple[Ids, Ids]) -> None:
        super().__init__()
        self.first = first
        """Those that were read."""


class Rows:
    """The graph as it is in the store: one query per level."""

    MOST = 20_000

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def step(self, nodes: Ids, terms: Terms) -> tuple[Ids, Ids]:
        """As the protocol says."""
        queries = _QUERIES if terms.at is None else _QUERIES_AT
        given: dict[str, Any] = {
            "nodes": nodes.tolist(),
            "below": terms.kinds_below,
            "at": terms.at,
            "most": self.MOST + 1,
        }
        rows = self._connection.execute(queries[terms.direction] + " limit %(most)s", given).fetchall()
        found = np.array([(row["a"], row["b"]) for row in rows], np.int64).reshape(-1, 2)
        if len(rows) > self.MOST:
            raise TooMany((found[:, 0], found[:, 1]))
        return found[:, 0], found[:, 1]


_QUERIES: dict[Direction, LiteralString] = {
    "down": """select e.src as a, e.dst as b from lineage_edges e
        where e.src = any(%(nodes)s) and e.kind < %(below)s""",
    "up": """select e.dst as a, e.src as b from lineage_edges e
        where e.dst = any(%(nodes)s) and e.kind < %(below)s""",
}
_QUERIES_AT: dict[Direction, LiteralString] = {
    "down": """select e.src as a, e.dst as b from lineage_edges e
        where e.src = any(%(nodes)s) and e.kind < %(below)s and e.valid_from <= %(at)s
        union all select e.src, e.dst from lineage_past_edges e
        where e.src = any(%(nodes)s) and e.kind < %(below)s and e.valid_from <= %(at)s and e.valid_to > %(at)s
       """,
    "up": """select e.dst as a, e.src as b from lineage_edges e
        where e.dst = any(%(nodes)s) and e.kind < %(below)s and e.valid_from <= %(at)s
        union all select e.dst, e.src from lineage_past_edges e
        where e.dst = any(%(nodes)s) and e.kind < %(below)s and e.valid_from <= %(at)s and e.valid_to > %(at)s
       """,
}
