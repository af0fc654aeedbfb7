"""OpenLineage events of all kinds and versions, read into what the lineage store takes in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.events import (
    CLEAN,
    DB,
    GOLD,
    PRODUCER,
    RAW,
    SPEC,
    column_lineage,
    dataset,
    dataset_event,
    field,
    job_event,
    mutated,
    run_event,
)
from tools.lineage.observed import DatasetId, Field, JobId, Mode, Observed, Owner, Tag
from tools.openlineage.reading.event import read
from tools.openlineage.reading.looking import EventError


def taken(event) -> Observed:
    """What an event says, which is something."""
    found = read(event)
    assert found is not None
    return found


def edges(event) -> set[tuple[str, str, str, bool]]:
    """Edges as text: source, target, kind, masking."""
    return {
        (
            f"{e.source.dataset.name.rpartition('.')[2]}.{e.source.column}",
            f"{e.target.dataset.name.rpartition('.')[2]}.{e.target.column}",
            f"{e.type} {e.subtype}".strip(),
            e.masking,
        )
        for e in taken(event).edges
    }


def writes(*outputs, **parts):
    """A run that reads `raw` and writes."""
    return run_event(inputs=[dataset(RAW)], outputs=list(outputs), **parts)


def test_a_run_has_its_job_state_time_and_datasets():
    event = writes(dataset(CLEAN), eventTime="2026-11-01T12:00:00.123456789+02:00")
    found = taken(event)
    assert (found.job, found.run) == (JobId("nightly", "clean"), event["run"]["runId"])
    assert found.at == datetime(2026, 11, 1, 10, 0, 0, 123456, tzinfo=UTC)
    assert (found.state, found.completes, found.mode) == ("COMPLETE", True, Mode.ACCUMULATE)
    assert [one.id.name for one in found.inputs] == [RAW]
    assert [one.id.name for one in found.outputs] == [CLEAN]
    assert found.raw is event
    assert found.origin == "example.com/etl/jobs", "without the version: the next one replaces what it said"


@pytest.mark.parametrize("state", ["START", "RUNNING", "ABORT", "FAIL", "OTHER", "start", None])
def test_only_complete_runs_complete(state):
    found = taken(run_event(state))
    assert not found.completes
    assert found.state == (state or "").upper()


@pytest.mark.parametrize(
    ("facet", "wanted"),
    [
        (
            {"fields": {"m": {"inputFields": [field("e")], "transformationType": "IDENTITY"}}},
            {("raw.e", "clean.m", "DIRECT IDENTITY", False)},
        ),
        (
            {"fields": {"m": {"inputFields": [field("e")], "transformationType": "MASKED"}}},
            {("raw.e", "clean.m", "DIRECT TRANSFORMATION", True)},
        ),
        (column_lineage(m=[field("e")]), {("raw.e", "clean.m", "DIRECT", False)}),
        (
            column_lineage(m=[field("e", RAW, "DIRECT IDENTITY", "INDIRECT CONDITIONAL")]),
            {("raw.e", "clean.m", "DIRECT IDENTITY", False), ("raw.e", "clean.m", "INDIRECT CONDITIONAL", False)},
        ),
        (
            column_lineage(m=[field("e", RAW, "DIRECT AGGREGATION masked")]),
            {("raw.e", "clean.m", "DIRECT AGGREGATION", True)},
        ),
        (
            column_lineage([field("s", RAW, "INDIRECT FILTER"), field("t")], m=[field("e")]),
            {
                ("raw.e", "clean.m", "DIRECT", False),
                ("raw.s", "clean.*", "INDIRECT FILTER", False),
                ("raw.t", "clean.*", "INDIRECT", False),
            },
        ),
        ({"fields": None, "dataset": [field("s")]}, {("raw.s", "clean.*", "INDIRECT", False)}),
    ],
)
def test_column_lineage_of_every_version(facet, wanted):
    event = writes(dataset(CLEAN, columnLineage=facet))
    assert edges(event) == wanted
    assert not taken(event).coarse


def test_what_is_told_for_every_column_is_kept_once():
    kinds = ("INDIRECT FILTER", "INDIRECT WINDOW")
    fields = {f"c{n}": [field(f"s{n}", RAW, "DIRECT IDENTITY"), field("f", RAW, *kinds)] for n in range(20)}
    found = edges(writes(dataset(CLEAN, columnLineage=column_lineage(**fields))))
    assert [one for one in found if "FILTER" in one[2]] == [("raw.f", "clean.*", "INDIRECT FILTER", False)]
    assert sum("WINDOW" in one[2] for one in found) == 20, "windows are of a column"
    assert len(found) == 41


@pytest.mark.parametrize("others", [{}, {"b": [field("b", RAW)]}])
def test_what_filters_one_column_of_several_or_the_only_one_stays_with_it(others):
    told = column_lineage(a=[field("a", RAW), field("f", RAW, "INDIRECT FILTER")], **others)
    found = edges(writes(dataset(CLEAN, columnLineage=told)))
    assert ("raw.f", "clean.a", "INDIRECT FILTER", False) in found


def lineage(**parts):
    """An entry of the lineage facet for `clean`."""
    return {"namespace": DB, "name": CLEAN, "type": "DATASET", **parts}


def source(table: str, column: str | None = None, *kinds: str):
    """An input of the lineage facet."""
    made = {"type": "DATASET", **field(column or "", table, *kinds)}
    return made if column else {key: value for key, value in made.items() if key != "field"}


@pytest.mark.parametrize(
    ("entries", "wanted"),
    [
        ([lineage(inputs=[source(RAW)])], {("raw.*", "clean.*", "DIRECT", False)}),
        (
            [
                lineage(
                    fields={"m": {"inputs": [source(RAW, "e", "DIRECT IDENTITY masked")]}}, inputs=[source(RAW, "s")]
                )
            ],
            {("raw.e", "clean.m", "DIRECT IDENTITY", True), ("raw.s", "clean.*", "INDIRECT", False)},
        ),
        (
            [lineage(fields={"m": {"inputs": [source(RAW, "e")]}}, inputs=[source(RAW), source(GOLD)])],
            {("raw.e", "clean.m", "DIRECT", False), ("gold.*", "clean.*", "INDIRECT", False)},
        ),
        ([lineage(fields={"m": {"inputs": [source(RAW)]}})], {("raw.*", "clean.m", "DIRECT", False)}),
        (
            [{"type": "JOB", "inputs": [source(RAW, "e")]}, lineage(inputs=[{"type": "JOB"}])],
            {("raw.e", "clean.*", "INDIRECT", False)},
        ),
        (
            [
                {"type": "JOB", "namespace": "a", "name": "x", "inputs": [source(RAW)]},
                {
                    "type": "JOB",
                    "namespace": "a",
                    "name": "y",
                    "inputs": [{"type": "JOB", "namespace": "a", "name": "x"}],
                },
                lineage(fields={"m": {"inputs": [{"type": "JOB", "namespace": "a", "name": "y"}]}}),
            ],
            {("raw.*", "clean.m", "DIRECT", False)},
        ),
        ([{"type": "JOB", "inputs": [{"type": "JOB"}, source(RAW)]}], set()),
        ([lineage(inputs=[]), lineage(fields={"m": {"inputs": [{"type": "JOB"}]}})], set()),
    ],
)
def test_the_lineage_facet_says_it_of_datasets_and_jobs(entries, wanted):
    event = run_event("RUNNING", job={"namespace": "n", "name": "j", "facets": {"lineage": {"entries": entries}}})
    assert edges(event) == wanted
    assert not taken(event).coarse
    assert taken(event | {"schemaURL": f"{SPEC}/JobEvent"}).mode is Mode.REPLACE


def test_a_job_that_only_reads_has_inputs():
    entry = {"type": "JOB", "inputs": [source(RAW, None, "INDIRECT FILTER")]}
    found = taken(run_event(job={"namespace": "n", "name": "j", "facets": {"lineage": {"entries": [entry]}}}))
    assert [one.id.name for one in found.inputs] == [RAW]


def test_the_lineage_facet_goes_before_column_lineage_and_that_before_the_product():
    older = dataset(CLEAN, columnLineage=column_lineage(m=[field("old")]))
    other = dataset(GOLD, columnLineage=column_lineage(g=[field("old")]))
    entry = lineage(fields={"m": {"inputs": [source(RAW, "new")]}})
    job = {"namespace": "n", "name": "j", "facets": {"lineage": {"entries": [entry]}}}
    assert edges(writes(older, other, job=job)) == {
        ("raw.new", "clean.m", "DIRECT", False),
        ("raw.old", "gold.g", "DIRECT", False),
    }
    of_itself = dataset(CLEAN, columnLineage=column_lineage(m=[field("old")]), lineage={"inputs": [source(RAW)]})
    assert edges(writes(of_itself)) == {("raw.*", "clean.*", "DIRECT", False)}
    assert taken(writes(dataset(CLEAN))).coarse
    assert taken(writes(dataset(CLEAN, columnLineage={"fields": {}}))).coarse, "some write that where they cannot tell"
    assert not taken(writes(dataset(CLEAN), other)).coarse, "no product for the others either"


def test_that_something_is_made_of_nothing_known_replaces_what_was_said():
    job = {"namespace": "n", "name": "j", "facets": {"lineage": {"entries": [lineage(inputs=[])]}}}
    assert taken(run_event(job=job)).mode is Mode.REPLACE
    assert taken(run_event("START", job=job)).mode is Mode.ACCUMULATE
    assert taken(writes(dataset(CLEAN))).mode is Mode.ACCUMULATE


def test_jobs_declare_and_datasets_speak_for_themselves():
    declared = taken(job_event(inputs=[dataset(RAW)], outputs=[dataset(CLEAN)]))
    assert (declared.mode, declared.run, declared.coarse) == (Mode.REPLACE, None, True)
    owned = {"ownership": {"owners": [{"name": "team:a", "type": "OWNER"}, {"name": "b"}]}}
    about = taken(job_event(job={"namespace": "n", "name": "j", "facets": owned}))
    assert (about.mode, about.owners) == (Mode.ACCUMULATE, (Owner("team:a", "OWNER"), Owner("b")))
    view = taken(dataset_event(dataset(CLEAN, columnLineage=column_lineage(m=[field("e")]))))
    assert (view.job, view.mode, len(view.edges), view.outputs[0].id.name) == (None, Mode.REPLACE, 1, CLEAN)
    assert taken(dataset_event(dataset(CLEAN, schema={"fields": []}))).mode is Mode.ACCUMULATE
    deleted = taken(dataset_event(dataset(CLEAN, columnLineage={"_deleted": True})))
    assert (deleted.mode, deleted.edges) == (Mode.REPLACE, ())


def test_facets_of_a_dataset():
    told = dataset(
        "warehouse/silver/orders",
        "s3a://lake",
        schema={
            "fields": [{"name": "id", "type": None}, {"name": "at", "type": "struct", "fields": [{"name": "day"}]}]
        },
        tags={"tags": [{"key": "pii", "value": True, "field": "id"}, {"key": "gold", "value": None}]},
        ownership={"owners": [{"name": "ann", "type": "OWNER"}]},
        symlinks={
            "identifiers": [
                {"namespace": "arn:aws:glue:eu-west-1:1", "name": "silver.orders", "type": "TABLE"},
                {"namespace": "s3://lake/", "name": "/warehouse/silver/orders"},
            ]
        },
        somethingNew={"a": [1, {"b": None}]},
    )
    found = taken(writes(told)).outputs[0]
    assert found.id == DatasetId("s3://lake", "warehouse/silver/orders")
    assert found.fields == (Field("id"), Field("at", "struct"), Field("at.day"))
    assert found.tags == (Tag("pii", "true", "id"), Tag("gold"))
    assert found.owners == (Owner("ann", "OWNER"),)
    assert found.symlinks == (DatasetId("arn:aws:glue:eu-west-1:1", "table/silver/orders"),)


def test_what_is_not_said_is_not_deleted_and_what_is_deleted_is_empty():
    silent = taken(writes(dataset(CLEAN))).outputs[0]
    assert (silent.fields, silent.tags, silent.owners) == (None, None, None)
    gone = {"_deleted": True}
    found = taken(writes(dataset(CLEAN, schema=gone, tags=gone, ownership=gone, symlinks=gone))).outputs[0]
    assert (found.fields, found.tags, found.owners, found.symlinks) == ((), (), (), ())


@pytest.mark.parametrize(
    ("facet", "wanted"),
    [
        ({"lifecycleStateChange": "DROP"}, ("DROP", None)),
        (
            {"lifecycleStateChange": "RENAME", "previousIdentifier": {"namespace": "postgresql://db", "name": RAW}},
            ("RENAME", DatasetId(DB, RAW)),
        ),
        ({"lifecycleStateChange": "RENAME", "previousIdentifier": {"namespace": DB, "name": CLEAN}}, (None, None)),
        ({"lifecycleStateChange": "RENAME"}, (None, None)),
        ({"lifecycleStateChange": "OVERWRITE"}, (None, None)),
    ],
)
def test_drops_and_renames_count_when_they_happened(facet, wanted):
    told = dataset(CLEAN, lifecycleStateChange=facet)
    found = taken(writes(told)).outputs[0]
    assert (found.change, found.previous) == wanted
    assert taken(dataset_event(told)).outputs[0].change == wanted[0]
    for state in ("START", "FAIL"):
        assert taken(run_event(state, outputs=[told])).outputs[0].change is None


def test_classes_are_known_by_their_schema_or_by_what_they_hold():
    bare = {key: value for key, value in run_event().items() if key != "schemaURL"}
    assert taken(bare).run
    old = "https://openlineage.io/spec/1-0-5/OpenLineage.json#/definitions/RunEvent"
    assert taken(bare | {"schemaURL": old}).run
    assert taken({**bare, "run": None}).mode is Mode.ACCUMULATE
    new = {"eventTime": "x", "schemaURL": f"{SPEC}/TeapotEvent", "teapot": {}}
    assert read(new) is None
    with pytest.raises(EventError, match="neither run, job nor dataset"):
        read({"eventTime": "x", "producer": "p"})


@pytest.mark.parametrize("said", ["2026-11-01T10:00:00", "2026-11-01t10:00:00z", "20261101T100000Z"])
def test_times_as_they_are_written(said):
    assert taken(run_event(at=said)).at == datetime(2026, 11, 1, 10, tzinfo=UTC)


FULL = run_event(
    job={"namespace": "n", "name": "j", "facets": {"lineage": {"entries": [lineage(inputs=[source(RAW, "e")])]}}},
    inputs=[dataset(RAW, schema={"fields": [{"name": "e"}]})],
    outputs=[
        dataset(
            GOLD,
            columnLineage=column_lineage(m=[field("e", RAW, "DIRECT IDENTITY")]),
            tags={"tags": [{"key": "k", "value": "v"}]},
            symlinks={"identifiers": [{"namespace": "a", "name": "b"}]},
        )
    ],
)
OUT = ["outputs", 0, "facets"]
WRONG = [
    (["eventTime"], None, "eventTime: is missing"),
    (["eventTime"], "yesterday", "eventTime: must be a date and time"),
    (["eventTime"], "2026-11-01", "eventTime: must be a date and time"),
    (["eventTime"], "0001-01-01T00:00:00+10:00", "eventTime: must be a date and time"),
    (["eventTime"], "1900-01-01T00:00:00Z", "eventTime: is before 1970"),
    (["eventTime"], 5, "eventTime: must be text, and is a number"),
    (["eventType"], "DONE", "eventType: must be one of START"),
    (["eventType"], True, "eventType: must be text, and is a boolean"),
    (["producer"], None, "producer: is missing"),
    (["schemaURL"], {}, "schemaURL: must be text"),
    (["run"], None, "run: is missing"),
    (["run"], [], "run: must be an object, and is a list"),
    (["run", "runId"], "17", "run.runId: must be a UUID"),
    (["run", "facets"], "x", "run.facets: must be an object, and is text"),
    (["job"], None, "job: is missing"),
    (["job", "name"], None, "job.name: is missing"),
    (["job", "name"], " ", "job.name: is empty"),
    (["job", "namespace"], "a\0", "job.namespace: holds a NUL"),
    (["job", "name"], "\ud800", "job.name: holds half of a character"),
    (["job", "name"], "x" * 3000, "job.name: is longer than 2,000 bytes"),
    (["job", "facets", "lineage", "entries"], {}, "job.facets.lineage.entries: must be a list"),
    (["job", "facets", "lineage", "entries", 0, "type"], "TABLE", "entries[0].type: must be DATASET or JOB"),
    (["job", "facets", "lineage", "entries", 0, "inputs", 0, "name"], 1, "entries[0].inputs[0].name: must be text"),
    (["inputs"], {}, "inputs: must be a list, and is an object"),
    (["inputs", 0], "raw", "inputs[0]: must be an object, and is text"),
    (["inputs", 0, "facets", "schema", "fields", 0, "name"], None, "schema.fields[0].name: is missing"),
    ([*OUT], [], "outputs[0].facets: must be an object, and is a list"),
    ([*OUT, "columnLineage"], "x", "outputs[0].facets.columnLineage: must be an object"),
    ([*OUT, "columnLineage", "fields"], [], "columnLineage.fields: must be an object, and is a list"),
    (
        [*OUT, "columnLineage", "fields", "m", "inputFields", 0, "field"],
        None,
        "fields.m.inputFields[0].field: is missing",
    ),
    ([*OUT, "columnLineage", "fields", "m", "inputFields", 0, "transformations"], 1, "transformations: must be a list"),
    ([*OUT, "tags", "tags", 0, "key"], None, "tags.tags[0].key: is missing"),
    ([*OUT, "symlinks", "identifiers", 0, "name"], "", "symlinks.identifiers[0].name: is empty"),
]


@pytest.mark.parametrize(("path", "value", "message"), WRONG)
def test_what_is_wrong_is_told_with_its_place(path, value, message):
    assert taken(FULL)
    with pytest.raises(EventError) as caught:
        read(mutated(FULL, path, value))
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300


def test_null_stands_for_nothing():
    empty = {"facets": None, "inputFacets": None}
    event = run_event(inputs=None, outputs=[dataset(CLEAN) | empty, None], job={"namespace": "n", "name": "j", **empty})
    assert [one.id.name for one in taken(event).outputs] == [CLEAN]
    told = dict.fromkeys(
        ("schema", "tags", "columnLineage", "lineage", "ownership", "symlinks", "lifecycleStateChange")
    )
    assert taken(writes(dataset(CLEAN, **told))).coarse
    assert PRODUCER in str(event)
