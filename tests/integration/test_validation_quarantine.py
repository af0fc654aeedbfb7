"""Splitting a table into good and bad rows."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tools import dqdl, sources
from tools.sources import SourceError
from tools.validation import outlets, quarantine
from tools.validation.outlets import OutletError
from tools.validation.quarantine import QuarantineError

REASONS = "DataQualityRulesFail"
RULES = 'Rules = [IsComplete "b", ColumnValues "a" < 3, RowCount > 100, IsComplete "gone", IsUnique "c"]'
TABLE = pa.table({"a": [1, 2, 3, 4], "b": ["x", None, None, "y"], "c": [1.5, 2.5, None, 3.5]})


def divided(source, target, rules=RULES, **options):
    """The split of a source that is opened for it."""
    parsed = dqdl.parse(rules)
    with sources.open(source) as table:
        tables = {"primary": table}
        return quarantine.split(parsed, tables, str(target), dqdl.evaluate(parsed, tables), **options)


def test_bad_rows_have_their_reasons_and_nothing_is_lost(tmp_path):
    path = tmp_path / "orders.parquet"
    pq.write_table(TABLE, path)
    found = divided(path, tmp_path / "out")
    good, bad = pq.read_table(found.good), pq.read_table(found.bad)
    assert (found.good, found.bad) == tuple(str(tmp_path / "out/orders" / f"{n}.parquet") for n in ("good", "bad"))
    assert good.equals(TABLE.slice(0, 1))
    assert bad.drop([REASONS]).equals(TABLE.slice(1))
    complete, small, count, gone, unique = (str(rule) for rule in dqdl.parse(RULES).rules)
    assert bad[REASONS].to_pylist() == [[complete], [complete, small], [small]]
    assert (found.rows, found.good_rows, found.bad_rows) == (4, 1, 3)
    assert found.failed_rows == {complete: 2, small: 2, unique: 0}
    assert found.not_deciding == {count: "It is not about single rows.", gone: "There is no column gone."}


def test_csv_stays_csv_and_reads_back_the_same(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text('id,code,at,note\n1,007,2024-01-01,"a, ""b"""\n2,008,2024-02-01,\n3,,2024-03-01,"two\nlines"\n')
    found = divided(path, tmp_path / "out", 'Rules = [IsComplete "code", IsComplete "note"]')
    with sources.open(found.good) as good, sources.open(path) as source:
        assert [field.name for field in good.fields] == [field.name for field in source.fields]
    assert Path(found.good).read_text().splitlines() == ['"id","code","at","note"', '1,"007",2024-01-01,"a, ""b"""']
    bad = pa.csv.read_csv(found.bad, parse_options=pa.csv.ParseOptions(newlines_in_values=True)).to_pylist()
    assert [(row["id"], row[REASONS]) for row in bad] == [(2, 'IsComplete "note"'), (3, 'IsComplete "code"')]


def test_several_reasons_in_csv_stand_on_lines_of_their_own(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,\n")
    found = divided(path, tmp_path, 'Rules = [IsComplete "b", ColumnValues "a" > 1]')
    text = pa.csv.read_csv(found.bad, parse_options=pa.csv.ParseOptions(newlines_in_values=True))[REASONS][0].as_py()
    assert text == 'IsComplete "b"\nColumnValues "a" > 1'


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_there_are_always_two_files(tmp_path, rows):
    path = tmp_path / "t.parquet"
    pq.write_table(TABLE.slice(0, rows), path)
    found = divided(path, tmp_path / "out", 'Rules = [ColumnValues "a" < 9]')
    assert pq.read_table(found.good).equals(TABLE.slice(0, rows))
    assert pq.read_schema(found.bad).names == ["a", "b", "c", REASONS]
    assert (found.good_rows, found.bad_rows) == (rows, 0)


def test_tables_in_memory_and_folders_of_files(tmp_path):
    assert divided(TABLE, tmp_path / "memory").bad_rows == 3
    folder = tmp_path / "daily"
    folder.mkdir()
    for day in (1, 2):
        (folder / f"{day}.csv").write_text("a,b\n1,x\n2,\n")
    found = divided(folder, tmp_path / "out", 'Rules = [IsComplete "b", IsUnique "a"]')
    assert (found.bad.endswith("/daily/bad.csv"), found.rows, found.bad_rows) == (True, 4, 4)


def test_a_split_never_writes_over_another(tmp_path):
    divided(TABLE, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with pytest.raises(OutletError, match="is there already"):
        divided(TABLE, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize(
    ("rules", "table", "says"),
    [
        ("Rules = [RowCount > 1]", TABLE, "No rule of the ruleset says which rows are bad"),
        ('Rules = [IsComplete "a"]', pa.table({"a": [1], REASONS: ["x"]}), f"has a column {REASONS} already"),
    ],
)
def test_what_cannot_be_split(tmp_path, rules, table, says):
    with pytest.raises(QuarantineError, match=says):
        divided(table, tmp_path, rules)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["gs://bucket/x", "https://example.org/x"])
def test_other_places_are_refused(target):
    with pytest.raises(OutletError, match=r"Give a folder, or s3://"):
        divided(TABLE, target)


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutletError, match="Cannot write to"):
        divided(TABLE, tmp_path / "taken")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SourceError("gone"), OSError(28, "No space left on device")])
def test_nothing_is_left_of_a_split_that_was_given_up(tmp_path, monkeypatch, error):
    original, calls = quarantine._File.add, []

    def add(self, batch):
        calls.append(batch)
        if len(calls) == 6:
            raise error
        original(self, batch)

    monkeypatch.setattr(quarantine._File, "add", add)
    monkeypatch.setattr(quarantine, "GROUP_ROWS", 1000)
    expected = OutletError if isinstance(error, OSError) else error if isinstance(error, type) else SourceError
    with pytest.raises(expected):
        divided(pa.table({"a": range(300_000)}), tmp_path / "out", 'Rules = [ColumnValues "a" < 7]')
    assert not (tmp_path / "out").exists()


def test_only_folders_that_were_made_for_it_are_removed(tmp_path):
    (tmp_path / "mine").mkdir()
    for target in ("mine", "mine/deep/er", "new/deep"):
        with pytest.raises(QuarantineError, match=r"which rows are bad\. RowCount > 1: It is not about single rows\."):
            divided(TABLE, tmp_path / target, "Rules = [RowCount > 1]")
        outlets.check(str(tmp_path / target), "t")
    assert [path.name for path in tmp_path.rglob("*")] == ["mine"]


def test_a_source_that_changes_meanwhile_leaves_nothing(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": range(200_000)}), path)
    progress = []

    def change(share):
        progress.append(share)
        os.utime(path, ns=(1, 1))

    with pytest.raises(SourceError, match="changed while it was open"):
        divided(path, tmp_path / "out", 'Rules = [ColumnValues "a" < 7]', on_progress=change)
    assert progress == sorted(progress)
    assert not (tmp_path / "out").exists()


def test_a_count_that_does_not_add_up_leaves_nothing(tmp_path):
    parsed = dqdl.parse('Rules = [ColumnValues "a" < 3]')
    with sources.open(TABLE) as table, sources.open(TABLE.slice(1)) as shorter:
        evaluation = dqdl.evaluate(parsed, {"primary": shorter})
        with pytest.raises(QuarantineError, match="has 3 rows, but 4 were split"):
            quarantine.split(parsed, {"primary": table}, str(tmp_path), evaluation)
    assert list(tmp_path.iterdir()) == []


def test_a_rule_that_ended_in_an_error_does_not_decide(tmp_path):
    rules = 'Rules = [IsComplete "b", IsComplete "a" where "datediff(b, c) > 1"]'
    found = divided(TABLE, tmp_path, rules)
    assert (list(found.failed_rows), found.bad_rows) == (['IsComplete "b"'], 2)
    assert "could not" in next(iter(found.not_deciding.values()))


def test_bad_rows_are_collected_into_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(quarantine, "GROUP_ROWS", 50_000)
    found = divided(pa.table({"a": range(400_000)}), tmp_path, 'Rules = [ColumnValues "a" < 399999]')
    assert pq.ParquetFile(found.bad).num_row_groups == 1
    assert pq.ParquetFile(found.good).num_row_groups <= 8
    assert pq.read_table(found.good)["a"].to_pylist() == list(range(399_999))


def test_an_upload_sends_parts_of_a_size(monkeypatch):
    class Client:
        sent = ()

        def create_multipart_upload(self, **_):
            return {"UploadId": "u"}

        def upload_part(self, **part):
            Client.sent = (*Client.sent, len(part["Body"]))
            return {"ETag": "e"}

        def complete_multipart_upload(self, **said):
            assert [part["PartNumber"] for part in said["MultipartUpload"]["Parts"]] == [1, 2]

    monkeypatch.setattr(outlets, "PART_BYTES", 100)
    upload = outlets._Upload(Client(), "b", "k")
    assert [upload.write(b"x" * 60) for _ in range(3)] == [60, 60, 60]
    assert (upload.tell(), Client.sent) == (180, (120,))
    upload.complete()
    assert Client.sent == (120, 60)
