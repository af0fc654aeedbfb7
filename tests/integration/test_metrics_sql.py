"""The SQL beside the metrics: Athena's and Glue's tables are those of the files, ready queries answer."""

from __future__ import annotations

import functools
import json
import time
from datetime import UTC, datetime, timedelta

import boto3
import duckdb
import pytest
import sqlglot
from sqlglot import exp

from graph.exporting import export
from graph.jobs import Jobs
from memory import Memory
from tests.conftest import TEMPLATE, _database
from tests.support import days
from tests.support.aws.athena import Athena
from tests.support.aws.service import run
from tests.support.s3 import bucket
from tools.metrics import ddl, ready
from tools.metrics.schema import TABLES


@functools.cache
def today() -> datetime:
    """When these tests began: not when they were collected, which may have been before midnight."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=1, microsecond=0)


@pytest.fixture(scope="module")
def exported(store_server, tmp_path_factory):
    """A folder that an export was made to, which nobody changes."""
    folder = tmp_path_factory.mktemp("metrics") / "out"
    for url in _database(store_server, TEMPLATE):
        with Memory.open(url) as store:
            fill(store)
            export(store, str(folder))
    return folder


def fill(store: Memory) -> None:
    """Orders waver, users are well, nobody ever looked at notes."""
    orders, users = days.dataset(store, "/data/orders.csv"), days.dataset(store, "/data/users.csv")
    days.dataset(store, "/data/notes.csv")
    for ago, (outcome, rows) in enumerate([("Passed", 30), ("Failed", 20), ("Passed", 10), ("Failed", 10)]):
        at = today() - timedelta(days=ago)
        # Where no rule is about the number of rows, nothing measured it.
        days.validated(store, orders.id, at, outcomes=(outcome, "Passed"), rows=rows, points={} if ago > 1 else None)
    (twenty,) = [one for one in store.history.points(orders.id, "Dataset.*.RowCount") if one.value == 20]
    Jobs(store, "ada").judge(twenty.number, "exclude", "a test load")
    days.validated(store, users.id, today() - timedelta(days=40))
    days.profiled(store, orders.id, today() - timedelta(days=2), nulls=1)
    days.profiled(store, orders.id, today())


def opened(folder) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute((folder / "sql/duckdb.sql").read_text())
    return connection


def answers(folder) -> dict[str, list[tuple]]:
    connection = opened(folder)
    found = {path.stem: path.read_text() for path in sorted((folder / "sql/queries").iterdir())}
    assert found == ready.queries()
    return {name: connection.sql(sql).fetchall() for name, sql in found.items()}


def test_ready_queries_answer_what_they_say(exported):
    found = answers(exported)
    at = [today().replace(tzinfo=None) - timedelta(days=ago) for ago in range(4)]
    assert found["score_by_day"] == [
        *(
            ("orders", at[ago].date(), score, failed, 0, rows)
            for ago, score, failed, rows in ((3, 0.85, 1, 10), (2, 1.0, 0, 10), (1, 0.85, 1, 20), (0, 1.0, 0, 30))
        ),
        ("users", (at[0] - timedelta(days=40)).date(), 1.0, 0, 0, 10),
    ]
    assert found["failing_rules"] == [("orders", days.RULES[0], None, 2, 3, at[1])]
    assert found["scores_by_dimension"][0][:2] == ("orders", "accuracy")
    assert len(found["scores_by_dimension"]) == 4
    assert [(row[0], row[2], row[3]) for row in found["volume"]] == [
        ("orders", 10, None),
        ("orders", 10, 0.0),
        ("orders", 30, 2.0),
    ]
    assert found["completeness"] == [("orders", "email", 0.7, 0.9, 3, 10, at[0])]
    assert found["unsteady_rules"] == [("orders", days.RULES[0], None, 3, at[0])]
    assert found["not_validated"] == [
        ("notes", "file", None, None),
        ("users", "file", (at[0] - timedelta(days=40)).date(), 40),
        ("orders", "file", at[0].date(), 0),
    ]
    assert sum(row[4] for row in found["runs_by_week"]) == 5
    assert {row[2:4] for row in found["runs_by_week"]} == {("validate", "queued")}


def statements(folder) -> list[str]:
    text = (folder / "sql/athena.sql").read_text()
    return [one.strip() for one in text.split(";\n") if one.strip()]


def ask(client, sql: str) -> list[tuple]:
    context = {} if sql.startswith("CREATE") else {"QueryExecutionContext": {"Database": ddl.DATABASE}}
    number = client.start_query_execution(QueryString=sql, **context)
    number = number["QueryExecutionId"]
    for _ in range(500):
        status = client.get_query_execution(QueryExecutionId=number)["QueryExecution"]["Status"]
        if status["State"] in ("SUCCEEDED", "FAILED"):
            break
        time.sleep(0.01)
    assert status["State"] == "SUCCEEDED", status
    rows = client.get_query_results(QueryExecutionId=number, MaxResults=1000)["ResultSet"]["Rows"]
    return [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in rows[1:]]


def test_athena_takes_the_tables_and_the_queries(exported):
    # The files lie in a folder here, which stands for the place on S3 that the statements name.
    athena = Athena()
    athena.mounts = {ddl.SOMEWHERE: exported}
    with run(athena) as aws:
        client = boto3.client("athena", region_name="eu-west-1")
        note, *made = statements(exported)
        for statement in [note.split("\n", 1)[1], *made]:
            ask(client, statement)
        assert len(made) == len(TABLES)
        duck = answers(exported)
        for name, sql in ready.queries().items():
            assert len(ask(client, sql)) == len(duck[name]) > 0, name
    assert aws.violations == []


def test_a_statement_that_does_not_fit_the_files_is_noticed(exported):
    athena = Athena()
    athena.mounts = {ddl.SOMEWHERE: exported}
    with run(athena):
        client = boto3.client("athena", region_name="eu-west-1")
        first, *rest = statements(exported)
        ask(client, first.split("\n", 1)[1])
        with pytest.raises(AssertionError, match="HIVE_BAD_DATA"):
            ask(client, next(one for one in rest if "fact_score" in one).replace("`score` double", "`score` bigint"))


def test_partitions_are_projected_from_the_first_day_and_each_folder_is_where_it_is_said(exported):
    first = (today() - timedelta(days=40)).date().isoformat()
    for statement in statements(exported)[1:]:
        tree = sqlglot.parse_one(statement, read="athena")
        name = tree.find(exp.Table).name
        said = {one.name: one.args["value"].name for one in tree.find_all(exp.Property) if type(one) is exp.Property}
        assert tree.find(exp.LocationProperty).this.name == f"{ddl.SOMEWHERE}/{name}/"
        if name in ("dim_dataset", "dim_field", "dim_rule", "dim_dimension", "dim_date"):
            assert "projection.enabled" not in said
            continue
        assert said["projection.day.range"] == f"{first},NOW"
        template = said["storage.location.template"]
        for day in (exported / name).iterdir():
            place = template.replace("${day}", day.name.removeprefix("day=")).removeprefix(ddl.SOMEWHERE)
            assert (exported / place.strip("/") / "data.parquet").exists()


def test_glue_takes_the_tables_of_an_export_to_s3(store, monkeypatch):
    days.validated(store, days.dataset(store, "/data/it's.csv").id, today())
    with bucket(monkeypatch) as s3:
        export(store, "s3://lake/quality")
        inputs = json.loads(s3.get_object(Bucket="lake", Key="quality/sql/glue.json")["Body"].read())
        glue = boto3.client("glue")
        glue.create_database(DatabaseInput={"Name": ddl.DATABASE})
        for one in inputs:
            glue.create_table(DatabaseName=ddl.DATABASE, TableInput=one)
        found = glue.get_tables(DatabaseName=ddl.DATABASE)["TableList"]
        assert {table["Name"] for table in found} == {table.name for table in TABLES}
        for table in found:
            place = table["StorageDescriptor"]["Location"].removeprefix("s3://lake/")
            assert s3.list_objects_v2(Bucket="lake", Prefix=place)["KeyCount"] == 1
        statement = s3.get_object(Bucket="lake", Key="quality/sql/athena.sql")["Body"].read().decode()
        assert ddl.SOMEWHERE not in statement


def test_statements_and_table_inputs_say_the_same(exported):
    inputs = {one["Name"]: one for one in json.loads((exported / "sql/glue.json").read_text())}
    for statement in statements(exported)[1:]:
        tree = sqlglot.parse_one(statement, read="athena")
        columns = [(one.name, one.args["kind"].sql("hive").lower()) for one in tree.this.expressions]
        said = inputs[tree.find(exp.Table).name]
        assert columns == [(one["Name"], one["Type"]) for one in said["StorageDescriptor"]["Columns"]]
        assert bool(tree.find(exp.PartitionedByProperty)) == bool(said["PartitionKeys"])


@pytest.mark.parametrize("name", ready.queries())
def test_each_ready_query_says_what_it_answers(name):
    sql = ready.queries()[name]
    assert sql.startswith("-- ")
    assert sqlglot.parse_one(sql, read="trino").sql("duckdb")
