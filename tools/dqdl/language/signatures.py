"""What each rule type takes: parameters, kind of condition, filter and threshold. The one place that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "text", "date", "duration", "size"]

ANY = 10_000
"""No upper bound on the parameters."""


@dataclass(frozen=True)
class Signature:
    """The form of one rule type."""

    least: int
    most: int
    kinds: tuple[Kind, ...] = ()
    """Kinds of condition it takes; empty for a rule that is a plain statement."""
    where: bool = False
    threshold: bool = False
    analyzer: bool = True
    rule: bool = True
    optional: bool = False
    """The condition may be left out."""
    plain_from: int = ANY
    """With so many parameters it is a plain statement, whatever its kinds."""
    columns: bool = True
    """The parameters are columns of the primary table."""


NUMBER: tuple[Kind, ...] = ("number",)


def _statistic(*, least: int = 1, most: int = 1, where: bool = True) -> Signature:
    return Signature(least, most, NUMBER, where=where)


def _other(least: int, most: int) -> Signature:
    return Signature(least, most, NUMBER, columns=False)


SIGNATURES: dict[str, Signature] = {
    "RowCount": _statistic(least=0, most=0),
    "RowCountMatch": _other(1, 1),
    "ColumnCount": _statistic(least=0, most=0, where=False),
    "Completeness": _statistic(),
    "IsComplete": Signature(1, 1, where=True, analyzer=False),
    "ColumnDataType": Signature(1, 1, ("text",), where=True, threshold=True),
    "ColumnNamesMatchPattern": Signature(1, 1, analyzer=False, columns=False),
    "ColumnExists": Signature(1, 1, analyzer=False),
    "ColumnCorrelation": _statistic(least=2, most=2),
    "Uniqueness": _statistic(most=ANY),
    "IsUnique": Signature(1, ANY, where=True, analyzer=False),
    "IsPrimaryKey": Signature(1, ANY, where=True, analyzer=False),
    "Mean": _statistic(),
    "Sum": _statistic(),
    "StandardDeviation": _statistic(),
    "Variance": _statistic(),
    "Entropy": _statistic(),
    "DistinctValuesCount": _statistic(),
    "UniqueValueRatio": _statistic(),
    "ColumnLength": _statistic(),
    "ColumnValues": Signature(1, 1, ("number", "text", "date"), where=True, threshold=True),
    "DataFreshness": Signature(1, 1, ("duration",), where=True),
    "CustomSql": Signature(1, 1, NUMBER, threshold=True, optional=True, columns=False),
    "ReferentialIntegrity": _other(2, 2),
    "DatasetMatch": _other(2, 3),
    "SchemaMatch": _other(1, 1),
    "AggregateMatch": _other(2, 2),
    "DetectAnomalies": Signature(1, ANY, analyzer=False, columns=False),
    "AllStatistics": Signature(1, 1, rule=False),
    "FileMatch": Signature(0, 2, ("text",), plain_from=2, columns=False),
    "FileUniqueness": _other(0, 1),
    "FileFreshness": Signature(0, 1, ("date",), threshold=True, columns=False),
    "FileSize": Signature(0, 1, ("size",), threshold=True, columns=False),
    "Range": _statistic(),
    "DuplicateRowCount": _statistic(least=0, most=ANY),
    # These five are not in the public parser: one is in the service's documentation, four are in open-source Deequ.
    "Distribution": Signature(1, 1, rule=False),
    "ZerosCount": _statistic(),
    "Skewness": _statistic(),
    "Kurtosis": _statistic(),
    "InterquartileRange": _statistic(),
}
"""Rule type to its form: the 35 types of the public parser, and five more."""
