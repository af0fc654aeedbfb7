"""One OpenLineage event, of a run, a job or a dataset, as what the lineage store takes in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from tools.lineage.observed import DatasetId, JobId, Mode, Observed, ObservedDataset, ObservedEdge
from tools.openlineage.reading import explicit, sql
from tools.openlineage.reading.columns import column_lineage
from tools.openlineage.reading.datasets import dataset, dataset_id, deleted, owners
from tools.openlineage.reading.looking import EventError, Object, Path, child, column_name, entries, named, needed, text

STATES = ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")
DONE = ("COMPLETE", "OTHER", "")
"""After which what a run did to a dataset has happened."""
FIRST_YEAR = 1970
_CLASS = re.compile(r"#/(?:\$defs|definitions)/(\w+)$")
_VERSION = re.compile(r"/(?:tree|blob|releases/tag|releases)/[^/]+|/v?\d+(?:[.-]\d+)+[^/]*")
MOST_ORIGIN = 200
"""Bytes: the store finds it together with a name by one index."""


class Flow(NamedTuple):
    """What an event says of how datasets are made."""

    edges: tuple[ObservedEdge, ...] = ()
    reads: tuple[DatasetId, ...] = ()
    """Datasets that the job reads besides the event's inputs."""
    writes: tuple[DatasetId, ...] = ()
    said: bool = False
    """Whether it says anything of it, be it that something is made of nothing."""
    confidence: float = 1.0


def read(event: Mapping[str, Any]) -> Observed | None:
    """What an event says; None for an event of a class that there is not (yet). Raises EventError."""
    kind = _kind(event)
    if kind is None:
        return None
    text(event, "producer", None)
    try:
        return {"RunEvent": _run, "JobEvent": _job, "DatasetEvent": _dataset}[kind](event)
    except ValueError as error:
        raise EventError(None, f"cannot be stored: {error}") from error


def _kind(event: Mapping[str, Any]) -> str | None:
    """By what is in it; the address of its schema decides only where that says nothing. Raises EventError."""
    url = event.get("schemaURL")
    if url is not None and not isinstance(url, str):
        raise EventError((None, "schemaURL"), "must be text")
    found = _CLASS.search(url or "")
    said = found.group(1) if found else ""
    if said in ("RunEvent", "JobEvent", "DatasetEvent"):
        return said
    for key, kind in (("run", "RunEvent"), ("job", "JobEvent"), ("dataset", "DatasetEvent")):
        if event.get(key) is not None:
            return kind
    if said:
        return None
    raise EventError(None, "has neither run, job nor dataset", hint="Send a RunEvent, JobEvent or DatasetEvent.")


def _run(event: Object) -> Observed:
    state = _state(event)
    own, facets = _own(event)
    inputs, outputs = _datasets(event, "inputs", state in DONE), _datasets(event, "outputs", state in DONE)
    # What SQL says counts once the run is complete: until then an event may come that tells its columns itself.
    flow = _flow(event, own, facets) if state != "COMPLETE" else _flow_or_sql(event, own, facets, inputs, outputs)
    return Observed(
        at=_time(event),
        origin=_origin(event),
        job=own,
        run=_run_id(event),
        # Who says expressly that all is made of nothing known replaces what there was.
        mode=Mode.REPLACE if state == "COMPLETE" and flow.said and not flow.edges else Mode.ACCUMULATE,
        completes=state == "COMPLETE",
        state=state,
        inputs=_with(inputs, flow.reads),
        outputs=_with(outputs, flow.writes),
        edges=flow.edges,
        owners=owners(facets, ((None, "job"), "facets")),
        confidence=flow.confidence,
        coarse=not flow.said,
        raw=event,
    )


def _job(event: Object) -> Observed:
    own, facets = _own(event)
    inputs, outputs = _datasets(event, "inputs", True), _datasets(event, "outputs", True)
    flow = _flow_or_sql(event, own, facets, inputs, outputs)
    return Observed(
        at=_time(event),
        origin=_origin(event),
        job=own,
        # Where it speaks of neither datasets nor lineage it is about something else, and replaces none.
        mode=Mode.REPLACE if flow.said or inputs or outputs else Mode.ACCUMULATE,
        inputs=_with(inputs, flow.reads),
        outputs=_with(outputs, flow.writes),
        edges=flow.edges,
        owners=owners(facets, ((None, "job"), "facets")),
        confidence=flow.confidence,
        coarse=not flow.said,
        raw=event,
    )


def _dataset(event: Object) -> Observed:
    told, path = needed(event, "dataset", None), (None, "dataset")
    edges = _of_dataset(told, path)
    return Observed(
        at=_time(event),
        origin=_origin(event),
        mode=Mode.ACCUMULATE if edges is None else Mode.REPLACE,
        outputs=(dataset(told, path, happened=True),),
        edges=edges or (),
        raw=event,
    )


def _flow(event: Object, own: JobId, facets: Object) -> Flow:
    """By the lineage facet of the job; of outputs that it does not speak of, by their own facets."""
    path = ((None, "job"), "facets")
    facet = child(facets, "lineage", path)
    said = bool(facet) and not deleted(facet)
    told = explicit.of_job(facet, (path, "lineage"), own) if said else explicit.Explicit({}, ())
    edges = dict.fromkeys(edge for found in told.targets.values() for edge in found)
    for output, here in entries(event, "outputs", None):
        if dataset_id(output, here) in told.targets:
            continue
        found = _of_dataset(output, here)
        said = said or found is not None
        edges |= dict.fromkeys(found or ())
    return Flow(tuple(edges), _sources(told), tuple(told.targets), said)


def _flow_or_sql(
    event: Object, own: JobId, facets: Object, inputs: tuple[ObservedDataset, ...], outputs: tuple[ObservedDataset, ...]
) -> Flow:
    """What the event tells itself; where it tells nothing, what the job's SQL does to its inputs and outputs."""
    flow = _flow(event, own, facets)
    query = facets.get("sql")
    if flow.said or not isinstance(query, dict) or deleted(query):
        return flow
    found = sql.of_job(query, inputs, outputs)
    return Flow(found.edges, found.reads, (), True, found.confidence) if found else flow


def _sources(told: explicit.Explicit) -> tuple[DatasetId, ...]:
    found = [edge.source.dataset for edges in told.targets.values() for edge in edges]
    return tuple(dict.fromkeys([*told.reads, *found]))


def _of_dataset(told: Object, path: Path) -> tuple[ObservedEdge, ...] | None:
    """The edges by the lineage facet of a dataset, else by its columnLineage; None where neither says anything."""
    facets, here = child(told, "facets", path), (path, "facets")
    target = dataset_id(told, path)
    facet = child(facets, "lineage", here)
    if facet and not deleted(facet):
        return explicit.of_dataset(target, facet, (here, "lineage"))
    older = child(facets, "columnLineage", here)
    if deleted(older) or deleted(facet):
        return ()
    # Some write an empty facet where they could not tell.
    return column_lineage(target, older, (here, "columnLineage")) or None


def _datasets(event: Object, key: str, happened: bool) -> tuple[ObservedDataset, ...]:
    return tuple(dataset(one, here, happened=happened) for one, here in entries(event, key, None))


def _with(told: tuple[ObservedDataset, ...], more: Iterable[DatasetId]) -> tuple[ObservedDataset, ...]:
    known = {one.id for one in told}
    return told + tuple(ObservedDataset(id_) for id_ in more if id_ not in known)


def _own(event: Object) -> tuple[JobId, Object]:
    job = needed(event, "job", None)
    return JobId(*named(job, (None, "job"))), child(job, "facets", (None, "job"))


def _state(event: Object) -> str:
    if event.get("eventType") is None:
        return ""
    state = text(event, "eventType", None).upper()
    if state not in STATES:
        raise EventError((None, "eventType"), f"must be one of {', '.join(STATES)}")
    return state


def _run_id(event: Object) -> str:
    run, path = needed(event, "run", None), (None, "run")
    child(run, "facets", path)
    try:
        return str(UUID(text(run, "runId", path)))
    except ValueError:
        raise EventError((path, "runId"), "must be a UUID") from None


def _time(event: Object) -> datetime:
    """The time of the event; UTC where it names no zone, as the official client lets through. Raises EventError."""
    said, path = text(event, "eventTime", None), (None, "eventTime")
    try:
        moment = datetime.fromisoformat(said.strip().upper())
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or "T" not in said.upper():
        raise EventError(path, "must be a date and time, such as 2026-11-23T08:30:00Z")
    if moment.year < FIRST_YEAR:
        raise EventError(path, f"is before {FIRST_YEAR}")
    return moment


def _origin(event: Object) -> str:
    """The producer without its version: what it says replaces what its last version said."""
    producer = text(event, "producer", None).strip().partition("://")
    name = _VERSION.sub("", producer[2] or producer[0]).split("?")[0].split("#")[0].rstrip("/")
    kept = column_name(name, (None, "producer")).encode()[:MOST_ORIGIN].decode(errors="ignore")
    return kept or "openlineage"
