"""How CSV files are read: what the sniffer may decide, what it may not, and where a bad file is bad.

Policy: a comma, tab, semicolon or pipe is found by DuckDB's sniffer, quotes are always ``"``, no line is skipped as a
title or comment, and a first row counts as the header unless it holds a number or date where the column does too.
A column gets a type only if every row fits; codes with leading zeros stay text. Text is UTF-8, or UTF-16 with its mark.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import duckdb
import pyarrow as pa
from sqlglot import exp

from tools.sources import s3
from tools.sources.duck import engine
from tools.sources.duck_errors import DAMAGED, RECODE, as_source_error, ragged, unclosed
from tools.sources.names import check_names
from tools.sources.readers import Option, read_files, sniff
from tools.sources.table import SourceError

_HEAD_BYTES = 1 << 16
_FIXED: dict[str, Option] = {"quote": '"', "escape": '"', "skip": 0, "comment": ""}
_PLAIN: dict[str, Option] = {"auto_detect": False, "hive_partitioning": False}
_SEPARATORS = ",\t;|"
_MAX_LINE_BYTES = 16 << 20
MANY = 50
"""From so many files on, those that are alike are read as one kind, without a look into each before every query."""
_HIVE = re.compile(r"([^/=]+)=[^/]*/")


@dataclass(frozen=True)
class _Sniffed:
    options: dict[str, Option]
    header: bool
    delimiter: str
    types: dict[str, str]


def body(paths: Sequence[str], *, sample_size: int, partitioned: bool) -> exp.Query:
    """The query that reads the files, types settled over ``sample_size`` rows (-1: all). Raises SourceError.

    ``partitioned``: folders such as ``day=1`` are columns.
    """
    encodings = {path: _encoding(path) for path in paths}
    if len(set(encodings.values())) > 1:
        raise SourceError(f"{paths[0]} and its neighbours differ in encoding.", hint=RECODE)
    fixed = {**_FIXED, "encoding": encodings[paths[0]], "max_line_size": _MAX_LINE_BYTES}
    found = _sniff(paths[0], {**fixed, "sample_size": sample_size})
    headers = [_header(path, found, encodings[path]) for path in paths]
    options = {**fixed, **found.options}
    if len(paths) == 1 and not partitioned:
        return read_files("read_csv", paths, {**options, **_PLAIN, "columns": found.types})
    _check_layouts(paths, headers, found)
    several: dict[str, Option] = {**options, "union_by_name": found.header, "hive_partitioning": partitioned}
    try:
        fields = engine().describe(read_files("read_csv", paths, {**several, "sample_size": sample_size}), opening=True)
    except duckdb.Error as error:
        problems = (problem for path in paths if (problem := _uneven(path, encodings[path], always=True)))
        raise locate(next(problems, None) or as_source_error(error, paths[0]), paths) from error
    partitions = set(_HIVE.findall(paths[0]))
    types = {field.name: field.type for field in fields if field.name not in partitions}
    together = read_files("read_csv", paths, {**several, "types": types})
    if len(paths) < MANY or not found.header or any(header != headers[0] for header in headers):
        return together
    alike = {**options, **_PLAIN, "hive_partitioning": partitioned, "columns": types}
    return read_files("read_csv", paths, alike) if _days_settled(types, found) else together


def _days_settled(types: Mapping[str, str], found: _Sniffed) -> bool:
    """Whether the first file tells how all write their days: else each file that has any may do so in its own way."""
    ways = {"DATE": "dateformat", "TIMESTAMP": "timestampformat", "TIMESTAMP WITH TIME ZONE": "timestampformat"}
    return all(ways[kind] in found.options for kind in set(types.values()) & ways.keys())


def _sniff(path: str, options: dict[str, Option]) -> _Sniffed:
    encoding = str(options["encoding"])
    try:
        answer = engine().run(sniff(path, options), opening=True).to_pylist()[0]
    except duckdb.Error as error:
        problem = _bad_quote(path, encoding) or _uneven(path, encoding, always=True)
        raise locate(problem or as_source_error(error, path), [path]) from error
    types = {column["name"]: column["type"] for column in answer["Columns"]}
    if len(types) == 1 and (problem := _bad_quote(path, encoding) or _uneven(path, encoding, always=False)):
        # A quote that is not closed makes the sniffer take whole lines for values.
        raise problem
    read: dict[str, Option] = {"delim": answer["Delimiter"], "header": answer["HasHeader"]}
    for option, key in (("dateformat", "DateFormat"), ("timestampformat", "TimestampFormat")):
        if answer[key]:
            read[option] = answer[key]
    return _Sniffed(read, answer["HasHeader"], answer["Delimiter"], types)


def _check_layouts(paths: Sequence[str], headers: Sequence[list[str]], found: _Sniffed) -> None:
    for path, header in zip(paths, headers, strict=True):
        if not found.header and len(header) != len(headers[0]):
            raise ragged(f"{path}, line 1", len(headers[0]), len(header))
        if found.header and not {name.lower() for name in header} & {name.lower() for name in headers[0]}:
            raise SourceError(f"{path} shares no column with {paths[0]}.", hint="Open them as separate tables.")


def _header(path: str, found: _Sniffed, encoding: str) -> list[str]:
    with _text(path, encoding) as lines:
        first = next(csv.reader(lines, delimiter=found.delimiter), [])
    if found.header:
        check_names([name.strip() for name in first], path)
    return first


def _encoding(path: str) -> str:
    with _bytes(path) as handle:
        head = handle.read(_HEAD_BYTES)
        # DuckDB takes a stream of zstd that was cut short for a shorter one.
        while path.lower().endswith(".zst") and handle.read(_HEAD_BYTES):
            pass
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head or head.startswith((b"PAR1", b"%PDF", b"PK\x03\x04")):
        raise SourceError(f"{path} is a binary file, not CSV text.", hint="Check its format and its ending.")
    if not head.removeprefix(codecs.BOM_UTF8).strip():
        raise SourceError(f"{path} is empty: it holds no columns.", hint="Check how it was written or copied.")
    return "utf-8"


def _bad_quote(path: str, encoding: str) -> SourceError | None:
    """The first quoted value that does not end with its quote."""
    try:
        with _text(path, encoding) as lines:
            delimiter = _delimiter(lines.readline())
        with _text(path, encoding) as lines:
            line = _open_quote(lines, delimiter)
    except UnicodeDecodeError:
        return None
    return unclosed(f"{path}, line {line}") if line else None


def _open_quote(lines: Iterable[str], delimiter: str) -> int | None:
    """The number of the line where it begins. It is read line by line, for it may reach to the end of the file."""
    opening = re.compile(f'(?:^|{re.escape(delimiter)})"')
    closing = re.compile(f'"(?:(")|(?=[{re.escape(delimiter)}\r\n])|$|(.))')
    opened: int | None = None
    for number, line in enumerate(lines, start=1):
        at = 0
        while found := (opening if opened is None else closing).search(line, at):
            at = found.end()
            if opened is None:
                opened = number
            elif found[2]:
                return opened
            elif not found[1]:
                opened = None
    return opened


def _delimiter(header: str) -> str:
    return max(_SEPARATORS, key=header.count)


def _uneven(path: str, encoding: str, *, always: bool) -> SourceError | None:
    """The first row whose width differs from the header's, if the file is otherwise a table with several columns."""
    try:
        with _text(path, encoding) as lines:
            delimiter = _delimiter(lines.readline())
        with _text(path, encoding) as lines:
            rows = csv.reader(lines, delimiter=delimiter)
            widths = [(rows.line_num, len(row)) for row in islice(rows, 100_000) if row]
    except (UnicodeDecodeError, csv.Error):
        return None
    expected = widths[0][1] if widths else 1
    regular = sum(width > 1 for _, width in widths)
    if not always and 2 * regular <= len(widths):
        return None
    odd = next(((line, width) for line, width in widths if width != expected), None)
    return ragged(f"{path}, line {odd[0]}", expected, odd[1]) if odd else None


def locate(error: SourceError, paths: Sequence[str]) -> SourceError:
    """The same error; one about the encoding gets the line and byte that are not UTF-8."""
    if error.hint != RECODE:
        return error
    bad = next((found for path in paths if (found := _bad_byte(path))), None)
    return SourceError(bad, hint=RECODE) if bad else error


def _bad_byte(path: str) -> str | None:
    offset = 0
    with _bytes(path) as handle:
        for number, line in enumerate(handle, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = line[error.start]
                return f"{path}, line {number}: byte {offset + error.start} (0x{byte:02X}) is not UTF-8 text."
            offset += len(line)
    return None


@contextmanager
def _bytes(path: str) -> Iterator[io.BufferedReader]:
    packed = {".gz": "gzip", ".zst": "zstd"}.get(os.path.splitext(path)[1].lower())
    with s3.opened(path) if path.startswith(s3.S3) else open(path, "rb") as handle:
        if packed is None:
            yield handle
            return
        try:
            with io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(handle), packed)) as unpacked:
                yield unpacked
        except OSError as error:
            # What the disk or the network refuses has a number; what cannot be unpacked has none.
            if error.errno is not None:
                raise
            raise SourceError(f"{path} cannot be unpacked as {packed}.", hint=DAMAGED) from error


@contextmanager
def _text(path: str, encoding: str) -> Iterator[io.TextIOWrapper]:
    named = "utf-8-sig" if encoding == "utf-8" else encoding
    with _bytes(path) as handle, io.TextIOWrapper(handle, encoding=named, newline="") as lines:
        yield lines
