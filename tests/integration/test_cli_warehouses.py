"""``assay profile`` and ``assay validate`` on Redshift and Athena: what a person sees, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pyarrow as pa
import pytest
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner

from tests.support.aws.athena import Athena
from tests.support.aws.redshift import Redshift
from tests.support.aws.service import run
from tests.support.s3 import bucket
from tools import sources
from tools.sources import athena_files, pricing
from tools.sources.scanned import CapError
from ui.cli.main import app

DATA = pa.table({"id": range(30), "city": ["Oslo", "Rome", None] * 10})
RULES = 'Rules = [ IsComplete "id", ColumnValues "city" in ["Oslo", "Rome"], RowCount = 30 ]'


@pytest.fixture
def call(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    monkeypatch.chdir(tmp_path)
    Path("r.dqdl").write_text(RULES)
    return lambda *arguments: CliRunner().invoke(app, [*arguments])


@pytest.fixture
def athena(monkeypatch: pytest.MonkeyPatch) -> Iterator[Athena]:
    """With a table whose files are on an S3 of the tests' own."""
    backend = Athena()
    with run(backend) as aws, bucket(monkeypatch) as s3:
        backend.load("shop", "orders", DATA)
        backend.locations["shop.orders"] = "s3://lake/shop/orders"
        for number in range(3):
            s3.put_object(Bucket="lake", Key=f"shop/orders/{number}.parquet", Body=b"x" * 500_000)
        s3.put_object(Bucket="lake", Key="shop/orders_old/0.parquet", Body=b"x")
        yield backend
    assert aws.violations == []


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_profile_says_what_it_costs_before_and_after(call: Any, athena: Athena) -> None:
    done = call("profile", "athena://eu-west-1/shop.orders")
    assert done.exit_code == 0, done.output
    told = words(done.stderr)
    before, after = told.index("All columns are at most 1.5 MB (about 0.0000 USD)"), told.index("were read by")
    assert before < after
    assert "the cap is 1.0 TB" in told
    boto3.client("s3").put_object(Bucket="lake", Key="shop/orders/3.parquet", Body=b"new")
    athena.workgroups["primary"].cutoff = 50_000_000
    done = call("profile", "athena://eu-west-1/shop.orders?cap=2GB", "--json")
    assert "the cap is 2.0 GB, the workgroup's for one query 50.0 MB." in words(done.stderr)
    (entry,) = json.loads(done.stdout)
    queries = entry["cost"]["queries"]
    assert entry["cost"] == {"bytes": queries * 10_000_000, "queries": queries, "usd": queries * 0.00005}
    assert entry["dataset"] == "AwsDataCatalog.shop.orders"


def test_rules_are_judged_until_the_cap_is_reached(call: Any, athena: Athena) -> None:
    done = call("validate", "athena://eu-west-1/shop.orders", "--rules", "r.dqdl")
    assert done.exit_code == 1, done.output
    assert "10 rows" in words(done.stdout) or "10 of 30" in words(done.stdout)
    assert "were read by" in done.stderr
    capped = call("validate", "athena://eu-west-1/shop.orders?cap=10MB", "--rules", "r.dqdl")
    assert isinstance(capped.exception, CapError)
    assert "have read 10.0 MB (about 0.00 USD), and may read 10.0 MB" in str(capped.exception)
    assert "10.0 MB were read by 1 query" in words(capped.stderr)  # it is paid for


def test_a_table_that_did_not_change_is_not_paid_for_twice(call: Any, athena: Athena) -> None:
    first, second = (call("profile", "athena://eu-west-1/shop.orders", "--json") for _ in range(2))
    assert "were read by" in first.stderr
    assert "were read by" not in second.stderr
    ((one,), (other,)) = json.loads(first.stdout), json.loads(second.stdout)
    assert (one["cached"], other["cached"], one["version"]) == (False, True, other["version"])


def version() -> str:
    with sources.open("athena://eu-west-1/shop.orders") as table:
        return table.version


def test_versions_follow_the_files(athena: Athena, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [version()]
    assert version() == seen[0]
    s3 = boto3.client("s3")
    for change in (
        lambda: s3.put_object(Bucket="lake", Key="shop/orders/0.parquet", Body=b"y" * 500_000),
        lambda: s3.put_object(Bucket="lake", Key="shop/orders/9.parquet", Body=b"x"),
        lambda: s3.delete_object(Bucket="lake", Key="shop/orders/1.parquet"),
        lambda: athena.load("shop", "orders", DATA.append_column("more", DATA["id"])),
        lambda: athena.parameters.update({"shop.orders": {"metadata_location": "s3://lake/m/1.json"}}),
        lambda: athena.parameters.update({"shop.orders": {"metadata_location": "s3://lake/m/2.json"}}),
    ):
        change()
        seen.append(version())
        assert version() == seen[-1]
    assert len(set(seen)) == 7
    s3.put_object(Bucket="lake", Key="shop/orders_old/0.parquet", Body=b"other")
    assert version() == seen[-1]


def test_what_may_lie_elsewhere_is_new_at_each_opening(athena: Athena, monkeypatch: pytest.MonkeyPatch) -> None:
    assert version() == version()
    athena.partitioned.add("shop.orders")
    assert version() != version()
    athena.partitioned.clear()
    athena.parameters["shop.orders"] = {"inputformat": "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat"}
    assert version() != version()
    athena.parameters.clear()
    athena.views["shop.orders"] = "CREATE VIEW"
    assert version() != version()
    athena.views.clear()
    monkeypatch.setattr(athena_files, "MOST_OBJECTS", 1)
    assert version() == version()  # one page is looked at in any case
    athena.locations["shop.orders"] = "s3://nowhere/shop"
    assert version() != version()


def test_a_price_that_nobody_knows(athena: Athena) -> None:
    assert pricing.price("orders.csv") is None
    assert pricing.price("athena://eu-west-1/shop.nix") is None
    known = pricing.price("athena://eu-west-1/shop.orders")
    assert known is not None
    assert known.complete
    for location in ("", "s3://nowhere/shop"):
        athena.locations["shop.orders"] = location
        unknown = pricing.price("athena://eu-west-1/shop.orders")
        assert unknown is not None
        assert unknown.told() == "Nobody can tell beforehand how much is to be read; the cap is 1.0 TB."


def test_tables_are_compared_and_rules_recommended(call: Any, athena: Athena) -> None:
    athena.load("shop", "before", DATA.slice(0, 20))
    done = call("compare", "athena://eu-west-1/shop.before", "athena://eu-west-1/shop.orders", "--json")
    assert done.exit_code in (0, 1), done.output
    told = json.loads(done.stdout)
    assert (told["left_rows"], told["right_rows"]) == (20, 30)
    done = call("recommend", "athena://eu-west-1/shop.orders", "--json")
    assert done.exit_code == 0, done.output
    (entry,) = json.loads(done.stdout)
    assert 'IsPrimaryKey "id"' in {one["rule"] for one in entry["suggestions"]}


def test_redshift_is_profiled_and_validated(call: Any, store_server: str, empty_url: str) -> None:
    database = conninfo_to_dict(empty_url)["dbname"]
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("create table orders (id int, city text)")
        connection.execute(
            "insert into orders select n, (array['Oslo', 'Rome', null])[1 + n % 3] from generate_series(0, 29) n"
        )
    uri = f"redshift://shop.eu-west-1/{database}/orders"
    with run(Redshift(store_server)) as aws:
        done = call("profile", uri, "--json")
        assert done.exit_code == 0, done.output
        (entry,) = json.loads(done.stdout)
        assert (entry["dataset"], entry["profile"]["rows"]) == (f"{database}.public.orders", 30)
        assert "cost" not in entry
        assert call("validate", uri, "--rules", "r.dqdl").exit_code == 1
    assert aws.violations == []
