"""The lineage store: what is told of columns, and what is asked about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from psycopg import Connection

from evals.bench.lineage_graphs import BETWEEN, column_id, fill, generated
from memory import Memory
from memory.errors import NotFound
from memory.lineage.store import LineageStore
from tests.support.lineages import at, column, dataset, declared, edge, emptied, event, names, seen
from tools.lineage.observed import ColumnId, DatasetId, Field, JobId, Observed, ObservedDataset, Owner, Tag


@pytest.fixture(scope="module")
def shared(store_server: str) -> Iterator[Memory]:
    """One store for all tests here."""
    from tests.conftest import TEMPLATE, _database

    for url in _database(store_server, TEMPLATE):
        with Memory.open(url) as opened:
            yield opened


@pytest.fixture
def store(shared: Memory) -> Memory:
    """The store without any lineage."""
    emptied(shared)
    return shared


def chain(*tables):
    """Each table's column `x` made of the one before, by a job of its own."""
    return [declared(n, f"job {b}", edge(f"{a}.x", f"{b}.x")) for n, (a, b) in enumerate(pairwise(tables))]


def test_columns_are_found_up_and_down_with_their_distance(store):
    store.lineage.ingest(chain("a", "b", "c", "d"))
    assert names(store.lineage.downstream(column("b.x"))) == [("c.x", 1), ("d.x", 2)]
    assert names(store.lineage.upstream(column("c.x"))) == [("b.x", 1), ("a.x", 2)]
    assert store.lineage.downstream(column("d.x")).columns == ()
    assert store.lineage.downstream(column("a.x")).complete


def test_an_answer_that_is_cut_says_so(store):
    store.lineage.ingest(chain("a", "b", "c", "d"))
    short = store.lineage.downstream(column("a.x"), depth=2)
    assert (names(short), short.complete) == ([("b.x", 1), ("c.x", 2)], False)
    assert "more than 2 edges away" in short.cut
    few = store.lineage.downstream(column("a.x"), limit=1)
    assert (names(few), few.cut) == ([("b.x", 1)], "there are more than 1 columns")
    assert store.lineage.downstream(column("a.x"), depth=3, limit=3).complete


def test_cycles_end(store):
    store.lineage.ingest([*chain("a", "b", "c"), declared(9, "back", edge("c.x", "a.x"), edge("a.x", "a.x"))])
    assert names(store.lineage.downstream(column("a.x"))) == [("b.x", 1), ("c.x", 2)]
    assert [
        (s.source.column, s.target.dataset.name) for s in store.lineage.path(column("a.x"), column("c.x")).steps
    ] == [
        ("x", "b"),
        ("x", "c"),
    ]


def test_indirect_edges_are_followed_on_request_and_kept_once_per_dataset(store):
    wide = [edge(f"a.c{n}", f"b.c{n}") for n in range(50)]
    store.lineage.ingest([declared(0, "job", *wide, edge("a.day", "b.*", "FILTER"), edge("k.id", "b.*", "JOIN"))])
    assert store.lineage.downstream(column("a.day")).columns == ()
    below = names(store.lineage.downstream(column("a.day"), indirect=True))
    assert ("b.*", 1) in below
    assert {name for name, _ in below} == {"b.*", *(f"b.c{n}" for n in range(50))}
    assert {n for n, _ in names(store.lineage.upstream(column("b.c7"), indirect=True))} == {"a.c7", "a.day", "k.id"}
    stored = store.db.row("select count(*) as n from lineage_edges where job_id > 0")["n"]
    assert stored == 52


def test_all_columns_of_a_table_whose_schema_nobody_knows(store):
    store.lineage.ingest([declared(0, "copy", edge("a.*", "b.*")), declared(1, "use", edge("b.mail", "c.mail"))])
    assert {n for n, _ in names(store.lineage.upstream(column("c.mail")))} == {"b.mail", "b.*", "a.*"}
    assert ("c.mail", 3) in names(store.lineage.downstream(column("a.anything")))
    store.lineage.ingest([declared(2, "make", edge("raw.mail", "a.mail"))])
    assert "c.mail" in {n for n, _ in names(store.lineage.downstream(column("raw.mail")))}


def test_the_whole_of_its_own_dataset_is_not_made_of_a_column(store):
    store.lineage.ingest([declared(0, "copy", edge("a.*", "b.*")), declared(1, "use", edge("a.x", "c.x"))])
    found = store.lineage.downstream(column("a.x"), explained=True)
    assert names(found) == [("c.x", 1), ("b.*", 2)]
    assert column("a.*") in {step.source for step in found.steps}, "the way goes on through it"
    assert ("b.*", 1) not in names(store.lineage.upstream(column("b.y")))
    impact = store.lineage.impact(column("a.x"))
    assert (impact.column_count, impact.table_count) == (1, 2)


def test_a_count_of_rows_does_not_depend_on_the_columns(store):
    store.lineage.ingest([
        declared(0, "make", edge("raw.mail", "a.mail")),
        declared(1, "count", edge("a.*", "b.n", "AGGREGATION", masking=True)),
    ])  # fmt: skip
    assert names(store.lineage.downstream(column("raw.mail"))) == [("a.mail", 1)]
    assert names(store.lineage.upstream(column("b.n"))) == [("a.*", 1)]


def test_the_same_told_again_changes_nothing(store):
    events = [event(n, "job", f"run {n}", edge("a.x", "b.x"), completes=True) for n in range(3)]
    first, again = store.lineage.ingest(events), store.lineage.ingest(events + events)
    assert (first.events, first.repeated, first.opened) == (3, 0, 1)
    assert (again.events, again.repeated, again.opened, again.ended) == (6, 6, 0, 0)
    assert store.db.row("select count(*) as n from lineage_sayings")["n"] == 3
    assert store.db.row("select count(*) as n from lineage_statements")["n"] == 1


def test_events_of_a_run_add_up_and_a_completed_run_replaces_the_one_before(store):
    store.lineage.ingest([
        event(1, "job", "one", edge("a.x", "b.x")),
        event(2, "job", "one", edge("a.y", "b.y"), completes=True),
    ])  # fmt: skip
    assert len(store.lineage.downstream(column("a.*")).columns) == 2
    store.lineage.ingest([event(3, "job", "two", edge("a.x", "b.z"))])
    assert len(store.lineage.downstream(column("a.*")).columns) == 3, "a run that goes on ends nothing"
    store.lineage.ingest([event(4, "job", "two", completes=True)])
    assert names(store.lineage.downstream(column("a.*"))) == [("b.z", 1)]
    store.lineage.ingest([event(5, "job", "three", completes=True)])
    assert names(store.lineage.downstream(column("a.*"))) == [("b.z", 1)], "a run that tells nothing replaces nothing"
    store.lineage.ingest([declared(6, "job")])
    assert names(store.lineage.downstream(column("a.*"))) == [], "a declaration of nothing does"


def test_the_past_is_asked_and_compared(store):
    store.lineage.ingest([declared(1, "job", edge("a.x", "b.x")), declared(5, "job", edge("a.y", "b.x"))])
    assert names(store.lineage.upstream(column("b.x"), at=at(3))) == [("a.x", 1)]
    assert names(store.lineage.upstream(column("b.x"), at=at(5))) == [("a.y", 1)]
    assert names(store.lineage.upstream(column("b.x"), at=at(0))) == []
    changed = store.lineage.diff(at(3), at(6))
    assert [s.source.column for s in changed.added] == ["y"]
    assert [s.source.column for s in changed.removed] == ["x"]
    back = store.lineage.diff(at(6), at(3))
    assert (back.added, back.removed) == (changed.removed, changed.added)
    assert store.lineage.diff(at(5), at(9)).added == ()
    assert store.lineage.diff(at(3), at(6), dataset=dataset("a")) == changed
    store.lineage.ingest([declared(5.5, "other", edge("p.x", "q.x"))])
    assert store.lineage.diff(at(3), at(6), dataset=dataset("a")) == changed
    assert not store.lineage.diff(at(3), at(6), limit=1).complete


def test_an_edge_says_who_made_it(store):
    store.lineage.ingest([
        event(1, "job", "run 1", edge("a.x", "b.x", "TRANSFORMATION", masking=True), completes=True, confidence=0.5),
        event(2, "job", "run 2", edge("a.x", "b.x", "TRANSFORMATION", masking=True), completes=True, confidence=0.5),
    ])  # fmt: skip
    (step,) = store.lineage.path(column("a.x"), column("b.x")).steps
    assert (step.type, step.subtype, step.masking) == ("DIRECT", "TRANSFORMATION", True)
    assert (step.job, step.run, step.confidence, step.since) == (JobId("jobs", "job"), "run 1", 0.5, at(1))


def test_symlinks_join_what_has_several_names(store):
    store.lineage.ingest([
        declared(0, "write", edge("a.x", "s3 path.x")),
        declared(1, "read", edge("db.table.x", "c.x")),
    ])  # fmt: skip
    assert names(store.lineage.downstream(column("a.x"))) == [("s3 path.x", 1)]
    link = seen("s3 path", symlinks=(dataset("db.table"),))
    store.lineage.ingest([Observed(at(2), "test", inputs=(link,))])
    assert names(store.lineage.downstream(column("a.x"))) == [("db.table.x", 1), ("c.x", 2)]
    assert names(store.lineage.upstream(column("db.table.x"))) == names(store.lineage.upstream(column("s3 path.x")))
    store.lineage.ingest([declared(3, "read", edge("db.table.x", "d.x"))])
    assert names(store.lineage.downstream(column("a.x"))) == [("db.table.x", 1), ("d.x", 2)]


def test_names_that_are_linked_in_a_row_by_one_batch_are_one_dataset(store):
    told = [declared(0, f"job {name}", edge(f"{name}.x", f"to_{name}.x")) for name in "abcde"]
    links = [(one, dataset(other)) for one, other in ("de", "ab", "cb", "dc")]
    told += [Observed(at(1), "test", inputs=(seen(one, symlinks=(other,)),)) for one, other in links]
    reached = [f"to_{name}.x" for name in "abcde"]
    store.lineage.ingest(told[:5])
    store.lineage.ingest(told[5:])
    for name in "abcde":
        assert sorted(found for found, _ in names(store.lineage.downstream(column(f"{name}.x")))) == reached


def test_linking_and_renaming_take_no_statements_for_each_other_name(store, monkeypatch):
    def statements(*told):
        asked = 0
        execute = Connection.execute

        def counted(*given, **more):
            nonlocal asked
            asked += 1
            return execute(*given, **more)

        with monkeypatch.context() as patch:
            patch.setattr(Connection, "execute", counted)
            store.lineage.ingest(told)
        return asked

    def linked(prefix, number):
        inputs = tuple(seen(f"{prefix} {n}", symlinks=(dataset(f"{prefix} other {n}"),)) for n in range(number))
        return Observed(at(0), "test", inputs=inputs)

    def renamed(hour):
        moved = ObservedDataset(dataset(f"t{hour}"), change="RENAME", previous=dataset("t"))
        return Observed(at(hour), "test", inputs=(moved,))

    few, many = statements(linked("few", 2)), statements(linked("many", 42))
    assert (many - few) / 40 < 10
    once = statements(renamed(1))
    store.lineage.ingest([renamed(hour) for hour in range(2, 50)])
    assert statements(renamed(50)) <= once + 2


@pytest.mark.parametrize("backwards", [False, True])
def test_tables_that_are_swapped_by_renames_keep_their_lineage(store, backwards):
    def renamed(when, old, new):
        return Observed(
            at(when), "test", inputs=(ObservedDataset(dataset(new), change="RENAME", previous=dataset(old)),)
        )

    told = [
        declared(1, "old", edge("src.old", "t.x")),
        declared(2, "new", edge("src.new", "t_new.x")),
        renamed(3, "t", "t_old"),
        renamed(4, "t_new", "t"),
        declared(5, "use", edge("t.x", "report.x")),
    ]
    for one in reversed(told) if backwards else told:
        store.lineage.ingest([one])
    assert names(store.lineage.upstream(column("report.x"))) == [("t.x", 1), ("src.new", 2)]
    assert names(store.lineage.downstream(column("src.old"))) == [("t_old.x", 1)]
    assert names(store.lineage.upstream(column("t.x"), at=at(2.5))) == [("src.old", 1)]


def test_a_dropped_dataset_is_gone_until_it_is_told_of_again(store):
    store.lineage.ingest(chain("a", "b", "c"))
    store.lineage.drop(dataset("b"), at=at(5))
    assert store.lineage.downstream(column("a.x")).columns == ()
    assert names(store.lineage.downstream(column("a.x"), at=at(4))) == [("b.x", 1), ("c.x", 2)]
    store.lineage.ingest([declared(6, "job b", edge("a.x", "b.x"))])
    assert names(store.lineage.downstream(column("a.x"))) == [("b.x", 1)]


def test_history_and_events_expire(store):
    told = [declared(n, "job", edge(f"a.c{n}", "b.x")) for n in range(6)]
    store.lineage.ingest(told)
    gone = store.lineage.expire_history(at(3.5))
    assert (gone.edges, gone.sayings) == (3, 3)
    with pytest.raises(NotFound, match="no longer kept"):
        store.lineage.upstream(column("b.x"), at=at(2))
    assert names(store.lineage.upstream(column("b.x"), at=at(4.5))) == [("a.c4", 1)]
    assert names(store.lineage.upstream(column("b.x"), at=at(3.5))) == [("a.c3", 1)]
    store.lineage.ingest([declared(3.7, "job", edge("a.late", "b.x"))])
    assert names(store.lineage.upstream(column("b.x"), at=at(3.8))) == [("a.late", 1)]
    assert names(store.lineage.upstream(column("b.x"))) == [("a.c5", 1)]
    raw = Observed(at(7), "openlineage", raw={"eventType": "OTHER"})
    store.lineage.ingest([raw])
    assert store.lineage.expire_events(datetime.now(UTC) + timedelta(minutes=1)).events == 1
    assert store.lineage.ingest([raw]).repeated == 1


@pytest.mark.parametrize("patience", [2000, 0])
def test_what_breaks(store, monkeypatch, patience):
    monkeypatch.setattr("memory.lineage.graphs.PATIENCE", patience)
    owners = (Owner("ada", "steward"),)
    store.lineage.ingest([
        declared(0, "load", edge("crm.mail", "customers.mail"), edge("crm.name", "customers.name")),
        declared(1, "mart", edge("customers.mail", "mart.mail"), edge("customers.mail", "mart.host", "TRANSFORMATION")),
        declared(2, "hide", edge("customers.mail", "hashed.mail", "TRANSFORMATION", masking=True)),
        Observed(at(3), "test", JobId("jobs", "send"), inputs=(seen("mart"),), owners=(Owner("eve"),)),
        Observed(at(4), "test", inputs=(seen("mart", owners=owners), seen("hashed", owners=owners))),
        Observed(at(5), "test", inputs=(seen("crm", tags=(Tag("pii", "email", "mail"), Tag("tier", "gold"))),)),
    ])  # fmt: skip
    store.catalog.upsert_dataset("db", "mart", "mart", [])
    found = store.lineage.impact(column("crm.mail"))
    assert found.complete
    assert (found.column_count, found.table_count, found.job_count) == (4, 3, 4)
    assert [(t.dataset.name, t.columns, t.distance) for t in found.tables] == [
        ("mart", 2, 2),
        ("customers", 1, 1),
        ("hashed", 1, 2),
    ]
    assert found.tables[0].owners == owners
    assert found.tables[0].tags == (("pii", "email"),)
    assert found.tables[0].catalog == store.catalog.find("mart")[0].id
    assert found.tables[2].tags == ()
    assert found.owners == ((Owner("ada", "steward"), 2),)
    assert found.tags == ((("pii", "email"), 3),)
    assert [(j.job.name, j.edges) for j in found.jobs] == [("mart", 2), ("hide", 1), ("load", 1), ("send", 0)]
    assert found.jobs[-1].owners == (Owner("eve"),)
    assert len(store.lineage.impact(column("crm.mail"), shown=1).tables) == 1


def test_the_copy_answers_as_the_rows_do(store, monkeypatch):
    graph = generated(3000)
    with store.db.transaction() as connection:
        connection.execute("truncate lineage_datasets, lineage_columns, lineage_jobs restart identity cascade")
        fill(connection, graph, past=True)
    asked = [(n, when) for n in (1, 2, 40, 300, 1500) for when in (None, BETWEEN, at(0) - timedelta(days=9))]
    rows = [LineageStore(store.db).impact(column_id(n), at=when, shown=10**6) for n, when in asked]
    monkeypatch.setattr("memory.lineage.graphs.PATIENCE", 0)
    copy = [LineageStore(store.db).impact(column_id(n), at=when, shown=10**6) for n, when in asked]
    for one, other in zip(rows, copy, strict=True):
        assert replace(one, columns=()) == replace(other, columns=())
        assert {*one.columns} == {*other.columns}
    assert rows[0].column_count > 100


def test_around_a_column(store):
    store.lineage.ingest([*chain("a", "b", "c", "d"), declared(9, "side", edge("a.x", "c.x"))])
    near = store.lineage.around(column("b.x"))
    assert {(c.column.dataset.name, c.distance) for c in near.columns} == {("a", 1), ("b", 0), ("c", 1)}
    assert {(s.source.dataset.name, s.target.dataset.name) for s in near.steps} == {("a", "b"), ("b", "c"), ("a", "c")}
    assert not near.complete


def test_names_that_nobody_told_of(store):
    with pytest.raises(NotFound, match="no dataset db nowhere"):
        store.lineage.upstream(column("nowhere.x"))
    store.lineage.ingest(chain("a", "b"))
    with pytest.raises(NotFound, match=r"no column y of db a .*Known are: x"):
        store.lineage.downstream(column("a.y"))


def test_a_schema_alone_makes_columns_known(store):
    fields = (Field("x", "INT"), Field("y"))
    store.lineage.ingest([Observed(at(0), "test", inputs=(seen("a", fields=fields),))])
    assert store.lineage.downstream(column("a.y")).columns == ()


def test_a_batch_is_stored_whole_or_not_at_all(store, monkeypatch):
    monkeypatch.setattr("memory.lineage.recompute.Recompute.run", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.lineage.ingest(chain("a", "b"))
    monkeypatch.undo()
    assert store.db.row("select count(*) as n from lineage_events")["n"] == 0
    assert store.lineage.ingest(chain("a", "b")).repeated == 0


def test_a_clock_that_is_ahead_does_not_win_for_ever(store):
    ahead = Observed(
        datetime(2200, 1, 1, tzinfo=UTC),
        "test",
        JobId("jobs", "j"),
        completes=True,
        run="r",
        edges=(edge("a.x", "b.x"),),
    )
    store.lineage.ingest([ahead])
    later = Observed(
        datetime.now(UTC), "test", JobId("jobs", "j"), completes=True, run="s", edges=(edge("a.y", "b.x"),)
    )
    store.lineage.ingest([later])
    assert names(store.lineage.upstream(column("b.x"))) == [("a.y", 1)]


def test_no_time_without_a_zone():
    with pytest.raises(ValueError, match="time zone"):
        Observed(datetime(2026, 1, 1), "test")  # noqa: DTZ001


def test_ids_are_namespaces_and_names():
    assert DatasetId("db", "a") == dataset("a")


def test_what_a_person_may_mean(store):
    edges = (edge("shop.Orders.total", "shop.orders_2.Total_%"), edge("shop.Orders.id", "x.o"))
    store.lineage.ingest([declared(0, "j", *edges)])
    whole = [column("shop.Orders.*"), column("shop.orders_2.*")]
    assert store.lineage.find("orders") == store.lineage.find("SHOP.orders") == store.lineage.find("ord") == whole
    assert store.lineage.find("orders_2") == store.lineage.find("shop.orders_2") == whole[1:]
    assert store.lineage.find("orders.to") == [column("shop.Orders.total")]
    assert store.lineage.find("orders.TOTAL") == [column("shop.Orders.total")]
    assert store.lineage.find("tot") == [column("shop.Orders.total"), column("shop.orders_2.Total_%")]
    assert store.lineage.find("total_%") == [column("shop.orders_2.Total_%")]
    assert store.lineage.find("tot", limit=1) == [column("shop.Orders.total")]
    assert store.lineage.find("%") == store.lineage.find("rders") == store.lineage.find("") == []


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_names_that_cannot_be_stored_are_refused_before_they_get_here(name):
    with pytest.raises(ValueError, match="names cannot hold"):
        declared(0, "job", edge(f"{name}.x", "b.x"))
    with pytest.raises(ValueError, match="names cannot hold"):
        declared(0, name)


def test_odd_names_and_raw_events_come_through(store):
    odd = "a \"quoted\" \\ {brace}, 'tick' \u00e9 \U0001f600 \n"
    raw = {"text": "a\0b\ud800", "number": float("nan"), "odd": odd}
    told = Observed(at(0), "test", JobId("jobs", odd), "run", completes=True, edges=(edge("a.x", f"b.{odd}"),), raw=raw)
    store.lineage.ingest([told])
    assert [c.column.column for c in store.lineage.downstream(column("a.x")).columns] == [odd]
    assert store.db.row("select raw from lineage_events")["raw"] == {"text": "a\ufffdb?", "number": None, "odd": odd}


def test_a_tag_does_not_spread_where_nobody_tells_what_flows_but_that_is_said(store):
    tagged = seen("a", fields=(Field("x"), Field("y")), tags=(Tag("pii", "", "x"),))
    outputs = (seen("b", fields=(Field("x"),)),)
    told = Observed(
        at(1), "test", JobId("jobs", "j"), "r", completes=True, inputs=(tagged,), outputs=outputs, coarse=True
    )
    store.lineage.ingest([told, *chain("b", "c")])
    found = store.lineage.where_goes("pii")
    assert {one.column.dataset for one in found.columns} == {dataset("a")}
    assert found.perhaps == (ColumnId(dataset("b")),)
    assert store.lineage.where_goes("pii", "other").perhaps == ()
    assert names(store.lineage.downstream(column("a.x")))  # what depends on it is told all the same


def test_names_of_a_column_that_differ_in_case_only_are_one_column(store):
    tagged = seen("a", tags=(Tag("pii", "", "x"),))
    told = [declared(1, "job 1", edge("a.x", "b.Email")), declared(2, "job 2", edge("b.eMail", "c.y"))]
    store.lineage.ingest([*told, Observed(at(0), "tagger", inputs=(tagged,))])
    assert ("c.y", 3) in names(store.lineage.downstream(column("a.x")))
    assert column("c.y") in {one.column for one in store.lineage.where_goes("pii").columns}
    store.lineage.ingest([declared(3, "job 3", edge("c.EMAIL", "d.z"))])  # of another table
    assert "d.z" not in dict(names(store.lineage.downstream(column("a.x"))))
