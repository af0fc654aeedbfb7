"""Turns what DuckDB says into one line that a person can act on."""

from __future__ import annotations

import re

import duckdb

from tools.sources.table import Cause, QueryError, SourceError

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_WIDTH = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_CONVERT = re.compile(
    r'Error when converting column "(.*?)"\. Could not convert string ".*?" to '
    r"'(BIGINT|HUGEINT|INTEGER|DOUBLE|DECIMAL|BOOLEAN|DATE|TIME|TIMESTAMP|TIMESTAMP WITH TIME ZONE)[(']",
    re.DOTALL,
)
_UNCLOSED = re.compile(r"^Value with unterminated quote found", re.MULTILINE)
_REGEX = re.compile(r"((?:missing|invalid|bad|no argument|unexpected|trailing|duplicate|pattern too large)[^:]*):")
_PREFIX = re.compile(r"^(?:[A-Za-z-]+ )*Error: ")
_OURS = re.compile(r"^(?:\w+\.)*SourceError: (.+)$", re.MULTILINE)
"""What our own file system says: DuckDB hands on a traceback."""
_FILE = re.compile(r"^\s*file ?= ?(.+?)\s*$", re.MULTILINE)


def as_source_error(error: duckdb.Error, what: str) -> SourceError:
    """A SourceError about ``what`` (a path, mostly) with the part of DuckDB's message that helps and holds no data."""
    text = str(error)
    if ours := _OURS.search(text):
        return SourceError(ours.group(1))
    found = _FILE.search(text) if "CSV Error" in text else None
    where = found.group(1) if found else what
    line = _LINE.search(text)
    at = f"{where}, line {line.group(1)}" if line else where
    if width := _WIDTH.search(text):
        return ragged(at, int(width.group(1)), int(width.group(2)))
    if _UNCLOSED.search(text):
        return unclosed(at)
    if convert := _CONVERT.search(text):
        column, kind = convert.groups()
        return SourceError(f"{at}: a value of the column {column!r} is no {kind}.", hint="Mend the value.")
    if "Invalid unicode" in text:
        return SourceError(f"{at}: not UTF-8 text.", hint=RECODE)
    cause, sentence = _refusal(error, text)
    return QueryError(f"{at}: {sentence}", cause=cause, sentence=sentence, hint=_hint(text) or _ADVICE.get(cause, ""))


_ADVICE: dict[Cause, str] = {"time": "Allow more time or ask for less.", "memory": "Ask for fewer columns at once."}
_FIXED: tuple[tuple[type[duckdb.Error], Cause, str], ...] = (
    (duckdb.InterruptException, "time", "the query was stopped at its time limit."),
    (duckdb.OutOfMemoryException, "memory", "the query needs more memory than there is."),
    (duckdb.ConversionException, "conversion", "a value cannot be read as the type that is asked for."),
    (duckdb.OutOfRangeException, "range", "a value, or a result, is out of the range of its type."),
)
# These come before any row is read: they speak of files, names and types.
_WITHOUT_VALUES = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.IOException)


def _refusal(error: duckdb.Error, text: str) -> tuple[Cause, str]:
    for kind, cause, sentence in _FIXED:
        if isinstance(error, kind):
            return cause, sentence
    if isinstance(error, _WITHOUT_VALUES) or _hint(text) or "CSV Error" in text:
        return "statement", gist(text)
    if pattern := _REGEX.match(gist(text)):
        return "pattern", f"a regular expression is not valid ({pattern.group(1)})."
    if "More than one row" in text:
        return "statement", "a subquery that stands for one value gives more than one row."
    return "other", "the engine does not take a value that it met."


RECODE = "Convert it first: iconv -f LATIN1 -t UTF-8 FILE > NEW (name the encoding that it has)."


DAMAGED = "The file is damaged or cut short: copy or write it again."


def damaged(path: str) -> SourceError:
    """A Parquet file that cannot be read."""
    return SourceError(f"{path} is no Parquet file.", hint=DAMAGED)


def ragged(at: str, expected: int, found: int) -> SourceError:
    """A row with too few or too many columns."""
    columns = "column" if found == 1 else "columns"
    return SourceError(f"{at}: {found} {columns} instead of the expected {expected}.", hint="Mend or quote that row.")


def unclosed(at: str) -> SourceError:
    """A quoted value that does not end where its quote does."""
    return SourceError(
        f"{at}: a value begins with a quote and does not end with one.",
        hint='Close the quote; within a quoted value a quote is written "".',
    )


def gist(text: str) -> str:
    """The first sentence of a DuckDB message, without its error class, source excerpt and advice about SQL."""
    first = _PREFIX.sub("", text.strip().split("\n")[0]).strip()
    return (first if len(first) <= 300 else first[:297] + "...").rstrip(".!") + "."


def _hint(text: str) -> str:
    if "No magic bytes" in text or "Parquet" in text or "TProtocolException" in text or "thrift" in text.lower():
        return DAMAGED
    if "Malformed JSON" in text:
        return "Mend that line; JSON may be one array, or one object per line."
    return ""
