"""What is made of the columns that a broken rule is about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from memory import Memory
from memory.lineage.blast import Blast, personal
from tests.support.lineages import at, column, dataset, declared, edge, emptied, seen
from tools.lineage.observed import JobId, Observed, Owner, Tag


@pytest.fixture(scope="module")
def shared(store_server: str) -> Iterator[Memory]:
    """One store for all tests here."""
    from tests.conftest import TEMPLATE, _database

    for url in _database(store_server, TEMPLATE):
        with Memory.open(url) as opened:
            yield opened


@pytest.fixture
def store(shared: Memory) -> Memory:
    """Customers, from which a mart and a hashed list are made."""
    emptied(shared)
    owned = [seen("mart", owners=(Owner("ann"), Owner("bob"))), seen("list", owners=(Owner("ann"),))]
    shared.lineage.ingest([
        declared(0, "mart", edge("customers.mail", "mart.mail"), edge("customers.name", "mart.name")),
        declared(0, "top", edge("mart.mail", "top.mail"), edge("customers.day", "mart.*", "FILTER")),
        declared(0, "hash", edge("customers.mail", "list.mail", "TRANSFORMATION", masking=True)),
        Observed(at(1), "test", inputs=(seen("customers", tags=(Tag("pii", "email", "mail"),)), *owned)),
    ])  # fmt: skip
    return shared


def test_each_set_of_columns_has_what_is_made_of_it(store):
    found = store.lineage.blast(
        dataset("customers"), {1: ["MAIL"], 2: ["name"], 3: ["mail", "name"], 4: [], 5: ["day"]}
    )
    assert set(found) == {1, 2, 3, 4}, "by the filter alone nothing is made of the day"
    assert (found[1].columns, found[1].tables, found[1].jobs, found[1].personal) == (3, 3, 3, 2)
    assert found[1].owners == ("ann", "bob")
    assert found[1].nearest[0] in (dataset("mart"), dataset("top"))
    assert (found[2].columns, found[2].tables, found[2].personal) == (1, 1, 0)
    assert found[3] == found[4]
    told = "3 columns of 3 tables (mart, top, list), 2 with personal data, made by 3 jobs, owned by ann, bob"
    assert found[1].summary == told
    assert found[1].to_dict()["summary"] == told
    assert found[2].summary == "1 column of 1 table (mart), made by 1 job, owned by ann, bob"
    store.lineage.ingest([declared(2, "copy", edge("customers.*", "copy.*"))])
    assert store.lineage.blast(dataset("customers"), {2: ["name"]})[2].tables == 2, "its own table is not one of them"
    assert {one.dataset.name for one in store.lineage.impact(column("customers.name")).tables} == {"mart", "copy"}


def test_where_nothing_is_known_there_is_nothing(store):
    assert store.lineage.blast(dataset("nowhere"), {1: ["mail"]}) == {}
    assert store.lineage.blast(dataset("top"), {1: ["mail"], 2: []}) == {}
    assert store.lineage.blast(dataset("customers"), {1: ["no such column"]}) == {}
    assert store.lineage.blast(dataset("customers"), {}) == {}


def test_columns_that_nobody_named_have_what_is_made_of_all(store):
    store.lineage.ingest([declared(2, "copy", edge("raw.*", "copy.*")), declared(2, "use", edge("copy.x", "used.x"))])
    found = store.lineage.blast(dataset("raw"), {1: ["anything"], 2: []})
    assert (found[1].columns, found[1].tables) == (2, 2)
    assert found[2].tables == 2


def test_what_is_larger_is_told_as_larger(store, monkeypatch):
    monkeypatch.setattr("memory.lineage.blast.MOST_REACHED", 2)
    monkeypatch.setattr("memory.lineage.blast.LEAST_REACHED", 1)
    found = store.lineage.blast(dataset("customers"), {1: ["mail"]})[1]
    assert not found.complete
    assert found.summary.startswith("more than 2 columns of 2 tables")


def test_a_level_with_too_many_edges_is_told_as_larger(store, monkeypatch):
    monkeypatch.setattr("memory.lineage.blast.EDGES_PER_COLUMN", 0)
    monkeypatch.setattr("memory.lineage.copy.Copy.ready", lambda *_: None)
    found = store.lineage.blast(dataset("customers"), {1: ["mail"]})[1]
    assert found.cut == "there are more than 0 edges"
    assert found.columns >= 1


def test_rows_and_the_copy_tell_the_same(store, monkeypatch):
    asked = {1: ["mail"], 2: ["name"], 3: []}
    monkeypatch.setattr("memory.lineage.copy.Copy.ready", lambda *_: None)
    by_rows = store.lineage.blast(dataset("customers"), asked)
    monkeypatch.undo()
    monkeypatch.setattr("memory.lineage.graphs.PATIENCE", 0)
    store.lineage.impact(column("customers.mail"))
    assert store.lineage.blast(dataset("customers"), asked) == by_rows


def test_no_more_sets_are_followed_than_is_bearable(store, monkeypatch):
    monkeypatch.setattr("memory.lineage.blast.MOST_RADII", 1)
    assert set(store.lineage.blast(dataset("customers"), {1: ["mail"], 2: ["name"], 3: ["mail"]})) == {1, 3}


@pytest.mark.parametrize(
    ("key", "value", "marks"),
    [("pii", "", True), ("contains_pii", "true", True), ("class", "PII", True), ("tier", "gold", False)],
)
def test_tags_that_mark_personal_data(key, value, marks):
    assert personal(key, value) is marks


def test_many_owners_are_counted():
    assert Blast(tables=1, nearest=(dataset("whole"),)).summary == "1 table (whole)"
    near = (dataset("shop.public.x"), dataset("/data/y.csv"), dataset("z\u202e"))
    told = Blast(columns=1, tables=9, owners=("a", "b", "c", "d", "e"), nearest=near).summary
    assert told == "1 column of 9 tables (public.x, y.csv, z and 6 more), owned by a, b, c and 2 more"


def test_a_worker_may_ask_under_its_lease(store):
    run = store.runs.create(kind="run", goal="", sources=[], model="", graph_version=1, requested_by="ann")
    lease = store.runs.claim("here", seconds=60, run_id=run.id)
    under = store.under(lease)
    assert under.lineage.blast(dataset("customers"), {1: ["name"]})[1].columns == 1
    assert under.lineage.copy is store.lineage.copy
    store.runs.release(lease, "done")


def test_rows_that_assay_set_aside_are_no_harm(store):
    copied = (edge("customers.name", "aside.name"), edge("aside.name", "aside.other"))
    job = JobId("assay", "validate")
    store.lineage.ingest([Observed(at(3), "assay", job, "r", completes=True, outputs=(seen("aside"),), edges=copied)])
    found = store.lineage.blast(dataset("customers"), {1: ["name"]})[1]
    assert (found.columns, found.nearest) == (1, (dataset("mart"),))
    store.lineage.ingest([declared(4, "use", edge("aside.name", "used.name"))])
    assert store.lineage.blast(dataset("customers"), {1: ["name"]})[1].tables == 2
    assert {one.dataset.name for one in store.lineage.impact(column("customers.name")).tables} == {"mart", "used"}
