"""Spark SQL in filters and CustomSql: the counts and numbers are those that Spark 4 gives with its ANSI mode off."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from tools import dqdl

_TIMES = [
    datetime(2025, 1, 1, 11, tzinfo=UTC),
    datetime(2025, 1, 1, tzinfo=UTC),
    datetime(2024, 12, 31, 12, tzinfo=UTC),
    datetime(2024, 5, 1, tzinfo=UTC),
]
TABLE = pa.table(
    {
        "id": [1, 2, 3, 4, 5],
        "n": [10, 20, 30, 40, 50],
        "nn": pa.array([1, None, 3, None, 5], pa.int32()),
        "x": [1.5, 2.5, 3.5, 4.5, 5.5],
        "f": pa.array([0.1, 0.2, 0.3, 0.4, 0.5], pa.float32()),
        "odd": [1.0, float("nan"), 2.0, float("nan"), 3.0],
        "price": pa.array([Decimal("1.10"), Decimal("2.20"), Decimal("3.30"), Decimal("4.40"), None]),
        "s": ["a", "b", "", "  ", None],
        "t": ["abc", "abcd", "x", "", "hello world"],
        "mail": ["a@x.com", "b@y.org", "bad", None, "c@z.net"],
        "b": [True, False, True, None, True],
        "day": [date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1), date(2024, 12, 31), None],
        "at": pa.array([*_TIMES, None], pa.timestamp("us")),
        "figure": ["1", "2.5", "abc", "", None],
        "written": ["2024-01-01", "2024-02-30", "01-02-2024", None, "x"],
    }
)

# A number, a time or a boolean where a text is wanted.
AS_TEXT = {
    "length(n) = 2": 5,
    "length(b) = 4": 3,
    "substring(n, 1, 1) = '1'": 1,
    "n like '1%'": 1,
    "n rlike '^1'": 1,
    "trim(n) = '10'": 1,
    "day like '2024-0%'": 3,
    "at like '2025%'": 2,
    "at rlike '11:00'": 1,
    "right(day, 2) = '01'": 3,
    "replace(n, '0', '') = '1'": 1,
    "instr(n, '0') = 2": 5,
    "price like '1.1%'": 1,
    "lower(b) = 'true'": 3,
    "startswith(day, '2024')": 4,
    "n in ('10', 'x')": 1,
    "id in ('1', '2.0')": 1,
    "coalesce(nn, 'x') = 'x'": 2,
    "nvl(s, 0) = '0'": 1,
    "if(b, 1, 'x') = 'x'": 2,
    "case when id = 1 then 'a' else 2 end = 'a'": 1,
}
# A text where a number, a day or a boolean is wanted.
FROM_TEXT = {
    "n = '10a'": 0,
    "figure + 1 = 2": 1,
    "figure * 2 = 5": 1,
    "-figure = -1": 1,
    "figure % 2 = 1": 1,
    "abs(figure) = 1": 1,
    "round(figure) = 3": 1,
    "figure = id": 2,
    "figure between 1 and 2": 2,
    "figure = x - 0.5": 1,
    "x > 'x'": 0,
    "b = 'maybe'": 0,
    "b = 'yes'": 3,
    "written = day": 1,
    "written > at": 0,
    "day = 'x'": 0,
    "day > '2024-13-01'": 0,
    "day = '2024'": 1,
    "at >= '2025'": 2,
    "at > 'x'": 0,
    "day between '2024-01-01' and 'x'": 0,
    "year(written) = 2024": 1,
    "datediff(written, '2024-01-01') = 0": 1,
    "date_add(written, 1) = '2024-01-02'": 1,
    "last_day(written) = '2024-01-31'": 1,
    "hour(written) = 0": 1,
    "to_date(written, 'dd-MM-yyyy') is not null": 1,
    "to_timestamp(written, 'yyyy-MM-dd') is not null": 1,
}
FUNCTIONS = {
    "nvl2(nn, 1, 0) = 1": 3,
    "nanvl(odd, 0) = 0": 2,
    "zeroifnull(nn) = 0": 2,
    "equal_null(nn, null)": 2,
    "isnull(isnull(nn)) = false": 5,
    "decode(id, 1, 'a', 2, 'b', 'c') = 'c'": 3,
    "decode(nn, null, 'none') = 'none'": 2,
    "bigint(figure) = 2": 1,
    "pmod(-id, 3) = 2": 2,
    "try_divide(id, 0) is null": 5,
    "substr(t, 0, 2) = 'ab'": 2,
    "lpad(id, 3, '0') = '001'": 1,
    "rpad(t, 5, 'x') = 'abcxx'": 1,
    "lpad(t, 4) = ' abc'": 1,
    "translate(t, 'ab', 'xy') = 'xyc'": 1,
    "btrim(s) = ''": 2,
    "ascii(t) = 97": 2,
    "split(mail, '@')[1] = 'x.com'": 1,
    "split(mail, '@')[5] is null": 5,
    "element_at(split(t, ' '), 2) = 'world'": 1,
    "size(split(mail, '@')) = 2": 3,
    "array_contains(array('a', 'b'), s)": 2,
    "now() > at": 4,
    "weekday(day) = 0": 1,
    "weekofyear(day) = 1": 2,
    "date_part('month', day) = 1": 1,
    "add_months(day, -1) = '2023-12-01'": 1,
    "months_between(day, '2024-01-01') = 1": 1,
    "trunc(day, 'MM') = '2024-12-01'": 1,
    "trunc(day, 'nonsense') is null": 5,
    "date_trunc('MM', day) = '2024-01-01'": 1,
    "date_format(day, 'MM/dd/yyyy') = '01/01/2024'": 1,
    "date_format(written, 'yyyy') = '2024'": 1,
    "unix_timestamp(at) = 1735729200": 1,
    "unix_timestamp() > 0": 5,
    # A float is the double that it holds.
    "f = 0.1": 0,
    "f > 0.3": 3,
    "f between 0.2 and 0.4": 2,
}
NUMBERS = {
    "select percentile(id, 0.5) from primary where id < 5": 2.5,
    "select percentile_approx(id, 0.5) from primary where id < 5": 2.0,
    "select sum(figure) from primary": 3.5,
    "select avg(figure) from primary": 1.75,
    "select mode(b) from primary where b": 1.0,
    "select max_by(id, n) from primary": 5.0,
    "select any_value(1) from primary": 1.0,
    "select every(b) from primary": 0.0,
    "select size(collect_set(b)) from primary": 2.0,
    "select size(collect_list(b)) from primary": 4.0,
    "select max(date_format(day, 'yyyyMMdd')) from primary": 20241231.0,
}


def measured(rule: str) -> dict[str, float]:
    result = dqdl.evaluate(f"Rules = [{rule}]", {"primary": TABLE}).rules[0]
    assert result.metrics, result.reason
    return result.metrics


@pytest.mark.parametrize("filters", [AS_TEXT, FROM_TEXT, FUNCTIONS], ids=["as text", "from text", "functions"])
def test_a_filter_lets_through_what_spark_does(filters: dict[str, int]) -> None:
    rules = ", ".join(f'RowCount >= 0 where "{text}"' for text in filters)
    results = dqdl.evaluate(f"Rules = [{rules}]", {"primary": TABLE}).rules
    found = {
        text: result.metrics.get("Dataset.*.RowCount", result.reason)
        for text, result in zip(filters, results, strict=True)
    }
    assert found == filters


@pytest.mark.parametrize("query", NUMBERS)
def test_a_query_gives_the_number_that_spark_gives(query: str) -> None:
    assert measured(f'CustomSql "{query}" > -1') == {"Dataset.*.CustomSQL": pytest.approx(NUMBERS[query])}


@pytest.mark.parametrize(
    "text",
    [
        "split(t, '[ ]')[0] = 'x'",
        "element_at(split(t, ' '), -1) = 'x'",
        "lpad(t, 1000000000, 'x') = ''",
        "lpad(t, id) = ''",
    ],
)
def test_what_cannot_be_written_for_all_engines_is_an_error(text: str) -> None:
    result = dqdl.evaluate(f'Rules = [RowCount > 0 where "{text}"]', {"primary": TABLE}).rules[0]
    assert (result.outcome, "cannot be used" in result.reason) == ("Error", True)
