"""What columns mean: slips among categories, personal data, names, and the text that memory embeds."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.profiles import figures, fold, mask, of_dates, of_texts, table
from tools.profiling.model import ColumnProfile
from tools.profiling.personal import personal
from tools.recommending import candidates, names, semantics
from tools.recommending.categories import categories, distance, find_slips
from tools.recommending.shapes import code_of, share_like


def slips(**counts: int) -> set[str]:
    return {slip.value for slip in find_slips(counts)}


class TestSlips:
    def test_typos_case_and_blanks(self) -> None:
        counts = {"shipped": 400, "delivered": 500, "shiped": 3, "delivered ": 4, "SHIPPED": 2, "placed": 90}
        assert slips(**counts) == {"shiped", "delivered ", "SHIPPED"}

    def test_words_for_missing_values(self) -> None:
        assert slips(**{"red": 500, "blue": 400, "N/A": 20, "-": 5, "": 9}) == {"N/A", "-", ""}

    def test_a_frequent_word_for_missing_values_is_a_value(self) -> None:
        assert slips(**{"red": 500, "none": 400}) == set()

    def test_rare_values_of_their_own_are_kept(self) -> None:
        assert slips(Europe=70, Japan=80, USA=250, Australia=6) == set()

    def test_codes_are_no_typos_of_each_other(self) -> None:
        assert slips(**{"al-hf-1": 300, "ak-hf-1": 4, "size 10": 200, "size 12": 2}) == set()

    def test_short_codes_are_no_typos_of_each_other(self) -> None:
        assert slips(DE=900, BE=9, F=40, M=700) == set()

    def test_what_occurs_often_must_be_much_rarer(self) -> None:
        assert slips(shipped=100, shippes=10) == set()
        assert slips(shipped=210, shippes=10) == {"shippes"}

    def test_a_lone_stranger_among_frequent_values(self) -> None:
        assert slips(yes=830, no=143, xo=1) == {"xo"}
        assert slips(yes=83, no=14, xo=1) == set()
        assert slips(yes=830, no=143, maybe=1, rarely=2) == set()

    def test_a_slip_does_not_excuse_another(self) -> None:
        assert slips(kitchen=500, kitchn=6, kitchne=1) == {"kitchn", "kitchne"}


class TestSets:
    def rule(self, column: ColumnProfile, rows: int) -> Any:
        return next(categories(column, table(column, rows=rows)), None)

    def test_the_slips_are_left_out_and_named(self) -> None:
        column = of_texts("status", ["new"] * 500 + ["open"] * 490 + ["oepn"] * 6 + ["NEW"] * 4)
        rule = self.rule(column, 1000)
        assert rule.rule == 'ColumnValues "status" in ["new", "open"]'
        assert rule.suspects
        assert rule.evidence["column.status.suspected"] == 10
        assert "'oepn' looks like 'open'" in rule.reasoning

    def test_missing_values_may_stay_missing(self) -> None:
        column = of_texts("status", ["new", "open", None, None] * 250)
        assert self.rule(column, 1000).rule == 'ColumnValues "status" in ["new", "open", NULL]'

    @pytest.mark.parametrize(
        "values",
        [
            [f"town {n}" for n in range(40)] * 25,
            [f"{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(30)] * 2,
            ["long " * 20, "other " * 20] * 500,
        ],
    )
    def test_too_many_too_few_rows_or_too_long(self, values: list[str]) -> None:
        assert self.rule(of_texts("c", values), len(values)) is None

    def test_values_that_keep_coming_are_no_set(self) -> None:
        # Nine of 300 values occur once, so every thirtieth row or so brings a new one.
        values = ["ab"] * 150 + ["cd"] * 141 + [chr(97 + n) * 9 for n in range(9)]
        assert self.rule(of_texts("c", values), len(values)) is None

    def test_counts_of_a_part_are_no_set(self) -> None:
        column = of_texts("c", ["a", "b"] * 500, distinct=400)
        assert self.rule(column, 1000) is None


class TestDistance:
    @pytest.mark.parametrize(
        ("one", "two", "apart"),
        [("", "", 0), ("abc", "acb", 1), ("shiped", "shipped", 1), ("kitten", "sitting", 3), ("", "abc", 3)],
    )
    def test_known(self, one: str, two: str, apart: int) -> None:
        assert distance(one, two) == apart

    @given(st.text("abc", max_size=8), st.text("abc", max_size=8))
    def test_it_is_symmetric_and_within_its_bounds(self, one: str, two: str) -> None:
        assert distance(one, two) == distance(two, one)
        assert abs(len(one) - len(two)) <= distance(one, two) <= max(len(one), len(two))
        assert (distance(one, two) == 0) == (one == two)


class TestShapes:
    def code(self, *values: str, exact: bool = True) -> str | None:
        found = code_of(of_texts("c", values), len(values), exact=exact)
        return found.regex if found else None

    def test_signs_of_regular_expressions_are_literal(self) -> None:
        assert self.code(*["A.1+(2)"] * 50) == "[A-Z][.][0-9][+][(][0-9][)]"

    def test_words_are_no_code(self) -> None:
        assert self.code(*["Anna", "Otto", "Hugo"] * 20) is None

    def test_capitals_are(self) -> None:
        assert self.code(*["EUR", "USD", "CHF"] * 20) == "[A-Z]{3}"

    def test_other_scripts_are_no_code(self) -> None:
        assert self.code(*["Straße 1", "Straße 2"] * 20) is None

    def test_an_unclear_minority_leaves_it_open(self) -> None:
        assert self.code(*["12345"] * 96, *["1234"] * 1, *["123-45"] * 2, *["x"] * 1) is None

    def test_lengths_that_vary_are_folded(self) -> None:
        values = [f"AB-{10 ** (n % 6)}" for n in range(120)]
        assert self.code(*values) is None
        assert self.code(*values, exact=False) == "[A-Z]+-[0-9]+"

    @given(
        st.lists(
            st.from_regex(r"[A-Z]{2}[-./ ]?[0-9]{4}", fullmatch=True, alphabet=st.characters(codec="ascii")),
            min_size=20,
            max_size=40,
        )
    )
    def test_the_expression_matches_the_values_of_its_masks(self, values: list[str]) -> None:
        import re

        found = code_of(of_texts("c", values), len(values), exact=True)
        if found:
            assert all(re.fullmatch(found.regex, value) for value in values if mask(value) in found.masks)

    def test_no_masks_are_like_nothing(self) -> None:
        assert share_like([], re.compile(".*")) == 0.0

    def test_the_masks_of_these_tests_are_those_of_the_profiler(self) -> None:
        import pyarrow as pa

        from tools.profiling.frequency import masks

        values = ["ABc-12 x", "Ünï 9", "A1"]
        counted = masks(pa.table({"value": values, "count": [3, 2, 1]}))
        assert [shape for shape, _ in counted["shapes"]] == [mask(value) for value in values]
        assert [shape for shape, _ in counted["patterns"]] == [fold(mask(value)) for value in values]


PEOPLE = [f"{a}na{b} {b.upper()}au{a.lower()}er" for a in "ABCDEFGH" for b in "abcdefgh"]
PERSONAL = [
    (of_texts("email", [f"secret{n}@example.com" for n in range(64)]), "email address"),
    (of_texts("kontakt", [f"secret{n}@example.com" for n in range(64)]), "email address"),
    (of_texts("phone", [f"+49 30 {n + 1000}" for n in range(64)]), "phone number"),
    (of_texts("full_name", PEOPLE), "person name"),
    (of_texts("name", PEOPLE), "person name"),
    (of_texts("customerName", PEOPLE), "person name"),
    (of_dates("birth_date", "1950-01-01", "2005-01-01"), "birth date"),
    (of_texts("iban", [f"DE{n + 10}500105175407324931" for n in range(64)]), "bank account"),
    (of_texts("konto", [f"DE{n + 10}500105175407324931" for n in range(64)]), "bank account"),
    (of_texts("card_number", [f"4111 1111 1111 {n + 1000}" for n in range(64)]), "payment card"),
    (of_texts("zahlung", [f"4111 1111 1111 {n + 1000}" for n in range(64)]), "payment card"),
    (of_texts("client", [f"10.0.7.{n}" for n in range(64)]), "IP address"),
    (of_texts("ssn", [f"078-05-{n + 1000}" for n in range(64)]), "national id"),
    (figures("national_id", type="BIGINT", min=1, max=99), "national id"),
    (of_texts("street", [f"Secret Road {n}" for n in range(64)]), "street address"),
]


class TestPersonal:
    @pytest.mark.parametrize(("column", "kind"), PERSONAL, ids=lambda value: getattr(value, "name", str(value)))
    def test_it_is_noticed(self, column: ColumnProfile, kind: str) -> None:
        assert personal(column).kind == kind

    @pytest.mark.parametrize(
        "column",
        [
            of_texts("status", ["new", "open"] * 32),
            of_texts("product_name", [f"Table {n}" for n in range(64)]),
            of_texts("name", ["ford torino", "buick 99"] * 32),
            of_texts("order_id", [f"ORD-{n + 100000}" for n in range(64)]),
            of_texts("version", [f"1.{n}.0" for n in range(64)]),
            figures("amount"),
            of_dates("order_date", "2026-01-01", "2026-02-01"),
            figures("mobile_users", "boolean"),
        ],
        ids=lambda column: column.name,
    )
    def test_other_columns_are_not(self, column: ColumnProfile) -> None:
        assert personal(column) is None

    @pytest.mark.parametrize(("column", "kind"), PERSONAL, ids=lambda value: getattr(value, "name", str(value)))
    def test_no_value_of_it_is_ever_told(self, column: ColumnProfile, kind: str) -> None:
        told = json.dumps([candidate.to_dict() for candidate in candidates(table(column, rows=64))])
        for value, _ in column.top_values:
            assert json.dumps(value)[1:-1] not in told
            assert str(value) not in semantics(column, 64)

    def test_few_people_are_not_listed(self) -> None:
        names_ = of_texts("full_name", ["Anna Adler", "Otto Otter"] * 500)
        rules = [candidate.rule for candidate in candidates(table(names_))]
        assert not [rule for rule in rules if "Anna" in rule]


DATES_IN_TEXT = figures("n", "text", inferred_type="DATE", distinct=3)


class TestSemantics:
    def test_it_says_what_when_how_complete_and_how_varied(self) -> None:
        mails = of_texts("email", [f"u{n}@example.com" for n in range(988)] + [None] * 12)
        assert semantics(mails, 1000) == "email: email address, text, 98.8 % complete, unique"

    @pytest.mark.parametrize(
        ("column", "rows", "text"),
        [
            (figures("orderTotal"), 1000, "order total: amount of money, number, 100 % complete, many values"),
            (of_texts("site", ["https://a.b/x"] * 9, nulls=1), 10, "site: web address, text, 90 % complete, constant"),
            (figures("note", "text", nulls=10, distinct=0), 10, "note: text, 0 % complete, always missing"),
            (DATES_IN_TEXT, 90, "n: text that holds date values, 100 % complete, few values"),
        ],
    )
    def test_kinds(self, column: ColumnProfile, rows: int, text: str) -> None:
        assert semantics(column, rows) == text

    def test_without_the_number_of_rows_it_says_less(self) -> None:
        assert semantics(figures("amount")) == "amount: amount of money, number"


class TestNames:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("orderID", ("order", "id")),
            ("order_id", ("order", "id")),
            ("HTTPServer", ("http", "server")),
            ("US DVD Sales", ("us", "dvd", "sales")),
            ("straßeName", ("straße", "name")),
            ("--", ()),
        ],
    )
    def test_words(self, name: str, words: tuple[str, ...]) -> None:
        assert names.words(name) == words

    @pytest.mark.parametrize(
        ("name", "is_id"), [("id", True), ("customerId", True), ("id_type", True), ("idea", False), ("", False)]
    )
    def test_identifiers(self, name: str, is_id: bool) -> None:
        assert names.identifies(name) is is_id

    @pytest.mark.parametrize(("name", "never"), [("unit_price", True), ("price_change", False), ("temperature", False)])
    def test_signs(self, name: str, never: bool) -> None:
        assert names.never_negative(name) is never
