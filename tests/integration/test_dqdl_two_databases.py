"""Rules over tables of two real engines, and over two databases whose tables have the same name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.support.same_table import postgres_uri
from tools import dqdl, sources
from tools.sources.table import Table

ORDERS = pa.table({"id": [1, 2, 3, 4], "customer": [10, 20, 99, None], "total": [1.5, 2.5, 3.0, 4.0]})
PEOPLE = pa.table({"id": [10, 20, 30], "score": [1.0, 4.0, 6.0]})
RULES = """Rules = [
    RowCountMatch "people" > 1,
    AggregateMatch "sum(total)" "sum(people.score)" = 1.0,
    ReferentialIntegrity "customer" "people.id" = 1.0,
    DatasetMatch "people" "customer->id" "total->score" >= 0.25,
    CustomSql "select count(*) from primary p join people q on p.customer = q.id" = 2,
    IsUnique "id",
    IsComplete "customer"
]"""


def told(primary: object, people: object) -> list[tuple[object, ...]]:
    rules = dqdl.evaluate(RULES, {"primary": primary, "people": people}).rules
    return [(rule.outcome, rule.reason, rule.metrics, rule.failed_rows) for rule in rules]


HERE = told(ORDERS, PEOPLE)


@pytest.fixture(scope="module")
def databases(store_server: str) -> Iterator[dict[str, Table]]:
    """Both tables are called ``data``, each in a database of its own."""
    found = {}
    for database, columns, rows in (
        ("two_orders", "id int, customer int, total float8", ORDERS),
        ("two_people", "id int, score float8", PEOPLE),
    ):
        with psycopg.connect(store_server, autocommit=True) as connection:
            connection.execute(f"create database {database}".encode())
        with psycopg.connect(store_server, dbname=database, autocommit=True) as connection:
            connection.execute(f"create table data ({columns})".encode())
            with connection.cursor() as cursor:
                marks = ", ".join(["%s"] * rows.num_columns)
                cursor.executemany(
                    f"insert into data values ({marks})".encode(), [tuple(row.values()) for row in rows.to_pylist()]
                )
        found[database] = sources.open(postgres_uri(conninfo_to_dict(store_server, dbname=database), "data"))
    yield found
    for table in found.values():
        table.close()


def test_the_rules_are_all_evaluated() -> None:
    assert "Error" not in [outcome for outcome, *_ in HERE]


def test_two_databases_of_one_server(databases: dict[str, Table]) -> None:
    assert told(databases["two_orders"], databases["two_people"]) == HERE


def test_a_database_and_a_file(databases: dict[str, Table], tmp_path: Path) -> None:
    pq.write_table(PEOPLE, tmp_path / "people.parquet")
    pq.write_table(ORDERS, tmp_path / "orders.parquet")
    with sources.open(tmp_path / "people.parquet") as people, sources.open(tmp_path / "orders.parquet") as orders:
        assert told(databases["two_orders"], people) == HERE
        assert told(orders, databases["two_people"]) == HERE


def test_rules_of_a_wide_table_in_few_queries(store_server: str) -> None:
    columns = ", ".join(f"1.5::float8 as c{i}" for i in range(1000))
    with psycopg.connect(store_server, autocommit=True) as connection:
        connection.execute(f"create table wide as select {columns} from generate_series(1, 3)".encode())
    rules = [f'Completeness "c{i}" > 0.5' for i in range(1000)] + [
        f'ColumnValues "c{i}" > 2' for i in range(0, 1000, 100)
    ]
    with sources.open(postgres_uri(conninfo_to_dict(store_server), "wide")) as table:
        evaluation = dqdl.evaluate(f"Rules = [{', '.join(rules)}]", {"primary": table})
    assert [rule.outcome for rule in evaluation.rules] == ["Passed"] * 1000 + ["Failed"] * 10
    assert all(len(rule.examples) == 3 for rule in evaluation.rules[1000:])
    assert evaluation.queries == 2


def test_more_counts_than_an_answer_has_columns_are_one_scan(store_server: str) -> None:
    columns = ", ".join(f"case when i > 1 then 'x' end as c{i}" for i in range(20))
    with psycopg.connect(store_server, autocommit=True) as connection:
        connection.execute(f"create table texts as select {columns} from generate_series(1, 3) as i".encode())
    rules = [f'ColumnValues "c{i % 20}" in ["x", "y{i}"] with threshold > 0.5' for i in range(2000)]
    with sources.open(postgres_uri(conninfo_to_dict(store_server), "texts")) as table:
        evaluation = dqdl.evaluate(f'Rules = [{", ".join(rules)}, IsComplete "c0"]', {"primary": table})
    assert [rule.outcome for rule in evaluation.rules] == ["Passed"] * 2000 + ["Failed"]
    assert {rule.metrics["Column.c7.ColumnValues.Compliance"] for rule in evaluation.rules[7:2000:20]} == {2 / 3}
    assert evaluation.queries == 2
