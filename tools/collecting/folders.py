"""Files of SQL: every table that a file writes is a job, and what one file makes another may read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tools.collecting.dumps import condensed
from tools.collecting.files import ENDINGS, text_of, walk
from tools.collecting.model import Found, Notes, Progress, Scope, Skipped, Tally
from tools.collecting.saying import Teller, Written, by_table, fields_of, read, unreadable
from tools.collecting.tables import NOWHERE, Place, Tables
from tools.lineage.model import DATASET
from tools.lineage.names import split_name
from tools.lineage.observed import Field, JobId, ObservedDataset

ORIGIN = "sql"
ROUNDS = 20
"""How often files are read again because others told the columns of what they read."""
_READ_SHARE = 0.9


@dataclass
class Script:
    """A file as it was last read."""

    path: Path
    written: list[Written] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    statements: int = 0
    repeated: int = 0
    """Statements that are there more than once, values aside."""
    coding: str = ""
    read_at: int = 0
    """How many files had been read before."""

    @property
    def reads(self) -> set[str]:
        """The tables that it reads, by the last part of their names."""
        return {_last(name) for one in self.written for name in one.reads}

    @property
    def is_open(self) -> bool:
        """Whether it could tell more if it knew more columns: behind a star, or in a problem."""
        edges = (edge for one in self.written for edge in one.edges)
        return any(one.problems for one in self.written) or any(
            edge.source.column == DATASET and edge.type == "DIRECT" for edge in edges
        )


class Folder:
    """A folder of SQL, or one file."""

    kind = "SQL files"

    def __init__(self, path: Path, dialect: str | None, place: Place, schema: Tables, at: datetime) -> None:
        self.scope: Scope | None = Scope(ORIGIN, "file", f"{path}/" if path.is_dir() else f"{path}#")
        self.tally, self.notes = Tally(), Notes()
        self._path, self._tables = path, schema
        self._reads = 0
        self._learned: dict[str, int] = {}
        self._teller = Teller(ORIGIN, at, dialect or place.dialect, schema)
        if place.namespace == NOWHERE:
            self.notes.say("Tables are named without a server; --namespace joins them with those of other sources.")
        if self._teller.dialect is None:
            self.notes.say("The SQL was read as plain SQL; --dialect says whose it is.")

    def collect(self, on_progress: Progress) -> Iterator[Found | Skipped]:
        """Reads the files in the order of their names, and again those that read what a later one makes."""
        entries = list(walk(self._path, ENDINGS)) if self._path.is_dir() else [self._path]
        scripts: list[Script] = []
        for number, entry in enumerate(entries):
            on_progress(_READ_SHARE * number / len(entries))
            if isinstance(entry, Skipped):
                yield entry
                continue
            script = Script(entry)
            if (skipped := self._read(script)) is not None:
                yield skipped
            else:
                scripts.append(script)
                self._learn(script)
        self._settle(scripts)
        for number, script in enumerate(scripts):
            on_progress(_READ_SHARE + (1 - _READ_SHARE) * number / len(scripts))
            yield from self._tell(script)

    def _read(self, script: Script) -> Skipped | None:
        """Reads a file; why not, if it cannot."""
        got = text_of(script.path)
        if isinstance(got, str):
            return Skipped(str(script.path), got, jobs=f"{script.path}#")
        text, script.coding = got
        text, script.repeated = condensed(text, self._teller.dialect)
        found = read(text, self._teller.dialect, self._tables)
        self._reads += 1
        script.read_at = self._reads
        script.written, script.lost, script.statements = by_table(found), unreadable(found), len(found.statements)
        if script.lost and ("{{" in text or "{%" in text):
            script.lost = ["it holds templates, {{ ... }}: give the dbt project, or the SQL that is made of them"]
        return None

    def _learn(self, script: Script) -> None:
        """Makes known what tables a file makes."""
        for one in script.written:
            if one.table and one.columns is not None:
                fields = [Field(column) for column in one.columns]
                if self._tables.know(split_name(one.table), fields):
                    self._learned[_last(one.table)] = self._reads

    def _settle(self, scripts: list[Script]) -> None:
        """Reads files again until none reads columns that became known after it was read."""
        order = _in_order(scripts)
        for _ in range(ROUNDS):
            again = False
            for script in order:
                known_since = max((self._learned.get(name, 0) for name in script.reads), default=0)
                if known_since > script.read_at and script.is_open and self._read(script) is None:
                    self._learn(script)
                    again = True
            if not again:
                return
        self.notes.say(f"Files read what others make in circles; they were read {ROUNDS} times.")

    def _tell(self, script: Script) -> Iterator[Found | Skipped]:
        self.tally.files += 1
        self.tally.statements += script.statements + script.repeated
        self.tally.repeated += script.repeated
        if script.lost or script.coding:
            problems = "; ".join([*filter(None, [script.coding]), *script.lost])
            yield Skipped(str(script.path), problems, jobs=f"{script.path}#")
        for written in script.written:
            where = f"{script.path}#{written.table}".rstrip("#")
            if written.table:
                dataset = ObservedDataset(self._tables.dataset(written.table), fields_of(written.columns))
                told = self._teller.say(JobId("file", where), written, dataset)
            else:
                self.tally.reading += len(written.sql)
                told = self._teller.say(JobId("file", f"{where}#"), written, None)
            yield Found(told, where, tuple(written.problems))


def _in_order(scripts: list[Script]) -> list[Script]:
    """Files after those that make what they read; as they are where that goes in circles."""
    made_by = {_last(one.table): number for number, script in enumerate(scripts) for one in script.written}
    graph = {
        number: {made_by[name] for name in script.reads if made_by.get(name, number) != number}
        for number, script in enumerate(scripts)
    }
    try:
        return [scripts[number] for number in TopologicalSorter(graph).static_order()]
    except CycleError:
        return scripts


def _last(name: str) -> str:
    return name.rpartition(".")[2].lower()
