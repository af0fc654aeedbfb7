"""Whatever is told, in whatever order and however often, the store says what the plain model says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory import Memory
from memory.lineage import reading
from memory.lineage.copy import Copy
from memory.lineage.kinds import MEMBER, decode
from memory.lineage.walking import SeenMany, Terms, walk
from tests.support.lineage_model import Model, below
from tests.support.lineages import at, column, dataset, edge, emptied, seen
from tools.lineage.observed import ColumnId, DatasetId, JobId, Mode, Observed, ObservedDataset, Tag

TABLES, LINKED = ("a", "b", "c", "d", "e"), ("l1", "l2")
HOURS = 12
columns = st.sampled_from([f"{table}.{name}" for table in (*TABLES, *LINKED) for name in "xy"])
edges = st.one_of(
    st.builds(edge, columns, columns, st.sampled_from(["IDENTITY", "TRANSFORMATION", "WINDOW"]), masking=st.booleans()),
    st.builds(edge, columns, st.sampled_from([f"{table}.*" for table in TABLES]), st.sampled_from(["JOIN", "FILTER"])),
)


@st.composite
def observed(draw, hour):
    """Something that is told at an hour."""
    kind = draw(st.sampled_from(["run"] * 6 + ["declared"] * 2 + ["flow"] * 4 + ["drop", "rename", "link"]))
    job, run = draw(st.sampled_from("jk")), draw(st.sampled_from("123"))
    said = tuple(draw(st.lists(edges, max_size=4)))
    if kind == "run":
        return Observed(at(hour), "test", JobId("jobs", job), run, completes=draw(st.booleans()), edges=said)
    if kind == "flow":
        reads, writes = (tuple(map(seen, draw(st.lists(st.sampled_from(TABLES), max_size=2)))) for _ in range(2))
        mode, ends = draw(st.sampled_from([(Mode.ACCUMULATE, False), (Mode.ACCUMULATE, True), (Mode.REPLACE, False)]))
        who = JobId("jobs", draw(st.sampled_from("jjl")))
        return Observed(at(hour), "test", who, run, mode, ends, inputs=reads, outputs=writes, coarse=True)
    if kind == "declared":
        return Observed(at(hour), "test", JobId("jobs", job), mode=Mode.REPLACE, edges=said)
    if kind == "link":
        return Observed(at(hour), "test", inputs=(seen(LINKED[0], symlinks=(dataset(LINKED[1]),)),))
    one, other = draw(st.permutations(TABLES))[:2]
    if kind == "drop":
        return Observed(at(hour), "test", inputs=(seen(draw(st.sampled_from([one, LINKED[1]])), change="DROP"),))
    renamed = ObservedDataset(dataset(one), change="RENAME", previous=dataset(other))
    return Observed(at(hour), "test", outputs=(renamed,))


@st.composite
def stories(draw):
    """Things told, and batches in which they arrive: in any order, some of them twice."""
    told = [draw(observed(hour)) for hour in range(draw(st.integers(1, HOURS)))]
    arriving = draw(st.permutations(told)) + draw(st.lists(st.sampled_from(told), max_size=3))
    cuts = draw(st.lists(st.integers(0, len(arriving)), max_size=4))
    bounds = [0, *sorted(cuts), len(arriving)]
    return told, [arriving[start:end] for start, end in pairwise(bounds)]


@pytest.fixture(scope="module")
def memory(store_server: str) -> Iterator[Memory]:
    """One store for all examples."""
    from tests.conftest import TEMPLATE, _database

    for url in _database(store_server, TEMPLATE):
        with Memory.open(url) as opened:
            yield opened


def held(memory: Memory, model: Model, when) -> set:
    """The edges that the store holds at a time, named as the model names them."""
    rows = memory.db.rows(
        """select s.name as source, s.role as source_role, t.name as target, t.role as target_role, e.kind,
            sd.namespace as sn, sd.name as sd, sd.born as sb, td.namespace as tn, td.name as td, td.born as tb
        from (select src, dst, kind, valid_from, 'infinity'::timestamptz as valid_to from lineage_edges
            union all select src, dst, kind, valid_from, valid_to from lineage_past_edges) e
        join lineage_columns s on s.id = e.src join lineage_columns t on t.id = e.dst
        join lineage_datasets sd on sd.id = s.dataset_id join lineage_datasets td on td.id = t.dataset_id
        where e.valid_from <= %s and e.valid_to > %s and e.kind <> %s""",
        [when, when, MEMBER],
    )
    found = set()
    for row in rows:
        _, subtype, masking = decode(row["kind"])
        source, target = (identity(model, row, end) for end in "st")
        found.add((
            ColumnId(source, "*" if row["source_role"] else row["source"]),
            ColumnId(target, "*" if row["target_role"] else row["target"]),
            subtype,
            masking,
        ))  # fmt: skip
    return found


def identity(model: Model, row, end: str):
    born = row[f"{end}b"] if row[f"{end}b"].year > 2000 else None
    means = DatasetId(row[f"{end}n"], row[f"{end}d"]), born
    return min(model.together.get(means, {means}), key=str)


@given(stories())
def test_the_store_says_what_the_model_says(memory, story):
    told, batches = story
    emptied(memory)
    for batch in batches:
        memory.lineage.ingest(batch)
    model = Model(told)
    for hour in range(-1, HOURS):
        assert held(memory, model, at(hour + 0.5)) == model.edges(at(hour + 0.5)), hour


@given(stories(), st.integers(0, HOURS), columns, st.booleans())
def test_walks_over_rows_and_over_the_copy_find_what_a_plain_search_finds(memory, story, hour, start, indirect):
    told, batches = story
    emptied(memory)
    copy = Copy()
    told = [one for one in told if not any(d.change == "RENAME" or d.symlinks for d in one.datasets)]
    known = Observed(at(-1), "test", JobId("jobs", "known"), mode=Mode.REPLACE, edges=(edge(start, start),))
    for batch in ([known], *batches):
        memory.lineage.ingest([one for one in batch if one in told or one is known])
        with memory.db.transaction() as connection:
            graph = copy.edges(connection)
    terms = Terms("down", indirect, at=at(hour + 0.5))
    model = below(Model([*told, known]).edges(terms.at), column_of(start), indirect=indirect)
    reach = memory.lineage.downstream(column(start), indirect=indirect, limit=None, at=terms.at)
    assert reach.complete
    plain = {c: distance for c, distance in reach.columns if c.column != "*"}
    wanted = {ColumnId(c.dataset[0], c.column): d for c, d in model.items() if c.column != "*" and d}
    # The store knows columns that have no edge at this time; they follow from their whole dataset.
    assert wanted.items() <= plain.items()
    with memory.db.transaction() as connection:
        first = reading.starts(connection, column(start), "down", terms.at)
        walked = walk(graph, SeenMany(graph.size), first, terms)
        names = reading.columns(connection, walked.nodes.tolist())
    assert len(walked.nodes) == len({*walked.nodes.tolist()})
    found = {names[n]: d for n, d in zip(walked.nodes.tolist(), walked.distances.tolist(), strict=True) if d}
    assert {c: d for c, d in found.items() if c.column != "*"} == plain


def column_of(text: str) -> ColumnId:
    """A column as the model names it."""
    found = column(text)
    return ColumnId((found.dataset, None), found.column)


@given(stories(), st.lists(st.tuples(columns, st.booleans()), min_size=1, max_size=4))
def test_tags_spread_little_by_little_as_they_do_at_once(memory, story, marks):
    told, batches = story
    renamed = any(seen.change == "RENAME" for one in told for seen in one.datasets)
    emptied(memory)
    for number, batch in enumerate(batches):
        name, on = marks[number % len(marks)]
        table, _, tagged = name.partition(".")
        tags = (Tag("pii", "", tagged),) if on else ()
        memory.lineage.ingest([*batch, Observed(at(number / 10), "tagger", inputs=(seen(table, tags=tags),))])
        found = memory.lineage.where_goes("pii")
        assert {one.column for one in found.columns} == spread(memory)
        assert {one.column for one in found.columns if one.came_from is None} == set(declared_tags(memory))
        # A dataset whose name went to another one is shown by it, but can no longer be asked for.
        for one in () if renamed else found.columns[:3]:
            way = memory.lineage.witness(one.column, "pii").steps
            assert not any(step.masking or step.type == "INDIRECT" for step in way)
            assert not way or way[-1].target == one.column


def spread(memory: Memory) -> set[ColumnId]:
    """The columns that tags reach now, by a search over the edges of now."""
    rows = memory.db.rows("select src, dst from lineage_edges where kind < 16 and (kind & 4) = 0 and kind <> 9")
    reached = set(declared_tags(memory).values())
    while new := {row["dst"] for row in rows if row["src"] in reached} - reached:
        reached |= new
    with memory.db.transaction() as connection:
        return set(reading.columns(connection, sorted(reached)).values())


def declared_tags(memory: Memory) -> dict[ColumnId, int]:
    """The columns that are tagged themselves, with their nodes."""
    rows = memory.db.rows(
        """select c.id, d.shown_namespace, d.shown_name, c.name from lineage_labels l
            join lineage_columns c on c.dataset_id = l.id and c.role = 0
            join lineage_datasets d on d.id = c.dataset_id, json_array_elements(l.content) t
        where l.what = 'tags' and t ->> 2 = c.name"""
    )
    return {ColumnId(DatasetId(row["shown_namespace"], row["shown_name"]), row["name"]): row["id"] for row in rows}
