"""Whether a score fell out of what its history lets expect."""

from __future__ import annotations

from uuid import UUID

from memory.db import Connection

LOOKED_AT = 60
"""Earlier validations that are looked at."""


def least(connection: Connection, dataset_id: UUID, version: str, evaluation_id: UUID, total: float) -> float | None:
    """The least total score of a dataset that would be no surprise; None where nothing says that this one is.

    It is learnt from the last validation of each earlier version by the same rules, as ``DetectAnomalies`` learns. A
    score that was as low before is no surprise, and the model is not asked.
    """
    row = connection.execute(
        """select min(total) as least from (select total from evaluations
            where dataset_id = %s and version <> %s and total is not null
            order by measured_at desc limit %s) e""",
        [dataset_id, version, LOOKED_AT],
    ).fetchone()
    if row is None or row["least"] is None or total >= row["least"]:
        return None
    rows = connection.execute(
        """with judged as (
            select e.id, e.version, e.total, e.measured_at, (
                select md5(string_agg(r.rule, e'\n' order by r.rule)) from rule_results r
                where r.evaluation_id = e.id) as rules
            from (select * from evaluations where dataset_id = %(dataset)s and total is not null
                order by measured_at desc limit %(most)s) e)
        select distinct on (version) total, measured_at from judged
        where version <> %(version)s and rules = (select rules from judged where id = %(id)s)
        order by version, measured_at desc""",
        {"dataset": dataset_id, "most": LOOKED_AT, "version": version, "id": evaluation_id},
    ).fetchall()
    from tools.dqdl.history.anomalies import expect
    from tools.dqdl.history.points import Point

    ordered = sorted(rows, key=lambda one: one["measured_at"])
    expected = expect([Point(one["total"], one["measured_at"]) for one in ordered])
    if expected is None or expected.allows(total) or total >= expected.usual.low:
        return None
    return float(expected.usual.low)
