"""The picture of a lineage: ranks, order, places, what is shown and what is left out."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.lineage.answers import Step
from tests.support.lineages import column, dataset
from tools.lineage.observed import ColumnId
from ui.web.lineage.drawing import HEAD_HEIGHT, ROW_HEIGHT, WIDTH, drawn, height
from ui.web.lineage.ordering import crossings, ordered
from ui.web.lineage.picture import FOOT, HEAD, MOST_CARDS, WIDE_ROWS, Lineage, Picture, View, further_key, picture
from ui.web.lineage.placing import tops
from ui.web.lineage.points import Points
from ui.web.lineage.ranks import ranks
from ui.web.lineage.untangling import untangled
from ui.web.lineage.words import kind, named, place

DIRECT, INDIRECT = "DIRECT", "INDIRECT"


def step(source: str, target: str, subtype: str = "IDENTITY", *, masking: bool = False) -> Step:
    type_ = DIRECT if subtype in {"", "IDENTITY", "TRANSFORMATION", "AGGREGATION", "MEMBER"} else INDIRECT
    return Step(column(source), column(target), type_, subtype, masking)


def lineage(start: str, *steps: Step) -> Lineage:
    columns = dict.fromkeys([column(start), *(end for one in steps for end in (one.source, one.target))])
    return Lineage(Points(columns, steps).distances([column(start)]), steps, column(start))


def shown(of: Lineage, view: View | None = None, **marks: str) -> Picture:
    return picture(of, view or View(), marks)  # type: ignore[arg-type]


def card(picture: Picture, name: str) -> int:
    return next(number for number, one in enumerate(picture.cards) if one.key == dataset(name))


# Ranks


def test_a_table_is_right_of_all_that_leads_to_it() -> None:
    edges = [("s", "a"), ("a", "b"), ("s", "b"), ("up", "s"), ("far", "up"), ("far", "s")]
    found = ranks({"s": 0, "a": 1, "b": 1, "up": -1, "far": -1}, edges)
    assert found == {"s": 0, "a": 1, "b": 2, "up": -1, "far": -2}


def test_cycles_have_ranks_too() -> None:
    edges = [("s", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "s"), ("a", "a")]
    assert ranks({"s": 0, "a": 1, "b": 2, "c": 3}, edges) == {"s": 0, "a": 1, "b": 2, "c": 3}


names = st.integers(0, 12)


@given(st.lists(st.tuples(names, names), max_size=40))
def test_only_edges_that_close_a_cycle_lead_back(edges: list[tuple[int, int]]) -> None:
    forward = [(min(pair), max(pair)) for pair in edges if pair[0] != pair[1]]
    distances = {0: 0} | {number: number for pair in forward for number in pair if number}
    found = ranks(distances, forward)
    assert all(found[a] < found[b] for a, b in forward)


# Order and places


def test_edges_are_untangled() -> None:
    edges = [(0, 0.5, 13, 0.5), (1, 0.5, 12, 0.5), (2, 0.5, 11, 0.5), (3, 0.5, 10, 0.5)]
    left, right = ordered([[0, 1, 2, 3], [10, 11, 12, 13]], edges)
    assert crossings([left, right], {a: [(0.5, b, 0.5)] for a, _, b, _ in edges}) == 0


def test_crossings_are_counted() -> None:
    after = {0: [(0.1, 2, 0.9), (0.9, 2, 0.1)], 1: [(0.5, 2, 0.5)]}
    assert crossings([[0, 1], [2]], after) == 2
    assert crossings([[], [2]], after) == 0


slots = st.lists(st.tuples(st.integers(0, 4), st.floats(10, 300)), min_size=1, max_size=25)


@given(slots, st.lists(st.tuples(st.integers(0, 24), st.integers(0, 24)), max_size=40))
def test_nothing_overlaps_and_the_order_stays(given_slots, pairs) -> None:
    layers = [[n for n, (layer, _) in enumerate(given_slots) if layer == one] for one in range(5)]
    heights = {n: tall for n, (_, tall) in enumerate(given_slots)}
    edges = [(a, 5.0, b, 5.0) for a, b in pairs if a in heights and b in heights]
    found = tops(layers, heights, edges, 20)
    assert min(found.values()) == 0
    for layer in layers:
        assert all(found[a] + heights[a] + 20 <= found[b] + 0.2 for a, b in pairwise(layer))


def test_a_chain_is_straight() -> None:
    found = tops([[0], [1], [2]], {0: 50, 1: 120, 2: 80}, [(0, 10, 1, 70), (1, 70, 2, 30)], 20)
    assert found[0] + 10 == found[1] + 70 == found[2] + 30


# What is shown


def test_cards_have_only_the_columns_in_question_and_edges_from_row_to_row() -> None:
    found = shown(lineage("b.x", step("a.k", "b.x"), step("b.x", "c.y", "AGGREGATION")))
    assert [(one.key.name, one.rank, [c.column for c in one.rows]) for one in found.cards] == [
        ("b", 0, ["x"]),
        ("a", -1, ["k"]),
        ("c", 1, ["y"]),
    ]
    a, b, c = (card(found, name) for name in "abc")
    assert {(e.source, e.source_row, e.target, e.target_row, e.direct) for e in found.edges} == {
        (a, 0, b, 0, True),
        (b, 0, c, 0, True),
    }


def test_what_decides_about_a_whole_table_ends_at_its_head() -> None:
    found = shown(lineage("a.x", step("a.x", "b.*", "FILTER"), step("b.*", "b.y", "MEMBER"), step("b.y", "c.z")))
    (filtering,) = [edge for edge in found.edges if not edge.direct]
    assert (filtering.source_row, filtering.target_row) == (0, HEAD)
    assert [c.column for c in found.cards[card(found, "b")].rows] == ["y"]


def test_a_table_made_of_all_columns_of_another_is_linked_by_the_heads() -> None:
    (only,) = shown(lineage("a.*", step("a.*", "b.*"))).edges
    assert (only.source_row, only.target_row) == (HEAD, HEAD)


def test_a_folded_card_gathers_its_edges() -> None:
    of = lineage("a.x", step("a.x", "b.y"), step("a.x", "b.z"), step("b.y", "c.q"))
    found = shown(of, View(collapsed={dataset("b")}))
    assert {(e.source_row, e.target_row): len(steps) for e, steps in found.edges.items()} == {
        (0, HEAD): 2,
        (HEAD, 0): 1,
    }
    assert height(found.cards[card(found, "b")]) == HEAD_HEIGHT


def all_of(table: str, many: int) -> list[Step]:
    return [step(f"{table}.*", f"{table}.c{n}", "MEMBER") for n in range(many)]


def wide(many: int) -> Lineage:
    found = lineage("a.*", *(step(f"a.c{n}", f"b.c{n}") for n in range(many)), *all_of("a", many))
    return Lineage({c: int(c.dataset == dataset("b")) for c in found.columns}, found.steps, found.start)


def test_a_wide_table_is_cut_and_its_pages_are_turned() -> None:
    of = wide(1000)
    first = shown(of)
    a = first.cards[card(first, "a")]
    assert ([c.column for c in a.rows[:3]], a.total, a.involved) == (["c0", "c1", "c2"], 1000, 1000)
    assert first.shown == 2 * len(a.rows)
    b = first.cards[card(first, "b")]
    assert [c.column for c in b.rows] == [c.column for c in a.rows]
    foot = next(steps for edge, steps in first.edges.items() if edge.source_row == edge.target_row == FOOT)
    assert len(foot) == 1000 - len(a.rows)
    second = shown(of, View(pages={dataset("a"): 1}))
    turned = second.cards[card(second, "a")]
    assert turned.rows[0].column == f"c{len(a.rows)}"
    # The other card follows to the columns that belong to those that are shown.
    assert [c.column for c in second.cards[card(second, "b")].rows] == [c.column for c in turned.rows]
    out = shown(of, View(drawn_out={dataset("a")}))
    assert len(out.cards[card(out, "a")].rows) == WIDE_ROWS


def test_a_filter_looks_through_all_columns() -> None:
    found = shown(wide(1000), View(filters={dataset("b"): "C99"}, pages={dataset("b"): 7}))
    b = found.cards[card(found, "b")]
    assert b.total == 11
    assert {c.column for c in b.rows} <= {"c99", *(f"c99{n}" for n in range(10))}
    assert not shown(wide(20), View(filters={dataset("b"): "nothing"})).cards[1].rows


def test_many_tables_are_listed_and_each_can_be_opened() -> None:
    of = lineage("hub.day", *(step("hub.day", f"t{n}.day") for n in range(100)))
    found = shown(of)
    assert len(found.cards) == 1 + MOST_CARDS + 1
    more = found.cards[-1]
    assert (more.further, more.total, more.key) == (True, 100 - MOST_CARDS, further_key(1))
    assert sum(len(steps) for steps in found.edges.values()) == 100
    opened = shown(of, View(opened={dataset("t77")}))
    assert dataset("t77") in [one.key for one in opened.cards]
    sought = shown(of, View(filters={further_key(1): "t9"}))
    assert {c.dataset.name for c in sought.cards[-1].rows} <= {"t9", *(f"t9{n}" for n in range(10))}


def test_what_matters_comes_first_where_there_are_many_tables() -> None:
    of = lineage("hub.day", *(step("hub.day", f"t{n}.day") for n in range(100)))
    weighty = Lineage(of.columns, of.steps, of.start, {dataset("t88"): 100})
    assert shown(weighty).cards[1].key == dataset("t88")


# Ways through whole tables


def test_a_column_is_not_linked_to_its_siblings_by_their_table() -> None:
    ties = [step("b.x", "b.*", "MEMBER"), step("b.*", "b.y", "MEMBER")]
    said = [step("b.*", "c.*"), step("a.q", "b.*", "FILTER"), step("b.*", "d.n", "AGGREGATION")]
    points = Points([column("a.q")], [*ties, *said])
    assert points.distances([column("b.x")]).keys() == {column("b.x"), column("b.*"), column("c.*")}
    # The filter decides about every column, also about those taken from there, and about the number of rows.
    assert {column("b.y"), column("c.*"), column("d.n")} <= points.distances([column("a.q")]).keys()


# The drawing


def tangle(tables: int) -> Lineage:
    steps = [
        step(f"t{a}.c{row}", f"t{b}.c{(row * 3 + b) % 5}")
        for a in range(tables)
        for b in range(a + 1, tables)
        if (a * 7 + b) % 3 == 0 or b == a + 1
        for row in range(5)
    ]
    return lineage("t0.*", *steps, *all_of("t0", 5))


@pytest.mark.parametrize("of", [tangle(9), wide(300), lineage("a.x")], ids=["tangle", "wide", "alone"])
def test_cards_keep_apart_and_lines_begin_and_end_at_their_rows(of: Lineage) -> None:
    _, drawing = untangled(shown(of))
    boxes = drawing.boxes
    for number, one in enumerate(boxes):
        for other in boxes[:number]:
            apart = abs(one.x - other.x) >= WIDTH or one.y >= other.y + other.height or other.y >= one.y + one.height
            assert apart
    assert all(box.x + WIDTH <= drawing.width and box.y + box.height <= drawing.height + 0.2 for box in boxes)
    for edge, path in drawing.paths.items():
        numbers = [float(one) for one in re.findall(r"-?[\d.]+", path)]
        source, target = boxes[edge.source], boxes[edge.target]
        assert numbers[0] == pytest.approx(source.x + WIDTH)
        assert numbers[-2] == pytest.approx(target.x)
        if edge.source_row >= 0:
            assert numbers[1] == pytest.approx(source.y + HEAD_HEIGHT + (edge.source_row + 0.5) * ROW_HEIGHT, abs=0.2)


def test_long_edges_pass_between_cards() -> None:
    of = lineage("a.x", step("a.x", "b.x"), step("b.x", "c.x"), step("a.x", "c.y"))
    found, drawing = untangled(shown(of))
    (long,) = [
        path for edge, path in drawing.paths.items() if found.cards[edge.target].rows[edge.target_row].column == "y"
    ]
    level = float(re.search(r" (-?[\d.]+)H", long)[1])
    middle = drawing.boxes[card(found, "b")]
    assert not middle.y <= level <= middle.y + middle.height


def test_columns_stand_where_few_edges_cross() -> None:
    of = lineage("a.*", *(step(f"a.c{n}", f"t{n % 2}.c{n}") for n in range(10)), *all_of("a", 10))
    found, drawing = untangled(shown(of))
    tables = [int(one.column[1:]) % 2 for one in found.cards[0].rows]
    assert sorted(tables) in (tables, tables[::-1])
    assert drawing.paths.keys() != drawn(shown(of)).paths.keys()


def test_names_and_kinds_in_words() -> None:
    path = ColumnId(dataset("/data/shop/orders.csv"), "id")
    assert (named(path), place(path.dataset)) == ("orders.csv.id", "/data/shop")
    assert (named(column("shop.public.t.*")), place(dataset("shop.public.t")), place(dataset("t"))) == (
        "t",
        "shop.public",
        "db",
    )
    assert kind(step("a.x", "b.y", "AGGREGATION", masking=True)) == "aggregated, masked"
    assert kind(step("a.x", "b.y", "SOMETHING")) == "decides"
