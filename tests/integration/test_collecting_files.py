"""Folders of SQL as lineage: what files make for each other, what is gone, and what cannot be read."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from graph.lineage import Lineage, Scanned
from graph.permissions import Actor, PermissionDenied
from memory import Memory
from tests.support.lineages import below
from tools.collecting.dumps import condensed
from tools.collecting.model import CollectError
from tools.collecting.wanted import Wanted
from tools.lineage import LineageError
from tools.lineage.observed import ColumnId, DatasetId, JobId

FILES = {
    "01_stage.sql": "create table stage.mails as select id, lower(mail) as mail from raw.customers;",
    "02_mart/all.sql": "insert into mart.all_mails select * from stage.mails; select count(*) from mart.all_mails",
    "02_mart/view.sql": "create view mart.v as select * from mart.base",
    "03_base.sql": "create table mart.base as select mail, id from stage.mails where id > 0",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        write(tmp_path / name, text)
    return tmp_path


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def scan(memory: Memory, path: Path, **wanted: object) -> Scanned:
    return Lineage(memory, None).scan(str(path), Wanted(**wanted))  # type: ignore[arg-type]


def of(name: str, namespace: str = "sql") -> ColumnId:
    table, _, column = name.rpartition(".")
    return ColumnId(DatasetId(namespace, table), column)


def test_files_are_read_together_whatever_their_order(lineage_store: Memory, folder: Path) -> None:
    done = scan(lineage_store, folder)
    assert (done.files, done.statements, done.jobs, done.reading, done.complete) == (4, 5, 5, 1, True)
    # The view's star is over a table that a later file makes.
    assert below(lineage_store, of("raw.customers.mail")) == {
        of(name) for name in ("stage.mails.mail", "mart.all_mails.mail", "mart.base.mail", "mart.v.mail")
    }
    jobs = [job.job.name for job in lineage_store.lineage.impact(of("mart.base.id")).jobs]
    assert jobs == [f"{folder}/02_mart/view.sql#mart.v"]


def test_a_namespace_says_where_the_tables_are(lineage_store: Memory, folder: Path) -> None:
    done = scan(lineage_store, folder, namespace="postgres://DB/shop")
    assert done.notes == []
    there = "postgres://db:5432"
    assert of("shop.stage.mails.mail", there) in below(lineage_store, of("shop.raw.customers.mail", there))


def test_the_sql_of_a_job_can_be_seen(lineage_store: Memory, folder: Path) -> None:
    scan(lineage_store, folder, dialect="postgres")
    details = lineage_store.lineage.job(JobId("file", f"{folder}/01_stage.sql#stage.mails"))
    assert (details.sql, details.dialect) == (FILES["01_stage.sql"].rstrip(";"), "postgres")


def test_secrets_in_sql_are_not_kept(lineage_store: Memory, tmp_path: Path) -> None:
    secret = "aws_access_key_id=AKIA" + "ABCDEFGHIJKLMNOP;aws_secret_access_key=very" + "hush"
    unload = f"unload ('select x from a') to 's3://b/c' credentials '{secret}'"
    write(tmp_path / "a.sql", f"{unload}; create table t as select '{secret}' as y, x from a")
    scan(lineage_store, tmp_path, dialect="redshift")
    kept = [str(row["raw"]) for row in lineage_store.db.rows("select raw from lineage_events")]
    assert any("create table t" in text for text in kept)
    assert not any("AKIA" in text or "veryhush" in text for text in kept)


def test_a_scan_twice_changes_nothing(lineage_store: Memory, folder: Path) -> None:
    first, second = scan(lineage_store, folder), scan(lineage_store, folder)
    assert first.opened > 0
    assert (second.opened, second.ended, second.gone) == (0, 0, 0)


def test_what_is_deleted_ends_and_history_stays(lineage_store: Memory, folder: Path) -> None:
    scan(lineage_store, folder)
    (folder / "02_mart/view.sql").unlink()
    write(folder / "01_stage.sql", "create table stage.mails as select id, 'x' as mail from raw.customers")
    done = scan(lineage_store, folder)
    assert done.gone == 1
    assert below(lineage_store, of("raw.customers.mail")) == set()
    assert below(lineage_store, of("raw.customers.id")) == {
        of(f"{name}.id") for name in ("stage.mails", "mart.all_mails", "mart.base")
    }


def test_a_part_of_a_folder_speaks_for_that_part_only(lineage_store: Memory, folder: Path) -> None:
    scan(lineage_store, folder)
    (folder / "03_base.sql").unlink()
    (folder / "02_mart/view.sql").unlink()
    assert scan(lineage_store, folder / "02_mart").gone == 1
    assert of("mart.base.mail") in below(lineage_store, of("stage.mails.mail"))
    assert scan(lineage_store, folder / "01_stage.sql").gone == 0


def test_what_cannot_be_read_is_told_and_its_lineage_stays(lineage_store: Memory, folder: Path) -> None:
    scan(lineage_store, folder)
    write(folder / "01_stage.sql", "create table stage.mails as selec id from; select 1")
    write(folder / "03_base.sql", b"\0\1\2")
    write(folder / "04_long.sql", b"-" * (10 * 1024 * 1024 + 1))
    done = scan(lineage_store, folder)
    told = {Path(trouble.where).name: trouble.reasons[0] for trouble in done.skipped}
    assert told.keys() == {"01_stage.sql", "03_base.sql", "04_long.sql"}
    assert told["03_base.sql"] == "the file is binary"
    assert "more than 10,485,760" in told["04_long.sql"]
    assert (done.gone, done.complete) == (0, False)
    assert of("mart.base.mail") in below(lineage_store, of("raw.customers.mail"))


def test_a_statement_that_is_not_wholly_resolved_is_told_and_less_sure(lineage_store: Memory, tmp_path: Path) -> None:
    write(tmp_path / "a.sql", "insert into t (x) select x from a join b on a.id = b.id")
    done = scan(lineage_store, tmp_path)
    (trouble,) = done.incomplete
    assert trouble.where == f"{tmp_path}/a.sql#t"
    assert trouble.reasons[0].startswith("statement 1: column x can be of several tables")
    # Whichever it is, the tables are connected.
    assert below(lineage_store, of("a.y")) >= {of("t.*")} <= below(lineage_store, of("b.z"))
    row = lineage_store.db.rows(
        "select min(confidence) as low, max(confidence) as high from lineage_edges where job_id > 0"
    )[0]
    assert (row["low"], row["high"]) == (0.5, 0.5)


def test_a_schema_tells_columns(lineage_store: Memory, tmp_path: Path) -> None:
    write(tmp_path / "a.sql", "insert into t (x) select x from a join b on a.id = b.id")
    for name, text in (
        ("s.json", '{"a": ["id"], "b": {"id": "int", "x": "text"}}'),
        ("s.ddl", "create table a (id int); create table b (id int, x text)"),
    ):
        done = scan(lineage_store, tmp_path / "a.sql", schema=write(tmp_path / "of" / name, text))
        assert done.complete, done.incomplete
        assert below(lineage_store, of("b.x")) == {of("t.x")}
    for text in ("[1]", '{"a": 3}', "{", "\0"):
        with pytest.raises(CollectError):
            scan(lineage_store, tmp_path, schema=write(tmp_path / "of" / "bad.json", text))


def test_links_that_go_in_circles_and_files_without_permission(lineage_store: Memory, folder: Path) -> None:
    (folder / "circle").symlink_to(folder)
    (folder / "again.sql").symlink_to(folder / "01_stage.sql")
    (folder / "broken.sql").symlink_to(folder / "nowhere.sql")
    write(folder / ".git" / "hidden.sql", "create table h as select x from y")
    done = scan(lineage_store, folder)
    assert (done.files, [Path(trouble.where).name for trouble in done.skipped]) == (4, ["broken.sql"])


def test_windows_text_and_old_encodings(lineage_store: Memory, tmp_path: Path) -> None:
    write(tmp_path / "a.sql", "create table b as select größe from a".encode("utf-16"))
    write(tmp_path / "c.sql", "-- Größe\ncreate table d as select x from c".encode("latin-1"))
    done = scan(lineage_store, tmp_path)
    assert [trouble.reasons for trouble in done.skipped] == [("the file is not UTF-8; it was read as Latin-1",)]
    assert below(lineage_store, of("a.größe")) == {of("b.größe")}
    assert below(lineage_store, of("c.x")) == {of("d.x")}


def test_templates_are_named_as_such(lineage_store: Memory, tmp_path: Path) -> None:
    write(tmp_path / "model.sql", "select * from {{ ref('orders') }} {% if x %} where 1 {% endif %}")
    (trouble,) = scan(lineage_store, tmp_path).skipped
    assert "templates" in trouble.reasons[0]


def test_hostile_files_take_bounded_time_and_spare_the_others(lineage_store: Memory, tmp_path: Path) -> None:
    write(tmp_path / "deep.sql", "create table t as select " + "(" * 10_000 + "1" + ")" * 10_000)
    write(
        tmp_path / "wide.sql",
        "create table w as select * from a where x in (" + ",".join(map(str, range(150_000))) + ")",
    )
    write(tmp_path / "name.sql", f'create table "{"n" * 100_000}" as select x from a')
    write(tmp_path / "open.sql", "select '" + "x" * 500_000)
    write(tmp_path / "good.sql", "create table good as select x from a")
    began = time.process_time()
    done = scan(lineage_store, tmp_path)
    assert time.process_time() - began < 60
    assert below(lineage_store, of("a.x")) >= {of("good.x")}
    assert {Path(trouble.where).name.partition("#")[0] for trouble in done.skipped + done.incomplete} >= {
        "deep.sql",
        "name.sql",
        "open.sql",
    }


def test_long_dumps_are_read_statement_by_statement_once(lineage_store: Memory, tmp_path: Path) -> None:
    rows = "".join(f"insert into b (x) select x from a where y = 'it''s; {n}';\n" for n in range(20_000))
    copied = "COPY public.c (x, y) FROM stdin;\n1\tselect; it's\n\\.\n"
    write(tmp_path / "dump.sql", f"{copied}{rows}create table d as select x from b")
    began = time.process_time()
    done = scan(lineage_store, tmp_path, dialect="postgres")
    assert time.process_time() - began < 8
    assert (done.statements, done.repeated, done.jobs, done.complete) == (20_001, 19_999, 2, True)
    assert below(lineage_store, of("a.x")) == {of("b.x"), of("d.x")}


def test_commands_of_psql_do_not_hide_the_statement_behind_them() -> None:
    text = "\\set ON_ERROR_STOP on\n\\connect shop\ncreate table b as select x from a\n\\gset\nselect '\\d';\n"
    assert condensed(text, None) == ("\n\ncreate table b as select x from a\n;\nselect '\\d';\n", 0)


@pytest.mark.parametrize("words", ["begin; ", "create temp table b as select 1 as x; "])
def test_long_scripts_whose_order_matters_are_read_as_they_are(words: str) -> None:
    text = words + "insert into b (x) select x from a where y = 1;\n" * 12_000
    assert condensed(text, None) == (text, 0)


def test_a_wrong_dialect_is_told_by_its_statements_and_an_unknown_one_at_once(
    lineage_store: Memory, folder: Path
) -> None:
    write(folder / "tsql.sql", "insert into [my table] select [order id] from [other table]")
    assert scan(lineage_store, folder, dialect="tsql").complete
    assert not scan(lineage_store, folder, dialect="postgres").complete
    with pytest.raises(LineageError, match="no SQL dialect"):
        scan(lineage_store, folder, dialect="klingon")


@pytest.mark.parametrize("text", ["", "just words\n", "a,b\n1,2\n", "{}", "[]", '{"a": 1}', "\x7fELF\0"])
def test_files_that_are_nothing_of_the_sort(lineage_store: Memory, tmp_path: Path, text: str) -> None:
    with pytest.raises(CollectError, match="nothing that lineage can be read from"):
        scan(lineage_store, write(tmp_path / "thing.txt", text))


def test_an_empty_folder_and_none_at_all(lineage_store: Memory, tmp_path: Path) -> None:
    assert scan(lineage_store, tmp_path).jobs == 0
    with pytest.raises(CollectError, match="There is no"):
        scan(lineage_store, tmp_path / "nowhere")
    with pytest.raises(CollectError, match="is no database"):
        scan(lineage_store, tmp_path, queries=True)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CollectError, match="neither a file nor a folder"):
        scan(lineage_store, tmp_path / "pipe")


def test_who_may_not_start_runs_may_not_scan(lineage_store: Memory, folder: Path) -> None:
    with pytest.raises(PermissionDenied):
        Lineage(lineage_store, Actor("eve", "viewer")).scan(str(folder))


def test_a_scan_is_in_the_audit_log_and_one_that_is_stopped_leaves_nothing_half_done(
    lineage_store: Memory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(lineage_store, folder)
    for number in range(1_200):
        write(folder / "more" / f"{number:04}.sql", f"create table m{number} as select mail from mart.base")
    (folder / "02_mart/view.sql").unlink()

    def stop(share: float) -> None:
        if share > 0.97:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Lineage(lineage_store, "ada").scan(str(folder), Wanted(), stop)
    made = {one.dataset.name for one in below(lineage_store, of("mart.base.mail"))}
    # Whole batches are there, and nothing has ended: that comes last.
    assert "mart.v" in made
    assert (len(made) - 1) % 500 in (0, 496)
    entry = lineage_store.audit.entries(limit=1)[0]
    assert (entry.action, entry.actor, entry.subject, entry.data["finished"]) == (
        "lineage.scanned",
        "ada",
        str(folder),
        False,
    )
    assert scan(lineage_store, folder).gone == 1
    assert lineage_store.audit.entries(limit=1)[0].data["finished"] is True
