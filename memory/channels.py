"""Where alerts go, and which of them: what an admin set up, without its secrets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Literal

from memory.audit import Fact, record
from memory.db import Connection, Database, payload
from memory.errors import NotFound, WrongState

PREFIX = "alert "
"""What the kinds of messages in the outbox begin with."""
ChannelKind = Literal["webhook", "email", "sns", "eventbridge"]


@dataclass(frozen=True)
class NewChannel:
    """A channel as somebody wants it. A filter that is empty does not narrow it; of several values one has to fit."""

    name: str
    kind: ChannelKind
    target: str
    """The address, in which secrets are references."""
    options: Mapping[str, Any] = field(default_factory=dict)
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """``key`` or ``key=value``."""
    datasets: tuple[str, ...] = ()
    """Names, or patterns such as ``*/orders*``."""

    def takes(self, owners: Collection[str], tags: Collection[str], names: Collection[str]) -> bool:
        """Whether it is for a dataset with these owners, tags (``key`` and ``key=value``) and names."""
        return (
            _meet(self.owners, owners)
            and _meet(self.tags, tags)
            and (not self.datasets or any(_like(name, self.datasets) for name in names))
        )


@dataclass(frozen=True)
class Channel(NewChannel):
    """A channel of the store."""

    added_by: str = ""
    added_at: datetime | None = None

    @property
    def messages(self) -> str:
        """The kind of its messages in the outbox: one that does not answer keeps no other one waiting."""
        return PREFIX + self.name


class Channels:
    """The channels of a store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> list[Channel]:
        """By name."""
        return [_channel(row) for row in self._db.rows("select * from alert_channels order by name")]

    def get(self, name: str) -> Channel:
        """Raises NotFound."""
        row = self._db.row("select * from alert_channels where name = %s", [name])
        if row is None:
            raise NotFound(f"There is no channel {name!r}.", hint="See: assay alerts channels list")
        return _channel(row)

    def add(self, wanted: NewChannel, actor: str) -> Channel:
        """Raises WrongState where there is one of that name."""
        with self._db.transaction() as connection:
            row = connection.execute(
                """insert into alert_channels (name, kind, target, options, owners, tags, datasets, added_by)
                values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning *""",
                [
                    *(wanted.name, wanted.kind, wanted.target, payload(wanted.options)),
                    *(list(wanted.owners), list(wanted.tags), list(wanted.datasets), actor),
                ],
            ).fetchone()
            if row is None:
                raise WrongState(f"There is a channel {wanted.name} already.", hint="Remove it first.")
            record(connection, Fact("alert.channel_added", actor, subject=wanted.name, data=_told(wanted)))
        return _channel(row)

    def remove(self, name: str, actor: str) -> None:
        """Also what is still on its way to it. Raises NotFound."""
        channel = self.get(name)
        with self._db.transaction() as connection:
            connection.execute("delete from alert_channels where name = %s", [name])
            connection.execute("delete from outbox where kind = %s and state <> 'sent'", [channel.messages])
            record(connection, Fact("alert.channel_removed", actor, subject=name, data=_told(channel)))


def channels_of(connection: Connection) -> list[Channel]:
    """All channels, within the caller's transaction."""
    return [_channel(row) for row in connection.execute("select * from alert_channels order by name")]


def _told(channel: NewChannel) -> dict[str, Any]:
    names = ("kind", "target", "options", "owners", "tags", "datasets")
    return {name: getattr(channel, name) for name in names}


def _channel(row: Mapping[str, Any]) -> Channel:
    lists = {name: tuple(row[name]) for name in ("owners", "tags", "datasets")}
    return Channel(**{**row, **lists})


def _meet(wanted: Collection[str], found: Collection[str]) -> bool:
    return not wanted or bool({one.casefold() for one in wanted} & {one.casefold() for one in found})


def _like(name: str, patterns: Collection[str]) -> bool:
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)
