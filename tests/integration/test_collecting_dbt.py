"""The real dbt builds a small project, whose files are scanned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graph.lineage import Lineage
from memory import Memory
from tests.support import dbt, heavy
from tests.support.lineages import below
from tests.support.shop_edges import EDGES, FIRST_BUILD, told
from tools.collecting.places import collector
from tools.collecting.wanted import Wanted
from tools.lineage.naming import canonical
from tools.lineage.observed import ColumnId, DatasetId

THERE = "duckdb://shop.duckdb"
NAMES = """
import json
from openlineage.common.provider.dbt.local import DbtLocalArtifactProcessor
found = DbtLocalArtifactProcessor(".", producer="test", job_namespace="dbt", skip_errors=True).parse()
names = {(one.namespace, one.name) for event in found.completes for one in [*event.inputs, *event.outputs]}
print("NAMES" + json.dumps(sorted(names)))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    heavy.need(dbt.missing())
    project = dbt.copied(tmp_path_factory.mktemp("dbt") / "shop")
    dbt.run(project, "build")
    return project


def of(name: str) -> ColumnId:
    table, _, column = name.rpartition(".")
    return ColumnId(DatasetId(THERE, f"shop.{table}"), column)


def test_datasets_have_the_names_that_openlineage_gives_them(built: Path) -> None:
    printed = dbt.run(built, "-c", NAMES, program="python")
    line = next(line for line in printed.splitlines() if line.startswith("NAMES"))
    theirs = {canonical(DatasetId(*name)) for name in json.loads(line.removeprefix("NAMES"))}
    found = collector(str(built), Wanted()).collect(lambda _: None)
    ours = {one.id for item in found for one in getattr(item, "observed").datasets}  # noqa: B009
    assert len(theirs) >= 8
    # For it an ephemeral model is a dataset too, though there is no such table.
    assert theirs - ours == {of("main.paid_orders.x").dataset}


def test_what_dbt_built_is_scanned_before_and_after_its_catalog_is_made(lineage_store: Memory, built: Path) -> None:
    first = set(told(collector(str(built), Wanted()).collect(lambda _: None)))
    assert first == EDGES - FIRST_BUILD
    dbt.run(built, "docs", "generate")
    done = Lineage(lineage_store, None).scan(str(built))
    assert (done.kind, done.complete, done.notes) == ("dbt project", True, [])
    # Now the incremental model has a table that it compares with.
    assert set(told(collector(str(built / "target" / "manifest.json"), Wanted()).collect(lambda _: None))) == EDGES
    mail = of("main.raw_customers.mail")
    assert below(lineage_store, mail) == {
        of(name)
        for name in (
            *("main_staging.stg_customers.email", "main_staging.stg_customers.email_hash", "main.customers.email"),
            *("main.customers.email_hash", "main.contacts.address", "main_history.customers_over_time.email"),
            "main_history.customers_over_time.email_hash",
        )
    }
    # Personal data that is hashed is none any more.
    tagged = {one.column for one in lineage_store.lineage.where_goes("pii").columns}
    assert mail in tagged
    assert of("main.contacts.address") in tagged
    assert not any(column.column == "email_hash" for column in tagged)
    owners = {owner.name for owner, _ in lineage_store.lineage.impact(of("main.raw_payments.cents")).owners}
    assert owners == {"Finance", "Customer Data", "ada@example.org"}


def test_a_model_that_is_no_more_ends(lineage_store: Memory, built: Path) -> None:
    Lineage(lineage_store, None).scan(str(built))
    manifest = built / "target" / "manifest.json"
    kept = manifest.read_text()
    told = json.loads(kept)
    del told["nodes"]["model.shop.contacts"]
    manifest.write_text(json.dumps(told))
    assert Lineage(lineage_store, None).scan(str(built)).gone == 1
    manifest.write_text(kept)
    assert of("main.contacts.address") not in below(lineage_store, of("main.customers.email"))
