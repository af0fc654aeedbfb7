from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg.conninfo import conninfo_to_dict

from memory import Memory
from memory.errors import StoreError
from tests.integration.test_memory_runs import at_once
from tests.support.stores import FIELDS, new_dataset


def test_a_dataset_is_stored_once_and_refreshed(store):
    first = store.catalog.upsert_dataset("file", "/data/orders.csv", "orders.csv", FIELDS)
    assert (first.namespace, first.name, first.short_name, first.fields) == (
        *("file", "/data/orders.csv", "orders"),
        FIELDS,
    )
    fewer = [{**FIELDS[1], "extra": "dropped"}]
    second = store.catalog.upsert_dataset("file", "/data/orders.csv", "/data/orders.csv", fewer)
    assert (second.id, second.uri, second.fields) == (first.id, "/data/orders.csv", FIELDS[1:])
    assert store.catalog.dataset(first.id) == second
    assert store.catalog.datasets() == [second]


def test_many_columns_with_odd_and_equal_names_keep_their_order(store):
    names = ['a "b".c', "a", "A", "", "naïve ☃", *(f"column {n}" for n in range(1000))]
    fields = [{"name": name, "type": "VARCHAR", "kind": "text"} for name in names]
    dataset = store.catalog.upsert_dataset("file", "/wide.csv", "/wide.csv", fields)
    assert [field["name"] for field in store.catalog.dataset(dataset.id).fields] == names


def test_upserts_at_once_make_one_dataset(store):
    found = at_once(8, lambda n: store.catalog.upsert_dataset("file", "/d.csv", "/d.csv", FIELDS[: n % 2 + 1]))
    assert len({dataset.id for dataset in found}) == 1
    assert len(store.catalog.datasets()[0].fields) in (1, 2)


def test_a_dataset_is_found_as_people_name_it(store):
    orders = new_dataset(store, "/data/orders.csv")
    archive = new_dataset(store, "/archive/Orders.parquet")
    new_dataset(store, "/data/order_items.csv")
    assert store.catalog.find("/data/orders.csv") == [orders]
    assert store.catalog.find("ORDERS") == [archive, orders]
    assert store.catalog.find("order_") == []
    assert store.catalog.find("/data/") == []
    assert store.catalog.find("%") == []


def test_a_profile_is_stored_once_per_version(store):
    dataset = new_dataset(store)
    profile = {"rows": 3, "columns": [{"name": "z", "min": "a\0b", "mean": float("inf")}]}
    first = store.catalog.save_profile(dataset.id, "v1", profile)
    assert store.catalog.save_profile(dataset.id, "v1", {"rows": 99}) == first
    second = store.catalog.save_profile(dataset.id, "v2", {"rows": 4})
    stored = store.catalog.profile(dataset.id, "v1")
    assert stored == store.catalog.profile_by_id(first)
    assert stored.profile == {"rows": 3, "columns": [{"name": "z", "min": "a\ufffdb", "mean": None}]}
    assert store.catalog.latest_profile(dataset.id).id == second
    assert store.catalog.profile(dataset.id, "v3") is None


def test_an_unknown_id_is_said_so(store):
    for ask in (store.catalog.dataset, store.catalog.profile_by_id):
        with pytest.raises(StoreError, match="There is no"):
            ask(UUID(int=0))
    assert store.catalog.latest_profile(uuid4()) is None


def test_the_pool_serves_a_langgraph_saver(store):
    saver = PostgresSaver(store.pool)
    config = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
    saved = saver.put(config, empty_checkpoint(), {"source": "input", "step": -1}, {})
    assert saver.get_tuple(saved) is not None


def test_a_store_whose_server_goes_away_says_so(store_url):
    with Memory.open(store_url) as store:
        new_dataset(store)
        name = conninfo_to_dict(store_url)["dbname"]
        with psycopg.connect(store_url, dbname="postgres", autocommit=True) as connection:
            connection.execute(f"alter database {name} allow_connections false")
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
            store.pool.timeout = 0.5
            with pytest.raises(StoreError, match="does not answer"):
                store.catalog.datasets()
            connection.execute(f"alter database {name} allow_connections true")
        store.pool.timeout = 10
        assert len(store.catalog.datasets()) == 1, "it comes back by itself"
