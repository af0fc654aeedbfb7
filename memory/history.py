"""The metrics of past validations, and what people said about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString
from uuid import UUID

from memory import audit
from memory.db import Connection, Database
from memory.errors import NotFound, StoreError
from memory.model import Metric, MetricPoint, PointVerdict

LONGEST = 1_000
"""So many of the newest points of a metric are looked at."""
SELECT_POINTS: LiteralString = """
    select p.number, p.dataset_id, p.key, p.value, p.version, p.measured_at, p.run_id,
        nullif(d.verdict, 'include') as verdict, d.reason, d.actor, d.decided_at
    from metric_points p left join lateral (
        select verdict, reason, actor, decided_at from metric_decisions
        where point = p.number order by id desc limit 1) d on true
"""


class MetricHistory:
    """Points of metrics. A version of the data is one point of each metric."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def points(self, dataset_id: UUID, key: str, limit: int = LONGEST) -> list[MetricPoint]:
        """The newest points of a metric, oldest first."""
        rows = self._db.rows(
            SELECT_POINTS
            + """where p.dataset_id = %s and p.key_hash = assay_text_hash(%s)
            order by p.measured_at desc, p.number desc limit %s""",
            [dataset_id, key, limit],
        )
        return [MetricPoint(**row) for row in reversed(rows)]

    def metrics(self, dataset_id: UUID) -> list[Metric]:
        """The metrics of a dataset by key, each with its newest point."""
        rows = self._db.rows(
            """select distinct on (key) key, value, measured_at, count(*) over (partition by key) as points
            from metric_points where dataset_id = %s order by key, measured_at desc, number desc""",
            [dataset_id],
        )
        return [Metric(**row) for row in rows]

    def decide(self, number: int, verdict: PointVerdict, actor: str, reason: str) -> MetricPoint:
        """Writes down what a person says about a point; it counts from the next validation on. Raises StoreError.

        "exclude": never learn from it. "normal": values like it are no anomaly. "include": neither, as before.
        """
        if not actor.strip() or not reason.strip():
            raise StoreError(f"To decide about point {number} needs a name and a reason.")
        with self._db.transaction() as connection:
            if connection.execute("select from metric_points where number = %s", [number]).fetchone() is None:
                raise NotFound(f"There is no point {number} in the store.", hint="See: assay metrics list DATASET")
            connection.execute(
                "insert into metric_decisions (point, verdict, reason, actor) values (%s, %s, %s, %s)",
                [number, verdict, reason, actor],
            )
            row = connection.execute(SELECT_POINTS + "where p.number = %s", [number]).fetchone()
            assert row
            told = {"verdict": verdict, "reason": reason, "key": row["key"], "dataset_id": row["dataset_id"]}
            audit.record(connection, audit.Fact("metric.decided", actor, subject=f"point {number}", data=told))
            return MetricPoint(**row)


def record(
    connection: Connection,
    dataset_id: UUID,
    version: str,
    run_id: str,
    evaluation_id: UUID,
    points: Mapping[str, float],
) -> None:
    """Stores what a validation measured, within the caller's transaction.

    Measured again, a version keeps its place in time and what was decided about it, and takes the new value: a share
    of fresh rows changes while the data stays.
    """
    # In one order, so that two validations of the same version never wait for each other.
    keys = sorted(points)
    connection.execute(
        """insert into metric_points (dataset_id, key, value, version, run_id, evaluation_id)
        select %s, key, value, %s, %s, %s from unnest(%s::text[], %s::float8[]) as m (key, value)
        on conflict (dataset_id, key_hash, version) do update
            set value = excluded.value, run_id = excluded.run_id, evaluation_id = excluded.evaluation_id""",
        [dataset_id, version, run_id, evaluation_id, keys, [points[key] for key in keys]],
    )
