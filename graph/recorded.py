"""What a run did with which tables, read from the store: for its lineage, and the events that are sent of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from memory.errors import NotFound
from tools.lineage.observed import DatasetId, Field
from tools.openlineage.facts import MovedFacts, Parent, RunFacts, SplitFacts, TableFacts

if TYPE_CHECKING:
    from memory import Memory
    from memory.model import Dataset, StoredEvaluation, StoredProfile

PROFILED = "finished"
"""The kind of event of a run by which a profiler tells what it stored."""


def run_facts(memory: Memory, run_id: str) -> RunFacts:
    """What is known of a run now. Raises StoreError."""
    row = memory.db.row("select kind, goal, sources, created_at, parent from runs where id = %s", [run_id])
    if row is None:
        raise NotFound(f"There is no run {run_id!r} in the store.")
    evaluations = {one.dataset_id: one for one in memory.results.for_run(run_id)}
    profiles = _profiles(memory, run_id)
    tables = tuple(
        _table(memory, id_, dataset, evaluations, profiles) for id_, dataset in _tables(memory, row["sources"])
    )
    return RunFacts(
        id=run_id,
        kind=row["kind"],
        goal=row["goal"],
        started=row["created_at"],
        tables=tables,
        split=_split(memory, run_id, tables),
        parent=Parent.read(row["parent"]),
        moved=_moved(memory, run_id),
    )


def _tables(memory: Memory, sources: list[str]) -> list[tuple[DatasetId, Dataset | None]]:
    """The tables of a run by its sources, as far as they have a name, and what the catalog knows of them."""
    from tools.lineage.naming import canonical
    from tools.sources.registry import dataset_name
    from tools.sources.table import SourceError

    found: dict[DatasetId, Dataset | None] = {}
    for source in sources:
        try:
            name = dataset_name(source)
        except SourceError:
            continue
        known = memory.catalog.named(name.namespace, name.name)
        found.setdefault(canonical(DatasetId(name.namespace, name.name)), known)
    return list(found.items())


def _table(
    memory: Memory,
    id_: DatasetId,
    dataset: Dataset | None,
    evaluations: Mapping[UUID, StoredEvaluation],
    profiles: Mapping[UUID, StoredProfile],
) -> TableFacts:
    from tools.profiling import Profile

    if dataset is None:
        return TableFacts(id_)
    evaluation, own = evaluations.get(dataset.id), profiles.get(dataset.id)
    latest = own or memory.catalog.latest_profile(dataset.id)
    measured = _measured(memory, dataset.id, evaluation, own, latest)
    known = Profile.from_dict(latest.profile) if latest else None
    personal = {one.name: one.personal.kind for one in known.columns if one.personal} if known else None
    return TableFacts(
        id=id_,
        fields=tuple(Field(field["name"], field["type"]) for field in dataset.fields),
        version=evaluation.version if evaluation else own.version if own else "",
        personal=personal,
        guarded=frozenset(name.lower() for name in (_named_so(dataset) if personal is None else personal)),
        profile=known if measured is latest else Profile.from_dict(measured.profile) if measured else None,
        evaluation=evaluation.evaluation if evaluation else None,
    )


def _measured(
    memory: Memory,
    dataset_id: UUID,
    evaluation: StoredEvaluation | None,
    own: StoredProfile | None,
    latest: StoredProfile | None,
) -> StoredProfile | None:
    """The profile of the content that the run read: its own, or one that was made of the same version."""
    if own or evaluation is None:
        return own
    if latest and latest.version == evaluation.version:
        return latest
    return memory.catalog.profile(dataset_id, evaluation.version)


def _named_so(dataset: Dataset) -> list[str]:
    """Columns that are called as if they held personal data, of a table that was never profiled."""
    from tools.profiling.model import ColumnProfile
    from tools.profiling.personal import personal

    columns = [ColumnProfile(one["name"], one["type"], one["kind"], 0, 0, True) for one in dataset.fields]
    return [column.name for column in columns if personal(column)]


def _profiles(memory: Memory, run_id: str) -> dict[UUID, StoredProfile]:
    rows = memory.db.rows(
        """select p.id from run_events e join profiles p on p.id::text = e.data->>'profile_id'
        where e.run_id = %s and e.kind = %s and e.agent = 'profiler' order by e.seq""",
        [run_id, PROFILED],
    )
    found = [memory.catalog.profile_by_id(row["id"]) for row in rows]
    return {profile.dataset_id: profile for profile in found}


def _split(memory: Memory, run_id: str, tables: tuple[TableFacts, ...]) -> SplitFacts | None:
    """Where the audit log says that rows went."""
    from tools.lineage.naming import of_uri

    row = memory.db.row(
        "select data from audit_log where run_id = %s and action = 'rows.quarantined' order by seq desc limit 1",
        [run_id],
    )
    if row is None or not tables:
        return None
    split, known = json.loads(row["data"]), {field.name.lower(): field.name for field in tables[0].fields or ()}
    rules = (tables[0].evaluation or {}).get("rules", ())
    deciding = [column.lower() for rule in rules if rule["rule"] in split["failed_rows"] for column in rule["columns"]]
    return SplitFacts(
        good=of_uri(split["good"]),
        bad=of_uri(split["bad"]),
        good_rows=split["good_rows"],
        bad_rows=split["bad_rows"],
        deciding=tuple(dict.fromkeys(known[name] for name in deciding if name in known)),
    )


def _moved(memory: Memory, run_id: str) -> MovedFacts | None:
    """Where the batch that the run judged was brought: the folder that its files go to, as one dataset."""
    from tools.lineage.naming import of_uri

    row = memory.db.row(
        """select case b.target when 'trusted' then w.trusted else w.quarantine end as folder, b.rows
        from batches b join watches w on w.id = b.watch_id
        where b.run_id = %s and b.state = b.target and b.branch is null""",
        [run_id],
    )
    return MovedFacts(of_uri(row["folder"]), row["rows"] or 0) if row and row["folder"] else None
