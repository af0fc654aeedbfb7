"""Moves one file, so that it can be broken off anywhere and done again: the bytes are always in one place at least."""

from __future__ import annotations

import json
from typing import Any

from tools.publishing.model import Content, Move, PublishError, Replaced
from tools.publishing.place import Place
from tools.sources.file_listing import is_s3

MANIFESTS = "_manifests"
"""The folder of a trusted place that says how each batch came there; names with an underscore are no data."""
MANIFEST = "_manifest.json"
"""Beside each batch in quarantine."""


def place_of(path: str) -> Place:
    """The place of a path."""
    if is_s3(path):
        from tools.publishing.bucket import Bucket

        return Bucket()
    from tools.publishing.disk import Disk

    return Disk()


def content(path: str) -> Content | None:
    """What is in a file now; None where there is none. Raises PublishError, SourceError."""
    return place_of(path).look(path)


def move(one: Move) -> Content:
    """Carries a move out, from wherever an earlier attempt was broken off; the content as it lies there.

    The batch appears at its destination, then its manifest does, then it goes from where it was. Raises Replaced where
    the source is not what was validated and nothing has arrived, Taken where something else lies at the destination.
    """
    place = place_of(one.source)
    place.recover(one)
    there = place.arrived(one)
    if there is None:
        if one.left:
            place.write(one.left, _text({"batch": one.batch, "verdict": "leaving", "to": one.destination}))
        there = _copied(place, one)
    place.write(one.manifest, _text({**one.told, "file": one.destination, "stamp": there.stamp, "size": there.size}))
    place.remove(one.source, one)
    if one.left:
        place.clear(one.left)
    return there


def _copied(place: Place, one: Move) -> Content:
    try:
        return place.copy(one)
    except Replaced:
        # Another worker, thought dead, may have brought it there and removed it here meanwhile.
        there = place.arrived(one)
        if there is None:
            raise
        return there


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"


def trusted_path(trusted: str, below: str, source: str) -> str:
    """Where a file goes that passed: its path below the watched folder, below the trusted one."""
    name = source[len(below) :] if source.startswith(below) else source.rpartition("/")[2]
    return f"{trusted.rstrip('/')}/{name.lstrip('/') or source.rpartition('/')[2]}"


def quarantine_path(quarantine: str, batch: str, source: str) -> str:
    """Where a file goes that failed: a folder of its own."""
    return f"{quarantine.rstrip('/')}/{batch}/{source.rpartition('/')[2]}"


def check_targets(watched: str, trusted: str, quarantine: str) -> None:
    """Whether files of a watched place can go to these. Raises PublishError.

    They have to lie on the same kind of place, and what is published must not arrive again.
    """
    from tools.sources.file_listing import fixed

    folder = fixed(watched).rstrip("/")
    for target in (trusted, quarantine):
        if is_s3(target) != is_s3(watched) or ("://" in target and not is_s3(target)):
            raise PublishError(
                f"Files of {watched} cannot be published to {target}.", hint="Both on this machine, or both on S3."
            )
        if f"{fixed(target).rstrip('/')}/".startswith(f"{folder}/"):
            raise PublishError(
                f"{target} lies within {folder}, which is watched: what is published would arrive again.",
                hint="Choose a folder beside it.",
            )
    trusted, quarantine = (f"{fixed(target).rstrip('/')}/" for target in (trusted, quarantine))
    if trusted.startswith(quarantine) or quarantine.startswith(trusted):
        raise PublishError("Trusted and quarantine lie within each other.", hint="Name two folders side by side.")


def watched_folder(watched: str) -> str:
    """The folder that paths of batches are kept below, with a slash at its end."""
    import glob

    from tools.sources.file_listing import until_pattern

    if glob.has_magic(watched):
        return until_pattern(watched)
    return watched.rstrip("/") + "/"


def identity(path: str) -> str:
    """What a table over the file has as its version: another one whenever its content may have changed.

    Raises SourceError.
    """
    from tools.sources import files, s3_files

    return (s3_files.find(path) if is_s3(path) else files.find(path)).stamp()


def readable(path: str) -> bool:
    """Whether every byte can be read: then it is the content's fault that it is no table. Raises SourceError."""
    from tools.sources.file_listing import digest

    return bool(digest(path, "MD5"))
