"""Which function plans which rule type, and which dimension a rule type speaks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast, get_args

from tools.dqdl.language.model import Analyzer, Labels, Rule, Ruleset, TopRule
from tools.dqdl.plans.plan import Plan
from tools.dqdl.plans.result import Dimension
from tools.dqdl.rules import analyzers
from tools.dqdl.rules import custom_sql as rules_sql
from tools.dqdl.rules import detect_anomalies as rules_anomalies
from tools.dqdl.rules import files as rules_files
from tools.dqdl.rules import keys as rules_keys
from tools.dqdl.rules import numbers as rules_numbers
from tools.dqdl.rules import reference as rules_reference
from tools.dqdl.rules import rows as rules_rows
from tools.dqdl.rules import table as rules_table
from tools.dqdl.rules.context import Context

PLANNERS: dict[str, Callable[[Rule, Context], Plan]] = {
    "RowCount": rules_table.row_count,
    "ColumnCount": rules_table.column_count,
    "ColumnExists": rules_table.column_exists,
    "ColumnNamesMatchPattern": rules_table.names_match,
    "Completeness": rules_rows.completeness,
    "IsComplete": rules_rows.completeness,
    "ColumnValues": rules_rows.column_values,
    "ColumnLength": rules_rows.column_length,
    "ColumnDataType": rules_rows.column_data_type,
    "DataFreshness": rules_rows.data_freshness,
    "Uniqueness": rules_keys.uniqueness,
    "IsUnique": rules_keys.uniqueness,
    "IsPrimaryKey": rules_keys.primary_key,
    "UniqueValueRatio": rules_keys.unique_value_ratio,
    "DistinctValuesCount": rules_keys.distinct_values,
    "DuplicateRowCount": rules_keys.duplicate_rows,
    "Entropy": rules_keys.entropy,
    "Mean": rules_numbers.mean,
    "Sum": rules_numbers.sum_,
    "StandardDeviation": rules_numbers.standard_deviation,
    "Variance": rules_numbers.variance,
    "Range": rules_numbers.range_,
    "ColumnCorrelation": rules_numbers.correlation,
    "CustomSql": rules_sql.custom_sql,
    "RowCountMatch": rules_reference.row_count_match,
    "SchemaMatch": rules_reference.schema_match,
    "ReferentialIntegrity": rules_reference.referential_integrity,
    "DatasetMatch": rules_reference.dataset_match,
    "AggregateMatch": rules_reference.aggregate_match,
    "FileFreshness": rules_files.file_freshness,
    "FileSize": rules_files.file_size,
    "FileMatch": rules_files.file_match,
    "FileUniqueness": rules_files.file_uniqueness,
}

PLANNERS["DetectAnomalies"] = rules_anomalies.detect_anomalies(PLANNERS)

ANALYZERS: dict[str, Callable[[Analyzer, Context], Plan]] = analyzers.analyzers(PLANNERS)
"""Only the metrics of such a plan's verdict count."""

_DIMENSIONS: dict[Dimension, tuple[str, ...]] = {
    "completeness": ("RowCount", "Completeness", "IsComplete", "FileSize"),
    "uniqueness": (
        *("Uniqueness", "IsUnique", "IsPrimaryKey", "UniqueValueRatio", "DistinctValuesCount"),
        *("DuplicateRowCount", "FileUniqueness"),
    ),
    "accuracy": ("Mean", "Sum", "StandardDeviation", "Variance", "ColumnCorrelation", "CustomSql", "DetectAnomalies"),
    "consistency": (
        *("RowCountMatch", "ReferentialIntegrity", "DatasetMatch", "SchemaMatch", "AggregateMatch", "FileMatch"),
    ),
    "timeliness": ("DataFreshness", "FileFreshness"),
}
_BY_TYPE = {name: dimension for dimension, names in _DIMENSIONS.items() for name in names}


def dimension_of(rule: TopRule, ruleset: Ruleset) -> Dimension:
    """What a label named dimension says, else the dimension of the (first) rule type; the rest is validity."""
    labels: Labels = (*ruleset.default_labels, *rule.labels)
    said = dict(labels).get("dimension", "").lower()
    if said in get_args(Dimension):
        return cast(Dimension, said)
    first = rule if isinstance(rule, Rule) else next(rule.leaves())
    return _BY_TYPE.get(first.type, "validity")
