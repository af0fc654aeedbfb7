"""Many files of one table: alike they are read without a look into each, and nothing else may change by that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import exp

from tools import sources
from tools.sources import csv_files
from tools.sources.table import SourceError, Table

FILES = csv_files.MANY + 10


def write(folder: Path, text: Callable[[int], str], part: Callable[[int], str] = lambda n: "") -> Path:
    for number in range(FILES):
        path = folder / part(number) / f"f{number:03}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(number), encoding="utf-8")
    return folder


def rows(table: Table) -> list[dict[str, object]]:
    return list(table.query(exp.select("*").from_(table.relation()).order_by("id")).to_pylist())


def body_of(table: Table) -> str:
    from tools.sources.duck import engine

    return engine()._views[table.relation().name].body.sql(dialect="duckdb")


def test_files_that_are_alike_are_read_without_a_look_into_each(tmp_path: Path) -> None:
    with sources.open(write(tmp_path, lambda n: f"id,day,code\n{n},2026-01-{n % 28 + 1:02},0{n}\n")) as table:
        assert "union_by_name" not in body_of(table).lower()
        found = rows(table)
        assert [field.kind for field in table.fields] == ["number", "date", "text"]
    assert found[3] == {"id": 3, "day": dt.date(2026, 1, 4), "code": "03"}
    assert len(found) == FILES


@pytest.mark.parametrize(
    "text",
    [
        lambda n: f"id,v\n{n},1\n" if n else "v,id\n1,0\n",
        lambda n: f"id,v\n{n},1\n" if n else "id,v,more\n0,1,x\n",
        lambda n: f"id,v,w\n{n},1,2026-01-02\n" if n else "id,v,w\n0,1,\n",
    ],
    ids=["order", "columns", "days"],
)
def test_files_that_differ_are_put_together_by_name_as_ever(tmp_path: Path, text: Callable[[int], str]) -> None:
    with sources.open(write(tmp_path, text)) as table:
        found = rows(table)
        assert "union_by_name" in body_of(table).lower()
    assert [row["id"] for row in found] == list(range(FILES))
    assert all(row["v"] for row in found)


def test_a_type_is_that_of_all_files_and_folders_are_columns(tmp_path: Path) -> None:
    def text(n: int) -> str:
        return f"id,v\n{n},{n if n != 7 else '0.5'}\n"

    with sources.open(write(tmp_path, text, lambda n: f"day=2026-01-{n % 3 + 1:02}")) as table:
        found = rows(table)
        assert [field.kind for field in table.fields] == ["number", "number", "date"]
        assert "union_by_name" not in body_of(table).lower()
    assert (found[7]["v"], found[8]["v"], found[7]["day"]) == (0.5, 8.0, dt.date(2026, 1, 2))


def test_a_bad_row_in_one_of_many_is_told_with_its_file(tmp_path: Path) -> None:
    folder = write(tmp_path, lambda n: f"id,v\n{n},1\n" if n != 33 else "id,v\n33,1,2,3\n")
    with pytest.raises(SourceError, match=r"f033\.csv, line 2: 4 columns instead of the expected 2"):
        sources.open(folder)


def test_a_truncated_parquet_file_among_good_ones_is_named(tmp_path: Path) -> None:
    for number in range(3):
        pq.write_table(pa.table({"v": list(range(1000))}), tmp_path / f"{number}.parquet")
    whole = (tmp_path / "1.parquet").read_bytes()
    for kept in (len(whole) // 2, len(whole) - 4, 3):
        (tmp_path / "1.parquet").write_bytes(whole[:kept])
        with pytest.raises(SourceError, match=r"1\.parquet.*damaged or cut short"):
            sources.open(tmp_path)
    (tmp_path / "1.parquet").write_bytes(b"")
    with pytest.raises(SourceError, match=r"1\.parquet is empty"):
        sources.open(tmp_path)


def test_mixed_types_of_parquet_files_widen_or_say_so(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": pa.array([1], pa.int32())}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"id": pa.array([2], pa.int64()), "more": ["x"]}), tmp_path / "b.parquet")
    with sources.open(tmp_path) as table:
        assert [field.type for field in table.fields] == ["BIGINT", "VARCHAR"]
        assert rows(table) == [{"id": 1, "more": None}, {"id": 2, "more": "x"}]
    pq.write_table(pa.table({"id": ["text"]}), tmp_path / "c.parquet")
    with sources.open(tmp_path) as table:
        assert table.field("id").kind == "text"
        assert [row["id"] for row in rows(table)] == ["1", "2", "text"]


def test_a_file_that_is_replaced_while_a_stream_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": list(range(200_000))}), path, row_group_size=20_000)
    with sources.open(path) as table:
        batches = table.stream(exp.select("*").from_(table.relation()))
        next(batches)
        other = tmp_path / "other"
        pq.write_table(pa.table({"id": list(range(200_000, 400_000))}), other, row_group_size=20_000)
        other.replace(path)
        with pytest.raises(SourceError, match="changed while it was open"):
            list(batches)
