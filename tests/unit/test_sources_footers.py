"""What Parquet footers are believed, and what not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tools import sources
from tools.sources.table import Known


def known(path: Path | str, name: str) -> Known | None:
    with sources.open(str(path)) as table:
        return table.known([name]).get(name)


def write(path: Path, values: list[Any], kind: pa.DataType | None = None, **options: Any) -> Path:
    pq.write_table(pa.table({"x": pa.array(values, kind)}), path, **options)
    return path


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([3, None, -5], pa.int64(), Known(3, 1, -5, 3)),
        ([3, 4], pa.int8(), Known(2, 0, 3, 4)),
        ([date(2024, 1, 1), None], pa.date32(), Known(2, 1, date(2024, 1, 1), date(2024, 1, 1))),
        ([1.5, 2.5], pa.float64(), Known(2, 0, 1.5, None)),
        ([1.5, float("nan")], pa.float64(), Known(2, 0, 1.5, None)),
        ([float("nan")], pa.float64(), Known(1, 0)),
        ([1.5], pa.float32(), Known(1, 0)),
        ([5, 2**63], pa.uint64(), Known(2, 0)),
        (["b", None], pa.string(), Known(2, 1)),
        ([Decimal("1.5")], pa.decimal128(5, 2), Known(1, 0)),
        ([datetime(2024, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"), Known(1, 0)),
        ([True, None], pa.bool_(), Known(2, 1)),
        ([None, None], pa.int64(), Known(2, 2)),
        ([], pa.int64(), Known(0, 0)),
    ],
)
def test_only_exact_facts_are_believed(tmp_path: Path, values: list[Any], kind: pa.DataType, expected: Known) -> None:
    assert known(write(tmp_path / "t.parquet", values, kind), "x") == expected


def test_row_groups_and_files_are_added_up(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [1, 2, None, 7], row_group_size=2)
    write(tmp_path / "b.parquet", [None, -4])
    assert known(tmp_path, "x") == Known(6, 2, -4, 7)


def test_files_without_statistics_tell_nothing(tmp_path: Path) -> None:
    assert known(write(tmp_path / "t.parquet", [1, 2], write_statistics=False), "x") is None


def test_a_column_that_a_file_does_not_have_is_unknown(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [1, 2])
    pq.write_table(pa.table({"y": [1]}), tmp_path / "b.parquet")
    assert known(tmp_path, "x") is None


def test_files_that_disagree_on_the_type_give_no_bounds(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [1, 2], pa.int64())
    write(tmp_path / "b.parquet", [1.5], pa.float64())
    assert known(tmp_path, "x") == Known(3, 0)


def test_a_column_of_folders_is_not_the_column_in_the_files(tmp_path: Path) -> None:
    for day in (1, 2):
        (tmp_path / f"x={day}").mkdir()
        pq.write_table(pa.table({"x": [99], "y": [day]}), tmp_path / f"x={day}" / "t.parquet")
    assert known(tmp_path, "x") is None
    assert known(tmp_path, "y") == Known(2, 0, 1, 2)


@pytest.mark.parametrize("data", [pa.table({"x": [[1, 2], None]}), pa.table({"x": [{"a": 1}, None]})])
def test_nested_columns_are_unknown(tmp_path: Path, data: pa.Table) -> None:
    pq.write_table(data, tmp_path / "t.parquet")
    assert known(tmp_path / "t.parquet", "x") is None


def test_other_files_know_nothing(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n1\n")
    assert known(tmp_path / "t.csv", "x") is None


def test_a_file_that_changed_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet", [1, 2])
    with sources.open(path) as table:
        write(path, [1, 2, 3, 4])
        with pytest.raises(sources.SourceError, match="changed"):
            table.known(["x"])
