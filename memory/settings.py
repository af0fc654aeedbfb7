"""Settings of a store, the same for everybody who uses it. Each change is an entry of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from memory.audit import Fact, record
from memory.db import Connection, Database, payload
from memory.errors import StoreError


@dataclass(frozen=True)
class Known:
    """A setting that there is, what it is without anybody's doing, and what it means."""

    default: bool
    meaning: str


KNOWN: Mapping[str, Known] = {
    "approver_differs": Known(False, "whoever approves a rule must not be who started the run or wrote the rule"),
    "openlineage": Known(False, "events of runs are sent to the OpenLineage backend that OPENLINEAGE_* names"),
}


@dataclass(frozen=True)
class Setting:
    """A setting as it stands."""

    name: str
    value: bool
    meaning: str
    changed_by: str | None
    """None where it was never changed."""
    changed_at: datetime | None


class Settings:
    """What a store is set to."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> list[Setting]:
        """Every setting there is, by name."""
        rows = {row["name"]: row for row in self._db.rows("select * from settings")}
        return [_setting(name, rows.get(name)) for name in sorted(KNOWN)]

    def get(self, name: str) -> bool:
        """The value of a setting. Raises StoreError."""
        _known(name)
        row = self._db.row("select value from settings where name = %s", [name])
        return bool(row["value"]) if row else KNOWN[name].default

    def set(self, name: str, value: bool, actor: str) -> Setting:
        """Changes a setting in somebody's name; it counts at once. Raises StoreError."""
        _known(name)
        with self._db.transaction() as connection:
            before = connection.execute("select value from settings where name = %s for update", [name]).fetchone()
            row = connection.execute(
                """insert into settings (name, value, changed_by) values (%s, %s, %s)
                on conflict (name) do update
                    set value = excluded.value, changed_by = excluded.changed_by, changed_at = now() returning *""",
                [name, payload(value), actor],
            ).fetchone()
            was = before["value"] if before else KNOWN[name].default
            record(connection, Fact("setting.changed", actor, subject=name, data={"from": was, "to": value}))
        return _setting(name, row)


def is_set(connection: Connection, name: str) -> bool:
    """The value of a setting within the caller's transaction, which a change of it waits for."""
    row = connection.execute("select value from settings where name = %s for share", [name]).fetchone()
    return bool(row["value"]) if row else KNOWN[name].default


def _known(name: str) -> None:
    if name not in KNOWN:
        raise StoreError(f"There is no setting {name!r}.", hint=f"There are: {', '.join(sorted(KNOWN))}.")


def _setting(name: str, row: Mapping[str, Any] | None) -> Setting:
    known = KNOWN[name]
    if row is None:
        return Setting(name, known.default, known.meaning, None, None)
    return Setting(name, bool(row["value"]), known.meaning, row["changed_by"], row["changed_at"])
