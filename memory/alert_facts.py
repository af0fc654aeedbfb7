"""What is told beside an alert: who owns the data, how it is tagged, which columns are personal, a row in question."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from memory.db import Connection


@dataclass(frozen=True)
class About:
    """What is known of a dataset."""

    namespace: str
    name: str
    short_name: str
    uri: str
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """Of the dataset and its columns, declared or come along: ``key``, or ``key=value``."""
    open_columns: frozenset[str] = frozenset()
    """The columns, in lower case, that the newest profile found nothing personal in, and no tag says otherwise of."""


@dataclass(frozen=True)
class Measured:
    """What a validation came to."""

    total: float | None
    passed: int
    rules: int


@dataclass(frozen=True)
class Failing:
    """The columns of a rule, and the first row that breaks it."""

    columns: tuple[str, ...]
    row: dict[str, Any]


def about(connection: Connection, ids: Collection[UUID]) -> dict[UUID, About]:
    """The datasets of some ids."""
    # With numpy, which few commands need.
    from memory.lineage import tags

    tags.refresh(connection)
    rows = connection.execute(
        """select d.id, d.namespace, d.name, d.short_name, d.uri, array(
                select lower(c ->> 'name') from json_array_elements(p.profile -> 'columns') c
                group by 1 having bool_and(c ->> 'personal' is null)) as plain
        from datasets d left join lateral (
            select profile from profiles where dataset_id = d.id order by created_at desc limit 1) p on true
        where d.id = any(%s)""",
        [list(ids)],
    ).fetchall()
    return {row["id"]: _about(connection, row) for row in rows}


def _about(connection: Connection, row: dict[str, Any]) -> About:
    from memory.lineage import reading
    from memory.lineage.blast import personal
    from tools.lineage.naming import canonical
    from tools.lineage.observed import DatasetId

    known = connection.execute(
        "select assay_lineage_dataset(%s, %s, 'infinity') as id", [*canonical(DatasetId(row["namespace"], row["name"]))]
    ).fetchone()
    node = known["id"] if known else None
    owners = reading.owners(connection, "dataset", [node]).get(node, ()) if node is not None else ()
    tagged = _tags(connection, node) if node is not None else []
    marked = {column for column, key, value in tagged if personal(key, value)}
    return About(
        namespace=row["namespace"],
        name=row["name"],
        short_name=row["short_name"],
        uri=row["uri"],
        owners=tuple(dict.fromkeys(owner.name for owner in owners)),
        tags=tuple(dict.fromkeys(f"{key}={value}" if value else key for _, key, value in tagged)),
        # A dataset that is marked as personal as a whole has no column that is not.
        open_columns=frozenset() if "" in marked else frozenset(row["plain"]) - marked,
    )


def _tags(connection: Connection, node: int) -> list[tuple[str, str, str]]:
    """Column in lower case (empty: the dataset), key and value."""
    rows = connection.execute(
        """select lower(c.name) as column, t.key, t.value from lineage_columns c join lineage_tagged t on t.node = c.id
            where c.dataset_id = %(id)s and c.role = 0
        union select lower(coalesce(t.tag ->> 2, '')), t.tag ->> 0, coalesce(t.tag ->> 1, '')
            from lineage_labels l cross join lateral json_array_elements(l.content) t (tag)
            where l.id = %(id)s and l.subject = 'dataset' and l.what = 'tags'
        order by 2, 3, 1""",
        {"id": node},
    )
    return [(row["column"], row["key"], row["value"]) for row in rows]


def measured(connection: Connection, evaluations: Collection[UUID]) -> dict[UUID, Measured]:
    """What some validations came to."""
    rows = connection.execute(
        """select e.id, e.total, count(*) filter (where r.outcome = 'Passed') as passed, count(r.rule) as rules
        from evaluations e left join rule_results r on r.evaluation_id = e.id where e.id = any(%s) group by e.id""",
        [list(evaluations)],
    )
    return {row["id"]: Measured(row["total"], row["passed"], row["rules"]) for row in rows}


def failing(connection: Connection, places: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], Failing]:
    """By validation and place of the rule, for rules that are broken by rows that were looked at."""
    rows = connection.execute(
        """select r.evaluation_id, r.position, r.result -> 'columns' as columns, r.result #> '{examples,0}' as row
        from unnest(%s::uuid[], %s::int[]) w (id, position)
            join rule_results r on r.evaluation_id = w.id and r.position = w.position
        where r.result #> '{examples,0}' is not null""",
        [[place[0] for place in places], [place[1] for place in places]],
    )
    return {(row["evaluation_id"], row["position"]): Failing(tuple(row["columns"]), row["row"]) for row in rows}
