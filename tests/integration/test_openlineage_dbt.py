"""The real dbt-ol sends the lineage of a small project to the receiver."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory import Memory
from tests.support import dbt
from tests.support.api import serving
from tests.support.events import column, reached, stored
from tests.support.heavy import need

SHOP = "duckdb://shop.duckdb"


def test_the_lineage_of_a_dbt_project_arrives(lineage_store: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    need(dbt.missing())
    monkeypatch.delenv("ASSAY_USERS", raising=False)
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "home"))
    project = dbt.copied(tmp_path / "shop")
    with serving(lineage_store) as address:
        (project / "openlineage.yml").write_text(
            f"transport:\n  type: http\n  url: {address}\n  compression: gzip\n  timeout: 30\n"
        )
        dbt.run(project, "build", program="dbt-ol")
    assert stored(lineage_store) >= 20
    assert reached(lineage_store, column("shop.main.raw_customers", "mail", SHOP)) >= {"stg_customers.email"}
    assert reached(lineage_store, column("shop.main.orders", "amount", SHOP)) >= {
        "customers.lifetime_value",
        "order_log.amount",
    }
    # dbt-ol tells no columns of a star over a WITH, and no seeds among the inputs: the query says both.
    assert reached(lineage_store, column("shop.main.raw_orders", "state", SHOP)) >= {"stg_orders.status"}
    assert reached(lineage_store, column("shop.main.raw_orders", "customer", SHOP)) >= {
        "stg_orders.customer_id",
        "orders.customer_id",
        "order_log.customer_id",
    }
    found = lineage_store.lineage.upstream(column("shop.main.customers", "lifetime_value", SHOP))
    assert column("shop.main.raw_payments", "cents", SHOP) in {one.column for one in found.columns}
    impact = lineage_store.lineage.impact(column("shop.main.raw_payments", "cents", SHOP))
    assert "shop.main.shop.orders.build.run" in {one.job.name for one in impact.jobs}
    row = lineage_store.db.row("select count(*) as n from lineage_runs where state = 'COMPLETE'")
    assert row
    assert row["n"] >= 8
    rows = lineage_store.db.rows(
        "select name, content from lineage_labels where (what, subject) = ('owners', 'dataset')"
    )
    assert [one["name"] for one in rows if one["content"]] == ["shop.main.customers"]
