"""Whether the audit log is what was written: each entry, their order, their end, and what the anchor knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from memory import anchor
from memory.anchor import Mark
from memory.audit import seal_of, sign, stored
from memory.db import Connection, Database, Row
from memory.keys import Keys, keys

Kind = Literal[
    "edit", "deletion", "reorder", "insertion", "truncation", "replay", "head", "anchor", "key", "unrecorded"
]
MOST_FINDINGS = 100
FAR = 1_000
"""How many numbers away an entry is looked for that was moved."""
UNCLEAR: frozenset[Kind] = frozenset({"key", "anchor"})
"""What hinders the check and shows nothing by itself."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written."""

    kind: Kind
    seq: int | None
    """The entry; None for what concerns the log as a whole."""
    message: str


@dataclass(frozen=True)
class Verdict:
    """What a check found."""

    entries: int
    findings: tuple[Finding, ...]
    """In the order of the log, at most so many."""
    anchor: str
    """The file that was compared with."""
    anchored: int | None
    """How far the anchor knew the log; None without one."""

    @property
    def state(self) -> Literal["good", "tampered", "unclear"]:
        """``unclear`` where a key or the anchor is missing, so that nobody can tell."""
        if any(finding.kind not in UNCLEAR for finding in self.findings):
            return "tampered"
        return "unclear" if self.findings else "good"


def verify(db: Database, *, trust: bool = False) -> Verdict:
    """Reads the whole log and checks it; a good one moves the anchor on.

    ``trust`` takes the end of the log as it is for the anchor of this machine, which has none or another one: then the
    log alone is checked. Raises StoreError where the store or the key cannot be read.
    """
    known = keys()
    with db.transaction() as connection:
        # Before the log: the anchor of a log that grows meanwhile must not be ahead of what is read.
        file = anchor.path(connection)
        mark, problem = _mark(file, known)
        connection.execute("set transaction isolation level repeatable read, read only")
        head = connection.execute("select * from audit_head").fetchone()
        if head is None:
            lost = Finding("head", None, "The row that says where the log ends is gone.")
            return Verdict(0, (lost,), str(file), mark.seq if mark else None)
        check = _Check(head["chain"], known, connection)
        found = [*check.chain(stored(connection)), *check.end(head)]
        if not trust:
            found += [problem] if problem else check.against(mark, head)
        found += _unrecorded(connection)
    verdict = Verdict(check.count, tuple(found[:MOST_FINDINGS]), str(file), mark.seq if mark else None)
    if verdict.state == "good" and head["seq"]:
        anchor.write(file, Mark(head["chain"], head["seq"], head["mac"]), known, lambda _: True, anew=trust)
    return verdict


def _mark(file: Any, known: Keys) -> tuple[Mark | None, Finding | None]:
    try:
        return anchor.read(file, known), None
    except (OSError, ValueError) as error:
        return None, Finding("anchor", None, f"The anchor {file} cannot be read: {error}.")


class _Check:
    def __init__(self, chain: str, known: Keys, connection: Connection) -> None:
        self._chain = chain
        self._known = known
        self._connection = connection
        self.count = 0
        self.last = 0

    def chain(self, rows: Iterable[Row]) -> Iterator[Finding]:
        before: str | None = ""
        for row in rows:
            self.count += 1
            gap = row["seq"] > self.last + 1
            if gap:
                yield _gone(self.last + 1, row["seq"] - 1)
            problem = self._entry(row)
            if problem:
                yield problem
            elif not gap and before is not None and row["prev"] != before:
                yield Finding("replay", row["seq"], f"Entry {row['seq']} does not follow the one before it.")
            self.last, before = row["seq"], None if problem else row["mac"]

    def _entry(self, row: Row) -> Finding | None:
        """What is wrong with an entry by itself."""
        seq = row["seq"]
        if row["key_id"] not in self._known:
            return Finding("key", seq, f"Entry {seq} is signed with the unknown key {row['key_id']}.")
        if sign(row, self._chain, self._known) == row["mac"]:
            return None
        was = self._number(row)
        if was is None:
            return Finding("edit", seq, f"Entry {seq} is not what was written ({row['action']}).")
        again = self._connection.execute(
            "select count(*) as times from audit_log where mac = %s", [row["mac"]]
        ).fetchone()
        if again and again["times"] > 1:
            return Finding("insertion", seq, f"Entry {seq} is a copy of what was entry {was}.")
        return Finding("reorder", seq, f"Entry {seq} was entry {was}.")

    def _number(self, row: Row) -> int | None:
        """The number under which an entry was written, if it is another one not far away."""
        for seq in range(max(1, row["seq"] - FAR), row["seq"] + FAR):
            if sign({**row, "seq": seq}, self._chain, self._known) == row["mac"]:
                return seq
        return None

    def end(self, head: Row) -> Iterator[Finding]:
        """Whether the log ends where the head says."""
        if head["seq"] or head["chain"]:
            if head["key_id"] not in self._known:
                yield Finding("key", None, f"The end of the log is sealed with the unknown key {head['key_id']}.")
            elif head["seal"] != seal_of(head["chain"], head["seq"], head["mac"], head["key_id"], self._known):
                yield Finding("head", None, "The row that says where the log ends was changed.")
        if self.last < head["seq"]:
            yield _cut(self.last + 1, head["seq"])
        elif self.last > head["seq"]:
            yield Finding("replay", head["seq"] + 1, f"The log ends at entry {head['seq']}, but goes on after it.")

    def against(self, mark: Mark | None, head: Row) -> Iterator[Finding]:
        """Whether the log still holds what the anchor saw."""
        if mark is None:
            if head["seq"]:
                yield Finding(
                    "anchor", None, "There is no anchor on this machine: an end cut off would not be noticed."
                )
        elif mark.chain != head["chain"]:
            yield Finding("replay", None, "This is another log than the one that the anchor knows.")
        elif mark.seq > head["seq"]:
            yield Finding(
                "replay", None, f"An old state was put back: the anchor knows {mark.seq} entries, not {head['seq']}."
            )
        else:
            row = self._connection.execute("select mac from audit_log where seq = %s", [mark.seq]).fetchone()
            if row and row["mac"] != mark.mac:
                yield Finding("replay", mark.seq, f"Entry {mark.seq} is not the one that the anchor knows.")


def _unrecorded(connection: Connection) -> Iterator[Finding]:
    """Decisions and active rules made behind the log's back, since there is a log."""
    rows = connection.execute(
        """with told as (select data::json ->> 'decision_id' as id, data::json ->> 'rule_hash' as hash from audit_log
            where action in ('rule.decided', 'rule.imported'))
        select d.id, d.action, d.actor from decisions d
        where d.decided_at >= (select applied_at from assay_migrations where name = '0004_audit.sql')
            and not exists (select from told where told.id = d.id::text and told.hash is not distinct from d.rule_hash)
        order by d.decided_at limit 20"""
    ).fetchall()
    for row in rows:
        yield Finding(
            "unrecorded", None, f"No entry tells of decision {row['id']} ({row['action']} by {row['actor']})."
        )


def _gone(first: int, last: int) -> Finding:
    what = f"Entry {first} is" if first == last else f"Entries {first} to {last} are"
    return Finding("deletion", first, f"{what} missing.")


def _cut(first: int, last: int) -> Finding:
    what = f"entry {first} is" if first == last else f"entries {first} to {last} are"
    return Finding("truncation", first, f"The end was cut off: {what} missing.")
