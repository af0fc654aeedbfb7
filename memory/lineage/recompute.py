"""Brings the edges of jobs up to date with what the jobs said: only what differs is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from memory.db import Connection, Row
from memory.lineage.arrays import array, columns
from memory.lineage.naming import Names
from memory.lineage.nodes import Node, Nodes
from memory.lineage.statements import Said, Statement, unpack
from memory.lineage.sweep import FOREVER, Saying, Spell, merged, spells, unchanged

EdgeKey = tuple[int, int, int]
"""Source, target, kind."""


class Held(NamedTuple):
    """An edge of a job, from when to when it held."""

    job: int
    src: int
    dst: int
    kind: int
    start: datetime
    end: datetime


class Placed(NamedTuple):
    """An edge of a statement with the datasets that its names meant, for some time."""

    edge: Said
    source: int
    target: int
    spell: Spell
    confidence: float


class Recompute:
    """The jobs of a batch whose edges may have changed, each from a time on."""

    coarse = False
    """Whether it is about what is only known to be read and written."""

    def __init__(self, connection: Connection, version: int, names: Names, nodes: Nodes) -> None:
        self._connection = connection
        self._version = version
        self._names = names
        self._nodes = nodes
        self._from: dict[int, datetime] = {}
        self._forced: set[int] = set()
        self._until: dict[int, datetime] = {}

    def since(self, job: int, at: datetime) -> None:
        """The job said something at a time."""
        self._from[job] = min(at, self._from.get(job, FOREVER))

    def cut(self, jobs: Iterable[int], at: datetime) -> None:
        """A dataset that the jobs speak of was dropped."""
        found = set(jobs)
        for job in found:
            self.since(job, at)
        self._forced |= found
        self._connection.execute("update lineage_jobs set cut = true where id = any(%s)", [sorted(found)])

    def all_of(self, jobs: Iterable[int]) -> None:
        """The names that the jobs speak of mean something else now."""
        row = self._connection.execute("select history_from from lineage_state").fetchone()
        assert row
        for job in jobs:
            self.since(job, row["history_from"])
            self._forced.add(job)

    def run(self) -> tuple[int, int]:
        """Writes what follows: how many edges were opened and how many ended."""
        self._leave_out()
        if not self._from:
            return 0, 0
        changed = {
            job: found
            for job, found in ((job, self._spells(job, said)) for job, said in self._sayings().items())
            if job in self._forced or not unchanged(found, self._from[job])
        }
        if not changed:
            return 0, 0
        wanted = self._wanted(changed)
        return self._write(wanted, self._stored(list(changed)))

    def _leave_out(self) -> None:
        """Jobs that it is not about, after a look at what is known of them."""
        rows = self._connection.execute("select * from lineage_jobs where id = any(%s)", [list(self._from)]).fetchall()
        self._from = {row["id"]: self._from[row["id"]] for row in rows if self._concerns(row)}
        self._forced |= {row["id"] for row in rows if row["cut"]}

    def _concerns(self, job: Row) -> bool:
        return job["fine_from"] is not None

    def _spells(self, job: int, said: list[Saying]) -> list[Spell]:
        return spells(said)

    def _sayings(self) -> dict[int, list[Saying]]:
        """Of each job what counts from its time on: runs that told something since the last complete one before it."""
        found: dict[int, list[Saying]] = {job: [] for job in self._from}
        rows = self._connection.execute(
            """with bases as (
                select w.job_id, w.coarse, (
                    select s.at from lineage_sayings s
                    where s.job_id = w.job_id and s.at < w.at and s.completes and exists (
                        select from lineage_sayings e where e.run_id = s.run_id and e.at <= s.at
                            and e.coarse = w.coarse and e.statement_id is not null)
                    order by s.at desc limit 1) as base
                from unnest(%s::int[], %s::timestamptz[], %s::boolean[]) w (job_id, at, coarse))
            select s.job_id, s.at, s.key, s.run_id, s.completes,
                case when s.coarse = b.coarse then s.statement_id end as statement_id
            from bases b join lineage_sayings s on s.job_id = b.job_id and (s.completes or s.coarse = b.coarse)
            where b.base is null or s.run_id in (
                select n.run_id from lineage_sayings n where n.job_id = b.job_id and n.at >= b.base)""",
            columns([(*one, self.coarse) for one in self._from.items()]),
        )
        for row in rows:
            said = (row["at"], bytes(row["key"]), row["run_id"], row["completes"], row["statement_id"])
            found[row["job_id"]].append(Saying(*said))
        return found

    def _wanted(self, changed: dict[int, list[Spell]]) -> dict[Held, tuple[int, float]]:
        """The edges that should hold after each job's time, with run and confidence."""
        counted = {job: [s for s in found if s.end >= self._from[job]] for job, found in changed.items()}
        statements = self._statements({spell.statement for found in counted.values() for spell in found})
        self._names.load(name for statement in statements.values() for name in statement.names)
        placed = {job: self._place(found, statements) for job, found in counted.items()}
        drops = self._drops(placed)
        self._nodes.load(node for found in placed.values() for p in found for node in _ends(p))
        wanted: dict[Held, tuple[int, float]] = {}
        for job, found in placed.items():
            wanted |= self._held(job, found, drops)
        return wanted

    def _statements(self, ids: set[int]) -> dict[int, Statement]:
        rows = self._connection.execute("select id, said from lineage_statements where id = any(%s)", [sorted(ids)])
        return {row["id"]: unpack(row["said"]) for row in rows}

    def _place(self, found: list[Spell], statements: dict[int, Statement]) -> list[Placed]:
        result = []
        for spell in found:
            edges, confidence = statements[spell.statement][:2]
            meant = {name: self._names.resolve(name, spell.said) for name in statements[spell.statement].names}
            result += [Placed(edge, meant[edge.source], meant[edge.target], spell, confidence) for edge in edges]
        return result

    def _drops(self, placed: dict[int, list[Placed]]) -> dict[int, list[datetime]]:
        """When each dataset was dropped, in order; jobs that this concerns are marked."""
        datasets = {job: {d for p in found for d in (p.source, p.target)} for job, found in placed.items()}
        rows = self._connection.execute(
            """select distinct dataset_id, at from lineage_changes
            where change = 'DROP' and dataset_id = any(%s) order by at""",
            [sorted(set().union(*datasets.values()))],
        )
        drops: dict[int, list[datetime]] = defaultdict(list)
        for row in rows:
            drops[row["dataset_id"]].append(row["at"])
        cut = [job for job, of in datasets.items() if not of.isdisjoint(drops)]
        if cut:
            self._connection.execute("update lineage_jobs set cut = true where id = any(%s)", [cut])
        return drops

    def _held(self, job: int, found: list[Placed], drops: dict[int, list[datetime]]) -> dict[Held, tuple[int, float]]:
        periods: dict[EdgeKey, list[tuple[datetime, datetime]]] = defaultdict(list)
        made: dict[EdgeKey, tuple[int, float]] = {}
        for p in found:
            source, target = _ends(p)
            key = (self._nodes[source], self._nodes[target], p.edge.kind)
            end = p.spell.end
            if drops:
                cuts = (at for of in (p.source, p.target) for at in drops.get(of, ()) if at >= p.spell.said)
                end = min(end, *cuts, FOREVER)
            if p.spell.start < end and end >= self._from[job]:
                periods[key].append((p.spell.start, end))
                made.setdefault(key, (p.spell.run, p.confidence))
        return {Held(job, *key, *when): made[key] for key, times in periods.items() for when in merged(times)}

    def _stored(self, jobs: list[int]) -> set[Held]:
        rows = self._connection.execute(
            """with w as (select * from unnest(%s::int[], %s::timestamptz[], %s::boolean[]) w (job_id, at, coarse))
            select e.job_id, e.src, e.dst, e.kind, e.valid_from, null as valid_to
            from w join lineage_edges e on e.job_id = w.job_id and (e.kind = 9) = w.coarse
            union all select e.job_id, e.src, e.dst, e.kind, e.valid_from, e.valid_to
            from w join lineage_past_edges e
                on e.job_id = w.job_id and e.valid_to >= w.at and (e.kind = 9) = w.coarse""",
            columns([(job, self._from[job], self.coarse) for job in jobs]),
        )
        return {Held._make([*list(row.values())[:5], row["valid_to"] or FOREVER]) for row in rows}

    def _write(self, wanted: dict[Held, tuple[int, float]], stored: set[Held]) -> tuple[int, int]:
        # What held before the time that is looked at began when the store says, of which not all is loaded.
        before = {held[:4]: held.start for held in stored if held.start < self._from[held.job]}
        exact: dict[Held, tuple[int, float]] = {}
        for held, made in wanted.items():
            known = before.get(held[:4]) if held.start < self._from[held.job] else None
            exact[held._replace(start=known) if known else held] = made
        fresh, stale = exact.keys() - stored, stored - exact.keys()
        if not fresh and not stale:
            return 0, 0
        past = [held for held in stale if held.end != FOREVER]
        ended_now = {held[:5] for held in fresh if held.end != FOREVER}
        if past or any(held[:5] not in ended_now for held in stale):
            # A copy in memory can follow edges that are added, or end, but no other changes.
            self._connection.execute("update lineage_state set rewritten = version")
        self._delete([held for held in stale if held.end == FOREVER], past)
        self._insert({held: exact[held] for held in fresh})
        nodes = {held.dst for held in (*fresh, *stale)}
        self._connection.execute("insert into lineage_stale select * from unnest(%s::bigint[])", [array(sorted(nodes))])
        ended = {held[:4] for held in stale} - {held[:4] for held in fresh if held.end == FOREVER}
        return len({held[:4] for held in fresh} - {held[:4] for held in stale}), len(ended)

    def _delete(self, current: list[Held], past: list[Held]) -> None:
        if current:
            self._connection.execute(
                """delete from lineage_edges e
                using unnest(%s::int[], %s::bigint[], %s::bigint[], %s::smallint[]) g (job_id, src, dst, kind)
                where (e.job_id, e.src, e.dst, e.kind) = (g.job_id, g.src, g.dst, g.kind)""",
                columns([held[:4] for held in current]),
            )
        if past:
            self._connection.execute(
                """delete from lineage_past_edges e
                using unnest(%s::int[], %s::bigint[], %s::bigint[], %s::smallint[], %s::timestamptz[])
                    g (job_id, src, dst, kind, valid_from)
                where (e.job_id, e.src, e.dst, e.kind) = (g.job_id, g.src, g.dst, g.kind)
                    and e.valid_from = g.valid_from""",
                columns([held[:5] for held in past]),
            )

    def _insert(self, fresh: dict[Held, tuple[int, float]]) -> None:
        now = [(*held[:5], *made, self._version) for held, made in fresh.items() if held.end == FOREVER]
        past = [(*held, *made, self._version) for held, made in fresh.items() if held.end != FOREVER]
        with self._connection.cursor() as cursor:
            for rows, copy in ((now, "copy lineage_edges from stdin"), (past, "copy lineage_past_edges from stdin")):
                if rows:
                    with cursor.copy(copy) as out:
                        for row in rows:
                            out.write_row(row)


def jobs_touching(connection: Connection, datasets: set[int]) -> set[int]:
    """The jobs that made an edge to or from some datasets, now or once."""
    rows = connection.execute(
        """with nodes as (select id from lineage_columns where dataset_id = any(%(datasets)s))
        select job_id from lineage_edges where src in (select id from nodes)
        union select job_id from lineage_edges where dst in (select id from nodes)
        union select job_id from lineage_past_edges where src in (select id from nodes)
        union select job_id from lineage_past_edges where dst in (select id from nodes)""",
        {"datasets": sorted(datasets)},
    )
    return {row["job_id"] for row in rows} - {0}


def forget_datasets(connection: Connection, datasets: set[int]) -> None:
    """Removes the nodes of datasets that are others now."""
    found = [sorted(datasets)]
    connection.execute(
        """delete from lineage_edges e using lineage_columns c
        where c.dataset_id = any(%s) and e.job_id = 0 and (e.src = c.id or e.dst = c.id)""",
        found,
    )
    connection.execute(
        """delete from lineage_tagged t using lineage_columns c where c.dataset_id = any(%s) and t.node = c.id""", found
    )
    connection.execute("delete from lineage_columns where dataset_id = any(%s)", found)
    connection.execute("update lineage_state set rewritten = version")


def _ends(placed: Placed) -> tuple[Node, Node]:
    edge = placed.edge
    return (
        Node(placed.source, edge.source_role, edge.source_column),
        Node(placed.target, edge.target_role, edge.target_column),
    )
