"""Statements that write: which columns of which table come from where."""

import pytest

from tests.support.arrows import SHOP, arrows, direct, lines
from tools import lineage

INSERTS = {
    "by the list of columns": (
        "INSERT INTO t (b, a) SELECT id, amount FROM orders",
        "t.b <- orders.id|t.a <- orders.amount",
    ),
    "by position": ("INSERT INTO p SELECT id, amount FROM orders", "p.x <- orders.id|p.y <- orders.amount"),
    "by the query's names where nothing is known": ("INSERT INTO t SELECT id AS k FROM orders", "t.k <- orders.id"),
    "values": ("INSERT INTO p VALUES (1, 2)", ""),
    "values with a query": ("INSERT INTO p VALUES (1, (SELECT max(amount) FROM orders))", "p.y <- orders.amount"),
    "a WITH in front": ("WITH c AS (SELECT id i FROM orders) INSERT INTO t SELECT i FROM c", "t.i <- orders.id"),
    "a WITH behind": ("INSERT INTO t WITH c AS (SELECT id i FROM orders) SELECT i FROM c", "t.i <- orders.id"),
    "a list and a WITH": (
        "INSERT INTO t (z) WITH c AS (SELECT id i FROM orders) SELECT i FROM c",
        "t.z <- orders.id",
    ),
    "overwrite": ("INSERT OVERWRITE TABLE p SELECT id, amount FROM orders", "p.x <- orders.id|p.y <- orders.amount"),
    "a static partition": (
        "INSERT OVERWRITE TABLE d PARTITION (day = '1') SELECT id, amount FROM orders",
        "d.a <- orders.id|d.b <- orders.amount",
    ),
    "a dynamic partition, the last": (
        "INSERT OVERWRITE TABLE d PARTITION (day) SELECT id, amount, placed_at FROM orders",
        "d.a <- orders.id|d.b <- orders.amount|d.day <- orders.placed_at",
    ),
    "a list and a dynamic partition": (
        "INSERT INTO TABLE d (b, a) PARTITION (day) SELECT id, amount, placed_at FROM orders",
        "d.b <- orders.id|d.a <- orders.amount|d.day <- orders.placed_at",
    ),
    "a partition if not exists": (
        "INSERT OVERWRITE TABLE d PARTITION (day='1') IF NOT EXISTS SELECT id, amount FROM orders",
        "d.a <- orders.id|d.b <- orders.amount",
    ),
    "another table as it is": ("INSERT INTO p TABLE two", "p.x <- two.m|p.y <- two.n"),
    "upsert": ("UPSERT INTO t (k) SELECT id FROM orders", "t.k <- orders.id"),
    "from first": ("FROM orders INSERT INTO t SELECT id", "t.id <- orders.id"),
}


@pytest.mark.parametrize("name", INSERTS)
def test_insert(name: str) -> None:
    sql, expected = INSERTS[name]
    schema = {**SHOP, "p": ["x", "y"], "d": ["a", "b", "day"], "two": ["m", "n"]}
    assert direct(sql, dialect="hive", schema=schema) == {line for line in expected.split("|") if line}


def test_insert_by_name() -> None:
    sql = "INSERT INTO p BY NAME SELECT amount AS y, id AS x FROM orders"
    assert direct(sql, dialect="duckdb", schema={**SHOP, "p": ["x", "y"]}) == {
        "p.y <- orders.amount",
        "p.x <- orders.id",
    }


def test_an_insert_that_meets_a_conflict_updates() -> None:
    sql = """INSERT INTO t (k, v) SELECT id, amount FROM orders
             ON CONFLICT (k) DO UPDATE SET v = t.v + excluded.v, w = excluded.k WHERE t.x > 1"""
    assert arrows(sql, dialect="postgres", schema={**SHOP, "t": ["k", "v", "w", "x"]}) == lines("""
        t.k <- orders.id IDENTITY
        t.v <- orders.amount IDENTITY
        t.v <- t.v TRANSFORMATION
        t.v <- orders.amount TRANSFORMATION
        t.w <- orders.id IDENTITY
        t.* <- t.x FILTER""")


def test_the_table_of_an_insert_may_have_another_name_in_its_conflict() -> None:
    sql = """INSERT INTO t AS old (k, v) SELECT id, amount FROM orders
             ON CONFLICT (k) DO UPDATE SET v = old.v + excluded.v"""
    found = direct(sql, dialect="postgres", schema={**SHOP, "t": ["k", "v"]})
    assert found == {"t.k <- orders.id", "t.v <- orders.amount", "t.v <- t.v"}


def test_a_duplicate_key_updates_in_mysql() -> None:
    sql = "INSERT INTO t (k, v) SELECT id, amount FROM orders ON DUPLICATE KEY UPDATE v = VALUES(v)"
    assert direct(sql, dialect="mysql") == {"t.k <- orders.id", "t.v <- orders.amount"}


CREATES = {
    "table": ("CREATE TABLE t AS SELECT id, amount * 2 AS d FROM orders", "t.id <- orders.id|t.d <- orders.amount"),
    "table with names": (
        "CREATE TABLE t (p, q) AS SELECT id, amount FROM orders",
        "t.p <- orders.id|t.q <- orders.amount",
    ),
    "view": ("CREATE OR REPLACE VIEW v AS SELECT id FROM orders", "v.id <- orders.id"),
    "view with names": ("CREATE VIEW v (k) AS SELECT id FROM orders", "v.k <- orders.id"),
    "view altered": ("ALTER VIEW v AS SELECT id FROM orders", "v.id <- orders.id"),
    "materialized view": ("CREATE MATERIALIZED VIEW v AS SELECT id FROM orders", "v.id <- orders.id"),
    "table of a union": (
        "CREATE TABLE t AS SELECT id FROM orders UNION ALL SELECT id FROM customers",
        "t.id <- orders.id|t.id <- customers.id",
    ),
    "copy": (
        "CREATE TABLE t CLONE items",
        "T.order_id <- items.order_id|T.sku <- items.sku|T.quantity <- items.quantity|T.price <- items.price",
    ),
    "no rows": ("CREATE TABLE t (a INT, b INT)", ""),
    "the columns only": ("CREATE TABLE t LIKE items", ""),
}


@pytest.mark.parametrize("name", CREATES)
def test_create(name: str) -> None:
    sql, expected = CREATES[name]
    assert direct(sql, dialect="snowflake" if name == "copy" else "spark") == {
        line for line in expected.split("|") if line
    }


def test_a_materialized_view_fills_the_table_that_it_names() -> None:
    sql = """CREATE MATERIALIZED VIEW mv TO day_sums (d Date, s Float64) AS
             SELECT placed_at AS d, sum(amount) AS s FROM orders GROUP BY d"""
    assert direct(sql, dialect="clickhouse") == {"day_sums.d <- orders.placed_at", "day_sums.s <- orders.amount"}


MERGE = """
    MERGE INTO customers t USING
    (SELECT id, max(amount) AS top, status FROM orders WHERE placed_at > 1 GROUP BY id, status) s
    ON t.id = s.id
    WHEN MATCHED AND s.status = 'gone' THEN DELETE
    WHEN MATCHED THEN UPDATE SET t.name = s.top, country = t.country || s.status
    WHEN NOT MATCHED THEN INSERT (id, email) VALUES (s.id, upper(s.status))"""


def test_merge_sets_and_inserts() -> None:
    assert arrows(MERGE, dialect="databricks") == lines("""
        customers.name <- orders.amount AGGREGATION
        customers.country <- customers.country TRANSFORMATION
        customers.country <- orders.status TRANSFORMATION
        customers.id <- orders.id IDENTITY
        customers.email <- orders.status TRANSFORMATION
        customers.* <- orders.placed_at FILTER
        customers.* <- orders.id GROUP_BY
        customers.* <- orders.status GROUP_BY
        customers.* <- customers.id JOIN
        customers.* <- orders.id JOIN
        customers.* <- orders.status FILTER""")


MERGES = {
    "all columns by name": ("WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *", "t.k <- s.k|t.v <- s.v"),
    "without a list": ("WHEN NOT MATCHED THEN INSERT VALUES (s.v, s.k)", "t.k <- s.v|t.v <- s.k"),
    "unqualified": ("WHEN NOT MATCHED THEN INSERT (k, v) VALUES (k, v)", "t.k <- s.k|t.v <- s.v"),
    "a constant": ("WHEN MATCHED THEN UPDATE SET v = 1", ""),
    "by source": ("WHEN NOT MATCHED BY SOURCE THEN UPDATE SET t.v = t.k", "t.v <- t.k"),
}


@pytest.mark.parametrize("name", MERGES)
def test_merge_forms(name: str) -> None:
    branches, expected = MERGES[name]
    schema = {"t": ["k", "v"], "s": ["k", "v"]}
    found = direct(f"MERGE INTO t USING s ON t.k = s.k {branches}", dialect="databricks", schema=schema)
    assert found == {line for line in expected.split("|") if line}


UPDATES = {
    "an expression": (
        "postgres",
        "UPDATE orders SET amount = amount * 2 WHERE id > 1",
        "orders.amount <- orders.amount",
    ),
    "FROM": (
        "postgres",
        "UPDATE orders AS o SET status = c.name FROM customers c WHERE o.customer_id = c.id",
        "orders.status <- customers.name",
    ),
    "FROM with the alias as the target": (
        "tsql",
        "UPDATE o SET o.status = c.name FROM orders o JOIN customers c ON o.customer_id = c.id",
        "orders.status <- customers.name",
    ),
    "FROM a subquery": (
        "postgres",
        """UPDATE orders SET amount = s.p FROM (SELECT order_id, sum(price) p FROM items GROUP BY order_id) s
           WHERE s.order_id = orders.id""",
        "orders.amount <- items.price",
    ),
    "joined": (
        "mysql",
        "UPDATE orders o JOIN customers c ON o.customer_id = c.id SET o.status = c.name, c.country = o.status",
        "orders.status <- customers.name|customers.country <- orders.status",
    ),
    "several from one query": (
        "postgres",
        "UPDATE orders SET (amount, status) = (SELECT price, sku FROM items WHERE order_id = orders.id)",
        "orders.amount <- items.price|orders.status <- items.sku",
    ),
    "a scalar query": (
        "oracle",
        "UPDATE orders o SET amount = (SELECT sum(price) FROM items i WHERE i.order_id = o.id)",
        "orders.amount <- items.price",
    ),
    "a WITH in front": (
        "tsql",
        """WITH s AS (SELECT id, name FROM customers)
           UPDATE orders SET status = s.name FROM s WHERE orders.customer_id = s.id""",
        "orders.status <- customers.name",
    ),
    "a constant": ("mysql", "UPDATE orders SET status = 'x', amount = DEFAULT WHERE id = 1", ""),
}


@pytest.mark.parametrize("name", UPDATES)
def test_update(name: str) -> None:
    dialect, sql, expected = UPDATES[name]
    assert direct(sql, dialect=dialect) == {line for line in expected.split("|") if line}


def test_what_decides_about_an_update_decides_about_all_its_columns() -> None:
    sql = "UPDATE orders SET status = c.name FROM customers c WHERE orders.customer_id = c.id"
    assert arrows(sql, dialect="postgres") == lines("""
        orders.status <- customers.name IDENTITY
        orders.* <- orders.customer_id FILTER
        orders.* <- customers.id FILTER""")


DELETES = {
    "where": ("postgres", "DELETE FROM orders WHERE amount < 0", "orders.* <- orders.amount FILTER"),
    "exists": (
        "postgres",
        "DELETE FROM orders WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = orders.customer_id)",
        "orders.* <- customers.id FILTER|orders.* <- orders.customer_id FILTER",
    ),
    "using": (
        "postgres",
        "DELETE FROM orders o USING customers c WHERE o.customer_id = c.id",
        "orders.* <- orders.customer_id FILTER|orders.* <- customers.id FILTER",
    ),
    "joined": (
        "mysql",
        "DELETE o FROM orders o JOIN customers c ON o.customer_id = c.id WHERE c.country = 'x'",
        "orders.* <- orders.customer_id JOIN|orders.* <- customers.id JOIN|orders.* <- customers.country FILTER",
    ),
}


@pytest.mark.parametrize("name", DELETES)
def test_delete_is_decided_by_what_it_reads(name: str) -> None:
    dialect, sql, expected = DELETES[name]
    assert arrows(sql, dialect=dialect) == set(expected.split("|"))


MULTI = {
    "hive": (
        "hive",
        """FROM (SELECT id, amount, status FROM orders WHERE id > 1) s
           INSERT OVERWRITE TABLE a SELECT id WHERE status = 'x'
           INSERT INTO TABLE b SELECT status, sum(amount) AS t GROUP BY status""",
        """a.id <- orders.id IDENTITY
           a.* <- orders.id FILTER
           a.* <- orders.status FILTER
           b.status <- orders.status IDENTITY
           b.t <- orders.amount AGGREGATION
           b.* <- orders.id FILTER
           b.* <- orders.status GROUP_BY""",
    ),
    "hive with a join": (
        "hive",
        """FROM orders o JOIN customers c ON o.customer_id = c.id
           INSERT INTO TABLE a SELECT o.id, c.name INSERT INTO TABLE b SELECT c.email""",
        """a.id <- orders.id IDENTITY
           a.name <- customers.name IDENTITY
           b.email <- customers.email IDENTITY
           a.* <- orders.customer_id JOIN
           a.* <- customers.id JOIN
           b.* <- orders.customer_id JOIN
           b.* <- customers.id JOIN""",
    ),
    "hive with a WITH": (
        "hive",
        """WITH c AS (SELECT id AS k FROM orders)
           FROM c INSERT INTO TABLE a SELECT k INSERT INTO TABLE b SELECT k + 1 AS k""",
        "a.k <- orders.id IDENTITY\nb.k <- orders.id TRANSFORMATION",
    ),
    "hive with a lateral view in one": (
        "hive",
        """FROM orders INSERT INTO TABLE a SELECT id, x LATERAL VIEW explode(array(amount)) e AS x
           INSERT INTO TABLE b SELECT id""",
        "a.id <- orders.id IDENTITY\na.x <- orders.amount TRANSFORMATION\nb.id <- orders.id IDENTITY",
    ),
    "insert all": (
        "snowflake",
        """INSERT ALL WHEN amount > 10 THEN INTO big (k) VALUES (id) ELSE INTO small (k, v)
           SELECT id, amount FROM orders""",
        """big.k <- orders.id IDENTITY
           big.* <- orders.amount FILTER
           small.k <- orders.id IDENTITY
           small.v <- orders.amount IDENTITY""",
    ),
    "insert first": (
        "oracle",
        "INSERT FIRST WHEN amount > 10 THEN INTO big (k) VALUES (id * 2) SELECT id, amount FROM orders",
        "big.k <- orders.id TRANSFORMATION\nbig.* <- orders.amount FILTER",
    ),
}


@pytest.mark.parametrize("name", MULTI)
def test_one_source_into_several_tables(name: str) -> None:
    dialect, sql, expected = MULTI[name]
    found = {line.lower().rsplit(" ", 1)[0] + " " + line.rsplit(" ", 1)[1] for line in arrows(sql, dialect=dialect)}
    assert found == lines(expected)


def test_a_plain_statement_writes_nothing() -> None:
    found = lineage.extract(
        "USE shop; SET x = 1; GRANT SELECT ON orders TO ann; EXPLAIN SELECT 1; BEGIN; COMMIT", dialect="postgres"
    )
    assert found.complete
    assert found.edges == []
