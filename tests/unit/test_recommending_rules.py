"""Each heuristic by itself: when it speaks, what it says, and when it keeps quiet."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.profiles import figures, of_dates, of_numbers, of_texts, table
from tools.profiling.model import ColumnProfile, Profile
from tools.recommending import Candidate, candidates
from tools.recommending.intervals import floored, trust, wilson_lower

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def rules(*columns: ColumnProfile, rows: int = 1000, keys: list[list[str]] | None = None) -> list[str]:
    return [candidate.rule for candidate in found(table(*columns, rows=rows, keys=keys))]


def found(profile: Profile) -> list[Candidate]:
    return candidates(profile, now=NOW)


def about(column: ColumnProfile, rows: int = 1000) -> list[str]:
    """The rules on one column, without those on the table."""
    return [candidate.rule for candidate in found(table(column, rows=rows)) if candidate.columns]


def suspects(column: ColumnProfile, rows: int = 1000) -> list[str]:
    return [candidate.rule for candidate in found(table(column, rows=rows)) if candidate.suspects]


class TestVolume:
    def test_the_band_lets_a_half_and_a_double_load_fail(self) -> None:
        assert "RowCount between 600 and 1800" in rules(figures())

    @pytest.mark.parametrize("rows", [1, 19])
    def test_a_tiny_table_only_must_not_be_empty(self, rows: int) -> None:
        assert "RowCount > 0" in rules(figures(distinct=1), rows=rows)

    def test_columns_are_counted(self) -> None:
        assert "ColumnCount = 2" in rules(figures("a"), figures("b"))


class TestPresence:
    def test_a_full_column(self) -> None:
        assert about(figures("a", "boolean")) == ['IsComplete "a"']

    def test_a_few_missing_values_are_suspected(self) -> None:
        assert suspects(figures("a", "boolean", nulls=12)) == ['IsComplete "a"']

    def test_a_few_missing_values_of_an_optional_column_are_not(self) -> None:
        assert about(figures("cancelled", "boolean", nulls=12)) == ['Completeness "cancelled" >= 0.97']

    def test_a_few_missing_values_in_a_small_table_are_not(self) -> None:
        assert suspects(figures("a", "boolean", nulls=1, distinct=2), rows=60) == []

    def test_many_missing_values_get_a_bound_below_what_chance_explains(self) -> None:
        (rule,) = about(figures("a", "boolean", nulls=250))
        assert rule == 'Completeness "a" >= 0.71'

    @pytest.mark.parametrize("nulls", [800, 1000])
    def test_a_mostly_empty_column_need_only_exist(self, nulls: int) -> None:
        assert about(figures("a", "boolean", nulls=nulls, distinct=int(nulls < 1000))) == ['ColumnExists "a"']


class TestKeys:
    def test_a_verified_id_is_the_key_and_implies_the_rest(self) -> None:
        ids = of_numbers("order_id", list(range(1000, 2000)))
        assert about(ids) == ['IsPrimaryKey "order_id"']
        assert rules(ids, keys=[["order_id"]])[0] == 'IsPrimaryKey "order_id"'
        assert not [rule for rule in rules(ids, keys=[["order_id"]]) if "IsComplete" in rule or "IsUnique" in rule]

    def test_an_id_is_preferred_to_a_code(self) -> None:
        codes = of_texts("plate", [f"AB-{n}" for n in range(100, 600)])
        ids = of_numbers("id", list(range(500)))
        assert 'IsPrimaryKey "id"' in rules(codes, ids, rows=500, keys=[["plate"], ["id"]])

    def test_a_unique_measurement_is_no_key(self) -> None:
        prices = of_numbers("price", [n + 0.5 for n in range(500)])
        assert not [rule for rule in rules(prices, rows=500, keys=[["price"]]) if "Key" in rule]

    def test_unique_words_are_no_key(self) -> None:
        names = of_texts("first_name", [f"{a}{b}a" for a in "ABCDEFGH" for b in "abcdefgh"])
        assert not [rule for rule in rules(names, rows=64, keys=[["first_name"]]) if "Key" in rule]

    def test_an_id_that_repeats_once_is_a_key_with_an_error(self) -> None:
        ids = of_texts("order_id", [f"O-{n}" for n in range(1000, 1999)] + ["O-1000"])
        key = found(table(ids))[0]
        assert (key.rule, key.suspects) == ('IsPrimaryKey "order_id"', True)
        assert key.evidence["column.order_id.distinct"] == 999

    def test_a_foreign_key_is_none(self) -> None:
        ids = of_texts("customer_id", [f"C-{n % 300 + 1000}" for n in range(1000)])
        assert not [rule for rule in about(ids) if "Key" in rule or "Unique" in rule]

    def test_two_columns_that_name_something(self) -> None:
        order = of_texts("order_id", [f"O-{n // 2 + 1000}" for n in range(1000)])
        line = of_numbers("line", [n % 2 for n in range(1000)])
        price = of_numbers("price", [float(n) for n in range(1000)])
        got = rules(order, line, price, keys=[["order_id", "price"], ["order_id", "line"]])
        assert got[0] == 'IsPrimaryKey "order_id" "line"'

    def test_an_estimate_is_no_proof(self) -> None:
        mails = figures("email", "text", distinct=1000, distinct_exact=False, max_length=30)
        assert not [rule for rule in about(mails) if "Unique" in rule]

    def test_mail_addresses_are_unique_where_present(self) -> None:
        mails = of_texts("email", [f"u{n}@example.com" for n in range(900)] + [None] * 100)
        assert 'IsUnique "email"' in about(mails)

    def test_nearly_unique_mail_addresses_get_a_bound(self) -> None:
        mails = of_texts("email", [f"u{max(n, 20)}@example.com" for n in range(1000)])
        assert 'Uniqueness "email" >= 0.94' in about(mails)


class TestNumbers:
    amounts = tuple(round(5 + n % 97 * 3.1 + n % 13, 2) for n in range(1000))

    def test_amounts_are_positive_and_bounded_far_from_the_largest(self) -> None:
        rule = next(rule for rule in about(of_numbers("amount", self.amounts)) if "Values" in rule)
        assert rule.startswith('ColumnValues "amount" between 0 and ')
        bound = float(rule.rsplit(" ", 1)[1])
        assert 1.5 * max(self.amounts) < bound < 20 * max(self.amounts)

    def test_the_same_bound_with_a_day_in_cents(self) -> None:
        spoilt = [value * 100 if n < 30 else value for n, value in enumerate(self.amounts)]
        (rule,) = suspects(of_numbers("amount", spoilt))
        assert float(rule.rsplit(" ", 1)[1]) < max(spoilt) / 2

    def test_a_negative_amount_is_suspected(self) -> None:
        (rule,) = suspects(of_numbers("amount", [-5.0, *self.amounts[1:]]))
        assert rule.startswith('ColumnValues "amount" between 0 and ')

    def test_a_negative_temperature_is_not(self) -> None:
        values = [(n % 40) - 1.5 for n in range(1000)]
        assert suspects(of_numbers("temperature", values)) == []

    def test_a_heavy_tail_is_not_suspected(self) -> None:
        tail = [1.2 ** (n % 60) for n in range(1000)]
        assert suspects(of_numbers("population", tail)) == []

    def test_zero_may_be(self) -> None:
        (rule,) = [r for r in about(of_numbers("discount", [n % 50 / 2 for n in range(1000)])) if "Values" in r]
        assert rule == 'ColumnValues "discount" >= 0'

    def test_a_small_count_may_grow(self) -> None:
        assert 'ColumnValues "quantity" between 0 and 12' in about(of_numbers("quantity", [1, 2, 3] * 300), rows=900)

    def test_missing_values_are_left_out(self) -> None:
        values = [*self.amounts[:900], *[None] * 100]
        assert any(rule.endswith('where "amount is not null"') for rule in about(of_numbers("amount", values)))

    def test_flags(self) -> None:
        assert 'ColumnValues "is_new" in [0, 1]' in about(of_numbers("is_new", [0, 1] * 500))

    @pytest.mark.parametrize(("name", "bound"), [("latitude", 91), ("lon", 181)])
    def test_coordinates(self, name: str, bound: int) -> None:
        values = [n % 80 - 40.5 for n in range(1000)]
        assert about(of_numbers(name, values)) == [f'ColumnValues "{name}" between -{bound} and {bound}']

    def test_an_impossible_coordinate_is_suspected(self) -> None:
        assert suspects(of_numbers("latitude", [*[40.5] * 500, *[41.0] * 499, 410.0])) != []

    def test_shares(self) -> None:
        (rule,) = about(of_numbers("tax_rate", [n % 20 / 100 for n in range(1000)]))
        assert rule == 'ColumnValues "tax_rate" between -0.000001 and 1.000001'

    @pytest.mark.parametrize("name", ["customer_id", "zip", "house_number"])
    def test_numbers_that_name_something_have_no_range(self, name: str) -> None:
        assert about(of_numbers(name, [n % 400 + 10_000 for n in range(1000)])) == [f'IsComplete "{name}"']

    def test_a_row_counter_has_no_range(self) -> None:
        assert about(of_numbers("position", list(range(1000)))) == ['IsComplete "position"']

    def test_clean_amounts_keep_their_sum_and_spread(self) -> None:
        kinds = {rule.split()[0] for rule in about(of_numbers("amount", self.amounts))}
        assert {"Sum", "StandardDeviation"} <= kinds

    def test_prices_keep_their_mean(self) -> None:
        assert any(rule.startswith('Mean "price" between') for rule in about(of_numbers("price", self.amounts)))

    def test_spoilt_amounts_teach_no_average(self) -> None:
        spoilt = [value * 100 if n < 30 else value for n, value in enumerate(self.amounts)]
        assert {rule.split()[0] for rule in about(of_numbers("amount", spoilt))} == {"ColumnValues"}

    def test_few_rows_teach_no_range(self) -> None:
        assert about(of_numbers("amount", self.amounts[:30]), rows=30) == ['IsComplete "amount"']


class TestTexts:
    def test_mail_addresses(self) -> None:
        mails = [f"user{n % 700}@example.com" for n in range(1000)]
        assert about(of_texts("contact", mails)) == ['ColumnValues "contact" matches "[^@ ]+@[^@ ]+[.][A-Za-z]{2,}"']

    def test_a_broken_mail_address_is_suspected(self) -> None:
        mails = [f"user{n}.example.com" if n < 5 else f"user{n}@example.com" for n in range(1000)]
        assert any("@" in rule for rule in suspects(of_texts("email", mails)))

    def test_numbers_in_text(self) -> None:
        numbers = of_texts("score", [str(n % 300) for n in range(1000)], inferred_type="INTEGER")
        assert about(numbers) == ['ColumnDataType "score" = "Integer"']

    def test_long_numbers_in_text(self) -> None:
        numbers = of_texts("score", [str(n + 10**12) for n in range(1000)], inferred_type="INTEGER")
        assert about(numbers) == ['ColumnDataType "score" = "Long"']

    def test_words_among_numbers_are_suspected(self) -> None:
        values = ["N/A" if n < 20 else str(n) for n in range(1000)]
        assert suspects(of_texts("score", values)) == ['ColumnDataType "score" = "Double"']

    def test_a_zip_with_a_leading_zero_is_no_number(self) -> None:
        zips = of_texts("zip", [f"{n % 800 + 1000:05d}" for n in range(1000)], inferred_type="INTEGER")
        assert about(zips) == ['ColumnValues "zip" matches "[0-9]{5}"']

    def test_a_lost_leading_zero_is_suspected(self) -> None:
        zips = [str(n) if n < 1006 else f"{n:05d}" for n in range(1000, 2000)]
        assert suspects(of_texts("zip", zips)) == ['ColumnValues "zip" matches "[0-9]{5}"']

    def test_two_shapes_are_put_in_parentheses(self) -> None:
        zips = [f"{n} AB" if n % 4 == 0 else f"{n}5" for n in range(1000, 2000)]
        assert about(of_texts("zip", zips)) == ['ColumnValues "zip" matches "([0-9]{5}|[0-9]{4} [A-Z]{2})"']

    def test_dates_in_two_layouts(self) -> None:
        days = [f"{n % 28 + 1:02d}/03/2026" if n < 7 else f"2026-03-{n % 28 + 1:02d}" for n in range(1000)]
        assert suspects(of_texts("signup", days)) == ['ColumnDataType "signup" = "Date"']

    def test_free_text_gets_a_generous_length(self) -> None:
        words = [f"{'lorem ipsum ' * (n % 7 + 1)}{chr(97 + n % 26) * (n % 11)}" for n in range(1000)]
        got = about(of_texts("remark", words))
        assert any(rule.startswith('ColumnLength "remark" <= ') for rule in got)
        assert not [rule for rule in got if "Values" in rule]

    def test_values_of_one_length(self) -> None:
        odd = [f"{chr(97 + n % 26)}-{chr(65 + n % 7)}{n % 9}*{chr(97 + n % 5)}" for n in range(1000)]
        mixed = of_texts("tag", odd, shapes=[("a-A9*a", 500), ("a-9A*a", 500)], top_values=[], patterns=[])
        assert any(rule.startswith('ColumnValues "tag" matches') for rule in about(mixed))
        assert 'ColumnLength "tag" = 6' in about(of_texts("tag", odd, shapes=[], top_values=[], patterns=[]))

    def test_blank_values_are_suspected(self) -> None:
        values = ["  " if n < 3 else f"{'word ' * (n % 5 + 1)}{chr(97 + n % 26)}" for n in range(1000)]
        assert suspects(of_texts("title", values)) == ['ColumnValues "title" != WHITESPACES_ONLY']

    def test_words_for_missing_values_are_suspected(self) -> None:
        words = ["N/A" if n < 9 else f"{chr(97 + n % 26)}x {chr(97 + n // 26)}y z" for n in range(1000)]
        assert suspects(of_texts("town", words, top_values=[("N/A", 9)])) == ['ColumnValues "town" not in ["N/A"]']

    def test_many_repeated_values_are_counted(self) -> None:
        towns = [f"{chr(65 + n % 40)}town {'x' * (n % 40)}" for n in range(1000)]
        assert any(rule.startswith('DistinctValuesCount "town" between') for rule in about(of_texts("town", towns)))

    def test_a_sample_is_measured_by_itself(self) -> None:
        codes = figures(
            "code", "text", distinct=90_000, distinct_exact=False, min_length=6, max_length=6,
            shapes=[("AA-999", 10_000)], patterns=[("A-9", 10_000)], sample_rows=10_000, blanks=0, numeric_share=0.0,
        )  # fmt: skip
        assert 'ColumnValues "code" matches "[A-Z]{2}-[0-9]{3}"' in about(codes, rows=100_000)


class TestMoments:
    def test_what_has_happened_is_not_in_the_future(self) -> None:
        assert about(of_dates("order_date", "2026-01-02", "2026-11-20")) == ['ColumnValues "order_date" <= now()']

    def test_a_future_order_is_suspected(self) -> None:
        assert suspects(of_dates("order_date", "2026-01-02", "2062-11-20")) == ['ColumnValues "order_date" <= now()']

    def test_a_due_date_may_be(self) -> None:
        assert about(of_dates("due_date", "2026-01-02", "2027-11-20")) == ['IsComplete "due_date"']

    @pytest.mark.parametrize("day", ["1900-01-01", "1970-01-01"])
    def test_a_placeholder_is_suspected(self, day: str) -> None:
        assert f'ColumnValues "valid" > "{day}"' in suspects(of_dates("valid", day, "2026-11-20"))

    def test_a_series_that_begins_in_1970_is_none(self) -> None:
        years = [(f"{year}-01-01", 80) for year in range(1970, 1983)]
        assert suspects(of_dates("year", "1970-01-01", "1982-01-01", distinct=13, top_values=years)) == []

    def test_somebody_may_be_born_on_the_first_day_of_1970(self) -> None:
        assert suspects(of_dates("birth_date", "1970-01-01", "2004-01-01")) == []

    def test_fresh_rows_shall_be_fresh(self) -> None:
        stamps = of_dates("loaded_at", "2026-11-23T09:00:00", "2026-11-23T19:00:00", kind="timestamp")
        assert 'DataFreshness "loaded_at" <= 24 hours' in about(stamps)

    @pytest.mark.parametrize(
        ("first", "last"), [("2025-01-01", "2026-11-23"), ("2026-11-10", "2026-11-11"), ("2026-11-23", "2026-12-01")]
    )
    def test_history_stale_data_and_the_future_have_no_freshness(self, first: str, last: str) -> None:
        assert not [rule for rule in about(of_dates("loaded_at", first, last)) if "Freshness" in rule]

    def test_shipping_comes_after_ordering(self) -> None:
        ordered = of_dates("order_date", "2026-01-02", "2026-11-20")
        shipped = of_dates("ship_date", "2026-01-01", "2026-11-22", nulls=30)
        (rule,) = [rule for rule in rules(shipped, ordered) if rule.startswith("CustomSql")]
        assert "ship_date >= order_date" in rule
        assert "ship_date IS NULL" in rule

    def test_a_timestamp_is_not_compared_with_a_later_date(self) -> None:
        ordered = of_dates("order_time", "2026-01-02T10:00:00", "2026-11-20T10:00:00", kind="timestamp")
        shipped = of_dates("ship_date", "2026-01-02", "2026-11-22")
        assert not [rule for rule in rules(shipped, ordered) if rule.startswith("CustomSql")]

    def test_unreadable_extremes_are_passed_over(self) -> None:
        assert about(of_dates("order_date", "0044-03-15 (BC)", "2026-01-01")) == ['IsComplete "order_date"']


class TestIntervals:
    def test_wilson_is_honest_about_few_rows(self) -> None:
        # From the closed form for p = 1: n / (n + z^2).
        assert wilson_lower(4, 4, z=1.96) == pytest.approx(4 / (4 + 1.96**2))
        assert wilson_lower(98, 100, z=1.96) == pytest.approx(0.9300, abs=5e-4)

    @pytest.mark.parametrize(("good", "total"), [(0, 0), (0, 10), (10, 10), (5, 10)])
    def test_it_stays_below_the_share(self, good: int, total: int) -> None:
        assert 0 <= wilson_lower(good, total) <= (good / total if total else 0) + 1e-12

    def test_more_rows_are_trusted_more(self) -> None:
        assert trust(10) < trust(100) < trust(10_000) < 1

    def test_floors_never_round_up(self) -> None:
        assert [floored(share) for share in (0.999, 0.57, 0.0)] == [0.99, 0.57, 0.0]


def test_no_rule_is_said_twice_or_follows_from_another() -> None:
    columns = [
        of_texts("status", ["new", "old"] * 500),
        of_numbers("amount", TestNumbers.amounts),
        of_dates("order_date", "2026-01-02", "2026-11-20"),
        of_texts("score", [str(n % 300) for n in range(1000)], inferred_type="INTEGER"),
    ]
    got = rules(*columns)
    assert len(got) == len(set(got))
    assert not [rule for rule in got if rule.startswith("IsComplete")]
