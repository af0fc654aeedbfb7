"""What Redshift and Athena say of queries that fail: names are repeated, values never."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tools.sources import athena_errors, athena_types, redshift_errors, redshift_types

WHERE = "redshift://shop.eu-west-1/dev/orders"


@pytest.mark.parametrize(
    ("said", "cause", "sentence"),
    [
        ('ERROR: relation "public.x" does not exist', "statement", 'relation "public.x" does not exist.'),
        ('Query #4 failed with ERROR: column "overflow" does not exist in orders', "statement", 'column "overflow"'),
        ('ERROR: syntax error at or near "frm" Position: 10 [ErrorId: 1-65]', "statement", 'near "frm".'),
        ("ERROR: permission denied for relation orders", "statement", "permission denied for relation orders."),
        ("ERROR: Invalid digit, Value 'k', Pos 0, Type: Long Detail: private", "conversion", "cannot be read"),
        ('ERROR: invalid input syntax for type numeric: "private"', "conversion", "cannot be read"),
        ("ERROR: Numeric data overflow (result precision) Detail: private", "range", "out of the range"),
        ("ERROR: Divide by zero", "range", "divided by zero"),
        ("ERROR: Query (12) cancelled on user's request", "other", "cancelled on the server"),
        ("ERROR: canceling statement due to statement timeout", "time", "time limit"),
        ("ERROR: Disk Full Detail: private", "memory", "more memory or disk"),
        ("ERROR: something new about 'private'", "other", "a value that it met"),
    ],
)
def test_what_redshift_says(said: str, cause: str, sentence: str) -> None:
    error = redshift_errors.query_error(said, WHERE)
    assert error.cause == cause
    assert sentence in error.sentence
    assert str(error).startswith(WHERE)
    assert "private" not in str(error)
    assert "ErrorId" not in str(error)


@pytest.mark.parametrize(
    ("said", "cause", "sentence"),
    [
        ("COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved", "statement", "Column 'x' cannot be resolved."),
        ("TYPE_MISMATCH: line 2:5: Cannot apply operator: varchar = integer", "statement", "Cannot apply operator"),
        ("INVALID_CAST_ARGUMENT: Cannot cast 'private' to INT", "conversion", "cannot be read"),
        ("HIVE_BAD_DATA: Error parsing field value 'private' for field 3", "conversion", "the catalog declares"),
        ("GENERIC_USER_ERROR: private", "other", "a value that it met"),
        ("Query exhausted resources at this scale factor", "memory", "more memory"),
        ("Query timeout", "time", "time limit"),
        ("Bytes scanned limit was exceeded", "other", "workgroup"),
        ("PERMISSION_DENIED: Access Denied (Service: Amazon S3; private)", "statement", "private"),
        ("Insufficient Lake Formation permission(s): Required Select on orders", "statement", "is denied"),
        ("HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split s3://b/private.parquet", "other", "changed or removed"),
    ],
)
def test_what_athena_says(said: str, cause: str, sentence: str) -> None:
    error = athena_errors.query_error(said, "athena://eu-west-1/shop.orders")
    assert error.cause == cause
    assert sentence in error.sentence
    if sentence != "private":  # Athena's own words about rights
        assert "private" not in str(error)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (pa.date32(), "2024-02-29", "2024-02-29"),
        (pa.date32(), "0044-03-15 BC", "0001-01-01"),
        (pa.date32(), "10000-01-01", "9999-12-31"),
        (pa.timestamp("us"), "2024-02-29 10:00:00.5", "2024-02-29 10:00:00.500000"),
        (pa.timestamp("us"), "294276-12-31 23:59:59", "9999-12-31 23:59:59.999999"),
        (pa.timestamp("us", "UTC"), "2024-02-29 10:00:00+02", "2024-02-29 10:00:00+02:00"),
        (pa.time64("us"), "10:00:00.25", "10:00:00.250000"),
        (pa.decimal128(10, 2), "1.10", "1.10"),
        (pa.float64(), "NaN", "nan"),
    ],
)
def test_values_of_redshift(kind: pa.DataType, text: str, value: str) -> None:
    assert str(redshift_types.value_of({"stringValue": text}, kind)) == value
    assert redshift_types.value_of({"isNull": True}, kind) is None


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("timestamp with time zone", "2024-06-30 12:00:00.000 UTC", "2024-06-30 12:00:00+00:00"),
        ("timestamp with time zone", "2024-06-30 12:00:00.000 Europe/Berlin", "2024-06-30 12:00:00+02:00"),
        ("timestamp with time zone", "2024-06-30 12:00:00.000 +05:30", "2024-06-30 12:00:00+05:30"),
        ("timestamp(3)", "+10000-06-30 12:00:00.000", "9999-12-31 23:59:59.999999"),
        ("date", "-0044-03-15", "0001-01-01"),
        ("double", "1.0E300", "1e+300"),
        ("varbinary", "68 69", "b'hi'"),
        ("array(varchar)", "[a, b]", "[a, b]"),
        ("boolean", "true", "True"),
    ],
)
def test_values_of_athena(type_: str, text: str, value: str) -> None:
    column = athena_types.column_of({"Type": type_}, "x")
    read = athena_types.reader_of(column.type)(text)
    assert str(read) == value
    assert pa.array([read], column.type).null_count == 0


def test_families_of_types() -> None:
    declared = ["decimal(10,2)", "varchar(3)", "timestamp", "array<int>", "struct<a:int>", "date", "binary", "char(2)"]
    kinds = ["number", "text", "timestamp", "other", "other", "date", "other", "text"]
    assert [athena_types.kind_of(one) for one in declared] == kinds
    named = [{"typeName": name} for name in ("numeric", "bpchar", "super", "timestamptz", "geometry", "bool")]
    assert [redshift_types.kind_of(one) for one in named] == [
        "number",
        "text",
        "other",
        "timestamp",
        "other",
        "boolean",
    ]
    assert redshift_types.type_of({"typeName": "numeric", "precision": 10, "scale": 2}) == "numeric(10,2)"
    assert redshift_types.type_of({"typeName": "bpchar", "length": 3}) == "char(3)"
