"""How far the audit log had got, kept outside of the database: what was cut off or put back is noticed by it.

One small file per database and machine. It only moves on: a mark is a lower bound, so one that is late does no harm.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import psycopg

from memory import embedded
from memory.errors import StoreError
from memory.keys import Keys, keys

VARIABLE = "ASSAY_AUDIT_ANCHOR"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mark:
    """The end of a chain of entries at some moment."""

    chain: str
    seq: int
    mac: str


_due: WeakKeyDictionary[psycopg.Connection[Any], tuple[Mark, Mark]] = WeakKeyDictionary()


def announce(connection: psycopg.Connection[Any], before: Mark, now: Mark) -> None:
    """Has a mark written once the transaction of the connection, which moves the end so, is committed."""
    first, _ = _due.get(connection, (before, now))
    _due[connection] = first, now


@contextmanager
def after_commit(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Around a transaction: writes what was announced in it, and forgets it if the transaction failed."""
    _due.pop(connection, None)
    try:
        yield
    except BaseException:
        _due.pop(connection, None)
        raise
    if due := _due.pop(connection, None):
        before, now = due
        try:
            write(path(connection), now, keys(), lambda last: _continued(connection, last, before))
        except (OSError, StoreError) as error:
            # What was done is done and committed: `assay audit verify` says that the anchor is behind.
            log.warning("The anchor of the audit log could not be written: %s", error)


def _continued(connection: psycopg.Connection[Any], last: Mark, before: Mark) -> bool:
    """Whether the log that was added to still holds what the anchor saw last."""
    if last.seq >= before.seq or last.chain != before.chain:
        return last == before
    # Somebody else added to it meanwhile.
    row = connection.execute("select mac from audit_log where seq = %s", [last.seq]).fetchone()
    return row is not None and row["mac"] == last.mac


def path(connection: psycopg.Connection[Any]) -> Path:
    """The file for the database of a connection, in ``ASSAY_AUDIT_ANCHOR`` (a folder) or ASSAY_HOME."""
    info = connection.info
    place = hashlib.sha256(f"{info.host}:{info.port}/{info.dbname}".encode()).hexdigest()[:12]
    folder = os.environ.get(VARIABLE)
    return (Path(folder) if folder else embedded.default_home()) / f"audit-{place}.anchor"


def read(file: Path, known: Keys) -> Mark | None:
    """The mark in a file; None if there is no file. Raises ValueError where it was not written with one of the keys."""
    try:
        return _parsed(file.read_text(encoding="ascii"), known)
    except FileNotFoundError:
        return None


def write(file: Path, mark: Mark, known: Keys, follows: Callable[[Mark], bool], *, anew: bool = False) -> None:
    """Moves the mark on, if it follows the last one; a damaged one stays. ``anew`` writes it anyhow. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        before = handle.read()
        if anew or not before or _may_move(before, mark, known, follows):
            line = json.dumps({**asdict(mark), "key_id": known.current, "seal": _seal(mark, known, known.current)})
            # In place and in one piece: a process that is killed leaves the old line or the new one.
            os.pwrite(descriptor, f"{line}\n".encode(), 0)
            os.ftruncate(descriptor, len(line) + 1)


def _may_move(before: str, mark: Mark, known: Keys, follows: Callable[[Mark], bool]) -> bool:
    try:
        last = _parsed(before, known)
    except ValueError:
        return False
    return last.seq < mark.seq and follows(last)


def _parsed(text: str, known: Keys) -> Mark:
    line = json.loads(text)
    try:
        mark = Mark(str(line["chain"]), int(line["seq"]), str(line["mac"]))
        if line["seal"] == _seal(mark, known, line["key_id"]):
            return mark
    except (KeyError, TypeError):
        pass
    raise ValueError("not written with a known key")


def _seal(mark: Mark, known: Keys, key_id: str) -> str:
    return known.mac(key_id, f"anchor {mark.chain} {mark.seq} {mark.mac}")
