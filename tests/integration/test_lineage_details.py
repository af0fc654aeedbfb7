"""What a picture of the lineage tells besides edges: tags, types, owners, catalog ids, jobs with their SQL and runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from memory import Memory
from memory.lineage.details import JobDetails, Marks
from tests.support.lineages import at, column, dataset, declared, edge, emptied, event
from tools.lineage.observed import Field, JobId, Observed, ObservedDataset, Owner, Tag


@pytest.fixture(scope="module")
def shared(store_server: str) -> Iterator[Memory]:
    from tests.conftest import TEMPLATE, _database

    for url in _database(store_server, TEMPLATE):
        with Memory.open(url) as opened:
            yield opened


@pytest.fixture
def store(shared: Memory) -> Memory:
    emptied(shared)
    return shared


def test_tags_types_owners_and_catalog_ids_of_many_columns(store: Memory) -> None:
    known = store.catalog.upsert_dataset("db", "b", "b.csv", [])
    seen = ObservedDataset(
        dataset("a"), (Field("x", "text"), Field("y")), (Tag("pii", "mail", "x"),), (Owner("Ann", "team"),)
    )
    store.lineage.ingest([Observed(at(0), "test", outputs=(seen,)), declared(1, "j", edge("a.x", "b.x"))])
    marks = store.lineage.marks([column("a.x"), column("a.y"), column("b.x"), column("b.*"), column("nowhere.z")])
    assert marks.tags == {column("a.x"): (("pii", "mail"),), column("b.x"): (("pii", "mail"),)}
    assert marks.types == {column("a.x"): "text"}
    assert marks.owners == {dataset("a"): (Owner("Ann", "team"),)}
    assert marks.catalog == {dataset("b"): known.id}
    assert store.lineage.marks([column("nowhere.z")]) == store.lineage.marks([]) == Marks()


def told(hours: float, run: str, sql: str | None, state: str = "COMPLETE") -> Observed:
    facets = {"sql": {"query": sql, "dialect": "duckdb"}} if sql else {}
    raw = {"at": hours, "run": run, "job": {"facets": facets}}
    return Observed(
        at(hours), "openlineage", JobId("jobs", "load"), run, completes=True, state=state, edges=(edge("a.x", "b.x"),),
        owners=(Owner("Bob"),), raw=raw,
    )  # fmt: skip


def test_a_job_is_known_by_its_newest_sql_and_its_last_runs(store: Memory) -> None:
    store.lineage.ingest([told(0, "r0", "select 1"), told(2, "r2", None, "FAIL"), told(1, "r1", "select x from a")])
    found = store.lineage.job(JobId("jobs", "load"), shown=2)
    assert (found.sql, found.dialect, found.owners) == ("select x from a", "duckdb", (Owner("Bob"),))
    assert [(run.run, run.state, run.last_at) for run in found.runs] == [
        ("r2", "FAIL", at(2)),
        ("r1", "COMPLETE", at(1)),
    ]


def test_of_a_declaration_there_are_no_runs_and_of_nothing_a_name(store: Memory) -> None:
    store.lineage.ingest([declared(0, "view", edge("a.x", "b.x")), event(1, "bare", "r", edge("a.x", "b.x"))])
    assert store.lineage.job(JobId("jobs", "view")) == JobDetails(JobId("jobs", "view"))
    assert store.lineage.job(JobId("jobs", "bare")).sql is None
    assert store.lineage.job(JobId("no", "such")) == JobDetails(JobId("no", "such"))


def test_the_datasets_that_were_met_last(store: Memory) -> None:
    assert store.lineage.newest() == []
    store.lineage.ingest([declared(0, "j", edge("a.x", "b.x"))])
    store.lineage.ingest([declared(1, "k", edge("b.x", "c.x"))])
    assert store.lineage.newest(limit=1) == [column("c.*")]
    assert set(store.lineage.newest()) == {column("a.*"), column("b.*"), column("c.*")}
