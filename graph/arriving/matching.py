"""Which watches an event is about, and what comes of it for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from memory.arrivals import NewArrival
from tools.characters import is_unicode
from tools.events.model import DataReady, Landed, TableChanged, Told, digest
from tools.events.patterns import wants

if TYPE_CHECKING:
    from memory.watches import Watch

NO_TEXT = "Its name is not UTF-8, so that it cannot be written down here: rename it, and it arrives under its new name."
S3 = ("s3://", "s3a://", "s3n://")


@dataclass
class Matched:
    """What comes of events."""

    arrivals: list[NewArrival] = field(default_factory=list)
    look: set[int] = field(default_factory=set)
    """Watches whose place is to be looked at: it says itself what is new there."""


def matched(told: Iterable[Told], watches: Sequence[Watch]) -> Matched:
    """What comes of events for the watches that there are; nothing of those that nobody watches for."""
    found = Matched()
    for event in told:
        for watch in watches:
            if not _about(event, watch):
                continue
            if watch.every_seconds is not None:
                found.look.add(watch.id)
            else:
                found.arrivals.append(_arrival(event, watch))
    return found


def of_landed(landed: Landed, watch_id: int) -> NewArrival:
    """What was found or told as an arrival of a watch; one whose name nobody can write down is left to a person."""
    found = NewArrival(
        watch_id=watch_id,
        identity=landed.identity,
        location=landed.location,
        source=landed.source or landed.location,
        version=landed.version,
        size=landed.size,
        landed_at=landed.at,
    )
    return found if is_unicode(landed.location) else replace(found, state="dead", reason=NO_TEXT)


def spelled(source: str) -> str:
    """A source as watches are written: with one of the three names of S3."""
    scheme = next((one for one in S3 if source.lower().startswith(one)), "")
    return S3[0] + source[len(scheme) :] if scheme else source


def _about(event: Told, watch: Watch) -> bool:
    match event:
        case Landed():
            return watch.kind == "s3" and wants(event.location, watch.source, watch.suffixes)
        case TableChanged():
            return _table(watch) == (event.namespace.lower(), event.table.lower())
        case DataReady():
            source = spelled(event.source)
            files = watch.kind in ("s3", "folder") and wants(source, watch.source, watch.suffixes)
            return files or source == watch.source


def _table(watch: Watch) -> tuple[str, ...]:
    """Namespace and name, where the watched table may be one of Glue's."""
    from tools.sources.uris import parse

    if watch.kind not in ("iceberg", "table") or not watch.source.startswith(("iceberg://", "athena://")):
        return ()
    path = parse(watch.source, secrets=False).path
    return tuple(name.lower() for name in path[-1][-2:]) if path else ()


def _arrival(event: Told, watch: Watch) -> NewArrival:
    if isinstance(event, Landed):
        return of_landed(event, watch.id)
    if isinstance(event, DataReady):
        key, location = event.version, spelled(event.source) if watch.kind == "s3" else watch.source
    else:
        key, location = event.event, watch.source
    return NewArrival(watch.id, digest(location, "told", key), location, location, landed_at=event.at)
