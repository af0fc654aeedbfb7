"""When two rules are the same rule."""

import pytest

from tools import dqdl


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('IsComplete "Email"', "IsComplete   email"),
        ('Completeness "a" > 0.9', 'Completeness "a" > 0.90'),
        ("RowCount > 100", "RowCount > 100.0"),
        ('ColumnValues "a" in ["x","y"]', 'ColumnValues "a" in ["y", "x"]'),
        ('IsComplete "a" labels=["k"="v"]', 'IsComplete "a"'),
        ('(IsComplete "a") or (IsComplete "b")', '(IsComplete "b") or (IsComplete "a")'),
        ("RowCount between 1 and 10", "RowCount between 1.0 and 10.0"),
        ("RowCount > 0", "RowCount > -0.0"),
        ('Mean "a" > -0.50', 'Mean "a" > -0.5'),
    ],
)
def test_formatting_does_not_change_the_fingerprint(one: str, other: str) -> None:
    assert dqdl.fingerprint(dqdl.parse_rule(one)) == dqdl.fingerprint(dqdl.parse_rule(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('IsComplete "a"', 'IsComplete "b"'),
        ("RowCount > 5", "RowCount > -5"),
        (f"RowCount > {'1' * 40}", f"RowCount > {'1' * 39}2"),
        ('Completeness "a" > 0.9', 'Completeness "a" >= 0.9'),
        ('IsComplete "a"', 'IsComplete "a" where "b > 1"'),
        ('ColumnValues "a" in ["x"]', 'ColumnValues "a" in ["X"]'),
        ('ColumnValues "a" matches "x"', 'ColumnValues "a" not matches "x"'),
        ('(IsComplete "a") or (IsComplete "b")', '(IsComplete "a") and (IsComplete "b")'),
        ("CustomSql \"select 'a' from primary\"", "CustomSql \"select 'A' from primary\""),
    ],
)
def test_meaning_changes_the_fingerprint(one: str, other: str) -> None:
    assert dqdl.fingerprint(dqdl.parse_rule(one)) != dqdl.fingerprint(dqdl.parse_rule(other))


def test_the_fingerprint_is_stable_across_versions() -> None:
    assert dqdl.fingerprint(dqdl.parse_rule('IsComplete "email"')) == FIRST


FIRST = "38f7fa3e83959b647d7a2292bbc72302"


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ('Completeness "Email" > 0.9', ("Completeness", ("email",))),
        ('Uniqueness "A" "b" > 0.9', ("Uniqueness", ("a", "b"))),
        ("RowCount > 5", ("RowCount", ())),
        ('ReferentialIntegrity "A, b" "ref.{x,y}" = 1', ("ReferentialIntegrity", ("a", "b"))),
        ('CustomSql "SELECT  1" > 0', ("CustomSql", ("select 1",))),
        ('(IsComplete "a") and (IsUnique "A")', ("Composite", ("a", "a"))),
    ],
)
def test_the_shape_leaves_the_bound_out(text: str, shape: tuple[str, tuple[str, ...]]) -> None:
    assert dqdl.shape(dqdl.parse_rule(text)) == shape
