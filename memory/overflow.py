"""Large profiles: the text is an object elsewhere, the row says where and which digest it has.

``ASSAY_PROFILE_OVERFLOW`` names the place: a folder, s3://bucket/prefix or dynamodb://table. A row keeps its place, so
that profiles are read from wherever they were written to, whatever is set now.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import logging
import os
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from memory.db import Database, Row, dumps
from memory.errors import StoreError
from memory.facts import store_id
from memory.model import StoredProfile
from tools.errors import AssayError

if TYPE_CHECKING:
    from tools.objects.model import Objects

PLACE, LIMIT = "ASSAY_PROFILE_OVERFLOW", "ASSAY_PROFILE_OVERFLOW_BYTES"
LIMIT_BYTES = 256 * 1024
"""A profile whose JSON is longer goes elsewhere: a table of about a hundred columns."""
YOUNGEST = timedelta(hours=1)
"""An object without a row may be that of a profile that is being stored."""
LET_GO = "Restore the object; or let go of such profiles with `assay store prune --profiles`, and profile again."

log = logging.getLogger(__name__)


def put(db: Database, dataset_id: UUID, profile: dict[str, Any]) -> dict[str, Any] | None:
    """Where a profile was put; None for one that stays in the row: a small one, or the place cannot be written to.

    Raises StoreError, ObjectsError where the settings cannot be used.
    """
    place = os.environ.get(PLACE, "").strip()
    if not place:
        return None
    text = dumps(profile).encode()
    if len(text) <= _limit():
        return None
    digest = hashlib.sha256(text).hexdigest()
    with db.transaction() as connection:
        key = f"{_prefix(store_id(connection))}{dataset_id}/{digest}.json.gz"
    found = _at(place)
    try:
        found.write(key, io.BytesIO(gzip.compress(text, 6, mtime=0)))
    except AssayError as error:
        # A profile is kept whatever becomes of the place: a scan may have taken hours.
        log.warning("A profile of %d bytes stays in the store: %s", len(text), error)
        return None
    columns = [str(column["name"]) for column in profile.get("columns", [])]
    return {"place": found.uri, "key": key, "digest": digest, "bytes": len(text), "columns": columns}


def take_back(db: Database, overflow: dict[str, Any]) -> None:
    """Removes an object, unless a row speaks of it; a place that cannot be reached keeps it until it is pruned."""
    spoken_of = "select from profiles where overflow ->> 'place' = %s and overflow ->> 'key' = %s limit 1"
    if db.row(spoken_of, [overflow["place"], overflow["key"]]) is not None:
        # Two contents of a dataset may have the same profile.
        return
    try:
        _at(overflow["place"]).delete(overflow["key"])
    except AssayError as error:
        log.warning("%s", error)


def loaded(row: Row) -> StoredProfile:
    """A row of ``profiles`` with its profile, wherever that is. Raises StoreError where it is lost or changed."""
    overflow = row.pop("overflow")
    if overflow is not None:
        row["profile"] = _fetched(overflow)
    return StoredProfile(**row)


def prune(db: Database, older_than: timedelta) -> int:
    """Deletes objects of this store that are older than that and that no row speaks of; how many."""
    asked = "select overflow ->> 'place' as place, overflow ->> 'key' as key from profiles where overflow is not null"
    rows = db.rows(asked)
    known = {(row["place"], row["key"]) for row in rows}
    now = os.environ.get(PLACE, "").strip()
    places = {place for place, _ in known} | ({_at(now).uri} if now else set())
    if not places:
        return 0
    with db.transaction() as connection:
        prefix = _prefix(store_id(connection))
    before, gone = datetime.now(UTC) - max(older_than, YOUNGEST), 0
    for uri in sorted(places):
        place = _at(uri)
        for stored in list(place.listed(prefix)):
            if stored.modified < before and (uri, stored.key) not in known:
                place.delete(stored.key)
                gone += 1
    return gone


def forget(db: Database, older_than: timedelta) -> int:
    """Deletes profiles that are older than that, but the newest of each dataset, and all that are lost; how many."""
    old = db.rows(
        """delete from profiles p where created_at < now() - %s and exists (
            select from profiles n where n.dataset_id = p.dataset_id and n.created_at > p.created_at)
        returning p.overflow""",
        [older_than],
    )
    lost = _lost(db)
    rows = db.rows("delete from profiles where id = any(%s) returning overflow", [lost]) if lost else []
    for row in old:
        if row["overflow"] is not None:
            take_back(db, row["overflow"])
    return len(old) + len(rows)


def _lost(db: Database) -> list[UUID]:
    """Profiles whose object is not there."""
    rows = db.rows("select id, overflow from profiles where overflow is not null")
    there: dict[str, set[str]] = {}
    lost = []
    for row in rows:
        place, key = row["overflow"]["place"], row["overflow"]["key"]
        if place not in there:
            there[place] = {stored.key for stored in _at(place).listed(key.split("/", 1)[0] + "/")}
        if key not in there[place]:
            lost.append(row["id"])
    return lost


def _fetched(overflow: dict[str, Any]) -> dict[str, Any]:
    from tools.objects.model import ObjectMissing

    place, key = _at(overflow["place"]), overflow["key"]
    try:
        text = gzip.decompress(place.read(key))
    except ObjectMissing:
        raise StoreError(f"A profile is lost: there is no {key} at {place.uri}.", hint=LET_GO) from None
    except (OSError, EOFError, zlib.error):
        text = b""
    if hashlib.sha256(text).hexdigest() != overflow["digest"]:
        raise StoreError(f"A profile was changed after it was stored: {key} at {place.uri}.", hint=LET_GO)
    profile: dict[str, Any] = json.loads(text)
    return profile


def _at(uri: str) -> Objects:
    from tools import objects

    return objects.at(uri)


def _prefix(store: UUID) -> str:
    return f"profiles-{store}/"


def _limit() -> int:
    said = os.environ.get(LIMIT, "").strip()
    if not said:
        return LIMIT_BYTES
    if not said.isdigit():
        raise StoreError(f"{LIMIT} is {said!r}, which is no number of bytes.", hint=f"Write {LIMIT}={LIMIT_BYTES}.")
    return int(said)
