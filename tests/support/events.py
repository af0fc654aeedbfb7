"""OpenLineage events in tests, as plain JSON and as the official client makes them."""

from __future__ import annotations

import copy
from typing import Any

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset

from memory import Memory
from tools.lineage.observed import ColumnId, DatasetId

Json = dict[str, Any]
SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs"
PRODUCER = "https://example.com/etl/tree/1.2.3/jobs"
DB = "postgres://db:5432"
RAW, CLEAN, GOLD = "shop.public.raw", "shop.public.clean", "shop.public.gold"
RUN = "019ab0c2-7d3e-7a51-8c60-5f0c7e0a2f6b"


def dataset(name: str, namespace: str = DB, **facets: Any) -> Json:
    """A dataset with facets."""
    return (
        {"namespace": namespace, "name": name, "facets": facets} if facets else {"namespace": namespace, "name": name}
    )


def run_event(state: str | None = "COMPLETE", at: str = "2026-11-01T10:00:00Z", run: str = RUN, **parts: Any) -> Json:
    """A RunEvent; parts replace what is there, None takes it away."""
    made = {
        "eventType": state,
        "eventTime": at,
        "producer": PRODUCER,
        "schemaURL": f"{SPEC}/RunEvent",
        "run": {"runId": run},
        "job": {"namespace": "nightly", "name": "clean"},
        "inputs": [],
        "outputs": [],
    } | parts
    return {key: value for key, value in made.items() if value is not None}


def job_event(at: str = "2026-11-01T10:00:00Z", **parts: Any) -> Json:
    """A JobEvent."""
    return run_event(None, at, schemaURL=f"{SPEC}/JobEvent", **{"run": None} | parts)


def dataset_event(told: Json, at: str = "2026-11-01T10:00:00Z") -> Json:
    """A DatasetEvent."""
    return {"eventTime": at, "producer": PRODUCER, "schemaURL": f"{SPEC}/DatasetEvent", "dataset": told}


def field(name: str, table: str = RAW, *kinds: str, namespace: str = DB) -> Json:
    """An input field, with transformations such as `DIRECT IDENTITY` or `DIRECT IDENTITY masked`."""
    made: Json = {"namespace": namespace, "name": table, "field": name}
    if kinds:
        split = [kind.split() for kind in kinds]
        made["transformations"] = [
            {"type": one[0], "subtype": one[1], "description": "", "masking": "masked" in one} for one in split
        ]
    return made


def column_lineage(dataset: list[Json] | None = None, **fields: list[Json]) -> Json:
    """A columnLineage facet."""
    made: Json = {"fields": {name: {"inputFields": inputs} for name, inputs in fields.items()}}
    return made if dataset is None else made | {"dataset": dataset}


def mutated(event: Json, path: list[Any], value: Any) -> Json:
    """A copy of an event with another value at a place."""
    made = copy.deepcopy(event)
    place: Any = made
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return made


def official(
    state: RunState = RunState.COMPLETE, at: str = "2026-11-01T10:00:00Z", run: str = RUN, job: str = "clean"
) -> RunEvent:
    """An event of the official client: `clean.mail` is made of `raw.email`."""
    source = column_lineage_dataset.InputField(
        DB, RAW, "email", [column_lineage_dataset.Transformation("DIRECT", "TRANSFORMATION")]
    )
    lineage = column_lineage_dataset.ColumnLineageDatasetFacet({"mail": column_lineage_dataset.Fields([source])})
    fields = [schema_dataset.SchemaDatasetFacetFields("mail", "text")]
    facets = {"columnLineage": lineage, "schema": schema_dataset.SchemaDatasetFacet(fields)}
    return RunEvent(
        eventType=state,
        eventTime=at,
        run=Run(run),
        job=Job("nightly", job),
        producer=PRODUCER,
        inputs=[InputDataset(DB, RAW)],
        outputs=[OutputDataset(DB, CLEAN, facets=facets)],
    )


def column(table: str, name: str = "*", namespace: str = DB) -> ColumnId:
    """A column."""
    return ColumnId(DatasetId(namespace, table), name)


def stored(memory: Memory) -> int:
    """How many events a store knows."""
    row = memory.db.row("select count(*) as n from lineage_events")
    assert row
    found: int = row["n"]
    return found


def reached(memory: Memory, start: ColumnId, *, indirect: bool = False) -> set[str]:
    """What is made of a column, as `table.column` without its database."""
    found = memory.lineage.downstream(start, indirect=indirect, limit=None)
    return {f"{one.column.dataset.name.rpartition('.')[2]}.{one.column.column}" for one in found.columns}
