"""Takes in what was observed: one transaction per batch, each thing once, in whatever order it arrives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from memory.db import Connection, Database
from memory.lineage import naming
from memory.lineage.arrays import BY_INDEX, array, columns, json_text
from memory.lineage.coarse import CoarseRecompute
from memory.lineage.labels import save_io, save_labels
from memory.lineage.nodes import COLUMN, Node, Nodes, settle
from memory.lineage.recompute import Recompute, forget_datasets, jobs_touching
from memory.lineage.repeating import no_news
from memory.lineage.statements import Packed, is_coarse, pack, pack_flow
from tools.lineage.observed import Mode, Observed

BATCH_EVENTS, BATCH_EDGES = 500, 50_000


@dataclass
class Ingested:
    """What a call took in."""

    events: int = 0
    repeated: int = 0
    """Of the events, those that were known already."""
    opened: int = 0
    """Edges that hold from now on (or held once: what arrived late)."""
    ended: int = 0


Speaker = tuple[str, str, str]


def ingest(db: Database, observations: Iterable[Observed]) -> Ingested:
    """Stores observations in batches; each batch is stored whole or not at all. Raises StoreError."""
    total = Ingested()
    for batch in _batches(observations):
        with db.transaction() as connection:
            Batch(connection, total).take(batch)
    return total


def _batches(observations: Iterable[Observed]) -> Iterator[list[Observed]]:
    batch: list[Observed] = []
    edges = 0
    for one in observations:
        batch.append(one)
        edges += len(one.edges)
        if len(batch) >= BATCH_EVENTS or edges >= BATCH_EDGES:
            yield batch
            batch, edges = [], 0
    if batch:
        yield batch


class Batch:
    """One transaction's worth."""

    def __init__(self, connection: Connection, total: Ingested) -> None:
        self._connection = connection
        self._total = total
        connection.execute(BY_INDEX)
        # Whoever takes in lineage holds this row: two at once would make the same names and edges.
        row = connection.execute("update lineage_state set version = version + 1 returning version").fetchone()
        assert row
        self._version: int = row["version"]
        self._now = datetime.now(UTC)
        self._names = naming.Names(connection)
        self._nodes = Nodes(connection, self._version)
        self._work = Recompute(connection, self._version, self._names, self._nodes)
        self._coarse_work = CoarseRecompute(connection, self._version, self._names, self._nodes)

    def take(self, batch: list[Observed]) -> None:
        """Stores the new ones of a batch, and brings the edges of their jobs up to date."""
        fresh = self._fresh(batch)
        self._total.events += len(batch)
        self._total.repeated += len(batch) - len(fresh)
        if not fresh:
            return
        self._names.load(dataset.id for one in fresh for dataset in one.datasets)
        self._names.load(edge_end.dataset for one in fresh for e in one.edges for edge_end in (e.source, e.target))
        gone = self._symlinks(fresh)
        self._changes(fresh)
        self._schemas(fresh)
        speakers = self._speakers(fresh)
        save_io(self._connection, fresh, lambda one: speakers[_speaker(one)], self._names, self._at)
        save_labels(self._connection, fresh, lambda job: speakers[("job", *job)], self._names, self._at)
        self._sayings(fresh, speakers)
        for work in (self._work, self._coarse_work):
            opened, ended = work.run()
            self._total.opened += opened
            self._total.ended += ended
        if gone:
            forget_datasets(self._connection, gone)

    def _at(self, one: Observed) -> datetime:
        """When it was said. A clock that is ahead does not win for ever."""
        return min(one.at, self._now)

    def _fresh(self, batch: list[Observed]) -> list[Observed]:
        known = no_news(self._connection, batch)
        unique = {one.key: one for one in batch if one.key not in known}
        if not unique:
            return []
        rows = self._connection.execute(
            """insert into lineage_events (key, at, origin, raw)
            select * from unnest(%s::bytea[], %s::timestamptz[], %s::text[], %s::json[])
            on conflict (key) do nothing returning key""",
            [
                array(unique),
                array(self._at(one) for one in unique.values()),
                array(one.origin for one in unique.values()),
                array(None if one.raw is None else json_text(one.raw) for one in unique.values()),
            ],
        )
        return [unique[key] for key in (bytes(row["key"]) for row in rows)]

    def _changes(self, fresh: list[Observed]) -> None:
        """Drops and renames; the jobs of the datasets in question are worked out anew."""
        changed = [(one, dataset) for one in fresh for dataset in one.datasets if dataset.change]
        renamed = any(dataset.change == "RENAME" for _, dataset in changed)
        self._names.load(dataset.previous for _, dataset in changed if dataset.previous)
        for one, dataset in changed:
            self._connection.execute(
                "insert into lineage_changes values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                [
                    *(one.key, dataset.change, *dataset.id, *(dataset.previous or (None, None)), self._at(one)),
                    self._names.resolve(dataset.id, self._at(one)),
                ],
            )
        if renamed:
            moved = naming.follow_renames(self._connection)
            self._names.forget()
            self._names.load(dataset.id for one in fresh for dataset in one.datasets)
            self._names.load(end.dataset for one in fresh for e in one.edges for end in (e.source, e.target))
            settle(self._connection, moved, self._version)
            self._all_of(jobs_touching(self._connection, moved))
        for one, dataset in changed:
            if dataset.change == "DROP":
                dropped = {self._names.resolve(dataset.id, self._at(one))}
                touched = jobs_touching(self._connection, dropped)
                self._work.cut(touched, self._at(one))
                self._coarse_work.cut(touched, self._at(one))

    def _all_of(self, jobs: set[int]) -> None:
        self._work.all_of(jobs)
        self._coarse_work.all_of(jobs)

    def _symlinks(self, fresh: list[Observed]) -> set[int]:
        """Datasets that are one from now on; those that are given up."""
        linked = [(one, dataset, other) for one in fresh for dataset in one.datasets for other in dataset.symlinks]
        self._names.load(other for _, _, other in linked)
        gone, kept = set[int](), set[int]()
        for one, dataset, other in linked:
            at = self._at(one)
            one_of, other_of = (self._names.resolve(name, at) for name in (dataset.id, other))
            left = naming.join(self._connection, one_of, other_of, other)
            if left is not None:
                gone.add(left)
                kept.add(one_of + other_of - left)
                self._names.joined(one_of + other_of - left, left)
        if gone:
            settle(self._connection, kept | gone, self._version)
            self._all_of(jobs_touching(self._connection, gone))
        return gone

    def _schemas(self, fresh: list[Observed]) -> None:
        self._nodes.load(
            Node(self._names.resolve(dataset.id, self._at(one)), COLUMN, column.name)
            for one in fresh
            for dataset in one.datasets
            for column in dataset.fields or ()
        )

    def _speakers(self, fresh: list[Observed]) -> dict[Speaker, int]:
        wanted = sorted({_speaker(one) for one in fresh} | {("job", *one.job) for one in fresh if one.job})
        self._connection.execute(
            """insert into lineage_jobs (kind, namespace, name) select * from unnest(%s::text[], %s::text[], %s::text[])
            on conflict do nothing""",
            columns(wanted),
        )
        rows = self._connection.execute(
            """select j.* from unnest(%s::text[], %s::text[], %s::text[]) w (kind, namespace, name)
            join lineage_jobs j using (kind, namespace, name)""",
            columns(wanted),
        )
        return {(row["kind"], row["namespace"], row["name"]): row["id"] for row in rows}

    def _sayings(self, fresh: list[Observed], speakers: dict[Speaker, int]) -> None:
        runs = self._runs(fresh, speakers)
        packed = {one.key: pack(one) for one in fresh if one.edges or (one.mode is Mode.REPLACE and not one.coarse)}
        packed |= {one.key: pack_flow(one) for one in fresh if is_coarse(one) and one.datasets}
        statements = self._statements(list(packed.values()))
        rows: list[tuple[Any, ...]] = []
        for one in fresh:
            completes = one.completes or one.mode is Mode.REPLACE
            statement = statements[packed[one.key].hash] if one.key in packed else None
            if statement is None and not completes:
                continue
            job = speakers[_speaker(one)]
            rows.append((job, self._at(one), one.key, runs[job, _run(one)], completes, statement, is_coarse(one)))
            self._work.since(job, self._at(one))
            self._coarse_work.since(job, self._at(one))
        if rows:
            self._connection.execute(
                """insert into lineage_sayings select * from unnest(%s::int[], %s::timestamptz[], %s::bytea[],
                    %s::bigint[], %s::boolean[], %s::bigint[], %s::boolean[])""",
                columns(rows),
            )
            self._connection.execute(_MARK_JOBS, columns(rows))

    def _runs(self, fresh: list[Observed], speakers: dict[Speaker, int]) -> dict[tuple[int, str], int]:
        found: dict[tuple[int, str], tuple[datetime, datetime, str]] = {}
        for one in sorted(fresh, key=lambda one: one.at):
            key, at = (speakers[_speaker(one)], _run(one)), self._at(one)
            found[key] = (found[key][0] if key in found else at, at, one.state)
        rows = self._connection.execute(
            """insert into lineage_runs as r (job_id, run, first_at, last_at, state)
            select * from unnest(%s::int[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[])
            on conflict (job_id, run) do update set first_at = least(r.first_at, excluded.first_at),
                last_at = greatest(r.last_at, excluded.last_at),
                state = case when excluded.last_at >= r.last_at then excluded.state else r.state end
            returning id, job_id, run""",
            columns([(*key, *value) for key, value in found.items()]),
        )
        return {(row["job_id"], row["run"]): row["id"] for row in rows}

    def _statements(self, packed: list[Packed]) -> dict[bytes, int]:
        texts = dict(packed)
        if not texts:
            return {}
        known = self._known_statements(list(texts))
        fresh = [hash_ for hash_ in texts if hash_ not in known]
        if fresh:
            rows = self._connection.execute(
                """insert into lineage_statements (hash, said) select * from unnest(%s::bytea[], %s::json[])
                returning id, hash""",
                [array(fresh), array(texts[hash_] for hash_ in fresh)],
            )
            known |= {bytes(row["hash"]): row["id"] for row in rows}
        return known

    def _known_statements(self, hashes: list[bytes]) -> dict[bytes, int]:
        rows = self._connection.execute(
            "select id, hash from lineage_statements where hash = any(%s::bytea[])", [array(hashes)]
        )
        return {bytes(row["hash"]): row["id"] for row in rows}


_MARK_JOBS = """
    with told as (
        select job_id, min(at) filter (where not coarse) as fine, bool_or(coarse) as coarse
        from unnest(%s::int[], %s::timestamptz[], %s::bytea[], %s::bigint[], %s::boolean[], %s::bigint[], %s::boolean[])
            s (job_id, at, key, run_id, completes, statement_id, coarse)
        where statement_id is not null group by job_id)
    update lineage_jobs j set fine_from = least(j.fine_from, t.fine), coarse = j.coarse or t.coarse
    from told t where j.id = t.job_id
        and (j.fine_from is distinct from least(j.fine_from, t.fine) or j.coarse < t.coarse)
"""


def _speaker(one: Observed) -> Speaker:
    """Whose saying it is: the job's, or that of the dataset itself."""
    if one.job:
        return ("job", *one.job)
    return ("dataset", *(one.outputs or one.inputs)[0].id) if one.datasets else ("dataset", "", one.origin)


def _run(one: Observed) -> str:
    return one.run if one.run and one.mode is Mode.ACCUMULATE else f"declared {one.key.hex()}"
