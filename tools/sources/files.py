"""CSV, Parquet and JSON files: one file, a folder or a glob, read by DuckDB where they lie."""

from __future__ import annotations

import difflib
import glob
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from tools.sources import csv_files
from tools.sources.duck import DuckTable, engine
from tools.sources.duck_errors import as_source_error
from tools.sources.footers import Footers
from tools.sources.names import check_names
from tools.sources.readers import Option, read_files
from tools.sources.table import DatasetName, Known, SourceError

Format = Literal["csv", "json", "parquet"]
FORMATS: dict[str, Format] = {
    **dict.fromkeys([".csv", ".tsv", ".psv", ".tab", ".txt"], "csv"),
    **dict.fromkeys([".json", ".jsonl", ".ndjson"], "json"),
    **dict.fromkeys([".parquet", ".pq"], "parquet"),
}
FULL_SNIFF_BYTES = 1 << 30
"""Up to this size in all, every row has a say in the types of CSV and JSON columns; beyond it, the first million."""
SAMPLE_ROWS = 1_000_000


@dataclass(frozen=True)
class Files:
    """Which files a source stands for."""

    uri: str
    paths: tuple[str, ...]
    format: Format

    def stamp(self) -> str:
        """A digest of path, size, times and number of each file; '' where one is gone.

        Whoever writes a file may set its time of modification, but not the time at which its entry changed.
        """
        digest = sha256()
        for path in self.paths:
            try:
                status = os.stat(path)
            except OSError:
                return ""
            marks = (path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            digest.update(("\0".join(map(str, marks)) + "\n").encode(errors="surrogateescape"))
        return digest.hexdigest()[:32]

    @property
    def size(self) -> int:
        """Bytes in all, as stored."""
        return sum(os.path.getsize(path) for path in self.paths)


def name_of(path: str) -> DatasetName:
    """The name of the table behind a local path, folder or glob."""
    return DatasetName("file", os.path.abspath(os.path.expanduser(path)))


def open_uri(path: str) -> FileTable:
    """The table behind a local path, folder or glob. Raises SourceError."""
    files = find(name_of(path).name)
    table = FileTable(files)
    try:
        table.load(full=files.size <= FULL_SNIFF_BYTES)
    except BaseException:
        table.close()
        raise
    return table


class FileTable(DuckTable):
    """Files that must stay as they are while the table is open: a change in between is an error, not a wrong figure."""

    def __init__(self, files: Files) -> None:
        dataset = DatasetName("file", files.uri)
        super().__init__(engine().new_name(), uri=files.uri, dataset=dataset, version=files.stamp())
        self._files = files
        self._sampled = False
        self._footers = Footers(files.paths) if files.format == "parquet" else None

    def load(self, *, full: bool) -> None:
        """Settles names and types; ``full`` lets every row have a say. Raises SourceError."""
        try:
            body = _body(self._files, full=full)
            engine().create_view(self._name, body, self._files.paths)
            self.fields = engine().describe(self._all())
            if self._files.format == "parquet":
                count = exp.select(exp.Count(this=exp.Star())).from_(self.relation())
                self.row_count = engine().run(count).column(0)[0].as_py()
        except duckdb.Error as error:
            raise as_source_error(error, self.uri) from error
        self._sampled = not full

    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        """The engine's answer, given only if the files are still those that were opened. Raises SourceError."""
        self._check_unchanged()
        try:
            if self._closed:
                return super().query(select)
            answer = engine().run(select, timeout_seconds=timeout_seconds)
        except duckdb.ConversionException as error:
            answer = self._answer_with_full_types(select, error, timeout_seconds)
        except duckdb.Error as error:
            raise csv_files.locate(as_source_error(error, self.uri), self._files.paths) from error
        self._check_unchanged()
        return answer

    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        """The engine's answer in batches; if the files changed meanwhile, that is an error at the end."""
        self._check_unchanged()
        yield from super().stream(select, timeout_seconds=timeout_seconds)
        self._check_unchanged()

    @property
    def format(self) -> Format:
        """What kind of files these are."""
        return self._files.format

    def files(self) -> list[str]:
        """The files, sorted by path."""
        return list(self._files.paths)

    def _answer_with_full_types(
        self, select: exp.Query, error: duckdb.ConversionException, timeout_seconds: float | None
    ) -> pa.Table:
        if not self._sampled:
            raise as_source_error(error, self.uri) from error
        self.load(full=True)
        return super().query(select, timeout_seconds=timeout_seconds)

    def known(self, names: Iterable[str]) -> dict[str, Known]:
        """What the footers of Parquet files say. Raises SourceError where a file changed."""
        if self._footers is None or self._closed:
            return {}
        wanted = set(names)
        self._check_unchanged()
        try:
            found = {field.name: self._footers.known(field) for field in self.fields if field.name in wanted}
        except (OSError, pa.ArrowException) as error:
            raise SourceError(f"The footers of {self.uri} cannot be read.", hint="Run it again.") from error
        self._check_unchanged()
        return {name: known for name, known in found.items() if known is not None}

    def _check_unchanged(self) -> None:
        if self._files.stamp() != self.version:
            raise SourceError(f"{self.uri} changed while it was open.", hint="Run it again on the new content.")

    def _all(self) -> exp.Select:
        return exp.select("*").from_(self.relation())


def _body(files: Files, *, full: bool) -> exp.Query:
    several = len(files.paths) > 1
    if files.format == "csv":
        return csv_files.body(files.paths, sample_size=-1 if full else SAMPLE_ROWS)
    options: dict[str, Option] = {"union_by_name": several, "hive_partitioning": several}
    if files.format == "parquet":
        body = read_files("read_parquet", files.paths, options)
        engine().describe(body, opening=True)
        for path in files.paths:
            check_names(pq.read_schema(path).names, path)
        return body
    fields = engine().describe(
        read_files("read_json", files.paths, {**options, "sample_size": -1 if full else SAMPLE_ROWS}), opening=True
    )
    if [(field.name, field.type) for field in fields] == [("json", "JSON")]:
        raise SourceError(f"{files.uri} holds no records with named fields.", hint="Give one object per row.")
    types = {field.name: field.type for field in fields}
    check_names(list(types), files.uri)
    return read_files("read_json", files.paths, {**options, "columns": types})


def find(path: str) -> Files:
    """The files behind an absolute path, folder or glob, sorted. Raises SourceError."""
    if os.path.isdir(path):
        paths = _in_folder(path)
    elif glob.has_magic(path) and not os.path.exists(path):
        paths = sorted(name for name in glob.glob(path, recursive=True) if os.path.isfile(name))
        if not paths:
            raise SourceError(f"No file matches {path}.", hint="Quote the pattern and check the folder.")
    else:
        paths = [path]
    formats = {name: _format(name) for name in paths}
    kinds = Counter(formats.values())
    if len(kinds) > 1:
        found = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
        raise SourceError(f"{path} mixes formats ({found}).", hint="Choose one with a pattern such as 'folder/*.csv'.")
    return Files(path, tuple(paths), next(iter(kinds)))


def _in_folder(folder: str) -> list[str]:
    if not os.access(folder, os.R_OK | os.X_OK):
        raise SourceError(f"{folder} may not be read by this user.", hint="Change its permissions.")
    visible = [
        path
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and not any(part[0] in "._" for part in path.relative_to(folder).parts)
    ]
    paths = [str(path) for path in visible if _suffix(path.name) in FORMATS]
    if not paths:
        raise SourceError(f"{folder} holds no data file.", hint=f"Known: {', '.join(FORMATS)}, also .gz and .zst.")
    return paths


def _suffix(name: str) -> str:
    stem = name.lower()
    for packed in (".gz", ".zst"):
        stem = stem.removesuffix(packed)
    return os.path.splitext(stem)[1]


def _format(path: str) -> Format:
    if not os.path.isfile(path):
        raise SourceError(f"{path} does not exist.", hint=_near(path))
    try:
        with open(path, "rb") as handle:
            magic = handle.read(4)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.", hint="Change its permissions.") from error
    if not magic:
        raise SourceError(f"{path} is empty.", hint="Check how it was written or copied.")
    known = FORMATS.get(_suffix(os.path.basename(path)))
    if magic == b"PAR1" and known in (None, "parquet"):
        return "parquet"
    if known is None:
        raise SourceError(f"{path} has no known ending.", hint=f"Known: {', '.join(FORMATS)}, also .gz and .zst.")
    return known


def _near(path: str) -> str:
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        return f"The folder {folder} does not exist either."
    close: Sequence[str] = difflib.get_close_matches(name, os.listdir(folder), n=1)
    return f"Did you mean {close[0]}?" if close else "Check the path."
