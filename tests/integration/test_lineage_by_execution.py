"""Truth by execution: a source column is changed in DuckDB, and what moves is held against the lineage.

What can be proven of a query that gives the same answer twice:

- Nothing is missing. Where a source column has no dataset-wide edge it decides about no row. Then the rows,
  cut down to the output columns without any edge from it, must stay exactly the same, as a multiset. Where it has one,
  rows may come and go, and nothing can be said about single columns.
- Nothing is too much. An output column with a DIRECT edge must move under at least one change of the source.

Columns that only CONDITIONAL or WINDOW edges reach may move or not: a decision can fall the same way.
"""

import os
from collections.abc import Iterator

import duckdb
import pytest

from tests.support.shop_queries import SCHEMA, TABLES, Maker
from tools import lineage

SEEDS = 600 if os.environ.get("ASSAY_THOROUGH") else 40
NUMBERS = ("{0} * 3 + 7", "CASE WHEN rn % 2 = 0 THEN {0} END", "1000 - {0} * rn", "CASE WHEN rn < 0 THEN {0} END")
TEXTS = ("'q' || {0}", "CASE WHEN rn % 2 = 0 THEN {0} END", "rn::VARCHAR || {0}", "CASE WHEN rn < 0 THEN {0} END")


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    """The four tables, and beside them a schema for each change of one column."""
    connection = duckdb.connect(config={"threads": 1})
    for table, columns in TABLES.items():
        values = ", ".join(_column(table, name, kind) for name, kind in columns.items())
        connection.execute(f"CREATE TABLE {table} AS SELECT {values} FROM range(1, 25) r(i)")
    for table, name, number, change in _changes():
        connection.execute(f"CREATE SCHEMA {table}_{name}_{number}")
        connection.execute(
            f"CREATE TABLE {table}_{name}_{number}.{table} AS SELECT * EXCLUDE rn REPLACE ({change} AS {name}) "
            f"FROM (SELECT *, row_number() OVER (ORDER BY {next(iter(TABLES[table]))}) AS rn FROM main.{table})"
        )
    yield connection
    connection.close()


def _column(table: str, name: str, kind: str) -> str:
    """Values of a column: keys count, foreign keys meet them, every seventh of the others is NULL."""
    if name.endswith("_key") or name == "l_id":
        return f"i AS {name}"
    if name in ("o_customer", "l_order", "l_part"):
        return f"1 + (i * 7) % 24 AS {name}"
    salt = sum(map(ord, name))
    value = f"(i * {salt} + 3) % 17 - 4" if kind == "num" else f"chr(97 + ((i * {salt}) % 23)::INT) || i"
    return f"CASE WHEN (i + {salt}) % 7 > 0 THEN {value} END AS {name}"


def _changes() -> Iterator[tuple[str, str, int, str]]:
    for table, columns in TABLES.items():
        for name, kind in columns.items():
            for number, change in enumerate(NUMBERS if kind == "num" else TEXTS):
                yield table, name, number, change.format(name)


Rows = list[tuple[object, ...]]


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, place: str) -> tuple[list[str], Rows]:
    connection.execute(f"SET search_path = '{place}main'")
    result = connection.execute(sql)
    names = [column[0] for column in result.description]
    return names, result.fetchall()


def _cut(rows: Rows, kept: list[int]) -> list[str]:
    return sorted(repr([row[i] for i in kept]) for row in rows)


def _reached(found: lineage.Lineage, table: str, column: str, kinds: tuple[str, ...]) -> set[str]:
    source = lineage.ColumnRef(table, column)
    return {edge.target.column for edge in found.edges if edge.source == source and edge.type in kinds}


@pytest.mark.parametrize("start", range(0, SEEDS, 20))
def test_what_moves_is_what_the_lineage_says(shop: duckdb.DuckDBPyConnection, start: int) -> None:
    held = moved = 0
    for seed in range(start, start + 20):
        sql = Maker(seed).query()
        found = lineage.extract(sql, dialect="duckdb", schema=SCHEMA)
        assert found.complete, (seed, sql, [str(problem) for problem in found.problems])
        names, before = _rows(shop, sql, "")
        for table, columns in TABLES.items():
            for column, kind in columns.items():
                places = [f"{table}_{column}_{n}," for n in range(len(NUMBERS if kind == "num" else TEXTS))]
                afters = [_rows(shop, sql, place)[1] for place in places if f"{column}" in sql or "*" in sql]
                any_edge = _reached(found, table, column, ("DIRECT", "INDIRECT"))
                if "*" not in any_edge:
                    free = [i for i, name in enumerate(names) if name not in any_edge]
                    for after in afters:
                        assert _cut(before, free) == _cut(after, free), (seed, sql, table, column, "an edge is missing")
                        held += 1
                for name in _reached(found, table, column, ("DIRECT",)) if before else ():
                    place = [names.index(name)]
                    assert any(_cut(before, place) != _cut(after, place) for after in afters), (
                        seed,
                        sql,
                        table,
                        column,
                        name,
                    )
                    moved += 1
    assert held > 50
    assert moved > 50
