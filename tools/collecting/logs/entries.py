"""The statements in a log, one by one: CSV and JSON lines of any export, Postgres' logs, MySQL's general log."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from tools.collecting.model import CollectError, Progress
from tools.collecting.sniffing import GZIP, LogForm, query_column

LONGEST = 1_000_000
"""Characters of a statement; a longer one is cut and then cannot be read."""
_EVERY = 2_000
"""Lines between two words about the progress."""
_TIMES = (
    *("start_time", "starttime", "query_start_time", "submission_time", "submissiondatetime", "log_time", "time"),
    *("timestamp", "event_time", "executed_at", "ts"),
)
_SESSIONS = ("session_id", "session", "pid", "thread_id", "process_id", "connection_id", "xid")
_DATABASES = ("database_name", "database", "db_name", "db", "dbname", "catalog")
_STATES = ("execution_status", "status", "state")
_FAILED = ("fail", "err", "cancel", "abort")


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement as it was logged."""

    sql: str
    line: int
    at: datetime | None = None
    session: str = ""
    database: str = ""
    failed: bool = False
    """It did nothing, or it is the word that the last one of the session did nothing."""


def entries(path: Path, form: LogForm, on_progress: Progress) -> Iterator[Entry]:
    """The entries of a file, packed by gzip or not, never more than one in memory. Raises CollectError."""
    try:
        with opened(path, on_progress) as lines:
            yield from _READERS[form](lines)
    except OSError as error:
        raise CollectError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (csv.Error, EOFError, zlib.error) as error:
        raise CollectError(f"{path} is damaged: {error}.") from None


def when(text: str) -> datetime | None:
    """A time as logs write it; without a zone it is UTC. None for what is no time."""
    found = _TIME.match(text.strip())
    if found is None:
        return None
    fraction = f".{found[3][:6]}" if found[3] else ""
    try:
        at = datetime.fromisoformat(f"{found[1]}T{found[2]}{fraction}{_zone(found[4] or '')}")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:[.,](\d+))?\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?")


def _zone(text: str) -> str:
    if not text or text[0] not in "+-":
        return ""
    return text if len(text) > 3 else f"{text}:00"


class Lines:
    """The lines of a text file, longest first cut, that tell how much of the file is read."""

    def __init__(
        self, text: TextIO, position: Callable[[], float], on_progress: Progress, longest: int = LONGEST
    ) -> None:
        self._text, self._position, self._on_progress, self._longest = text, position, on_progress, longest
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(self._longest):
            self.number += 1
            if self.number % _EVERY == 0:
                self._on_progress(self._position())
            yield line.replace("\0", "")


@contextmanager
def opened(path: Path, on_progress: Progress, longest: int = LONGEST) -> Iterator[Lines]:
    """The lines of a text file, packed by gzip or not; one that is longer comes in pieces."""
    with path.open("rb") as raw:
        size = max(1, path.stat().st_size)
        packed = raw.read(2) == GZIP
        raw.seek(0)
        content = gzip.GzipFile(fileobj=raw) if packed else raw
        text = io.TextIOWrapper(content, encoding="utf-8-sig", errors="replace", newline="")
        yield Lines(text, lambda: min(1.0, raw.tell() / size), on_progress, longest)


def _csv(lines: Lines) -> Iterator[Entry]:
    csv.field_size_limit(LONGEST * 4)
    rows = csv.DictReader(lines)
    column = query_column([name for name in rows.fieldnames or [] if name])
    for row in rows:
        yield from _record({name: value for name, value in row.items() if name}, column, lines.number)


def _jsonl(lines: Lines) -> Iterator[Entry]:
    for line in lines:
        text = line.strip().removeprefix("[").rstrip(",]")
        if not text:
            continue
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            yield Entry(text[:200], lines.number)  # which cannot be read, and is told so
            continue
        if isinstance(told, dict):
            yield from _record(told, query_column([str(name) for name in told]), lines.number)


def _record(row: Mapping[str, Any], column: str | None, line: int) -> Iterator[Entry]:
    known = {name.strip().lower(): value for name, value in row.items()}
    sql = row.get(column) if column else None
    if not isinstance(sql, str) or not sql.strip():
        return
    state = _first(known, _STATES).lower()
    failed = state.startswith(_FAILED) or _first(known, ("aborted",)).lower() in ("1", "true", "t")
    yield Entry(sql, line, when(_first(known, _TIMES)), _first(known, _SESSIONS), _first(known, _DATABASES), failed)


def _first(row: Mapping[str, Any], names: Iterable[str]) -> str:
    return next((str(row[name]) for name in names if row.get(name) not in (None, "")), "")


_STATEMENT = re.compile(r"(?:duration: [\d.]+ ms\s+)?(?:statement|execute [^:]*): (.*)", re.DOTALL)


def _postgres_csv(lines: Lines) -> Iterator[Entry]:
    csv.field_size_limit(LONGEST * 4)
    for row in csv.reader(lines):
        if len(row) < 20:
            continue
        said = _STATEMENT.match(row[13])
        failed = row[11] in ("ERROR", "FATAL")
        if sql := row[19] if failed else said[1] if said else "":
            yield Entry(sql, lines.number, when(row[0]), row[5] or row[3], row[2], failed)


_SAID = re.compile(r"(.*?)(LOG|ERROR|FATAL|STATEMENT|DETAIL|HINT|CONTEXT|WARNING|NOTICE|INFO|DEBUG\d?|QUERY):  (.*)")
_PROCESS = re.compile(r"\[(\d+)\]|\b([0-9a-f]{6,}\.[0-9a-f]+)\b")
_DATABASE = re.compile(r"[\w-]+@(\w+)")


def _postgres(lines: Lines) -> Iterator[Entry]:
    for number, first, rest in _paragraphs(lines, _SAID):
        said = _STATEMENT.match(first[3] + rest) if first[2] == "LOG" else None
        sql = first[3] + rest if first[2] == "STATEMENT" else said[1] if said else ""
        if sql:
            process, database = _PROCESS.search(first[1]), _DATABASE.search(first[1])
            session = (process[1] or process[2]) if process else ""
            place = database[1] if database else ""
            yield Entry(sql, number, when(first[1]), session, place, failed=first[2] == "STATEMENT")


_COMMAND = re.compile(
    r"(\d{4}-\d\d-\d\dT\S+|\d{6}\s+\d?\d:\d\d:\d\d)?\s+(\d+) "
    r"(Query|Execute|Prepare|Connect|Init DB|Quit|Close stmt|Reset stmt|Statistics|Ping|Field List|Change user)"
    r"\b\s?(.*)"
)
_CONNECTED = re.compile(r"\S+ on (\S+)")


def _mysql(lines: Lines) -> Iterator[Entry]:
    at: datetime | None = None
    databases: dict[str, str] = {}
    for number, first, rest in _paragraphs(lines, _COMMAND):
        at = _mysql_time(first[1]) or at
        session, command, said = first[2], first[3], first[4] + rest
        if command == "Connect" and (found := _CONNECTED.match(said)):
            databases[session] = found[1] if found[1] != "using" else ""
        elif command == "Init DB":
            databases[session] = said.strip()
        elif command == "Quit":
            databases.pop(session, None)
        elif command in ("Query", "Execute") and said.strip():
            yield Entry(said, number, at, session, databases.get(session, ""))


def _mysql_time(text: str | None) -> datetime | None:
    if not text or "T" in text:
        return when(text or "")
    day, clock = text.split()
    return when(f"20{day[:2]}-{day[2:4]}-{day[4:]} {clock.zfill(8)}")


def _paragraphs(lines: Lines, start: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str], str]]:
    """Lines that begin an entry, each with its number and those that follow it."""
    current: tuple[int, re.Match[str]] | None = None
    rest: list[str] = []
    length = 0
    for line in lines:
        found = start.match(line.rstrip("\r\n"))
        if found is None:
            length += len(line)
            if length <= LONGEST:
                rest.append(line)
            continue
        if current:
            yield *current, "".join(["\n", *rest] if rest else [])
        current, rest, length = (lines.number, found), [], 0
    if current:
        yield *current, "".join(["\n", *rest] if rest else [])


_READERS: dict[LogForm, Callable[[Lines], Iterator[Entry]]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "postgres csv": _postgres_csv,
    "postgres": _postgres,
    "mysql": _mysql,
}
