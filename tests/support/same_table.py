"""One small table, put into each engine as its users would, so that the same checks run against all of them."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg.conninfo import conninfo_to_dict

from tests.support.aws.rds_data import CLUSTER, SECRET
from tests.support.icebergs import local_catalog, make
from tests.support.mariadb import MariaDB
from tests.support.spark import Connect
from tests.support.web import Web, as_json
from tools import sources
from tools.sources.table import Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DATA = pa.table(
    {
        "id": pa.array([1, 2, 3, None], pa.int64()),
        "Name": pa.array(["Ada", "", "Zoë 😀 ", None], pa.string()),
        "amount": pa.array([Decimal("1.10"), Decimal("-99999999.99"), Decimal("0.00"), None], pa.decimal128(10, 2)),
        "score": pa.array([0.1, -2.5e300, 1e-7, None], pa.float64()),
        "flag": pa.array([True, False, True, None], pa.bool_()),
        "day": pa.array([dt.date(2024, 2, 29), dt.date(1970, 1, 1), dt.date(9999, 12, 31), None], pa.date32()),
        "at": pa.array(
            [*map(dt.datetime.fromisoformat, ["2024-02-29T23:59:59.123456", "1999-01-01", "2038-01-19"]), None],
            pa.timestamp("us"),
        ),
    }
)
KINDS = ["number", "text", "number", "number", "boolean", "date", "timestamp"]
ENGINES = [
    "duckdb",
    "s3",
    "iceberg",
    "postgres",
    "mysql",
    "spark",
    "connect",
    "redshift",
    "athena",
    "rds-postgres",
    "rds-mysql",
    "rest",
]
FOLDS = ("athena", "redshift")
"""Dialects of engines that know names in lower case only."""
_TYPES = {
    "postgres": ["bigint", "text", "numeric(10,2)", "double precision", "boolean", "date", "timestamp"],
    "mysql": ["bigint", "varchar(40)", "decimal(10,2)", "double", "boolean", "date", "datetime(6)"],
}


def rows(data: pa.Table = DATA) -> list[tuple[Any, ...]]:
    """The rows as tuples of Python values."""
    return list(zip(*(column.to_pylist() for column in data.columns), strict=True))


def in_postgres(server: str, database: str, name: str) -> Table:
    """The table in a database of the embedded server, opened."""
    place = conninfo_to_dict(server, dbname=database)
    columns = ", ".join(f'"{n}" {t}' for n, t in zip(DATA.column_names, _TYPES["postgres"], strict=True))
    with psycopg.connect(server, dbname=database, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"create table {name} ({columns})")
        cursor.executemany(f"insert into {name} values (%s, %s, %s, %s, %s, %s, %s)", rows())
    return sources.open(postgres_uri(place, name))


def postgres_uri(place: dict[str, Any], table: str) -> str:
    """The URI of a table on a server that listens on a socket."""
    return f"postgresql://{place['user']}@:{place['port']}/{place['dbname']}/{table}?host={place['host']}"


def in_rds_postgres(server: str, database: str, name: str) -> Table:
    """The table on PostgreSQL behind the RDS Data API, opened; the environment has to lead there."""
    in_postgres(server, database, name).close()
    return sources.open(f"rds-data://{CLUSTER}/{database}/{name}?secret={SECRET}")


def in_rds_mysql(server: MariaDB, database: str, name: str) -> Table:
    """The same on MariaDB."""
    in_mariadb(server, database, name).close()
    return sources.open(f"rds-data://{CLUSTER}/{database}/{name}?secret={SECRET}&engine=mysql")


def over_http(api: Web, name: str) -> Table:
    """The table as the pages of an API of the tests' own, opened."""
    whole = [{**row, "amount": None if row["amount"] is None else float(row["amount"])} for row in DATA.to_pylist()]
    texts = json.loads(json.dumps(whole, default=lambda value: value.isoformat()))
    api.on(f"/{name}", as_json(texts[:3], Link="<?p=2>; rel=next"), as_json(texts[3:]))
    return sources.open(f"{api.url}/{name}")


def in_mariadb(server: MariaDB, database: str, name: str) -> Table:
    """The table in a database of the MariaDB server, opened."""
    columns = ", ".join(f"`{n}` {t}" for n, t in zip(DATA.column_names, _TYPES["mysql"], strict=True))
    connection = server.connect(database)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"create table {name} ({columns})")
        cursor.executemany(f"insert into {name} values (%s, %s, %s, %s, %s, %s, %s)", rows())
    return sources.open(server.uri(database, name))


def in_redshift(server: str, database: str, name: str) -> Table:
    """The table on PostgreSQL behind the Data API, opened; the environment has to lead there."""
    columns = ", ".join(f"{n.lower()} {t}" for n, t in zip(DATA.column_names, _TYPES["postgres"], strict=True))
    with psycopg.connect(server, dbname=database, autocommit=True) as connection:
        connection.execute(f"create table {name} ({columns})".encode())
        with connection.cursor() as cursor:
            cursor.executemany(f"insert into {name} values (%s, %s, %s, %s, %s, %s, %s)".encode(), rows())
    return sources.open(f"redshift://shop.eu-west-1/{database}/{name}")


def names_in(table: Table) -> list[str]:
    """What the columns are called there."""
    return [name.lower() if table.dialect in FOLDS else name for name in DATA.column_names]


def data_in(table: Table) -> pa.Table:
    """What comes back from there: JSON knows no decimals."""
    if not table.uri.startswith("http"):
        return DATA
    return DATA.set_column(2, "amount", DATA["amount"].cast(pa.float64()))


def on_s3(client: Any, name: str) -> Table:
    """The table as a Parquet object of the tests' S3, opened."""
    target = io.BytesIO()
    pq.write_table(DATA, target)
    client.put_object(Bucket="lake", Key=f"{name}.parquet", Body=target.getvalue())
    return sources.open(f"s3://lake/{name}.parquet")


def in_iceberg(folder: Path) -> Table:
    """The table in a local Iceberg catalog, in two commits, opened."""
    catalog = local_catalog(folder)
    make(catalog, "shop.same", DATA.slice(0, 3), DATA.slice(3))
    catalog.close()
    return sources.open(f"iceberg://{folder}/catalog.db/shop.same")


def in_connect(server: Connect, name: str) -> Table:
    """The table in the catalog of a server of Spark Connect, opened."""
    path = server.folder / f"{name}.parquet"
    pq.write_table(DATA, path)
    server.run(f"drop table if exists contract_{name}")
    server.run(f"create table contract_{name} using parquet location '{path}'")
    return sources.open(server.uri(f"default.contract_{name}"))


def in_spark(session: SparkSession) -> Table:
    """The table as a DataFrame, opened."""
    frame = session.createDataFrame(DATA)
    return sources.open(frame.withColumn("at", frame["at"].cast("timestamp_ntz")))
