"""ColumnDataType: what can be read as a type, and what other columns are as types."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from tests.support import cast_cases
from tests.support.rule_cases import Cases
from tools import dqdl

CODES = pa.table(
    {
        "whole": ["1", "-2", " 3 "],
        "part": ["1.5", "2", None],
        "words": ["yes", "F", "0"],
        "dates": ["2024-01-05", "2024-1-5", "2024"],
        "times": ["2024-01-05 10:20:30", "2024-01-05T10:20:00", "2024-01-05"],
        "dmy": ["31-12-2024", "01-02-2024", "30-02-2024"],
        "slashes": ["12/31/2024", "1/2/2024", "02/29/2023"],
        "months": ["12-2024", "13-2024", "1-2024"],
        "days": ["29-02", "31-12", "28-02"],
        "mixed": ["x", "", None],
        "huge": ["999.99", "1000", "999.995"],
        "void": [None, None, None],
        "row": [1, 2, 3],
    }
)


def _share(column: str, share: float) -> dict[str, float]:
    return {f"{column}:ColumnDataType.Compliance": share}


CASES = Cases(
    {"primary": CODES},
    {
        'ColumnDataType "whole" = "INTEGER"': ("Passed", 0, _share("whole", 1)),
        'ColumnDataType "whole" = "Integer"': ("Passed", 0),
        'ColumnDataType "whole" = "Long"': ("Passed", 0),
        'ColumnDataType "whole" = "INTEGRAL"': ("Passed", 0),
        'ColumnDataType "whole" = "fractional"': ("Passed", 0),
        'ColumnDataType "whole" != "INTEGER"': ("Failed", 3, _share("whole", 0)),
        'ColumnDataType "whole" = "DATE"': ("Failed", 3),
        # '1.5' casts to 1 in Spark; NULL casts to nothing.
        'ColumnDataType "part" = "INTEGER"': ("Failed", 1, _share("part", 2 / 3)),
        'ColumnDataType "part" = "INTEGRAL"': ("Failed", 2),
        'ColumnDataType "part" = "DOUBLE" with threshold > 0.5': ("Passed", 1, _share("part", 2 / 3)),
        'ColumnDataType "part" = "Float" with threshold between 0.5 and 0.7': ("Passed", 1),
        'ColumnDataType "part" = "DOUBLE" where "part is not null"': ("Passed", 0),
        'ColumnDataType "part" != "DOUBLE"': ("Failed", 2),
        'ColumnDataType "words" = "BOOLEAN"': ("Passed", 0),
        'ColumnDataType "dates" = "Date"': ("Passed", 0),
        'ColumnDataType "dates" = "TIMESTAMP"': ("Passed", 0),
        'ColumnDataType "times" = "TIMESTAMP"': ("Passed", 0),
        'ColumnDataType "mixed" = "DOUBLE"': ("Failed", 3),
        'ColumnDataType "mixed" != "DOUBLE"': ("Passed", 0, _share("mixed", 1)),
        'ColumnDataType "void" = "DATE"': ("Failed", 3),
        'ColumnDataType "void" != "DATE"': ("Passed", 0),
        'ColumnDataType "huge" = "DECIMAL(5,2)"': ("Failed", 2),
        'ColumnDataType "huge" = "decimal( 6 , 2 )"': ("Passed", 0),
        # Formats take as many digits as they have letters.
        'ColumnDataType "dmy" = "DATE" with format = "dd-MM-yyyy"': ("Failed", 1, _share("dmy", 2 / 3)),
        'ColumnDataType "dmy" = "DATE" with format = "dd-MM-yyyy" with threshold > 0.6': ("Passed", 1),
        'ColumnDataType "dmy" != "DATE" with format = "MM-dd-yyyy"': ("Failed", 1),
        'ColumnDataType "dmy" = "DATE" with format = "dd/MM/yyyy"': ("Failed", 3),
        'ColumnDataType "slashes" = "DATE" with format = "MM/dd/yyyy"': ("Failed", 2),
        'ColumnDataType "dates" = "DATE" with format = "yyyy-MM-dd"': ("Failed", 2),
        'ColumnDataType "months" = "DATE" with format = "MM-yyyy"': ("Failed", 2),
        'ColumnDataType "days" = "DATE" with format = "dd-MM"': ("Failed", 1),
        'ColumnDataType "days" = "DATE" with format = "MM-dd"': ("Failed", 3),
        'ColumnDataType "dates" = "DATE" with format = "yyyy-MM"': ("Failed", 3),
        'ColumnDataType "dates" = "DATE" with format = "yyyy/MM/dd"': ("Failed", 3),
        # Nothing to check, and what cannot be asked.
        'ColumnDataType "whole" = "DATE" where "row > 9"': ("Passed!", None, {}),
        'ColumnDataType "whole" = "TEXT"': ("Error",),
        'ColumnDataType "whole" = "DECIMAL(40,2)"': ("Error",),
        'ColumnDataType "whole" = "DECIMAL(2,3)"': ("Error",),
        'ColumnDataType "whole" in ["INTEGER", "DATE"]': ("Error",),
        'ColumnDataType "whole" matches "INT.*"': ("Error",),
        'ColumnDataType "whole" = "DATE" with format = "yyyyMMdd"': ("Error",),
        'ColumnDataType "whole" = "INTEGER" with format = "yyyy-MM-dd"': ("Error",),
        'ColumnDataType "whole" = "DATE" with timeZone = "UTC"': ("Error",),
        'ColumnDataType "nope" = "DATE"': ("Failed", None, {}),
    },
)


@pytest.mark.parametrize("rule", CASES.expected)
def test_types(rule: str) -> None:
    CASES.check(rule)


TYPED = pa.table(
    {
        "int": [1, 200],
        "double": [1.0, float("nan")],
        "money": [Decimal("1.50"), Decimal("9.96")],
        "flag": [True, False],
        "day": [dt.date(2024, 1, 5)] * 2,
        "time": [dt.datetime(2024, 1, 5, 10, 20)] * 2,  # noqa: DTZ001
        "list": [[1], [2]],
    }
)
READ = {
    "int": "BOOLEAN INTEGER LONG FLOAT DOUBLE TIMESTAMP INTEGRAL FRACTIONAL DECIMAL(3,0)",
    "double": "BOOLEAN INTEGER LONG FLOAT DOUBLE FRACTIONAL",
    "money": "BOOLEAN INTEGER LONG FLOAT DOUBLE TIMESTAMP FRACTIONAL DECIMAL(3,2) DECIMAL(3,1)",
    "flag": "BOOLEAN INTEGER LONG FLOAT DOUBLE TIMESTAMP DECIMAL(3,2) DECIMAL(3,1) DECIMAL(3,0)",
    "day": "DATE TIMESTAMP",
    "time": "BOOLEAN INTEGER LONG FLOAT DOUBLE DATE TIMESTAMP",
    "list": "",
}
ALL = "BOOLEAN INTEGER LONG FLOAT DOUBLE DATE TIMESTAMP INTEGRAL FRACTIONAL DECIMAL(3,2) DECIMAL(3,1) DECIMAL(3,0)"


@pytest.mark.parametrize("column", READ)
def test_columns_of_a_type_are_what_spark_casts_them_to(column: str) -> None:
    rules = {name: f'ColumnDataType "{column}" = "{name}"' for name in ALL.split()}
    found = dqdl.evaluate(f"Rules = [{', '.join(rules.values())}]", {"primary": TYPED}).rules
    passed = {name for name, rule in zip(rules, found, strict=True) if rule.outcome == "Passed"}
    assert passed == set(READ[column].split()) | ({"DECIMAL(3,0)"} if column == "money" else set())


@pytest.mark.parametrize("where", ["", ' where "t is null"'])
def test_no_rows_are_of_every_type(where: str) -> None:
    empty = pa.table({"t": pa.array([], pa.string())})
    found = dqdl.evaluate(f'Rules = [ColumnDataType "t" = "DATE"{where}]', {"primary": empty}).rules[0]
    assert (found.outcome, found.vacuous, found.metrics) == ("Passed", True, {})


UNREAD = {"0x1p3", "2024-01-05T10:20:30 America/New_York", "2024-01-05 10:20:30 EST", "2024-01-05 10:20:30 PST"}
"""What Spark reads and Assay does not: hexadecimal fractions, and time zones by name."""
NAMES = {"int": "INTEGER", "bigint": "LONG"}


@pytest.mark.parametrize("type_", sorted({case.type for case in cast_cases.CASES} - {"smallint"}))
def test_texts_are_read_as_spark_reads_them(type_: str) -> None:
    cases = [case for case in cast_cases.CASES if case.type == type_]
    table = pa.table({"t": [case.text for case in cases]})
    rule = f'Rules = [ColumnDataType "t" = "{NAMES.get(type_, type_.upper())}"]'
    batches = dqdl.row_level(rule, {"primary": table})
    found = {row["t"]: row["DataQualityEvaluationResult"] == "Passed" for batch in batches for row in batch.to_pylist()}
    assert found == {case.text: case.castable and case.text not in UNREAD for case in cases}
