"""Profiles, proposals and rules in the terminal."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

from memory.model import Rule
from tests.support.reports import HOSTILE, decided, proposal, rendered, rule
from tools.profiling.model import ColumnProfile, Dates, Dependency, Histogram, Personal, Profile, Semantic
from ui.report import columns, profile_notes, rulebook
from ui.report import proposal as cards


def profile(*found: ColumnProfile, rows: int = 1000) -> Profile:
    return Profile(rows, list(found), candidate_keys=[["order_id"]])


def text_column(name: str = "status", **other) -> ColumnProfile:
    base = {"type": "VARCHAR", "kind": "text", "nulls": 0, "distinct": 3, "distinct_exact": True}
    return ColumnProfile(name, **{**base, **other})


def line_of(shown: str, word: str) -> str:
    return next(line for line in shown.splitlines() if word in line)


def test_a_column_shows_type_missing_distinct_range_and_its_most_frequent_values():
    found = text_column(nulls=12, min_length=4, max_length=9, top_values=[("paid", 700), ("open", 288)])
    line = line_of(rendered(columns.profile_table(profile(found)), width=120), "status")
    for part in ("varchar", "1.2 %", " 3 ", "4 to 9 chars", "70 % paid", "28.8 % open"):
        assert part in line
    shown = rendered(columns.profile_table(profile(found)), width=80).splitlines()
    first, second = next(pair for pair in pairwise(shown) if "status" in pair[0])
    assert all(part in first for part in ("1.2 %", "70 % paid", "28.8 % open"))
    assert second.split() == ["varchar", "4", "to", "9", "chars"]


def test_values_that_hardly_repeat_give_way_to_patterns():
    found = text_column("order_id", distinct=1000, top_values=[("ORD-1", 1)], patterns=[("A-9", 1000)])
    line = line_of(rendered(columns.profile_table(profile(found))), "order_id")
    assert "100 % A-9" in line
    assert "ORD-1" not in line


def test_a_key_an_estimate_and_a_type_in_disguise_are_marked():
    found = text_column("order_id", distinct=998, distinct_exact=False, inferred_type="INTEGER")
    shown = rendered(columns.profile_table(profile(found)), width=120)
    assert "order_id key" in shown
    assert "~998" in shown
    assert "holds" in shown


def test_null_and_blank_are_counted_apart():
    found = text_column(nulls=10, blanks=90)
    assert line_of(rendered(columns.profile_table(profile(found))), "status").split()[1:5] == ["1", "%", "9", "%"]
    neither = rendered(columns.profile_table(profile(text_column())))
    assert line_of(neither, "status").split()[1:3] == ["–", "–"]


def test_timestamps_are_cut_to_days_unless_all_are_of_one():
    moment = ColumnProfile("at", "TIMESTAMP", "timestamp", 0, 2, True, min="2026-10-22T12:09", max="2026-11-23T20:59")
    assert columns.value_range(moment) == "2026-10-22 to 2026-11-23"
    same = ColumnProfile("at", "TIMESTAMP", "timestamp", 0, 2, True, min="2026-11-23T12:09", max="2026-11-23T20:59")
    assert "12:09" in columns.value_range(same)


def test_an_empty_table_can_be_shown():
    empty = profile(text_column(distinct=0), rows=0)
    assert "status" in rendered(columns.profile_table(empty))
    assert columns.headline(empty) == "0 rows, 1 column; key: order_id"


def test_any_share_above_zero_shows_a_block():
    assert columns.block(0) == " "
    assert columns.block(0.0001) == "▁"
    assert columns.block(1.0) == "█"


def test_a_card_has_all_that_a_decision_needs():
    stands = [{"of": "profile", "id": "4525f4f7-d57a", "path": "$.rows", "value": 1000}]
    stands.append({"of": "memory", "id": 12, "path": "$.outcome", "value": "approved"})
    known = {"rows": 1000, "memory": "Approved twice on similar columns.", "references": stands}
    found = proposal(4, evidence=known)
    shown = rendered(cards.card(found, "orders", "1 of 3"))
    for part in (
        "Rule 4",
        "1 of 3",
        'IsComplete "email"',
        "Only 12 of 1,000 values",
        "rows 1000",
        "profile 4525f4f7: $.rows · memory: 12",
        "75 %, from statistics",
        "✗ It is as it has to be.",
        "NULL",
        "Approved twice on similar columns.",
    ):
        assert part in shown
    assert shown.count("Approved twice") == 1


def test_a_card_reads_no_markup():
    found = proposal(reasoning=HOSTILE, evidence={HOSTILE: [HOSTILE]})
    shown = rendered(cards.card(found, HOSTILE, "1 of 1"), width=200)
    assert "[bold]<script>" in shown
    assert "\x1b" not in shown


def test_much_evidence_is_cut_and_says_how_much():
    assert cards.evidence({f"f{i}": i for i in range(11)}).endswith("f7 7 · 3 more")


def test_the_overview_shows_today_and_the_decision():
    proposals = [
        proposal(1),
        proposal(2, "RowCount > 0", dry_run=rule("RowCount > 0"), decision=decided("approve", "RowCount > 0")),
        proposal(3, "RowCount > 9", dry_run=rule("RowCount > 9", "Failed"), decision=decided("reject", None, "noise")),
        proposal(4, "RowCount > 8", decision=decided("edit", "RowCount > 7")),
    ]
    shown = rendered(cards.overview(proposals), width=120)
    assert "✗ 12 rows" in line_of(shown, "IsComplete")
    assert "approved by Ann" in line_of(shown, "RowCount > 0")
    assert "✓ passes" in line_of(shown, "RowCount > 0")
    assert "✗ fails" in line_of(shown, "RowCount > 9")
    assert "rejected by Ann: noise" in line_of(shown, "RowCount > 9")
    assert "edited by Ann: RowCount > 7" in shown


def stored(**other) -> Rule:
    moment = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
    base = {
        "id": UUID(int=1),
        "number": 7,
        "dataset_id": UUID(int=9),
        "rule_expression": 'IsComplete "email"',
        "rule_type": "IsComplete",
        "threshold": None,
        "columns": ("email",),
        "dimension": "completeness",
        "fingerprint": "f",
        "reasoning": "It never was empty.",
        "status": "approved",
        "decision_id": UUID(int=2),
        "created_by": "statistics",
        "created_at": moment,
        "approved_by": "Ann",
        "approved_at": moment,
        "disabled_by": None,
        "disabled_reason": None,
        "disabled_at": None,
    }
    return Rule(**{**base, **other})


def test_the_rulebook_lists_number_dataset_rule_and_who_approved():
    line = line_of(rendered(rulebook.overview([stored()], {UUID(int=9): "orders"})), "IsComplete")
    for part in ("7", "orders", "approved", "Ann"):
        assert part in line


def test_a_rule_tells_its_story():
    shown = rendered(rulebook.details(stored(status="disabled", disabled_by="Bob", disabled_reason="old"), "orders"))
    for part in ("7. IsComplete", "It never was empty.", "by Ann, 2026-11-23 09:05 UTC", "by Bob: old", "disabled"):
        assert part in shown


def test_what_a_text_is_and_that_it_is_personal_is_marked():
    found = text_column(
        "mail", semantic=Semantic("email", 1.0, 0.99, 100), personal=Personal("email address", 0.9, "values")
    )
    shown = rendered(columns.profile_table(profile(found)), width=120)
    assert "mail PII" in shown
    assert "varchar email" in shown


def test_numbers_that_hardly_repeat_show_how_they_are_spread():
    spread = Histogram([0, 1, 2, 3], [1, 8, 4])
    found = ColumnProfile("n", "DOUBLE", "number", 0, 900, True, min=0, max=3, top_values=[(1, 2)], histogram=spread)
    assert "▁█▄" in rendered(columns.profile_table(profile(found)))


def test_a_histogram_of_many_bins_is_folded_and_gaps_stay_visible():
    found = ColumnProfile("n", "DOUBLE", "number", 0, 9, True, histogram=Histogram([], [9] * 10 + [0] * 6 + [1] * 4))
    shown = profile_notes.sparkline(found)
    assert len(shown) <= profile_notes.SPARK_WIDTH
    assert shown == "█████   ▁▁"
    assert profile_notes.sparkline(text_column()) == ""
    assert (
        profile_notes.sparkline(ColumnProfile("n", "DOUBLE", "number", 0, 0, True, histogram=Histogram([], [0]))) == ""
    )


def decides(**other) -> Dependency:
    base = {"determinant": "sku", "dependent": "category", "share": 0.99, "rows": 1968, "violations": 3}
    return Dependency(**{**base, "examples": [("KI-1", "kitchen", "kitchn")], **other})


def test_dependencies_are_told_with_how_many_rows_differ_and_an_example():
    told = replace(profile(text_column("sku"), text_column("category")), dependencies=[decides()])
    assert profile_notes.notes(told) == [
        "sku decides category: 3 of 1,968 rows differ; KI-1 goes with kitchen, and in some row with kitchn."
    ]
    exact = replace(told, dependencies=[decides(violations=0, examples=[])])
    assert profile_notes.notes(exact) == ["sku decides category, in all 1,968 rows."]
    sampled = replace(told, dependencies=[decides(violations=0, examples=[], sample_rows=500)])
    assert profile_notes.notes(sampled) == ["sku decides category, in a sample of 500 rows."]


def test_a_value_of_personal_data_is_no_example():
    mail = text_column("category", personal=Personal("email address", 0.9, "values"))
    told = replace(profile(text_column("sku"), mail), dependencies=[decides()])
    assert profile_notes.notes(told) == ["sku decides category: 3 of 1,968 rows differ."]


def test_two_columns_that_decide_each_other_are_told_of_once_and_many_are_counted():
    both = [decides(), decides(determinant="category", dependent="sku")]
    assert len(profile_notes.notes(replace(profile(text_column()), dependencies=both))) == 1
    many = [decides(dependent=f"c{n}") for n in range(9)]
    assert (
        profile_notes.notes(replace(profile(text_column()), dependencies=many))[-1] == "4 more columns decide another."
    )


def test_dates_that_can_be_read_in_two_ways_and_what_is_estimated_are_said():
    odd = text_column("on", dates=Dates("??/??/yyyy", "ambiguous", 1.0), sample_rows=10_000)
    mixed = text_column("at", dates=Dates("dd/MM/yyyy", "mixed", 1.0, {"dd/MM/yyyy": 5, "MM/dd/yyyy": 2}))
    told = profile_notes.notes(replace(profile(odd, mixed), sample_rows=10_000))
    assert told[0] == "on does not tell whether the day or the month comes first."
    assert told[1] == "at mixes ways to write a date: dd/MM/yyyy, MM/dd/yyyy."
    assert "10,000 rows" in told[2]


def test_hostile_names_and_values_in_the_notes_are_made_harmless():
    found = decides(determinant=HOSTILE, examples=[(HOSTILE, HOSTILE, "x")])
    shown = "\n".join(profile_notes.notes(replace(profile(text_column()), dependencies=[found])))
    assert "\x1b" not in shown
    assert "\n" not in shown
