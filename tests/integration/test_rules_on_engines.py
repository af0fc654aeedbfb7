"""The cases of the rules give on every engine what they give on DuckDB."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.integration.test_dqdl_rules_rows import TABLES
from tests.support.rule_cases import NOW, Cases
from tests.support.same_table import postgres_uri
from tests.unit import test_dqdl_rules_numbers
from tools import dqdl, sources
from tools.sources.table import Table

CASES: dict[str, Cases] = {**TABLES, "numbers": test_dqdl_rules_numbers.CASES}
CASES.pop("structs")
WHOLE_TABLE = ("ColumnCount", "SchemaMatch", "ColumnNamesMatchPattern", "DuplicateRowCount =")
"""Rules that see the columns which an engine cannot hold."""
POSTGRES = {
    **{pa.int64(): "bigint", pa.int32(): "integer", pa.float64(): "double precision", pa.float32(): "real"},
    **{pa.bool_(): "boolean", pa.date32(): "date", pa.timestamp("us"): "timestamp", pa.string(): "text"},
    pa.timestamp("us", "Asia/Tokyo"): "timestamptz",
    pa.timestamp("us", "America/New_York"): "timestamptz",
}
MYSQL = {
    **{pa.int64(): "bigint", pa.int32(): "int", pa.float64(): "double", pa.bool_(): "boolean"},
    **{pa.date32(): "date", pa.timestamp("us"): "datetime(6)", pa.string(): "varchar(200)"},
}
Load = Callable[[str, pa.Table], Table]


def _held(table: pa.Table, types: Mapping[pa.DataType, str], *, finite: bool = False) -> dict[str, str]:
    """The columns that an engine can hold, with their types there."""
    found = {}
    for column in table.schema:
        decimal = pa.types.is_decimal(column.type)
        name = f"decimal({column.type.precision}, {column.type.scale})" if decimal else types.get(column.type)
        values = table[column.name].to_pylist()
        if name and not (finite and any(isinstance(value, float) and not math.isfinite(value) for value in values)):
            found[column.name] = name
    return found


def _filled(cursor: Any, name: str, table: pa.Table, columns: Mapping[str, str], quote: str) -> None:
    listed = ", ".join(f"{quote}{column}{quote} {type_}" for column, type_ in columns.items())
    cursor.execute(f"create table {name} ({listed})")
    marks = ", ".join(["%s"] * len(columns))
    rows = [list(row.values()) for row in table.select(list(columns)).to_pylist()]
    if rows:
        cursor.executemany(f"insert into {name} values ({marks})", rows)


def _postgres(request: pytest.FixtureRequest) -> Load:
    server = request.getfixturevalue("store_server")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("drop database if exists cases with (force)")
        connection.execute("create database cases")

    def load(name: str, table: pa.Table) -> Table:
        with psycopg.connect(server, dbname="cases", autocommit=True) as connection, connection.cursor() as cursor:
            _filled(cursor, name, table, _held(table, POSTGRES), '"')
        return sources.open(postgres_uri(conninfo_to_dict(server, dbname="cases"), name))

    return load


def _mysql(request: pytest.FixtureRequest) -> Load:
    server = request.getfixturevalue("mariadb_server")
    server.run("create or replace database cases")

    def load(name: str, table: pa.Table) -> Table:
        connection = server.connect("cases")
        with connection, connection.cursor() as cursor:
            _filled(cursor, name, table, _held(table, MYSQL, finite=True), "`")
        return sources.open(server.uri("cases", name))

    return load


def _spark(request: pytest.FixtureRequest) -> Load:
    session = request.getfixturevalue("spark_session")
    return lambda name, table: sources.open(session.createDataFrame(table))


@pytest.fixture(scope="module", params=[_postgres, _mysql, _spark], ids=["postgres", "mysql", "spark"])
def load(request: pytest.FixtureRequest) -> Iterator[Load]:
    """Brings a table to an engine."""
    with ExitStack() as stack:
        bring = request.param(request)
        yield lambda name, table: stack.enter_context(bring(name, table))


@pytest.mark.parametrize("group", CASES)
def test_cases_give_the_same(load: Load, group: str) -> None:
    cases = CASES[group]
    tables = {alias: load(f"{group}_{alias}", table) for alias, table in cases.tables.items()}
    known = {alias: {field.name for field in table.fields} for alias, table in tables.items()}
    gone = {name for alias, table in cases.tables.items() for name in table.column_names if name not in known[alias]}
    hidden = (*gone, *(WHOLE_TABLE if gone else ()))
    asked = {
        rule: found
        for rule, found in cases.results.items()
        if not any(re.search(rf"\b{re.escape(word)}", rule) for word in hidden)
    }
    answers = dqdl.evaluate(f"Rules = [{', '.join(asked)}]", tables, now=NOW).rules
    different = [
        f"{rule}: {wanted.outcome} {wanted.failed_rows} {wanted.metrics} -> {got}"
        for (rule, wanted), got in zip(asked.items(), answers, strict=True)
        if (wanted.outcome, wanted.failed_rows, wanted.vacuous) != (got.outcome, got.failed_rows, got.vacuous)
        or got.metrics != pytest.approx(wanted.metrics, rel=1e-9)
    ]
    assert different == []
    assert len(asked) > len(cases.results) / 2
