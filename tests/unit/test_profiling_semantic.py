"""What texts are: types of values, personal data, and how dates are written."""

from __future__ import annotations

import uuid

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.profiles import figures, of_texts
from tools import profiling, sources
from tools.profiling.dates import dates, form_of
from tools.profiling.personal import personal
from tools.profiling.semantic import semantic


def type_of(name: str, *values: str) -> str | None:
    found = semantic(name, [(value, 10) for value in values])
    return found.type if found else None


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("c", ("ada@example.com", "b.o+c@mail.example.co.uk", "jürgen@exämple.de"), "email"),
        ("c", ("ada at example.com", "a@b", "@x.org"), None),
        ("c", ("https://a.example/x?y=1", "ftp://b.example", "www.example.org/x"), "url"),
        ("c", (str(uuid.UUID(int=5)), str(uuid.UUID(int=2**100)).upper()), "uuid"),
        ("c", ("10.0.0.1", "::1", "2001:db8::ff00:42:8329"), "ip address"),
        ("c", ("10.0.0.256", "10.0.0.999", "1.2.3.4.5"), "code"),
        ("c", ("00:1b:44:11:3a:b7", "00-1B-44-11-3A-B8"), "mac address"),
        ("c", ("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"), "iban"),
        ("c", ("4111 1111 1111 1111", "5500-0000-0000-0004", "340000000000009"), "payment card"),
        ("c", ("4111 1111 1111 1112", "5500-0000-0000-0005"), None),
        ("c", ("123-45-6789", "987-65-4321"), "national id"),
        ("c", ('{"a": 1}', "[1, 2]", "{}"), "json"),
        ("c", ("{a}", "[b"), None),
        ("c", ("2024-01-31T10:00:00Z", "2024-01-31 10:00:00.5+02:00"), "timestamp"),
        ("c", ("2024-01-31", "31/12/2024", "5 March 2024", "Mar 5, 2024"), "date"),
        ("c", ("1.2.10", "1.2.11"), "code"),
        ("c", ("10:30", "9:15 pm", "23:59:59"), "time"),
        ("c", ("25:00", "10:75"), None),
        ("currency", ("EUR", "USD"), "currency"),
        ("c", ("EUR", "USD"), None),
        ("c", ("EUR", "USD", "JPY"), "currency"),
        ("country", ("DE", "FR"), "country"),
        ("c", ("DE", "FR"), None),
        ("state", ("CA", "NY", "TX", "WA"), None),
        ("c", ("DEU", "FRA", "USA", "JPN"), "country"),
        ("c", ("Germany", "france", "New Zealand"), "country"),
        ("phone", ("030 1234567", "(030) 12 34 56"), "phone"),
        ("c", ("030 1234567", "040 1234567"), None),
        ("c", ("+49 30 1234567", "555-123-4567", "(555) 123-4567"), "phone"),
        ("zip", ("01234", "99999", "10115"), "postal code"),
        ("c", ("SW1A 1AA", "M1 1AE", "K1A 0B1"), "postal code"),
        ("c", ("1,234.50", "-3", "1e5"), "number"),
        ("c", ("Y", "N"), "boolean"),
        ("c", ("yes", "NO"), "boolean"),
        ("c", ("yes", "no", "perhaps"), None),
        ("customer_name", ("Anna B. Schmidt", "Jean-Luc O'Neil", "李 雷"), "person name"),
        ("product_name", ("Red chair", "Blue table"), None),
        ("customer_id", ("C1001", "C1002"), "code"),
        ("c", ("AB-1234", "XY/77", "2024-Q1"), "code"),
        ("c", ("hello world", "some words"), None),
        ("c", ("", "  "), None),
        ("c", (), None),
    ],
)
def test_types(name, values, expected):
    assert type_of(name, *values) == expected


def test_the_share_counts_rows_and_blanks_do_not():
    found = semantic("c", [("a@b.org", 90), ("nonsense words", 10), ("", 50)])
    assert (found.type, found.share, found.rows) == ("email", 0.9, 100)
    assert semantic("c", [("a@b.org", 70), ("nonsense words", 30)]) is None


def test_confidence_grows_with_rows_a_rigid_form_and_a_name():
    one, many = (semantic("c", [("a@b.org", rows)]).confidence for rows in (1, 1000))
    assert one < many
    assert (
        semantic("country", [("DE", 5), ("FR", 5), ("IT", 5)]).confidence
        > semantic("x", [("DE", 5), ("FR", 5), ("IT", 5)]).confidence
    )


@given(st.text(), st.lists(st.tuples(st.text(max_size=300), st.integers(1, 5)), max_size=20))
def test_any_text_has_a_type_or_none(name, values):
    found = semantic(name, values)
    assert found is None or (0.8 <= found.share <= 1 and 0 < found.confidence < 1)
    dates(values)


@pytest.mark.parametrize(
    ("values", "form", "order"),
    [
        (("31/12/2024", "01/02/2024"), "dd/MM/yyyy", "day first"),
        (("12/31/2024", "01/02/2024"), "MM/dd/yyyy", "month first"),
        (("01/02/2024", "03/04/2024"), "??/??/yyyy", "ambiguous"),
        (("31.12.24", "30.11.24"), "dd.MM.yy", "day first"),
        (("12/31/2024 1:05 PM", "01/02/2024 11:00 am"), "MM/dd/yyyy hh:mm a", "month first"),
        (("31-12-2024 10:00:00",), "dd-MM-yyyy HH:mm:ss", "day first"),
        (("2024/12/31", "2024/1/2"), "yyyy/MM/dd", "year first"),
        (("20241231", "20240102"), "yyyyMMdd", "year first"),
        (("5 March 2024", "31 Dec 2023"), "d MMM yyyy", "day first"),
        (("Tue, Mar 5, 2024",), "MMM d, yyyy", "month first"),
    ],
)
def test_forms_of_dates(values, form, order):
    found = dates([(value, 1) for value in values])
    assert (found.format, found.order, found.share) == (form, order, 1.0)


def test_both_orders_are_a_mixture():
    found = dates([("31/12/2024", 6), ("12/31/2024", 3), ("01/02/2024", 1)])
    assert (found.format, found.order) == ("dd/MM/yyyy", "mixed")
    assert found.forms == {"dd/MM/yyyy": 6, "MM/dd/yyyy": 3, "??/??/yyyy": 1}


def test_there_is_nothing_to_say_about_iso_days_and_words():
    assert dates([("2024-01-31", 5), ("2024-02-01", 5)]) is None
    assert dates([("red", 5), ("31/12/2024", 1)]) is None
    assert dates([]) is None


@pytest.mark.parametrize(
    "text", ["32/01/2024", "13/13/2024", "0/1/2024", "2024/13/01", "20241399", "1.2.10", "5 Foo 24"]
)
def test_what_is_no_date(text):
    assert form_of(text) is None


@pytest.mark.parametrize(
    ("column", "kind", "by"),
    [
        (of_texts("contact", ["ada@example.com"] * 9), "email address", "values"),
        (of_texts("email", ["ada@example.com"] * 9), "email address", "name and values"),
        (of_texts("email", ["gone"] * 9), "email address", "name"),
        (figures("birth_date", "date"), "birth date", "name"),
        (figures("customer_id", "number"), None, None),
        (of_texts("customer_id", ["C-1", "C-2"]), None, None),
        (of_texts("x", ["DE89370400440532013000"] * 3), "bank account", "values"),
    ],
)
def test_personal_data_says_what_tells_it(column, kind, by):
    found = personal(column)
    assert (found.kind, found.by) == (kind, by) if kind else found is None


def test_name_and_values_together_are_surer():
    alone = personal(of_texts("contact", ["ada@example.com"] * 9)).confidence
    both = personal(of_texts("email", ["ada@example.com"] * 9)).confidence
    assert alone < both < 1


def test_the_profile_of_a_table_says_it_all():
    data = pa.table({"mail": [f"user{n}@example.com" for n in range(40)], "on": ["31/12/2024", "01/02/2024"] * 20})
    with sources.open(data) as table:
        mail, on = profiling.profile(table).columns
    assert (mail.semantic.type, mail.semantic.rows, mail.personal.kind) == ("email", 40, "email address")
    assert (on.semantic.type, on.dates.order) == ("date", "day first")
