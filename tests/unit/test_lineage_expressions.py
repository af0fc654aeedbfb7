"""How a column flows through an expression: the kinds that OpenLineage names."""

import pytest

from tests.support.arrows import arrows, lines
from tools.lineage import kinds

TABLE = {"t": ["a", "b", "c", "d"]}

CASES = {
    "a": "x <- t.a IDENTITY",
    "(a)": "x <- t.a IDENTITY",
    "a + b": "x <- t.a TRANSFORMATION|x <- t.b TRANSFORMATION",
    "CAST(a AS INT)": "x <- t.a TRANSFORMATION",
    "upper(a)": "x <- t.a TRANSFORMATION",
    "sum(a)": "x <- t.a AGGREGATION",
    "sum(a) + 1": "x <- t.a AGGREGATION",
    "sum(a + b)": "x <- t.a AGGREGATION|x <- t.b AGGREGATION",
    "count(a)": "x <- t.a AGGREGATION masked",
    "count(DISTINCT a, b)": "x <- t.a AGGREGATION masked|x <- t.b AGGREGATION masked",
    "count(*)": "",
    "md5(a)": "x <- t.a TRANSFORMATION masked",
    "sha2(a, 256)": "x <- t.a TRANSFORMATION masked",
    "concat('x', sha1(a || b))": "x <- t.a TRANSFORMATION masked|x <- t.b TRANSFORMATION masked",
    "xxhash64(a)": "x <- t.a TRANSFORMATION masked",
    "crc32(a)": "x <- t.a TRANSFORMATION masked",
    "mask(a)": "x <- t.a TRANSFORMATION masked",
    "sum(hash(a))": "x <- t.a AGGREGATION masked",
    "a || md5(a)": "x <- t.a TRANSFORMATION|x <- t.a TRANSFORMATION masked",
    "CASE WHEN a > 1 THEN b ELSE c END": "x <- t.a CONDITIONAL|x <- t.b TRANSFORMATION|x <- t.c TRANSFORMATION",
    "CASE a WHEN b THEN c END": "x <- t.a CONDITIONAL|x <- t.b CONDITIONAL|x <- t.c TRANSFORMATION",
    "if(a, b, c)": "x <- t.a CONDITIONAL|x <- t.b TRANSFORMATION|x <- t.c TRANSFORMATION",
    "nvl2(a, b, c)": "x <- t.a CONDITIONAL|x <- t.b TRANSFORMATION|x <- t.c TRANSFORMATION",
    "coalesce(a, b)": "x <- t.a TRANSFORMATION|x <- t.a CONDITIONAL|x <- t.b TRANSFORMATION|x <- t.b CONDITIONAL",
    "nvl(a, 0)": "x <- t.a TRANSFORMATION|x <- t.a CONDITIONAL",
    "nullif(a, b)": "x <- t.a TRANSFORMATION|x <- t.a CONDITIONAL|x <- t.b CONDITIONAL",
    "decode(a, 1, b, c)": "x <- t.a CONDITIONAL|x <- t.b TRANSFORMATION|x <- t.c TRANSFORMATION",
    "sum(CASE WHEN a > 1 THEN b END)": "x <- t.a CONDITIONAL|x <- t.b AGGREGATION",
    "CASE WHEN sum(a) > 1 THEN max(b) END": "x <- t.a CONDITIONAL|x <- t.b AGGREGATION",
    "CASE WHEN md5(a) = 'x' THEN b END": "x <- t.a CONDITIONAL masked|x <- t.b TRANSFORMATION",
    "count(CASE WHEN a > 1 THEN 1 END)": "x <- t.a CONDITIONAL masked",
    "sum(a) FILTER (WHERE b > 1)": "x <- t.a AGGREGATION|x <- t.b CONDITIONAL",
    "rank() OVER (PARTITION BY b ORDER BY c)": "x <- t.b WINDOW|x <- t.c WINDOW",
    "sum(a) OVER (PARTITION BY b ORDER BY c)": "x <- t.a AGGREGATION|x <- t.b WINDOW|x <- t.c WINDOW",
    "lag(a) OVER (ORDER BY c)": "x <- t.a TRANSFORMATION|x <- t.c WINDOW",
    "first_value(a) OVER (ORDER BY c)": "x <- t.a TRANSFORMATION|x <- t.c WINDOW",
    "a - lag(a, 1) OVER (ORDER BY b)": "x <- t.a TRANSFORMATION|x <- t.b WINDOW",
    "array_agg(a ORDER BY b)": "x <- t.a AGGREGATION|x <- t.b SORT",
    "percentile_cont(0.5) WITHIN GROUP (ORDER BY a)": "x <- t.a AGGREGATION",
    "listagg(a, ',') WITHIN GROUP (ORDER BY b)": "x <- t.a AGGREGATION|x <- t.b SORT",
    "a BETWEEN b AND c": "x <- t.a TRANSFORMATION|x <- t.b TRANSFORMATION|x <- t.c TRANSFORMATION",
    "a IN (b, 1)": "x <- t.a TRANSFORMATION|x <- t.b TRANSFORMATION",
    "transform(a, e -> e + b)": "x <- t.a TRANSFORMATION|x <- t.b TRANSFORMATION",
    "my_function(a, b)": "x <- t.a TRANSFORMATION|x <- t.b TRANSFORMATION",
    "collect_set(a)": "x <- t.a AGGREGATION",
    "date_add(a, INTERVAL 1 DAY)": "x <- t.a TRANSFORMATION",
    "a[0]": "x <- t.a TRANSFORMATION",
    "'constant'": "",
    "EXISTS (SELECT 1 FROM t u WHERE u.a = t.b)": "x <- t.a FILTER|x <- t.b FILTER",
}


@pytest.mark.parametrize("expression", CASES)
def test_a_column_flows_through_an_expression(expression: str) -> None:
    expected = {line for line in CASES[expression].split("|") if line}
    assert arrows(f"SELECT {expression} AS x FROM t", schema=TABLE, dialect="spark") == expected


def test_a_named_window_and_the_one_that_it_extends() -> None:
    sql = "SELECT sum(a) OVER w2 AS x FROM t WINDOW w AS (PARTITION BY b), w2 AS (w ORDER BY c)"
    assert arrows(sql, schema=TABLE, dialect="postgres") == lines("""
        x <- t.a AGGREGATION
        x <- t.b WINDOW
        x <- t.c WINDOW""")


def test_hive_calls_what_a_case_chooses_the_same_value() -> None:
    sql = "SELECT CASE WHEN b > 1 THEN a ELSE a + b END AS x FROM t"
    assert arrows(sql, schema=TABLE, dialect="hive") == lines("""
        x <- t.a IDENTITY
        x <- t.a TRANSFORMATION
        x <- t.b TRANSFORMATION
        x <- t.b CONDITIONAL""")


def test_kinds_chain_over_subqueries_as_openlineage_merges_them() -> None:
    sql = """SELECT sum(p) AS x, max(q) AS y, r + 1 AS z, h || 'x' AS m FROM
             (SELECT a + 1 AS p, CASE WHEN b > 1 THEN 1 END AS q, rank() OVER (ORDER BY c) AS r, md5(d) AS h
              FROM t) s"""
    assert arrows(sql, schema=TABLE) == lines("""
        x <- t.a AGGREGATION
        y <- t.b CONDITIONAL
        z <- t.c WINDOW
        m <- t.d TRANSFORMATION masked""")


def test_a_dataset_is_filtered_by_whatever_made_the_column() -> None:
    sql = "SELECT 1 AS one FROM (SELECT CASE WHEN b > 1 THEN a END AS q, md5(c) AS h FROM t) s WHERE q > 1 AND h = 'x'"
    assert arrows(sql, schema=TABLE) == lines("""
        * <- t.a FILTER
        * <- t.b FILTER
        * <- t.c FILTER masked""")


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (kinds.IDENTITY, kinds.IDENTITY, kinds.IDENTITY),
        (kinds.IDENTITY, kinds.TRANSFORMATION, kinds.TRANSFORMATION),
        (kinds.TRANSFORMATION, kinds.IDENTITY, kinds.TRANSFORMATION),
        (kinds.AGGREGATION, kinds.TRANSFORMATION, kinds.AGGREGATION),
        (kinds.JOIN, kinds.IDENTITY, kinds.JOIN),
        (kinds.IDENTITY, kinds.FILTER, kinds.FILTER),
        (kinds.WINDOW, kinds.CONDITIONAL, kinds.WINDOW),
        (kinds.IDENTITY | kinds.MASKED, kinds.AGGREGATION, kinds.AGGREGATION | kinds.MASKED),
        (kinds.SORT, kinds.TRANSFORMATION | kinds.MASKED, kinds.SORT | kinds.MASKED),
    ],
)
def test_two_steps_in_a_row(first: int, second: int, both: int) -> None:
    assert kinds.chained(first, second) == both


def test_chaining_does_not_depend_on_where_one_begins() -> None:
    all_kinds = [kind | masked for kind in range(9) for masked in (0, kinds.MASKED)]
    for a in all_kinds:
        for b in all_kinds:
            for c in all_kinds:
                assert kinds.chained(kinds.chained(a, b), c) == kinds.chained(a, kinds.chained(b, c))


STRUCTS = {
    "a field of a column": ("SELECT s.f AS x FROM t", "x <- t.s.f IDENTITY"),
    "a deep field": ("SELECT t.s.f.g.h AS x FROM t", "x <- t.s.f.g.h IDENTITY"),
    "a field through a CTE": ("WITH c AS (SELECT s FROM t) SELECT c.s.f AS x FROM c", "x <- t.s.f IDENTITY"),
    "a field of what was changed": (
        "SELECT y.f AS x FROM (SELECT parse_json(s) AS y FROM t) q",
        "x <- t.s TRANSFORMATION",
    ),
    "a struct that was made": (
        "SELECT y.p AS x FROM (SELECT STRUCT(a AS p, b AS q) AS y FROM t) z",
        "x <- t.a IDENTITY",
    ),
    "a struct inside a struct": (
        "SELECT y.r.q AS x FROM (SELECT STRUCT(STRUCT(a AS p, b AS q) AS r) AS y FROM t) z",
        "x <- t.b IDENTITY",
    ),
    "every field of a struct": (
        "SELECT y.* FROM (SELECT STRUCT(a AS p, b AS q) AS y FROM t) z",
        "p <- t.a IDENTITY|q <- t.b IDENTITY",
    ),
    "one row picked out of many": (
        "SELECT u.a, u.b FROM (SELECT ARRAY_AGG(t ORDER BY b LIMIT 1)[OFFSET(0)] AS u FROM t GROUP BY a) z",
        "a <- t.a AGGREGATION|b <- t.b AGGREGATION|* <- t.a GROUP_BY",
    ),
    "all of one row picked out of many": (
        "SELECT u.* FROM (SELECT ARRAY_AGG(o LIMIT 1)[OFFSET(0)] AS u FROM t AS o GROUP BY o.a) z",
        "a <- t.a AGGREGATION|b <- t.b AGGREGATION|s <- t.s AGGREGATION|* <- t.a GROUP_BY",
    ),
    "an element's field": ("SELECT s[OFFSET(0)].f AS x FROM t", "x <- t.s TRANSFORMATION"),
}


@pytest.mark.parametrize("name", STRUCTS)
def test_fields_of_structs(name: str) -> None:
    sql, expected = STRUCTS[name]
    assert arrows(sql, schema={"t": ["a", "b", "s"]}, dialect="bigquery") == set(expected.split("|"))


def test_named_struct_of_hive() -> None:
    sql = "SELECT y.p AS x FROM (SELECT named_struct('p', a, 'q', b) AS y FROM t) z"
    assert arrows(sql, schema=TABLE, dialect="hive") == {"x <- t.a IDENTITY"}
