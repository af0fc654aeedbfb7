"""The lineage facet, which says of datasets and jobs what they are made of (1-0-0, in job and dataset facets)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from tools.lineage.model import DATASET
from tools.lineage.naming import canonical
from tools.lineage.observed import ColumnId, DatasetId, JobId, ObservedEdge
from tools.openlineage.reading.looking import EventError, Object, Path, column, entries, members, named, words
from tools.openlineage.reading.transformations import DIRECT, INDIRECT, How, compact, edge, transformations


class Input(NamedTuple):
    """What something is made of: a dataset or a column of it, or all that a job reads."""

    source: ColumnId | JobId
    how: tuple[How, ...]
    """Empty where nobody says."""


class Explicit(NamedTuple):
    """What a facet says."""

    targets: dict[DatasetId, tuple[ObservedEdge, ...]]
    """The datasets that it speaks of, also those that are made of nothing known."""
    reads: tuple[DatasetId, ...]
    """What the event's own job is made of, whatever becomes of it."""


def of_job(facet: Object, path: Path, own: JobId) -> Explicit:
    """What the facet of a job says; what is made of a job is made of what the job reads. Raises EventError."""
    jobs: dict[JobId, list[Input]] = defaultdict(list)
    targets: list[tuple[DatasetId, Object, Path]] = []
    for entry, here in entries(facet, "entries", path):
        if _is_job(entry, here):
            jobs[_job(entry, here, own)] += _inputs(entry, here, own)
        else:
            targets.append((canonical(DatasetId(*named(entry, here))), entry, here))
    read = {job: _read_by(job, jobs) for job in {own, *jobs}}
    found: dict[DatasetId, tuple[ObservedEdge, ...]] = {}
    for target, entry, here in targets:
        found[target] = found.get(target, ()) + _of_dataset(target, entry, here, own, read)
    reads = dict.fromkeys(one.source.dataset for one in read[own] if isinstance(one.source, ColumnId))
    return Explicit(found, tuple(reads))


def of_dataset(target: DatasetId, facet: Object, path: Path) -> tuple[ObservedEdge, ...]:
    """What the facet of a dataset says. Raises EventError."""
    return _of_dataset(target, facet, path, JobId("", ""), {})


def _of_dataset(
    target: DatasetId, entry: Object, path: Path, own: JobId, read: dict[JobId, list[Input]]
) -> tuple[ObservedEdge, ...]:
    fields = {name: _inputs(field, here, own) for name, field, here in members(entry, "fields", path)}
    edges: dict[ObservedEdge, None] = {}
    detailed: set[DatasetId] = set()
    for name, inputs in fields.items():
        for source, how in _resolved(inputs, read):
            detailed.add(source.dataset)
            for one in how or (How(),):
                edges[edge(source, ColumnId(target, name), one)] = None
    for source, how in _resolved(_inputs(entry, path, own), read):
        if source.column == DATASET and not how and source.dataset in detailed:
            continue  # its columns are told
        # A column that all of the target depends on decides about its rows.
        whole = How(DIRECT if source.column == DATASET and not fields else INDIRECT)
        for one in how or (whole,):
            edges[edge(source, ColumnId(target, DATASET), one)] = None
    return compact(target, len(fields), edges)


def _resolved(inputs: list[Input], read: dict[JobId, list[Input]]) -> Iterator[tuple[ColumnId, tuple[How, ...]]]:
    """Inputs with what is read by a job in place of the job."""
    for source, how in inputs:
        if isinstance(source, ColumnId):
            yield source, how
            continue
        for inner in read.get(source, ()):
            assert isinstance(inner.source, ColumnId)
            yield inner.source, how or inner.how


def _read_by(job: JobId, jobs: dict[JobId, list[Input]]) -> list[Input]:
    """The columns and datasets that a job is made of, also through other jobs."""
    found, met, waiting = list[Input](), {job}, [job]
    while waiting:
        for one in jobs.get(waiting.pop(), ()):
            if isinstance(one.source, ColumnId):
                found.append(one)
            elif one.source not in met:
                met.add(one.source)
                waiting.append(one.source)
    return found


def _inputs(of: Object, path: Path, own: JobId) -> list[Input]:
    return [_input(one, here, own) for one, here in entries(of, "inputs", path)]


def _input(one: Object, path: Path, own: JobId) -> Input:
    how = tuple(transformations(one, path, How())) if one.get("transformations") else ()
    if _is_job(one, path):
        return Input(_job(one, path, own), how)
    name = column(one, "field", path) if one.get("field") is not None else DATASET
    return Input(ColumnId(canonical(DatasetId(*named(one, path))), name), how)


def _is_job(of: Object, path: Path) -> bool:
    kind = words(of, "type").upper()
    if kind not in ("DATASET", "JOB"):
        raise EventError((path, "type"), "must be DATASET or JOB")
    return kind == "JOB"


def _job(of: Object, path: Path, own: JobId) -> JobId:
    if of.get("namespace") is None and of.get("name") is None:
        return own
    return JobId(*named(of, path))
