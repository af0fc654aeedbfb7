"""Files as tables: what opens, with which types, and what each bad file says."""

import gzip
import os
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import exp

from tools import sources
from tools.sources import SourceError, Table, files


def rows(table: Table) -> list[dict[str, object]]:
    return table.query(exp.select("*").from_(table.relation())).to_pylist()


def types(table: Table) -> dict[str, str]:
    return {field.name: field.type for field in table.fields}


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def problem(source: object) -> str:
    with pytest.raises(SourceError) as caught:
        sources.open(source)
    text = str(caught.value)
    assert "\n" not in text
    assert "LINE 1" not in text
    assert caught.value.hint
    return text


def test_csv_types_and_names(tmp_path):
    path = write(tmp_path / "orders.v1.csv", "id,paid,on,note\n1,2.5,2024-01-31,a\n2,,2024-02-01,\n")
    with sources.open(path) as table:
        assert types(table) == {"id": "BIGINT", "paid": "DOUBLE", "on": "DATE", "note": "VARCHAR"}
        assert [field.kind for field in table.fields] == ["number", "number", "date", "text"]
        assert rows(table)[1] == {"id": 2, "paid": None, "on": date(2024, 2, 1), "note": None}
        assert (table.dialect, table.uri) == ("duckdb", str(path))
        assert (table.dataset.namespace, table.dataset.name, table.dataset.short) == ("file", str(path), "orders")


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.tsv", "id\tn\n1\tx\n"), ("a.csv", "id;n\n1;x\n"), ("a.txt", "id|n\n1|x\n"), ("a.csv", "id,n\r\n1,x\r\n")],
)
def test_separators_are_found(tmp_path, name, content):
    with sources.open(write(tmp_path / name, content)) as table:
        assert rows(table) == [{"id": 1, "n": "x"}]


def test_leading_zeros_stay_even_when_they_come_late(tmp_path):
    path = write(tmp_path / "zips.csv", "zip\n" + "11234\n" * 40_000 + "01234\n")
    with sources.open(path) as table:
        assert types(table) == {"zip": "VARCHAR"}
        assert rows(table)[-1] == {"zip": "01234"}


def test_a_late_odd_value_makes_the_column_text_instead_of_a_crash(tmp_path):
    path = write(tmp_path / "late.csv", "n\n" + "1\n" * 40_000 + "oops\n")
    with sources.open(path) as table:
        assert types(table) == {"n": "VARCHAR"}
        assert len(rows(table)) == 40_001


def test_beyond_the_size_limit_a_late_odd_value_widens_the_types(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "FULL_SNIFF_BYTES", 10)
    monkeypatch.setattr(files, "SAMPLE_ROWS", 2048)
    path = write(tmp_path / "late.csv", "n\n" + "1\n" * 40_000 + "oops\n")
    with sources.open(path) as table:
        assert types(table) == {"n": "BIGINT"}
        assert len(rows(table)) == 40_001
        assert types(table) == {"n": "VARCHAR"}


def test_rows_that_start_like_comments_are_rows(tmp_path):
    with sources.open(write(tmp_path / "a.csv", "id,n\n1,2\n#2,4\n3,4\n")) as table:
        assert [row["id"] for row in rows(table)] == ["1", "#2", "3"]


def test_a_quoted_separator_far_down_is_understood(tmp_path):
    path = write(tmp_path / "a.csv", "name,n\n" + "plain,1\n" * 40_000 + '"a, b",2\n')
    with sources.open(path) as table:
        assert rows(table)[-1] == {"name": "a, b", "n": 2}


def test_header_only_and_one_column_and_no_header(tmp_path):
    with sources.open(write(tmp_path / "h.csv", "a,b\n")) as table:
        assert types(table) == {"a": "VARCHAR", "b": "VARCHAR"}
        assert rows(table) == []
    with sources.open(write(tmp_path / "o.csv", "name\nann\nbob\n")) as table:
        assert rows(table) == [{"name": "ann"}, {"name": "bob"}]
    with sources.open(write(tmp_path / "n.csv", "1,2\n3,4\n")) as table:
        assert rows(table) == [{"column0": 1, "column1": 2}, {"column0": 3, "column1": 4}]


def test_odd_names_survive(tmp_path):
    names = ["a b", "c.d", 'e"f', "g'h", "select", "ünï😀", "columns"]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    with sources.open(write(tmp_path / "it's odd.csv", f"{header}\n1,2,3,4,5,6,7\n")) as table:
        assert [field.name for field in table.fields] == names
        assert list(rows(table)[0].values()) == [1, 2, 3, 4, 5, 6, 7]


def test_a_thousand_columns(tmp_path):
    content = ",".join(f"c{i}" for i in range(1000)) + "\n" + ",".join("1" * 1000) + "\n"
    with sources.open(write(tmp_path / "wide.csv", content)) as table:
        assert len(table.fields) == 1000
        assert len(rows(table)[0]) == 1000


def test_utf16_and_a_mark_are_read(tmp_path):
    with sources.open(write(tmp_path / "a.csv", "naïve,n\ncafé,1\n".encode("utf-16"))) as table:
        assert rows(table) == [{"naïve": "café", "n": 1}]
    with sources.open(write(tmp_path / "b.csv", "naïve,n\ncafé,1\n".encode("utf-8-sig"))) as table:
        assert rows(table) == [{"naïve": "café", "n": 1}]


def test_compressed_files(tmp_path):
    with sources.open(write(tmp_path / "a.csv.gz", gzip.compress(b"id,n\n1,x\n"))) as table:
        assert rows(table) == [{"id": 1, "n": "x"}]
    packed = pa.compress(b"id,n\n1,x\n", codec="zstd", asbytes=True)
    with sources.open(write(tmp_path / "a.csv.zst", packed)) as table:
        assert rows(table) == [{"id": 1, "n": "x"}]
    with sources.open(write(tmp_path / "a.jsonl.gz", gzip.compress(b'{"id":1}\n'))) as table:
        assert rows(table) == [{"id": 1}]


@pytest.mark.parametrize("rows_in", [10, 30_000])
@pytest.mark.parametrize("ending", ["csv.gz", "csv.zst"])
def test_a_compressed_file_that_was_cut_short_is_said_to_be_damaged(tmp_path, ending, rows_in):
    text = "id,n\n" + "".join(f"{number},{number * 7919 % 104729}\n" for number in range(rows_in))
    packed = pa.compress(text.encode(), codec={"csv.gz": "gzip", "csv.zst": "zstd"}[ending], asbytes=True)
    for content in (packed[: len(packed) * 3 // 4], text.encode()):
        with pytest.raises(SourceError, match="damaged or cut short"):
            sources.open(write(tmp_path / f"a.{ending}", content)).close()


def test_json_array_lines_and_nesting(tmp_path):
    with sources.open(write(tmp_path / "a.json", '[{"a":1,"b":{"c":[1]}},{"a":2}]')) as table:
        assert [(field.name, field.kind) for field in table.fields] == [("a", "number"), ("b", "other")]
        assert rows(table)[0] == {"a": 1, "b": {"c": [1]}}
    with sources.open(write(tmp_path / "a.ndjson", '{"a":1}\n{"a":2}\n')) as table:
        assert rows(table) == [{"a": 1}, {"a": 2}]


def test_parquet_knows_its_rows(tmp_path):
    pq.write_table(pa.table({"a": [1, 2, 3]}), tmp_path / "a.parquet")
    with sources.open(tmp_path / "a.parquet") as table:
        assert table.row_count == 3
        assert len(rows(table)) == 3


def test_folder_and_glob_union_by_name_and_skip_hidden_files(tmp_path):
    write(tmp_path / "1.csv", "id,n\n1,x\n")
    write(tmp_path / "2.csv", "n,id,more\ny,02,5\n")
    write(tmp_path / "_SUCCESS", "")
    write(tmp_path / ".1.csv.crc", "zz")
    with sources.open(tmp_path) as table:
        assert rows(table) == [{"id": "1", "n": "x", "more": None}, {"id": "02", "n": "y", "more": 5}]
        assert table.dataset.name == str(tmp_path)
    with sources.open(tmp_path / "*.csv") as table:
        assert len(rows(table)) == 2
        assert table.dataset.short == tmp_path.name


def test_partition_folders_become_columns(tmp_path):
    for day in ("2024-01-01", "2024-01-02"):
        (tmp_path / f"day={day}").mkdir()
        write(tmp_path / f"day={day}" / "a.csv", "id\n1\n")
    with sources.open(tmp_path) as table:
        assert types(table) == {"id": "BIGINT", "day": "DATE"}


def test_two_tables_join_in_one_query(tmp_path):
    with (
        sources.open(write(tmp_path / "a.csv", "id,n\n1,x\n2,y\n")) as left,
        sources.open(pa.table({"id": [2, 3]})) as right,
    ):
        ours, theirs = left.relation().as_("l"), right.relation().as_("r")
        answer = left.query(exp.select("l.n").from_(ours).join(theirs, on="l.id = r.id"))
        assert answer.to_pylist() == [{"n": "y"}]


def test_version_follows_the_content(tmp_path):
    path = write(tmp_path / "a.csv", "id\n1\n")
    with sources.open(path) as table:
        first = table.version
    with sources.open(path) as table:
        assert table.version == first
    write(path, "id\n1\n2\n")
    with sources.open(path) as table:
        assert table.version != first


def test_a_change_that_keeps_size_and_time_is_seen(tmp_path):
    path = write(tmp_path / "t.csv", "a\n1\n")
    with sources.open(path) as table:
        before, times = table.version, os.stat(path)
        path.write_text("a\n2\n")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert os.stat(path).st_mtime_ns == times.st_mtime_ns
        with pytest.raises(SourceError, match="changed while it was open"):
            rows(table)
    with sources.open(path) as table:
        assert table.version != before


def test_a_file_that_changes_while_open_is_an_error(tmp_path):
    path = write(tmp_path / "a.csv", "id\n1\n")
    with sources.open(path) as table:
        write(path, "id\n1\n2\n")
        with pytest.raises(SourceError, match="changed while it was open"):
            rows(table)
        path.unlink()
        with pytest.raises(SourceError, match="changed while it was open"):
            rows(table)


def test_a_closed_table_says_so(tmp_path):
    table = sources.open(write(tmp_path / "a.csv", "id\n1\n"))
    table.close()
    table.close()
    with pytest.raises(SourceError, match="closed"):
        rows(table)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"a,b,c\n1,2,3\n4,5\n6,7,8\n", "line 3: 2 columns instead of the expected 3"),
        (b"a,b,c\n1,2,3,4\n5,6,7,8\n", "line 2: 4 columns instead of the expected 3"),
        (b"My report\na,b,c\n1,2,3\n", "line 2: 3 columns instead of the expected 1"),
        ("a,b\ncaf\xe9,1\n".encode("latin-1"), "line 2: byte 7 (0xE9) is not UTF-8"),
        (b"id,x,ID\n1,2,3\n", "two columns 'ID' (columns 1 and 3"),
        (bytes(range(256)) * 20, "binary file"),
        (b"PK\x03\x04 not a table", "binary file"),
    ],
)
def test_bad_csv_says_what_and_where(tmp_path, content, says):
    path = write(tmp_path / "bad.csv", content)
    text = problem(path)
    assert says in text
    assert str(path) in text


@pytest.mark.parametrize("named", ["closed", "open.gz"])
@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('a,b\n1,x\n2,"open\n3,y\n4,z\n', 3),
        ('a,b\n1,"two\nlines"\n2,"open\n3,y\n4,"z"\n', 4),
        ('a;b\r\n1;"x ""y"" z"\r\n2;"x"y\r\n3;z\r\n', 3),
        ('a,b\n1,x\n"2,open\n3,y\n', 3),
        ('a,b\n1,x\n2,"last', 3),
        ('note\nhello\n"open\nx\n', 3),
        ("a,b\n" + "1,x\n" * 60_000 + '2,"open\n3,y\n', 60_002),
        ('a,b\n1,"' + "x" * 200_000 + "\n2,y\n" + "3,z\n" * 100, 2),
    ],
)
def test_a_quote_that_is_not_closed_is_named_with_its_line(tmp_path, content, line, named):
    data = gzip.compress(content.encode()) if named.endswith(".gz") else content
    path = write(tmp_path / named.replace("closed", "t.csv").replace("open", "t.csv"), data)
    with pytest.raises(SourceError) as caught, sources.open(path) as table:
        rows(table)
    assert f"{path}, line {line}: a value begins with a quote and does not end with one." in str(caught.value)


@pytest.mark.parametrize("content", ['a,b\n1,5" pipe\n2,x\n', 'a,b\n1,"x ""y"", z"\n2,""\n', '"a, b"\nx\n"y, z"\n'])
def test_quotes_that_are_in_order_are_read(tmp_path, content):
    with sources.open(write(tmp_path / "t.csv", content)) as table:
        assert len(rows(table)) == 2


def test_a_ragged_row_far_down_is_named_by_the_first_query(tmp_path):
    path = write(tmp_path / "long.csv", b"a,b\n" + b"1,2\n" * 40_000 + b"1,2,3\n")
    with sources.open(path) as table, pytest.raises(SourceError, match="line 40002: 3 columns instead of the exp"):
        rows(table)


def test_other_bad_files(tmp_path):
    pq.write_table(pa.table({"a": list(range(1000))}), tmp_path / "a.parquet")
    assert "cut short" in problem(write(tmp_path / "cut.parquet", (tmp_path / "a.parquet").read_bytes()[:300]))
    assert "line 3" in problem(write(tmp_path / "bad.json", '{"a":1}\n{"a":\n'))
    assert "no records" in problem(write(tmp_path / "none.json", "[]"))
    pq.write_table(pa.table([[1], [2]], names=["id", "Id"]), tmp_path / "twice.parquet")
    assert "two columns 'Id'" in problem(tmp_path / "twice.parquet")
    pq.write_table(pa.table({}), tmp_path / "zero.parquet")
    assert "zero.parquet" in problem(tmp_path / "zero.parquet")
    assert "no known ending" in problem(write(tmp_path / "a.xlsx", "x"))


def test_missing_things(tmp_path):
    write(tmp_path / "orders.csv", "a\n1\n")
    assert "Did you mean orders.csv?" in problem(tmp_path / "order.csv")
    assert "folder" in problem(tmp_path / "nowhere" / "a.csv")
    assert "No file matches" in problem(str(tmp_path / "*.parquet"))
    (tmp_path / "void").mkdir()
    assert "no data file" in problem(tmp_path / "void")
    write(tmp_path / "b.json", "{}")
    assert "mixes formats (1 csv, 1 json)" in problem(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(tmp_path):
    path = write(tmp_path / "a.csv", "a\n1\n")
    path.chmod(0)
    assert "cannot be read" in problem(path)


def test_uris(tmp_path):
    path = write(tmp_path / "a b.csv", "a\n1\n")
    with sources.open(f"file://{str(path).replace(' ', '%20')}") as table:
        assert rows(table) == [{"a": 1}]
    text = problem("nosuch://user:secret@host/x")
    assert "nosuch://" in text
    assert "file://" in text
    assert "secret" not in text
    assert "host 'elsewhere'" in problem("file://elsewhere/a.csv")
    assert "empty" in problem("  ")
