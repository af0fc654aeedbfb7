"""How fast lineage is taken in and asked for, beside the usual queries on the same tables.

`python -m evals.bench.lineage_graph_bench [--edges 100000 1000000] [--events 3000] [--large]`, on an embedded store of
its own. Graphs have 12 layers with hubs. For each size of answer, `impact` is asked for ten columns (`--rounds`) that
reach about so many, now and as of the day before, and beside it the same set is counted by a recursive query with a
depth column, by one that knows nodes only, and (once, for the largest answer, up to a limit of time) in the way of
Marquez: the latest version of every edge first, then paths. `--large` adds ten million edges.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import LiteralString

import numpy as np
import psycopg

from evals.bench.lineage_graphs import BETWEEN, NOW, Graph, column_id, events, fill, generated
from memory import Memory, embedded
from memory.lineage.copy import Copy
from memory.lineage.walking import SeenMany, Terms, walk
from tools.lineage.observed import Observed, ObservedDataset, Tag

REACHES = (100, 1_000, 10_000, 100_000, 300_000)
CLOSE = 0.35
"""How far a reach may be from the one that is asked for, as a part of it."""
GIVE_UP_SECONDS = 60
WITH_DEPTH: LiteralString = """
    with recursive met as (
        select %(node)s::bigint as node, 0 as depth
        union select e.dst, m.depth + 1 from met m join lineage_edges e on e.src = m.node and e.kind < 16
        where m.depth < 50)
    select count(distinct node) - 1 as reached from met
"""
NODES_ONLY: LiteralString = """
    with recursive met as (
        select %(node)s::bigint as node
        union select e.dst from met m join lineage_edges e on e.src = m.node and e.kind < 16)
    select count(*) - 1 as reached from met
"""
LATEST: LiteralString = """
    with recursive latest as (
        select distinct on (dst, src) src, dst, valid_from from lineage_edges order by dst, src, valid_from desc),
    met as (
        select src, dst, array[src] as path from latest where src = %(node)s
        union all select l.src, l.dst, m.path || l.src from met m join latest l on l.src = m.dst
        where not l.src = any(m.path) and array_length(m.path, 1) < 20)
    select count(distinct dst) as reached from met
"""


class Bench:
    """One graph in a store of its own."""

    def __init__(self, memory: Memory, edges: int, rounds: int, *, past: bool) -> None:
        self._memory = memory
        self._rounds = rounds
        self._past = past
        self.graph = generated(edges)
        started = time.perf_counter()
        with memory.db.transaction() as connection:
            fill(connection, self.graph, past=past)
        with memory.db.pool.connection() as connection:
            connection.execute("vacuum analyze")
        print(f"\n{len(self.graph.src):,} edges, {self.graph.columns:,} columns; filled in {seconds(started):.0f} s")

    def ask(self) -> None:
        """Prints a line for each size of answer."""
        starts = self._starts()
        started = time.perf_counter()
        self._memory.lineage.impact(column_id(starts[max(starts)][0]))
        print(f"first large answer, with making the copy: {1000 * seconds(started):.0f} ms")
        print("reached       impact p50    p95   as of p50    p95  ratio   nodes only   with depth   (all ms)")
        for reach, columns in starts.items():
            self._line(reach, columns)
        most = starts[max(starts)][0]
        print(f"Marquez-style, {max(starts):,} reached: {self._limited(LATEST, most)}")

    def after(self) -> None:
        """Prints what questions cost that come after a change."""
        hub, column = column_id(1), column_id(self.graph.columns // 12)
        self._say("large answer, with the copy brought up to date", lambda: self._memory.lineage.impact(hub))
        for name, tagged in (("a hub is tagged", hub), ("another column is tagged", column)):
            tags = (Tag("pii", "", tagged.column),)
            seen = ObservedDataset(tagged.dataset, tags=tags)
            self._memory.lineage.ingest([Observed(BETWEEN, f"bench {name}", inputs=(seen,))])
            self._say(f"{name}: where it goes", lambda: self._memory.lineage.where_goes("pii").total)
        self._say("where it goes, asked again", lambda: self._memory.lineage.where_goes("pii").total)
        self._say("what events changed", lambda: self._memory.lineage.diff(NOW, NOW + timedelta(days=1)).cut)

    def _say(self, name: str, ask: Callable[[], object]) -> None:
        started = time.perf_counter()
        found = ask()
        told = f" ({found:,})" if isinstance(found, int) else ""
        print(f"{name}{told}: {1000 * seconds(started):.0f} ms")

    def _line(self, reach: int, columns: list[int]) -> None:
        now = self._timed(columns, lambda column: self._memory.lineage.impact(column_id(column)))
        then = now
        if self._past:
            then = self._timed(columns, lambda column: self._memory.lineage.impact(column_id(column), at=BETWEEN))
        nodes = self._timed(columns[:3], lambda column: self._count(NODES_ONLY, column))
        depth = self._timed(columns[:3], lambda column: self._count(WITH_DEPTH, column))
        ratio = statistics.median(then) / statistics.median(now)
        figures = (statistics.median(now), p95(now), statistics.median(then), p95(then))
        print(
            f"{reach:>7,} {figures[0]:>15.1f} {figures[1]:>6.1f} {figures[2]:>11.1f} {figures[3]:>6.1f} {ratio:>6.2f}",
            end="",
        )
        print(f" {ratio:>6.2f} {statistics.median(nodes):>12.1f} {statistics.median(depth):>12.1f}")

    def _timed(self, columns: list[int], ask: Callable[[int], object]) -> list[float]:
        spent = []
        for column in columns:
            started = time.perf_counter()
            ask(column)
            spent.append(1000 * seconds(started))
        return spent

    def _count(self, query: LiteralString, column: int) -> object:
        return self._memory.db.row(query, {"node": column})

    def _limited(self, query: LiteralString, column: int) -> str:
        started = time.perf_counter()
        try:
            with self._memory.db.transaction() as connection:
                connection.execute("select set_config('statement_timeout', %s, true)", [f"{GIVE_UP_SECONDS}s"])
                connection.execute(query, {"node": column})
        except psycopg.errors.QueryCanceled:
            return f"given up after {GIVE_UP_SECONDS} s"
        return f"{1000 * seconds(started):.0f} ms"

    def _starts(self) -> dict[int, list[int]]:
        """Columns that reach about as many as is asked for; the sizes that the graph has."""
        with self._memory.db.transaction() as connection:
            edges = Copy().edges(connection)
        random, found = np.random.default_rng(3), {reach: list[int]() for reach in REACHES}
        layer = self.graph.columns // 12
        for _ in range(3000):
            column = int(layer * random.integers(0, 10) + layer * random.random() ** 6) + 1
            reached = walk(edges, SeenMany(edges.size), np.array([column]), Terms("down"))
            assert reached
            for reach, columns in found.items():
                if abs(len(reached.nodes) - 1 - reach) <= CLOSE * reach and len(columns) < self._rounds:
                    columns.append(column)
            if all(len(columns) >= self._rounds for columns in found.values()):
                break
        return {reach: columns for reach, columns in found.items() if columns}


def taking_in(memory: Memory, graph: Graph, count: int) -> None:
    """Prints how many events are taken in a second, new ones and the same again."""
    made = events(count, graph)
    for name in ("new", "again"):
        started, used = time.perf_counter(), time.process_time()
        told = memory.lineage.ingest(made)
        took = seconds(started)
        print(
            f"ingest {name}: {count / took:,.0f} events/s of 20 edges ({told.opened:,} opened, {told.ended:,} ended,"
            f" {told.repeated:,} known; {time.process_time() - used:.1f} s of {took:.1f} s in this process)"
        )


def seconds(started: float) -> float:
    """Since a reading of the clock."""
    return time.perf_counter() - started


def p95(spent: list[float]) -> float:
    """The 95th percentile."""
    return float(np.percentile(spent, 95))


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--events", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--large", action="store_true")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    for edges in [*chosen.edges, *([10_000_000] if chosen.large else [])]:
        home = Path(tempfile.mkdtemp(prefix="assay-lineage-"))
        try:
            with Memory(embedded.start(home)) as memory:
                bench = Bench(memory, edges, chosen.rounds, past=edges < 5_000_000)
                bench.ask()
                taking_in(memory, bench.graph, chosen.events)
                bench.after()
        finally:
            embedded.stop(home)
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
