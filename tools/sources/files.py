"""CSV, Parquet and JSON files: one file, a folder or a glob, read by DuckDB where they lie."""

from __future__ import annotations

import difflib
import glob
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
from sqlglot import exp

from tools.sources import csv_files, s3
from tools.sources.duck import DuckTable, engine
from tools.sources.duck_errors import as_source_error
from tools.sources.file_listing import FileEntry, until_pattern
from tools.sources.footers import Footers
from tools.sources.names import check_names
from tools.sources.readers import Option, read_files
from tools.sources.s3 import Pin
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
    objects: tuple[FileEntry, ...] = ()
    """The same files, if they are on S3: their content is pinned, so that they cannot change unnoticed."""

    def stamp(self) -> str:
        """A digest of path, size, times and number of each file; '' where one is gone.

        Whoever writes a file may set its time of modification, but not the time at which its entry changed.
        """
        digest = sha256()
        for entry in self.objects:
            marks: tuple[object, ...] = (entry.path, entry.size, entry.modified, entry.etag)
            digest.update(("\0".join(map(str, marks)) + "\n").encode())
        for path in () if self.objects else self.paths:
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
        return sum(entry.size for entry in self.objects) or sum(
            map(os.path.getsize, () if self.objects else self.paths)
        )

    @property
    def partitioned(self) -> bool:
        """Whether folders such as ``day=1`` are columns: of several files, or of one that was not named itself."""
        below = self.paths[0].removeprefix(until_pattern(self.uri))
        return len(self.paths) > 1 or (self.paths[0] != self.uri and any("=" in part for part in below.split("/")[:-1]))

    @property
    def pins(self) -> dict[str, Pin]:
        """The content of the objects."""
        return {entry.path: Pin(entry.size, entry.etag) for entry in self.objects}


def name_of(path: str) -> DatasetName:
    """The name of the table behind a local path, folder or glob."""
    return DatasetName("file", os.path.abspath(os.path.expanduser(path)))


def open_uri(path: str) -> FileTable:
    """The table behind a local path, folder or glob. Raises SourceError."""
    return opened(find(name_of(path).name), name_of(path))


def opened(files: Files, dataset: DatasetName) -> FileTable:
    """The table that files make. Raises SourceError."""
    table = FileTable(files, dataset)
    try:
        table.load(full=files.size <= FULL_SNIFF_BYTES)
    except BaseException:
        table.close()
        raise
    return table


class FileTable(DuckTable):
    """Files that must stay as they are while the table is open: a change in between is an error, not a wrong figure."""

    def __init__(self, files: Files, dataset: DatasetName) -> None:
        super().__init__(engine().new_name(), uri=files.uri, dataset=dataset, version=files.stamp())
        self._files = files
        self._sampled = False
        self._pins = files.pins
        far = (lambda path: s3.Part(path, self._pins[path])) if files.objects else None
        parquet = files.format == "parquet"
        self._footers = Footers(files.paths, partitioned=files.partitioned, opened=far) if parquet else None

    def load(self, *, full: bool) -> None:
        """Settles names and types; ``full`` lets every row have a say. Raises SourceError."""
        try:
            with s3.OPENING.held(self._pins):
                body = self._parquet() if self._footers else _body(self._files, full=full)
            engine().create_view(self._name, body, self._files.paths, self._pins)
            self.fields = engine().describe(self._all())
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

    def _parquet(self) -> exp.Query:
        options: dict[str, Option] = {"union_by_name": False, "hive_partitioning": self._files.partitioned}
        if not self._files.objects:  # DuckDB tells best what is wrong with a file
            engine().describe(read_files("read_parquet", self._files.paths, options), opening=True)
        assert self._footers is not None
        layout = self._footers.layout()
        self.row_count = layout.rows
        return read_files("read_parquet", self._files.paths, {**options, "union_by_name": not layout.alike})

    def _all(self) -> exp.Select:
        return exp.select("*").from_(self.relation())


def _body(files: Files, *, full: bool) -> exp.Query:
    if files.format == "csv":
        return csv_files.body(files.paths, sample_size=-1 if full else SAMPLE_ROWS, partitioned=files.partitioned)
    options: dict[str, Option] = {"union_by_name": len(files.paths) > 1, "hive_partitioning": files.partitioned}
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
    return Files(path, tuple(paths), of_one_format(path, {name: _format(name) for name in paths}))


def of_one_format(where: str, formats: Mapping[str, Format]) -> Format:
    """The format of files that have to share one. Raises SourceError."""
    kinds = Counter(formats.values())
    if len(kinds) > 1:
        found = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
        raise SourceError(f"{where} mixes formats ({found}).", hint="Choose one with a pattern such as 'folder/*.csv'.")
    return next(iter(kinds))


def _in_folder(folder: str) -> list[str]:
    if not os.access(folder, os.R_OK | os.X_OK):
        raise SourceError(f"{folder} may not be read by this user.", hint="Change its permissions.")
    visible = [
        path
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and not any(part[0] in "._" for part in path.relative_to(folder).parts)
    ]
    paths = [str(path) for path in visible if suffix(path.name) in FORMATS]
    if not paths:
        raise SourceError(f"{folder} holds no data file.", hint=f"Known: {', '.join(FORMATS)}, also .gz and .zst.")
    return paths


def suffix(name: str) -> str:
    """The ending that tells the format, whatever the file is packed with."""
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
    known = FORMATS.get(suffix(os.path.basename(path)))
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
