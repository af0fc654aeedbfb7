"""The queries with which the catalogs of SQL databases are read. A connector only has to answer them.

Columns: catalog, schema, table, column, type, in the order of tables and columns; views: catalog, schema, view, SQL;
queries: SQL, time, session, database. A name that a system does not have is NULL. Those of Postgres and MySQL are
tried on servers, those of Redshift and Athena on tables of the same form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

import sqlglot
from sqlglot import exp


@dataclass(frozen=True)
class Catalog:
    """The queries of one system, in its SQL."""

    dialect: str
    columns: LiteralString
    views: LiteralString
    queries: LiteralString = ""
    log: tuple[str, str] | None = None
    """Schema and table that must be there for `queries`; the schema found takes the place of the first."""
    in_pieces: bool = False
    """Whether a long query is several rows, one after the other, with its number and theirs in two more columns."""

    def query(self, text: str, schema: str = "") -> exp.Query:
        """A query as a tree; tables of the log's schema are looked for in another one."""
        tree = sqlglot.parse_one(text, dialect=self.dialect)
        assert isinstance(tree, exp.Query)
        for table in tree.find_all(exp.Table):
            if schema and self.log and table.name == self.log[1]:
                table.set("db", exp.to_identifier(schema, quoted=True))
        return tree


_POSTGRES = Catalog(
    "postgres",
    columns="""
        select null, n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
            and n.nspname not like 'pg\\_%' order by n.nspname, c.relname, a.attnum""",
    # Without a search path the server writes every name in a view with its schema.
    views="""
        select null, n.nspname, c.relname, pg_get_viewdef(c.oid)
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
            and n.nspname not like 'pg\\_%' order by n.nspname, c.relname""",
    queries="""
        select s.query, null, '', d.datname from public.pg_stat_statements s
            join pg_catalog.pg_database d on d.oid = s.dbid where d.datname = current_database()""",
    log=("public", "pg_stat_statements"),
)
_MYSQL = Catalog(
    "mysql",
    columns="""
        select null, table_schema, table_name, column_name, column_type from information_schema.columns
        where table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys')
        order by table_schema, table_name, ordinal_position""",
    views="""
        select null, table_schema, table_name, view_definition from information_schema.views
        where table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys')
        order by table_schema, table_name""",
    queries="""
        select convert(argument using utf8mb4), event_time, thread_id, '' from mysql.general_log
        where command_type in ('Query', 'Execute') order by event_time""",
    log=("mysql", "general_log"),
)
_REDSHIFT = Catalog(
    "redshift",
    columns="""
        select database_name, schema_name, table_name, column_name, data_type from pg_catalog.svv_all_columns
        where database_name = current_database() and schema_name not in ('pg_catalog', 'information_schema')
        order by schema_name, table_name, ordinal_position""",
    views="""
        select current_database(), schemaname, viewname, definition from pg_catalog.pg_views
        where schemaname not in ('pg_catalog', 'information_schema', 'pg_internal', 'pg_automv')
        order by schemaname, viewname""",
    queries="""
        select t.text, h.start_time, h.session_id, h.database_name, h.query_id, t.sequence
        from pg_catalog.sys_query_history h join pg_catalog.sys_query_text t on t.query_id = h.query_id
        where h.status = 'success' and h.query_type in ('INSERT', 'UPDATE', 'CTAS', 'DDL', 'UNLOAD', 'MERGE', 'OTHER')
        order by h.start_time, h.query_id, t.sequence""",
    in_pieces=True,
)
_ATHENA = Catalog(
    "athena",
    columns="""
        select table_catalog, table_schema, table_name, column_name, data_type from information_schema.columns
        where table_schema <> 'information_schema' order by table_schema, table_name, ordinal_position""",
    views="""
        select table_catalog, table_schema, table_name, view_definition from information_schema.views
        where table_schema <> 'information_schema' order by table_schema, table_name""",
)
CATALOGS = {one.dialect: one for one in (_POSTGRES, _MYSQL, _REDSHIFT, _ATHENA)}

LOG_SCHEMAS = "select table_schema from information_schema.tables where table_name = 'name' order by table_schema"


def schemas_of(catalog: Catalog) -> exp.Query:
    """Asks in which schemas there is a table such as the log."""
    assert catalog.log
    tree = sqlglot.parse_one(LOG_SCHEMAS, dialect=catalog.dialect)
    assert isinstance(tree, exp.Query)
    for literal in tree.find_all(exp.Literal):
        literal.set("this", catalog.log[1])
    return tree
