"""External tables of Athena: what a statement declares, over Parquet files that lie in a folder of the tests' own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

_SAME = {"string": "VARCHAR", "int": "INTEGER", "bigint": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN"}
_TYPES = {**_SAME, "timestamp": "TIMESTAMP", "date": "DATE", "text": "VARCHAR"}


def create(duck: duckdb.DuckDBPyConnection, catalog: str, sql: str, mounts: Mapping[str, Path]) -> None:
    """Runs a CREATE. Raises LookupError where the files are not as it says, as Athena does when it reads them."""
    tree = sqlglot.parse_one(sql, read="athena")
    assert isinstance(tree, exp.Create), tree
    if tree.kind in ("DATABASE", "SCHEMA"):
        duck.execute(f'create schema if not exists {catalog}."{tree.this.name or tree.this.db}"')
        return
    table = tree.find(exp.Table)
    location = tree.find(exp.LocationProperty)
    assert table, sql
    assert location, sql
    assert tree.find(exp.ExternalProperty), sql
    parts = tree.find(exp.PartitionedByProperty)
    keys = [_column(one) for one in parts.this.expressions] if parts else []
    declared = dict([_column(one) for one in tree.this.expressions] + keys)
    folder = _folder(location.this.name, mounts)
    files = str(folder / ("*/*" if keys else "*"))
    types = "{" + ", ".join(f"'{name}': {kind}" for name, kind in keys) + "}"
    hive = f", hive_partitioning = true, hive_types = {types}" if keys else ""
    view = f'{catalog}."{table.db}"."{table.name}"'
    duck.execute(f"create or replace view {view} as from read_parquet('{files}.parquet'{hive})")
    found = {name: kind for name, kind, *_ in duck.execute(f"describe {view}").fetchall()}
    if found != declared:
        raise LookupError(f"HIVE_BAD_DATA: {table.name} is declared as {declared}, and has {found}")


def _column(one: exp.Expr) -> tuple[str, str]:
    return one.name, _TYPES[one.args["kind"].sql(dialect="hive").lower()]


def _folder(location: str, mounts: Mapping[str, Path]) -> Path:
    for place, folder in mounts.items():
        if location.startswith(f"{place}/"):
            return folder / location.removeprefix(f"{place}/")
    raise LookupError(f"HIVE_METASTORE_ERROR: nothing is at {location}")
