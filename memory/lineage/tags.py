"""Tags travel along direct edges that do not mask, each with one witness, and only as far as something changed."""

from __future__ import annotations

from collections.abc import Mapping

from memory.db import Connection
from memory.lineage import reading
from memory.lineage.answers import TaggedColumn, TagReport
from memory.lineage.arrays import BY_INDEX, columns
from tools.lineage.observed import ColumnId, DatasetId

# In the queries: an edge of kind < 16 is direct, one with bit 4 masks, and of one of kind 9 nobody knows what flows
# (memory/lineage/kinds.py).
_TAKE_STALE = """
    create temporary table stale on commit drop as
    with taken as (delete from lineage_stale returning node) select distinct node from taken
"""
_DECLARED = """
    create temporary table declared on commit drop as
    select distinct c.id as node, t.tag ->> 0 as key, t.tag ->> 1 as value
    from (select distinct dataset_id from lineage_columns where id in (select node from stale)) d
        join lineage_labels l on l.id = d.dataset_id and l.subject = 'dataset' and l.what = 'tags'
        cross join lateral json_array_elements(l.content) as t (tag)
        join lineage_columns c on c.dataset_id = d.dataset_id and c.role = 0
            and md5(c.name) = md5(t.tag ->> 2)
"""
_TAKE_BACK = """
    with recursive lost as (
        select t.node, t.key, t.value from lineage_tagged t join stale using (node)
        where case when t.witness is null
            then not exists (select from declared d where (d.node, d.key, d.value) = (t.node, t.key, t.value))
            else not exists (select from lineage_edges e
                where e.src = t.witness and e.dst = t.node and e.kind < 16 and (e.kind & 4) = 0 and e.kind <> 9) end
        union
        select t.node, t.key, t.value from lost l
            join lineage_tagged t on t.witness = l.node and (t.key, t.value) = (l.key, l.value)),
    gone as (
        delete from lineage_tagged t using lost l where (t.node, t.key, t.value) = (l.node, l.key, l.value)
        returning t.node)
    insert into stale select distinct node from gone
"""
_DECLARE = """
    insert into lineage_tagged (node, key, value) select node, key, value from declared
    on conflict (node, key, value) do update set witness = null where lineage_tagged.witness is not null
    returning node, key, value
"""
_ENTER = """
    insert into lineage_tagged (node, key, value, witness)
    select distinct on (e.dst, t.key, t.value) e.dst, t.key, t.value, e.src
    from (select distinct node from stale) s
        join lineage_edges e on e.dst = s.node and e.kind < 16 and (e.kind & 4) = 0 and e.kind <> 9
        join lineage_tagged t on t.node = e.src
    order by e.dst, t.key, t.value, e.src
    on conflict do nothing returning node, key, value
"""
_SPREAD = """
    insert into lineage_tagged (node, key, value, witness)
    select distinct on (e.dst, f.key, f.value) e.dst, f.key, f.value, e.src
    from unnest(%s::bigint[], %s::text[], %s::text[]) f (node, key, value)
        join lineage_edges e on e.src = f.node and e.kind < 16 and (e.kind & 4) = 0 and e.kind <> 9
    order by e.dst, f.key, f.value, e.src
    on conflict do nothing returning node, key, value
"""


def refresh(connection: Connection) -> None:
    """Brings the propagated tags up to date with edges and declarations.

    What lost its witness is taken back with all that came through it, then everything that may have another way in is
    let in again and spreads level by level.
    """
    if connection.execute("select from lineage_stale limit 1").fetchone() is None:
        return
    connection.execute(BY_INDEX)
    # One at a time, and not while edges change.
    connection.execute("select from lineage_state for update")
    for statement in (_TAKE_STALE, _DECLARED, _TAKE_BACK):
        connection.execute(statement)
    # What is lost may be declared in datasets that were not stale themselves.
    connection.execute("drop table declared")
    connection.execute(_DECLARED)
    front = connection.execute(_DECLARE).fetchall() + connection.execute(_ENTER).fetchall()
    while front:
        parts = columns([(row["node"], row["key"], row["value"]) for row in front])
        front = connection.execute(_SPREAD, parts).fetchall()
    connection.execute("drop table stale, declared")
    connection.execute("update lineage_state set tags = tags + 1")


def report(connection: Connection, key: str, value: str | None, limit: int) -> TagReport:
    """The columns that carry a tag, those where it was declared first."""
    given = {"key": key, "value": value, "limit": limit}
    rows = connection.execute(
        """select node, key, value, witness, (select count(*) from lineage_tagged
            where key = %(key)s and (%(value)s::text is null or value = %(value)s)) as total
        from lineage_tagged where key = %(key)s and (%(value)s::text is null or value = %(value)s)
        order by witness is not null, node, value limit %(limit)s""",
        given,
    ).fetchall()
    names = reading.columns(connection, [row[end] for row in rows for end in ("node", "witness") if row[end]])
    total = rows[0]["total"] if rows else 0
    found = [
        TaggedColumn(names[row["node"]], row["key"], row["value"], names.get(row["witness"])) for row in rows
    ]  # fmt: skip
    cut = f"there are more than {limit} columns" if total > limit else None
    return TagReport(cut, tuple(found), total, _perhaps(connection, given))


def _perhaps(connection: Connection, asked: Mapping[str, object]) -> tuple[ColumnId, ...]:
    """The datasets that jobs fill from tagged ones, of which nobody said what flows."""
    rows = connection.execute(
        """select distinct d.shown_namespace, d.shown_name
        from lineage_tagged t join lineage_edges e on e.src = t.node and e.kind = 9
            join lineage_columns c on c.id = e.dst join lineage_datasets d on d.id = c.dataset_id
        where t.key = %(key)s and (%(value)s::text is null or t.value = %(value)s)
        order by 1, 2 limit %(limit)s""",
        asked,
    )
    return tuple(ColumnId(DatasetId(row["shown_namespace"], row["shown_name"])) for row in rows)


def witness(connection: Connection, node: int, key: str, value: str) -> list[int]:
    """The nodes along which a tag came to a node, from where it was declared; empty where it does not carry it."""
    rows = connection.execute(
        """with recursive way as (
            select node, witness, 0 as back from lineage_tagged
            where (node, key, value) = (%(node)s, %(key)s, %(value)s)
            union all select t.node, t.witness, w.back + 1 from way w join lineage_tagged t
                on t.node = w.witness and (t.key, t.value) = (%(key)s, %(value)s))
        select node from way order by back desc""",
        {"node": node, "key": key, "value": value},
    )
    return [row["node"] for row in rows]
