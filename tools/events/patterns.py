"""Which files and objects a watched place takes in."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from fnmatch import fnmatchcase

from tools.sources.file_listing import until_pattern
from tools.sources.files import FORMATS, suffix


def wants(location: str, place: str, suffixes: Sequence[str] = ()) -> bool:
    """Whether a path or s3:// URI is one of those that a folder, prefix or pattern stands for.

    Below a folder or prefix that is every file with a known ending, of a pattern what it matches, with ``*`` within one
    folder and ``**`` over any number; never what begins with a dot or an underscore. ``suffixes`` allow fewer.
    """
    if suffixes and not location.lower().endswith(tuple(one.lower() for one in suffixes)):
        return False
    if glob.has_magic(place):
        inside = location[len(until_pattern(place)) :]
        return _visible(inside) and _matches(location.split("/"), place.split("/"))
    folder = place.rstrip("/") + "/"
    if location == place:
        return True
    known = bool(suffixes) or suffix(location) in FORMATS
    return location.startswith(folder) and known and _visible(location[len(folder) :])


def _matches(parts: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return _matches(parts, pattern[1:]) or (bool(parts) and _matches(parts[1:], pattern))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _visible(inside: str) -> bool:
    """An empty part, as of a key that ends with a slash, is a folder's mark."""
    return all(part and part[0] not in "._" for part in inside.split("/"))
