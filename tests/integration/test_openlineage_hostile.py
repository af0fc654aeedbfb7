"""Events that are wrong, huge, late or hostile: a clear answer in bounded time and memory, and nothing half written."""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import time
from collections.abc import Iterator
from contextlib import suppress

import anyio
import httpx
import pytest
from anyio import move_on_after
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory import Memory
from tests.support.api import client, problem, serving
from tests.support.events import (
    CLEAN,
    DB,
    GOLD,
    RAW,
    column,
    column_lineage,
    dataset,
    dataset_event,
    field,
    job_event,
    mutated,
    reached,
    run_event,
    stored,
)
from tools.openlineage.reading.body import MOST_BYTES
from tools.openlineage.reading.event import read
from tools.openlineage.reading.looking import EventError
from ui.api.desk import Desk
from ui.api.routes.lineage_events import _apart

COLUMNS = 100_000 if os.environ.get("ASSAY_THOROUGH") else 10_000
JSON = {"Content-Type": "application/json"}
GZIP = {**JSON, "Content-Encoding": "gzip"}
GOOD = run_event(inputs=[dataset(RAW)], outputs=[dataset(CLEAN, columnLineage=column_lineage(m=[field("e")]))])
PACKED = gzip.compress(json.dumps(GOOD).encode())


@pytest.fixture
def api(lineage_store: Memory, tmp_path, monkeypatch) -> Iterator[httpx.Client]:
    """A client of a server without users."""
    monkeypatch.delenv("ASSAY_USERS", raising=False)
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "home"))
    with serving(lineage_store) as address, client(address) as found:
        yield found


def test_good_events_are_answered_as_the_specification_and_marquez_do(api, lineage_store):
    assert api.post("/lineage", json=GOOD).status_code == 201
    assert api.post("/lineage", content=PACKED, headers=GZIP).json() == {"status": "stored"}
    assert api.post("/lineage", json={"schemaURL": "x#/$defs/TeapotEvent"}).json() == {"status": "ignored"}
    assert api.post("/lineage/batch", json=[GOOD, GOOD]).status_code == 204
    assert api.post("/lineage/batch", json=[]).status_code == 204
    assert stored(lineage_store) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"", JSON, 400, "is not JSON from character 1 on"),
        (b"[]", JSON, 400, "must be a JSON object"),
        (b'"x"', JSON, 400, "must be a JSON object"),
        (b'{"eventTime": NaN}', JSON, 400, "there is no number NaN"),
        (b"[" * 5_000_000, JSON, 400, "nested deeper than 100"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, JSON, 400, "nested deeper than 100"),
        (b"9" * 10_000, JSON, 400, "a number that is too long"),
        (b'{"a": "\xff"}', JSON, 400, "is not UTF-8"),
        (json.dumps(GOOD).encode("utf-16"), JSON, 400, "is not UTF-8"),
        (PACKED[:-20], GZIP, 400, "breaks off"),
        (PACKED + b"rest", GZIP, 400, "is not the gzip"),
        (json.dumps(GOOD).encode(), GZIP, 400, "is not the gzip"),
        (PACKED, JSON, 400, "is not UTF-8"),
        (b"", GZIP, 400, "breaks off"),
        (gzip.compress(bytes(MOST_BYTES + 1)), GZIP, 413, "33,554,432 bytes when it is unpacked"),
        (bytes(MOST_BYTES + 1), JSON, 413, "33,554,432 bytes"),
        (PACKED, {**JSON, "Content-Encoding": "br"}, 415, "by gzip alone"),
        (json.dumps(GOOD).encode(), {"Content-Type": "text/plain"}, 415, "Content-Type: application/json"),
    ],
)
def test_bodies_that_cannot_be_read(api, lineage_store, body, headers, status, said):
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = problem(api.post("/lineage", content=body, headers=headers), status)
    assert said in told["detail"]
    assert time.perf_counter() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000, "kilobytes"
    assert stored(lineage_store) == 0


def test_what_few_packed_bytes_become_waits_its_turn_with_other_large_bodies(lineage_store):
    async def waits(content: bytes) -> bool:
        desk = Desk(lineage_store)
        await desk.large_readers.acquire_on_behalf_of(desk.events)
        with move_on_after(0.5) as limit:
            await _apart(desk, gzip.compress(content), True, lambda: None)
        return limit.cancelled_caught

    assert anyio.run(waits, bytes(MOST_BYTES))
    assert not anyio.run(waits, json.dumps(GOOD).encode())


def test_the_longest_names_of_a_dataset_and_its_producer_are_kept(api, lineage_store):
    letters = random.Random(7)

    def long(size: int) -> str:
        return "".join(chr(letters.randrange(0x20000, 0x2A6DF)) for _ in range(size))

    wide = dataset(long(490), schema={"fields": [{"name": "x"}]})
    sent = run_event(inputs=[wide], producer=f"https://{long(200)}")
    assert api.post("/lineage/batch", json=[GOOD, sent]).status_code == 204
    assert stored(lineage_store) == 2


def test_what_is_wrong_in_an_event_is_told_by_its_place_and_never_repeated(api, lineage_store):
    told = problem(api.post("/lineage", json=mutated(GOOD, ["run", "runId"], "s3cret")), 400)
    assert told["errors"] == [{"where": "run.runId", "message": "must be a UUID"}]
    assert "s3cret" not in json.dumps(told)
    assert stored(lineage_store) == 0


def test_a_batch_takes_in_what_it_can_and_tells_the_rest(api, lineage_store):
    bad = mutated(GOOD, ["job", "name"], None)
    answer = api.post("/lineage/batch", json=[bad, GOOD, 17, {"schemaURL": "#/$defs/TeapotEvent"}])
    assert answer.status_code == 200
    told = answer.json()
    counts = {"received": 4, "successful": 2, "failed": 2, "retriable": 0, "non_retriable": 2}
    assert (told["status"], told["summary"]) == ("partial_success", counts)
    assert [(one["index"], one["retriable"]) for one in told["failed_events"]] == [(0, False), (2, False)]
    assert "job.name: is missing" in told["failed_events"][0]["reason"]
    assert reached(lineage_store, column(RAW, "e")) == {"clean.m"}
    assert "JSON list" in problem(api.post("/lineage/batch", json=GOOD), 400)["detail"]
    assert "more than 10,000" in problem(api.post("/lineage/batch", json=[{}] * 10_001), 400)["detail"]
    assert stored(lineage_store) == 1


def test_what_postgres_cannot_hold_may_stand_where_nobody_reads(api, lineage_store):
    odd = '{"a": "\\ud800", "b": "nul\\u0000", "c": 1e999, "d": 123456789012345678901234567890, "\\udfff": []}'
    body = json.dumps(GOOD)[:-1] + f', "odd": {odd}}}'
    assert api.post("/lineage", content=b"\xef\xbb\xbf" + body.encode(), headers=JSON).status_code == 201
    assert api.post("/lineage", content=body, headers=JSON).status_code == 201
    assert stored(lineage_store) == 1
    row = lineage_store.db.row("select raw -> 'odd' ->> 'd' as d from lineage_events")
    assert row
    assert row["d"] == "123456789012345678901234567890"


def test_an_event_of_five_megabytes(api, lineage_store):
    fields = {f"c{n}": [field(f"s{n}", RAW, "DIRECT IDENTITY")] for n in range(2_000)}
    event = run_event(outputs=[dataset(CLEAN, columnLineage=column_lineage(**fields), notes={"text": "x" * 5_000_000})])
    began = time.perf_counter()
    assert api.post("/lineage", json=event).status_code == 201
    assert time.perf_counter() - began < 10
    assert reached(lineage_store, column(RAW, "s1999")) == {"clean.c1999"}


def test_facets_of_very_many_columns(api, lineage_store):
    fields = {f"c{n}": [field(f"c{n}")] for n in range(COLUMNS)}
    schema = {"fields": [{"name": name, "type": "text"} for name in fields]}
    event = run_event(outputs=[dataset(CLEAN, columnLineage=column_lineage(**fields), schema=schema)])
    body = gzip.compress(json.dumps(event).encode(), 1)
    # Seconds, though the statistics of the store say that it is empty: each name is looked up by an index.
    assert api.post("/lineage", content=body, headers=GZIP, timeout=COLUMNS / 400).status_code == 201
    assert reached(lineage_store, column(RAW, f"c{COLUMNS - 1}")) == {f"clean.c{COLUMNS - 1}"}


def test_types_of_null_make_no_new_columns(api, lineage_store):
    for number in range(20):
        told = dataset(
            CLEAN, schema={"fields": [{"name": "m", "type": None}]}, columnLineage=column_lineage(m=[field("e")])
        )
        event = run_event(run=f"019ab0c2-7d3e-7a51-8c60-5f0c7e0a{number:04}", at=f"2026-11-01T10:{number:02}:00Z")
        assert api.post("/lineage", json=event | {"outputs": [told]}).status_code == 201
    rows = lineage_store.db.row(
        "select (select count(*) from lineage_columns) as c, (select count(*) from lineage_edges where kind <> 8) as e"
    )
    assert rows == {"c": 2, "e": 1}


def test_a_clock_that_is_ahead_does_not_win_for_ever(api, lineage_store):
    ahead = column_lineage(m=[field("wrong")])
    assert api.post(
        "/lineage", json=run_event(at="2099-01-01T00:00:00Z", outputs=[dataset(CLEAN, columnLineage=ahead)])
    )
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    time.sleep(0.01)
    later = run_event(run="019ab0c2-7d3e-7a51-8c60-5f0c7e0a2f6c", at=now, outputs=GOOD["outputs"])
    assert api.post("/lineage", json=later).status_code == 201
    assert reached(lineage_store, column(RAW, "e")) == {"clean.m"}
    assert reached(lineage_store, column(RAW, "wrong")) == set()


def test_a_run_may_tell_inputs_first_and_outputs_later_in_any_order(api, lineage_store):
    ends = run_event("COMPLETE", "2026-11-01T10:09:00Z", outputs=[dataset(CLEAN)])
    begins = run_event("START", "2026-11-01T10:00:00Z", inputs=[dataset(RAW)])
    for event in (ends, begins, ends):
        assert api.post("/lineage", json=event).status_code == 201
    assert reached(lineage_store, column(RAW)) == {"clean.*"}
    finer = run_event(
        "COMPLETE", "2026-11-02T10:00:00Z", "019ab0c2-7d3e-7a51-8c60-5f0c7e0a2f6c", outputs=GOOD["outputs"]
    )
    assert api.post("/lineage", json=finer).status_code == 201
    assert reached(lineage_store, column(RAW, "e")) == {"clean.m"}
    assert reached(lineage_store, column(RAW, "other")) == set(), "the product of inputs and outputs is gone"


def test_several_outputs_are_not_crossed_with_several_inputs_beside_column_lineage(api, lineage_store):
    outputs = [dataset("d", columnLineage=column_lineage(d=[field("b", "b")])), dataset("c")]
    outputs[1]["facets"] = {"columnLineage": column_lineage(c=[field("a", "a")])}
    assert api.post("/lineage", json=run_event(inputs=[dataset("a"), dataset("b")], outputs=outputs)).status_code == 201
    assert reached(lineage_store, column("a", "a"), indirect=True) == {"c.c"}
    assert reached(lineage_store, column("b", "b"), indirect=True) == {"d.d"}


def test_products_have_a_bound(api, lineage_store):
    many = run_event(inputs=[dataset(f"i{n}") for n in range(200)], outputs=[dataset(f"o{n}") for n in range(200)])
    assert api.post("/lineage", json=many).status_code == 201
    row = lineage_store.db.row("select count(*) as n from lineage_edges")
    assert row == {"n": 0}


def test_names_of_one_iceberg_table_are_one_dataset(api, lineage_store):
    glue = "arn:aws:glue:eu-west-1:123456789012"
    links = {"identifiers": [{"namespace": glue, "name": "table/silver/orders", "type": "TABLE"}]}
    spark = dataset(
        "warehouse/silver/orders", "s3://lake", symlinks=links, columnLineage=column_lineage(m=[field("e")])
    )
    assert api.post("/lineage", json=run_event(outputs=[spark])).status_code == 201
    athena = field("m", "silver.orders", "DIRECT IDENTITY", namespace=glue)
    view = dataset_event(dataset(GOLD, columnLineage=column_lineage(g=[athena])))
    assert api.post("/lineage", json=view).status_code == 201
    flink = field("m", "/warehouse/silver/orders/metadata/00002-a.metadata.json", namespace="s3a://lake")
    late = dataset("late", columnLineage=column_lineage(f=[flink]))
    declared = job_event(job={"namespace": "nightly", "name": "late"}, outputs=[late])
    assert api.post("/lineage", json=declared).status_code == 201
    assert reached(lineage_store, column(RAW, "e")) == {"table/silver/orders.m", "gold.g", "late.f"}


def test_a_table_that_is_renamed_and_dropped(api, lineage_store):
    moved = {"lifecycleStateChange": "RENAME", "previousIdentifier": {"namespace": DB, "name": CLEAN}}
    for event in (
        GOOD,
        run_event(at="2026-11-02T10:00:00Z", outputs=[dataset(GOLD, lifecycleStateChange=moved)]),
    ):
        assert api.post("/lineage", json=event).status_code == 201
    assert reached(lineage_store, column(RAW, "e")) == {"gold.m"}
    gone = dataset_event(dataset(GOLD, lifecycleStateChange={"lifecycleStateChange": "DROP"}), "2026-11-03T10:00:00Z")
    assert api.post("/lineage", json=gone).status_code == 201
    assert reached(lineage_store, column(RAW, "e")) == set()


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["JOB", "DROP", "\0", " "]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=5), inner, max_size=2)),
    max_leaves=5,
)
RICH = run_event(
    job={
        "namespace": "n",
        "name": "j",
        "facets": {
            "ownership": {"owners": [{"name": "a", "type": "b"}]},
            "lineage": {
                "entries": [
                    {"type": "JOB", "inputs": [{"type": "DATASET", **field("e")}]},
                    {"type": "DATASET", "namespace": DB, "name": GOLD, "fields": {"g": {"inputs": [{"type": "JOB"}]}}},
                ]
            },
        },
    },
    inputs=[dataset(RAW, schema={"fields": [{"name": "s", "type": "t", "fields": [{"name": "u"}]}]})],
    outputs=[
        dataset(
            CLEAN,
            columnLineage=column_lineage([field("e", RAW, "INDIRECT JOIN")], m=[field("e", RAW, "DIRECT IDENTITY")]),
            tags={"tags": [{"key": "k", "value": "v", "field": "m"}]},
            symlinks={"identifiers": [{"namespace": "a", "name": "b", "type": "TABLE"}]},
            lifecycleStateChange={
                "lifecycleStateChange": "RENAME",
                "previousIdentifier": {"namespace": "a", "name": "c"},
            },
        )
    ],
)


def places(value, path=()) -> list[tuple]:
    """The ways to all values of an event."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [one for key, inner in parts for one in [(*path, key), *places(inner, (*path, key))]]


@settings(suppress_health_check=list(HealthCheck), max_examples=settings().max_examples * 20)
@given(st.lists(st.tuples(st.sampled_from(places(RICH)), VALUES), min_size=1, max_size=3))
def test_whatever_stands_in_an_event_it_is_read_or_refused(changes):
    event = RICH
    for path, value in changes:
        try:
            event = mutated(event, list(path), value)
        except (KeyError, IndexError, TypeError):  # an earlier change took the place away
            continue
    with suppress(EventError):
        found = read(event)
        assert found is None or found.key
