"""What only some engines have: each form where sqlglot gives a tree that needs more than the common reading."""

import pytest

from tests.support.arrows import arrow, arrows, direct
from tools import lineage

SCHEMA = {"t": ["a", "b", "c"], "u": ["a", "x", "y"]}

CASES = {
    "keep first": (
        "oracle",
        "SELECT max(a) KEEP (DENSE_RANK FIRST ORDER BY b) OVER (PARTITION BY c) m FROM t",
        "M <- t.a AGGREGATION|M <- t.b WINDOW|M <- t.c WINDOW",
    ),
    "connect by": (
        "oracle",
        "SELECT level, a FROM t START WITH b IS NULL CONNECT BY PRIOR c = a",
        "A <- t.a IDENTITY|* <- t.b FILTER|* <- t.c FILTER|* <- t.a FILTER",
    ),
    "delete through a WITH": (
        "tsql",
        "WITH x AS (SELECT *, row_number() OVER (PARTITION BY a ORDER BY b) rn FROM t) DELETE FROM x WHERE rn > 1",
        "t.* <- t.a FILTER|t.* <- t.b FILTER",
    ),
    "output into": (
        "tsql",
        "INSERT INTO t (a) OUTPUT inserted.a INTO kept SELECT x FROM u",
        "t.a <- u.x IDENTITY|kept.a <- t.a IDENTITY",
    ),
    "writing inside a WITH": (
        "postgres",
        "WITH m AS (UPDATE t SET a = u.x FROM u WHERE u.a = t.b RETURNING t.a) INSERT INTO log (k) SELECT a FROM m",
        "t.a <- u.x IDENTITY|t.* <- u.a FILTER|t.* <- t.b FILTER|log.k <- t.a IDENTITY",
    ),
    "merge with delete": (
        "oracle",
        """MERGE INTO t USING u ON (t.a = u.a) WHEN MATCHED THEN UPDATE SET t.b = u.x WHERE u.y > 1 DELETE WHERE t.c = 0
           WHEN NOT MATCHED THEN INSERT (a) VALUES (u.y) WHERE u.x > 2""",
        "t.b <- u.x IDENTITY|t.a <- u.y IDENTITY|t.* <- t.a JOIN|t.* <- u.a JOIN|t.* <- u.y FILTER|t.* <- t.c FILTER|"
        "t.* <- u.x FILTER",
    ),
    "a table variable": (
        "tsql",
        "DECLARE @t TABLE (k INT, v INT); INSERT INTO @t SELECT a, b FROM t; INSERT INTO z SELECT v FROM @t",
        "z.v <- t.b IDENTITY",
    ),
    "a cached table": (
        "spark",
        "CACHE TABLE q AS SELECT a AS k FROM t; INSERT INTO z SELECT k FROM q",
        "z.k <- t.a IDENTITY",
    ),
    "select into": ("postgres", "SELECT a, b INTO n FROM t", "n.a <- t.a IDENTITY|n.b <- t.b IDENTITY"),
    "names of functions and casts": (
        "postgres",
        "SELECT a::text, max(b), a + 1 FROM t",
        "a <- t.a TRANSFORMATION|max <- t.b AGGREGATION|?column? <- t.a TRANSFORMATION",
    ),
    "numbered names": (
        "hive",
        "CREATE TABLE n AS SELECT a, b + 1, cast(c AS INT) FROM t",
        "n.a <- t.a IDENTITY|n._c1 <- t.b TRANSFORMATION|n.c <- t.c TRANSFORMATION",
    ),
    "unload": ("redshift", "UNLOAD ('select a from t where b = 1') TO 's3://x'", "a <- t.a IDENTITY|* <- t.b FILTER"),
    "copy out of a query": ("postgres", "COPY (SELECT a FROM t) TO '/tmp/x'", "a <- t.a IDENTITY"),
    "copy into a stage": ("snowflake", "COPY INTO @st FROM (SELECT a FROM t)", "A <- t.a IDENTITY"),
    "copy into a table": ("snowflake", "COPY INTO t (b) FROM (SELECT u.x FROM u)", "t.b <- u.x IDENTITY"),
    "a partitioned view": (
        "hive",
        "CREATE VIEW v (p COMMENT 'x', q) PARTITIONED ON (q) AS SELECT a, b FROM t",
        "v.p <- t.a IDENTITY|v.q <- t.b IDENTITY",
    ),
    "columns added": (
        "hive",
        "ALTER TABLE t ADD COLUMNS (d INT, e INT); INSERT INTO t SELECT a, x, y, a, x FROM u",
        "t.a <- u.a IDENTITY|t.b <- u.x IDENTITY|t.c <- u.y IDENTITY|t.d <- u.a IDENTITY|t.e <- u.x IDENTITY",
    ),
    "numbered names in Parquet": (
        "hive",
        "CREATE TABLE n STORED AS PARQUET AS SELECT a + 1 FROM t",
        "n.c0 <- t.a TRANSFORMATION",
    ),
    "virtual columns": (
        "hive",
        "SELECT INPUT__FILE__NAME AS f FROM t",
        "f <- t.input__file__name IDENTITY",
    ),
    "map and reduce": (
        "hive",
        "FROM (FROM t MAP t.a, t.b USING 'x' AS k, v) m INSERT INTO TABLE n REDUCE m.k USING 'y' AS z",
        "n.z <- t.a TRANSFORMATION|n.z <- t.b TRANSFORMATION",
    ),
    "a directory": ("hive", "INSERT OVERWRITE DIRECTORY '/tmp/x' SELECT a FROM t", "/tmp/x.a <- t.a IDENTITY"),
    "several names for one function": (
        "spark",
        "SELECT k, v FROM (SELECT explode(b) AS (k, v) FROM t)",
        "k <- t.b TRANSFORMATION|v <- t.b TRANSFORMATION",
    ),
    "insert row": (
        "bigquery",
        "MERGE t USING u ON FALSE WHEN NOT MATCHED THEN INSERT ROW",
        "t.a <- u.a IDENTITY|t.b <- u.x IDENTITY|t.c <- u.y IDENTITY",
    ),
    "export": ("bigquery", "EXPORT DATA OPTIONS (uri = 'x') AS SELECT a FROM t", "a <- t.a IDENTITY"),
    "a subquery over an array": (
        "bigquery",
        "SELECT (SELECT string_agg(e) FROM UNNEST(t.b) AS e) AS z FROM t",
        "z <- t.b AGGREGATION",
    ),
    "array join": ("clickhouse", "SELECT a, x FROM t ARRAY JOIN b AS x", "a <- t.a IDENTITY|x <- t.b TRANSFORMATION"),
    "WITH an expression": (
        "clickhouse",
        "WITH 5 AS n, (SELECT max(x) FROM u) AS m SELECT a + n + m AS q FROM t",
        "q <- t.a TRANSFORMATION|q <- u.x AGGREGATION",
    ),
    "group by all": (
        "duckdb",
        "SELECT a, sum(b) AS s FROM t GROUP BY ALL",
        "a <- t.a IDENTITY|s <- t.b AGGREGATION|* <- t.a GROUP_BY",
    ),
    "columns by a pattern": ("duckdb", "SELECT COLUMNS('[ab]') FROM t", "a <- t.a IDENTITY|b <- t.b IDENTITY"),
    "an aggregate of each column": (
        "duckdb",
        "SELECT max(COLUMNS(*)) FROM u",
        "a <- u.a AGGREGATION|x <- u.x AGGREGATION|y <- u.y AGGREGATION",
    ),
    "columns of one table of several": (
        "duckdb",
        "SELECT min(COLUMNS(t.* EXCLUDE (a, c))) AS m FROM t, (SELECT b FROM t) v",
        "m <- t.b AGGREGATION",
    ),
    "columns by name": (
        "duckdb",
        "SELECT COLUMNS(['a', 'B']) + 1 FROM t",
        "a <- t.a TRANSFORMATION|b <- t.b TRANSFORMATION",
    ),
    "columns as arguments": (
        "duckdb",
        "SELECT concat(*COLUMNS('[ab]')) AS z FROM t",
        "z <- t.a TRANSFORMATION|z <- t.b TRANSFORMATION",
    ),
    "replace into": ("mysql", "REPLACE INTO t (a) SELECT x FROM u", "t.a <- u.x IDENTITY"),
    "insert set": ("mysql", "INSERT INTO t SET a = (SELECT max(x) FROM u), b = 2", "t.a <- u.x AGGREGATION"),
    "check option": ("mysql", "CREATE VIEW v AS SELECT a FROM t WITH CHECK OPTION", "v.a <- t.a IDENTITY"),
    "semantic view": (
        "snowflake",
        "SELECT a, n FROM SEMANTIC_VIEW(t DIMENSIONS a METRICS b AS n)",
        "A <- t.a IDENTITY|N <- t.b AGGREGATION",
    ),
    "insert into a table made longer": (
        "postgres",
        "ALTER TABLE t ADD COLUMN d INT; ALTER TABLE t DROP COLUMN a; INSERT INTO t SELECT a, x, y FROM u",
        "t.b <- u.a IDENTITY|t.c <- u.x IDENTITY|t.d <- u.y IDENTITY",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_forms_of_single_engines(name: str) -> None:
    dialect, sql, expected = CASES[name]
    assert arrows(sql, dialect=dialect, schema=SCHEMA) == set(expected.split("|"))


SAID = {
    "a pivot statement": ("duckdb", "PIVOT t ON b USING sum(a)", "PIVOT is not followed"),
    "unload": ("redshift", "UNLOAD ('drop table t') TO 's3://x'", "UNLOAD of something that is no query"),
    "a procedure": ("tsql", "EXEC dbo.load_it 1", "what EXECUTE load_it does is not known"),
    "a pattern over unknown columns": (
        "duckdb",
        "SELECT COLUMNS('a') FROM nowhere",
        "COLUMNS(...) of columns that are not known",
    ),
    "a natural join of unknown tables": (
        "postgres",
        "SELECT p.q FROM p NATURAL JOIN r",
        "a NATURAL JOIN of tables whose columns are",
    ),
    "too few values": ("postgres", "INSERT INTO t SELECT x FROM u", "t takes 3 columns and gets 1"),
    "branches that differ": ("postgres", "SELECT a, b FROM t UNION SELECT x FROM u", "have 1 and 2 columns"),
    "a star by position": ("postgres", "INSERT INTO t SELECT * FROM nowhere", "a star of columns that are not known"),
    "an alias that is not there": ("postgres", "SELECT z.a FROM t, u", "column z.a is not known"),
    "a procedure in another language": (
        "snowflake",
        "CREATE PROCEDURE p() RETURNS STRING LANGUAGE JAVASCRIPT AS $$ snowflake.execute(x) $$",
        "the body of the procedure is not in SQL",
    ),
    "a template": ("postgres", "SELECT a FROM t WHERE b = '{{ day }}'", "template"),
    "a broken CREATE": (
        "postgres",
        "create or replace view s.v as selec 1",
        "CREATE OR REPLACE VIEW s.v is not understood",
    ),
    "a CREATE of a secret": ("postgres", "create role x password 'y'", "CREATE role is not understood"),
    "something missing": ("", "SELECT a.[b c] FROM a", "a part of a Column is missing at line 1"),
    "two candidates": ("postgres", "SELECT a FROM t, u", "column a is ambiguous"),
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_not_followed_is_said(name: str) -> None:
    dialect, sql, reason = SAID[name]
    found = lineage.extract(sql, dialect=dialect, schema=SCHEMA)
    assert not found.complete
    assert reason in " ".join(problem.reason for problem in found.problems)


def test_a_statement_that_sqlglot_gives_up_is_said_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert not lineage.extract("CREATE WIDGET x AS y", dialect="hive").complete
    assert not caplog.records


def test_a_star_between_known_columns_meets_the_table_from_both_ends() -> None:
    found = lineage.extract("INSERT INTO t SELECT n.p, n.*, n.q FROM nowhere n", schema=SCHEMA)
    assert [arrow(edge) for edge in found.edges] == [
        "t.a <- nowhere.p IDENTITY",
        "t.* <- nowhere.* IDENTITY",
        "t.c <- nowhere.q IDENTITY",
    ]


def test_a_hive_lateral_view_over_a_subquery_keeps_constants_without_a_source() -> None:
    sql = (
        "INSERT INTO t SELECT c, b, a FROM (SELECT array(1, 2) AS k, 1 AS b, a FROM u) y LATERAL VIEW explode(k) e AS c"
    )
    assert direct(sql, dialect="hive", schema=SCHEMA) == {"t.c <- u.a"}


HIDING = [
    ("postgres", "sha256(a)"),
    ("postgres", "encode(digest(a, 'sha1'), 'hex')"),
    ("postgres", "crypt(a, b)"),
    ("bigquery", "sha512(a)"),
    ("tsql", "HASHBYTES('SHA2_256', a)"),
    ("snowflake", "md5_number_lower64(a)"),
    ("trino", "hmac_sha256(a, b)"),
    ("redshift", "fnv_hash(a)"),
    ("oracle", "ora_hash(a)"),
]


@pytest.mark.parametrize(("dialect", "call"), HIDING)
def test_hashes_of_all_engines_hide_what_they_are_made_of(dialect: str, call: str) -> None:
    found = lineage.extract(f"SELECT {call} AS z FROM t", dialect=dialect, schema={"t": ["a", "b"]})
    assert {edge.masking for edge in found.edges} == {True}
