from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from tools import dqdl, sources
from tools.sources import file_access, file_listing

NOW = datetime(2026, 3, 10, 12, 0, 30, tzinfo=UTC)
MEMORY = pa.table({"n": [1]})


def put(path: Path, content: str = "n\n1\n", at: str = "2026-03-10 11:00") -> Path:
    """A file of that content, last written at that time in UTC."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    seconds = datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
    os.utime(path, (seconds, seconds))
    return path


@pytest.fixture
def lake(tmp_path, monkeypatch):
    """a and b have the same content, c is larger and older; the working folder is its parent."""
    put(tmp_path / "lake" / "a.csv")
    put(tmp_path / "lake" / "b.csv", at="2026-03-10 10:00")
    put(tmp_path / "lake" / "sub" / "c.csv", "n\n" + "7\n" * 2000, at="2026-03-01 00:00")
    put(tmp_path / "lake" / "_SUCCESS", "")
    put(tmp_path / "lake" / ".hidden" / "x.csv", "other")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "lake"


def check(rule: str, table=MEMORY, **options):
    return dqdl.evaluate(f"Rules = [ {rule} ]", {"primary": table}, now=NOW, **options).rules[0]


@pytest.mark.parametrize(
    ("condition", "good"),
    [
        ("> (now() - 24 hours)", 2),
        (">= (now() - 1 hours)", 1),
        ("> now()", 0),
        ("< now()", 3),
        ("<= (now() - 2 hours)", 2),
        ('> "2020-01-01"', 3),
        ('>= "2026-03-01"', 3),
        ('> "2026-03-01"', 2),
        ('= "2026-03-10"', 2),
        ('!= "2026-03-10"', 1),
        ('= "11:00"', 1),
        ('in ["2026-03-01", "10:00"]', 2),
        ('not in ["2026-03-01"]', 2),
        ('between "2026-03-01" and "2026-03-11"', 2),
        ('not between "2026-03-01" and "2026-03-11"', 1),
        ('between "9:30 AM" and "10:30 AM"', 1),
        ('between "9:30 AM" and "9:30 PM"', 2),
        ('between "02:30" and "10:00"', 0),
        ('between "2001-02-07" and (now() - 90 minutes)', 2),
        ("between (now() - 3 days) and (now() + 15 minutes)", 2),
        ('> "12:00 AM"', 2),
        ('< "12:00 PM"', 3),
    ],
)
def test_freshness_compares_the_time_of_each_file(lake, condition, good):
    result = check(f'FileFreshness "lake" {condition}')
    assert result.outcome == ("Passed" if good == 3 else "Failed")
    assert result.metrics == {"Dataset.*.FileCount": 3, "Dataset.*.FileFreshness.Compliance": good / 3}


def test_a_time_of_the_day_is_told_where_the_zone_is(lake):
    # 11:00 UTC is 07:00 in New York (daylight saving since 8 March) and 20:00 in Tokyo.
    rule = 'FileFreshness "lake/a.csv" between "6:59 AM" and "7:01 AM" with timeZone = "{}"'
    assert check(rule.format("America/New_York")).outcome == "Passed"
    assert check(rule.format("Asia/Tokyo")).outcome == "Failed"
    assert check('FileFreshness "lake/a.csv" > "19:59" with timeZone = "Asia/Tokyo"').outcome == "Passed"
    # In Auckland it is the 11th already, at 01:00: "today" began at 11:00 UTC.
    assert check('FileFreshness "lake/a.csv" >= "00:00" with timeZone = "Pacific/Auckland"').outcome == "Passed"
    assert check('FileFreshness "lake/b.csv" >= "00:00" with timeZone = "Pacific/Auckland"').outcome == "Failed"


def test_the_threshold_is_a_share_of_the_files(lake):
    rule = 'FileFreshness "lake" > (now() - 24 hours) with threshold {}'
    assert check(rule.format("> 0.6")).outcome == "Passed"
    failed = check(rule.format("> 0.7"))
    assert failed.outcome == "Failed"
    assert failed.reason == (
        "1 of 3 files does not meet > (now() - 24 hours) (66.7 % good, the rule wants more than 70 %): "
        "sub/c.csv (2026-03-01 00:00 UTC)."
    )
    assert check('FileSize "lake" > 1 KB with threshold between 0.3 and 0.4').outcome == "Passed"


@pytest.mark.parametrize(
    ("condition", "good"),
    [
        ("> 3 B", 3),
        ("> 4", 1),
        (">= 4 B", 3),
        ("= 4", 2),
        ("!= 4 B", 1),
        ("< 4 KB", 3),
        ("> 3 KB", 1),
        ("between 3 B and 5 B", 2),
        ("between 4 B and 5 KB", 1),
        ("not between 4 B and 5 KB", 2),
        ("in [4 B, 1 TB]", 2),
        ("not in [4 B]", 1),
        ("< 1 GB", 3),
    ],
)
def test_size_compares_bytes_in_powers_of_1024(lake, condition, good):
    result = check(f'FileSize "lake" {condition}')
    assert result.outcome == ("Passed" if good == 3 else "Failed")
    assert result.metrics == {
        "Dataset.*.FileCount": 3,
        "Dataset.*.FileSize.Compliance": good / 3,
        "Dataset.*.MinimumFileSize": 4,
        "Dataset.*.MaximumFileSize": 4002,
    }


def test_a_kilobyte_has_1024_bytes(lake):
    put(lake / "k" / "exact.bin", "x" * 1024)
    assert check('FileSize "lake/k" = 1 KB').outcome == "Passed"
    assert check('FileSize "lake/k" > 1 KB').outcome == "Failed"


def test_uniqueness_is_the_share_of_files_whose_content_no_other_has(lake):
    result = check('FileUniqueness "lake" > 0.5')
    assert (result.outcome, result.metrics) == (
        "Failed",
        {"Dataset.*.FileUniquenessRatio": 1 / 3, "Dataset.*.FileCount": 3},
    )
    assert "Not unique: a.csv, b.csv." in result.reason
    (lake / "b.csv").write_text("n\n2\n")
    assert check('FileUniqueness "lake" = 1').outcome == "Passed"
    put(lake / "sub" / "a.csv", "another")
    assert check('FileUniqueness "lake" = 1').outcome == "Passed"
    assert check('FileUniqueness "lake" = 1 with matchFileName = "true"').metrics == {
        "Dataset.*.FileUniquenessRatio": 0.5,
        "Dataset.*.FileCount": 4,
    }


def test_uniqueness_reads_only_files_of_equal_size(lake, monkeypatch):
    read = []
    monkeypatch.setattr("tools.dqdl.rules.files.digest", lambda path, *more: read.append(path) or "x")
    check('FileUniqueness "lake" > 0')
    assert [Path(path).name for path in read] == ["a.csv", "b.csv"]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-1", "SHA-256", "sha-256", None])
def test_a_checksum_matches(lake, algorithm):
    name = (algorithm or "SHA-256").replace("-", "").lower()
    known = hashlib.new(name, (lake / "a.csv").read_bytes()).hexdigest()
    tag = f' with hashAlgorithm = "{algorithm}"' if algorithm else ""
    assert check(f'FileMatch "lake/a.csv" in ["{known}"]{tag}').outcome == "Passed"
    assert check(f'FileMatch "lake/a.csv" in ["00", "{known.upper()}"]{tag}').outcome == "Passed"
    assert check(f'FileMatch "lake/a.csv" = "{known}"{tag}').outcome == "Passed"
    assert check(f'FileMatch "lake/a.csv" != "{known}"{tag}').outcome == "Failed"
    result = check(f'FileMatch "lake" in ["{known}"]{tag}')
    assert (result.outcome, result.metrics) == ("Failed", {"Dataset.*.FileCount": 3})
    assert "1 of 3 files has a" in result.reason
    assert "sub/c.csv" in result.reason


def test_checksums_may_stand_in_a_constant(lake):
    known = hashlib.sha256((lake / "a.csv").read_bytes()).hexdigest()
    text = f'good = ["{known}"] Rules = [ FileMatch "lake/a.csv" in $good, FileMatch "lake/sub" in $good ]'
    found = dqdl.evaluate(text, {"primary": MEMORY}).rules
    assert [rule.outcome for rule in found] == ["Passed", "Failed"]


def test_two_files_or_folders_match_by_content(lake):
    assert check('FileMatch "lake/a.csv" "lake/b.csv"').outcome == "Passed"
    assert check('FileMatch "lake/a.csv" "lake/sub/c.csv"').outcome == "Failed"
    put(lake.parent / "copy" / "one.csv", (lake / "a.csv").read_text())
    put(lake.parent / "copy" / "two.csv", (lake / "sub" / "c.csv").read_text())
    fewer = check('FileMatch "lake" "copy"')
    assert fewer.outcome == "Failed"
    assert '"lake" has 3 files, "copy" has 2 files' in fewer.reason
    put(lake.parent / "copy" / "three.csv", (lake / "b.csv").read_text())
    assert check('FileMatch "lake" "copy"').outcome == "Passed"
    assert check('FileMatch "lake" "copy" with matchFileName = "true"').outcome == "Failed"
    put(lake.parent / "copy" / "three.csv", "n\n9\n")
    changed = check('FileMatch "lake" "copy"')
    assert changed.outcome == "Failed"
    assert "1 of 3 files" in changed.reason
    assert "b.csv" in changed.reason


def test_folders_of_the_same_names_match_by_name_too(lake):
    for path in ("a.csv", "b.csv", "sub/c.csv"):
        put(lake.parent / "copy" / path, (lake / path).read_text())
    assert check('FileMatch "lake" "copy" with matchFileName = "true"').outcome == "Passed"


def test_two_empty_folders_match_vacuously(lake):
    (lake / "e").mkdir()
    (lake / "f").mkdir()
    result = check('FileMatch "lake/e" "lake/f"')
    assert (result.outcome, result.vacuous) == ("Passed", True)


def test_recent_files_and_patterns_choose_among_them(lake):
    assert check('FileFreshness "lake" > (now() - 24 hours) with recentFiles = 2').outcome == "Passed"
    assert check('FileFreshness "lake" > (now() - 24 hours) with recentFiles = 3').outcome == "Failed"
    assert check(r'FileSize "lake" > 1 KB with uriRegex = "c\.csv$"').outcome == "Passed"
    # Looking ahead at the beginning is about the whole path.
    assert check(r'FileSize "lake" < 1 KB with uriRegex = "(?!.*c\.csv$).*"').metrics["Dataset.*.FileCount"] == 2
    # The newest first, then the pattern: none of the newest is c.
    assert "There is no file" in check(r'FileSize "lake" > 1 with recentFiles = 2 with uriRegex = "c\.csv$"').reason


def test_the_order_of_the_filters_can_be_changed(lake):
    rule = r'FileSize "lake" > 1 with recentFiles = 1 with uriRegex = "[bc]\.csv$" with filterOrder = {}'
    assert "There is no file" in check(rule.format('["recentFiles", "uriRegex"]')).reason
    assert check(rule.format('["recentFiles"]')).outcome == "Failed"
    for order in ('["uriRegex", "recentFiles"]', '["URIREGEX"]', '"uriRegex"'):
        result = check(rule.format(order))
        assert (result.outcome, result.metrics["Dataset.*.FileCount"]) == ("Passed", 1), order
        assert result.metrics["Dataset.*.MaximumFileSize"] == 4, "b is newer than c"


def test_an_order_without_filters_leaves_all_files(lake):
    result = check('FileSize "lake" > 1 with filterOrder = ["uriRegex", "recentFiles"]')
    assert (result.outcome, result.metrics["Dataset.*.FileCount"]) == ("Passed", 3)


def test_fail_fast_stops_at_the_first_bad_file(lake, monkeypatch):
    result = check('FileSize "lake" > 1 MB with failFast = "true"')
    assert result.outcome == "Failed"
    assert result.reason == "a.csv (4 B) does not meet > 1 MB; the files after it were not looked at."
    assert "Dataset.*.FileSize.Compliance" not in result.metrics
    read = []
    monkeypatch.setattr("tools.dqdl.rules.files.digest", lambda path, *more: read.append(path) or "x")
    assert check('FileMatch "lake" in ["00"] with failFast = "true"').outcome == "Failed"
    assert len(read) == 1


def test_without_a_path_the_files_are_those_of_the_table(lake):
    with sources.open(str(lake)) as table, sources.open(str(lake / "a.csv")) as one:
        assert check("FileSize > 3 B", table).metrics["Dataset.*.FileCount"] == 3
        assert check("FileFreshness > (now() - 24 hours)", one).outcome == "Passed"
        known = hashlib.md5(b"n\n1\n", usedforsecurity=False).hexdigest()
        assert check(f'FileMatch in ["{known}"] with hashAlgorithm = "MD5"', one).outcome == "Passed"
        assert check("FileUniqueness > 0.5", table).outcome == "Failed"
        found = dqdl.evaluate(
            'Rules = [ FileSize > 3 B with dataFrame = "ref", FileSize > 3 B with dataFrame = "raf" ]',
            {"primary": MEMORY, "ref": table},
        ).rules
        assert found[0].metrics["Dataset.*.FileCount"] == 3
        assert (found[1].outcome, "No table named raf" in found[1].reason) == ("Error", True)


@pytest.mark.parametrize(
    ("rule", "outcome", "reason"),
    [
        ("FileSize > 1 B", "Error", "not read from files"),
        ('FileSize "lake/none.csv" > 1 B', "Failed", 'no file at "lake/none.csv"'),
        ('FileFreshness "nowhere/" > "2020-01-01"', "Failed", "no file"),
        ('FileUniqueness "lake/*.parquet" > 0', "Failed", "no file"),
        ('FileFreshness "lake" > "2020-13-45"', "Error", "not a time that exists"),
        ('FileFreshness "lake" > (now() - 2000000000 days)', "Error", "not a time that exists"),
        ('FileMatch "lake" in ["00"] with hashAlgorithm = "CRC"', "Error", "known are MD5, SHA-1, SHA-256"),
        ('FileSize "lake" > 1 with recentFiles = 0', "Error", "whole number from 1"),
        ('FileSize "lake" > 1 with recentFiles = "some"', "Error", "whole number from 1"),
        ('FileSize "lake" > 1 with uriRegex = "("', "Error", "regular expression"),
        ('FileSize "lake" > 1 with filterOrder = ["newest", "uriRegex"]', "Error", "not newest, uriRegex"),
        ('FileSize "lake" > 1 with filterOrder = ["uriRegex", "uriregex"]', "Error", "at most once"),
        ('FileSize "lake" > 1 with filterOrder = 3', "Error", "not 3"),
        ('FileSize "lake" > 1 with failFast = "maybe"', "Error", '"true" or "false"'),
    ],
)
def test_what_cannot_be_done_spoils_only_itself(lake, rule, outcome, reason):
    found = dqdl.evaluate(f"Rules = [ {rule}, RowCount = 1 ]", {"primary": MEMORY}, now=NOW).rules
    assert (found[0].outcome, found[1].outcome) == (outcome, "Passed")
    assert reason in found[0].reason


def test_a_file_that_may_not_be_read_is_an_error(lake, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    result = check('FileMatch "lake/a.csv" in ["00"]')
    monkeypatch.undo()
    assert (result.outcome, "Permission denied" in result.reason) == ("Error", True)


def test_reading_files_takes_no_longer_than_a_query_may(lake, monkeypatch):
    monkeypatch.setenv("ASSAY_QUERY_SECONDS", "0.000001")
    result = check('FileMatch "lake" in ["00"]')
    assert (result.outcome, "not read to its end in time" in result.reason) == ("Error", True)
    assert check('FileSize "lake" > 0').outcome == "Passed"


# Where rules come from others


def test_rules_look_only_below_the_roots(lake):
    outside = put(lake.parent / "secret" / "key.txt")
    roots = (str(lake),)
    assert check('FileSize "lake" > 0', file_roots=roots).outcome == "Passed"
    assert check('FileSize "lake/sub/*.csv" > 0', file_roots=roots).outcome == "Passed"
    for path in (
        str(outside),
        "lake/../secret/key.txt",
        "lake/../*/key.txt",
        "*/key.txt",
        "/",
        "~",
        "lakes",
        "s3://b/k",
    ):
        result = check(f'FileSize "{path}" > 0', file_roots=roots)
        assert (result.outcome, "may not look at" in result.reason) == ("Error", True), path
    assert check(f'FileMatch "lake/a.csv" "{outside}"', file_roots=roots).outcome == "Error"
    assert check(f'FileSize "{outside}" > 0').outcome == "Passed"


def test_a_link_does_not_lead_out_of_the_roots(lake):
    outside = put(lake.parent / "secret" / "key.txt")
    (lake / "link.txt").symlink_to(outside)
    (lake / "door").symlink_to(outside.parent)
    for path in ("lake", "lake/link.txt", "lake/door", "lake/door/key.txt", "lake/*.txt", "lake/d*/key.txt"):
        result = check(f'FileSize "{path}" > 0', file_roots=(str(lake),))
        assert (result.outcome, "may not look at" in result.reason) == ("Error", True), path


def test_a_folder_with_too_many_files_is_refused(lake, monkeypatch):
    monkeypatch.setattr(file_listing, "MOST_FILES", 2)
    result = check('FileSize "lake" > 0')
    assert (result.outcome, "more than 2 files" in result.reason) == ("Error", True)


def test_a_name_that_looks_like_a_pattern_is_that_file(lake):
    put(lake / "a[1].csv", "only this")
    assert check('FileSize "lake/a[1].csv" = 9').metrics["Dataset.*.FileCount"] == 1


def test_what_is_now_ends_with_the_minute(lake):
    put(lake / "a.csv", at="2026-03-10 12:00")
    assert check('FileFreshness "lake/a.csv" >= now()').outcome == "Passed"
    assert check('FileFreshness "lake/a.csv" = now()').outcome == "Passed"
    assert check('FileFreshness "lake/a.csv" > now()').outcome == "Failed"
    assert NOW - timedelta(seconds=30) == NOW.replace(second=0)


def test_the_roots_of_a_run_are_the_folders_of_its_tables_and_what_the_operator_allows(lake, monkeypatch):
    with sources.open(str(lake)) as folder, sources.open(str(lake / "sub" / "c.csv")) as one:
        monkeypatch.delenv(file_access.ALLOWED, raising=False)
        assert file_access.roots([one]) == (str(lake / "sub"),)
        assert set(file_access.roots([folder, one])) == {str(lake), str(lake / "sub")}
        monkeypatch.setenv(file_access.ALLOWED, "/data/in:s3://lake/raw, s3://other")
        assert file_access.roots([one]) == (str(lake / "sub"), "/data/in", "s3://lake/raw", "s3://other")
