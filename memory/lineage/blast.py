"""The blast radius of broken data: what is made of the columns that a rule is about, in few words and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from memory.db import Connection
from memory.lineage import reading
from memory.lineage.answers import Completeness
from memory.lineage.copy import Copy
from memory.lineage.graphs import RowFacts, Walked, explore
from memory.lineage.impact import jobs_of, made, names_of, others, ranked
from memory.lineage.meaning import short
from memory.lineage.nodes import ALL_COLUMNS, COLUMN
from memory.lineage.walking import Ids, Rows, SeenFew, Terms, TooMany, walk
from tools.characters import visible
from tools.lineage.observed import DatasetId

Key = TypeVar("Key")

MOST_REACHED, LEAST_REACHED = 20_000, 500
"""Columns that are followed for all radii of a table together, and at least for each; a larger one is told as such."""
EDGES_PER_COLUMN = 4
"""So many edges to each column are read at most, on average."""
MOST_RADII = 100
"""Different sets of columns that are followed for one table."""
NAMED, LONGEST_NAME = 3, 60
"""Tables and owners that are named, and letters of a name."""
_PERSONAL = ("pii", "personal", "gdpr", "sensitive")


def personal(key: str, value: str = "") -> bool:
    """Whether a tag marks personal data, by its key or value: `pii`, `contains_pii`, `class: PII`."""
    return any(word in f"{key} {value}".lower() for word in _PERSONAL)


@dataclass(frozen=True)
class Blast(Completeness):
    """What is made of some columns, by direct edges. Where it is cut, numbers are the least there is."""

    columns: int = 0
    tables: int = 0
    jobs: int = 0
    personal: int = 0
    """Columns among them that a tag marks as personal data."""
    owners: tuple[str, ...] = ()
    """Of the tables, those of most first."""
    nearest: tuple[DatasetId, ...] = ()
    """Some of the tables: those with personal data first, then by affected columns."""

    @property
    def summary(self) -> str:
        """`3 columns of 2 tables (mart, top), 2 with personal data, made by 2 jobs, owned by ann, bob`."""
        told = "" if self.complete else "more than "
        told += f"{_count(self.columns, 'column')} of " if self.columns else ""
        told += f"{_count(self.tables, 'table')} ({_listed([short(one) for one in self.nearest], self.tables)})"
        told += f", {self.personal:,} with personal data" if self.personal else ""
        told += f", made by {_count(self.jobs, 'job')}" if self.jobs else ""
        return told + (f", owned by {_listed(self.owners, len(self.owners))}" if self.owners else "")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        return {
            **{"columns": self.columns, "tables": self.tables, "jobs": self.jobs, "personal": self.personal},
            **{"owners": list(self.owners), "nearest": [list(dataset) for dataset in self.nearest]},
            **{"complete": self.complete, "summary": self.summary},
        }


def lead_on(connection: Connection, dataset: DatasetId) -> bool:
    """Whether anything is made of a dataset: most often it can be known at once that nothing is."""
    row = connection.execute(
        """select exists (
            select from lineage_columns c join lineage_edges e on e.src = c.id and e.job_id > 0
            where c.dataset_id = assay_lineage_dataset(%s, %s, 'infinity')) as found""",
        [*dataset],
    ).fetchone()
    assert row
    return bool(row["found"])


def blasts(
    connection: Connection, copy: Copy, dataset: DatasetId, asked: Mapping[Key, Iterable[str]]
) -> dict[Key, Blast]:
    """By key what is made of some columns of a dataset, of all where none is named; only where something is.

    Columns go by their names in any case. Of more than `MOST_RADII` sets of columns the first are followed.
    """
    starts = _Starts(connection, dataset)
    nodes = {key: starts.of(columns) for key, columns in asked.items()}
    sets = [one for one in dict.fromkeys(nodes.values()) if one][:MOST_RADII]
    most = max(LEAST_REACHED, MOST_REACHED // max(len(sets), 1))
    found = {one: _blast(connection, copy, np.array(sorted(one), np.int64), most) for one in sets}
    return {key: found[one] for key, one in nodes.items() if one in found and found[one].tables}


class _Starts:
    """The nodes of one dataset."""

    def __init__(self, connection: Connection, dataset: DatasetId) -> None:
        rows = connection.execute(
            """select id, role, lower(name) as name from lineage_columns
            where dataset_id = assay_lineage_dataset(%s, %s, 'infinity')""",
            [*dataset],
        ).fetchall()
        self._all = frozenset(row["id"] for row in rows)
        self._wide = frozenset(row["id"] for row in rows if row["role"] == ALL_COLUMNS)
        self._named: dict[str, list[int]] = {}
        for row in rows:
            if row["role"] == COLUMN:
                self._named.setdefault(row["name"], []).append(row["id"])

    def of(self, columns: Iterable[str]) -> frozenset[int]:
        """The nodes of some columns; all, where there are none."""
        names = [name.lower() for name in columns]
        if not names:
            return self._all
        known = [id_ for name in names for id_ in self._named.get(name, ())]
        return frozenset(known) or self._wide


def _blast(connection: Connection, copy: Copy, start: Ids, most: int) -> Blast:
    terms = Terms("down", limit=most)
    met, cut = _walked(connection, copy, start, terms)
    datasets, is_column = met.facts.datasets(met.walk.nodes)
    reached = made(met.walk, datasets, is_column) & others(connection, datasets)
    nodes, datasets, is_column = met.walk.nodes[reached], datasets[reached], is_column[reached]
    marked = {tag: here & is_column for tag, here in met.facts.tags(nodes).items() if personal(*tag)}
    tables = ranked(datasets, is_column, met.walk.distances[reached], marked)
    names, _ = names_of(connection, tables.ids[:NAMED].tolist())
    owners = reading.owner_counts(connection, tables.ids.tolist())
    return Blast(
        cut=met.walk.cut or cut,
        columns=int(is_column.sum()),
        tables=len(tables.ids),
        jobs=len(jobs_of(connection, met, terms)),
        personal=int(np.logical_or.reduce(list(marked.values())).sum()) if marked else 0,
        owners=tuple(dict.fromkeys(owner.name for owner, _ in owners)),
        nearest=tuple(names[id_] for id_ in tables.ids[:NAMED].tolist()),
    )


def _walked(connection: Connection, copy: Copy, start: Ids, terms: Terms) -> tuple[Walked, str | None]:
    """A walk from the copy if that is at hand, else over rows: for a bounded answer none is made."""
    if copy.ready(connection) is not None:
        return explore(connection, copy, start, terms), None
    rows = _Bounded(connection, terms)
    met = walk(rows, SeenFew(), start, terms)
    assert met
    return Walked(met, RowFacts(connection)), rows.cut


class _Bounded(Rows):
    """Rows of the store; of a level with too many, the first."""

    cut: str | None = None

    def __init__(self, connection: Connection, terms: Terms) -> None:
        super().__init__(connection)
        self.MOST = EDGES_PER_COLUMN * (terms.limit or MOST_REACHED)

    def step(self, nodes: Ids, terms: Terms) -> tuple[Ids, Ids]:
        """As the protocol says."""
        try:
            return super().step(nodes, terms)
        except TooMany as many:
            self.cut = f"there are more than {self.MOST} edges"
            return many.first


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _listed(names: Sequence[str], of: int) -> str:
    """The first of some names, of which there are `of`."""
    told = [visible(name, keep="")[:LONGEST_NAME] for name in names[:NAMED]]
    more = [f"{of - len(told):,} more"] if of > len(told) else []
    return ", ".join(told) + (f" and {more[0]}" if more else "")
