"""Scripts: what one statement makes, the next one reads; what does not last is followed to where its data came from."""

import pytest

from tests.support.arrows import SHOP, arrow, arrows, direct
from tools import lineage

CHAINS = {
    "temporary tables": (
        "postgres",
        """CREATE TEMPORARY TABLE a AS SELECT id, amount * 2 AS d FROM orders;
           CREATE TEMP TABLE b AS SELECT id, d + 1 AS e FROM a;
           INSERT INTO t SELECT id AS k, e AS v FROM b;""",
        "t.k <- orders.id|t.v <- orders.amount",
    ),
    "hash tables": (
        "tsql",
        "SELECT id, amount INTO #a FROM orders; INSERT INTO t (v) SELECT amount FROM #a",
        "t.v <- orders.amount",
    ),
    "a temporary table filled twice": (
        "postgres",
        """CREATE TEMP TABLE a (k INT, v INT);
           INSERT INTO a SELECT id, amount FROM orders;
           INSERT INTO a (v) SELECT price FROM items;
           CREATE TABLE t AS SELECT v FROM a""",
        "t.v <- orders.amount|t.v <- items.price",
    ),
    "a temporary table that is emptied": (
        "snowflake",
        """CREATE TEMP TABLE "a" AS SELECT amount AS "v" FROM orders; TRUNCATE TABLE "a";
           INSERT INTO "a" SELECT price FROM items; INSERT INTO t ("w") SELECT "v" FROM "a" """,
        "T.w <- items.price",
    ),
    "a temporary table that is updated": (
        "postgres",
        """CREATE TEMP TABLE a AS SELECT id, status FROM orders;
           UPDATE a SET status = c.name FROM customers c WHERE c.id = a.id;
           CREATE TABLE t AS SELECT status FROM a""",
        "t.status <- orders.status|t.status <- customers.name",
    ),
    "a table that is dropped in the end": (
        "hive",
        "CREATE TABLE step AS SELECT id FROM orders; INSERT INTO t SELECT id FROM step; DROP TABLE step",
        "t.id <- orders.id",
    ),
    "a table that stays": (
        "postgres",
        "CREATE TABLE a AS SELECT id FROM orders; CREATE TABLE b AS SELECT id FROM a",
        "a.id <- orders.id|b.id <- a.id",
    ),
    "a star of a table made before": (
        "postgres",
        "CREATE TABLE a AS SELECT id, amount FROM orders; CREATE TABLE b AS SELECT * FROM a",
        "a.id <- orders.id|a.amount <- orders.amount|b.id <- a.id|b.amount <- a.amount",
    ),
    "a table declared before": (
        "postgres",
        "CREATE TABLE a (p INT, q INT); INSERT INTO a SELECT id, amount FROM orders",
        "a.p <- orders.id|a.q <- orders.amount",
    ),
    "renamed into place": (
        "postgres",
        """CREATE TABLE orders_new AS SELECT id, amount FROM orders WHERE id > 1;
           ALTER TABLE orders RENAME TO orders_old;
           ALTER TABLE orders_new RENAME TO orders""",
        "orders.id <- orders.id|orders.amount <- orders.amount",
    ),
    "swapped": (
        "snowflake",
        """CREATE TABLE "n" AS SELECT id FROM customers; ALTER TABLE "n" SWAP WITH "live";""",
        "live.ID <- customers.id",
    ),
    "renamed by MySQL": (
        "mysql",
        "CREATE TABLE n AS SELECT id FROM orders; RENAME TABLE live TO old, n TO live",
        "live.id <- orders.id",
    ),
    "renamed by a procedure": (
        "tsql",
        "SELECT id INTO dbo.n FROM orders; EXEC sp_rename 'dbo.n', 'live'",
        "dbo.live.id <- orders.id",
    ),
    "a column renamed": (
        "postgres",
        """CREATE TEMP TABLE a AS SELECT id, amount FROM orders; ALTER TABLE a RENAME COLUMN amount TO v;
           CREATE TABLE t AS SELECT v FROM a""",
        "t.v <- orders.amount",
    ),
    "made again": (
        "postgres",
        """CREATE TEMP TABLE a AS SELECT id AS v FROM orders; DROP TABLE a;
           CREATE TEMP TABLE a AS SELECT price AS v FROM items; CREATE TABLE t AS SELECT v FROM a""",
        "t.v <- items.price",
    ),
    "merged into a temporary table": (
        "databricks",
        """CREATE TEMPORARY TABLE a AS SELECT id, name FROM customers;
           MERGE INTO a USING orders o ON a.id = o.customer_id WHEN MATCHED THEN UPDATE SET a.name = o.status;
           INSERT INTO t SELECT name AS n FROM a""",
        "t.n <- customers.name|t.n <- orders.status",
    ),
    "batches of SQL Server": (
        "tsql",
        """SELECT o.id, c.name INTO #x FROM orders o WITH (NOLOCK) JOIN customers c ON c.id = o.id
           GO
           CREATE PROC p AS
             UPDATE t SET w = #x.name FROM t JOIN #x ON #x.id = t.v
           go 5
           INSERT INTO t (v) SELECT #x.id FROM #x JOIN customers c ON c.id = #x.id
           GO""",
        "t.w <- customers.name|t.v <- orders.id",
    ),
    "a global temporary table of SQL Server": (
        "tsql",
        "SELECT id INTO ##X FROM orders; INSERT INTO t (v) SELECT ##x.id FROM ##x",
        "t.v <- orders.id",
    ),
}


@pytest.mark.parametrize("name", CHAINS)
def test_what_a_script_makes_it_can_read(name: str) -> None:
    dialect, sql, expected = CHAINS[name]
    assert direct(sql, dialect=dialect) == set(expected.split("|"))


PROCEDURES = {
    "tsql without semicolons": (
        "tsql",
        """CREATE PROCEDURE dbo.load @day DATE AS
           BEGIN
             SET NOCOUNT ON
             DECLARE @n INT
             SELECT id, amount INTO #a FROM orders WHERE placed_at > @day
             IF @n > 1
               DELETE FROM t WHERE x = 1
             ELSE
               INSERT INTO t (v) SELECT amount FROM #a
             UPDATE t SET w = c.name FROM t JOIN customers c ON t.id = c.id
           END""",
        "t.v <- orders.amount|t.w <- customers.name",
    ),
    "postgres with a quoted body": (
        "postgres",
        """CREATE OR REPLACE PROCEDURE load(day DATE) LANGUAGE plpgsql AS $$
           DECLARE n INT := 0;
           BEGIN
             IF day IS NULL THEN
               INSERT INTO t (v) SELECT amount FROM orders WHERE placed_at > day;
             END IF;
             FOR r IN 1..3 LOOP
               UPDATE t SET w = c.name FROM customers c WHERE c.id = t.id;
             END LOOP;
           EXCEPTION WHEN OTHERS THEN RAISE;
           END; $$""",
        "t.v <- orders.amount|t.w <- customers.name",
    ),
    "bigquery scripting": (
        "bigquery",
        """DECLARE n INT64 DEFAULT 0;
           CREATE TEMP TABLE a AS SELECT id, amount FROM orders;
           IF n > 1 THEN
             INSERT INTO t (v) SELECT amount FROM a;
           ELSE
             CREATE OR REPLACE TABLE u AS SELECT id FROM a;
           END IF;""",
        "t.v <- orders.amount|u.id <- orders.id",
    ),
    "snowflake": (
        "snowflake",
        """CREATE PROCEDURE p(day DATE) RETURNS STRING LANGUAGE SQL AS
           $$
           BEGIN
             INSERT INTO t (v) SELECT amount FROM orders WHERE placed_at > :day;
             RETURN 'ok';
           END;
           $$""",
        "t.V <- orders.amount",
    ),
    "mysql": (
        "mysql",
        """CREATE PROCEDURE p(IN day DATE)
           BEGIN
             DECLARE done INT DEFAULT 0;
             WHILE done < 3 DO
               INSERT INTO t (v) SELECT amount FROM orders WHERE placed_at > day;
               SET done = done + 1;
             END WHILE;
           END""",
        "t.v <- orders.amount",
    ),
    "snowflake on one line": (
        "snowflake",
        "CREATE PROCEDURE p() RETURNS INT LANGUAGE SQL AS $$ BEGIN INSERT INTO t (v) SELECT amount FROM orders; END $$",
        "t.V <- orders.amount",
    ),
    "snowflake in quotes": (
        "snowflake",
        "CREATE PROCEDURE p() RETURNS STRING LANGUAGE SQL AS 'BEGIN INSERT INTO t (v) SELECT amount FROM orders; END'",
        "t.V <- orders.amount",
    ),
    "a block of postgres": (
        "postgres",
        "DO LANGUAGE plpgsql $$ BEGIN INSERT INTO t (v) SELECT amount FROM orders; END $$",
        "t.v <- orders.amount",
    ),
    "a function that writes": (
        "postgres",
        """CREATE FUNCTION f(day DATE) RETURNS void LANGUAGE plpgsql AS $body$
           BEGIN INSERT INTO t (v) SELECT amount FROM orders WHERE placed_at > day; END $body$""",
        "t.v <- orders.amount",
    ),
    "what is executed immediately": (
        "snowflake",
        "EXECUTE IMMEDIATE $$ BEGIN INSERT INTO t (v) SELECT amount FROM orders; END $$",
        "t.V <- orders.amount",
    ),
    "oracle": (
        "oracle",
        """CREATE OR REPLACE PROCEDURE p IS
             n NUMBER;
           BEGIN
             SELECT count(*) INTO n FROM orders;
             INSERT INTO t (v) SELECT amount FROM orders;
           END;""",
        "t.V <- orders.amount",
    ),
}


@pytest.mark.parametrize("name", PROCEDURES)
def test_the_body_of_a_procedure_is_read(name: str) -> None:
    dialect, sql, expected = PROCEDURES[name]
    found = {
        line.replace("T.", "t.") for line in direct(sql, dialect=dialect) if not line.startswith(tuple("0123456789"))
    }
    written = {line for line in found if "." in line.split(" <- ")[0]}
    assert written == set(expected.split("|"))


def test_each_statement_has_its_own_answer() -> None:
    found = lineage.extract(
        "CREATE TEMP TABLE a AS SELECT id FROM orders; INSERT INTO t SELECT id FROM a; SELEC 1;"
        "INSERT INTO u SELECT * FROM nowhere n JOIN b ON x = y",
        dialect="postgres",
        schema=SHOP,
    )
    assert [s.kind for s in found.statements] == ["create table", "insert", "unreadable", "insert"]
    assert [s.complete for s in found.statements] == [True, True, False, False]
    assert [s.temporary for s in found.statements] == [frozenset({"a"}), frozenset(), frozenset(), frozenset()]
    assert [arrow(e) for e in found.statements[0].edges] == ["a.id <- orders.id IDENTITY"]
    assert [arrow(e) for e in found.statements[1].edges] == ["t.id <- orders.id IDENTITY"]
    assert "a" not in {e.target.table for e in found.edges}
    assert not found.complete
    assert {problem.statement for problem in found.problems} == {2, 3}
    assert str(found.problems[0]).startswith("statement 3: it cannot be read as postgres")


def test_dataset_wide_dependencies_are_kept_once_and_written_out_on_demand() -> None:
    found = lineage.extract("CREATE TABLE t AS SELECT id, amount FROM orders WHERE status = 'a'", schema=SHOP)
    assert [arrow(e) for e in found.edges if e.type == "INDIRECT"] == ["t.* <- orders.status FILTER"]
    assert found.edges[-1].dataset_wide
    assert [arrow(e) for e in found.expanded() if e.type == "INDIRECT"] == [
        "t.id <- orders.status FILTER",
        "t.amount <- orders.status FILTER",
    ]


def test_names_are_found_by_any_unambiguous_end() -> None:
    schema = {"lake.shop.orders": ["ID", "Amount"]}
    for name in ("orders", "shop.orders", "SHOP.Orders", "lake.shop.orders", "x.lake.shop.orders"):
        assert direct(f"SELECT id, AMOUNT AS a FROM {name}", schema=schema) == {
            "id <- lake.shop.orders.ID",
            "a <- lake.shop.orders.Amount",
        }


def test_an_ambiguous_name_is_a_problem_and_not_a_guess() -> None:
    found = lineage.extract("SELECT id FROM orders", schema={"a.orders": ["id"], "b.orders": ["id"]})
    assert [str(p) for p in found.problems] == ["statement 1: table orders can mean a.orders, b.orders"]
    assert {e.source.table for e in found.edges} == {"orders"}


SPELLINGS = [
    ("postgres", "SELECT MixedCase FROM T", "t.mixedcase"),
    ("postgres", 'SELECT "MixedCase" FROM "T"', "T.MixedCase"),
    ("snowflake", "SELECT MixedCase FROM t", "T.MIXEDCASE"),
    ("snowflake", 'SELECT "MixedCase" FROM t', "T.MixedCase"),
    ("oracle", "SELECT MixedCase FROM t", "T.MIXEDCASE"),
    ("spark", "SELECT `MixedCase` FROM t", "t.mixedcase"),
    ("tsql", "SELECT [MixedCase] FROM [T]", "t.mixedcase"),
]


@pytest.mark.parametrize(("dialect", "sql", "source"), SPELLINGS)
def test_unknown_names_are_written_as_the_engine_keeps_them(dialect: str, sql: str, source: str) -> None:
    edge = lineage.extract(sql, dialect=dialect).edges[0]
    assert f"{edge.source.table}.{edge.source.column}" == source


def test_columns_that_differ_in_case_only_are_told_apart() -> None:
    sql = 'SELECT "a" AS x, "A" AS y FROM t'
    assert direct(sql, dialect="postgres", schema={"t": ["a", "A"]}) == {"x <- t.a", "y <- t.A"}


def test_a_table_with_unknown_columns_has_those_that_are_asked_for() -> None:
    sql = "WITH c AS (SELECT * FROM raw.events) SELECT user_id, upper(kind) AS k FROM c"
    assert direct(sql, schema=None) == {"user_id <- raw.events.user_id", "k <- raw.events.kind"}
    assert direct("CREATE TABLE t AS SELECT * FROM raw.events", schema=None) == {"t.* <- raw.events.*"}


def test_a_column_that_may_be_of_two_unknown_tables_is_said() -> None:
    found = lineage.extract("SELECT a.x, y FROM a JOIN b ON a.k = b.k")
    assert [arrow(e) for e in found.edges if e.type == "DIRECT"] == ["x <- a.x IDENTITY"]
    assert [p.reason for p in found.problems] == ["column y can be of several tables whose columns are not known"]


def test_a_schema_that_is_older_than_the_query_does_not_lose_the_edge() -> None:
    found = lineage.extract("SELECT fresh FROM orders", schema=SHOP)
    assert [arrow(e) for e in found.edges] == ["fresh <- orders.fresh IDENTITY"]
    assert [p.reason for p in found.problems] == ["column orders.fresh is not known"]


def test_an_unknown_dialect_is_an_error_with_the_known_ones() -> None:
    with pytest.raises(lineage.LineageError, match=r"there is no SQL dialect 'klingon'.*postgres"):
        lineage.extract("SELECT 1", dialect="klingon")


def test_words_that_were_run_together_are_a_guess_that_is_told() -> None:
    found = lineage.extract("CREATE TABLE tASSELECT id, amountFROM ordersWHERE id > 1", schema=SHOP, dialect="hive")
    assert not found.complete
    assert [p.reason for p in found.problems] == ["words that seemed run together were taken apart"]
    assert {arrow(e) for e in found.edges} >= {"t.amount <- orders.amount IDENTITY", "t.* <- orders.id FILTER"}


def test_views_that_read_each_other_end() -> None:
    found = lineage.extract("SELECT x FROM a", views={"a": "SELECT x FROM b", "b": "SELECT x FROM a"})
    assert not found.complete
    assert found.edges == []


def test_a_view_that_is_no_query_is_said() -> None:
    assert not lineage.extract("SELECT x FROM a", views={"a": "DROP TABLE b"}).complete
    assert not lineage.extract("SELECT x FROM a", views={"a": "SELECT ((("}).complete


def test_arrows_of_the_same_statement_do_not_repeat() -> None:
    assert arrows("SELECT id FROM orders UNION ALL SELECT id FROM orders") == {"id <- orders.id IDENTITY"}
    assert len(lineage.extract("SELECT id FROM orders UNION ALL SELECT id FROM orders", schema=SHOP).edges) == 1
