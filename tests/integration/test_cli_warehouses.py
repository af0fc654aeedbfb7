"""``assay profile`` and ``assay validate`` on Redshift and Athena: what a person sees, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner

from tests.support.aws.athena import Athena
from tests.support.aws.redshift import Redshift
from tests.support.aws.service import run
from tests.support.s3 import bucket
from tools.sources import pricing
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


def test_a_price_that_nobody_knows(athena: Athena, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pricing.price("orders.csv") is None
    assert pricing.price("athena://eu-west-1/shop.nix") is None
    monkeypatch.setattr(pricing, "MOST_OBJECTS", 0)
    known = pricing.price("athena://eu-west-1/shop.orders")
    assert known is not None
    assert known.complete
    for location in ("", "s3://nowhere/shop"):
        athena.locations["shop.orders"] = location
        unknown = pricing.price("athena://eu-west-1/shop.orders")
        assert unknown is not None
        assert unknown.told() == "Nobody can tell beforehand how much is to be read; the cap is 1.0 TB."


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
