"""The files of a folder, and the text in them: no circles of links, no binaries, nothing endless."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tools.collecting.model import Skipped

LONGEST_FILE = 10 * 1024 * 1024
"""Bytes of a file of SQL."""
ENDINGS = (".sql", ".ddl", ".hql")
"""Of files of SQL."""
_LEFT_OUT = frozenset({"node_modules", "dbt_packages", "__pycache__"})
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def walk(folder: Path, endings: tuple[str, ...]) -> Iterator[Path | Skipped]:
    """The files of a folder in the order of their names, folders that begin with a dot left out.

    Links are followed, each folder and file once.
    """
    try:
        status = folder.stat()
    except OSError as error:
        yield Skipped(str(folder), f"the folder cannot be read: {error.strerror}", jobs=f"{folder}/")
        return
    yield from _walk(folder, endings, {(status.st_dev, status.st_ino)})


def _walk(folder: Path, endings: tuple[str, ...], seen: set[tuple[int, int]]) -> Iterator[Path | Skipped]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Skipped(str(folder), f"the folder cannot be read: {error.strerror}", jobs=f"{folder}/")
        return
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith(".") or entry.name in _LEFT_OUT:
            continue
        try:
            status = path.stat()
            is_folder = entry.is_dir()
        except OSError as error:
            if entry.name.lower().endswith(endings):
                yield Skipped(str(path), f"the file cannot be read: {error.strerror}", jobs=f"{path}#")
            continue
        wanted = is_folder or (entry.is_file() and entry.name.lower().endswith(endings))
        if not wanted or (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        if is_folder:
            yield from _walk(path, endings, seen)
        else:
            yield path


def text_of(path: Path, longest: int = LONGEST_FILE) -> tuple[str, str] | str:
    """The text of a file with a problem, which is empty for none; or alone why there is no text."""
    try:
        size = path.stat().st_size
        if size > longest:
            return f"the file has {size:,} bytes, more than {longest:,}: split it"
        content = path.read_bytes()
    except OSError as error:
        return f"the file cannot be read: {error.strerror}"
    coding = next((coding for mark, coding in _MARKS.items() if content.startswith(mark)), "utf-8")
    if coding != "utf-16" and b"\0" in content:
        return "the file is binary"
    try:
        return content.decode(coding), ""
    except UnicodeDecodeError:
        return content.decode("latin-1"), "the file is not UTF-8; it was read as Latin-1"
