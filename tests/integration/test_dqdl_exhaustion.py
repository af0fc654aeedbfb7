"""SQL and patterns that would use up time or memory."""

import resource
import time

import pyarrow as pa
import pytest

from tools import dqdl


@pytest.mark.parametrize(
    "text",
    [
        "select count(*) from primary a, primary b, primary c where a.a + b.a + c.a < 0",
        "select count(*) from primary a join primary b on a.b <> b.b join primary c on b.b <> c.b",
        "select max(length(a.b || b.b)) from primary a, primary b, primary c, primary d",
        "select a.a from primary a, primary b, primary c order by b.a desc, c.b",
    ],
)
def test_what_never_ends_is_stopped_at_its_time_limit(text, monkeypatch):
    monkeypatch.setenv("ASSAY_QUERY_SECONDS", "0.3")
    table = pa.table({"a": range(20_000), "b": [str(i) for i in range(20_000)]})
    started = time.process_time()
    result = dqdl.evaluate(f'Rules = [CustomSql "{text}" > 0, RowCount = 20000]', {"primary": table})
    assert [rule.outcome for rule in result.rules] == ["Error", "Passed"]
    assert "longer than 0.3 s" in result.rules[0].reason
    assert time.process_time() - started < 20


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)*b", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_regex_that_explodes_elsewhere_does_not_here(pattern):
    table = pa.table({"b": ["a" * 5_000] * 50})
    started = time.process_time()
    dqdl.evaluate(f'Rules = [ColumnValues "b" matches "{pattern}"]', {"primary": table})
    dqdl.evaluate(f'Rules = [IsComplete "b" where "b rlike \'{pattern}\'"]', {"primary": table})
    assert time.process_time() - started < 20


def test_a_statement_with_many_rows_leaves_none_in_memory():
    table = pa.table({"a": range(3_000)})
    text = "select p.a, q.a as b, p.a * q.a as c from primary p cross join primary q"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = dqdl.evaluate(f'Rules = [CustomSql "{text}" > 0, CustomSql "select a from primary"]', {"primary": table})
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert [rule.outcome for rule in answer.rules] == ["Failed", "Passed"]
    assert grown < 150, f"{grown:.0f} MB"


@pytest.mark.parametrize(
    "slow",
    [
        'CustomSql "select count(*) from primary a, primary b, primary c where a.n + b.n + c.n > 0" > 1',
        'CustomSql "select a.n from primary a, primary b, primary c where (a.n * b.n + c.n) % 7 = 9"',
    ],
)
def test_a_slow_statement_is_an_error_and_spoils_nothing_else(slow, monkeypatch):
    monkeypatch.setenv("ASSAY_QUERY_SECONDS", "0.3")
    evaluation = dqdl.evaluate(f'Rules = [{slow}, IsComplete "n"]', {"primary": pa.table({"n": range(20_000)})})
    assert [rule.outcome for rule in evaluation.rules] == ["Error", "Passed"]
    assert evaluation.rules[0].reason.startswith("CustomSql ")
    assert "it took longer than 0.3 s; ASSAY_QUERY_SECONDS sets the limit." in evaluation.rules[0].reason
