"""The door to the lineage: what is told, and what is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

import numpy as np

from memory.audit import Fact, record
from memory.db import Connection, Database
from memory.errors import NotFound
from memory.lineage import changes, details, reading, retiring, tags, upkeep
from memory.lineage.answers import Diff, Impact, Neighbourhood, Path, Reach, Reached, Step, TagReport
from memory.lineage.blast import Blast, Key, blasts, lead_on
from memory.lineage.copy import Copy
from memory.lineage.details import JobDetails, Marks
from memory.lineage.graphs import Walked, explore
from memory.lineage.impact import impact
from memory.lineage.ingest import Batch, Ingested, ingest
from memory.lineage.meaning import meant
from memory.lineage.upkeep import Expired
from memory.lineage.walking import Terms, Walk
from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId, DatasetId, JobId, Mode, Observed, ObservedDataset

LIMIT = 10_000


class LineageStore:
    """Column lineage over time.

    A node is a :class:`ColumnId`; its column `*` is the whole dataset. `at` asks for the graph as it was then, by the
    times of events. Only direct edges are followed unless `indirect` is asked for. `depth` counts edges, `limit`
    columns; None is without an end. Answers say whether they are complete. Unknown names raise NotFound.
    """

    def __init__(self, db: Database, copy: Copy | None = None) -> None:
        """``copy`` is one of the same database that another door keeps; large answers come from it."""
        self._db = db
        self.copy = copy or Copy()

    def ingest(self, observations: Iterable[Observed]) -> Ingested:
        """Takes in what was observed, in batches of one transaction each; what was taken in before is passed over.

        Nothing depends on the order in which things arrive. Raises StoreError.
        """
        return ingest(self._db, observations)

    def upstream(
        self,
        node: ColumnId,
        *,
        indirect: bool = False,
        depth: int | None = None,
        limit: int | None = LIMIT,
        at: datetime | None = None,
        explained: bool = False,
    ) -> Reach:
        """The columns that a node is made of, on request with one shortest way from each."""
        return self._reach(node, Terms("up", indirect, depth, limit, at), explained)

    def downstream(
        self,
        node: ColumnId,
        *,
        indirect: bool = False,
        depth: int | None = None,
        limit: int | None = LIMIT,
        at: datetime | None = None,
        explained: bool = False,
    ) -> Reach:
        """The columns that are made of a node, on request with one shortest way to each."""
        return self._reach(node, Terms("down", indirect, depth, limit, at), explained)

    def impact(
        self,
        node: ColumnId,
        *,
        indirect: bool = False,
        depth: int | None = None,
        limit: int | None = None,
        at: datetime | None = None,
        shown: int = 100,
    ) -> Impact:
        """What depends on a node, added up and ranked; lists have up to `shown` entries."""
        self._refresh_tags()
        terms = Terms("down", indirect, depth, limit, at)
        with self._db.one_state() as connection:
            return impact(connection, self._explored(connection, node, terms), terms, shown)

    def path(
        self,
        source: ColumnId,
        target: ColumnId,
        *,
        indirect: bool = False,
        depth: int | None = None,
        at: datetime | None = None,
    ) -> Path:
        """One shortest way from a source to a target, with an edge for each step."""
        terms = Terms("down", indirect, depth, None, at)
        with self._db.one_state() as connection:
            start = reading.starts(connection, source, "down", at)
            goal = reading.starts(connection, target, "up", at)
            found = explore(connection, self.copy, start, terms, goal).walk
            way = _way(found, goal.tolist())
            if not way:
                return Path(cut=found.cut)
            return Path(found=True, steps=tuple(reading.steps_along(connection, way, terms)))

    def around(
        self,
        node: ColumnId,
        *,
        up: int = 1,
        down: int = 1,
        indirect: bool = False,
        limit: int = 1000,
        at: datetime | None = None,
    ) -> Neighbourhood:
        """The columns up to so many edges above and below a node, with the edges between all of them."""
        with self._db.one_state() as connection:
            sides = [
                self._explored(connection, node, terms).walk
                for terms in (Terms("up", indirect, up, limit, at), Terms("down", indirect, down, limit, at))
            ]
            nodes = np.unique(np.concatenate([side.nodes for side in sides]))
            steps = reading.steps_between(connection, nodes, Terms("down", indirect, at=at))
            cuts = [side.cut for side in sides if side.cut]
            columns = [entry for side in sides for entry in _named(connection, side, True)]
            return Neighbourhood(cuts[0] if cuts else None, tuple(dict.fromkeys(columns)), tuple(steps))

    def diff(self, before: datetime, after: datetime, *, dataset: DatasetId | None = None, limit: int = LIMIT) -> Diff:
        """The edges that came and went between two times, of one dataset or of all."""
        with self._db.one_state() as connection:
            chosen = _dataset(connection, dataset) if dataset else None
            return changes.diff(connection, before, after, chosen, limit)

    def where_goes(self, key: str, value: str | None = None, *, limit: int = LIMIT) -> TagReport:
        """The columns that carry a tag: where it was declared, and where it got from there."""
        self._refresh_tags()
        with self._db.one_state() as connection:
            return tags.report(connection, key, value, limit)

    def witness(self, node: ColumnId, key: str, value: str = "") -> Path:
        """One way along which a tag came to a column."""
        self._refresh_tags()
        with self._db.one_state() as connection:
            start = reading.starts(connection, node, "up", None)
            ways = (tags.witness(connection, one, key, value) for one in start.tolist())
            way = next((way for way in ways if way), [])
            steps = reading.steps_along(connection, way, Terms("down")) if way else []
            return Path(found=bool(way), steps=tuple(steps))

    def marks(self, columns: Collection[ColumnId]) -> Marks:
        """The tags and types of columns, and the owners and catalog ids of their datasets; unknown ones have none."""
        self._refresh_tags()
        with self._db.one_state() as connection:
            return details.marks(connection, columns)

    def job(self, job: JobId, *, shown: int = 5) -> JobDetails:
        """The SQL, the newest runs and the owners of a job, as far as it told them."""
        with self._db.one_state() as connection:
            return details.job(connection, job, shown)

    def newest(self, *, limit: int = 10) -> list[ColumnId]:
        """The datasets, as column `*`, that were met last; none where there is no lineage yet."""
        with self._db.one_state() as connection:
            return details.newest(connection, limit)

    def find(self, text: str, *, limit: int = 50) -> list[ColumnId]:
        """The datasets (as column `*`) and columns that may be meant: `orders`, `shop.orders`, `orders.total`, `tot`.

        A dataset is meant by the last parts of its name and how that begins, a column by how its name begins, alone or
        after its dataset; case does not matter.
        """
        with self._db.one_state() as connection:
            return reading.find(connection, text.strip(), limit)

    def blast(self, dataset: DatasetId, asked: Mapping[Key, Iterable[str]]) -> dict[Key, Blast]:
        """By key what is made of some columns of a dataset, of the whole of it where none are named.

        Only where something is; nothing for a dataset that the lineage does not know. Bounded: see the module.
        """
        with self._db.one_state() as connection:
            if not asked or not lead_on(connection, dataset):
                return {}
        self._refresh_tags()
        with self._db.one_state() as connection:
            return blasts(connection, self.copy, dataset, asked)

    def meant(self, text: str, *, at: datetime | None = None) -> ColumnId:
        """The node that a person means by `customers.email`, `shop.customers`, `customers#*`, a full name or a path.

        A dataset goes by the end of its name; an exact name comes before a longer one, the same case before another.
        Raises Ambiguous with the candidates where several fit as well, NotFound with what is nearest.
        """
        with self._db.one_state() as connection:
            return meant(connection, text, at)

    def retire(
        self,
        origin: str,
        jobs: JobId,
        found: Collection[str],
        *,
        unknown: tuple[str, ...] = (),
        at: datetime | None = None,
    ) -> Ingested:
        """Says that of an origin's jobs, in the namespace of `jobs` and with names that begin so, those found are all.

        The edges of the others end, but of those whose names begin as one of `unknown`. History stays.
        """
        with self._db.one_state() as connection:
            gone = list(retiring.gone(connection, origin, jobs, found, unknown, at or datetime.now(UTC)))
        done = self.ingest(gone)
        with self._db.transaction() as connection:
            retiring.forget_io(connection, jobs.namespace, [one.job.name for one in gone if one.job])
        return done

    def drop(
        self, dataset: DatasetId, *, at: datetime | None = None, origin: str = "assay", actor: str | None = None
    ) -> Ingested:
        """Says that a dataset is no more: its edges end, until something is said of them again. History stays.

        What a person (``actor``) asked for is in the audit log.
        """
        seen = ObservedDataset(dataset, change="DROP")
        told = Observed(at or datetime.now(UTC), origin, mode=Mode.ACCUMULATE, inputs=(seen,))
        done = Ingested()
        with self._db.transaction() as connection:
            Batch(connection, done).take([told])
            if actor is not None:
                data = {"namespace": dataset.namespace, "ended": done.ended}
                record(connection, Fact("lineage.dropped", actor, subject=dataset.name, data=data))
        return done

    def expire_history(self, before: datetime, *, actor: str | None = None) -> Expired:
        """Forgets edges that ended before a time, and what was said that no longer counted then."""
        with self._db.transaction() as connection:
            return upkeep.noted(connection, upkeep.expire_history(connection, before), before, actor)

    def expire_events(self, before: datetime, *, actor: str | None = None) -> Expired:
        """Forgets the raw text of events that arrived before a time; they are still known when they are sent again."""
        with self._db.transaction() as connection:
            return upkeep.noted(connection, upkeep.expire_events(connection, before), before, actor)

    def tags(self) -> list[tuple[tuple[str, str], int]]:
        """Key and value of the tags that columns carry, declared or come along, and how many carry each."""
        self._refresh_tags()
        rows = self._db.rows("select key, value, count(*) as n from lineage_tagged group by key, value order by 1, 2")
        return [((row["key"], row["value"]), row["n"]) for row in rows]

    def _reach(self, node: ColumnId, terms: Terms, explained: bool) -> Reach:
        with self._db.one_state() as connection:
            found = self._explored(connection, node, terms).walk
            columns = _without_ends(connection, found)
            steps = _tree(connection, found, terms) if explained else []
            return Reach(found.cut, tuple(columns), tuple(steps))

    def _explored(self, connection: Connection, node: ColumnId, terms: Terms) -> Walked:
        _check_kept(connection, terms.at)
        return explore(connection, self.copy, reading.starts(connection, node, terms.direction, terms.at), terms)

    def _refresh_tags(self) -> None:
        with self._db.transaction() as connection:
            tags.refresh(connection)


def _check_kept(connection: Connection, at: datetime | None) -> None:
    row = connection.execute("select history_from from lineage_state").fetchone()
    assert row
    if at is not None and at < row["history_from"]:
        raise NotFound(f"The lineage before {row['history_from']:%Y-%m-%d %H:%M} is no longer kept.")


def _dataset(connection: Connection, dataset: DatasetId) -> int:
    row = connection.execute("select assay_lineage_dataset(%s, %s, 'infinity') as id", [*dataset]).fetchone()
    if row is None or row["id"] is None:
        raise NotFound(f"There is no dataset {dataset.namespace} {dataset.name} in the lineage.")
    found: int = row["id"]
    return found


def _named(connection: Connection, found: Walk, with_starts: bool) -> list[Reached]:
    """The columns of a walk, each once though a whole dataset has several nodes."""
    names = reading.columns(connection, found.nodes.tolist())
    entries: dict[ColumnId, int] = {}
    for node, distance in zip(found.nodes.tolist(), found.distances.tolist(), strict=True):
        if distance or with_starts:
            entries.setdefault(names[node], distance)
    return [Reached(column, distance) for column, distance in entries.items()]


def _without_ends(connection: Connection, found: Walk) -> list[Reached]:
    """The columns of a walk but for whole datasets: that of a start, and those that nothing leads on from."""
    names = reading.columns(connection, found.nodes.tolist())
    entries: dict[ColumnId, int] = {}
    leading: set[int] = set()
    starts = {ColumnId(names[node].dataset) for node in found.nodes[found.distances == 0].tolist()}
    rows = zip(found.nodes.tolist(), found.distances.tolist(), found.before.tolist(), strict=True)
    # From the farthest on: what leads to nothing is left out before what leads to that.
    for node, distance, before in reversed(list(rows)):
        name = names[node]
        own = before != -1 and name.column == DATASET and names[before].dataset == name.dataset
        if distance and not (own and node not in leading):
            leading.add(before)
            if name not in starts:
                entries[name] = distance
    return [Reached(column, distance) for column, distance in reversed(entries.items())]


def _tree(connection: Connection, found: Walk, terms: Terms) -> list[Step]:
    """The edge by which each node was met."""
    pairs = [(a, b) for a, b in zip(found.before.tolist(), found.nodes.tolist(), strict=True) if a != -1]
    if terms.direction == "up":
        pairs = [(b, a) for a, b in pairs]
    return reading.steps_for(connection, pairs, terms)


def _way(found: Walk, goal: list[int]) -> list[int]:
    """The nodes from a start to the nearest goal; none if it was not met."""
    before = dict(zip(found.nodes.tolist(), found.before.tolist(), strict=True))
    here = next((node for node in found.nodes.tolist() if node in set(goal)), None)
    way: list[int] = []
    while here is not None and here != -1:
        way.append(here)
        here = before[here]
    return way[::-1]
