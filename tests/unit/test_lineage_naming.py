"""Names of datasets: the rules, what real events write instead, and that one spelling stays one."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openlineage.client.naming import dataset as rules

from tools.lineage.naming import aliases, canonical, of_uri, table_of
from tools.lineage.observed import DatasetId
from tools.sources.registry import open_source
from tools.sources.table import SourceError

GLUE = DatasetId("arn:aws:glue:eu-west-1:123456789012", "table/silver/orders")
ORDERS = DatasetId("postgres://db:5432", "shop.public.orders")
LAKE = DatasetId("s3://lake", "warehouse/silver/orders")
FILE = DatasetId("file", "/data/orders.csv")

SAME = {
    ORDERS: [
        ("postgresql://db:5432", "shop.public.orders"),
        ("postgres://db", "shop.public.orders"),
        (" postgres://DB:5432/ ", "shop.public.orders"),
        ("postgres://db:5432/shop", "public.orders"),
        ("postgresql://db/shop?sslmode=require", "shop.public.orders"),
        ("jdbc:postgresql://reader:word@db:5432", '"shop"."public"."orders"'),
    ],
    DatasetId("mysql://db:3306", "shop.orders"): [("mariadb://db", "`shop`.`orders`"), ("mysql://db/shop", "orders")],
    DatasetId("mssql://db:1433", "shop.dbo.Orders"): [("sqlserver://db;encrypt=true", "[shop].[dbo].[Orders]")],
    DatasetId("trino://t:8080", "hive.web.hits"): [("presto://t/hive/web", "hits"), ("trino://t/hive", "web.hits")],
    DatasetId("kafka://b1:9092", "orders"): [("kafka://B1:9092,b2:9092", "orders"), ("kafka://b1", "orders")],
    DatasetId("bigquery", "p.d.t"): [("bigquery://", "p.d.t"), ("bigquery", "`p.d.t`"), ("bigquery", "p:d.t$20260101")],
    DatasetId("redshift://one.eu-west-1:5439", "dev.public.t"): [
        ("redshift://one.abc123.eu-west-1.redshift.amazonaws.com", "dev.public.t"),
        ("redshift://one.123456789012.eu-west-1.redshift-serverless.amazonaws.com:5439/dev", "public.t"),
    ],
    DatasetId("snowflake://org-one", "A.B.c"): [("snowflake://ORG-ONE.snowflakecomputing.com", "A.B.c")],
    DatasetId("snowflake://xy1.eu-west-1.aws", "A.B.c"): [("snowflake://xy1.eu-west-1", "A.B.c")],
    DatasetId("unitycatalog://adb.net", "main.web.t"): [("databricks://adb.net", "main.web.t")],
    DatasetId("hive://meta:10000", "web.hits"): [("hive://meta", "Web.Hits"), ("hive://meta:10000/web", "`hits`")],
    DatasetId("awsathena://athena.eu-west-1.amazonaws.com", "AwsDataCatalog.web.hits"): [
        ("awsathena://athena.eu-west-1.amazonaws.com/", "AwsDataCatalog.Web.Hits")
    ],
    GLUE: [
        (GLUE.namespace, "silver.orders"),
        (GLUE.namespace, "glue_catalog.silver.orders"),
        (GLUE.namespace, "/table/Silver/Orders/"),
        (GLUE.namespace, "silver/orders"),
        (f"{GLUE.namespace}:table/silver/orders", ""),
        ("spark", f"{GLUE.namespace}:{GLUE.name}"),
        (f"{GLUE.namespace}/", '"silver"."orders"'),
    ],
    LAKE: [
        ("s3a://lake", "/warehouse/silver/orders"),
        ("s3n://lake/", "warehouse/silver/orders/"),
        ("s3://lake/warehouse", "silver/orders"),
        ("s3://lake/warehouse", "warehouse/silver/orders"),
        ("s3", "lake/warehouse/silver/orders"),
        ("anything", "s3a://lake/warehouse/silver/orders"),
        ("s3://lake", "warehouse/silver/orders/metadata/00001-0aa1.metadata.json"),
        ("s3://lake", "warehouse/silver/orders/_delta_log"),
        ("s3://lake", "warehouse/silver/orders/year=2026/month=11"),
    ],
    DatasetId("gs://lake", "/"): [("gcs://lake", "")],
    DatasetId("abfss://Box@acme.dfs.core.windows.net", "t"): [("abfs://Box@ACME.dfs.core.windows.net", "/t")],
    DatasetId("hdfs://nn:8020", "/user/t"): [("hdfs://NN:8020", "user//t/")],
    FILE: [
        ("file://", "/data/orders.csv"),
        ("file", "file:///data/orders.csv"),
        ("file:///data", "orders.csv"),
        ("file:", "//data/orders.csv"),
        ("file://localhost", "/data/orders.csv"),
        ("spark", "file:/data/orders.csv"),
    ],
    DatasetId("dbfs", "/mnt/t"): [("dbfs:/mnt", "t"), ("any", "dbfs:/mnt/t")],
    DatasetId("postgres://::1:5432", "a.b.c"): [("postgres://[::1]", "a.b.c"), ("postgres://[::1]:5432", "a.b.c")],
}


@pytest.mark.parametrize(("meant", "written"), [(meant, one) for meant, many in SAME.items() for one in many])
def test_many_spellings_are_one_name(meant: DatasetId, written: tuple[str, str]) -> None:
    assert canonical(DatasetId(*written)) == meant == canonical(meant)


@pytest.mark.parametrize(
    "name",
    [
        ("postgres://db:5432", "shop.public.Orders"),
        ("postgres://%2Frun%2FPg:5432", "shop.public.orders"),
        ("s3://lake", "a//b"),
        ("s3://lake", "warehouse/data/metadata"),
        ("file", "relative/orders.csv"),
        ("duckdb:///Data/shop.db", "shop.main.orders"),
        ("memory", "table-1a2b"),
        ("food_delivery", "public.orders"),
        ("azurecosmos://h/dbs/D", "colls/T"),
        ("hdfs://nameservice", "/user/t"),
        ("", "t"),
        ("C:", "\\data"),
    ],
)
def test_what_is_another_dataset_or_of_no_known_system_stays_as_it_is(name: tuple[str, str]) -> None:
    assert canonical(DatasetId(*name)) == name


def by_the_rules() -> list[DatasetId]:
    """A dataset of each system that OpenLineage's own client can name."""
    made = []
    kinds: list[Any] = [kind for _, kind in inspect.getmembers(rules, inspect.isclass)]
    for kind in kinds:
        if not hasattr(kind, "__attrs_attrs__"):
            continue
        given = {one.name: "9999" if one.name == "port" else one.name.replace("_", "-") for one in kind.__attrs_attrs__}
        named = (
            rules.PubSubNaming(rules.PubSubResourceType.TOPIC, "p", "t") if "topic" in kind.__doc__ else kind(**given)
        )
        made.append(DatasetId(named.get_namespace(), named.get_name()))
    return made


def test_names_by_the_rules_are_canonical_but_for_those_of_one_server_with_two_names() -> None:
    names = by_the_rules()
    odd = [name for name in names if canonical(name)[1].lstrip("/") != name[1] or canonical(name)[0] != name[0]]
    assert len(names) > 20
    assert odd == [DatasetId("sqlserver://host:9999", "schema.table")]
    assert canonical(odd[0]) == ("mssql://host:9999", "schema.table")


@pytest.mark.parametrize(
    ("namespace", "parts", "name"),
    [
        ("postgresql://db", ("shop", "Public", "Orders"), "shop.Public.Orders"),
        ("mysql://db:3306", ("shop", "orders"), "shop.orders"),
        (GLUE.namespace, ("silver", "orders"), "table/silver/orders"),
        (GLUE.namespace, ("awsdatacatalog", "silver", "orders"), "table/silver/orders"),
        ("awsathena://athena.eu-west-1.amazonaws.com", ("AwsDataCatalog", "d", "t"), "AwsDataCatalog.d.t"),
        ("s3a://lake", ("warehouse", "orders"), "warehouse/orders"),
        ("azurekusto://h.kusto.windows.net", ("d", "t"), "d/t"),
        ("my warehouse", ("d", "s", "t"), "d.s.t"),
    ],
)
def test_a_table_is_named_as_its_system_does(namespace: str, parts: tuple[str, ...], name: str) -> None:
    assert table_of(namespace, *parts).name == name


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("/data/orders.csv", FILE),
        ("file:///data//orders.csv", FILE),
        ("/data/day=1", ("file", "/data")),
        ("postgresql://reader@DB/shop/orders", ORDERS),
        ("postgres://db:5432/shop/public.orders?sslmode=prefer", ORDERS),
        ("mysql://db/shop/orders", ("mysql://db:3306", "shop.orders")),
        ("s3a://lake/warehouse/silver/orders/", LAKE),
    ],
)
def test_a_uri_has_the_name_of_its_table(uri: str, name: tuple[str, str]) -> None:
    assert of_uri(uri) == name


def test_a_table_is_called_as_it_is_when_it_is_open(tmp_path: object) -> None:
    path = f"{tmp_path}/orders.csv"
    with open(path, "w") as file:
        file.write("id\n1\n")
    with open_source(path) as table:
        assert of_uri(path) == (table.dataset.namespace, table.dataset.name)


@pytest.mark.parametrize("uri", ["", "postgres://db/shop", "mysql://db/shop", "odd://x/y"])
def test_what_names_no_table_is_refused(uri: str) -> None:
    with pytest.raises(SourceError):
        of_uri(uri)


def test_aliases_are_the_names_that_are_not_only_other_spellings() -> None:
    told = [GLUE, DatasetId(GLUE.namespace, "silver.orders"), DatasetId("s3a://lake", "/warehouse/silver/orders")]
    assert aliases(LAKE, told) == (GLUE,)


WORDS = st.sampled_from(
    [
        "s3a://",
        "file:",
        "file://",
        "postgresql://",
        "h",
        "H:1",
        "/",
        "//",
        ".",
        '"',
        "`",
        "[",
        "]",
        "a=b",
        "@",
        ":",
        "?",
        "arn:aws:glue:r:1",
        ":table/",
        "table",
        "/metadata/x.avro",
        "/_delta_log",
        "snowflake://",
        ",",
        "bigquery",
        "$",
        "kafka://",
        "jdbc:",
        "%2F",
        "\n",
        "::1",
        "dbfs:/",
        "abfss://c@A",
        "s3",
        "é",
        "hdfs://",
    ]
)
TEXTS = st.lists(WORDS, max_size=6).map("".join)


@given(TEXTS, TEXTS)
@example("s3://b/s3://c", "s3://d/e")
@example("redshift://a.b.c.redshift.x.amazonaws.com", "t")
def test_one_spelling_stays_one(namespace: str, name: str) -> None:
    once = canonical(DatasetId(namespace, name))
    assert canonical(once) == once
    assert isinstance(once, DatasetId)
    assert len(once.namespace) + len(once.name) <= len(namespace) + len(name) + 10
