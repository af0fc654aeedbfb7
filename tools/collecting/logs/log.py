"""A log of queries: each statement that wrote a table from others is a job of its own, once, whatever its values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.collecting.logs.entries import Entry, entries
from tools.collecting.logs.statements import Seen, Sessions, fingerprint, successful, without_values, writes
from tools.collecting.model import LOGGED, Found, Notes, Progress, Scope, Skipped, Tally
from tools.collecting.saying import Teller, by_table, fits, read, unreadable
from tools.collecting.schemas import load
from tools.collecting.sniffing import LogForm
from tools.collecting.tables import NOWHERE, Place, Tables
from tools.collecting.wanted import Wanted
from tools.lineage.observed import JobId, ObservedDataset

ORIGIN = "querylog"
_DIALECTS: dict[LogForm, str] = {"postgres csv": "postgres", "postgres": "postgres", "mysql": "mysql"}


class Statements:
    """Reads the statements of a log, wherever it comes from."""

    def __init__(self, teller: Teller, tally: Tally, where: str) -> None:
        self._teller, self._tally, self._where = teller, tally, where
        self._seen, self._sessions = Seen(), Sessions()
        self._tables: dict[str, Tables] = {"": teller.tables}

    def collect(self, found: Iterable[Entry]) -> Iterator[Found | Skipped]:
        """The jobs of the statements that write something."""
        for entry in successful(found):
            self._tally.statements += 1
            if not writes(entry.sql):
                self._tally.reading += 1
                continue
            needed = self._sessions.before(entry)
            mark = fingerprint(entry.database, *needed, entry.sql)
            if self._seen.before(mark):
                self._tally.repeated += 1
                continue
            yield from self._read(entry, needed, mark.hex())

    def tables_of(self, database: str, tables: Tables) -> None:
        """Names the tables of a database."""
        self._tables[database] = tables

    def _read(self, entry: Entry, needed: list[str], mark: str) -> Iterator[Found | Skipped]:
        tables = self._tables.get(entry.database) or self._of_database(entry.database)
        found = read(";\n".join([*needed, entry.sql]), self._teller.dialect, tables)
        found.statements = found.statements[len(needed) :]
        where = f"{self._where}:{entry.line}"
        if lost := unreadable(found):
            yield Skipped(where, "; ".join(lost))
        for written in by_table(found):
            # What comes from no table has no lineage: a log is full of INSERTs of values.
            if written.table and (written.edges or set(written.reads) - {written.table}):
                written.sql = [without_values(sql) for sql in written.sql]
                dataset = tables.dataset(written.table)
                job = JobId(dataset.namespace, f"query {dataset.name if fits(dataset) else ''} {mark}")
                teller = Teller(self._teller.origin, self._teller.at, self._teller.dialect, tables)
                told = teller.say(job, written, ObservedDataset(dataset), sure=LOGGED, run_at=entry.at)
                yield Found(told, where, tuple(written.problems))

    def _of_database(self, database: str) -> Tables:
        """The tables of a database that the log names, where nobody else said which it is."""
        base = self._teller.tables
        if base.place.inside or base.place.namespace == NOWHERE or not database:
            return base
        named = Place.of(f"{base.place.namespace}/{database}")
        self._tables[database] = base.elsewhere(named)
        return self._tables[database]


class Log:
    """A file."""

    kind = "query log"
    scope: Scope | None = None

    def __init__(self, path: Path, form: LogForm, wanted: Wanted) -> None:
        self.tally, self.notes = Tally(), Notes()
        self._path, self._form = path, form
        place = wanted.place or Place()
        dialect = wanted.dialect or place.dialect or _DIALECTS.get(form)
        teller = Teller(ORIGIN, wanted.time, dialect, load(wanted.schema, place))
        self._statements = Statements(teller, self.tally, str(path))
        if place.namespace == NOWHERE:
            self.notes.say("Tables are named without a server; --namespace joins them with those of other sources.")
        if dialect is None:
            self.notes.say("The SQL was read as plain SQL; --dialect says whose it is.")

    def collect(self, on_progress: Progress) -> Iterator[Found | Skipped]:
        """Reads the file once, from the first line to the last. Raises CollectError."""
        self.tally.files = 1
        yield from self._statements.collect(entries(self._path, self._form, on_progress))
