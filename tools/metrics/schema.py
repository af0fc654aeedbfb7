"""The tables of the star schema.

Facts hold figures and keys, one file for each day (UTC). Dimensions say what the keys mean. No table holds a value of
the data that was measured: no examples, no reasons, no smallest or largest value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Type = Literal["string", "bigint", "int", "double", "boolean", "timestamp", "date"]
"""As Athena names them; times are UTC."""


@dataclass(frozen=True)
class Column:
    """A column."""

    name: str
    type: Type
    meaning: str


@dataclass(frozen=True)
class Table:
    """A table; one ``by_day`` has a folder ``day=2026-11-01`` for each day, which is a column for who reads it."""

    name: str
    meaning: str
    by_day: bool
    columns: tuple[Column, ...]

    @property
    def key(self) -> str:
        """The first column: it identifies a row of a dimension."""
        return self.columns[0].name

    def arrow(self) -> pa.Schema:
        """As Parquet holds it."""
        import pyarrow as pa

        types = {"string": pa.string(), "bigint": pa.int64(), "int": pa.int32(), "double": pa.float64()}
        times = {"boolean": pa.bool_(), "timestamp": pa.timestamp("us"), "date": pa.date32()}
        return pa.schema([(column.name, (types | times)[column.type]) for column in self.columns])


DAY = Column("day", "date", "The day, UTC; the partition.")
_DATE = Column("date_key", "int", "The day as 20261101: dim_date.")
_DATASET = Column("dataset_key", "string", "dim_dataset.")
_FIELD = Column("field_key", "string", "dim_field; null where it is not about one field.")
_RULE = Column("rule_key", "string", "dim_rule.")
_DIMENSION = Column("dimension_key", "string", "dim_dimension.")
_RUN = Column("run_key", "string", "dim_run.")
_AT = Column("measured_at", "timestamp", "When it was measured.")
_VERSION = Column("data_version", "string", "Which content of the dataset was measured.")
_VALIDATION = Column("validation_key", "string", "One validation of one dataset.")

FACTS = (
    Table(
        "fact_validation",
        "One row for each validation of a dataset.",
        True,
        (
            *(_VALIDATION, _RUN, _DATASET, _DATE, _AT, _VERSION),
            Column("row_count", "bigint", "Rows of the dataset."),
            Column("rules_total", "int", "Rules that were judged."),
            Column("rules_passed", "int", "Of these, those that passed."),
            Column("rules_failed", "int", "Those that failed."),
            Column("rules_error", "int", "Those that could not be judged."),
            Column("score", "double", "0 to 1 over all rules; null where there was nothing to score."),
            Column("passed", "boolean", "Whether every rule passed."),
        ),
    ),
    Table(
        "fact_rule_result",
        "One row for each rule of each validation.",
        True,
        (
            *(_VALIDATION, _RUN, _DATASET, _FIELD, _RULE, _DIMENSION, _DATE, _AT),
            Column("outcome", "string", "Passed, Failed or Error."),
            Column("passed", "int", "1 where it passed, else 0: for sums."),
            Column("failed_rows", "bigint", "Rows that break the rule; null where it is not about rows."),
            Column("row_count", "bigint", "Rows of the dataset."),
            Column("vacuous", "boolean", "Whether it passed for want of anything to check."),
        ),
    ),
    Table(
        "fact_score",
        "One row for each score of a dimension, of each validation.",
        True,
        (
            *(_VALIDATION, _RUN, _DATASET, _DIMENSION, _DATE, _AT),
            Column("score", "double", "0 to 1."),
        ),
    ),
    Table(
        "fact_metric",
        "One row for each metric of each content of a dataset.",
        True,
        (
            *(_DATASET, _FIELD, _RUN, _DATE, _AT, _VERSION),
            Column("metric", "string", "Its name: RowCount, Completeness."),
            Column("metric_key", "string", "All that decides its value, as in `assay metrics list`."),
            Column("metric_value", "double", "The value."),
            Column("verdict", "string", "What a person said about it last: exclude or normal; null for nothing."),
        ),
    ),
    Table(
        "fact_profile",
        "One row for each field of each profile.",
        True,
        (
            Column("profile_key", "string", "One profile of one content of a dataset."),
            *(_DATASET, _FIELD, _DATE, _AT, _VERSION),
            Column("row_count", "bigint", "Rows of the dataset."),
            Column("null_count", "bigint", "Rows without a value."),
            Column("completeness", "double", "Share of rows with a value; null without rows."),
            Column("distinct_count", "bigint", "Different values."),
            Column("distinct_exact", "boolean", "False where that is an estimate."),
            Column("uniqueness", "double", "Different values for each row that has one; null without any."),
            Column("blank_count", "bigint", "Texts that are empty or blank."),
            Column("mean_value", "double", "For numbers."),
            Column("stddev_value", "double", "For numbers: of the population."),
        ),
    ),
)
RUNS = Table(
    "dim_run",
    "One row for each run, by the day on which it was asked for.",
    True,
    (
        _RUN,
        Column("kind", "string", "run, profile, validate ..."),
        Column("status", "string", "queued, running, waiting, done, failed or cancelled."),
        Column("requested_by", "string", "Who asked for it."),
        Column("model", "string", "The language model; empty without one."),
        Column("created_at", "timestamp", "When it was asked for."),
        Column("finished_at", "timestamp", "When it ended."),
        Column("duration_seconds", "double", "From one to the other."),
    ),
)
DATASETS = Table(
    "dim_dataset",
    "One row for each dataset.",
    False,
    (
        _DATASET,
        Column("namespace", "string", "Where it is, as OpenLineage writes it."),
        Column("name", "string", "Its full name there."),
        Column("short_name", "string", "Its last part."),
        Column("first_seen", "timestamp", "When it was opened first."),
        Column("last_seen", "timestamp", "When it was opened last."),
    ),
)
FIELDS = Table(
    "dim_field",
    "One row for each field that a dataset has or had.",
    False,
    (
        Column("field_key", "string", "One field of one dataset."),
        _DATASET,
        Column("field_name", "string", "Its name."),
        Column("field_type", "string", "The type of its engine; null for a field of the past."),
        Column("field_kind", "string", "number, text, boolean, date, timestamp, time or other."),
        Column("field_position", "int", "Its place, from 1."),
        Column("is_current", "boolean", "Whether the dataset had it when it was opened last."),
    ),
)
RULES = Table(
    "dim_rule",
    "One row for each rule that was judged or decided on.",
    False,
    (
        _RULE,
        _DATASET,
        Column("rule", "string", "The rule as DQDL."),
        Column("rule_type", "string", "Its type: IsComplete."),
        _DIMENSION,
        Column("rule_number", "int", "What people call it; null for a rule out of a file."),
        Column("status", "string", "draft, approved or disabled; null for a rule out of a file."),
        Column("approved_by", "string", "Who approved it."),
    ),
)
DIMENSIONS = Table(
    "dim_dimension",
    "One row for each dimension of quality.",
    False,
    (_DIMENSION, Column("meaning", "string", "What it says about data.")),
)
DATES = Table(
    "dim_date",
    "One row for each day of the facts and between them.",
    False,
    (
        _DATE,
        Column("calendar_date", "date", "The day."),
        Column("calendar_year", "int", "2026."),
        Column("calendar_quarter", "int", "1 to 4."),
        Column("calendar_month", "int", "1 to 12."),
        Column("day_of_month", "int", "1 to 31."),
        Column("iso_year", "int", "The year that the ISO week belongs to."),
        Column("iso_week", "int", "1 to 53."),
        Column("day_of_week", "int", "1 is Monday."),
        Column("is_weekend", "boolean", "Saturday or Sunday."),
    ),
)
BY_DAY = (*FACTS, RUNS)
WHOLE = (DATASETS, FIELDS, RULES, DIMENSIONS, DATES)
TABLES = (*FACTS, RUNS, *WHOLE)

MEANINGS = {
    "completeness": "nothing that should be there is missing",
    "uniqueness": "nothing is there twice",
    "validity": "values have the form and range that they should",
    "accuracy": "values agree with what is true",
    "consistency": "what belongs together agrees",
    "timeliness": "data is as fresh as it should be",
}
"""Of each dimension of quality."""
