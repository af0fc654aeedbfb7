"""Which column a person means by what is typed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from psycopg import Connection

from memory import Memory
from memory.errors import Ambiguous, NotFound
from memory.lineage.meaning import spelled
from tests.support.lineages import at, declared, edge, emptied, seen
from tools.lineage.observed import ColumnId, DatasetId, Field, JobId, Observed, ObservedDataset, ObservedEdge

SHOP = DatasetId("postgres://db:5432", "shop.public.customers")
OTHER = DatasetId("postgres://db:5432", "crm.public.customers")
ORDERS = DatasetId("file", "/data/2026/orders.csv")
GLUE = DatasetId("arn:aws:glue:eu-west-1:1", "table/silver/Events")
BUCKET = DatasetId("s3://lake", "gold/days")


@pytest.fixture(scope="module")
def store(store_server: str) -> Iterator[Memory]:
    """A store that knows a few tables."""
    from tests.conftest import TEMPLATE, _database

    for url in _database(store_server, TEMPLATE):
        with Memory.open(url) as opened:
            emptied(opened)
            opened.lineage.ingest([_schemas()])
            yield opened


def _schemas() -> Observed:
    tables = {
        SHOP: ("id", "email", "Total", "total", "address.city"),
        OTHER: ("id", "name"),
        ORDERS: ("id", "amount"),
        GLUE: ("at", "kind", "odd#name"),
        BUCKET: ("day",),
    }
    said = [ObservedDataset(name, fields=tuple(map(Field, columns))) for name, columns in tables.items()]
    return Observed(at(0), "test", JobId("jobs", "made"), outputs=tuple(said))


@pytest.mark.parametrize(
    ("text", "dataset", "column"),
    [
        ("email", SHOP, "email"),
        ("customers.email", SHOP, "email"),
        ("CUSTOMERS.EMAIL", SHOP, "email"),
        ('"customers"."email"', SHOP, "email"),
        ("shop.public.customers.email", SHOP, "email"),
        ("customers.Total", SHOP, "Total"),
        ("customers.address.city", SHOP, "address.city"),
        ("shop.public.customers", SHOP, "*"),
        ("shop.public.customers.*", SHOP, "*"),
        ("shop.public.customers#*", SHOP, "*"),
        ("postgres://db:5432/shop.public.customers", SHOP, "*"),
        ("postgres://db:5432/shop.public.customers#email", SHOP, "email"),
        ("postgres://db:5432 shop.public.customers", SHOP, "*"),
        ("crm.public.customers.id", OTHER, "id"),
        ("orders", ORDERS, "*"),
        ("orders.amount", ORDERS, "amount"),
        ("orders.csv", ORDERS, "*"),
        ("orders.csv#amount", ORDERS, "amount"),
        ("/data/2026/orders.csv", ORDERS, "*"),
        ("/data/2026/../2026/orders.csv#id", ORDERS, "id"),
        ("silver.events.kind", GLUE, "kind"),
        ("Events#odd#name", GLUE, "odd#name"),
        ("s3://lake/gold/days#day", BUCKET, "day"),
        ("gold/days.day", BUCKET, "day"),
    ],
)
def test_a_column_is_found_by_what_a_person_would_type(store, text, dataset, column):
    assert store.lineage.meant(text) == ColumnId(dataset, column)


def test_full_names_mean_what_they_name(store):
    for node in store.lineage.find("i") + store.lineage.find("days") + store.lineage.find("odd"):
        text = spelled(node) if node.column != "*" else f"{spelled(node)}#*"
        assert store.lineage.meant(text) == node


@pytest.mark.parametrize("text", ["customers.id", "customers", "id"])
def test_what_may_be_several_things_is_refused_with_all_of_them(store, text):
    with pytest.raises(Ambiguous) as refused:
        store.lineage.meant(text)
    assert len(refused.value.candidates) >= 2
    meant = {store.lineage.meant(candidate) for candidate in refused.value.candidates}
    assert {node.dataset for node in meant} >= {SHOP, OTHER}
    assert all(candidate in str(refused.value) for candidate in refused.value.candidates)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("shop.public.customers.emial", "Did you mean email?"),
        ("custmers.email", "shop.public.customers"),
        ("orders.csv#amuont", "Did you mean amount?"),
        ("nothing_like_it", "assay lineage find"),
        ("", "customers.email"),
        ("x" * 5000, "customers.email"),
        ("a\0b", "customers.email"),
        ("." * 500, "assay lineage find"),
        ("#", "assay lineage find"),
        ("%", "assay lineage find"),
    ],
)
def test_what_is_not_known_is_answered_with_the_nearest(store, text, told):
    with pytest.raises(NotFound, match=told):
        store.lineage.meant(text)


def test_a_password_in_an_unknown_name_is_not_repeated(store):
    with pytest.raises(NotFound) as refused:
        store.lineage.meant("postgres://me:hunter" + "2@elsewhere/shop?table=customers")
    assert "hunter" not in str(refused.value)


def test_columns_of_a_table_of_which_all_are_spoken_of_need_no_name(store):
    copied = ObservedEdge(ColumnId(DatasetId("db", "a_raw")), ColumnId(DatasetId("db", "b_copy")))
    store.lineage.ingest([Observed(at(1), "test", JobId("jobs", "copy"), edges=(copied,))])
    assert store.lineage.meant("a_raw.anything") == ColumnId(DatasetId("db", "a_raw"), "anything")
    assert store.lineage.meant("b_copy") == ColumnId(DatasetId("db", "b_copy"))


def test_a_name_means_what_it_meant_then(store):
    store.lineage.ingest([
        declared(1, "make", edge("src.x", "days_new.x")),
        Observed(at(5), "test", outputs=(seen("days_live", change="RENAME", previous=DatasetId("db", "days_new")),)),
    ])  # fmt: skip
    assert store.lineage.meant("days_live.x") == ColumnId(DatasetId("db", "days_live"), "x")
    assert store.lineage.meant("days_new.x", at=at(2)) == ColumnId(DatasetId("db", "days_new"), "x")
    assert store.lineage.upstream(store.lineage.meant("days_new.x", at=at(2)), at=at(2)).columns


def test_nothing_known_at_all_tells_how_to_begin(store_url):
    with Memory.open(store_url) as empty, pytest.raises(NotFound, match="assay lineage scan"):
        empty.lineage.meant("customers")


def test_a_full_name_is_found_without_reading_all_names(store, monkeypatch):
    asked = []
    execute = Connection.execute

    def noted(connection, query, params=None, **more):
        if isinstance(params, dict) and "ends" in params:
            asked.append(params["ends"])
        return execute(connection, query, params, **more)

    monkeypatch.setattr(Connection, "execute", noted)
    assert store.lineage.meant("postgres://db:5432/shop.public.customers#email") == ColumnId(SHOP, "email")
    assert store.lineage.meant("/data/2026/orders.csv") == ColumnId(ORDERS)
    assert asked == [False, False]
    store.lineage.meant("customers.email")
    assert True in asked
