"""Rules that a person rejected, what says the same or more in other words, and what is another rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Kind(NamedTuple):
    """A rejected rule, what may not be proposed after it, and what may."""

    rejected: str
    again: tuple[str, ...]
    another: tuple[str, ...]


def sql(statement: str, condition: str = "") -> str:
    """A CustomSql."""
    return f'CustomSql "{statement}" {condition}'.strip()


COUNT, ROWS = "select count(*) from primary", "select * from primary"
KINDS = (
    Kind(
        'IsComplete "a"',
        (
            'Completeness "a" > 0.5',
            'Completeness "a" = 1',
            'Completeness "a" in [1.0]',
            'Completeness "a" != 0',
            'Completeness "a" not between 0 and 0.9',
            'Completeness "a" > avg(last(5)) - 0.1',
            'ColumnValues "a" != NULL',
            'ColumnValues "a" not in [NULL, EMPTY]',
            'ColumnValues "a" not in ["n/a", NULL]',
            'ColumnValues "a" matches ".*"',
            'ColumnValues "a" matches "^[\\s\\S]+$"',
            'ColumnLength "a" > 0',
            'ColumnLength "a" >= 1',
            'IsPrimaryKey "a"',
            'IsPrimaryKey "b" "a"',
            'RowCount = 0 where "a is null"',
            'RowCount < 1 where "`A` is null"',
            'RowCount <= 5 where "a is null"',
            sql(f"{ROWS} where a is not null"),
            sql("select a from primary p where not (p.a is null)"),
            sql(f"{COUNT} where a is null", "= 0"),
            sql("SELECT COUNT(1) FROM primary WHERE `A` IS NULL", "<= 3"),
            sql("select sum(case when a is null then 1 else 0 end) from primary", "= 0"),
            sql("select count_if(a is null) from primary", "< 10"),
            sql("select count(*) - count(a) from primary", "= 0"),
            sql("select count(a) / count(*) from primary", "> 0.9"),
        ),
        (
            'Completeness "a" < 0.5',
            'IsUnique "a"',
            'ColumnValues "a" != EMPTY',
            'ColumnValues "a" matches "[a-z]+@[a-z.]+"',
            'ColumnLength "a" >= 5',
            'ColumnLength "a" <= 100',
            'IsComplete "b"',
            'RowCount > 5 where "a is null"',
            sql(f"{ROWS} where a <> b or a is null"),
            '(IsComplete "a") or (IsComplete "b")',
        ),
    ),
    Kind(
        'IsUnique "a"',
        (
            'Uniqueness "a" > 0.9',
            'Uniqueness "a" in [1]',
            'UniqueValueRatio "a" > 0.9',
            'UniqueValueRatio "a" != 0',
            'DuplicateRowCount "a" = 0',
            'DuplicateRowCount "a" < 10',
            'IsPrimaryKey "a"',
            sql("select count(*) - count(distinct a) from primary", "= 0"),
            sql("select count(distinct a) / count(*) from primary", "= 1"),
            sql("select count(*) from (select a from primary group by a having count(*) > 1) t", "= 0"),
        ),
        ('IsUnique "a" "b"', 'IsComplete "a"', 'DistinctValuesCount "a" > 5', 'Uniqueness "a" < 0.1'),
    ),
    Kind(
        'IsPrimaryKey "a" "b"',
        ('IsPrimaryKey "b" "a"', '(IsUnique "b" "a") and (IsComplete "b") and (ColumnValues "a" != NULL)'),
        ('IsUnique "a" "b"', 'IsPrimaryKey "a"', 'IsComplete "a"', '(IsComplete "a") and (IsComplete "b")'),
    ),
    Kind(
        'ColumnValues "a" in ["x", "y"]',
        (
            'ColumnValues "a" in ["y", "x"]',
            'ColumnValues "a" in ["x", "y", "z", NULL]',
            'ColumnValues "a" = "x"',
            'ColumnValues "a" matches "x|y"',
            'ColumnValues "a" matches "^(x|y)$"',
            '(ColumnValues "a" = "x") or (ColumnValues "a" = "y")',
            sql(f"{ROWS} where a in ('y', 'x') or a is null"),
            sql(f"{ROWS} where a = 'x' or 'y' = a"),
            sql(f"{COUNT} where a not in ('x', 'y')", "= 0"),
            sql("select a, b from primary where a rlike '^(x|y)$'"),
        ),
        (
            'ColumnValues "a" not in ["n/a"]',
            'ColumnValues "a" matches "[a-z]+"',
            'IsComplete "a"',
            'DistinctValuesCount "a" <= 20',
        ),
    ),
    Kind(
        'ColumnValues "a" matches "[a-z]+"',
        (
            'ColumnValues "a" matches "[a-z]{1,9}"',
            'ColumnValues "a" matches "x|y"',
            sql(f"{ROWS} where a rlike '^[a-z]+$'"),
            sql(f"{ROWS} where a like 'x%' or a is null"),
            sql(f"{COUNT} where not regexp_like(a, '[a-z]+')", "= 0"),
        ),
        ('ColumnValues "a" in ["x"]', 'ColumnValues "a" not matches "[0-9]+"', 'ColumnLength "a" <= 9'),
    ),
    Kind(
        'ColumnValues "a" <= 100',
        (
            'ColumnValues "a" < 500',
            'ColumnValues "a" between 0 and 500',
            'ColumnValues "a" not between 500 and 90000',
            'ColumnValues "a" in [1, 2, 3]',
            'ColumnValues "a" < max(last(5))',
            'RowCount = 0 where "a > 99"',
            sql(f"{ROWS} where a <= 120 or a is null"),
            sql(f"{ROWS} where 120 >= a"),
            sql(f"{ROWS} where a between 0 and 120"),
            sql(f"{COUNT} where a > 500", "= 0"),
            sql(f"{COUNT} where a > 500 and a is not null", "<= 2"),
            sql("select max(a) from primary", "< 1000"),
        ),
        (
            'ColumnValues "a" >= 0',
            'ColumnValues "a" != 5',
            'Mean "a" < 50',
            'ColumnLength "a" <= 3',
            sql(f"{ROWS} where a >= 0"),
            sql(f"{COUNT} where a < 0", "= 0"),
            sql("select min(a) from primary", "> 0"),
        ),
    ),
    Kind(
        'ColumnValues "a" != EMPTY',
        (
            'ColumnValues "a" not in [EMPTY, "n/a"]',
            'ColumnValues "a" != WHITESPACES_ONLY',
            'ColumnLength "a" >= 1',
            sql(f"{ROWS} where trim(a) <> ''"),
            sql(f"{COUNT} where a = ''", "= 0"),
        ),
        ('ColumnValues "a" != NULL', 'ColumnValues "a" != "n/a"', 'ColumnLength "a" <= 9'),
    ),
    Kind(
        'ColumnLength "a" <= 10',
        ('ColumnLength "a" < 20', 'ColumnLength "a" = 8', 'ColumnLength "a" between 1 and 30',
         'ColumnLength "a" in [7, 8]', sql(f"{ROWS} where length(a) <= 12"),
         sql(f"{COUNT} where char_length(a) > 99", "= 0")),
        ('ColumnLength "a" >= 2', 'ColumnValues "a" <= 10'),
    ),
    Kind(
        'ColumnDataType "a" = "Integer"',
        ('ColumnDataType "a" = "Double" with threshold > 0.9', 'ColumnDataType "a" in ["Long", "Integer"]',
         'ColumnDataType "a" != "String"'),
        ('ColumnValues "a" > 0',),
    ),
    Kind(
        "RowCount between 10 and 90",
        ("RowCount > 1", "RowCount < 1000", "RowCount = 50", "RowCount in [50, 51]", "RowCount != 0",
         "RowCount not between -1 and 10", "RowCount >= 0.9 * avg(last(3))", sql(COUNT, "> 5"),
         sql("select count(1) from primary as t", "between 1 and 5"), 'RowCount < 500 where "a is not null"'),
        ('IsComplete "a"', "ColumnCount = 10", 'RowCountMatch "other" = 1', 'RowCount = 0 where "a < 0"'),
    ),
    Kind("RowCount <= 90", ("RowCount < 1000", "RowCount = 5", "RowCount not between 100 and 200",
                            sql(f"{COUNT} where a is not null", "< 500")), ("RowCount > 1", "RowCount != 0")),
    Kind("ColumnCount = 10", ("ColumnCount > 5", "ColumnCount between 9 and 11", "ColumnCount in [10]"),
         ('ColumnExists "a"', "RowCount = 10")),
    Kind('ColumnExists "a"', ('ColumnExists "A"',), ('ColumnExists "b"', 'IsComplete "a"')),
    Kind('ColumnNamesMatchPattern "[a-z]+"', ('ColumnNamesMatchPattern "[a-z_]{1,30}"',), ("ColumnCount > 1",)),
    Kind('Mean "a" between 4 and 6',
         ('Mean "a" = 5', 'Mean "a" > 1', 'Mean "a" in [5]', 'Mean "a" not between -9 and 1',
          sql("select avg(a) from primary where b > 0", "> 3"), sql("SELECT mean(`A`) FROM primary", "< 9")),
         ('Sum "a" > 5', 'ColumnValues "a" between 4 and 6', 'Mean "b" > 1')),
    Kind('Sum "a" > 5', ('Sum "a" >= 0', 'Sum "a" = 7', sql("select sum(a) from primary", "> 3")),
         ('Sum "a" < 100', 'Mean "a" > 5')),
    Kind('StandardDeviation "a" < 5',
         ('StandardDeviation "a" between 0 and 9', 'Variance "a" < 25', sql("select stddev(a) from primary", "< 9"),
          sql("select variance(a) from primary", "< 9")),
         ('StandardDeviation "a" > 0', 'Range "a" < 5')),
    *(Kind(f'{metric} "a" between 1 and 9', (f'{metric} "a" > 0', f'{metric} "a" in [5]', f'{metric} "a" = 5'),
           ('Mean "a" > 0',))
      for metric in ("Entropy", "DistinctValuesCount", "Range", "Skewness", "Kurtosis", "InterquartileRange",
                     "ZerosCount")),
    Kind('ColumnCorrelation "a" "b" > 0.5', ('ColumnCorrelation "b" "a" >= 0.1', 'ColumnCorrelation "a" "b" = 1'),
         ('ColumnCorrelation "a" "b" < 0.9', 'ColumnCorrelation "a" "c" > 0.5')),
    Kind('DataFreshness "a" <= 3 days',
         ('DataFreshness "a" < 80 hours', 'DataFreshness "a" between 1 hours and 9 days',
          'ColumnValues "a" > (now() - 4 days)'),
         ('DataFreshness "b" <= 3 days', 'ColumnValues "a" <= now()', 'ColumnValues "a" > "2020-01-01"')),
    Kind('ColumnValues "a" > (now() - 4 days)', ('DataFreshness "a" <= 3 days', 'ColumnValues "a" > "2020-01-01"'),
         ('ColumnValues "a" <= now()',)),
    Kind('ReferentialIntegrity "a,b" "other.{x,y}" = 1',
         ('ReferentialIntegrity "b, a" "other.{y, x}" > 0.5', 'ReferentialIntegrity "a,b" "OTHER.{X,Y}" >= 0.9'),
         ('ReferentialIntegrity "a,b" "third.{x,y}" = 1', 'ReferentialIntegrity "a" "other.x" = 1')),
    Kind('DatasetMatch "other" "a->x,b" = 1',
         ('DatasetMatch "other" "b->b, a->x" > 0.5', 'DatasetMatch "OTHER" "b,a->x" >= 0.9'),
         ('DatasetMatch "other" "a->x" = 1', 'DatasetMatch "third" "a->x,b" = 1')),
    Kind('AggregateMatch "sum(a)" "sum(other.x)" = 1',
         ('AggregateMatch "SUM( A )" "sum(other.x)" > 0.9', 'AggregateMatch "sum(other.x)" "sum(primary.a)" > 0.9'),
         ('AggregateMatch "avg(a)" "avg(other.x)" = 1', 'AggregateMatch "sum(b)" "sum(other.x)" = 1')),
    Kind('RowCountMatch "other" = 1', ('RowCountMatch "OTHER" > 0.9',), ('RowCountMatch "third" = 1', "RowCount > 1")),
    Kind('SchemaMatch "other" = 1', ('SchemaMatch "other" > 0.9',), ('SchemaMatch "third" = 1',)),
    Kind('DetectAnomalies "Mean" "a"', ('DetectAnomalies "mean" "A"',), ('DetectAnomalies "RowCount"', 'Mean "a" > 1')),
    Kind('FileSize "s3://b/x" > 5 MB', ('FileSize "s3://b/x/" >= 1 KB', 'FileSize "s3://b/x" between 1 KB and 1 GB'),
         ('FileSize "s3://b/y" > 5 MB', 'FileSize "s3://b/x" < 5 GB')),
    Kind('FileFreshness "s3://b/x" > "2024-01-01"', ('FileFreshness "s3://b/x" > (now() - 2 days)',),
         ('FileFreshness "s3://b/y" > "2024-01-01"',)),
    Kind('FileMatch "s3://b/x" "s3://b/y"', ('FileMatch "s3://b/y" "s3://b/x"',), ('FileMatch "s3://b/x" "s3://b/z"',)),
    Kind("FileUniqueness > 0.9", ("FileUniqueness = 1",), ('FileUniqueness "s3://b/x" > 0.9',)),
    Kind(
        sql(f"{ROWS} where a >= b or a is null"),
        (
            sql("SELECT A, B FROM primary WHERE B <= A"),
            sql(f"{ROWS} p where not (p.a < p.b) and 1 = 1"),
            sql(f"{ROWS} where (a is null or a >= b) and c > 5"),
            sql(f"{ROWS} /* again */ where `a`>=`b` or a is null or b is null", "with threshold > 0.5"),
            sql(f"{COUNT} where a < b", "= 0"),
            sql(f"{COUNT} where b > a and a is not null", "<= 7"),
            sql("select count_if(a < b) from primary", "= 0"),
            sql("select sum(if(a < b, 1, 0)) from primary", "= 0"),
            'RowCount = 0 where "a < b"',
        ),
        (sql(f"{ROWS} where a <= b"), sql(f"{ROWS} where a >= c"), sql(f"{ROWS} where a is not null"),
         'ColumnValues "a" >= 5'),
    ),
    Kind(
        sql("select count(*) from primary t join other o on t.a = o.x where o.y > 5", "= 0"),
        (sql("SELECT COUNT(*) FROM primary q JOIN other r ON q.a = r.x WHERE r.y > 17", "< 3"),),
        (sql("select count(*) from primary t join third o on t.a = o.x where o.y > 5", "= 0"),),
    ),
    Kind(
        '(IsComplete "a") and (IsUnique "b")',
        ('(Uniqueness "b" > 0.9) and (Completeness "a" > 0.9)',
         '(IsComplete "a") and (RowCount > 1) and (IsPrimaryKey "b")',
         '((IsUnique "b") or (UniqueValueRatio "b" > 0.8)) and (ColumnValues "a" != NULL)'),
        ('IsComplete "a"', 'IsUnique "b"', '(IsComplete "a") or (IsUnique "b")'),
    ),
    Kind(
        '(IsComplete "a") or (IsComplete "b")',
        ('IsComplete "a"', 'Completeness "b" > 0.5', '(ColumnValues "b" != NULL) or (IsComplete "a")',
         '(RowCount > 1) and ((IsComplete "b") or (IsComplete "a"))',
         sql(f"{ROWS} where a is not null or b is not null")),
        ('(IsComplete "a") or (IsComplete "c")', 'IsUnique "a"'),
    ),
)  # fmt: skip
"""Over the columns a, b and c of the primary table."""

FILTERED = ("IsComplete", "Completeness", "IsUnique", "Uniqueness", "ColumnLength", "Mean", "Sum", "ColumnValues")
THRESHOLD = ("ColumnValues", "ColumnDataType")


def named(rule: str, names: Mapping[str, str]) -> str:
    """The rule with its columns called otherwise, in SQL too; patterns like [a-z] stay."""
    words = "|".join(names)
    return re.sub(rf"(?i)(?<![\[/])\b({words})\b(?!-[^>])", lambda found: names[found[1].lower()], rule)


def disguised(rule: str) -> Iterator[str]:
    """A rule, and rules that hide it: behind a filter, a threshold, a label, an ``and``, an ``or`` of nothing else."""
    yield rule
    plain = "where" not in rule and "with" not in rule and not rule.startswith("(")
    if plain and rule.split()[0] in FILTERED:
        yield f'{rule} where "c > 0 and c is not null"'
    if plain and rule.split()[0] in THRESHOLD:
        yield f"{rule} with threshold > 0.5"
    yield f"(ColumnCount < 99) and ({rule})"
    yield f"({rule}) or ({rule})"
