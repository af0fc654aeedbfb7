"""Scans that speak for a range of jobs: what they no longer find ends, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from memory import Memory
from tests.support.lineages import at, column, dataset, edge, names
from tools.lineage.observed import ColumnId, JobId, Mode, Observed, ObservedDataset, ObservedEdge, Tag


def said(hours: float, name: str, *edges: ObservedEdge, origin: str = "sql", tags: tuple[Tag, ...] = ()) -> Observed:
    inputs = {one.source.dataset for one in edges}
    outputs = {one.target.dataset for one in edges} or {dataset(name.rpartition("/")[2])}
    return Observed(
        *(at(hours), origin, JobId("file", name)),
        mode=Mode.REPLACE,
        inputs=tuple(map(ObservedDataset, sorted(inputs))),
        outputs=tuple(ObservedDataset(one, tags=tags) for one in sorted(outputs)),
        edges=edges,
    )


@pytest.fixture
def scanned(lineage_store: Memory) -> Memory:
    """Two jobs in one folder, one beside it, and one of another origin."""
    lineage_store.lineage.ingest(
        [
            said(0, "/etl/a#b", edge("a.x", "b.x")),
            said(0, "/etl/b#c", edge("b.x", "c.x"), tags=(Tag("pii", "", "x"),)),
            said(0, "/etl2/b#d", edge("b.x", "d.x")),
            said(0, "/etl/other", edge("b.x", "e.x"), origin="openlineage"),
        ]
    )
    return lineage_store


def below(store: Memory, node: str) -> set[str]:
    return {name for name, _ in names(store.lineage.downstream(column(node)))}


def test_a_job_that_is_gone_loses_its_edges_and_no_other_does(scanned: Memory) -> None:
    done = scanned.lineage.retire("sql", JobId("file", "/etl/"), {"/etl/a#b"}, at=at(1))
    assert (done.events, done.ended) == (1, 1)
    assert below(scanned, "a.x") == {"b.x", "d.x", "e.x"}
    then = scanned.lineage.downstream(column("a.x"), at=at(0.5))
    assert "c.x" in {name for name, _ in names(then)}


def test_tags_of_what_only_a_gone_job_wrote_are_gone_too(scanned: Memory) -> None:
    assert [c.column for c in scanned.lineage.where_goes("pii").columns] == [column("c.x")]
    scanned.lineage.retire("sql", JobId("file", "/etl/"), {"/etl/a#b"}, at=at(1))
    assert scanned.lineage.where_goes("pii").columns == ()


def test_tags_of_what_another_job_writes_stay(scanned: Memory) -> None:
    moved = said(1, "/etl/new#c", edge("b.x", "c.x"), tags=(Tag("pii", "", "x"),))
    scanned.lineage.ingest([moved])
    scanned.lineage.retire("sql", JobId("file", "/etl/"), {"/etl/a#b", "/etl/new#c"}, at=at(1))
    assert [c.column for c in scanned.lineage.where_goes("pii").columns] == [column("c.x")]
    assert "c.x" in below(scanned, "b.x")


def test_jobs_of_which_nobody_knows_are_left_alone(scanned: Memory) -> None:
    assert scanned.lineage.retire("sql", JobId("file", "/etl/"), {"/etl/a#b"}, unknown=("/etl/b#",)).events == 0
    assert "c.x" in below(scanned, "a.x")


def test_what_is_gone_is_said_once_and_may_come_back(scanned: Memory) -> None:
    for hours, ended in ((1, 2), (2, 0)):
        assert scanned.lineage.retire("sql", JobId("file", "/etl/"), (), at=at(hours)).ended == ended
    scanned.lineage.ingest([said(3, "/etl/b#c", edge("b.x", "c.x"))])
    assert "c.x" in below(scanned, "b.x")
    assert scanned.lineage.retire("sql", JobId("file", "/etl/"), (), at=at(4)).ended == 1


def test_signs_of_patterns_in_names_mean_themselves(lineage_store: Memory) -> None:
    lineage_store.lineage.ingest([said(0, "/a_b/x", edge("a.x", "b.x")), said(0, "/acb/x", edge("a.x", "c.x"))])
    assert lineage_store.lineage.retire("sql", JobId("file", "/a_b/"), (), at=at(1)).ended == 1
    assert below(lineage_store, "a.x") == {"c.x"}


def test_a_job_that_only_reads_is_no_longer_affected_once_it_is_gone_or_reads_something_else(
    lineage_store: Memory,
) -> None:
    report = JobId("file", "/report")
    reads = lambda hours, *tables: Observed(  # noqa: E731
        *(at(hours), "sql", report), mode=Mode.REPLACE, inputs=tuple(ObservedDataset(dataset(t)) for t in tables)
    )
    lineage_store.lineage.ingest([said(0, "/load", edge("raw.x", "a.x")), reads(0, "a")])

    def readers() -> list[JobId]:
        return [job.job for job in lineage_store.lineage.impact(ColumnId(dataset("a"), "x")).jobs]

    assert readers() == [report]
    lineage_store.lineage.ingest([reads(1, "b")])
    assert readers() == []
    lineage_store.lineage.ingest([reads(2, "a")])
    lineage_store.lineage.retire("sql", JobId("file", "/report"), (), at=at(2) + timedelta(minutes=1))
    assert readers() == []


def content(hours: float, digest: str, *edges: ObservedEdge) -> Observed:
    return replace(said(hours, "/etl/a#b", *edges), raw={"eventTime": hours, "content": digest})


def test_a_scan_that_says_the_same_again_is_not_kept_again(lineage_store: Memory) -> None:
    old, new = edge("a.x", "b.x"), edge("a.y", "b.x")
    told = [content(0, "1", old), content(1, "1", old), content(2, "2", new), content(3, "1", old)]
    done = [lineage_store.lineage.ingest([one]) for one in told]
    assert [(one.repeated, one.opened, one.ended) for one in done] == [(0, 1, 0), (1, 0, 0), (0, 1, 1), (0, 1, 1)]
    assert lineage_store.db.rows("select count(*) as n from lineage_events")[0]["n"] == 3
    # What was dropped, ended or retired holds again when it is said again.
    lineage_store.lineage.drop(dataset("b"), at=at(4))
    assert lineage_store.lineage.ingest([content(5, "1", old)]).opened == 1
    lineage_store.lineage.retire("sql", JobId("file", "/etl/"), (), at=at(6))
    assert lineage_store.lineage.ingest([content(7, "1", old)]).opened == 1
    # And what comes late is about another time.
    assert lineage_store.lineage.ingest([content(6.5, "1", old)]).repeated == 0
