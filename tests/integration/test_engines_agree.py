"""One corpus of rules on the same data gives the same outcomes, metrics and failed rows on every engine."""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlglot import exp

from tests.support import cast_cases, engine_tables, regex_cases
from tests.support.aws.athena import Athena
from tests.support.aws.rds_data import CLUSTER, SECRET, RdsData
from tests.support.aws.rds_data_engines import on_mysql, on_postgres
from tests.support.aws.redshift import Redshift
from tests.support.aws.service import run
from tests.support.engine_rules import CORPUS, NOT_NUMBERS, ruleset
from tests.support.icebergs import data_files, delete_positions, local_catalog, make
from tests.support.same_table import postgres_uri
from tools import dqdl, sources
from tools.dqdl import regex
from tools.dqdl.lowering import lower
from tools.dqdl.plans.plan import RuleError
from tools.dqdl.plans.result import Evaluation
from tools.sources.table import Table

NOW = datetime(2024, 6, 30, 12, tzinfo=UTC)
ENGINES = ["postgres", "mysql", "spark"]
ORDERS = (engine_tables.ORDERS, engine_tables.orders())
TEXTS = [case.text for case in cast_cases.CASES]
TABLES: dict[str, tuple[dict[str, Any], engine_tables.Rows]] = {
    "orders": ORDERS,
    "twin": ORDERS,
    "cities": (engine_tables.CITIES, engine_tables.cities()),
    "doubles": (engine_tables.DOUBLES, engine_tables.doubles()),
    "texts": (
        {"id": engine_tables.ORDERS["id"], "x": engine_tables.ORDERS["note"]},
        [{"id": index, "x": text} for index, text in enumerate(TEXTS)],
    ),
}
Tables = dict[str, Table]


def _duckdb(stack: ExitStack, request: pytest.FixtureRequest) -> Tables:
    return {name: stack.enter_context(sources.open(engine_tables.arrow(*data))) for name, data in TABLES.items()}


def _iceberg(stack: ExitStack, request: pytest.FixtureRequest) -> Tables:
    """Each in one file, since sums of deviations that are put together differ by more than 1e-9 in DuckDB.

    The manifests tell what is known of a table; of ``twin`` they do not, for there half of the rows were deleted.
    """
    folder = request.getfixturevalue("tmp_path_factory").mktemp("iceberg")
    with closing(local_catalog(folder)) as catalog:
        for name, data in TABLES.items():
            rows = engine_tables.arrow(*data)
            table = make(catalog, f"shop.{name}", pa.concat_tables([rows, rows]) if name == "twin" else rows)
            if name == "twin":
                gone = range(rows.num_rows, 2 * rows.num_rows)
                delete_positions(table, {path: gone for path in data_files(table)})
    return {name: stack.enter_context(sources.open(f"iceberg://{folder}/catalog.db/shop.{name}")) for name in TABLES}


def _postgres(stack: ExitStack, request: pytest.FixtureRequest) -> Tables:
    place = conninfo_to_dict(_in_postgres(request, "agree"), dbname="agree")
    return {name: stack.enter_context(sources.open(postgres_uri(place, name))) for name in TABLES}


def _redshift(stack: ExitStack, request: pytest.FixtureRequest) -> Tables:
    """The Data API in front of PostgreSQL."""
    stack.enter_context(run(Redshift(_in_postgres(request, "warehouse"))))
    return {
        name: stack.enter_context(sources.open(f"redshift://shop.eu-west-1/warehouse/public.{name}")) for name in TABLES
    }


def _rds_postgres(stack: ExitStack, request: pytest.FixtureRequest) -> Tables:
    """The RDS Data API in front of PostgreSQL."""
    stack.enter_context(run(RdsData(on_postgres(_in_postgres(request, "agree_rds")))))
    uri = f"rds-data://{CLUSTER}/agree_rds/{{}}?secret={SECRET}"
    return {name: stack.enter_context(sources.open(uri.format(name))) for name in TABLES}


def _rds_mysql(stack: ExitStack, request: pytest.FixtureRequest) -> Tables:
    """The same in front of MariaDB."""
    tables = _mysql(stack, request)
    stack.enter_context(run(RdsData(on_mysql(request.getfixturevalue("mariadb_server")))))
    uri = f"rds-data://{CLUSTER}/agree/{{}}?secret={SECRET}&engine=mysql"
    return {name: stack.enter_context(sources.open(uri.format(name))) for name in tables}


def _athena(stack: ExitStack, request: pytest.FixtureRequest) -> Tables:
    """Athena's API in front of DuckDB."""
    athena = Athena()
    stack.enter_context(run(athena))
    uris = {name: athena.load("warehouse", name, engine_tables.arrow(*data)) for name, data in TABLES.items()}
    return {name: stack.enter_context(sources.open(uri)) for name, uri in uris.items()}


def _in_postgres(request: pytest.FixtureRequest, database: str) -> str:
    server: str = request.getfixturevalue("store_server")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop database if exists {database} with (force)".encode())
        connection.execute(f"create database {database}".encode())
    with psycopg.connect(server, dbname=database, autocommit=True) as connection, connection.cursor() as cursor:
        for name, (columns, rows) in TABLES.items():
            cursor.execute(engine_tables.create(columns, name, "postgres").encode())
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"insert into {name} values ({marks})".encode(), [list(row.values()) for row in rows])
    return server


def _mysql(stack: ExitStack, request: pytest.FixtureRequest) -> Tables:
    server = request.getfixturevalue("mariadb_server")
    server.run("create or replace database agree")
    names = [name for name in TABLES if name != "doubles"]
    connection = server.connect("agree")
    with connection, connection.cursor() as cursor:
        for name in names:
            columns, rows = TABLES[name]
            cursor.execute(engine_tables.create(columns, name, "mysql"))
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"insert into {name} values ({marks})", [list(row.values()) for row in rows])
    return {name: stack.enter_context(sources.open(server.uri("agree", name))) for name in names}


def _spark(stack: ExitStack, request: pytest.FixtureRequest) -> Tables:
    session = request.getfixturevalue("spark_session")
    frames = {name: session.createDataFrame(engine_tables.arrow(*data)) for name, data in TABLES.items()}
    return {name: stack.enter_context(sources.open(frame)) for name, frame in frames.items()}


_MAKERS = {
    "duckdb": _duckdb,
    "iceberg": _iceberg,
    "postgres": _postgres,
    "mysql": _mysql,
    "spark": _spark,
    "redshift": _redshift,
    "athena": _athena,
    "rds-postgres": _rds_postgres,
}
if os.environ.get("ASSAY_THOROUGH"):  # what it answers is what MySQL answers
    _MAKERS["rds-mysql"] = _rds_mysql


@pytest.fixture(scope="module", params=list(_MAKERS))
def engine(request: pytest.FixtureRequest) -> Iterator[Tables]:
    """The tables on one engine."""
    with ExitStack() as stack:
        yield _MAKERS[request.param](stack, request)


@cache
def expected(text: str, primary: str) -> Evaluation:
    """What DuckDB says of Arrow tables."""
    tables = {name: engine_tables.arrow(*data) for name, data in TABLES.items()}
    return evaluate(tables, text, primary)


def evaluate(tables: Mapping[str, Any], text: str, primary: str) -> Evaluation:
    given = {"primary": tables[primary], "cities": tables["cities"], "twin": tables["twin"]}
    return dqdl.evaluate(dqdl.parse(ruleset(text)), given, now=NOW)


def same(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)


def close(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other or abs(one - other) <= 1e-9 * max(1.0, abs(one), abs(other))


def differences(text: str, primary: str, tables: Tables) -> list[str]:
    found = []
    for wanted, got in zip(expected(text, primary).rules, evaluate(tables, text, primary).rules, strict=True):
        same_verdict = (wanted.outcome, wanted.failed_rows, wanted.vacuous) == (
            got.outcome,
            got.failed_rows,
            got.vacuous,
        )
        if not same_verdict or not same(wanted.metrics, got.metrics):
            found.append(f"{wanted.rule}: {wanted.outcome} {wanted.metrics} {wanted.failed_rows} -> {got}")
    return found


@pytest.mark.parametrize("group", list(CORPUS))
def test_rules(engine: Tables, group: str) -> None:
    assert differences(CORPUS[group], "orders", engine) == []


@pytest.mark.parametrize("group", ["values", "tables"])
def test_failing_rows(engine: Tables, group: str) -> None:
    pairs = zip(expected(CORPUS[group], "orders").rules, evaluate(engine, CORPUS[group], "orders").rules, strict=True)
    for wanted, got in pairs:
        assert len(got.examples) == len(wanted.examples), str(wanted.rule)
        if (wanted.failed_rows or 0) == len(wanted.examples):
            assert {row["id"] for row in got.examples} == {row["id"] for row in wanted.examples}, str(wanted.rule)


def test_rules_about_nan_and_infinity(engine: Tables) -> None:
    if engine["orders"].dialect == "mysql":
        pytest.skip("MySQL has no NaN")
    assert differences(NOT_NUMBERS, "doubles", engine) == []


def test_the_corpus_is_large_and_decides_both_ways() -> None:
    verdicts = [rule for text in CORPUS.values() for rule in expected(text, "orders").rules]
    verdicts += expected(NOT_NUMBERS, "doubles").rules
    count = Counter(rule.outcome for rule in verdicts)
    assert len(verdicts) > 250
    assert count["Failed"] > 60
    assert [rule.reason for rule in verdicts if rule.outcome == "Error" and "aggregates" not in rule.reason] == []


# Spark reads these in one way or another; no other engine knows all zones, and not all have years of five digits.
NOT_READ = {"0x1p3", "2024-01-05T10:20:30 America/New_York", "2024-01-05 10:20:30 EST", "2024-01-05 10:20:30 PST"}
CAST_TYPES = list(dict.fromkeys(case.type for case in cast_cases.CASES))


@pytest.mark.parametrize("type_", CAST_TYPES)
def test_texts_read_as_types(engine: Tables, type_: str) -> None:
    table = engine["texts"]
    read = exp.TryCast(this=exp.column("x", quoted=True), to=exp.DataType.build(type_))
    shown = exp.cast(read, "text") if type_ == "timestamp" else read
    query = exp.select(exp.column("id", quoted=True), exp.alias_(shown, "v")).from_(table.relation())
    answer = table.query(lower(query, table.dialect, table.fields)).to_pylist()
    got = {row["id"]: row["v"] for row in answer}
    wrong = [
        (case.text, case.value, got[index])
        for index, case in enumerate(cast_cases.CASES)
        if case.type == type_ and not as_wanted(case, got[index], table.dialect)
    ]
    assert wrong == []


def as_wanted(case: cast_cases.CastCase, got: Any, dialect: str) -> bool:
    if case.value is None or case.text in NOT_READ or got is None:
        return got is None and (case.value is None or case.text in NOT_READ)
    if case.type in ("double", "float"):
        wanted = float(case.value)
        if dialect == "mysql" and not math.isfinite(wanted):
            return bool(abs(got) > 3.4e38)
        # As a float of 32 bits it is read as a double, which Spark rounds further.
        return close(wanted, got) or (case.type == "float" and close(float(np.float32(got)), wanted))
    if case.type == "boolean":
        return bool(got) == (case.value == "true")
    if case.type == "date":
        return bool(got == _day(case))
    if case.type == "timestamp":
        # Athena adds times to the millisecond, where a text is not written as usual.
        return bool(got == _moment(case.value)) or (dialect == "athena" and _moment(case.value).startswith(got))
    return bool(got == Decimal(case.value))


def _day(case: cast_cases.CastCase) -> date:
    """Years below 1 and above 9999 are their first and last day."""
    value = case.value or ""
    if value.startswith(("-", "0000")):
        return date.min
    return date.max if value.startswith("+") else date.fromisoformat(value)


def _moment(value: str) -> str:
    if value.startswith(("-", "0000")):
        return "0001-01-01 00:00:00"
    return "9999-12-31 00:00:00" if value.startswith("+") else value.replace("today", str(datetime.now(UTC).date()))


# Java 17 takes é for a letter of a word at \b; Java 19 does not, nor do we.
OTHER_WORDS = {(pattern, text) for pattern, text, _ in regex_cases.CASES if r"\b" in pattern and "\xe9" in text}
NOT_SUPPORTED = {r"\101", r"\1", r"\G1", r"^\X$", "(?<=a+)b", "(?<=ab{1,3})c"}
LOOKS = re.compile(r"\(\?<?[=!]|\(\?>|\+\+|\\[1k]")


BEHIND = {"redshift": ("postgres",), "athena": ("duckdb",)}
"""What stands in for a warehouse here may do fewer patterns than it."""


def test_regular_expressions(engine: Tables) -> None:
    table = engine["cities"]
    cases, refused = [], set()
    for pattern, text, found in regex_cases.CASES:
        try:
            for dialect in (table.dialect, *BEHIND.get(table.dialect, ())):
                regex.check(pattern, dialect)
        except RuleError:
            refused.add(pattern)
            continue
        if (pattern, text) not in OTHER_WORDS:
            cases.append((pattern, text, found))
    searches = [
        exp.RegexpLike(this=exp.Literal.string(text), expression=exp.Literal.string(pattern))
        for pattern, text, _ in cases
    ]
    got: list[Any] = []
    for start in range(0, len(searches), 100):
        flags = [exp.alias_(search, f"f{index}") for index, search in enumerate(searches[start : start + 100])]
        query = exp.select(*flags).from_(table.relation()).limit(1)
        got += table.query(lower(query, table.dialect, table.fields)).to_pylist()[0].values()
    assert [(case, flag) for case, flag in zip(cases, got, strict=True) if bool(flag) != case[2]] == []
    assert {pattern for pattern in refused - NOT_SUPPORTED if not LOOKS.search(pattern)} == set()
    if table.dialect == "spark":
        assert refused <= NOT_SUPPORTED
