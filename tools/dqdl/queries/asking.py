"""The one place where a query goes to a table: made one engine's, under a time limit, wherever its tables are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tools.dqdl.lowering import lower
from tools.dqdl.plans import sql
from tools.dqdl.plans.nested import opened
from tools.dqdl.plans.plan import RuleError
from tools.errors import AssayError
from tools.sources.table import QueryError, SourceError, Table

SCAN_SECONDS = 300.0
"""The longest that a query over the whole table may take; ``ASSAY_QUERY_SECONDS`` takes its place."""
OWN_SQL_SECONDS = 60.0
"""The longest that the SQL of a CustomSql may take; ``ASSAY_QUERY_SECONDS`` takes its place."""
MAX_MOVED_BYTES = 512 << 20
"""The most that one table may bring over into another engine: a rule is no transport of data."""
_ENGINE = "assay_engine"


class Refused(Exception):
    """An engine did not take a query, which is the query's own fault; says why in a sentence for a person."""

    def __init__(self, reason: str, *, took_too_long: bool = False) -> None:
        super().__init__(reason)
        self.took_too_long = took_too_long

    def as_source_error(self) -> SourceError:
        """For a query that has no fault of its own."""
        cause = self.__cause__
        return cause if isinstance(cause, SourceError) else SourceError(f"The engine counts no rows: {self}")


def ask(query: exp.Query, tables: Mapping[str, Table], *, own_sql: bool = False) -> pa.Table:
    """The answer to a query over open tables of one engine; the tree is used up.

    Raises Refused for what lies in the query, and SourceError for what lies in the source.
    """
    used = list(tables_in(query, tables).values()) or [tables["primary"]]
    engines = sorted({table.engine for table in used})
    if len(engines) > 1:
        raise Refused(f"tables of {' and '.join(engines)} cannot be read by one query.")
    fields = [one for table in used for one in table.fields]
    limit = time_limit(own_sql=own_sql)
    with _refusals(limit):
        lowered = opened(lower(query, used[0].dialect, fields), fields, used[0].dialect)
        return used[0].query(lowered, timeout_seconds=limit)


@contextmanager
def _refusals(limit: float) -> Iterator[None]:
    try:
        yield
    except QueryError as error:
        late = error.cause == "time"
        raise Refused(
            f"it took longer than {limit:g} s; ASSAY_QUERY_SECONDS sets the limit." if late else error.sentence,
            took_too_long=late,
        ) from error
    except RuleError as error:
        raise Refused(str(error)) from error
    except SqlglotError as error:
        raise Refused(str(error).splitlines()[0]) from error
    except RecursionError:
        raise Refused("it is nested too deeply.") from None


def tables_in(query: exp.Expr, tables: Mapping[str, Table]) -> dict[str, Table]:
    """The open tables that a query reads, by alias."""
    return among(list(query.find_all(exp.Table)), tables)


def among(nodes: Sequence[exp.Table], tables: Mapping[str, Table]) -> dict[str, Table]:
    """The open tables that some nodes mean, by alias."""
    return {alias: table for alias, table in tables.items() if any(stands_for(node, table) for node in nodes)}


def stands_for(node: exp.Table, table: Table) -> bool:
    """Whether a node means this table: two servers may have tables of the same name."""
    relation = table.relation()
    same = (node.catalog, node.db, node.name) == (relation.catalog, relation.db, relation.name)
    return same and node.meta_get(_ENGINE, table.engine) == table.engine


@dataclass
class Desk:
    """Asks, counts what it asks, and brings tables over where one query is about several engines."""

    tables: Mapping[str, Table]
    queries: int = 0
    _moved: dict[tuple[str, tuple[str, ...]], Table] = field(default_factory=dict)

    def ask(self, query: exp.Query, *, own_sql: bool = False) -> pa.Table:
        """See :func:`ask`; the tables may be of several engines."""
        used = tables_in(query, self.tables)
        tables = dict(self.tables)
        if len({table.engine for table in used.values()}) > 1:
            tables |= self._brought_over(query, used)
        self.queries += 1
        return ask(query, tables, own_sql=own_sql)

    def stream(self, query: exp.Query, *, timeout_seconds: float | None = None) -> Iterator[pa.RecordBatch]:
        """The answer to a query over the primary table in parts. Raises Refused and SourceError."""
        used, primary = tables_in(query, self.tables), self.tables["primary"]
        if len({table.engine for table in used.values()}) > 1:
            primary = {**self.tables, **self._brought_over(query, used)}["primary"]
        fields = [one for table in used.values() for one in table.fields]
        self.queries += 1
        with _refusals(timeout_seconds or 0):
            lowered = opened(lower(query, primary.dialect, fields), fields, primary.dialect)
            yield from primary.stream(lowered, timeout_seconds=timeout_seconds)

    def close(self) -> None:
        """Lets go of what was brought over."""
        for table in self._moved.values():
            table.close()
        self._moved.clear()

    def _brought_over(self, query: exp.Query, used: Mapping[str, Table]) -> dict[str, Table]:
        """Puts copies in the place of the tables that DuckDB does not hold, with the columns that the query names."""
        copies = {}
        for alias, table in used.items():
            if table.engine == "duckdb":
                continue
            columns = named_columns(query, table)
            copy = self._moved.get((alias, columns))
            if copy is None:
                self.queries += 1
                copy = self._moved[alias, columns] = moved(table, columns)
            copies[alias] = copy
            for node in [node for node in query.find_all(exp.Table) if stands_for(node, table)]:
                rename(node, copy.relation())
                node.meta[_ENGINE] = copy.engine
        return copies


def named_columns(query: exp.Query, table: Table) -> tuple[str, ...]:
    """The columns of a table that a query may mean: those that it names anywhere, or all where it has a star."""
    if any(not isinstance(star.parent, exp.Count) for star in query.find_all(exp.Star)):
        return tuple(one.name for one in table.fields)
    names = {column.name.lower() for column in query.find_all(exp.Column)}
    return tuple(one.name for one in table.fields if one.name.lower() in names) or (table.fields[0].name,)


def moved(table: Table, columns: Iterable[str]) -> Table:
    """A copy in memory of some columns, for DuckDB. Raises Refused when it is too large, and SourceError."""
    from tools import sources

    select = exp.select(*map(sql.column, columns)).from_(table.relation())
    parts: list[pa.RecordBatch] = []
    size, limit = 0, time_limit()
    with _refusals(limit):
        for batch in table.stream(lower(select, table.dialect, table.fields), timeout_seconds=limit):
            size += batch.nbytes
            if size > MAX_MOVED_BYTES:
                raise Refused(f"{table.dataset.short} is too large to be compared with a table of another engine.")
            parts.append(batch)
    if not parts:
        raise SourceError(f"{table.uri} gave no answer.", hint="Run it again.")
    return sources.open(pa.Table.from_batches(parts))


def rename(node: exp.Table, name: exp.Table) -> None:
    """Gives a node the name of another, and leaves its alias and joins."""
    for part in ("this", "db", "catalog"):
        node.set(part, name.args.get(part))


def aliased(table: Table, alias: str) -> exp.Table:
    """A table's relation under an alias."""
    relation = table.relation()
    relation.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    relation.meta[_ENGINE] = table.engine
    return relation


def time_limit(*, own_sql: bool = False) -> float:
    """Seconds. Raises AssayError for an ``ASSAY_QUERY_SECONDS`` that is no positive number."""
    said = os.environ.get("ASSAY_QUERY_SECONDS", "").strip()
    if not said:
        return OWN_SQL_SECONDS if own_sql else SCAN_SECONDS
    try:
        seconds = float(said)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise AssayError(f"ASSAY_QUERY_SECONDS is {said!r}.", hint="Give a number of seconds above 0, such as 120.")
    return seconds
