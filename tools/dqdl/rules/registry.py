"""Which function plans which rule type, and which dimension a rule type speaks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast, get_args

from tools.dqdl.language.model import Analyzer, Labels, Rule, Ruleset, TopRule
from tools.dqdl.plans.plan import Plan
from tools.dqdl.plans.result import Dimension
from tools.dqdl.rules import (
    analyzers,
    custom_sql,
    detect_anomalies,
    files,
    keys,
    numbers,
    reference,
    rows,
    shape,
    table,
)
from tools.dqdl.rules.context import Context

PLANNERS: dict[str, Callable[[Rule, Context], Plan]] = {
    "RowCount": table.row_count,
    "ColumnCount": table.column_count,
    "ColumnExists": table.column_exists,
    "ColumnNamesMatchPattern": table.names_match,
    "Completeness": rows.completeness,
    "IsComplete": rows.completeness,
    "ColumnValues": rows.column_values,
    "ColumnLength": rows.column_length,
    "ColumnDataType": rows.column_data_type,
    "DataFreshness": rows.data_freshness,
    "Uniqueness": keys.uniqueness,
    "IsUnique": keys.uniqueness,
    "IsPrimaryKey": keys.primary_key,
    "UniqueValueRatio": keys.unique_value_ratio,
    "DistinctValuesCount": keys.distinct_values,
    "DuplicateRowCount": keys.duplicate_rows,
    "Entropy": keys.entropy,
    "Mean": numbers.mean,
    "Sum": numbers.sum_,
    "StandardDeviation": numbers.standard_deviation,
    "Variance": numbers.variance,
    "Range": numbers.range_,
    "ZerosCount": numbers.zeros_count,
    "Skewness": shape.skewness,
    "Kurtosis": shape.kurtosis,
    "InterquartileRange": shape.interquartile_range,
    "ColumnCorrelation": numbers.correlation,
    "CustomSql": custom_sql.custom_sql,
    "RowCountMatch": reference.row_count_match,
    "SchemaMatch": reference.schema_match,
    "ReferentialIntegrity": reference.referential_integrity,
    "DatasetMatch": reference.dataset_match,
    "AggregateMatch": reference.aggregate_match,
    "FileFreshness": files.file_freshness,
    "FileSize": files.file_size,
    "FileMatch": files.file_match,
    "FileUniqueness": files.file_uniqueness,
}

PLANNERS["DetectAnomalies"] = detect_anomalies.detect_anomalies(PLANNERS)

ANALYZERS: dict[str, Callable[[Analyzer, Context], Plan]] = analyzers.analyzers(PLANNERS)
"""Only the metrics of such a plan's verdict count."""

_DIMENSIONS: dict[Dimension, tuple[str, ...]] = {
    "completeness": ("RowCount", "Completeness", "IsComplete", "FileSize"),
    "uniqueness": (
        *("Uniqueness", "IsUnique", "IsPrimaryKey", "UniqueValueRatio", "DistinctValuesCount"),
        *("DuplicateRowCount", "FileUniqueness"),
    ),
    "accuracy": (
        *("Mean", "Sum", "StandardDeviation", "Variance", "ColumnCorrelation", "CustomSql", "DetectAnomalies"),
        *("ZerosCount", "Skewness", "Kurtosis", "InterquartileRange"),
    ),
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
