"""Scans say the same again and again; what a job said last already is no news, and is not kept once more."""

from __future__ import annotations

from collections.abc import Iterable

from memory.db import Connection
from memory.lineage.arrays import columns
from tools.lineage.observed import Mode, Observed

CONTENT = "content"
"""In the raw event of a declaration: a digest of all that it says but for the time."""


def no_news(connection: Connection, batch: Iterable[Observed]) -> set[bytes]:
    """The keys of those declarations of a batch that say what their job said last, with nothing dropped since."""
    rows = [
        (*one.job, str(one.raw[CONTENT]), one.at, one.key)
        for one in batch
        if one.job and one.mode is Mode.REPLACE and one.raw and one.raw.get(CONTENT)
    ]
    if not rows:
        return set()
    found = connection.execute(
        """select w.key from unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::bytea[])
            w (namespace, name, content, at, key)
            join lineage_jobs j on (j.kind, j.namespace, j.name) = ('job', w.namespace, w.name) and not j.cut
            cross join lateral (
                select s.key, s.at from lineage_sayings s where s.job_id = j.id
                order by s.at desc, s.key desc limit 1) l
            join lineage_events e on e.key = l.key
        where l.at <= w.at and e.raw ->> 'content' = w.content""",
        columns(rows),
    )
    return {bytes(row["key"]) for row in found}
