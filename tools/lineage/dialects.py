"""Which SQL a system speaks."""

DIALECTS = {
    "athena": "athena",
    "awsathena": "athena",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "databricks": "databricks",
    "dremio": "dremio",
    "duckdb": "duckdb",
    "fabric": "tsql",
    "glue": "spark",
    "hive": "hive",
    "mariadb": "mysql",
    "mssql": "tsql",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgres": "postgres",
    "postgresql": "postgres",
    "presto": "presto",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "spark": "spark",
    "sqlite": "sqlite",
    "sqlserver": "tsql",
    "teradata": "teradata",
    "trino": "trino",
    "unitycatalog": "databricks",
}
"""By the name of a system, be it the scheme of a namespace or that of an adapter of dbt."""


def of_namespace(namespace: str) -> str | None:
    """The SQL of the system that a namespace belongs to, where the namespace tells it."""
    return DIALECTS.get(namespace.partition(":")[0])
