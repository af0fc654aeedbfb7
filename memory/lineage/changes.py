"""What changed in the graph between two times."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from memory.db import Connection, Row
from memory.lineage.answers import Diff
from memory.lineage.reading import steps_of

_DIFFERENCE = """
    with touched as materialized (
        select src, dst, kind from lineage_edges where valid_from > %(early)s and valid_from <= %(late)s
        union select src, dst, kind from lineage_past_edges where valid_from > %(early)s and valid_from <= %(late)s
        union select src, dst, kind from lineage_past_edges where valid_to > %(early)s and valid_to <= %(late)s),
    chosen as (
        select t.* from touched t
        where %(dataset)s::bigint is null or exists (
            select from lineage_columns c where c.id in (t.src, t.dst) and c.dataset_id = %(dataset)s)),
    held as (
        select t.*, at.late, e.job_id, e.valid_from, e.run_id, e.confidence
        from chosen t cross join (values (false, %(early)s::timestamptz), (true, %(late)s::timestamptz)) at (late, at)
            cross join lateral (
                select * from (
                    select job_id, valid_from, run_id, confidence from lineage_edges e
                    where (e.src, e.kind, e.dst) = (t.src, t.kind, t.dst) and e.valid_from <= at.at
                    union all
                    select job_id, valid_from, run_id, confidence from lineage_past_edges e
                    where (e.src, e.kind, e.dst) = (t.src, t.kind, t.dst)
                        and e.valid_from <= at.at and e.valid_to > at.at
                ) h order by job_id limit 1) e)
    select h.*, r.run from held h left join lineage_runs r on r.id = h.run_id
    where h.late = %(added)s and not exists (
        select from held o where (o.src, o.dst, o.kind) = (h.src, h.dst, h.kind) and o.late <> h.late)
    order by h.src, h.dst, h.kind limit %(limit)s
"""


def diff(connection: Connection, before: datetime, after: datetime, dataset: int | None, limit: int) -> Diff:
    """The edges there are at one time and not at the other, up to a limit each way; of one dataset, or of all."""
    early, late = sorted((before, after))
    given = {"early": early, "late": late, "dataset": dataset, "limit": limit + 1}
    sides: list[list[Row]] = [_side(connection, given, added) for added in (True, False)]
    if before > after:
        sides.reverse()
    cut = f"there are more than {limit} edges" if any(len(side) > limit for side in sides) else None
    added, removed = (tuple(steps_of(connection, side[:limit])) for side in sides)
    return Diff(cut, added, removed)


def _side(connection: Connection, given: dict[str, Any], added: bool) -> list[Row]:
    return connection.execute(_DIFFERENCE, {**given, "added": added}).fetchall()
