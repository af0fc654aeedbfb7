"""Iceberg tables in a local catalog: states, schemas that moved on, deletes of every kind, files left unopened."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.table import Table as Iceberg
from pyiceberg.transforms import DayTransform, IdentityTransform
from pyiceberg.typedef import Record
from pyiceberg.types import LongType, StringType
from sqlglot import exp, parse_one

from tests.support.icebergs import data_files, delete_by_vector, delete_equal, delete_positions, local_catalog, make
from tools import profiling, sources
from tools.sources.duck import engine
from tools.sources.iceberg import IcebergTable
from tools.sources.s3 import Pin
from tools.sources.table import DatasetName, Known, SourceError, Table

DAYS = [dt.date(2024, 1, day) for day in range(1, 7)]
ROWS = pa.table(
    {
        "id": pa.array(range(1, 7), pa.int32()),
        "name": ["a", "b", None, "d", "e", "f"],
        "day": DAYS,
        "x": [1.5, float("nan"), None, 4.0, 5.0, 6.0],
    }
)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlCatalog]:
    made = local_catalog(tmp_path_factory.mktemp("lake"))
    yield made
    made.close()


def uri(catalog: SqlCatalog, name: str, state: str = "") -> str:
    return f"iceberg://{catalog.properties['uri'].removeprefix('sqlite:///')}/{name}{state}"


def opened(catalog: SqlCatalog, name: str, state: str = "") -> IcebergTable:
    table = sources.open(uri(catalog, name, state))
    assert isinstance(table, IcebergTable)
    return table


def rows(table: Table, where: str = "true") -> list[dict[str, Any]]:
    condition = parse_one(where, dialect="duckdb")
    return table.query(exp.select("*").from_(table.relation()).where(condition)).to_pylist()


def ids(catalog: SqlCatalog, name: str, state: str = "", where: str = "true") -> list[int]:
    with opened(catalog, name, state) as table:
        return sorted(row["id"] for row in rows(table, where))


def parts(*ranges: tuple[int, int]) -> list[pa.Table]:
    return [ROWS.slice(start, length) for start, length in ranges]


# States


@pytest.fixture(scope="module")
def history(catalog: SqlCatalog) -> tuple[Iceberg, list[Any]]:
    """Three commits; the first is tagged, the second a branch, and a column was renamed before the third."""
    table = make(catalog, "shop.history", *parts((0, 2), (2, 2)))
    first, second = table.history()
    changes = table.manage_snapshots()
    changes.create_tag(first.snapshot_id, "opened").create_branch(second.snapshot_id, "audit").commit()
    with table.update_schema() as schema:
        schema.rename_column("name", "label")
        schema.add_column("n", LongType())
    later = ROWS.slice(4, 2).rename_columns(["id", "label", "day", "x"]).append_column("n", pa.array([50, 60]))
    table.append(later)
    return table, list(table.history())


def test_a_table_is_read_as_it_is_now(catalog: SqlCatalog, history: tuple[Iceberg, list[Any]]) -> None:
    table, log = history
    with opened(catalog, "shop.history") as source:
        assert [(field.name, field.type, field.kind) for field in source.fields] == [
            ("id", "INTEGER", "number"),
            ("label", "VARCHAR", "text"),
            ("day", "DATE", "date"),
            ("x", "DOUBLE", "number"),
            ("n", "BIGINT", "number"),
        ]
        assert source.row_count == 6
        assert source.version == f"{log[2].snapshot_id}-1"
        assert source.dataset == DatasetName("file", table.location().removeprefix("file://"))
        assert source.dataset.short == "history"
        assert sorted(source.files()) == sorted(path.removeprefix("file://") for path in data_files(table))
        assert [(row["id"], row["label"], row["n"]) for row in sorted(rows(source), key=lambda row: row["id"])] == [
            (1, "a", None),
            (2, "b", None),
            (3, None, None),
            (4, "d", None),
            (5, "e", 50),
            (6, "f", 60),
        ]


def test_every_way_to_name_a_past_state(catalog: SqlCatalog, history: tuple[Iceberg, list[Any]]) -> None:
    _, (first, second, third) = history
    moment = dt.datetime.fromtimestamp(second.timestamp_ms / 1000, dt.UTC)
    assert ids(catalog, "shop.history", "?tag=opened") == [1, 2]
    assert ids(catalog, "shop.history", f"?snapshot={first.snapshot_id}") == [1, 2]
    assert ids(catalog, "shop.history", "?branch=audit") == [1, 2, 3, 4]
    assert ids(catalog, "shop.history", f"?at={second.timestamp_ms}") == [1, 2, 3, 4]
    assert ids(catalog, "shop.history", f"?at={moment.isoformat().replace('+00:00', 'Z')}") == [1, 2, 3, 4]
    assert ids(catalog, "shop.history", f"?at={third.timestamp_ms - 1}") == [1, 2, 3, 4]
    assert ids(catalog, "shop.history", "?at=2999-01-01") == [1, 2, 3, 4, 5, 6]


def test_a_past_state_has_the_columns_of_its_time_and_a_branch_those_of_now(
    catalog: SqlCatalog, history: tuple[Iceberg, list[Any]]
) -> None:
    names = {}
    for state in ("?tag=opened", "?branch=audit", "?branch=main"):
        with opened(catalog, "shop.history", state) as table:
            names[state] = [field.name for field in table.fields]
    assert names["?tag=opened"] == ["id", "name", "day", "x"]
    assert names["?branch=audit"] == names["?branch=main"] == ["id", "label", "day", "x", "n"]


def test_states_are_one_dataset_in_several_versions(catalog: SqlCatalog, history: tuple[Iceberg, list[Any]]) -> None:
    tables = [opened(catalog, "shop.history", state) for state in ("", "?tag=opened", "?branch=audit")]
    assert len({table.dataset for table in tables}) == 1
    assert len({table.version for table in tables}) == 3
    both = exp.select(exp.Count(this=exp.Star())).from_(tables[0].relation()).join(tables[1].relation(), using="id")
    assert tables[0].query(both).column(0)[0].as_py() == 2
    for table in tables:
        table.close()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("?tag=closed", "there is no such tag. There are opened."),
        ("?branch=opened", "there is no such branch. There are audit, main."),
        ("?snapshot=17", "there is no such snapshot. List them: assay snapshots"),
        ("?snapshot=x", "there is no such snapshot"),
        ("?at=1999-01-01", "there is no such state. It begins at 20"),
        ("?at=yesterday", "'yesterday' is no time"),
        ("?tag=", "tag= names nothing"),
        ("?tag=a&branch=b", "more than one state"),
        ("?token=s3same", "there is no option 'token'"),
    ],
)
def test_a_state_that_is_not_there(
    catalog: SqlCatalog, history: tuple[Iceberg, list[Any]], state: str, said: str
) -> None:
    with pytest.raises(SourceError) as caught:
        sources.open(uri(catalog, "shop.history", state))
    assert said in str(caught.value)
    assert "s3same" not in str(caught.value)


def test_what_others_commit_meanwhile_changes_nothing(catalog: SqlCatalog) -> None:
    table = make(catalog, "shop.meanwhile", *parts((0, 2)))
    with opened(catalog, "shop.meanwhile") as source:
        table.append(ROWS.slice(2, 2))
        assert len(rows(source)) == 2
        with opened(catalog, "shop.meanwhile") as again:
            assert len(rows(again)) == 4
            assert again.version != source.version


def test_a_table_that_holds_nothing_yet(catalog: SqlCatalog) -> None:
    catalog.create_table("shop.empty", schema=ROWS.schema)
    with opened(catalog, "shop.empty") as table:
        assert [field.name for field in table.fields] == ROWS.column_names
        assert (table.row_count, table.files(), rows(table)) == (0, [], [])
        assert table.version
    with pytest.raises(SourceError, match="never written to"):
        opened(catalog, "shop.empty", "?at=2024-01-01")


# Catalogs and tables that are not there


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("iceberg://nowhere/shop.history", "PyIceberg knows no catalog 'nowhere'"),
        ("iceberg://local/shop.history", "there is no catalog /"),
        ("iceberg://local/history", "names no table"),
        ("iceberg://local", "names no table"),
        ("iceberg:///", "names no table"),
        ("iceberg:///tmp/catalog.db", "names no table"),
        ("iceberg:///nowhere/catalog.db/shop.history", "there is no catalog /nowhere/catalog.db"),
        ("iceberg:///nowhere/table", "is no Iceberg table"),
        ("iceberg://ada:pass" + "word@rest:8181/shop.history", "a catalog has a name here"),
    ],
)
def test_a_catalog_that_is_not_there(source: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    monkeypatch.setenv("PYICEBERG_HOME", str(tmp_path))
    with pytest.raises(SourceError) as caught:
        sources.open(source)
    assert said in str(caught.value)
    assert "password" not in str(caught.value)
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_is_not_there_is_answered_with_those_that_are(
    catalog: SqlCatalog, history: tuple[Iceberg, list[Any]]
) -> None:
    with pytest.raises(SourceError, match=r"there is no table shop.histori. Did you mean shop.history\?"):
        opened(catalog, "shop.histori")


def test_the_local_catalog_and_those_of_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    monkeypatch.setenv("PYICEBERG_HOME", str(tmp_path))
    catalog = local_catalog(tmp_path / "iceberg")
    make(catalog, "shop.orders", ROWS)
    with sources.open("iceberg://local/shop.orders") as table:
        assert table.row_count == 6
    with pytest.raises(SourceError, match=r"knows no catalog 'other'\. There are local, glue"):
        sources.open("iceberg://other/shop.orders")
    (tmp_path / ".pyiceberg.yaml").write_text(
        f"catalog:\n  other:\n    type: sql\n    uri: sqlite:///{tmp_path}/iceberg/catalog.db\n"
    )
    with pytest.raises(SourceError, match=r"there is no table shop\.orders"):
        sources.open("iceberg://other/shop.orders")  # a catalog's rows carry its name
    elsewhere = local_catalog(tmp_path / "iceberg", "other")
    make(elsewhere, "shop.orders", ROWS.slice(0, 2))
    with sources.open("iceberg://other/shop.orders") as table:
        assert table.row_count == 2
    catalog.close()
    elsewhere.close()


def test_a_table_without_a_catalog(catalog: SqlCatalog, history: tuple[Iceberg, list[Any]]) -> None:
    table, _ = history
    folder = table.location().removeprefix("file://")
    for source in (folder, table.metadata_location.removeprefix("file://")):
        with sources.open(f"iceberg://{source}") as opened_alone:
            assert len(rows(opened_alone)) == 6
            assert opened_alone.dataset == DatasetName("file", folder)
    with sources.open(f"iceberg://{folder}?tag=opened") as past:
        assert len(rows(past)) == 2


def test_files_that_were_removed_are_named(catalog: SqlCatalog) -> None:
    table = make(catalog, "shop.expired", *parts((0, 2), (2, 2)))
    with opened(catalog, "shop.expired") as source:
        os.remove(data_files(table)[0].removeprefix("file://"))
        with pytest.raises(SourceError) as caught:
            rows(source)
    assert data_files(table)[0].removeprefix("file://") in str(caught.value)
    shutil.rmtree(f"{table.location().removeprefix('file://')}/metadata")
    with pytest.raises(SourceError, match="a file of the table is gone"):
        opened(catalog, "shop.expired")


# Schemas that moved on


def test_columns_are_found_by_number(catalog: SqlCatalog) -> None:
    table = make(catalog, "shop.moved", ROWS.slice(0, 2))
    with table.update_schema(allow_incompatible_changes=True) as schema:
        schema.delete_column("x")
        schema.rename_column("name", "filename")
        schema.update_column("id", LongType())
        schema.move_first("day")
    with table.update_schema() as schema:
        schema.add_column("x", StringType())
        schema.add_column("name", StringType(), default_value="?")
    with opened(catalog, "shop.moved") as source:
        assert [(field.name, field.type) for field in source.fields] == [
            ("day", "DATE"),
            ("id", "BIGINT"),
            ("filename", "VARCHAR"),
            ("x", "VARCHAR"),
            ("name", "VARCHAR"),
        ]
        first = min(rows(source), key=lambda row: row["id"])
        assert (first["id"], first["filename"], first["x"]) == (1, "a", None)
    delete_positions(table, {data_files(table)[0]: [0]})
    with opened(catalog, "shop.moved") as source:
        assert [row["filename"] for row in rows(source)] == ["b"]


def test_what_was_renamed_within_a_column_is_refused(catalog: SqlCatalog) -> None:
    nested = pa.table({"id": [1], "address": pa.array([{"town": "Oslo", "zip": 1}])})
    table = make(catalog, "shop.nested", nested)
    with opened(catalog, "shop.nested") as source:
        assert rows(source) == [{"id": 1, "address": {"town": "Oslo", "zip": 1}}]
    with table.update_schema() as schema:
        schema.add_column(("address", "street"), StringType())
    with opened(catalog, "shop.nested") as source:
        assert rows(source)[0]["address"] == {"town": "Oslo", "zip": 1, "street": None}
    with table.update_schema() as schema:
        schema.rename_column(("address", "town"), "city")
    with pytest.raises(SourceError, match="fields within the column 'address' were renamed"):
        opened(catalog, "shop.nested")


def test_fields_that_files_spell_otherwise_are_refused(catalog: SqlCatalog) -> None:
    make(catalog, "shop.spelled", pa.table({"id": [1], "part": pa.array([{"a.b": 1, "c": 2}])}))
    with pytest.raises(SourceError, match="or have names that files spell otherwise"):
        opened(catalog, "shop.spelled")


def test_files_from_before_the_table_whose_columns_have_no_numbers(catalog: SqlCatalog, tmp_path: Path) -> None:
    table = catalog.create_table("shop.adopted", schema=ROWS.schema)
    with table.update_spec() as spec:
        spec.add_field("day", IdentityTransform(), "day")
    paths = []
    for number in range(2):
        path = tmp_path / f"old-{number}.parquet"
        pq.write_table(ROWS.slice(number, 1), path)
        paths.append(f"file://{path}")
    table.add_files(paths)
    with table.update_schema() as schema:
        schema.rename_column("name", "label")
    table.append(ROWS.slice(4, 1).rename_columns(["id", "label", "day", "x"]))
    with opened(catalog, "shop.adopted") as source:
        found = sorted((row["id"], row["label"], row["day"]) for row in rows(source))
    assert found == [(1, "a", DAYS[0]), (2, "b", DAYS[1]), (5, "e", DAYS[4])]
    without_day = ROWS.slice(0, 1).drop_columns(["day"])
    for path in paths:
        pq.write_table(without_day, path.removeprefix("file://"))
    with opened(catalog, "shop.adopted") as source:
        assert sorted(row["day"] for row in rows(source)) == [DAYS[0], DAYS[1], DAYS[4]]


TYPES = {
    "flag": (pa.bool_(), "BOOLEAN", True),
    "whole": (pa.int32(), "INTEGER", -(2**31)),
    "large": (pa.int64(), "BIGINT", 2**63 - 1),
    "small": (pa.float32(), "FLOAT", 0.5),
    "double": (pa.float64(), "DOUBLE", 1e300),
    "money": (pa.decimal128(38, 10), "DECIMAL(38,10)", Decimal("-0.0000000001")),
    "day": (pa.date32(), "DATE", dt.date(1969, 12, 31)),
    "clock": (pa.time64("us"), "TIME", dt.time(23, 59, 59, 999999)),
    "at": (pa.timestamp("us"), "TIMESTAMP", dt.datetime.fromisoformat("1969-01-01T00:00:00.000001")),
    "zoned": (pa.timestamp("us", "UTC"), "TIMESTAMP WITH TIME ZONE", dt.datetime(2024, 1, 1, tzinfo=dt.UTC)),
    "text": (pa.string(), "VARCHAR", "ä😀"),
    "bytes": (pa.binary(), "BLOB", b"\x00\xff"),
    "fixed": (pa.binary(4), "BLOB", b"abcd"),
    "list": (pa.list_(pa.int32()), "INTEGER[]", [1, None]),
    "map": (pa.map_(pa.string(), pa.int64()), "MAP(VARCHAR, BIGINT)", [("k", 1)]),
    "part": (pa.struct([("a", pa.int32()), ("B", pa.string())]), "STRUCT(a INTEGER, B VARCHAR)", {"a": 1, "B": "x"}),
    'odd "name" .': (pa.string(), "VARCHAR", "x"),
}


@pytest.mark.parametrize("version", ["1", "2"])
def test_every_type(catalog: SqlCatalog, version: str) -> None:
    schema = pa.schema([(name, kind) for name, (kind, _, _) in TYPES.items()])
    data = pa.Table.from_pylist([{name: value for name, (_, _, value) in TYPES.items()}, {}], schema=schema)
    make(catalog, f"shop.types_{version}", data, properties={"format-version": version})
    with opened(catalog, f"shop.types_{version}") as source:
        assert {field.name: field.type for field in source.fields} == {n: kind for n, (_, kind, _) in TYPES.items()}
        first, second = rows(source)
        assert first == {name: value for name, (_, _, value) in TYPES.items()}
        assert set(second.values()) == {None}
        assert profiling.profile(source).rows == 2


# Deletes


def test_position_deletes(catalog: SqlCatalog) -> None:
    table = make(catalog, "shop.positions", *parts((0, 3), (3, 3)))
    first, second = data_files(table)
    delete_positions(table, {first: [0, 2], second: [1]})
    assert ids(catalog, "shop.positions") == [2, 4, 6]
    delete_positions(table, {first: [0, 1]})
    assert ids(catalog, "shop.positions") == [4, 6]
    assert ids(catalog, "shop.positions", f"?snapshot={table.history()[2].snapshot_id}") == [2, 4, 6]
    table.append(ROWS.slice(0, 1))
    assert ids(catalog, "shop.positions") == [1, 4, 6]


def test_deletion_vectors(catalog: SqlCatalog) -> None:
    table = make(catalog, "shop.vectors", *parts((0, 3), (3, 3)))
    first, second = data_files(table)
    delete_by_vector(table, {first: [1], second: [0, 2]})
    with opened(catalog, "shop.vectors") as source:
        assert sorted(row["id"] for row in rows(source)) == [1, 3, 5]
        written = source._layout._folder
        assert written is not None
        assert os.listdir(written) == ["0.parquet"]
    assert not os.path.exists(written)
    delete_positions(table, {first: [0]})
    assert ids(catalog, "shop.vectors") == [3, 5]


def test_equality_deletes_reach_older_files_only(catalog: SqlCatalog) -> None:
    table = make(catalog, "shop.equal", *parts((0, 3), (3, 3)))
    delete_equal(table, pa.table({"name": pa.array(["a", "e", None, "zz"])}))
    assert ids(catalog, "shop.equal") == [2, 4, 6]
    table.append(ROWS.slice(0, 1))
    assert ids(catalog, "shop.equal") == [1, 2, 4, 6]
    delete_equal(table, pa.table({"id": pa.array([1, 4], pa.int32()), "name": ["a", "other"]}))
    assert ids(catalog, "shop.equal") == [2, 4, 6]
    delete_positions(table, {data_files(table)[1]: [2]})
    assert ids(catalog, "shop.equal") == [2, 4]


def test_equality_deletes_by_a_column_that_is_gone_or_renamed(catalog: SqlCatalog) -> None:
    table = make(catalog, "shop.forgotten", ROWS)
    delete_equal(table, pa.table({"name": ["b"], "day": [DAYS[1]]}))
    with table.update_schema(allow_incompatible_changes=True) as schema:
        schema.delete_column("name")
        schema.rename_column("day", "on_day")
    assert ids(catalog, "shop.forgotten") == [1, 3, 4, 5, 6]


def test_deletes_reach_their_partition_only_unless_they_have_none(catalog: SqlCatalog) -> None:
    table = catalog.create_table("shop.placed", schema=ROWS.schema)
    everywhere = table.spec()
    with table.update_spec() as spec:
        spec.add_field("name", IdentityTransform(), "name")
    table.append(ROWS)
    again = ROWS.set_column(0, "id", pa.array([11, 12, 13, 14, 15, 16], pa.int32()))
    table.append(again)
    delete_equal(table, pa.table({"day": [DAYS[0], DAYS[1]]}), Record("a"))
    assert ids(catalog, "shop.placed") == [2, 3, 4, 5, 6, 12, 13, 14, 15, 16]
    assert everywhere == UNPARTITIONED_PARTITION_SPEC
    delete_equal(table, pa.table({"day": [DAYS[1], DAYS[2]]}), None, everywhere)
    assert ids(catalog, "shop.placed") == [4, 5, 6, 14, 15, 16]


@settings(max_examples=15)
@given(st.data())
def test_any_order_of_appends_and_deletes(catalog: SqlCatalog, data: st.DataObject) -> None:
    """Against a list of rows that are deleted by hand."""
    name = f"shop.random_{data.draw(st.integers(0, 10**9))}_{len(catalog.list_tables('shop'))}"
    table = catalog.create_table(name, schema=ROWS.schema)
    alive: dict[str, list[dict[str, Any]]] = {}
    for _ in range(data.draw(st.integers(1, 4))):
        step = data.draw(st.sampled_from(["append", "append", "positions", "vector", "equal"]))
        if step == "append" or not alive:
            batch = ROWS.take(data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=4)))
            table.append(batch)
            alive[data_files(table)[-1]] = [{**row, "gone": False} for row in batch.to_pylist()]
        elif step == "equal":
            names = data.draw(st.lists(st.sampled_from(["a", "b", None, "d"]), min_size=1, max_size=2))
            delete_equal(table, pa.table({"name": pa.array(names, pa.string())}))
            for row in (row for held in alive.values() for row in held):
                row["gone"] = row["gone"] or row["name"] in names
        else:
            path = data.draw(st.sampled_from(sorted(alive)))
            numbers = data.draw(st.sets(st.integers(0, len(alive[path]) - 1), min_size=1))
            (delete_positions if step == "positions" else delete_by_vector)(table, {path: sorted(numbers)})
            for number in numbers:
                alive[path][number]["gone"] = True
    expected = sorted(row["id"] for held in alive.values() for row in held if not row["gone"])
    assert ids(catalog, name) == expected
    assert ids(catalog, name, where="id > 2") == [number for number in expected if number > 2]


# What is known without reading, and what is not opened


def test_what_the_manifests_say(catalog: SqlCatalog) -> None:
    table = make(catalog, "shop.told", *parts((0, 3), (3, 3)))
    with opened(catalog, "shop.told") as source:
        for file in source.files():
            os.rename(file, f"{file}.away")  # no file is opened for any of this
        assert source.row_count == 6
        assert source.known(["id", "name", "day", "x", "other"]) == {
            "id": Known(6, 0, 1, 6),
            "name": Known(6, 1),
            "day": Known(6, 0, DAYS[0], DAYS[5]),
            "x": Known(6, 1),
        }
        for file in source.files():
            os.rename(f"{file}.away", file)
    delete_positions(table, {data_files(table)[0]: [0]})
    with opened(catalog, "shop.told") as source:
        assert source.row_count is None
        assert source.known(["id"]) == {}


def test_a_column_that_came_later_or_was_widened(catalog: SqlCatalog) -> None:
    table = make(catalog, "shop.widened", ROWS.slice(0, 3))
    with table.update_schema() as schema:
        schema.update_column("id", LongType())
        schema.add_column("n", LongType())
    table.append(pa.table({"id": [-(2**40)], "name": ["z"], "day": [DAYS[0]], "x": [0.0], "n": [7]}))
    with opened(catalog, "shop.widened") as source:
        assert source.known(["id", "n"]) == {"id": Known(4, 0, -(2**40), 3)}
        assert sum(row["n"] or 0 for row in rows(source)) == 7


@pytest.fixture(scope="module")
def partitioned(catalog: SqlCatalog, tmp_path_factory: pytest.TempPathFactory) -> Iceberg:
    """A file for each day; the table is partitioned by the day of a time."""
    moments = [dt.datetime.combine(day, dt.time(12)) for day in DAYS]
    data = ROWS.append_column("at", pa.array(moments, pa.timestamp("us")))
    table = catalog.create_table("shop.parted", schema=data.schema)
    with table.update_spec() as spec:
        spec.add_field("at", DayTransform(), "at_day")
    folder = tmp_path_factory.mktemp("parted")
    for number in range(6):
        pq.write_table(data.slice(number, 1), folder / f"{number}.parquet")
    table.add_files([f"file://{folder}/{number}.parquet" for number in range(6)])
    with table.update_schema() as schema:
        schema.rename_column("day", "on_day")
    return table


def opened_files(monkeypatch: pytest.MonkeyPatch, source: Table, where: str) -> tuple[list[int], int]:
    """The ids of an answer, and how many files DuckDB was given for it."""
    given: list[int] = []
    create = engine().create_view

    def noted(name: str, body: exp.Query, paths: Sequence[str], pins: Mapping[str, Pin] | None = None) -> None:
        given.append(len(paths))
        create(name, body, paths, pins)

    monkeypatch.setattr(engine(), "create_view", noted)
    found = sorted(row["id"] for row in rows(source, where))
    monkeypatch.setattr(engine(), "create_view", create)
    return found, min(given, default=6)


@pytest.mark.parametrize(
    ("where", "expected", "files"),
    [
        ("true", [1, 2, 3, 4, 5, 6], 6),
        ("id = 3", [3], 1),
        ("3 = id", [3], 1),
        ("3 < id and id <= 5", [4, 5], 2),
        ("id between 2 and 3", [2, 3], 2),
        ("id in (1, 6)", [1, 6], 2),
        ("id = 1 or name = 'f'", [1, 6], 2),
        ("id = 1 or length(name) = 1", [1, 2, 4, 5, 6], 6),
        ("name is null", [3], 1),
        ("name >= 'e'", [5, 6], 2),
        ("NAME = 'e'", [5], 1),
        ("on_day >= date '2024-01-05'", [5, 6], 2),
        ("on_day = '2024-01-02'", [2], 1),
        ("at >= timestamp '2024-01-05 00:00:00'", [5, 6], 2),
        ("at < '2024-01-02'", [1], 1),
        ("at <= '2024-01-02 12:00:00'", [1, 2], 2),
        ("id > 99", [], 0),
        ("id = -1", [], 0),
        ("id = 3.5", [], 6),
        ("at <= '2024-01-01 12:00:00.0000004'", [1], 6),
        ("not id = 3", [1, 2, 4, 5, 6], 6),
        ("x > 3", [2, 4, 5, 6], 6),
        ("cast(id as varchar) = '3'", [3], 6),
    ],
)
def test_files_that_cannot_hold_an_answer_are_not_opened(
    catalog: SqlCatalog,
    partitioned: Iceberg,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    expected: list[int],
    files: int,
) -> None:
    with opened(catalog, "shop.parted") as source:
        assert opened_files(monkeypatch, source, where) == (expected, files)
        assert len(rows(source)) == 6


def test_queries_whose_conditions_are_not_on_all_rows(catalog: SqlCatalog, partitioned: Iceberg) -> None:
    with opened(catalog, "shop.parted") as source:
        relation = source.relation().sql("duckdb")
        for text, expected in {
            f"select count(*) as n from {relation} as a left join {relation} as b on a.id = b.id where b.id = 3": 1,
            f"select count(*) as n from (select 1) as one left join {relation} as b on b.id = 99 where true": 1,
            f"select count(*) filter (where id = 3) as n from {relation}": 1,
            f"select sum(n) as n from (select 1 as n, id from {relation}) where id > 4": 2,
            f"select count(*) as n from {relation} where id in (select id from {relation} where id = 3)": 1,
            f"select count(*) as n from {relation} as a where a.id = 3": 1,
            f"select max({relation}.id) as n from {relation} where {relation}.id < 3": 2,
            f"select count(*) as n from {relation} using sample 6 rows where id = 3": 1,
            f"with t as (select * from {relation} where id = 3) select count(*) as n from t": 1,
        }.items():
            query = parse_one(text, dialect="duckdb")
            assert isinstance(query, exp.Query)
            assert source.query(query).to_pylist() == [{"n": expected}], text


def test_a_stream_opens_as_few(catalog: SqlCatalog, partitioned: Iceberg) -> None:
    with opened(catalog, "shop.parted") as source:
        where = parse_one("id = 3", dialect="duckdb")
        batches = list(source.stream(exp.select("id").from_(source.relation()).where(where)))
        assert pa.Table.from_batches(batches).to_pylist() == [{"id": 3}]


def test_a_renamed_column_prunes_in_a_past_state(catalog: SqlCatalog, partitioned: Iceberg) -> None:
    state = f"?snapshot={partitioned.history()[0].snapshot_id}"
    assert ids(catalog, "shop.parted", state, "day = '2024-01-02'") == [2]
