"""Turns what DuckDB says into one line that a person can act on."""

from __future__ import annotations

import re

import duckdb

from tools.sources.table import SourceError

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_WIDTH = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_CONVERT = re.compile(
    r'Error when converting column "(.*?)"\. Could not convert string "(.*?)" to \'(.*?)\'', re.DOTALL
)
_PREFIX = re.compile(r"^(?:[A-Za-z-]+ )*Error: ")
_FILE = re.compile(r"^\s*file ?= ?(.+?)\s*$", re.MULTILINE)


def as_source_error(error: duckdb.Error, what: str) -> SourceError:
    """A SourceError about ``what`` (a path, mostly) with the part of DuckDB's message that helps."""
    text = str(error)
    found = _FILE.search(text)
    where = found.group(1) if found else what
    line = _LINE.search(text)
    at = f"{where}, line {line.group(1)}" if line else where
    if width := _WIDTH.search(text):
        return ragged(at, int(width.group(1)), int(width.group(2)))
    if convert := _CONVERT.search(text):
        column, value, kind = convert.groups()
        return SourceError(f"{at}: column {column!r} was taken as {kind}, but holds {value!r}.", hint="Mend the value.")
    if "Invalid unicode" in text:
        return SourceError(f"{at}: not UTF-8 text.", hint=RECODE)
    if isinstance(error, duckdb.InterruptException):
        return SourceError(f"{what}: the query was stopped at its time limit.", hint="Allow more time or ask for less.")
    if isinstance(error, duckdb.OutOfMemoryException):
        return SourceError(f"{what}: the query needs more memory than there is.", hint="Ask for fewer columns at once.")
    return SourceError(f"{what}: {gist(text)}", hint=_hint(text))


RECODE = "Convert it first: iconv -f LATIN1 -t UTF-8 FILE > NEW (name the encoding that it has)."


def ragged(at: str, expected: int, found: int) -> SourceError:
    """A row with too few or too many columns."""
    columns = "column" if found == 1 else "columns"
    return SourceError(f"{at}: {found} {columns} instead of the expected {expected}.", hint="Mend or quote that row.")


def gist(text: str) -> str:
    """The first sentence of a DuckDB message, without its error class, source excerpt and advice about SQL."""
    first = _PREFIX.sub("", text.strip().split("\n")[0]).strip()
    return (first if len(first) <= 300 else first[:297] + "...").rstrip(".") + "."


def _hint(text: str) -> str:
    if "No magic bytes" in text or "Parquet" in text or "TProtocolException" in text or "thrift" in text.lower():
        return "The file is damaged or cut short: copy or write it again."
    if "Malformed JSON" in text:
        return "Mend that line; JSON may be one array, or one object per line."
    return ""
