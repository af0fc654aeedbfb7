"""Foreign keys in the terminal."""

import re

from tests.support.reports import HOSTILE, rendered
from tools.profiling.foreign import Inclusion
from ui.report import relations


def inclusion(column: str = "customer_id", **other) -> Inclusion:
    base = {"table": "orders", "column": column, "of_table": "customers", "of_column": "id", "values": 180}
    found = {"missing": 0, "missing_rows": 0, "share": 1.0, "confidence": 0.95, "query": "SELECT 1"}
    return Inclusion(**{**base, **found, **other})


def line_of(shown: str, word: str) -> str:
    return next(line for line in shown.splitlines() if word in line)


def test_the_surest_comes_first_with_its_share_and_confidence():
    less = inclusion("code", confidence=0.6)
    shown = rendered(relations.foreign_keys([less, inclusion()]))
    assert shown.index("orders.customer_id -> customers.id") < shown.index("orders.code -> customers.id")
    line = line_of(shown, "customer_id")
    assert "100 %" in line
    assert "95 %" in line
    assert "--sql" in shown
    assert "SELECT 1" not in shown


def test_the_queries_that_counted_are_shown_on_request():
    shown = rendered(relations.foreign_keys([inclusion(query="SELECT\n  COUNT(*)\nFROM \x1b[31mx")], sql=True))
    assert "orders.customer_id -> customers.id\n    SELECT\n      COUNT(*)\n    FROM" in re.sub(" +\n", "\n", shown)
    assert "\x1b" not in shown
    assert "--sql" not in shown


def test_rows_without_a_key_are_counted_and_named():
    some = inclusion(missing=2, missing_rows=5, share=178 / 180, examples=["C-7001", "C-7002"])
    line = line_of(rendered(relations.foreign_keys([some])), "customer_id")
    assert "98.9 %" in line
    assert "5 rows: C-7001, C-7002" in line


def test_of_personal_columns_no_value_is_shown():
    some = inclusion("mail", missing=1, missing_rows=1, examples=["ada@example.com"])
    shown = rendered(relations.foreign_keys([some], {("orders", "mail")}))
    assert "1 row" in shown
    assert "ada@" not in shown


def test_looked_up_values_are_told_as_a_sample():
    assert relations.missing(inclusion(missing=2, missing_rows=None, values=1_000), []) == "2 of 1,000 values"
    assert relations.missing(inclusion(missing_rows=None, sample_values=1_000), []) == "– (of 1,000 values)"
    assert relations.missing(inclusion(), []) == "–"


def test_none_found_is_said():
    assert relations.NONE in rendered(relations.foreign_keys([]))


def test_names_cannot_change_the_terminal():
    shown = rendered(relations.foreign_keys([inclusion(HOSTILE)]))
    assert "\x1b" not in shown
