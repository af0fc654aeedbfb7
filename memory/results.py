"""Validation results and scores."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from memory import alerts, audit
from memory.audit import Fact
from memory.db import Connection, Database, Row, payload
from memory.history import record
from memory.model import Score, StoredEvaluation

SELECT_EVALUATIONS: LiteralString = """
    select e.id, e.run_id, e.dataset_id, e.version, e.rows, e.queries, e.passed, e.total, e.measured_at, e.measured,
        coalesce((select json_object_agg(q.dimension, q.score order by q.dimension) from quality_scores q
            where q.run_id = e.run_id and q.dataset_id = e.dataset_id and q.rule_id is null and q.field is null),
            '{}') as dimensions,
        coalesce((select json_agg(r.result order by r.position) from rule_results r
            where r.evaluation_id = e.id), '[]') as rules
    from evaluations e
"""

MEASURED: dict[str, Any] = {"statistics": {}, "problems": [], "points": {}}
"""Parts of an evaluation that are read back whole, and what they are in results of older versions."""


class Results:
    """What validations found."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(
        self,
        run_id: str,
        dataset_id: UUID,
        version: str,
        evaluation: dict[str, Any],
        scores: Mapping[str, float],
        total: float | None,
    ) -> UUID:
        """Stores an ``Evaluation.to_dict``, its points and the scores, once per run and dataset; its id."""
        with self._db.transaction() as connection:
            row = connection.execute(
                """insert into evaluations (run_id, dataset_id, version, rows, queries, passed, total, measured)
                values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (run_id, dataset_id) do nothing returning id""",
                [
                    *(run_id, dataset_id, version),
                    *(evaluation[key] for key in ("rows", "queries", "passed")),
                    *(total, payload({key: evaluation[key] for key in MEASURED})),
                ],
            ).fetchone()
            if row is None:
                return _existing(connection, run_id, dataset_id)
            _insert_results(connection, row["id"], dataset_id, evaluation["rules"])
            record(connection, dataset_id, version, run_id, row["id"], evaluation["points"])
            connection.cursor().executemany(
                "insert into quality_scores (dataset_id, dimension, score, run_id) values (%s, %s, %s, %s)",
                [[dataset_id, dimension, score, run_id] for dimension, score in scores.items()],
            )
            stored: UUID = row["id"]
            alerts.consider(connection, run_id, dataset_id, version, stored, evaluation["rules"], total, scores)
            audit.record(connection, _executed(run_id, dataset_id, stored, version, evaluation, total))
            return stored

    def latest(self, dataset_id: UUID) -> StoredEvaluation | None:
        """The newest result of a dataset."""
        return next(iter(self.history(dataset_id, 1)), None)

    def history(self, dataset_id: UUID, limit: int = 20) -> list[StoredEvaluation]:
        """The newest results of a dataset, newest first."""
        return self._select("where e.dataset_id = %s order by e.measured_at desc limit %s", [dataset_id, limit])

    def scores(self, dataset_id: UUID, limit: int = 20, before: datetime | None = None) -> list[Score]:
        """The newest scores of a dataset, newest first, without what they are made of."""
        rows = self._db.rows(
            """select e.run_id, e.version, e.passed, e.total, e.measured_at,
                coalesce((select json_object_agg(q.dimension, q.score order by q.dimension) from quality_scores q
                    where q.run_id = e.run_id and q.dataset_id = e.dataset_id and q.rule_id is null
                        and q.field is null), '{}') as dimensions
            from evaluations e where e.dataset_id = %s and (%s::timestamptz is null or e.measured_at < %s)
            order by e.measured_at desc limit %s""",
            [dataset_id, before, before, limit],
        )
        return [Score(**row) for row in rows]

    def for_run(self, run_id: str) -> list[StoredEvaluation]:
        """The results of a run, one per dataset, in the order they came."""
        return self._select("where e.run_id = %s order by e.measured_at", [run_id])

    def failing(self, datasets: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
        """The rules that did not pass in the newest result of each dataset, as ``RuleResult.to_dict`` gives them."""
        rows = self._db.rows(
            """select e.dataset_id, r.result from (
                select distinct on (dataset_id) id, dataset_id from evaluations
                where dataset_id = any(%s) order by dataset_id, measured_at desc) e
                join rule_results r on r.evaluation_id = e.id
            where r.outcome <> 'Passed' order by r.position""",
            [list(datasets)],
        )
        found: dict[UUID, list[dict[str, Any]]] = {}
        for row in rows:
            found.setdefault(row["dataset_id"], []).append(row["result"])
        return found

    def _select(self, condition: LiteralString, parameters: list[Any]) -> list[StoredEvaluation]:
        return [_evaluation(row) for row in self._db.rows(SELECT_EVALUATIONS + condition, parameters)]


def _executed(
    run_id: str, dataset_id: UUID, stored: UUID, version: str, evaluation: dict[str, Any], total: float | None
) -> Fact:
    outcomes = [rule["outcome"] for rule in evaluation["rules"]]
    found = {
        "evaluation_id": stored,
        "dataset_id": dataset_id,
        "version": version,
        "rows": evaluation["rows"],
        "rules": {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))},
        # Which rules, and what came of each, without a thousand of them in one entry.
        "digest": audit.digest([[rule["rule"], rule["outcome"]] for rule in evaluation["rules"]]),
        "passed": evaluation["passed"],
        "total": total,
    }
    return Fact("rules.executed", "validator", run_id, f"dataset {dataset_id}", found)


def _existing(connection: Connection, run_id: str, dataset_id: UUID) -> UUID:
    row = connection.execute(
        "select id from evaluations where run_id = %s and dataset_id = %s", [run_id, dataset_id]
    ).fetchone()
    assert row
    found: UUID = row["id"]
    return found


def _insert_results(
    connection: Connection, evaluation_id: UUID, dataset_id: UUID, results: Sequence[dict[str, Any]]
) -> None:
    connection.cursor().executemany(
        """insert into rule_results (evaluation_id, position, rule_id, rule, rule_type, outcome, dimension,
            failed_rows, result)
        values (%(evaluation_id)s, %(position)s, (
            select id from dq_rules where dataset_id = %(dataset_id)s and rule_hash = assay_text_hash(%(rule)s)
                and status = 'approved' limit 1),
            %(rule)s, %(rule_type)s, %(outcome)s, %(dimension)s, %(failed_rows)s, %(result)s)""",
        [
            {
                "evaluation_id": evaluation_id,
                "position": position,
                "dataset_id": dataset_id,
                **{key: result[key] for key in ("rule", "rule_type", "outcome", "dimension", "failed_rows")},
                "result": payload(result),
            }
            for position, result in enumerate(results)
        ],
    )


def _evaluation(row: Row) -> StoredEvaluation:
    evaluation = {key: row.pop(key) for key in ("rows", "queries", "passed", "rules")}
    measured = row.pop("measured") or MEASURED
    return StoredEvaluation(**row, evaluation={**evaluation, **measured})
