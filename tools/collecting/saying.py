"""From what SQL does to what is said of it: edges between datasets, what is read and written, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from tools import lineage
from tools.collecting.model import COMPLETE, INCOMPLETE, LONGEST_SQL
from tools.collecting.tables import Tables
from tools.lineage.model import DATASET, Edge, Lineage, StatementLineage
from tools.lineage.observed import (
    ColumnId,
    DatasetId,
    Field,
    JobId,
    Mode,
    Observed,
    ObservedDataset,
    ObservedEdge,
    Owner,
)
from tools.privacy import masked

LIMITS = lineage.Limits(script_characters=12_000_000)
LONGEST_NAME = 2_000
"""Bytes of a column's name with that of its dataset."""
_HALF = re.compile("[\ud800-\udfff]")
PRODUCER = "assay lineage scan"


@dataclass
class Written:
    """What some statements of a script do to one table; `""` where they only read."""

    table: str
    edges: list[Edge] = field(default_factory=list)
    reads: dict[str, None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    sql: list[str] = field(default_factory=list)
    columns: list[str] | None = None
    """All that the table has, where the script makes the table."""

    def add(self, statement: StatementLineage) -> None:
        """Adds one statement that writes the table."""
        self.edges += [edge for edge in statement.edges if edge.target.table == self.table]
        self.reads |= dict.fromkeys([*statement.reads, *(edge.source.table for edge in statement.edges)])
        self.problems += [f"statement {statement.index + 1}: {problem.reason}" for problem in statement.problems]
        self.sql.append(statement.sql)
        made = statement.targets[self.table]
        if statement.kind in ("create table", "create view") and made and DATASET not in made:
            self.columns = made


def read(sql: str, dialect: str | None, tables: Tables) -> Lineage:
    """The lineage of a script over the tables that are known."""
    return lineage.extract(sql, dialect=dialect, schema=tables.schema(sql), limits=LIMITS)


def by_table(found: Lineage) -> list[Written]:
    """What a script does, table by table; last, under `""`, what it only reads."""
    written: dict[str, Written] = {}
    for statement in found.statements:
        for table in statement.targets:
            if table not in statement.temporary:
                written.setdefault(table, Written(table)).add(statement)
    return sorted(written.values(), key=lambda one: not one.table)


def unreadable(found: Lineage) -> list[str]:
    """Problems of statements that write nothing that is known."""
    lost = [statement for statement in found.statements if not statement.targets]
    return [str(problem) for statement in lost for problem in statement.problems]


def observed_edges(edges: Iterable[Edge], target: DatasetId, tables: Tables) -> tuple[ObservedEdge, ...]:
    """Edges into one dataset."""
    return tuple(
        ObservedEdge(
            ColumnId(tables.dataset(edge.source.table), edge.source.column),
            ColumnId(target, edge.target.column),
            *(edge.type, edge.subtype, edge.masking),
        )
        for edge in edges
    )


@dataclass(frozen=True)
class Teller:
    """Makes what is said of jobs, as one origin and at one time."""

    origin: str
    at: datetime
    dialect: str | None
    tables: Tables
    describes: bool = False
    """Whether the columns of what is read are told too."""

    def say(
        self,
        job: JobId,
        written: Written,
        output: ObservedDataset | None,
        *,
        owners: tuple[Owner, ...] | None = None,
        sure: float = COMPLETE,
        run_at: datetime | None = None,
    ) -> Observed:
        """All that there is to say of a job that writes one table, or none."""
        at = run_at or self.at
        if not fits(job):
            job = JobId(job.namespace, f"{job.name[: LONGEST_NAME // 4]}… {sha256(job.name.encode()).hexdigest()[:16]}")
        target = output.id if output else None
        if not fits(target or ()):
            written.problems.append("it writes a table whose name is too long, or no text")
            output = target = None
        reads = dict.fromkeys(filter(fits, (self.tables.dataset(name) for name in written.reads)))
        edges = observed_edges(written.edges, target, self.tables) if target else ()
        kept = tuple(edge for edge in edges if fits((*edge.source.dataset, edge.source.column, edge.target.column)))
        if len(kept) < len(edges):
            written.problems.append("it holds names that are too long, or no text")
        if target and written.problems:
            kept += _unsure(kept, reads, target)
        told = Observed(
            at=at,
            origin=self.origin,
            job=job,
            mode=Mode.REPLACE,
            inputs=tuple(self._input(one) for one in reads if one != target),
            outputs=(output,) if output else (),
            edges=kept,
            owners=owners,
            confidence=sure * (INCOMPLETE if written.problems else COMPLETE),
        )
        return replace(told, raw=self._raw(told, job, written))

    def _input(self, dataset: DatasetId) -> ObservedDataset:
        return ObservedDataset(dataset, self.tables.fields_of(dataset) if self.describes else None)

    def _raw(self, told: Observed, job: JobId, written: Written) -> Mapping[str, Any]:
        """The saying in the form of an OpenLineage event, for whoever wants to see the SQL."""
        text = masked(";\n".join(written.sql)[:LONGEST_SQL])
        sql: dict[str, Any] = {"query": text} | ({"dialect": self.dialect} if self.dialect else {})
        all_of_it = (told.origin, job, told.inputs, told.outputs, told.edges, told.owners, told.confidence, text)
        return {
            "eventTime": told.at.isoformat(),
            "producer": PRODUCER,
            "job": {"namespace": job.namespace, "name": job.name, "facets": {"sql": sql} if text else {}},
            "content": sha256(repr(all_of_it).encode("utf-8", "replace")).hexdigest(),
        }


def _unsure(edges: Iterable[ObservedEdge], reads: Iterable[DatasetId], target: DatasetId) -> tuple[ObservedEdge, ...]:
    """From tables of which nobody could tell what flows: from any of their columns to any of the target's."""
    told = {edge.source.dataset for edge in edges if edge.type == "DIRECT"}
    whole = ColumnId(target)
    return tuple(
        ObservedEdge(ColumnId(one), whole, "DIRECT", "TRANSFORMATION") for one in reads if one not in told | {target}
    )


def fits(names: Iterable[str]) -> bool:
    """Whether names can be kept: text of a length that can be looked up."""
    whole = "".join(names)
    return len(whole.encode("utf-8", "replace")) <= LONGEST_NAME and "\0" not in whole and not _HALF.search(whole)


def fields_of(columns: Sequence[str] | None) -> tuple[Field, ...] | None:
    """A schema of names."""
    return tuple(Field(name) for name in columns) if columns is not None else None
