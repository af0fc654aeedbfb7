"""What each engine of Aurora is told in a transaction of the RDS Data API, and how its answers are parted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sqlglot import exp

from tools.sources.reading import text_of
from tools.sources.table import SourceError

Turn = Callable[[int, int], dict[str, Any]]
"""Gives so many rows after so many others."""


class Asked(Protocol):
    """A transaction."""

    process: str

    def ask(self, text: str, **parameters: str) -> dict[str, Any]:
        """Runs one statement."""
        ...


class Session(Protocol):
    """How an engine is spoken to."""

    tables: str
    """A query for schemas and names of tables."""
    fields: str
    """A query for the columns of one, by ``:schema`` and ``:name``."""

    def begin(self, asked: Asked, seconds: float | None) -> None:
        """Settles what texts, times and names mean, and the time limit."""
        ...

    def end(self, asked: Asked) -> None:
        """Puts back what does not end with the transaction."""
        ...

    def stop(self, process: str) -> str:
        """The statement that stops what runs in a session."""
        ...

    def pages(self, asked: Asked, select: exp.Query) -> Turn:
        """Begins an answer that is given in parts."""
        ...


class Postgres:
    """Everything is set for the transaction alone, which may not write."""

    tables = """select n.nspname::text, c.relname::text from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
        and n.nspname !~ '^pg_' order by 1, 2 limit 500"""
    fields = """select a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod)::text,
        a.atttypid::bigint, t.typcategory::text
        from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace join pg_catalog.pg_type t on t.oid = a.atttypid
        where n.nspname = :schema and c.relname = :name and a.attnum > 0 and not a.attisdropped order by a.attnum"""
    _SETTINGS = """select set_config('transaction_read_only', 'on', true), set_config('search_path', '', true),
        set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true),
        set_config('IntervalStyle', 'iso_8601', true), set_config('bytea_output', 'hex', true),
        set_config('extra_float_digits', '1', true), set_config('standard_conforming_strings', 'on', true),
        set_config('statement_timeout', :limit, true), pg_backend_pid()"""

    def begin(self, asked: Asked, seconds: float | None) -> None:
        """Nothing resolves without its schema but built-in functions."""
        limit = "0" if seconds is None else str(max(1, int(seconds * 1000)))
        asked.process = str(asked.ask(self._SETTINGS, limit=limit)["records"][0][-1]["longValue"])

    def end(self, asked: Asked) -> None:
        """All of it ends with the transaction."""

    def stop(self, process: str) -> str:
        """Cancels the statement, not the session."""
        return f"select pg_cancel_backend({int(process)})"

    def pages(self, asked: Asked, select: exp.Query) -> Turn:
        """A cursor on the server, with numbered rows: a fetch that is sent again, its answer lost, skips some."""
        number = exp.Window(this=exp.RowNumber())
        whole = exp.select(exp.column(exp.Star(), table="t"), number).from_(select.copy().subquery("t"))
        asked.ask(f"declare assay no scroll cursor for {text_of(whole, 'postgres')}")

        def turn(done: int, rows: int) -> dict[str, Any]:
            answer = asked.ask(f"fetch forward {rows} from assay")
            numbers = [row[-1]["longValue"] for row in answer["records"]]
            if numbers and numbers[0] != done + 1:
                raise SourceError("An answer of the RDS Data API was lost on the way.", hint="Run it again.")
            answer["columnMetadata"] = answer["columnMetadata"][:-1]
            answer["records"] = [row[:-1] for row in answer["records"]]
            return answer

        return turn


class MySQL:
    """Sessions are AWS's, and shared: what is set is put back."""

    tables = """select table_schema, table_name from information_schema.tables
        where table_schema not in ('mysql', 'information_schema', 'performance_schema', 'sys')
        order by 1, 2 limit 500"""
    fields = """select column_name, column_type, data_type, extra from information_schema.columns
        where table_schema = :schema and table_name = :name order by ordinal_position"""
    # As for a connection of one's own: see mysql.py.
    _SETTINGS: tuple[tuple[str, str], ...] = (
        ("time_zone", "+00:00"),
        ("div_precision_increment", "20"),
        ("group_concat_max_len", "1048576"),
        (
            "sql_mode",
            "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,ONLY_FULL_GROUP_BY,PIPES_AS_CONCAT,NO_UNSIGNED_SUBTRACTION",
        ),
        ("collation_connection", ""),
        ("max_execution_time", "0"),
        ("max_sort_length", ""),
    )
    _SORTED_BYTES = "65536"
    """How much of a text has a say in the order of pages. Much more does not fit into what servers sort in."""
    _EXACT = """select coalesce(max(collation_name), 'utf8mb4_bin') from information_schema.collations
        where collation_name in ('utf8mb4_0900_bin', 'utf8mb4_nopad_bin')"""

    def __init__(self) -> None:
        self._before: list[str] = []

    def begin(self, asked: Asked, seconds: float | None) -> None:
        """Text compares byte by byte, ``||`` joins, ``/`` keeps 20 digits."""
        names = ", ".join(f"cast(@@session.{name} as char)" for name, _ in self._SETTINGS)
        exact = f"({self._EXACT})"
        told = asked.ask(f"select {names}, {exact}, connection_id()")["records"][0]
        *values, collation = [str(field.get("stringValue", "")) for field in told[:-1]]
        asked.process = str(told[-1]["longValue"])
        limit = "0" if seconds is None else str(max(1, int(seconds * 1000)))
        own = dict(self._SETTINGS) | {"collation_connection": collation, "max_execution_time": limit}
        asked.ask(_set({name: value for name, value in own.items() if value}))
        self._before = values

    def end(self, asked: Asked) -> None:
        """The settings as they were found."""
        if self._before:
            asked.ask(_set(dict(zip((name for name, _ in self._SETTINGS), self._before, strict=True))))

    def stop(self, process: str) -> str:
        """Ends the statement, not the session."""
        return f"kill query {int(process)}"

    def pages(self, asked: Asked, select: exp.Query) -> Turn:
        """In the order of all columns, byte by byte: rows that are alike in all of them may change places."""
        asked.ask(_set({"max_sort_length": self._SORTED_BYTES}))
        empty = exp.select("*").from_(select.copy().subquery("t")).limit(0)
        names = [str(one.get("label") or one["name"]) for one in asked.ask(text_of(empty, "mysql"))["columnMetadata"]]
        order = [exp.cast(exp.column(name, table="t", quoted=True), "binary") for name in names]
        whole = exp.select("*").from_(select.copy().subquery("t")).order_by(*order)

        def turn(done: int, rows: int) -> dict[str, Any]:
            return asked.ask(text_of(whole.limit(rows).offset(done), "mysql"))

        return turn


def session_of(engine: str) -> Session:
    """The session of an engine."""
    return Postgres() if engine == "postgres" else MySQL()


def _set(values: dict[str, str]) -> str:
    pairs = (f"{name} = {value if value.isdigit() else _quoted(value)}" for name, value in values.items())
    return f"set session {', '.join(pairs)}"


def _quoted(value: str) -> str:
    return exp.Literal.string(value).sql(dialect="mysql")
