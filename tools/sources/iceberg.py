"""Iceberg tables: PyIceberg says which files a state of the table has, DuckDB reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa
from pyiceberg import table as pyiceberg
from pyiceberg.schema import Schema
from pyiceberg.table.snapshots import Snapshot
from sqlglot import exp

from tools.sources.duck import DuckTable, engine
from tools.sources.duck_errors import as_source_error
from tools.sources.iceberg_catalogs import load, speaking
from tools.sources.iceberg_files import Contents, contents
from tools.sources.iceberg_layout import Layout, local_path
from tools.sources.iceberg_pruning import filter_of
from tools.sources.iceberg_reading import Reading, columns_of
from tools.sources.iceberg_statistics import known_of
from tools.sources.iceberg_types import renamed_inside
from tools.sources.iceberg_uris import IcebergUri, parsed
from tools.sources.names import check_names
from tools.sources.table import DatasetName, Known, QueryError, SourceError


def name_of(uri: str) -> DatasetName:
    """The name of the table that a URI names: where it lies, which only its catalog knows. Raises SourceError."""
    return _dataset(load(parsed(uri)))


def open_uri(uri: str) -> IcebergTable:
    """The state of the table that a URI names. Raises SourceError: no catalog, no such table or state."""
    place = parsed(uri)
    table = load(place)
    return IcebergTable(place, table, state_of(place, table))


def state_of(place: IcebergUri, table: pyiceberg.Table) -> Snapshot | None:
    """The snapshot that is meant; None for a table that never held anything. Raises SourceError."""
    if not place.state:
        return table.current_snapshot()
    if place.state == "at":
        found = table.snapshot_as_of_timestamp(place.moment)
        hint = f"It begins at {_first(table)}." if table.history() else "The table was never written to."
    elif place.state == "snapshot":
        found = table.snapshot_by_id(int(place.value)) if place.value.isdigit() else None
        hint = f"List them: assay snapshots '{place.text.partition('?')[0]}'."
    else:
        refs = {name: ref for name, ref in table.refs().items() if ref.snapshot_ref_type == place.state}
        found = table.snapshot_by_id(refs[place.value].snapshot_id) if place.value in refs else None
        hint = f"There are {', '.join(sorted(refs))}." if refs else f"The table has no {place.state}."
    if found is None:
        raise SourceError(f"{place.text}: there is no such {_WORDS[place.state]}.", hint=hint)
    return found


_WORDS = {"at": "state", "snapshot": "snapshot", "tag": "tag", "branch": "branch"}


def _first(table: pyiceberg.Table) -> str:
    return datetime.fromtimestamp(table.history()[0].timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")


def _dataset(table: pyiceberg.Table) -> DatasetName:
    """By the physical place, as OpenLineage names Iceberg tables."""
    path = local_path(table.location()).rstrip("/")
    parts = urlsplit(path)
    if not parts.scheme:
        return DatasetName("file", path)
    return DatasetName(f"{parts.scheme}://{parts.netloc}", path.partition("://")[2].partition("/")[2])


_UNREADABLE = (duckdb.PermissionException, duckdb.IOException)


class IcebergTable(DuckTable):
    """One state of a table. What others commit meanwhile changes nothing here."""

    def __init__(self, place: IcebergUri, table: pyiceberg.Table, state: Snapshot | None) -> None:
        schema = _schema(place, table, state)
        number = state.snapshot_id if state else "empty"
        super().__init__(
            engine().new_name(),
            uri=place.text,
            dataset=_dataset(table),
            version=f"{number}-{schema.schema_id}" if state else f"{table.metadata.table_uuid}-{schema.schema_id}",
        )
        self.snapshot_id = state.snapshot_id if state else None
        self._table, self._state, self._schema = table, state, schema
        _check_columns(schema, table, self.uri)
        self._layout = Layout(table)
        self._reading = Reading(list(table.schemas().values()), columns_of(schema, self.uri), self._layout, self.uri)
        try:
            with speaking(self.uri):
                self._contents = contents(table, state)
                self._show(self._name, self._contents)
                self.fields = engine().describe(exp.select("*").from_(self.relation()))
        except duckdb.Error as error:
            self.close()
            raise as_source_error(error, self.uri) from error
        except BaseException:
            self.close()
            raise
        self.row_count = self._contents.rows

    def query(self, select: exp.Query, *, timeout_seconds: float | None = None) -> pa.Table:
        """The engine's answer; files that cannot hold what the query filters for are not opened. Raises SourceError."""
        with self._pruned(select) as fewer, self._complete():
            return super().query(fewer, timeout_seconds=timeout_seconds)

    def stream(self, select: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        """The same in batches. Raises SourceError."""
        with self._pruned(select) as fewer, self._complete():
            yield from super().stream(fewer, timeout_seconds=timeout_seconds)

    @contextmanager
    def _pruned(self, select: exp.Query) -> Iterator[exp.Query]:
        """The query over the files that may hold rows of its answer."""
        if not isinstance(select, exp.Query):
            raise TypeError(f"the engine takes sqlglot queries, not {type(select).__name__}")
        every = self._contents.files
        only = None
        if not self._closed and len(every) > 1:
            only = filter_of(select, self._name, self._schema, self._table.schema())
        with speaking(self.uri):
            fewer = contents(self._table, self._state, only) if only is not None else self._contents
        if len(fewer.files) == len(every):
            yield select
            return
        name = engine().new_name()
        self._show(name, fewer)
        try:
            yield _renamed(select, self._name, name)
        finally:
            engine().drop(name)

    @contextmanager
    def _complete(self) -> Iterator[None]:
        """What DuckDB says of a file that is not there any more speaks of permissions and patterns."""
        try:
            yield
        except QueryError as error:
            if isinstance(error.__cause__, _UNREADABLE):
                paths = [*(file.file_path for file in self._contents.files), *self._contents.deletes]
                gone = next((path for path in paths if not self._table.io.new_input(path).exists()), None)
                if gone is not None:
                    raise SourceError(
                        f"{self.uri}: the file {local_path(gone)} of this state is gone.",
                        hint="The snapshot was expired or the table dropped: open its present state.",
                    ) from error
            raise

    def _show(self, name: str, found: Contents) -> None:
        body = self._reading.body(found)
        paths = self._layout.local([*(file.file_path for file in found.files), *found.deletes])
        engine().create_view(name, body, paths, self._layout.pins(found.sizes))

    def files(self) -> list[str]:
        """The data files."""
        return sorted(local_path(file.file_path) for file in self._contents.files)

    def known(self, names: Iterable[str]) -> dict[str, Known]:
        """What the manifests say exactly; nothing where rows were deleted."""
        if self._closed or self._contents.rows is None:
            return {}
        wanted = set(names)
        fields = [field for field in self._schema.fields if field.name in wanted]
        found = {field.name: known_of(self._contents.files, field) for field in fields}
        return {name: known for name, known in found.items() if known is not None}

    def close(self) -> None:
        """Forgets the relation, and removes what was written for it; closing twice is no error."""
        super().close()
        self._layout.close()


def _renamed(select: exp.Query, name: str, other: str) -> exp.Query:
    """The query over another relation; columns that name the first one still mean it."""
    copy = select.copy()
    for table in copy.find_all(exp.Table):
        if table.name == name and not table.db:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
            table.set("this", exp.to_identifier(other, quoted=True))
    return copy


def _schema(place: IcebergUri, table: pyiceberg.Table, state: Snapshot | None) -> Schema:
    """A past state has the columns of its time, a branch those of now: https://iceberg.apache.org/docs/latest/branching."""
    past = place.state not in ("", "branch") and state is not None and state.schema_id is not None
    return table.schemas()[state.schema_id] if past and state and state.schema_id is not None else table.schema()


def _check_columns(schema: Schema, table: pyiceberg.Table, what: str) -> None:
    check_names([field.name for field in schema.fields], what)
    schemas = list(table.schemas().values())
    odd = next((field.name for field in schema.fields if renamed_inside(field, schemas)), None)
    if odd is not None:
        raise SourceError(
            f"{what}: fields within the column {odd!r} were renamed, or have names that files spell otherwise.",
            hint="That cannot be read here: rewrite the data files, or move the fields to columns of their own.",
        )
