"""A store with validations on days of the past."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from memory import Memory
from memory.model import Dataset
from tests.support.stores import FIELDS, new_run

RULES = ('IsComplete "email"', "RowCount > 5")


def dataset(store: Memory, name: str, *columns: str) -> Dataset:
    """A dataset of some columns, else of the usual two."""
    fields = [{"name": column, "type": "VARCHAR", "kind": "text"} for column in columns] or FIELDS
    return store.catalog.upsert_dataset("file", name, name, fields)


def result(rule: str, outcome: str, columns: tuple[str, ...], failed: int | None) -> dict[str, Any]:
    """As ``RuleResult.to_dict`` gives it, with an example that nobody is to see."""
    return {
        "rule": rule,
        "rule_type": rule.split(maxsplit=1)[0],
        "columns": list(columns),
        "outcome": outcome,
        "reason": "the secret is hunter2",
        "dimension": "completeness" if "Complete" in rule else "accuracy",
        "metrics": {},
        "failed_rows": failed,
        "examples": [{"email": "someone@example.com"}],
        "vacuous": False,
    }


def validated(
    store: Memory,
    dataset_id: UUID,
    at: datetime,
    *,
    outcomes: tuple[str, str] = ("Passed", "Passed"),
    rows: int = 10,
    points: Mapping[str, float] | None = None,
    version: str | None = None,
) -> str:
    """Stores a validation as if it were of that time; the run."""
    run = new_run(store, kind="validate")
    failed = [outcome == "Failed" for outcome in outcomes]
    rules = [
        result(RULES[0], outcomes[0], ("email",), 3 if failed[0] else 0),
        result(RULES[1], outcomes[1], (), None),
    ]
    measured = points if points is not None else {"Dataset.*.RowCount": float(rows), "Column.email.Completeness": 0.7}
    evaluation = {"rows": rows, "queries": 1, "passed": not any(failed), "rules": rules, "statistics": {}}
    evaluation |= {"problems": [], "points": dict(measured)}
    scores = {"completeness": 0.7 if failed[0] else 1.0, "accuracy": 0.0 if failed[1] else 1.0}
    version = version or f"v {at.isoformat()}"
    stored = store.results.save(run.id, dataset_id, version, evaluation, scores, sum(scores.values()) / 2)
    moved = {"at": at, "run": run.id, "evaluation": stored}
    for statement in (
        "update evaluations set measured_at = %(at)s where id = %(evaluation)s",
        "update quality_scores set measured_at = %(at)s where run_id = %(run)s",
        "update metric_points set measured_at = %(at)s where evaluation_id = %(evaluation)s",
        "update runs set created_at = %(at)s where id = %(run)s",
    ):
        with store.db.transaction() as connection:
            connection.execute(statement, moved)
    return run.id


def profiled(store: Memory, dataset_id: UUID, at: datetime, nulls: int = 3) -> UUID:
    """Stores a profile as if it were of that time."""
    column = {"name": "email", "nulls": nulls, "distinct": 7, "distinct_exact": True, "min": "a@example.com"}
    profile = {"rows": 10, "columns": [column, {**column, "name": "id", "nulls": 0, "mean": 4.5, "distinct": 11}]}
    stored = store.catalog.save_profile(dataset_id, f"v {at.isoformat()}", profile)
    with store.db.transaction() as connection:
        connection.execute("update profiles set created_at = %s where id = %s", [at, stored])
    return stored
