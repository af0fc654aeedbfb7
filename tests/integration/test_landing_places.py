"""What lands on S3, on branches of Iceberg tables, and in tables that nothing is moved out of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.table import Table

from graph.landing import land
from graph.landing.promoting import Promotions
from memory import Memory
from memory.watches import Watch
from tests.support import s3
from tests.support.icebergs import local_catalog, make
from tests.support.landings import arrived, as_table, landed, watched, with_rules
from tools import sources
from tools.publishing.branches import PROPERTY
from tools.sources.s3 import _client_for

RULE = 'ColumnValues "amount" > 0'
GOOD, BAD = b"id,amount\n1,20\n2,30\n", b"id,amount\n1,20\n2,-30\n"


class TestBucket:
    """Objects."""

    @pytest.fixture
    def lake(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
        with s3.bucket(monkeypatch) as made:
            _client_for.cache_clear()
            yield made
            _client_for.cache_clear()

    @pytest.fixture
    def watch(self, store: Memory, lake: Any) -> Watch:
        made = watched(store, "s3://lake/raw/*.csv", trusted="s3://lake/trusted", quarantine="s3://lake/bad")
        with_rules(store, made.source, RULE)
        return made

    @staticmethod
    def _put(lake: Any, body: bytes, key: str = "raw/day.csv") -> str:
        lake.put_object(Bucket="lake", Key=key, Body=body)
        return f"s3://lake/{key}"

    @staticmethod
    def _keys(lake: Any) -> list[str]:
        return [one["Key"] for one in lake.list_objects_v2(Bucket="lake").get("Contents", ())]

    def test_what_passes_is_trusted_and_what_fails_is_not(self, store: Memory, lake: Any, watch: Watch) -> None:
        assert landed(store, watch, self._put(lake, GOOD)).verdict == "trusted"
        trusted = store.publications.recent(1)[0]
        assert self._keys(lake) == [f"trusted/_manifests/{trusted.id}.json", "trusted/day.csv"]
        assert landed(store, watch, self._put(lake, BAD)).verdict == "quarantined"
        bad = store.publications.recent(1)[0]
        assert self._keys(lake)[:2] == [f"bad/{bad.id}/_manifest.json", f"bad/{bad.id}/day.csv"]
        said = json.loads(lake.get_object(Bucket="lake", Key=f"bad/{bad.id}/_manifest.json")["Body"].read())
        assert [one["rule"] for one in said["failed"]] == [RULE]
        with sources.open("s3://lake/trusted") as opened:
            assert opened.query(_all(opened)).num_rows == 2, "manifests are no data"

    def test_mended_in_quarantine_it_is_published(self, store: Memory, lake: Any, watch: Watch) -> None:
        landed(store, watch, self._put(lake, BAD))
        batch = store.publications.recent(1)[0]
        self._put(lake, GOOD, batch.place.removeprefix("s3://lake/"))
        assert Promotions(store, "Ann").promote(batch).state == "trusted"
        assert self._keys(lake) == [f"trusted/_manifests/{batch.id}.json", "trusted/day.csv"]

    def test_an_object_replaced_while_it_was_judged_is_not_published_for_what_it_was(
        self, store: Memory, lake: Any, watch: Watch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from agents.workbench import Workbench

        validate = Workbench.validate

        def late(bench: Workbench, *given: Any, **more: Any) -> Any:
            self._put(lake, BAD)
            return validate(bench, *given, **more)

        monkeypatch.setattr(Workbench, "validate", late)
        assert land(store, arrived(store, watch, self._put(lake, GOOD))).verdict == "none"
        assert self._keys(lake) == ["raw/day.csv"]

    def test_a_truncated_object_is_in_quarantine(self, store: Memory, lake: Any) -> None:
        watch = watched(store, "s3://lake/in/*.parquet", trusted="s3://lake/trusted", quarantine="s3://lake/bad")
        sink = pa.BufferOutputStream()
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"amount": list(range(1000))}), sink)
        body = sink.getvalue().to_pybytes()
        assert landed(store, watch, self._put(lake, body[: len(body) // 2], "in/a.parquet")).verdict == "quarantined"
        assert store.publications.recent(1)[0].reasons[0]["rule"] == "can be read"


def _all(table: Any) -> Any:
    from sqlglot import exp

    return exp.select("*").from_(table.relation())


class TestBranch:
    """Iceberg tables that are written to on a branch."""

    @pytest.fixture
    def uri(self, tmp_path: Path) -> str:
        return f"iceberg://{tmp_path}/catalog.db/shop.orders"

    @pytest.fixture
    def table(self, tmp_path: Path) -> Table:
        made = make(local_catalog(tmp_path), "shop.orders", pa.table({"amount": [1, 2]}))
        made.manage_snapshots().create_branch(made.current_snapshot().snapshot_id, "audit").commit()  # type: ignore[union-attr]
        return made

    @pytest.fixture
    def watch(self, store: Memory, uri: str, table: Table) -> Watch:
        made = watched(store, uri, branch="audit")
        with_rules(store, uri, RULE)
        return made

    @staticmethod
    def _written(table: Table, *amounts: int) -> str:
        table.append(pa.table({"amount": list(amounts)}), branch="audit")
        return f"snapshot={table.refs()['audit'].snapshot_id}"

    @staticmethod
    def _amounts(uri: str) -> list[int]:
        with sources.open(uri) as opened:
            return sorted(opened.query(_all(opened))["amount"].to_pylist())

    def test_what_passes_becomes_main(self, store: Memory, uri: str, table: Table, watch: Watch) -> None:
        outcome = landed(store, watch, f"{uri}?{self._written(table, 3)}")
        assert outcome.verdict == "trusted"
        assert self._amounts(uri) == [1, 2, 3]

    def test_what_fails_stays_on_its_branch_with_its_reasons(
        self, store: Memory, uri: str, table: Table, watch: Watch
    ) -> None:
        outcome = landed(store, watch, f"{uri}?{self._written(table, -3)}")
        assert (outcome.verdict, outcome.reason) == ("quarantined", RULE)
        assert self._amounts(uri) == [1, 2]
        assert self._amounts(f"{uri}?branch=audit") == [-3, 1, 2]
        said = json.loads(table.refresh().properties[PROPERTY + "audit"])
        assert [one["rule"] for one in said["failed"]] == [RULE]

    def test_after_a_fix_on_the_branch_all_of_it_is_published(
        self, store: Memory, uri: str, table: Table, watch: Watch
    ) -> None:
        landed(store, watch, f"{uri}?{self._written(table, -3)}")
        first = store.publications.recent(1)[0]
        table.delete("amount < 0", branch="audit")
        done = Promotions(store, "Ann").promote(first)
        assert done.state == "trusted"
        assert self._amounts(uri) == [1, 2]
        assert PROPERTY + "audit" not in table.refresh().properties
        alerts = store.db.rows("select from alerts where kind = 'quarantine' and resolved_at is null")
        assert alerts == []

    def test_a_later_state_that_passes_publishes_what_was_mended_in_it(
        self, store: Memory, uri: str, table: Table, watch: Watch
    ) -> None:
        landed(store, watch, f"{uri}?{self._written(table, -3)}")
        table.delete("amount < 0", branch="audit")
        assert landed(store, watch, f"{uri}?snapshot={table.refs()['audit'].snapshot_id}").verdict == "trusted"
        states = [batch.state for batch in store.publications.recent()]
        assert states == ["trusted", "superseded"], "what it holds is no longer to be looked after"

    def test_where_main_moved_it_is_said_and_nothing_is_lost(
        self, store: Memory, uri: str, table: Table, watch: Watch
    ) -> None:
        state = self._written(table, 3)
        table.append(pa.table({"amount": [9]}))
        outcome = landed(store, watch, f"{uri}?{state}")
        assert outcome.verdict == "passed"
        assert "main is at" in str(outcome.reason)
        batch = store.publications.recent(1)[0]
        assert batch.state == "diverged"
        assert self._amounts(uri) == [1, 2, 9]
        assert self._amounts(f"{uri}?branch=audit") == [1, 2, 3]
        table.manage_snapshots().remove_branch("audit").commit()
        table.manage_snapshots().create_branch(table.refs()["main"].snapshot_id, "audit").commit()
        self._written(table, 3)
        assert Promotions(store, "Ann").promote(batch).state == "trusted"
        assert self._amounts(uri) == [1, 2, 3, 9]

    def test_what_main_did_not_take_is_published_in_the_name_of_a_person(
        self, store: Memory, uri: str, table: Table, watch: Watch
    ) -> None:
        state = self._written(table, -3)
        landed(store, watch, f"{uri}?{state}")
        table.append(pa.table({"amount": [9]}))
        [batch] = store.publications.recent(1)
        diverged = Promotions(store, "Ann").promote(batch, "agreed")
        assert diverged.state == "diverged"
        table.manage_snapshots().remove_branch("audit").commit()
        table.manage_snapshots().create_branch(table.refs()["main"].snapshot_id, "audit").commit()
        self._written(table, -3)
        assert Promotions(store, "Ann").promote(diverged, "agreed again").state == "trusted"
        assert self._amounts(uri) == [-3, 1, 2, 9]

    def test_data_on_main_is_only_judged(self, store: Memory, uri: str, table: Table) -> None:
        watch = watched(store, uri)
        with_rules(store, uri, RULE)
        table.append(pa.table({"amount": [-1]}))
        current = table.current_snapshot()
        assert current
        assert landed(store, watch, f"{uri}?snapshot={current.snapshot_id}").verdict == "failed"
        assert self._amounts(uri) == [-1, 1, 2]


def test_a_table_that_events_tell_of_is_only_judged(store: Memory, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(GOOD)
    watch = as_table(watched(store, str(path)))
    with_rules(store, watch.source, RULE)
    assert landed(store, watch, str(path)).verdict == "passed"
    assert path.exists()
