"""Bad input: bounded time and memory, a clear answer, never a crash."""

import os
import sys
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.arrows import arrow
from tools import lineage
from tools.lineage import Limits

DEEP = {
    "brackets": ("SELECT " + "(" * 200 + "a" + ")" * 200 + " AS x FROM t", True),
    "subqueries": ("SELECT a AS x FROM " + "(SELECT a FROM " * 120 + "t" + ") q" * 120, True),
    "functions": ("SELECT " + "f(" * 200 + "a" + ")" * 200 + " AS x FROM t", True),
    "cases": ("SELECT " + "CASE WHEN b THEN 1 ELSE " * 150 + "a" + " END" * 150 + " AS x FROM t", True),
    "coalesces": ("SELECT " + "coalesce(1, " * 200 + "a" + ")" * 200 + " AS x FROM t", True),
    "coalesced subqueries": (
        "SELECT " + "coalesce(1, (SELECT " * 60 + "a FROM t" + ") ) FROM u" * 59 + "), 1) AS x FROM t",
        True,
    ),
    "a long sum": ("SELECT " + " + ".join(["a"] * 3000) + " AS x FROM t", True),
    "a long condition": ("SELECT a AS x FROM t WHERE " + " OR ".join(["b = 1"] * 2000), True),
    "a long union": (" UNION ALL ".join(["SELECT a AS x FROM t"] * 1000), True),
    "a chain of CTEs": (
        "WITH c0 AS (SELECT a FROM t)"
        + "".join(f", c{i} AS (SELECT a FROM c{i - 1})" for i in range(1, 300))
        + " SELECT a AS x FROM c299",
        True,
    ),
    "ten thousand brackets": ("SELECT " + "(" * 10_000 + "a" + ")" * 10_000 + " AS x FROM t", False),
    "ten thousand open brackets": ("SELECT " + "(" * 10_000, False),
    "ten thousand NOT": ("SELECT " + "NOT " * 10_000 + "a AS x FROM t", False),
    "ten thousand minus": ("SELECT " + "- " * 10_000 + "a AS x FROM t", False),
}


@pytest.mark.parametrize("name", DEEP)
def test_depth_is_read_or_refused(name: str) -> None:
    sql, readable = DEEP[name]
    frames = sys.getrecursionlimit()
    found = lineage.extract(sql)
    assert sys.getrecursionlimit() == frames
    if readable:
        assert found.complete, found.problems
        assert "x <- t.a" in {arrow(edge).rsplit(" ", 1)[0] for edge in found.edges}
    else:
        assert "nested" in found.problems[0].reason
        assert not found.complete


def test_unknown_columns_of_doubled_unions_are_looked_for_once() -> None:
    levels = "".join(f", c{i} AS (SELECT * FROM c{i - 1} UNION ALL SELECT * FROM c{i - 1})" for i in range(1, 40))
    found = lineage.extract(f"WITH c0 AS (SELECT * FROM t){levels} SELECT x FROM c39")
    assert {arrow(edge) for edge in found.edges} == {"x <- t.x IDENTITY"}


@pytest.mark.parametrize("doubling", ["WITH", "views"])
def test_what_is_used_twice_is_read_once(doubling: str) -> None:
    """Thirty levels that each read the level below twice would be a billion readings."""
    body = "SELECT p.a FROM {0} p JOIN {0} q ON p.a = q.a"
    if doubling == "WITH":
        levels = "".join(f", v{i} AS ({body.format(f'v{i - 1}')})" for i in range(1, 30))
        found = lineage.extract(f"WITH v0 AS (SELECT a FROM t){levels} SELECT a FROM v29")
    else:
        views = {"v0": "SELECT a FROM t", **{f"v{i}": body.format(f"v{i - 1}") for i in range(1, 30)}}
        found = lineage.extract("SELECT a FROM v29", views=views)
    assert {arrow(edge) for edge in found.edges} == {"a <- t.a IDENTITY", "* <- t.a JOIN"}


REFUSED = {
    "a script too long": ("SELECT 1;" * 200, Limits(script_characters=1000), "the script has 1,800 characters"),
    "a statement too long": (
        "SELECT " + "a, " * 500 + "b FROM t",
        Limits(statement_characters=1000),
        "the statement has 1,5",
    ),
    "too many nodes": ("SELECT " + "a + " * 500 + "b FROM t", Limits(nodes=200), "cannot be read"),
    "too many edges": (
        "SELECT " + ", ".join(f"a{i}" for i in range(100)) + " FROM t",
        Limits(edges=50),
        "more than 50 edges",
    ),
    "too many dependencies": (
        "SELECT " + ", ".join("a + b + c + d" for _ in range(100)) + " FROM t",
        Limits(entries=50),
        "more than 50 column dependencies",
    ),
    "too much time": (
        "SELECT " + " + ".join(f"a{i}" for i in range(2000)) + " FROM t",
        Limits(cpu_seconds=0),
        "more than 0 s",
    ),
    "a script with too much time": ("SELECT 1; SELECT 2", Limits(script_cpu_seconds=-1), "the script took more than"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_limit_that_is_reached_is_told(name: str) -> None:
    sql, limits, reason = REFUSED[name]
    found = lineage.extract(sql, limits=limits)
    assert not found.complete
    assert reason in found.problems[0].reason


def test_the_time_of_a_script_is_that_of_all_its_statements() -> None:
    columns = [f"c{i}" for i in range(1_000)]
    sql = ";".join(["INSERT INTO o SELECT * FROM (SELECT * FROM t) a"] * 200)
    began = time.thread_time()
    found = lineage.extract(sql, schema={"t": columns}, limits=Limits(script_cpu_seconds=0.2))
    assert time.thread_time() - began < 1
    assert len(found.statements) == 200
    assert found.statements[0].complete
    assert "the script took more than 0.2 s" in found.problems[-1].reason


def test_ten_megabytes_are_refused_at_once() -> None:
    began = time.thread_time()
    found = lineage.extract("INSERT INTO t VALUES " + "(1, 'abcdefgh')," * 650_000)
    assert "2,000,000" in found.problems[0].reason
    assert len(found.statements[0].sql) < 5_000
    assert time.thread_time() - began < 1


def test_time_grows_with_the_width_and_not_with_its_square() -> None:
    def taken(width: int) -> float:
        listed = ", ".join(f"c{i} + 1 AS c{i}" for i in range(width))
        sql = f"WITH a AS (SELECT * FROM t), b AS (SELECT {listed} FROM a) SELECT * FROM b UNION ALL SELECT * FROM a"
        began = time.thread_time()
        assert len(lineage.extract(sql, schema={"t": [f"c{i}" for i in range(width)]}).edges) == 2 * width
        return time.thread_time() - began

    small, large = min(taken(50) for _ in range(3)), taken(400)
    assert large < 8 * small * 4  # eight times as wide; sixty-four times as long would be the square


TEXTS = {
    "unterminated text": ("SELECT 'abc", "no SQL"),
    "unterminated comment": ("SELECT /* abc", "no SQL"),
    "an English sentence": ("this is no sql at all", "cannot be read as SQL"),
    "cut off": ("SELECT a, b FROM t WHERE", "cannot be read as SQL"),
    "the wrong dialect": ("SELECT [a] FROM [b] CROSS APPLY f(x) AS y", "cannot be read as SQL"),
    "dynamic SQL": ("EXECUTE IMMEDIATE 'INSERT INTO ' || name", "not understood"),
    "a call": ("CALL load_everything(1)", "not understood"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_cannot_be_read_says_so_in_one_line(name: str) -> None:
    sql, reason = TEXTS[name]
    found = lineage.extract(sql)
    assert not found.complete
    assert reason in found.problems[0].reason
    assert "\n" not in found.problems[0].reason
    assert "\x1b" not in found.problems[0].reason
    assert len(found.problems[0].reason) < 300


@pytest.mark.parametrize("sql", ["", " \n ", ";;;", "-- only a comment", "/* and another */ ;"])
def test_nothing_is_nothing(sql: str) -> None:
    found = lineage.extract(sql)
    assert found.complete
    assert found.edges == []


def test_a_parser_that_breaks_is_a_problem_of_the_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise TypeError("no such part")

    monkeypatch.setattr("sqlglot.parser.Parser.parse", broken)
    for sql in ("SELECT 1", DEEP["brackets"][0]):
        found = lineage.extract(sql)
        assert found.problems[0].reason == "it cannot be read as SQL: no such part"


def test_a_tree_that_lacks_a_part_is_a_problem_of_the_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("this")

    monkeypatch.setattr("tools.lineage.statements.select.relation_of", broken)
    found = lineage.extract("INSERT INTO a SELECT x FROM s; SELECT y FROM s")
    assert [s.complete for s in found.statements] == [True, False]
    assert "has a form that is not understood" in found.problems[0].reason


def test_a_bad_statement_costs_only_itself() -> None:
    found = lineage.extract("INSERT INTO a SELECT x FROM s; INSERT INTO ((; INSERT INTO b SELECT y FROM s")
    assert [s.complete for s in found.statements] == [True, False, True]
    assert {edge.target.table for edge in found.edges} == {"a", "b"}


def test_deep_statements_in_several_threads_do_not_disturb_each_other() -> None:
    sql = DEEP["brackets"][0]
    answers: list[bool] = []
    frames = sys.getrecursionlimit()
    threads = [threading.Thread(target=lambda: answers.append(lineage.extract(sql).complete)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 4
    assert sys.getrecursionlimit() == frames


MORE = 30 if os.environ.get("ASSAY_THOROUGH") else 1
WORDS = """
    SELECT FROM WHERE GROUP BY ORDER JOIN ON USING WITH AS INSERT INTO VALUES UPDATE SET DELETE MERGE WHEN MATCHED
    THEN CREATE
    TABLE VIEW UNION ALL EXCEPT CASE END OVER PARTITION LATERAL UNNEST PIVOT FOR IN EXISTS DISTINCT NOT NULL BEGIN
    PROCEDURE
    IF ELSE LOOP DECLARE TEMP ALTER RENAME TO DROP ( ) , . * = ; a b c t u t.a u.b 1 'x' "q" ` [ ] $$ @v :x
"""
DIALECTS = [
    "postgres",
    "hive",
    "tsql",
    "snowflake",
    "bigquery",
    "oracle",
    "mysql",
    "spark",
    "clickhouse",
    "duckdb",
    None,
]


@settings(max_examples=40 * MORE, deadline=None)
@given(st.lists(st.sampled_from(WORDS.split()), max_size=40), st.sampled_from(DIALECTS))
def test_words_in_any_order_never_crash(words: list[str], dialect: str | None) -> None:
    found = lineage.extract(" ".join(words), dialect=dialect, schema={"t": ["a", "b"], "u": ["b", "c"]})
    assert found.complete == (not found.problems)


@settings(max_examples=40 * MORE, deadline=None)
@given(st.text(max_size=80), st.sampled_from(DIALECTS))
def test_any_text_is_answered(text: str, dialect: str | None) -> None:
    found = lineage.extract(text, dialect=dialect)
    assert all(problem.reason for problem in found.problems)


VALID = [
    """MERGE INTO t USING u ON t.a = u.b WHEN MATCHED THEN UPDATE SET b = u.c
       WHEN NOT MATCHED THEN INSERT (a) VALUES (u.b)""",
    """WITH RECURSIVE r AS (SELECT a FROM t UNION ALL SELECT r.a + 1 FROM r)
       SELECT * FROM r PIVOT (sum(a) FOR a IN (1, 2))""",
    """FROM t INSERT INTO TABLE x SELECT a LATERAL VIEW explode(b) e AS q
       INSERT INTO TABLE y SELECT sum(b) OVER (PARTITION BY a)""",
    """CREATE TEMP TABLE x AS SELECT DISTINCT a, CASE WHEN b > 1 THEN a END AS k FROM t JOIN u USING (b);
       ALTER TABLE x RENAME TO y""",
    """UPDATE t SET (a, b) = (SELECT b, c FROM u WHERE u.b = t.a) WHERE EXISTS (SELECT 1 FROM u); DROP TABLE t""",
]


@settings(max_examples=40 * MORE, deadline=None)
@given(st.sampled_from(VALID), st.data())
def test_a_statement_with_a_hole_never_crashes(sql: str, data: st.DataObject) -> None:
    words = sql.split()
    start = data.draw(st.integers(0, len(words) - 1))
    stop = data.draw(st.integers(start, min(len(words), start + 6)))
    lineage.extract(
        " ".join(words[:start] + words[stop:]), dialect=data.draw(st.sampled_from(DIALECTS)), schema={"t": ["a", "b"]}
    )
