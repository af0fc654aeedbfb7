"""Texts read as Spark reads them, without asking an engine."""

from sqlglot import exp

from tests.support import cast_cases
from tests.support.together import each
from tools.dqdl.plans import literals
from tools.sources.table import Field

FIELDS = {
    "boolean": Field("c", "BOOLEAN", "boolean"),
    "bigint": Field("c", "BIGINT", "number"),
    "double": Field("c", "DOUBLE", "number"),
    "date": Field("c", "DATE", "date"),
    "timestamp": Field("c", "TIMESTAMP", "timestamp"),
}
FAR = {"12024-01-05", "1234567-01-01", "-2024-01-05", "99999-01-01", "12024-01-05 10:00:00", "0000-01-01"}
ODD = {
    *("0x1p3", ".", "2024-01-05T10:20:30 America/New_York", "2024-01-05 10:20:30+0200", "2024-01-05 10:20:30+02"),
    *("2024-01-05 10:20:30 +02:00", "2024-01-05 10:20:30+19:00", "0000-01-01 00:00:00", "02024-01-05"),
}
"""Read otherwise than Spark does, for no rule needs to say it so; years of more than four digits too."""


def _cases() -> list[cast_cases.CastCase]:
    words = ("nan", "inf", "utc", "gmt", "est", "pst", "today")
    return [
        case
        for case in cast_cases.CASES
        if case.type in FIELDS
        and case.text not in FAR | ODD
        and not any(word in f"{case.text} {case.value}".lower() for word in words)
    ]


def test_constants_are_what_spark_casts_them_to() -> None:
    each(_cases(), is_what_spark_casts_it_to)


def is_what_spark_casts_it_to(case: cast_cases.CastCase) -> None:
    found = literals.read(FIELDS[case.type], "duckdb", case.text)
    if case.value is None or "e400" in case.text or "e-400" in case.text:
        assert found is None
        return
    assert found is not None
    if case.type == "boolean":
        assert found == exp.Boolean(this=case.value == "true")
    elif case.type in ("bigint", "double"):
        assert float(found.sql().strip("()")) == float(case.value)
    else:
        assert found.this.name.removesuffix(".000000").rstrip("0") == case.value.rstrip("0")
