"""Iceberg: main is moved on to what passed, by one commit, and to nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
from pyiceberg.table import Table

from tests.support.iceberg_rest import Rest, serving
from tests.support.icebergs import local_catalog, make
from tests.support.s3 import bucket
from tools import sources
from tools.publishing import branches
from tools.publishing.branches import PROPERTY, candidate, explain, fast_forward, published
from tools.publishing.model import MainMoved, PublishError, Replaced
from tools.sources.s3 import _client_for

FIRST = pa.table({"id": [1, 2], "amount": [20, 30]})
SECOND = pa.table({"id": [3], "amount": [40]})


@pytest.fixture
def catalog(tmp_path: Path) -> SqlCatalog:
    return local_catalog(tmp_path)


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return f"iceberg://{tmp_path}/catalog.db/shop.orders"


@pytest.fixture
def table(catalog: SqlCatalog) -> Table:
    """Two rows on main, a third on the branch ``audit``."""
    made = make(catalog, "shop.orders", FIRST)
    made.manage_snapshots().create_branch(made.current_snapshot().snapshot_id, "audit").commit()  # type: ignore[union-attr]
    made.append(SECOND, branch="audit")
    return made


def _rows(uri: str) -> int:
    with sources.open(uri) as opened:
        assert opened.row_count is not None
        return opened.row_count


def _main(table: Table) -> int:
    return table.refresh().refs()["main"].snapshot_id


def test_main_is_moved_on_to_what_passed(uri: str, table: Table) -> None:
    one = candidate(uri, "audit")
    assert _rows(one.pinned) == 3
    assert _rows(uri) == 2
    assert not published(one)
    assert fast_forward(one)
    assert _rows(uri) == 3
    assert published(one)
    assert _main(table) == one.snapshot
    assert table.refs()["audit"].snapshot_id == one.snapshot


def test_moved_on_twice_is_moved_on_once(uri: str, table: Table) -> None:
    one = candidate(uri, "audit")
    assert fast_forward(one)
    commits = len(table.refresh().metadata.metadata_log)
    assert not fast_forward(one)
    assert len(table.refresh().metadata.metadata_log) == commits


def test_a_branch_with_several_commits_arrives_up_to_the_one_that_was_validated(uri: str, table: Table) -> None:
    one = candidate(uri, "audit")
    table.append(pa.table({"id": [4], "amount": [-1]}), branch="audit")
    fast_forward(one)
    assert _rows(uri) == 3
    assert _rows(f"{uri}?branch=audit") == 4


def test_what_main_has_already_needs_no_commit(uri: str, catalog: SqlCatalog) -> None:
    made = make(catalog, "shop.orders", FIRST)
    made.manage_snapshots().create_branch(made.current_snapshot().snapshot_id, "audit").commit()  # type: ignore[union-attr]
    one = candidate(uri, "audit")
    assert not fast_forward(one)


def test_where_main_moved_nothing_is_lost_and_it_says_so(uri: str, table: Table) -> None:
    one = candidate(uri, "audit")
    table.append(pa.table({"id": [9, 9], "amount": [9, 9]}))
    with pytest.raises(MainMoved, match="which the branch audit does not have"):
        fast_forward(one)
    assert _rows(uri) == 4
    assert _rows(f"{uri}?branch=audit") == 3
    assert not published(one)


def test_a_commit_between_the_look_and_the_move_is_seen(
    uri: str, table: Table, catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = candidate(uri, "audit")
    requirements, came = branches._requirements, []

    def late(*given: object) -> object:
        found = requirements(*given)  # type: ignore[arg-type]
        if not came:
            came.append(1)
            catalog.load_table("shop.orders").append(SECOND)
        return found

    monkeypatch.setattr(branches, "_requirements", late)
    with pytest.raises(MainMoved):
        fast_forward(one)
    assert _rows(uri) == 3, "what the other one committed is there"


def test_a_commit_that_has_nothing_to_do_with_main_only_costs_another_try(
    uri: str, table: Table, catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = candidate(uri, "audit")
    commit, tries = SqlCatalog.commit_table, []

    def beaten(self: SqlCatalog, *given: object) -> object:
        tries.append(1)
        if len(tries) == 1:
            raise CommitFailedException("somebody else came first")
        return commit(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlCatalog, "commit_table", beaten)
    assert fast_forward(one)
    assert len(tries) == 2
    assert _rows(uri) == 3


@pytest.mark.parametrize("arrived", [True, False])
def test_a_commit_whose_end_nobody_knows_is_looked_for(
    uri: str, table: Table, monkeypatch: pytest.MonkeyPatch, arrived: bool
) -> None:
    one = candidate(uri, "audit")
    commit, tries = SqlCatalog.commit_table, []

    def unknown(self: SqlCatalog, *given: object) -> object:
        tries.append(1)
        if len(tries) == 1:
            if arrived:
                commit(self, *given)  # type: ignore[arg-type]
            raise CommitStateUnknownException("the connection broke")
        return commit(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlCatalog, "commit_table", unknown)
    assert fast_forward(one)
    assert len(tries) == (1 if arrived else 2)
    assert _rows(uri) == 3


def test_a_busy_table_is_given_up_after_some_tries(uri: str, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    one = candidate(uri, "audit")

    def always(self: SqlCatalog, *given: object) -> object:
        raise CommitFailedException("somebody else came first")

    monkeypatch.setattr(SqlCatalog, "commit_table", always)
    monkeypatch.setattr(branches, "WAIT_SECONDS", 0.0)
    with pytest.raises(PublishError, match="other commits came first"):
        fast_forward(one)
    assert _rows(uri) == 2


def test_what_failed_stays_on_its_branch_with_its_reasons_until_it_is_published(uri: str, table: Table) -> None:
    one = candidate(uri, "audit")
    reasons = {"run": "r1", "rules": [{"rule": 'ColumnValues "amount" > 0', "reason": "1 row"}]}
    assert explain(one, reasons)
    assert not explain(one, reasons), "said once"
    said = json.loads(table.refresh().properties[PROPERTY + "audit"])
    assert said == {"snapshot": one.snapshot, **reasons}
    assert _rows(uri) == 2
    fast_forward(one)
    assert PROPERTY + "audit" not in table.refresh().properties, "gone in the same commit"
    assert _rows(uri) == 3


def test_a_branch_that_was_written_anew_is_not_published_as_it_was(uri: str, table: Table) -> None:
    one = candidate(uri, "audit")
    main = _main(table)
    table.manage_snapshots().remove_branch("audit").commit()
    table.manage_snapshots().create_branch(main, "audit").commit()
    with pytest.raises(Replaced, match="on the branch audit no more"):
        fast_forward(one)
    assert _rows(uri) == 2


def test_a_table_that_was_dropped_and_made_again_is_another_one(uri: str, table: Table, catalog: SqlCatalog) -> None:
    one = candidate(uri, "audit")
    catalog.drop_table("shop.orders")
    make(catalog, "shop.orders", FIRST)
    with pytest.raises(Replaced, match="was dropped"):
        fast_forward(one)


def test_a_branch_that_is_not_there_is_said(uri: str, table: Table) -> None:
    with pytest.raises(PublishError, match="has no branch nightly"):
        candidate(uri, "nightly")


def test_a_table_without_a_catalog_cannot_be_committed_to(table: Table) -> None:
    folder = table.location().removeprefix("file://")
    with pytest.raises(PublishError, match="no catalog"):
        candidate(f"iceberg://{folder}", "audit")


class TestOnS3:
    """Tables whose files and metadata lie on S3, in catalogs that write these themselves or leave it to the client."""

    @pytest.fixture
    def settings(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, str]]:
        monkeypatch.setenv("PYICEBERG_HOME", str(tmp_path))
        with bucket(monkeypatch) as client:
            _client_for.cache_clear()
            keys = {"s3.access-key-id": "test", "s3.secret-access-key": "test", "s3.region": "us-east-1"}
            yield {**keys, "s3.endpoint": client.meta.endpoint_url, "warehouse": "s3://lake/warehouse"}
            _client_for.cache_clear()

    @staticmethod
    def _branched(catalog: Catalog) -> Table:
        catalog.create_namespace("shop")
        made = make(catalog, "shop.orders", FIRST)
        made.manage_snapshots().create_branch(made.current_snapshot().snapshot_id, "audit").commit()  # type: ignore[union-attr]
        made.append(SECOND, branch="audit")
        return made

    def test_glue(self, settings: dict[str, str]) -> None:
        made = self._branched(GlueCatalog("glue", **settings))
        one = candidate("iceberg://glue/shop.orders", "audit")
        assert explain(one, {"run": "r1"})
        assert fast_forward(one)
        assert _main(made) == one.snapshot
        assert _rows("iceberg://glue/shop.orders") == 3

    def test_glue_refuses_what_somebody_else_committed_meanwhile(
        self, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = self._branched(GlueCatalog("glue", **settings))
        one = candidate("iceberg://glue/shop.orders", "audit")
        commit, came = GlueCatalog.commit_table, []

        def late(self: GlueCatalog, *given: object) -> object:
            if not came:
                came.append(1)
                made.append(SECOND)
            return commit(self, *given)  # type: ignore[arg-type]

        monkeypatch.setattr(GlueCatalog, "commit_table", late)
        with pytest.raises(MainMoved):
            fast_forward(one)
        assert _rows("iceberg://glue/shop.orders") == 3, "main has what the other one committed"
        assert not published(one)

    def test_a_sql_catalog(self, settings: dict[str, str], tmp_path: Path) -> None:
        uri = f"sqlite:///{tmp_path}/catalog.db"
        (tmp_path / ".pyiceberg.yaml").write_text(f"catalog:\n  lake:\n    type: sql\n    uri: {uri}\n")
        made = self._branched(SqlCatalog("lake", uri=uri, **settings))
        one = candidate("iceberg://lake/shop.orders", "audit")
        assert fast_forward(one)
        assert _main(made) == one.snapshot


class TestRest:
    """Catalogs behind HTTP, which commit by themselves."""

    @pytest.fixture
    def far(self, tmp_path: Path, table: Table, catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
        monkeypatch.setenv("PYICEBERG_HOME", str(tmp_path))
        with serving(Rest(catalog)) as server:
            monkeypatch.setenv("PYICEBERG_CATALOG__FAR__URI", server.uri)
            yield server

    def test_main_is_moved_on(self, far: Rest, uri: str) -> None:
        one = candidate("iceberg://far/shop.orders", "audit")
        assert explain(one, {"run": "r1"})
        assert fast_forward(one)
        assert not fast_forward(one)
        assert _rows(uri) == 3

    def test_a_conflict_is_told_by_the_server(
        self, far: Rest, uri: str, table: Table, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = candidate("iceberg://far/shop.orders", "audit")
        commit, came = Rest.commit, []

        def late(self: Rest, path: str, body: bytes) -> object:
            if not came:
                came.append(1)
                table.append(SECOND)
            return commit(self, path, body)

        monkeypatch.setattr(Rest, "commit", late)
        with pytest.raises(MainMoved):
            fast_forward(one)
        assert _rows(uri) == 3
        assert not published(one)
