"""The store behind a transaction pooler (PgBouncer, Supabase's Supavisor): nothing relies on the session it was given.

Only two sessions are shared by all, so a transaction that waits for another one of its own process waits for ever.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from graph.delivery import deliver
from graph.duties import Duties
from graph.roster import duties
from graph.runs import Runs
from graph.watching import Watching
from graph.worker import Worker
from memory import Memory
from memory.audit_check import verify
from memory.db import connect
from memory.migrate import migrations
from tests.support import heavy, pgbouncer
from tests.support.arriving import settled
from tests.support.lineages import at, column, declared, edge, seen
from tests.support.runs import approve_all, write_orders
from tools import profiling, sources
from tools.events import files
from tools.lineage.observed import Field, JobId, Observed, Tag

WORKERS = 3
"""More than there are sessions."""


@pytest.fixture
def pooled_url(store_url: str) -> Iterator[str]:
    """The URL of a pooler before a fresh, migrated store."""
    heavy.need(pgbouncer.missing())
    with pgbouncer.pooler(store_url) as url:
        yield url


@pytest.fixture
def pooled(pooled_url: str) -> Iterator[Memory]:
    """A store opened through the pooler."""
    with Memory.open(pooled_url) as memory:
        yield memory


def test_the_control_a_session_is_not_ones_own(pooled_url):
    with connect(pooled_url) as one, connect(pooled_url) as other:
        one.execute("set timezone to 'Asia/Tokyo'; set work_mem to '7MB'")
        with one.transaction():
            one.execute("select 1")
            assert other.execute("show work_mem").fetchone() != {"work_mem": "7MB"}
        assert other.execute("show work_mem").fetchone() == {"work_mem": "7MB"}
    with pytest.raises(psycopg.errors.Error, match="prepared statement"):
        _prepare_in_turns(pooled_url)


def _prepare_in_turns(url: str) -> None:
    with psycopg.connect(url) as careless, connect(url) as other:
        careless.prepare_threshold = 0
        for _ in range(3):
            careless.execute("select 41 + 1")
            careless.commit()
            with other.transaction():
                # It has the session of before now.
                other.execute("select 1")
                careless.execute("select 41 + 1")
                careless.commit()


def test_processes_that_set_up_a_store_at_once_all_succeed(empty_url):
    heavy.need(pgbouncer.missing())
    script = "import sys; from memory import Memory; Memory.open(sys.argv[1]).close()"
    with pgbouncer.pooler(empty_url) as url:
        command = [sys.executable, "-c", script, url]
        started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(WORKERS)]
        errors = [process.communicate(timeout=60)[1] for process in started]
        assert [process.returncode for process in started] == [0] * WORKERS, errors
        with connect(url) as connection:
            assert len(connection.execute("select from assay_migrations").fetchall()) == len(migrations()) + 1


def test_a_store_may_have_a_schema_of_its_own_which_its_role_is_led_to(empty_url):
    heavy.need(pgbouncer.missing())
    with connect(empty_url) as connection:
        name = connection.info.dbname
        connection.execute("create schema assay; create schema extensions; create extension vector schema extensions")
        connection.execute(f"alter database {name} set search_path = assay, extensions")
    with pgbouncer.pooler(empty_url) as url, Memory.open(url) as memory:
        rows = memory.db.rows("select distinct schemaname from pg_tables where tablename in ('runs', 'checkpoints')")
        assert [row["schemaname"] for row in rows] == ["assay"]
        assert memory.db.rows("select from pg_tables where schemaname = 'public'") == []


def test_whole_runs_with_approval_by_workers_at_the_same_time(pooled, tmp_path):
    runs = Runs(pooled)
    started = [
        runs.start([write_orders(tmp_path, f"{run}_{table}.csv") for table in range(2)], requested_by="Ann").id
        for run in range(WORKERS)
    ]
    _work(pooled, started, {"waiting"})
    for run in started:
        approve_all(runs, run)
    _work(pooled, started, {"done"})
    reports = [runs.report(run) for run in started]
    assert [(report.run.error, len(report.tables)) for report in reports] == [(None, 2)] * WORKERS
    deliver(pooled)
    assert pooled.outbox.counts() == {("lineage", "sent"): WORKERS}
    assert verify(pooled.db, trust=True).findings == ()


def _work(memory: Memory, runs: list[str], wanted: set[str]) -> None:
    """Workers of their own threads execute what is queued until each run is in a wanted state."""
    hands = [Worker(memory) for _ in range(WORKERS)]
    threads = [threading.Thread(target=one.loop, daemon=True) for one in hands]
    for thread in threads:
        thread.start()
    try:
        for run in runs:
            for _ in Runs(memory).follow(run):
                pass
            assert memory.runs.get(run).status in wanted, memory.runs.get(run).error
    finally:
        for one in hands:
            one.stop()
        for thread in threads:
            thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def test_a_run_that_was_cut_off_goes_on_with_another_worker(pooled_url, tmp_path):
    with Memory.open(pooled_url) as first:
        run = Runs(first).start([write_orders(tmp_path)], requested_by="Ann")
        assert first.runs.claim("one that dies", seconds=0, run_id=run.id)
    with Memory.open(pooled_url) as second:
        runs = Runs(second)
        assert Worker(second).run(run.id)
        approve_all(runs, run.id)
        runs.cancel(run.id, "Ann")
        assert second.runs.get(run.id).status == "cancelled"
        runs.resume(run.id, "Ann")
        assert Worker(second).run(run.id)
        assert (second.runs.get(run.id).status, len(runs.report(run.id).tables)) == ("done", 1)


def test_workers_share_their_duties(pooled, pooled_url, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(files, "SETTLED_SECONDS", 0.02)
    inbox = tmp_path / "in"
    inbox.mkdir()
    Watching(pooled, "Ann").add(f"{inbox}/*.csv")
    with Memory.open(pooled_url) as other, Duties(duties(pooled)), Duties(duties(other)):
        for number in range(8):
            (inbox / f"{number}.csv").write_text("id\n1\n")
        found = settled(pooled, 8)
    assert {(one.state, one.verdict, one.tries) for one in found} == {("done", "none", 1)}
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_lineage_is_taken_in_and_asked_for_side_by_side(pooled):
    tagged = seen("raw", fields=(Field("email"),), tags=(Tag("pii", "yes", "email"),))
    jobs = (
        declared(n, f"job{n}", edge("raw.email", f"t{n}.email"), edge(f"t{n}.email", "all.email")) for n in range(9)
    )
    said = [Observed(at(0), "test", JobId("jobs", "tags"), outputs=(tagged,)), *jobs]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: pooled.lineage.ingest([one]), said))
        reached = pool.map(lambda _: pooled.lineage.downstream(column("raw.email")), range(8))
        assert {len(answer.columns) for answer in reached} == {10}
        reports = pool.map(lambda _: pooled.lineage.where_goes("pii"), range(4))
        assert {report.total for report in reports} == {11}


def test_tables_behind_a_pooler_can_be_profiled(pooled_url, pooled):
    with connect(pooled_url) as connection:
        connection.execute("create table public.orders as select n as id from generate_series(1, 1000) as n")
    name = psycopg.conninfo.conninfo_to_dict(pooled_url)
    uri = f"postgresql://{name['user']}@{name['host']}:{name['port']}/{name['dbname']}/public.orders"
    with sources.open(uri) as table:
        assert profiling.profile(table).rows == 1000
