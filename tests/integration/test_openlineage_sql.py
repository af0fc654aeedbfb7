"""What the `sql` facet says in the store: beside coarse edges and column lineage, in any order, at a bounded cost."""

from __future__ import annotations

import itertools
import time

import pytest

from memory import Memory
from tests.support.events import CLEAN, RAW, column_lineage, dataset, field, run_event
from tests.support.lineages import emptied
from tools.openlineage.reading.event import read

LATER, LAST = "019ab0c2-7d3e-7a51-8c60-5f0c7e0a2f70", "019ab0c2-7d3e-7a51-8c60-5f0c7e0a2f71"
QUERY = {"namespace": "nightly", "name": "clean", "facets": {"sql": {"query": "select email as mail from raw"}}}


def writes(query=QUERY, **parts):
    """A run that reads `raw` and writes `clean`."""
    return run_event(**{"job": query, "inputs": [dataset(RAW)], "outputs": [dataset(CLEAN)]} | parts)


def taken(memory: Memory, *events) -> None:
    """Stores events, each by itself."""
    for event in events:
        found = read(event)
        assert found
        memory.lineage.ingest([found])


def held(memory: Memory) -> list[tuple[str, str, float]]:
    """The edges into `clean` now: source, target, and how sure they are."""
    rows = memory.db.rows(
        """select s.name as source, t.name as target, e.confidence from lineage_edges e
        join lineage_columns s on s.id = e.src join lineage_columns t on t.id = e.dst
        where e.job_id > 0 order by 1, 2, 3"""
    )
    return [(row["source"], row["target"], round(row["confidence"], 2)) for row in rows]


def history(memory: Memory) -> list[tuple[str, str, str]]:
    """The edges into `clean` that there are and were: source, from and to when (day and hour)."""
    rows = memory.db.rows(
        """select s.name as source, to_char(e.valid_from at time zone 'UTC', 'DD HH24') as began,
            coalesce(to_char(e.valid_to at time zone 'UTC', 'DD HH24'), '') as ended
        from (select src, valid_from, valid_to from lineage_past_edges where job_id > 0
            union all select src, valid_from, null from lineage_edges where job_id > 0) e
        join lineage_columns s on s.id = e.src order by 1, 2"""
    )
    return [(row["source"], row["began"], row["ended"]) for row in rows]


START = writes(eventType="START", eventTime="2026-11-01T09:00:00Z")
SAID = writes()
TOLD = writes(
    eventTime="2026-11-02T10:00:00Z",
    run=LATER,
    outputs=[dataset(CLEAN, columnLineage=column_lineage(m=[field("e", RAW, "DIRECT IDENTITY")]))],
)
SILENT = writes({"namespace": "nightly", "name": "clean"}, eventTime="2026-11-03T10:00:00Z", run=LAST)


def test_it_takes_the_place_of_coarse_edges(lineage_store: Memory):
    taken(lineage_store, START)
    assert held(lineage_store) == [("", "", 0.5)]
    taken(lineage_store, SAID)
    assert held(lineage_store) == [("email", "mail", 0.8)]
    taken(lineage_store, SAID, START, SILENT)
    assert held(lineage_store) == [("email", "mail", 0.8)], "who says nothing of columns replaces nothing"
    taken(lineage_store, TOLD)
    assert held(lineage_store) == [("e", "m", 1.0)]


def test_the_order_of_events_does_not_matter(lineage_store: Memory):
    for order in itertools.permutations((START, SAID, TOLD, SILENT)):
        emptied(lineage_store)
        taken(lineage_store, *order, order[0])
        assert held(lineage_store) == [("e", "m", 1.0)], order
        assert history(lineage_store) == [("", "01 09", "01 10"), ("e", "02 10", ""), ("email", "01 10", "02 10")], (
            order
        )


@pytest.mark.parametrize(
    "query",
    [
        "(" * 100_000,
        "insert into clean " + " union all ".join(["select a, b, c from raw"] * 5_000),
        ";".join(["insert into clean (a) select b from raw"] * 4_000),
    ],
)
def test_a_costly_query_ends_soon(query):
    event = writes({"namespace": "n", "name": "j", "facets": {"sql": {"query": query}}})
    began = time.thread_time()
    assert read(event)
    assert time.thread_time() - began < 5
