"""The query by which DuckDB reads the files of an Iceberg table: columns by their numbers, without deleted rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyiceberg.schema import Schema
from pyiceberg.types import NestedField
from sqlglot import exp

from tools.sources.iceberg_files import PATH_FIELD, POSITION_FIELD, Contents, Deletes, Part
from tools.sources.iceberg_layout import Layout, Named
from tools.sources.iceberg_types import type_of
from tools.sources.readers import file_list

_FILE, _ROW = "filename", "file_row_number"


@dataclass(frozen=True)
class Column:
    """A column of the table."""

    number: int
    name: str
    type: str
    default: str | None = None
    """What stands for it in old files that do not have it."""

    def of(self, table: str) -> exp.Column:
        """The column as read from files: by its number, so that no name of the reader's own is in the way."""
        return exp.column(f"c{self.number}", table=table)


def columns_of(schema: Schema, what: str) -> tuple[Column, ...]:
    """The columns of a schema. Raises SourceError for a type that cannot be read."""
    return tuple(_column(field, what) for field in schema.fields)


def _column(field: NestedField, what: str) -> Column:
    default = None if field.initial_default is None else str(field.initial_default)
    return Column(field.field_id, field.name, type_of(field.field_type, f"{what}: the column {field.name!r}"), default)


class Reading:
    """Makes the queries over one table."""

    def __init__(self, schemas: Sequence[Schema], columns: Sequence[Column], layout: Layout, what: str) -> None:
        self._columns = columns
        self._layout = layout
        self._known = {field.field_id: field for schema in schemas for field in schema.fields}
        self._what = what

    def body(self, found: Contents) -> exp.Query:
        """The rows of these files; a query without rows where there are none."""
        branches = [branch for part in found.parts for branch in self._branches(part)]
        if not branches:
            return exp.select(*(_nothing(column) for column in self._columns)).where(exp.false())
        whole: exp.Query = branches[0]
        for branch in branches[1:]:
            whole = exp.union(whole, branch, distinct=False, copy=False)
        return whole

    def _branches(self, part: Part) -> Iterable[exp.Select]:
        hidden = self._hidden(part.equality)
        for named in self._layout.divided(part.files):
            query = exp.select(*(exp.alias_(column.of("d"), column.name, quoted=True) for column in self._columns))
            query = query.from_(exp.alias_(self._source(named, hidden), "d", table=True))
            if part.positions:
                query = query.where(_without_positions(self._layout.local(part.positions)))
            for deletes in part.equality:
                query = query.where(self._without_equal(deletes, hidden))
            yield query

    def _hidden(self, equality: Sequence[Deletes]) -> dict[int, Column]:
        """The columns that deletes compare: the table may have dropped or renamed them since."""
        numbers = dict.fromkeys(number for deletes in equality for number in deletes.fields)
        return {number: _column(self._known[number], self._what) for number in numbers}

    def _source(self, named: Named, hidden: dict[int, Column]) -> exp.Expr:
        columns = tuple({column.number: column for column in (*hidden.values(), *self._columns)}.values())
        if named.names is None:
            return read_by_number(self._layout.local(file.file_path for file in named.files), columns)
        selected: list[exp.Expr] = [exp.column(_FILE), exp.column(_ROW)]
        for column in columns:
            value = named.value(column.number)
            selected.append(exp.alias_(exp.cast(value, column.type, dialect="duckdb"), f"c{column.number}"))
        files = _read(self._layout.local(file.file_path for file in named.files), [("union_by_name", exp.true())])
        return exp.select(*selected).from_(files).subquery()

    def _without_equal(self, deletes: Deletes, hidden: dict[int, Column]) -> exp.Expr:
        """A row is gone where a deleted one agrees with it; NULL agrees with NULL."""
        columns = [hidden[number] for number in deletes.fields]
        agreed = [exp.NullSafeEQ(this=column.of("d"), expression=column.of("e")) for column in columns]
        gone = exp.alias_(read_by_number(self._layout.local(deletes.paths), columns), "e", table=True)
        return exp.Exists(this=exp.select("1").from_(gone).where(*agreed)).not_()


def _without_positions(paths: Sequence[str]) -> exp.Expr:
    path, row = Column(PATH_FIELD, "file_path", "VARCHAR"), Column(POSITION_FIELD, "pos", "BIGINT")
    gone = exp.alias_(read_by_number(paths, [path, row]), "p", table=True)
    agreed = [
        exp.EQ(this=_plain(path.of("p")), expression=_plain(exp.column(_FILE, table="d"))),
        exp.EQ(this=row.of("p"), expression=exp.column(_ROW, table="d")),
    ]
    return exp.Exists(this=exp.select("1").from_(gone).where(*agreed)).not_()


def _plain(path: exp.Expr) -> exp.Expr:
    """A path without the scheme, of which there are several spellings."""
    pattern, nothing = exp.Literal.string("^(file:(//)?|s3[an]?://)"), exp.Literal.string("")
    return exp.Anonymous(this="regexp_replace", expressions=[path, pattern, nothing])


def _nothing(column: Column) -> exp.Expr:
    return exp.alias_(exp.cast(exp.null(), column.type, dialect="duckdb"), column.name, quoted=True)


def read_by_number(paths: Sequence[str], columns: Sequence[Column]) -> exp.Table:
    """Parquet files, their columns found by number, whatever their names and order are in each file."""
    numbers = exp.Array(expressions=[exp.Literal.number(column.number) for column in columns])
    described = exp.Array(expressions=[_described(column) for column in columns])
    return _read(paths, [("schema", exp.Anonymous(this="map", expressions=[numbers, described]))])


def _described(column: Column) -> exp.Struct:
    default = exp.null() if column.default is None else exp.Literal.string(column.default)
    values = {"name": exp.Literal.string(f"c{column.number}"), "type": exp.Literal.string(column.type)}
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(key), expression=value)
            for key, value in {**values, "default_value": default}.items()
        ]
    )


def _read(paths: Sequence[str], options: Sequence[tuple[str, exp.Expr]]) -> exp.Table:
    named = [exp.EQ(this=exp.to_identifier(name), expression=value) for name, value in options]
    return exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[file_list(paths), *named]))
