"""Datasets, profiles, rules, results, metrics, and what else is stored about data."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from memory.model import PointVerdict, RuleStatus
from ui.api.models.base import Asked, Source, Told, Words

Degree = Literal["none", "small", "large"]


class Column(Told):
    """A column of a dataset."""

    name: str
    type: str
    kind: str


class Dataset(Told):
    """A dataset that was opened before, named as OpenLineage names it."""

    id: UUID
    namespace: str = Field(examples=["file"])
    name: str = Field(examples=["/data/orders.csv"])
    short_name: str = Field(examples=["orders"])
    uri: str
    """What it was last opened with; without a password."""
    fields: list[Column]
    created_at: datetime
    updated_at: datetime


class Score(Told):
    """What a validation came to."""

    run_id: str
    version: str
    """Of the content that was validated."""
    passed: bool
    total: float | None
    """0 to 1; null when there was nothing to score."""
    dimensions: dict[str, float]
    """0 to 1 by dimension."""
    measured_at: datetime


class DatasetDetails(Dataset):
    """A dataset with what is known of it in short; the long of it has addresses of its own."""

    active_rules: int
    profiled_at: datetime | None
    latest_score: Score | None


class Profile(Told):
    """The profile that was stored last."""

    version: str
    """Of the content that was profiled."""
    created_at: datetime
    profile: dict[str, Any]
    """Rows, columns and their statistics."""


class Rule(Told):
    """A rule of a dataset."""

    number: int
    dataset_id: UUID
    rule_expression: str
    """DQDL."""
    rule_type: str
    threshold: str | None
    columns: list[str]
    dimension: str
    reasoning: str
    status: RuleStatus
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    disabled_by: str | None
    disabled_reason: str | None
    disabled_at: datetime | None
    problem: str | None
    """Why an active rule is not used: what is recorded does not approve this text."""


class ImportRules(Asked):
    """A ruleset. Importing it is your approval of each of its rules, and recorded as such."""

    model_config = ConfigDict(json_schema_extra={"example": {"ruleset": 'Rules = [ IsComplete "order_id" ]'}})

    ruleset: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500_000)]
    """DQDL."""
    reason: Words | None = None


class DisableRule(Asked):
    """Why a rule is taken out of use."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "the shop sells abroad now"}})

    reason: Words


class Result(Told):
    """The newest validation of a dataset."""

    run_id: str
    version: str
    measured_at: datetime
    total: float | None
    dimensions: dict[str, float]
    evaluation: dict[str, Any]
    """`rows`, `passed`, and in `rules` what came of each rule."""


class BlastRadius(Told):
    """What is made of some columns, by direct edges of the lineage."""

    summary: str
    """All of it in a line."""
    columns: int
    tables: int
    jobs: int
    personal: int
    """Columns among them that a tag marks as personal data."""
    owners: list[str]
    """Of the tables, those of most first."""
    nearest: list[tuple[str, str]]
    """Namespace and name of some of the tables, what matters most first."""
    complete: bool
    """False where numbers are the least there is."""


class Failing(Told):
    """A rule that failed or could not be evaluated."""

    rule: str
    outcome: Literal["Failed", "Error"]
    reason: str
    dimension: str
    failed_rows: int | None
    """How many rows break it; null where it is not about rows."""
    examples: list[dict[str, Any]]
    """A few of these rows, column to value."""
    blast_radius: BlastRadius | None = None
    """What depended on its data when it was validated; null where nothing is known to."""


class Failures(Told):
    """What failed in the newest validation of a dataset."""

    run_id: str
    measured_at: datetime
    rules: list[Failing]


class Metric(Told):
    """A metric of a dataset."""

    key: str = Field(examples=["Dataset.*.RowCount"])
    points: int
    value: float
    """The newest."""
    measured_at: datetime


class Point(Told):
    """What one version of a dataset measured, and the last word of a person about it."""

    number: int
    key: str
    value: float
    version: str
    measured_at: datetime
    run_id: str
    verdict: PointVerdict | None
    reason: str | None
    actor: str | None
    decided_at: datetime | None


class Judge(Asked):
    """What you say about a point."""

    model_config = ConfigDict(json_schema_extra={"example": {"verdict": "normal", "reason": "the yearly sale"}})

    verdict: PointVerdict
    """`exclude`: never learn from it. `normal`: values like it are no anomaly. `include`: neither, as before."""
    reason: Words


class Compare(Asked):
    """Two tables, or two versions of one."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"before": "examples/snapshots/orders_2026-11-22.csv", "now": "examples/orders.csv"}
        }
    )

    before: Source
    now: Source
    ignore: list[Annotated[str, StringConstraints(max_length=1_000)]] = Field(default_factory=list, max_length=1_000)
    """Columns that may change."""


class Comparison(Told):
    """What changed from one table to the other."""

    model_config = ConfigDict(extra="allow")

    degree: Degree
    """The worst of all."""
    volume: Degree
    left: str
    right: str
    left_rows: int
    right_rows: int
    seconds: float


class Entry(Told):
    """An entry of the audit log."""

    seq: int
    at: datetime
    actor: str
    action: str = Field(examples=["rule.activated"])
    run_id: str | None
    subject: str
    data: dict[str, Any]
    mac: str


class Me(Told):
    """Who you are here."""

    name: str
    role: Literal["viewer", "author", "approver", "admin"]


class State(Told):
    """How the server is."""

    status: Literal["ok"]
    worker: Literal["inside", "elsewhere"]
    """Who executes runs: a worker in this process, or others on the same database."""
