"""Column nodes: found or made many at a time, and tied to their whole dataset and to their other spellings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from memory.db import Connection
from memory.lineage.arrays import columns
from memory.lineage.kinds import MEMBER
from memory.lineage.sweep import ALWAYS

COLUMN, WHOLE, ALL_COLUMNS = 0, 1, 2


class Node(NamedTuple):
    """A column (role 0) of a dataset, or the dataset as a whole."""

    dataset: int
    role: int
    name: str


class Nodes:
    """The ids of nodes, fetched or made."""

    def __init__(self, connection: Connection, version: int) -> None:
        self._connection = connection
        self._version = version
        self._ids: dict[Node, int] = {}

    def load(self, nodes: Iterable[Node]) -> None:
        """Fetches or makes what is not known yet."""
        wanted = sorted(set(nodes) - self._ids.keys())
        if not wanted:
            return
        self._fetch(wanted)
        missing = [node for node in wanted if node not in self._ids]
        if missing:
            self._connection.execute(
                """insert into lineage_columns (dataset_id, role, name)
                select * from unnest(%s::bigint[], %s::smallint[], %s::text[]) on conflict do nothing""",
                columns(missing),
            )
            self._fetch(missing)
            made = [self._ids[node] for node in missing]
            tie(self._connection, made, self._version)
            self._connection.execute(_STALE_IF_TAGGED, [made])

    def __getitem__(self, node: Node) -> int:
        return self._ids[node]

    def _fetch(self, nodes: list[Node]) -> None:
        rows = self._connection.execute(
            """select c.id, w.at from unnest(%s::bigint[], %s::smallint[], %s::text[]) with ordinality
                w (dataset_id, role, name, at)
            cross join lateral (select id from lineage_columns c where c.dataset_id = w.dataset_id and c.role = w.role
                and md5(c.name) = md5(w.name) offset 0) c""",
            columns(nodes),
        )
        for row in rows:
            self._ids[nodes[row["at"] - 1]] = row["id"]


_STALE_IF_TAGGED = """
    insert into lineage_stale
    select c.id from lineage_columns c where c.id = any(%s) and exists (
        select from lineage_labels l where l.id = c.dataset_id and l.subject = 'dataset' and l.what = 'tags')
"""


def settle(connection: Connection, datasets: Iterable[int], version: int) -> None:
    """After datasets were joined or got other names: ties all their nodes, and has their tags worked out anew."""
    rows = connection.execute("select id from lineage_columns where dataset_id = any(%s)", [sorted(datasets)])
    found = [row["id"] for row in rows]
    tie(connection, found, version)
    connection.execute("insert into lineage_stale select * from unnest(%s::bigint[])", [found])


def tie(connection: Connection, made: list[int], version: int) -> None:
    """Ties new nodes to those of their dataset that stand for all of it, or all to a new such node.

    Columns whose names differ in case only are tied both ways: producers spell the column of one engine differently.
    """
    connection.execute(
        # Of two nodes, role 1 comes before columns, and role 2 after them. `offset 0` (as above) has each node look its
        # fellows up: with statistics of an emptier table the planner would compare all with all.
        """with made as (select id, dataset_id, role, name from lineage_columns where id = any(%(made)s)),
        pairs as (
            select m.id, m.role, w.id as other, w.role as other_role from made m
                join lineage_columns w on w.dataset_id = m.dataset_id and w.role > 0
            union all select m.id, m.role, o.id, o.role from made m
                join lineage_columns o on o.dataset_id = m.dataset_id where m.role > 0),
        ties as (
            select case when role = 1 or other_role = 2 then id else other end as src,
                case when role = 1 or other_role = 2 then other else id end as dst
            from pairs where role <> other_role
            union all select case when swap then m.id else o.id end, case when swap then o.id else m.id end
            from made m cross join lateral (select id, dataset_id from lineage_columns o where o.role = 0
                    and md5(o.dataset_id::text || lower(o.name)) = md5(m.dataset_id::text || lower(m.name)) offset 0) o
                cross join (values (true), (false)) both_ways (swap) where m.role = 0 and o.id <> m.id
                and o.dataset_id = m.dataset_id),
        stored as (
            insert into lineage_edges (job_id, src, dst, kind, valid_from, run_id, confidence, version)
            select distinct 0, src, dst, %(kind)s::smallint, %(always)s::timestamptz, 0, 1, %(version)s::bigint
            from ties on conflict do nothing returning dst)
        insert into lineage_stale select distinct dst from stored""",
        {"made": made, "kind": MEMBER, "always": ALWAYS, "version": version},
    )
