"""A rule cannot hang a run."""

import pyarrow as pa
import pytest

from tools import dqdl
from tools.errors import AssayError

TABLE = pa.table({"n": range(20_000)})


def test_a_slow_scan_is_given_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.dqdl.queries.asking import Desk, Refused

    asked = []

    def slow(self, query, *, own_sql=False):  # type: ignore[no-untyped-def]
        asked.append(query)
        raise Refused("it took longer than 300 s.", took_too_long=True)

    monkeypatch.setattr(Desk, "ask", slow)
    rules = ", ".join(f'Completeness "n" > 0.{i}  where "n > {i}"' for i in range(1, 9))
    evaluation = dqdl.evaluate(f"Rules = [{rules}]", {"primary": TABLE})
    for rule in evaluation.rules:
        assert rule.reason == f"{rule.rule}: The engine could not compute it: it took longer than 300 s."
    assert (evaluation.rows, len(asked)) == (20_000, 1)


@pytest.mark.parametrize("said", ["0", "-1", "soon", "nan", "1e9"])
def test_a_limit_that_is_none_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_QUERY_SECONDS", said)
    with pytest.raises(AssayError, match="ASSAY_QUERY_SECONDS"):
        dqdl.evaluate('Rules = [IsComplete "n"]', {"primary": TABLE})


CANARY = "canary4711"
CANARIES = pa.table(
    {"t": [CANARY, CANARY], "n": [9_223_372_036_854_775_807, 4711471147114711], "r": [f"[{CANARY}", "("]}
)


@pytest.mark.parametrize(
    "rule",
    [
        'CustomSql "select max(t) from primary" > 1',
        'CustomSql "select cast(t as int) from primary limit 1" > 1',
        'CustomSql "select sum(n * n * n * n) from primary" > 1',
        'CustomSql "select count(*) from primary where t rlike r" > 1',
        "CustomSql \"select count(*) from primary where to_date(t, 'yyyy') is null\" > 2",
        'CustomSql "select (select t from primary) from primary" > 1',
        'CustomSql "select t from primary where t + 1 > n"',
        'CustomSql "select n + n as n from primary"',
        'IsComplete "t" where "t > 1"',
        'IsComplete "t" where "n * n * n > 1"',
        'IsComplete "t" where "t rlike r"',
        'IsComplete "t" where "to_timestamp(t, \'yyyy-MM-dd\') > current_date"',
        'ColumnValues "t" matches "["',
        'ColumnValues "t" = 5',
        'ColumnValues "t" in ["a"]',
        'ColumnDataType "t" = "DATE"',
    ],
)
def test_a_reason_never_holds_a_value(rule: str) -> None:
    result = dqdl.evaluate(f"Rules = [{rule}]", {"primary": CANARIES}).rules[0]
    assert result.outcome != "Passed" or result.vacuous
    assert "4711" not in result.reason
    assert "9223372036854775807" not in result.reason


def test_an_invalid_expression_is_named_by_its_fault() -> None:
    result = dqdl.evaluate('Rules = [ColumnValues "t" matches "(a"]', {"primary": CANARIES}).rules[0]
    assert (result.outcome, "The regular expression (a is not valid: a group is not closed" in result.reason) == (
        "Error",
        True,
    )


STARS = pa.table({"a": [1, 2], "b": ["x", "y"]})
REFERENCE = pa.table({"a": [1], "c": ["z"]})


@pytest.mark.parametrize(
    ("sql", "outcome", "says", "failed"),
    [
        ("select * from (select a from primary where a = 1) q", "Failed", "1 of 2", 1),
        ("select p.* from primary p join ref r on p.a = r.a", "Failed", "1 of 2", 1),
        ("select * from (select c from ref) q", "Failed", "no column c", None),
        ("select * from primary p join ref r on p.a = r.a", "Failed", "must return columns of the table", None),
        ("with x as (select b from primary) select * from x", "Passed", "comply", 0),
        ("select p.a, r.a from primary p join ref r on p.a = r.a", "Error", "two columns a", None),
        ("select * from (select nothing from primary) q", "Error", "nothing", None),
    ],
)
def test_a_star_stands_for_what_the_query_returns(sql: str, outcome: str, says: str, failed: int | None) -> None:
    result = dqdl.evaluate(f'Rules = [CustomSql "{sql}"]', {"primary": STARS, "ref": REFERENCE}).rules[0]
    assert (result.outcome, result.failed_rows) == (outcome, failed)
    assert says in result.reason
