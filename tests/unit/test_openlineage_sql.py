"""Column lineage out of the `sql` facet of events that tell no columns themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.events import CLEAN, DB, GOLD, RAW, column_lineage, dataset, field, job_event, run_event
from tools.lineage.observed import Mode, Observed
from tools.openlineage.reading.event import read
from tools.openlineage.reading.sql import LONGEST, MOST_PAIRS

LAKE = "s3://lake"


def job(query: object, dialect: object = None, **facets: object):
    """A job with a query."""
    return {"namespace": "nightly", "name": "clean", "facets": {"sql": {"query": query, "dialect": dialect}, **facets}}


def schema(*names: str, type_: str | None = "text"):
    """A schema facet."""
    return {"fields": [{"name": name, "type": type_} for name in names]}


def taken(query: object, inputs=(RAW,), outputs=(CLEAN,), dialect: object = None, **parts) -> Observed:
    """What a complete run with a query says; datasets are names, or as they stand in events."""
    told = {
        key: [one if isinstance(one, dict) else dataset(one) for one in listed]
        for key, listed in (("inputs", inputs), ("outputs", outputs))
    }
    found = read(run_event(**{"job": job(query, dialect)} | told | parts))
    assert found is not None
    return found


def edges(found: Observed) -> set[str]:
    """Edges as text: `raw.a > clean.b IDENTITY`."""

    def named(end) -> str:
        return f"{end.dataset.name.replace('/', '.').rpartition('.')[2]}.{end.column}"

    return {f"{named(one.source)} > {named(one.target)} {one.subtype}" for one in found.edges}


WRITES = {
    "insert into clean (mail) select lower(email) from raw": {"raw.email > clean.mail TRANSFORMATION"},
    "INSERT INTO Public.CLEAN (mail) SELECT email FROM shop.public.raw": {"raw.email > clean.mail IDENTITY"},
    'create table "shop"."public"."clean" as select email from raw where id > 1': {
        "raw.email > clean.email IDENTITY",
        "raw.id > clean.* FILTER",
    },
    "create temp table t as select email as m from raw; insert into clean (mail) select m from t": {
        "raw.email > clean.mail IDENTITY"
    },
    "select email as mail from raw": {"raw.email > clean.mail IDENTITY"},
    "with a as (select * from raw), b as (select email as mail from a) select * from b": {
        "raw.email > clean.mail IDENTITY"
    },
    "insert into clean (mail) select email from raw; select count(*) from raw": {"raw.email > clean.mail IDENTITY"},
    "update clean set mail = r.email from raw r": {"raw.email > clean.mail IDENTITY"},
    "select * from raw": {"raw.* > clean.* IDENTITY"},
}


@pytest.mark.parametrize("query", WRITES)
def test_edges_come_from_the_query(query):
    found = taken(query)
    assert edges(found) == WRITES[query]
    assert (found.confidence, found.coarse, found.mode) == (0.8, False, Mode.ACCUMULATE)
    assert [one.id.name for one in (*found.inputs, *found.outputs)] == [RAW, CLEAN]


COARSE = {
    "nothing that is known is written": ("insert into elsewhere select email from raw", (RAW,), (CLEAN,)),
    "an unknown schema": ("insert into other.clean select email from raw", (RAW,), (CLEAN,)),
    "no source that is known": ("insert into clean (mail) select email from another", (RAW,), (CLEAN,)),
    "two queries of which one knows not which flows": ("select a from raw; select b from raw", (RAW,), (CLEAN,)),
    "a query with two outputs": ("select email as mail from raw", (RAW,), (CLEAN, GOLD)),
    "one of two outputs": ("insert into clean (mail) select email from raw", (RAW,), (CLEAN, GOLD)),
    "no outputs": ("select email as mail from raw", (RAW,), ()),
    "two sources of one name": ("select email as mail from raw", ("a.public.raw", "b.public.raw"), (CLEAN,)),
    "no SQL": ("drink me", (RAW,), (CLEAN,)),
    "no query": (None, (RAW,), (CLEAN,)),
    "no text": ({"a": ["select"]}, (RAW,), (CLEAN,)),
    "half a character": ("select \ud800\0 from", (RAW,), (CLEAN,)),
    "a drop": ("drop table clean", (RAW,), (CLEAN,)),
    "too long": ("select email as mail from raw --" + "x" * LONGEST, (RAW,), (CLEAN,)),
    "a long name": (f"select {'x' * 3000} from raw", (RAW,), (CLEAN,)),
    "a product": (
        "insert into clean (a) select a from x1; insert into gold (a) select a from x1",
        [f"x{n}" for n in range(MOST_PAIRS // 2 + 1)],
        (CLEAN, GOLD),
    ),
}


@pytest.mark.parametrize("why", COARSE)
def test_it_stays_coarse_where_the_query_does_not_tell(why):
    found = taken(*COARSE[why])
    assert (found.coarse, found.edges, found.confidence) == (True, (), 1.0)


def test_only_complete_runs_and_declarations_count():
    """An event may still come that tells its columns itself."""
    for state in ("START", "RUNNING", "FAIL", "ABORT", "OTHER", None):
        assert taken("select email as mail from raw", eventType=state).coarse
    declared = read(job_event(job=job("select email from raw"), inputs=[dataset(RAW)], outputs=[dataset(CLEAN)]))
    assert declared is not None
    assert (declared.mode, declared.confidence, edges(declared)) == (
        Mode.REPLACE,
        0.8,
        {"raw.email > clean.email IDENTITY"},
    )


def test_what_an_event_tells_itself_goes_first():
    query = "select email as mail from raw"
    told = dataset(CLEAN, columnLineage=column_lineage(m=[field("e", RAW, "DIRECT IDENTITY")]))
    assert edges(taken(query, outputs=[told])) == {"raw.e > clean.m IDENTITY"}
    assert taken(query, outputs=[told]).confidence == 1
    assert edges(taken(query, outputs=[told, dataset(GOLD)])) == {"raw.e > clean.m IDENTITY"}
    nothing = {"entries": [{"namespace": DB, "name": CLEAN, "type": "DATASET", "inputs": []}]}
    assert taken(query, job=job(query, lineage=nothing)).edges == ()
    assert taken(query, outputs=[dataset(CLEAN, columnLineage={"_deleted": True})]).edges == ()
    assert taken(
        query, job={"namespace": "n", "name": "j", "facets": {"sql": {"_deleted": True, "query": query}}}
    ).coarse
    empty = dataset(CLEAN, columnLineage={"fields": {}})
    assert edges(taken(query, outputs=[empty])) == {"raw.email > clean.mail IDENTITY"}, "nobody could tell"


def test_columns_of_schemas_open_stars_and_positions():
    raw = dataset(RAW, schema=schema("id", "email"))
    target = dataset(CLEAN, schema=schema("Key", "Mail"))
    opened = {"raw.id > clean.Key IDENTITY", "raw.email > clean.Mail IDENTITY"}
    assert edges(taken("insert into clean select * from raw", [raw], [target])) == opened
    assert edges(taken("select id as key, email as MAIL from raw", [raw], [target])) == opened
    nested = {"fields": [{"name": "at", "type": "struct", "fields": [{"name": "day", "type": "int"}]}]}
    assert edges(taken("select * from raw", [dataset(RAW, schema=nested)])) == {"raw.at > clean.at IDENTITY"}


def test_columns_that_may_not_be_all_open_no_star():
    documented = dataset(RAW, schema=schema("id", type_=None))
    found = taken("select email, * from raw", [documented])
    assert edges(found) == {"raw.email > clean.email IDENTITY", "raw.* > clean.* IDENTITY"}
    assert found.confidence == 0.8


def test_what_is_not_sure_says_so():
    unknown = taken("select email, o.x from raw join other o using (id)")
    assert unknown.confidence == 0.5, "a table that nobody knows"
    assert {one.source.dataset.name for one in unknown.edges} == {RAW}
    beside = taken("select email from raw", (RAW, GOLD))
    assert edges(beside) == {"raw.email > clean.email IDENTITY", "gold.* > clean.* TRANSFORMATION"}
    assert beside.confidence == 0.5, "the query is not all that the job does"
    counted = taken("select email, (select count(*) from gold) as n from raw", (RAW, GOLD))
    assert (edges(counted), counted.confidence) == ({"raw.email > clean.email IDENTITY"}, 0.8)
    half = taken("insert into clean (mail) select email from raw; insert into clean select (((", (RAW, GOLD))
    assert edges(half) == {"raw.email > clean.mail IDENTITY", "gold.* > clean.* TRANSFORMATION"}
    assert half.confidence == 0.5
    filtered = (
        "insert into clean (mail) select email from raw where id in (select k from gold); insert into clean select ((("
    )
    assert "gold.* > clean.* TRANSFORMATION" in edges(taken(filtered, (RAW, GOLD))), "who knows what else it gives"
    itself = taken("insert into clean (mail) select email from raw", (RAW, CLEAN))
    assert (edges(itself), itself.confidence) == ({"raw.email > clean.mail IDENTITY"}, 0.8)


def test_a_table_that_the_query_names_in_full_needs_no_list():
    """dbt-ol lists no seeds among the inputs."""
    found = taken('select email from "shop"."public"."seed"', ())
    assert edges(found) == {"seed.email > clean.email IDENTITY"}
    assert [(*one.id,) for one in found.inputs] == [(DB, "shop.public.seed")]
    for other in ("public.seed", "seed", "other.public.seed", '"SHOP".public.seed', "a.shop.public.seed"):
        assert taken(f"select email from {other}", ()).coarse
    assert taken("select email from shop.public.seed", (), [dataset("shop.public.x", LAKE)]).coarse, "no database"


def test_names_of_files_and_catalogs():
    links = {"identifiers": [{"namespace": "arn:aws:glue:eu-west-1:1", "name": "silver.orders", "type": "TABLE"}]}
    for source in (
        dataset("w/x17", LAKE, symlinks=links),
        dataset("table/silver/orders", "arn:aws:glue:eu-west-1:1"),
        dataset("w/silver.db/orders", LAKE),
        dataset("w/silver/orders", LAKE),
    ):
        found = taken("insert into gold.daily (n) select amount from silver.orders", [source], ["gold.daily"])
        assert {(one.source.column, one.target.column) for one in found.edges} == {("amount", "n")}
        assert found.edges[0].source.dataset == found.inputs[0].id


def test_a_copy_between_servers_has_one_name_twice():
    here, there = dataset(RAW), dataset(RAW, "postgres://other:5432")
    found = taken("select email from raw", [here], [there])
    assert [(one.source.dataset.namespace, one.target.dataset.namespace) for one in found.edges] == [
        (DB, "postgres://other:5432")
    ]


@pytest.mark.parametrize(
    ("dialect", "namespace"),
    [("mysql", DB), ("MariaDB", DB), (None, "mysql://db:3306"), ("klingon", "mysql://db:3306"), (7, "mysql://db:3306")],
)
def test_the_dialect_is_told_or_that_of_the_place(dialect, namespace):
    found = taken(
        "select `e mail` as mail from `raw`", [dataset("shop.raw", namespace)], [dataset("shop.c", namespace)], dialect
    )
    assert edges(found) == {"raw.e mail > c.mail IDENTITY"}


def test_the_same_event_says_the_same():
    query = "insert into clean (a, b) select r.a, g.b from raw r join gold g on r.id = g.id where g.c > 0"
    first, again = taken(query, (RAW, GOLD)), taken(query, (GOLD, RAW))
    assert first.key == taken(query, (RAW, GOLD)).key
    assert set(first.edges) == set(again.edges)
    assert len(first.edges) == 5


WORDS = ("select", "from", "insert", "into", "raw", "clean", "*", ",", "(", ")", "a", ".", ";", "'")


@given(st.text(max_size=200) | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_no_query_makes_an_event_fail(query):
    assert taken(query).confidence in (0.5, 0.8, 1.0)


@given(
    st.lists(st.text(min_size=1, max_size=8), min_size=4, max_size=4), st.sampled_from([DB, LAKE, "arn:aws:glue:a:1"])
)
def test_no_name_makes_an_event_fail(names, namespace):
    read_, written, *more = [f"{name}/" if name.strip() == "" else name.replace("\0", "/") for name in names]
    told = dataset(read_, namespace, schema=schema(*(name for name in more if name.strip())))
    assert taken(
        f'insert into "{names[1]}" select "{names[2]}" from "{names[0]}"', [told], [dataset(written, namespace)]
    )


@pytest.mark.parametrize("name", ["/", "...", "table", '"', "a..b", "/x/", ".db"])
@pytest.mark.parametrize("namespace", [DB, LAKE, "file", "arn:aws:glue:eu-west-1:1"])
def test_odd_names_are_names(name, namespace):
    assert taken("select a from raw", [dataset(name, namespace), RAW], [dataset(name, namespace)])
