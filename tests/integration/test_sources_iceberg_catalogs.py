"""Iceberg tables on S3, in SQL, Glue and REST catalogs, over the real protocols."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.catalog.sql import SqlCatalog
from sqlglot import exp

from tests.support.iceberg_rest import Rest, serving
from tests.support.icebergs import data_files, delete_by_vector, delete_equal, delete_positions, make
from tests.support.s3 import bucket
from tools import profiling, sources
from tools.sources import aws, s3
from tools.sources.table import DatasetName, Known, SourceError

ROWS = pa.table({"id": pa.array(range(6), pa.int64()), "name": ["a", "b", None, "d", "e", "f"]})


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    monkeypatch.setenv("PYICEBERG_HOME", str(tmp_path))
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    with bucket(monkeypatch) as client:
        yield client


def settings(client: Any) -> dict[str, str]:
    """What PyIceberg's own writer needs to be told."""
    keys = {"s3.access-key-id": "test", "s3.secret-access-key": "test", "s3.region": "us-east-1"}
    return {**keys, "s3.endpoint": client.meta.endpoint_url, "warehouse": "s3://lake/warehouse"}


@pytest.fixture
def catalog(lake: Any, tmp_path: Path) -> Iterator[SqlCatalog]:
    """A SQLite catalog named ``lake`` whose tables are on S3; readers are told its address only."""
    uri = f"sqlite:///{tmp_path}/catalog.db"
    made = SqlCatalog("lake", uri=uri, **settings(lake))
    made.create_namespace("shop")
    (tmp_path / ".pyiceberg.yaml").write_text(f"catalog:\n  lake:\n    type: sql\n    uri: {uri}\n")
    yield made
    made.close()


def ids(uri: str) -> list[int]:
    with sources.open(uri) as table:
        return sorted(row["id"] for row in table.query(exp.select("id").from_(table.relation())).to_pylist())


def test_a_table_on_s3(catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    written = make(catalog, "shop.orders", ROWS.slice(0, 3), ROWS.slice(3))
    asked: list[str] = []
    fetched = s3._fetched
    monkeypatch.setattr(s3, "_fetched", lambda path, *rest: (asked.append(path), fetched(path, *rest))[1])
    with sources.open("iceberg://lake/shop.orders") as table:
        assert table.dataset == DatasetName("s3://lake", "warehouse/shop/orders")
        assert table.files() == sorted(data_files(written))
        assert (table.row_count, table.known(["id"])) == (6, {"id": Known(6, 0, 0, 5)})
        asked.clear()
        some = exp.select("name").from_(table.relation()).where(exp.column("id").eq(4))
        assert table.query(some).to_pylist() == [{"name": "e"}]
        assert set(asked) == {data_files(written)[1]}
        assert profiling.profile(table).rows == 6
    assert ids(f"iceberg://lake/shop.orders?snapshot={written.history()[0].snapshot_id}") == [0, 1, 2]


def test_deletes_on_s3(catalog: SqlCatalog) -> None:
    table = make(catalog, "shop.deleted", ROWS.slice(0, 3), ROWS.slice(3))
    first, second = data_files(table)
    delete_positions(table, {first: [1]})
    delete_by_vector(table, {second: [0]})
    delete_equal(table, pa.table({"name": ["f"]}))
    assert ids("iceberg://lake/shop.deleted") == [0, 2, 4]


def test_files_without_numbers_on_s3(catalog: SqlCatalog, lake: Any) -> None:
    target = pa.BufferOutputStream()
    pq.write_table(ROWS, target)
    lake.put_object(Bucket="lake", Key="old/orders.parquet", Body=target.getvalue().to_pybytes())
    table = catalog.create_table("shop.adopted", schema=ROWS.schema)
    table.add_files(["s3://lake/old/orders.parquet"])
    assert ids("iceberg://lake/shop.adopted") == list(range(6))


def test_a_table_that_is_dropped_in_the_middle(catalog: SqlCatalog, lake: Any) -> None:
    table = make(catalog, "shop.dropped", ROWS)
    with sources.open("iceberg://lake/shop.dropped") as source:
        everything = exp.select("*").from_(source.relation())
        bucket_name, key = s3.divided(data_files(table)[0])
        lake.delete_object(Bucket=bucket_name, Key=key)
        with pytest.raises(SourceError, match=f"{key} is not there"):
            source.query(everything)
    _, key = s3.divided(table.metadata_location)
    lake.delete_object(Bucket="lake", Key=key)
    with pytest.raises(SourceError, match="is not there"):
        sources.open("iceberg://lake/shop.dropped")


# Glue


def test_glue(lake: Any) -> None:
    catalog = GlueCatalog("glue", **settings(lake))
    catalog.create_namespace("shop")
    written = make(catalog, "shop.orders", ROWS.slice(0, 3), ROWS.slice(3))
    with sources.open("iceberg://glue/shop.orders") as table:
        assert table.row_count == 6
        assert table.dataset.namespace == "s3://lake"
    assert ids(f"iceberg://glue/shop.orders?snapshot={written.history()[0].snapshot_id}") == [0, 1, 2]
    with pytest.raises(SourceError, match=r"there is no table shop\.order\. Did you mean shop\.orders\?"):
        sources.open("iceberg://glue/shop.order")
    boto3.client("glue").create_table(DatabaseName="shop", TableInput={"Name": "plain", "Parameters": {}})
    with pytest.raises(SourceError, match=r"shop\.plain"):
        sources.open("iceberg://glue/shop.plain")


# REST


@pytest.fixture
def rest(catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    make(catalog, "shop.orders", ROWS)
    with serving(Rest(catalog, token="a-tok" + "en")) as server:
        monkeypatch.setenv("PYICEBERG_CATALOG__FAR__URI", server.uri)
        monkeypatch.setenv("PYICEBERG_CATALOG__FAR__TOKEN", server.token)
        yield server


def test_rest(rest: Rest) -> None:
    assert ids("iceberg://far/shop.orders") == list(range(6))
    with pytest.raises(SourceError, match=r"there is no table shop\.order\. Did you mean shop\.orders\?"):
        sources.open("iceberg://far/shop.order")


def test_keys_that_the_catalog_hands_out(rest: Rest, lake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rest.config = {key: value for key, value in settings(lake).items() if key.startswith("s3.")}
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(s3, "client", lambda: pytest.fail("the keys of the environment were used"))
    assert ids("iceberg://far/shop.orders") == list(range(6))


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "refuses these credentials. Renew"), (403, "refuses these credentials"), (503, "does not answer now")],
)
def test_a_catalog_that_refuses(rest: Rest, status: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if status == 401:
        monkeypatch.setenv("PYICEBERG_CATALOG__FAR__TOKEN", "expired")
    else:
        rest.broken = status
    with pytest.raises(SourceError) as caught:
        sources.open("iceberg://far/shop.orders")
    assert said in str(caught.value)
    assert rest.token not in str(caught.value)
    assert "expired" not in str(caught.value)


def test_a_catalog_that_cannot_be_reached(lake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYICEBERG_CATALOG__FAR__URI", "http://127.0.0.1:9")
    with pytest.raises(SourceError, match=r"iceberg://far/shop\.orders: the catalog cannot be reached"):
        sources.open("iceberg://far/shop.orders")


def test_a_catalog_that_wants_to_sign_itself(rest: Rest) -> None:
    rest.config = {"s3.signer": "S3V4RestSigner"}
    with pytest.raises(SourceError, match="wants to sign each request itself"):
        sources.open("iceberg://far/shop.orders")


def test_no_keys_for_the_files(catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    make(catalog, "shop.orders", ROWS)
    monkeypatch.setattr(aws, "TRIES", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(SourceError, match="AWS does not answer"):
        sources.open("iceberg://lake/shop.orders")
