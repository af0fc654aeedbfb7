"""Files in reasons: their names, sizes and times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tools.sources.file_listing import FileEntry

SHOWN = 3
"""So many names of files stand in a reason."""
_UNITS = ("KB", "MB", "GB", "TB")


def counted(found: Sequence[FileEntry]) -> str:
    """``1 file``, ``1,000 files``."""
    return "1 file" if len(found) == 1 else f"{len(found):,} files"


def named(found: Sequence[FileEntry], shown: Callable[[FileEntry], str] | None = None) -> str:
    """``a.csv (3 KB), b.csv (4 KB), …`` with what ``shown`` tells of each file."""
    told = [f"{entry.name} ({shown(entry)})" if shown else entry.name for entry in found[:SHOWN]]
    return ", ".join(told + ["…"] * (len(found) > SHOWN))


def span(found: Sequence[FileEntry], order: Callable[[FileEntry], Any], shown: Callable[[FileEntry], str]) -> str:
    """From the least to the greatest: ``a.csv (3 B) to c.csv (4 KB)``."""
    ends = [min(found, key=order), max(found, key=order)]
    return " to ".join(dict.fromkeys(named([entry], shown) for entry in ends))


def bytes_in_words(size: int) -> str:
    """``3 B``, ``4.9 KB``: units are powers of 1024, as in DQDL."""
    power = min((size.bit_length() - 1) // 10, len(_UNITS)) if size else 0
    return f"{size / 1024**power:,.3g} {_UNITS[power - 1]}" if power else f"{size} B"
