"""What is stored, as rows of the star schema (:mod:`tools.metrics.schema`), read in one state of the store."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from memory.db import Connection, Database, Row

BATCH = 20_000
"""Rows that are held at once."""
LOOK_SECONDS = 0.2

FACTS: dict[str, LiteralString] = {
    "fact_validation": """
        select e.id::text as validation_key, e.run_id as run_key, e.dataset_id::text as dataset_key,
            e.measured_at, e.version as data_version, e.rows as row_count, e.total as score, e.passed,
            count(r.*) as rules_total, count(*) filter (where r.outcome = 'Passed') as rules_passed,
            count(*) filter (where r.outcome = 'Failed') as rules_failed,
            count(*) filter (where r.outcome = 'Error') as rules_error
        from evaluations e left join rule_results r on r.evaluation_id = e.id
        where e.measured_at >= %(from)s and e.measured_at < %(to)s group by e.id order by e.measured_at, e.id""",
    "fact_rule_result": """
        select e.id::text as validation_key, e.run_id as run_key, e.dataset_id::text as dataset_key,
            case when json_array_length(r.result -> 'columns') = 1 then r.result -> 'columns' ->> 0 end as field,
            r.rule, r.dimension as dimension_key, e.measured_at, r.outcome, (r.outcome = 'Passed')::int as passed,
            r.failed_rows, e.rows as row_count, coalesce((r.result ->> 'vacuous')::boolean, false) as vacuous
        from evaluations e join rule_results r on r.evaluation_id = e.id
        where e.measured_at >= %(from)s and e.measured_at < %(to)s order by e.measured_at, e.id, r.position""",
    "fact_score": """
        select e.id::text as validation_key, e.run_id as run_key, e.dataset_id::text as dataset_key,
            q.dimension as dimension_key, e.measured_at, q.score
        from evaluations e join quality_scores q on q.run_id = e.run_id and q.dataset_id = e.dataset_id
            and q.measured_at = e.measured_at and q.field is null and q.rule_id is null
        where e.measured_at >= %(from)s and e.measured_at < %(to)s order by e.measured_at, e.id, q.dimension""",
    "fact_metric": """
        select p.dataset_id::text as dataset_key, p.run_id as run_key, p.measured_at, p.version as data_version,
            p.key as metric_key, p.value as metric_value, nullif(d.verdict, 'include') as verdict
        from metric_points p left join lateral (
            select verdict from metric_decisions where point = p.number order by id desc limit 1) d on true
        where p.measured_at >= %(from)s and p.measured_at < %(to)s order by p.measured_at, p.number""",
    "dim_run": """
        select id as run_key, kind, status, requested_by, model, created_at, finished_at,
            extract(epoch from finished_at - created_at)::float8 as duration_seconds
        from runs where created_at >= %(from)s and created_at < %(to)s order by created_at, id""",
}
"""Rows of a day, without what is made of them in Python: keys, the names in keys of metrics, profiles."""

CHANGED_DAYS: LiteralString = """
    select distinct (at at time zone 'UTC')::date as day from (
        select measured_at as at from evaluations where measured_at >= %(since)s
        union all select measured_at from metric_points where measured_at >= %(since)s
        -- Measured again, or spoken about: it stays on its day.
        union all select p.measured_at from evaluations e join metric_points p on p.evaluation_id = e.id
            where e.measured_at >= %(since)s
        union all select p.measured_at from metric_decisions d join metric_points p on p.number = d.point
            where d.decided_at >= %(since)s
        union all select created_at from profiles where created_at >= %(since)s
        union all select created_at from runs where updated_at >= %(since)s
    ) changed order by 1"""
DATASETS: LiteralString = """
    select id::text as dataset_key, namespace, name, short_name, created_at as first_seen, updated_at as last_seen
    from datasets where updated_at >= %(since)s order by id"""
FIELDS: LiteralString = """
    select f.dataset_id::text as dataset_key, f.name as field_name, f.type as field_type, f.kind as field_kind,
        f.position::int as field_position, true as is_current
    from dataset_fields f join datasets d on d.id = f.dataset_id where d.updated_at >= %(since)s
    order by f.dataset_id, f.position"""
RULES: LiteralString = """
    select distinct on (x.dataset_id, x.rule) x.dataset_id::text as dataset_key, x.rule, x.rule_type,
        x.dimension as dimension_key, d.number as rule_number, d.status, d.approved_by
    from (
        select dataset_id, rule_expression as rule, rule_type, dimension from dq_rules
            where greatest(created_at, approved_at, disabled_at) >= %(since)s
        union select e.dataset_id, r.rule, r.rule_type, r.dimension
            from evaluations e join rule_results r on r.evaluation_id = e.id
            where e.measured_at >= %(from)s and e.measured_at < %(to)s
    ) x left join lateral (
        select number, status, approved_by from dq_rules q
        where q.dataset_id = x.dataset_id and q.rule_hash = assay_text_hash(x.rule)
        order by (status = 'approved') desc, number desc limit 1) d on true
    order by x.dataset_id, x.rule, x.dimension"""


class Facts:
    """The store in one state, for giving metrics out."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def now(self) -> datetime:
        """The state's time."""
        return _time(self._connection.execute("select now() as at").fetchone())

    @property
    def store(self) -> UUID:
        """Which store it is."""
        return store_id(self._connection)

    def changed_days(self, since: datetime) -> list[date]:
        """The days (UTC) of which something was stored or changed since then."""
        return [row["day"] for row in self._connection.execute(CHANGED_DAYS, {"since": since})]

    def batches(self, table: str, day: date) -> Iterator[Sequence[Row]]:
        """The rows of a day, in the same order each time; times are UTC without a zone."""
        with self._connection.cursor(name="assay_facts") as cursor:
            cursor.execute(FACTS[table], _span(day, day))
            while rows := cursor.fetchmany(BATCH):
                yield [_naive(row) for row in rows]

    def profile_ids(self, day: date) -> list[UUID]:
        """The profiles that were made on a day."""
        rows = self._connection.execute(
            "select id from profiles where created_at >= %(from)s and created_at < %(to)s order by created_at, id",
            _span(day, day),
        )
        return [row["id"] for row in rows]

    def datasets(self, since: datetime) -> list[Row]:
        """Those that were opened since then."""
        return [_naive(row) for row in self._connection.execute(DATASETS, {"since": since})]

    def fields(self, since: datetime) -> list[Row]:
        """Columns of these datasets."""
        return self._connection.execute(FIELDS, {"since": since}).fetchall()

    def rules(self, since: datetime, first: date, last: date) -> list[Row]:
        """Rules that were decided on since then, or judged on one of the days."""
        return self._connection.execute(RULES, {"since": since, **_span(first, last)}).fetchall()


def store_id(connection: Connection) -> UUID:
    """Which store this is: what it keeps elsewhere is told by it from what others keep there."""
    row = connection.execute("select id from store_identity").fetchone()
    assert row
    found: UUID = row["id"]
    return found


@contextmanager
def exclusive(db: Database, what: str) -> Iterator[Connection]:
    """Waits until nobody else has ``what``, and keeps it; the connection fails once it may be lost."""
    while True:
        with db.transaction() as connection:
            asked = "select pg_try_advisory_xact_lock(hashtextextended(%s, 17)) as got"
            row = connection.execute(asked, [what]).fetchone()
            if row and row["got"]:
                yield connection
                return
        time.sleep(LOOK_SECONDS)


def _span(first: date, last: date) -> dict[str, Any]:
    begin, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, last + timedelta(days=1)))
    return {"from": begin, "to": end}


def _naive(row: Row) -> Row:
    return {name: value.replace(tzinfo=None) if isinstance(value, datetime) else value for name, value in row.items()}


def _time(row: Row | None) -> datetime:
    assert row
    at: datetime = row["at"]
    return at
