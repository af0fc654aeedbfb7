"""A dbt project: each model and snapshot is a job, read over the columns of the catalog and of the models before it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tools.collecting.dbt.artifacts import Artifacts, Exposure, Node, load
from tools.collecting.dbt.profiles import namespace
from tools.collecting.model import Found, Notes, Progress, Scope, Skipped, Tally
from tools.collecting.saying import Teller, Written, fields_of, read
from tools.collecting.tables import Place, Tables
from tools.lineage.dialects import DIALECTS
from tools.lineage.model import DATASET, ColumnRef, Edge
from tools.lineage.observed import Field, JobId, ObservedDataset

ORIGIN = "dbt"


class Project:
    """The files that dbt wrote of the project in a folder, which need not be there."""

    kind = "dbt project"

    def __init__(self, manifest: Path, folder: Path, dialect: str | None, place: Place | None, at: datetime) -> None:
        catalog = manifest.parent / "catalog.json"
        self._files = load(manifest, catalog if catalog.is_file() else None)
        self._folder = folder
        self.tally, self.notes = Tally(), Notes()
        self._namespace = f"dbt:{self._files.project}"
        self.scope: Scope | None = Scope(ORIGIN, self._namespace)
        self._tables = Tables(place or self._place(self._files))
        self._teller = Teller(ORIGIN, at, dialect or DIALECTS.get(self._files.adapter), self._tables)
        if not self._files.has_catalog:
            self.notes.say("There is no catalog.json, so columns behind a star may be missing: dbt docs generate")

    def _place(self, files: Artifacts) -> Place:
        found = namespace(self._folder, files.adapter)
        if found is None:
            self.notes.say(
                f"No profile says where the tables are; they are named in dbt://{files.project}. "
                "--namespace joins them with those of other sources."
            )
        return Place.of(found or f"dbt://{files.project}")

    def collect(self, on_progress: Progress) -> Iterator[Found | Skipped]:
        """Reads models in the order in which dbt makes them."""
        self.tally.files = 1 + self._files.has_catalog
        for node in self._files.nodes.values():
            fields = node.fields or (self._seed_columns(node) if node.kind == "seed" else None)
            if node.stored:
                self._tables.know(node.parts, fields or (), self._tables.place.dataset(node.parts))
        for number, node in enumerate(self._files.nodes.values()):
            on_progress(number / len(self._files.nodes))
            if node.stored:
                yield self._told(node)
        yield from map(self._exposure, self._files.exposures)

    def _told(self, node: Node) -> Found:
        written = self._written(node)
        fields = node.fields or fields_of(written.columns)
        if fields:
            self._tables.know(node.parts, fields, self._tables.place.dataset(node.parts))
        output = ObservedDataset(
            self._tables.place.dataset(node.parts), fields, tags=node.labels.tags, owners=node.labels.owners
        )
        told = self._teller.say(self._job(node.id), written, output, owners=node.labels.owners)
        return Found(told, node.file or node.id, tuple(written.problems))

    def _written(self, node: Node) -> Written:
        """What a node is made of. Where its SQL does not tell, it is what dbt knows: the tables that it reads."""
        if node.kind in ("seed", "source"):
            return Written("")
        self.tally.statements += 1
        if not node.is_sql:
            return self._by_table(node, "it is no SQL: only the tables that it reads are known")
        if node.sql is None:
            return self._by_table(node, "it was not compiled, so that only the tables are known: dbt compile")
        found = read(node.sql, self._teller.dialect, self._tables)
        queries = [statement for statement in found.statements if "" in statement.targets]
        if not queries:
            return self._by_table(node, *(str(problem) for problem in found.problems))
        written = Written("")
        for statement in queries:
            written.add(statement)
        written.edges = _spelled(written.edges, node.fields)
        made = queries[-1].targets[""]
        written.columns = made if DATASET not in made else None
        return written

    def _by_table(self, node: Node, *problems: str) -> Written:
        written = Written("", problems=list(problems) or ["it holds no query"], sql=[node.sql or ""])
        for one in self._files.stored(node.depends_on):
            written.reads[".".join(one.parts)] = None
        return written

    def _exposure(self, exposure: Exposure) -> Found:
        reads = [".".join(node.parts) for node in self._files.stored(exposure.depends_on)]
        written = Written("", reads=dict.fromkeys(reads))
        told = self._teller.say(self._job(exposure.id), written, None, owners=exposure.labels.owners)
        return Found(told, exposure.id)

    def _job(self, id_: str) -> JobId:
        return JobId(self._namespace, id_)

    def _seed_columns(self, node: Node) -> tuple[Field, ...] | None:
        """The header of a seed's file, where the project is there."""
        file = (self._folder / node.file).resolve()
        if not file.is_relative_to(self._folder.resolve()):
            return None
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                return tuple(Field(name.strip()) for name in next(csv.reader(lines), []))
        except (OSError, UnicodeDecodeError, csv.Error):
            return None


def _spelled(edges: list[Edge], fields: tuple[Field, ...] | None) -> list[Edge]:
    """The edges with the columns of their target as the catalog spells them."""
    spelled = {field.name.lower(): field.name for field in fields or ()}
    return [
        replace(edge, target=ColumnRef("", spelled.get(edge.target.column.lower(), edge.target.column)))
        for edge in edges
    ]
