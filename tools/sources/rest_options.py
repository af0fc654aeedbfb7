"""What may be said of an API behind the # of its address: where its records are, how it pages, how much it may take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from tools.sources.scanned import size_of
from tools.sources.secrets_named import FORGOTTEN, looks_secret
from tools.sources.table import SourceError

Style = Literal["auto", "none", "link", "number", "offset", "cursor", "next"]
Format = Literal["", "json", "ndjson", "csv", "parquet"]
_STYLES = ("auto", "none", "link", "number", "offset", "cursor", "next")
_FORMATS = ("json", "ndjson", "csv", "parquet")
_RATE = re.compile(r"(\d+(?:\.\d+)?)(?:/(s|min|h))?")
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, None: 1.0}
LONGEST_TIMEOUT = 3600.0


@dataclass(frozen=True)
class Options:
    """Names as they are written in an address."""

    records: str = ""
    """The path to the list of records in the body, by dots; a single dot: the body itself is the one record."""
    format: Format = ""
    """Of the body; what the answer says by itself if empty."""
    nested: Literal["struct", "flat"] = "struct"
    page: Style = "auto"
    param: str = ""
    """The parameter that counts pages or records, or takes the cursor."""
    size: int = 0
    """Records that are asked for at once; 0 says nothing."""
    size_param: str = ""
    start: int | None = None
    field: str = ""
    """The path to the cursor, or to the next address, in the body."""
    last: str = ""
    """The field of the last record that is the cursor."""
    more: str = ""
    """The path to a flag in the body: false says that this was the last page."""
    total: str = ""
    """The path to the number of records that all pages have."""
    rate: float = 0.0
    """The most requests per second; 0 sets no limit."""
    timeout: float = 30.0
    """Seconds without a byte."""
    pages: int = 10_000
    page_bytes: int = 64_000_000
    bytes: int = 2_000_000_000


def read_options(told: Mapping[str, str], what: str) -> Options:
    """The options by their words. Raises SourceError."""
    for name in told:
        if name not in OPTIONS:
            near = get_close_matches(name, OPTIONS, n=1)
            known = f"Did you mean {near[0]}?" if near else f"There are {', '.join(OPTIONS)}, bearer and header.NAME."
            raise SourceError(f"{what}: there is no option {name!r}.", hint=known)
    read: dict[str, Any] = {}
    for name, text in told.items():
        try:
            read[name] = OPTIONS[name](text.strip())
        except ValueError as error:
            said = FORGOTTEN if looks_secret("", text) else text
            raise SourceError(f"{what}: {name}={said} is not understood.", hint=str(error)) from None
    options = Options(**read)
    if options.page == "cursor" and not options.field and not options.last:
        raise SourceError(
            f"{what}: where is the cursor of the next page?",
            hint="Name its path in the body, field=meta.next_cursor, or the field of the last record, last=id.",
        )
    return options


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"There are {', '.join(words)}.")
        return text

    return read


def _whole(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= 10**12:
            raise ValueError(f"Write a whole number from {least} on.")
        return int(text)

    return read


def _rate(text: str) -> float:
    found = _RATE.fullmatch(text)
    if found is None or not float(found.group(1)):
        raise ValueError("Write rate=5/s or rate=100/min.")
    return float(found.group(1)) / _SECONDS[found.group(2)]


def _timeout(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise ValueError("Write seconds, as in timeout=30.")
    return seconds


def _bytes(text: str) -> int:
    if not (size := size_of(text)):
        raise ValueError("Write a size, as in 500MB.")
    return size


OPTIONS: dict[str, Callable[[str], object]] = {
    "records": str,
    "format": _one_of(*_FORMATS),
    "nested": _one_of("struct", "flat"),
    "page": _one_of(*_STYLES),
    "param": str,
    "size": _whole(1),
    "size_param": str,
    "start": _whole(0),
    "field": str,
    "last": str,
    "more": str,
    "total": str,
    "rate": _rate,
    "timeout": _timeout,
    "pages": _whole(1),
    "page_bytes": _bytes,
    "bytes": _bytes,
}
