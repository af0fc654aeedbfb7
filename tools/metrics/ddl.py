"""The SQL and JSON that make the tables known: to Athena, to Glue's catalog, to DuckDB."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from tools.metrics.schema import DAY, TABLES, Column, Table

DATABASE = "assay_quality"
SOMEWHERE = "s3://YOUR-BUCKET/YOUR-PREFIX"
"""Where the tables would be for Athena, if they are in a local folder."""
_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_FORMAT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"


def athena(uri: str, first: date) -> str:
    """Statements for Athena: run them one by one, once. Partitions are projected, so a new day needs no statement."""
    place = _place(uri)
    made = [f"CREATE DATABASE IF NOT EXISTS `{DATABASE}`", *(create(table, place, first) for table in TABLES)]
    note = "-- The files are in a local folder: put them on S3, and its address in place of " + SOMEWHERE + ".\n"
    return (note if place == SOMEWHERE else "") + "".join(f"{statement};\n\n" for statement in made)


def create(table: Table, place: str, first: date) -> str:
    """The statement for one table."""
    columns = ",\n".join(f"  `{one.name}` {one.type} COMMENT {_text(one.meaning)}" for one in table.columns)
    parts = [
        f"CREATE EXTERNAL TABLE IF NOT EXISTS `{DATABASE}`.`{table.name}` (\n{columns}\n)",
        f"COMMENT {_text(table.meaning)}",
        *([f"PARTITIONED BY (`{DAY.name}` {DAY.type})"] if table.by_day else []),
        "STORED AS PARQUET",
        f"LOCATION {_text(location(table, place))}",
        f"TBLPROPERTIES ({', '.join(f'{_text(k)} = {_text(v)}' for k, v in _properties(table, place, first).items())})",
    ]
    return "\n".join(parts)


def glue(uri: str, first: date) -> str:
    """A JSON list of what Glue's ``create_table`` takes as ``TableInput``."""
    place = _place(uri)
    return json.dumps([_table_input(table, place, first) for table in TABLES], indent=2) + "\n"


def duckdb(uri: str) -> str:
    """Views for DuckDB."""
    made = []
    for table in TABLES:
        files = f"{uri}/{table.name}/{'*/' if table.by_day else ''}data.parquet"
        hive = ", hive_partitioning = true, hive_types = {'day': DATE}" if table.by_day else ""
        made.append(f'CREATE OR REPLACE VIEW "{table.name}" AS\nFROM read_parquet({_text(files)}{hive});\n')
    return "\n".join(made)


def location(table: Table, place: str) -> str:
    """The folder of a table."""
    return f"{place}/{table.name}/"


def _table_input(table: Table, place: str, first: date) -> dict[str, Any]:
    return {
        "Name": table.name,
        "Description": table.meaning,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", **_properties(table, place, first)},
        "PartitionKeys": [_column(DAY)] if table.by_day else [],
        "StorageDescriptor": {
            "Columns": [_column(one) for one in table.columns],
            "Location": location(table, place),
            "InputFormat": _FORMAT,
            "OutputFormat": _OUTPUT,
            "SerdeInfo": {"SerializationLibrary": _SERDE, "Parameters": {"serialization.format": "1"}},
        },
    }


def _column(column: Column) -> dict[str, str]:
    return {"Name": column.name, "Type": column.type, "Comment": column.meaning}


def _properties(table: Table, place: str, first: date) -> dict[str, str]:
    if not table.by_day:
        return {"parquet.compression": "ZSTD"}
    return {
        "parquet.compression": "ZSTD",
        "projection.enabled": "true",
        f"projection.{DAY.name}.type": "date",
        f"projection.{DAY.name}.format": "yyyy-MM-dd",
        f"projection.{DAY.name}.range": f"{first.isoformat()},NOW",
        "storage.location.template": location(table, place) + f"{DAY.name}=${{{DAY.name}}}/",
    }


def _place(uri: str) -> str:
    return uri.rstrip("/") if uri.startswith("s3://") else SOMEWHERE


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
