"""Logs of queries: every form is read, statements count once, sessions keep their temporary tables."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.collecting.logs.entries import Entry, entries, when
from tools.collecting.logs.log import Log
from tools.collecting.logs.statements import Seen, Sessions, fingerprint, successful, writes
from tools.collecting.model import CollectError, Found, Skipped
from tools.collecting.places import collector
from tools.collecting.sniffing import kind_of
from tools.collecting.wanted import Wanted

COPY = "insert into b (x) select x from a where y > 1"
STDERR = """\
2026-10-01 10:00:00.123 UTC [42] me@shop LOG:  statement: create temp table step as
\tselect x, y
\tfrom a
2026-10-01 10:00:01.000 UTC [42] me@shop LOG:  duration: 0.31 ms  statement: insert into b select upper(x) from step
2026-10-01 10:00:02.000 UTC [43] me@shop LOG:  execute s1: insert into c select x from gone where id = $1
2026-10-01 10:00:02.001 UTC [43] me@shop DETAIL:  parameters: $1 = '7'
2026-10-01 10:00:02.002 UTC [43] me@shop ERROR:  relation "gone" does not exist at character 27
2026-10-01 10:00:02.003 UTC [43] me@shop STATEMENT:  insert into c select x from gone where id = $1
2026-10-01 10:00:03.000 UTC [44] me@shop LOG:  checkpoint starting: time
"""
GENERAL = """\
/usr/sbin/mysqld, Version: 8.0.36 (MySQL). started with:
Tcp port: 3306  Unix socket: /run/mysqld.sock
Time                 Id Command    Argument
2026-10-01T10:00:00.123456Z\t    8 Connect\tme@localhost on shop using Socket
2026-10-01T10:00:00.200000Z\t    8 Query\tINSERT INTO b (x)
SELECT x
FROM a
2026-10-01T10:00:01.000000Z\t    9 Connect\tme@localhost on  using Socket
2026-10-01T10:00:01.100000Z\t    9 Init DB\tother
2026-10-01T10:00:02.000000Z\t    9 Query\tINSERT INTO b (x) SELECT x FROM a
2026-10-01T10:00:03.000000Z\t    8 Quit\t
"""
MARIA = "261001 10:00:00\t     5 Query\tinsert into b (x) select x from a\n\t\t     6 Query\tselect 1\n"


def read(path: Path) -> list[Entry]:
    form = kind_of(path)
    assert form in ("csv", "jsonl", "postgres csv", "postgres", "mysql"), form
    return list(entries(path, form, lambda _: None))


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def scanned(path: Path, **wanted: object) -> tuple[list[Found], list[Skipped], Log]:
    log = collector(str(path), Wanted(at=datetime(2026, 11, 1, tzinfo=UTC), **wanted))  # type: ignore[arg-type]
    assert isinstance(log, Log)
    found = list(log.collect(lambda _: None))
    jobs = [one for one in found if isinstance(one, Found)]
    return jobs, [one for one in found if isinstance(one, Skipped)], log


def edges(found: list[Found]) -> set[tuple[str, str]]:
    return {
        (f"{e.source.dataset.name}.{e.source.column}", f"{e.target.dataset.name}.{e.target.column}")
        for one in found
        for e in one.observed.edges
        if e.type == "DIRECT"
    }


def test_a_csv_export_with_any_of_the_usual_names(tmp_path: Path) -> None:
    for column in ("query", "QUERY_TEXT", "sql", "Statement"):
        row = 'me,2026-10-01 10:00:00+02,"insert into b\nselect ""x"" from a",shop'
        text = f'user,START_TIME,"{column}",database_name\n{row}\n'
        (entry,) = read(written(tmp_path / "log.csv", text))
        assert entry.sql == 'insert into b\nselect "x" from a'
        assert entry.at == datetime(2026, 10, 1, 10, tzinfo=timezone(timedelta(hours=2)))
        assert entry.database == "shop"


def test_json_lines(tmp_path: Path) -> None:
    rows = [{"query": COPY, "session_id": 7, "status": "FAILED"}, {"query": None}, {"other": 1}, {"query": COPY}]
    path = written(tmp_path / "log.jsonl", "\n".join(map(json.dumps, rows)))
    assert [(e.sql, e.session, e.failed) for e in read(path)] == [(COPY, "7", True), (COPY, "", False)]


def test_a_line_that_is_no_json_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "log.jsonl", json.dumps({"query": COPY}) + "\n{'query': insert into oops\n")
    jobs, skipped, _ = scanned(path)
    assert len(jobs) == 1
    assert not skipped  # it has no verb of SQL in front, and is counted with what writes nothing


def test_postgres_csv_and_what_failed(tmp_path: Path) -> None:
    out = io.StringIO()
    for number, (message, query) in enumerate(
        [
            (f"statement: {COPY}", ""),
            ("execute <unnamed>: insert into c select z from gone", ""),
            ("oops", "insert into c select z from gone"),
        ]
    ):
        row = [""] * 26
        row[0], row[1], row[2], row[3], row[5] = "2026-10-01 10:00:00.123 UTC", "me", "shop", "42", "65.1"
        row[11], row[13], row[19] = "ERROR" if query else "LOG", message, query
        row[6] = str(number)
        csv.writer(out).writerow(row)
    found = read(written(tmp_path / "log.csv", out.getvalue()))
    assert [(e.failed, e.session, e.database) for e in found] == [(f, "65.1", "shop") for f in (False, False, True)]
    assert [e.sql for e in successful(found)] == [COPY]


def test_postgres_on_stderr_with_lines_temporary_tables_and_failures(tmp_path: Path) -> None:
    path = written(tmp_path / "server.log", STDERR)
    jobs, skipped, log = scanned(path, namespace="postgres://db")
    assert edges(jobs) == {("shop.public.a.x", "shop.public.b.upper")}
    assert (skipped, log.tally.statements) == ([], 2)
    assert jobs[0].observed.at == datetime(2026, 10, 1, 10, 0, 1, tzinfo=UTC)


def test_mysqls_general_log_tells_the_database_of_each_session(tmp_path: Path) -> None:
    jobs, _, _ = scanned(written(tmp_path / "general.log", GENERAL), namespace="mysql://db")
    assert edges(jobs) == {("shop.a.x", "shop.b.x"), ("other.a.x", "other.b.x")}
    assert {one.observed.inputs[0].id.namespace for one in jobs} == {"mysql://db:3306"}


def test_mariadbs_general_log_has_the_time_only_where_it_changes(tmp_path: Path) -> None:
    first, second = read(written(tmp_path / "general.log", MARIA))
    assert first.at == second.at == datetime(2026, 10, 1, 10, tzinfo=UTC)
    assert (first.session, second.session) == ("5", "6")


def test_a_packed_log_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(f"query\n{COPY}\n".encode()))
    assert [e.sql for e in read(path)] == [COPY]
    path.write_bytes(gzip.compress(b"query\n" + COPY.encode() * 9000)[:-20])
    with pytest.raises(CollectError, match="damaged"):
        read(path)


def test_statements_that_differ_in_values_blanks_or_case_are_one() -> None:
    same = [
        COPY,
        "INSERT  INTO b (x)\nSELECT x FROM a WHERE y > 27;",
        "insert into b (x) select x from a /* by me */ where y > $1",
        "insert into b (x) select x from a where y > 'it''s'",
    ]
    assert len({fingerprint(sql) for sql in same}) == 1
    assert fingerprint(COPY) != fingerprint(COPY.replace("y", "z"))
    assert fingerprint("insert into b values (1,2), (3, 4)") == fingerprint("insert into b values (?, ?)")


@given(st.text(max_size=200))
def test_any_text_has_a_fingerprint_and_a_verdict(text: str) -> None:
    assert fingerprint(text) == fingerprint(text)
    assert writes(text) in (True, False)
    assert when(text) is None or when(text).tzinfo  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("sql", "does"),
    [
        ("-- note\n  INSERT INTO a SELECT 1", True),
        ("/* x */ (with c as (select 1) insert into a select * from c)", True),
        ("select * into b from a", True),
        ("create table b as select 1", True),
        ("merge into b using a on true when matched then delete", True),
        ("select * from a", False),
        ("with c as (select 1) select * from c", False),
        ("create index i on a (x)", False),
        ("explain insert into b select 1", False),
        ("set x = 1", False),
        ("", False),
    ],
)
def test_what_writes(sql: str, does: bool) -> None:
    assert writes(sql) is does


def test_a_statement_counts_once_however_often_it_ran(tmp_path: Path) -> None:
    rows = "\n".join(f"insert into b (x) select x from a where y > {n}" for n in range(500))
    jobs, _, log = scanned(written(tmp_path / "log.csv", f"query\n{rows}\n"))
    assert (len(jobs), log.tally.repeated) == (1, 499)
    assert jobs[0].observed.confidence == pytest.approx(0.9)


def test_values_of_no_table_make_no_job(tmp_path: Path) -> None:
    jobs, skipped, _ = scanned(written(tmp_path / "log.csv", 'query\n"insert into b values (1, 2)"\n'))
    assert (jobs, skipped) == ([], [])


def test_sessions_do_not_see_the_temporary_tables_of_others(tmp_path: Path) -> None:
    rows = [
        ("1", "create temporary table step as select x from a"),
        ("2", "create temporary table step as select z from c"),
        ("1", "insert into step select w from d"),
        ("2", "insert into out2 (v) select z from step"),
        ("1", "insert into out1 (v) select x from step"),
        ("3", "insert into out3 (v) select q from step"),
    ]
    text = "session,query\n" + "\n".join(f"{session},{sql}" for session, sql in rows)
    jobs, _, _ = scanned(written(tmp_path / "log.csv", text), dialect="postgres")
    assert edges(jobs) == {("a.x", "out1.v"), ("d.w", "out1.v"), ("c.z", "out2.v"), ("step.q", "out3.v")}


def test_what_a_session_made_is_bounded() -> None:
    sessions = Sessions()
    for number in range(5_000):
        sessions.before(Entry("create temp table t as select 1 as x", 1, session=str(number)))
    for _ in range(500):
        sessions.before(Entry("insert into t select x from y", 1, session="4999"))
    assert len(sessions.before(Entry("insert into z select * from t", 1, session="4999"))) <= 50
    assert sessions.before(Entry("insert into z select * from t", 1, session="0")) == []


def test_fingerprints_are_bounded() -> None:
    seen = Seen(room=3)
    assert [seen.before(mark) for mark in (b"1", b"2", b"1", b"3", b"4", b"1", b"2")] == [
        *(False, False, True, False, False, True, False)
    ]


def test_a_long_log_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    with path.open("w") as file:
        file.write("query\n")
        for number in range(10_000):
            file.write(f"insert into b (x) select x from a where y > {number} and name = '{'n' * 100}'\n")
    log = collector(str(path), Wanted())
    tracemalloc.start()
    assert sum(1 for _ in log.collect(lambda _: None)) == 1
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert log.tally.statements == 10_000
    assert most < path.stat().st_size


def test_a_statement_without_an_end_is_cut_and_told(tmp_path: Path) -> None:
    path = written(
        tmp_path / "server.log",
        "2026-10-01 10:00:00 UTC [1] LOG:  statement: insert into b select '"
        + "x" * 300
        + "\n"
        + ("x" * 300 + "\n") * 8_000,
    )
    jobs, skipped, log = scanned(path)
    assert (jobs, len(skipped), log.tally.statements) == ([], 1, 1)


def test_names_that_cannot_be_kept_are_told(tmp_path: Path) -> None:
    sql = f'insert into b (x) select "{"long" * 600}" from a'
    path = written(
        tmp_path / "log.jsonl",
        json.dumps({"query": sql}) + "\n" + json.dumps({"query": 'insert into "\ud800" select x from a'}),
    )
    jobs, _, _ = scanned(path, dialect="postgres")
    assert [one.problems for one in jobs] == [
        ("it holds names that are too long, or no text",),
        ("it writes a table whose name is too long, or no text",),
    ]


def test_values_are_not_kept(tmp_path: Path) -> None:
    sql = "insert into b (x) select x from a where mail = 'ada@example.org' and pin = 4711"
    (job,), _, _ = scanned(written(tmp_path / "log.jsonl", json.dumps({"query": sql})))
    assert job.observed.raw
    assert job.observed.raw["job"]["facets"]["sql"]["query"].endswith("where mail = ? and pin = ?")
    assert "ada" not in json.dumps(job.observed.raw)
