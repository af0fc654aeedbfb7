"""What an API answered, kept in files of this process until the table is closed: records as they come, then Parquet."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import psutil  # type: ignore[import-untyped]
from sqlglot import exp

from tools.sources import csv_files
from tools.sources.duck import engine
from tools.sources.duck_errors import as_source_error
from tools.sources.duck_seal import unsealed
from tools.sources.readers import Option, read_files
from tools.sources.rest_moments import types_of, with_moments
from tools.sources.rest_records import Record, flat
from tools.sources.table import SourceError

_PREFIX = "assay-rest-"
_LONGEST_RECORD = 16 << 20
_NO_MAP: dict[str, Option] = {"map_inference_threshold": -1}
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class Store:
    """A folder that only this user may read. Records go to one file, pages that are files stay as they are."""

    def __init__(self, what: str, *, nested: bool) -> None:
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self.count = 0
        self.path = self.folder / "table.parquet"
        self._what, self._nested = what, nested
        self._records = self.folder / "records.json"
        self._digest = sha256()
        self._files: list[Path] = []
        self._names: set[str] = set()
        """Of columns so far."""

    @property
    def version(self) -> str:
        """A digest of all that was kept."""
        return self._digest.hexdigest()[:32]

    def add(self, records: Iterable[Any]) -> str:
        """Keeps records, each of which is an object; a digest of these. Raises SourceError."""
        own = sha256()
        with self._records.open("ab") as file:
            for record in records:
                line = self._line(record)
                own.update(line)
                file.write(line)
                self.count += 1
        self._digest.update(own.digest())
        return own.hexdigest()

    def keep(self, file: Path, ending: str) -> str:
        """Keeps a page that is itself a file with records; a digest of it."""
        kept = self.folder / f"page-{len(self._files) + 1:06}{ending}"
        file.rename(kept)
        self._files.append(kept)
        with kept.open("rb") as content:
            own = sha256()
            while data := content.read(1 << 20):
                own.update(data)
        self._digest.update(own.digest())
        return own.hexdigest()

    def settle(self) -> None:
        """Settles names and types over all records, and writes them to ``path``. Raises SourceError."""
        if not self._files and not self._names:
            raise SourceError(
                f"{self._what}: there are no records, so that nobody knows the columns.",
                hint="Check the query and records=.",
            )
        database = unsealed()
        try:
            database.sql(self._body(database).sql(dialect="duckdb")).write_parquet(str(self.path), compression="zstd")
        except duckdb.Error as error:
            raise as_source_error(error, self._what) from error
        finally:
            database.close()
        for file in (self._records, *self._files):
            file.unlink(missing_ok=True)

    def discard(self) -> None:
        """Deletes everything; twice is no error."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _line(self, record: Any) -> bytes:
        if not isinstance(record, dict):
            raise SourceError(f"{self._what}: the records are no objects.", hint="Name their list: #records=PATH.")
        try:
            row = record if self._nested else flat(record)
            self._check_names(row)
            kept = _ENCODE(row)
        except RecursionError:
            raise SourceError(f"{self._what}: the JSON is nested too deep.", hint="Ask who runs the API.") from None
        line = kept.encode("utf-8", "replace") + b"\n"  # half of a surrogate pair is no character
        if len(line) > _LONGEST_RECORD:
            raise SourceError(f"{self._what}: a record is larger than 16 MB.", hint="Ask for fewer fields.")
        return line

    def _check_names(self, row: Record) -> None:
        if self._names.issuperset(row):
            return
        known = {name.lower(): name for name in self._names}
        if "" in row:
            raise SourceError(f"{self._what}: a field has no name.", hint="Ask for the other fields alone.")
        for name in row:
            if (first := known.setdefault(name.lower(), name)) != name:
                said = f"{self._what}: {first!r} and {name!r} differ in case only."
                raise SourceError(said, hint="Ask for one of these fields.")
        self._names.update(row)

    def _typed(self, database: duckdb.DuckDBPyConnection) -> exp.Query:
        """The records with the types that all of them fit; found once, for that takes a read of its own."""
        paths = [str(self._records)]
        shape: dict[str, Option] = {"format": "newline_delimited", "maximum_object_size": 2 * _LONGEST_RECORD}
        loose = read_files("read_json", paths, {**shape, "sample_size": -1})
        types = types_of(database, loose)
        if types.keys() == {"json"} != self._names:  # fields that few records have are taken for keys of a map
            types = types_of(database, read_files("read_json", paths, {**shape, **_NO_MAP, "sample_size": -1}))
        return with_moments(database, read_files("read_json", paths, {**shape, "columns": types}), types)

    def _body(self, database: duckdb.DuckDBPyConnection) -> exp.Query:
        paths = [str(file) for file in self._files]
        if not paths:
            return self._typed(database)
        if paths[0].endswith(".parquet"):
            return read_files("read_parquet", paths, {"union_by_name": True, "hive_partitioning": False})
        try:
            return csv_files.body(paths, sample_size=-1, partitioned=False)
        except SourceError as error:
            said = re.sub(re.escape(str(self.folder)) + r"/page-0*(\d+)\.csv", r"page \1", error.message)
            raise SourceError(f"{self._what}: {said}", hint=error.hint) from None


def _sweep() -> None:
    """Deletes what processes left behind that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(OSError):
            if owner.isdigit() and not psutil.pid_exists(int(owner)) and folder.stat().st_uid == os.getuid():
                shutil.rmtree(folder, ignore_errors=True)


def fields_of(name: str) -> exp.Query:
    """All of a relation of the shared engine."""
    return exp.select("*").from_(exp.Table(this=exp.to_identifier(name, quoted=True)))


def show(name: str, path: Path) -> None:
    """Makes the Parquet file a relation of the shared engine."""
    body = read_files("read_parquet", [str(path)], {"hive_partitioning": False})
    engine().create_view(name, body, [str(path)])
