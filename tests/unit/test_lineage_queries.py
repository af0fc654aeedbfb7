"""Queries: where each output column comes from, and what decides about the rows."""

import pytest

from tests.support.arrows import arrows, direct, lines

CASES = {
    "a column as it is": (
        "SELECT name FROM customers",
        "name <- customers.name IDENTITY",
    ),
    "an expression and a filter": (
        "SELECT amount * 2 AS double FROM orders WHERE status = 'paid'",
        """double <- orders.amount TRANSFORMATION
           * <- orders.status FILTER""",
    ),
    "aggregates, group and having": (
        "SELECT status, sum(amount) total FROM orders GROUP BY status HAVING max(id) > 3",
        """status <- orders.status IDENTITY
           total <- orders.amount AGGREGATION
           * <- orders.status GROUP_BY
           * <- orders.id FILTER""",
    ),
    "a join, sorted by an output column": (
        "SELECT c.name, o.amount AS a FROM orders o JOIN customers c ON o.customer_id = c.id ORDER BY a",
        """name <- customers.name IDENTITY
           a <- orders.amount IDENTITY
           * <- orders.customer_id JOIN
           * <- customers.id JOIN
           * <- orders.amount SORT""",
    ),
    "positions in GROUP BY and ORDER BY": (
        "SELECT country, count(email) n FROM customers GROUP BY 1 ORDER BY 2",
        """country <- customers.country IDENTITY
           n <- customers.email AGGREGATION masked
           * <- customers.country GROUP_BY
           * <- customers.email SORT masked""",
    ),
    "distinct groups by every column": (
        "SELECT DISTINCT name, email FROM customers",
        """name <- customers.name IDENTITY
           email <- customers.email IDENTITY
           * <- customers.name GROUP_BY
           * <- customers.email GROUP_BY""",
    ),
    "count of rows depends on no column": ("SELECT count(*) n, count(1) m FROM orders", ""),
    "union: by position, from each branch": (
        "SELECT name FROM customers UNION ALL SELECT status FROM orders",
        """name <- customers.name IDENTITY
           name <- orders.status IDENTITY""",
    ),
    "union that is distinct groups": (
        "SELECT name FROM customers UNION SELECT status FROM orders",
        """name <- customers.name IDENTITY
           name <- orders.status IDENTITY
           * <- customers.name GROUP_BY
           * <- orders.status GROUP_BY""",
    ),
    "except: the second query only decides": (
        "SELECT id FROM orders EXCEPT SELECT id FROM customers",
        """id <- orders.id IDENTITY
           * <- orders.id FILTER
           * <- customers.id FILTER""",
    ),
    "a filter in a subquery decides outside": (
        "SELECT x FROM (SELECT amount x FROM orders WHERE status = 'a') t",
        """x <- orders.amount IDENTITY
           * <- orders.status FILTER""",
    ),
    "exists and in": (
        """SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)
           AND country IN (SELECT sku FROM items WHERE price > 1)""",
        """name <- customers.name IDENTITY
           * <- orders.customer_id FILTER
           * <- customers.id FILTER
           * <- customers.country FILTER
           * <- items.sku FILTER
           * <- items.price FILTER""",
    ),
    "a scalar subquery: its filter decides about this column only": (
        "SELECT id, (SELECT max(amount) FROM orders o WHERE o.customer_id = c.id) top FROM customers c",
        """id <- customers.id IDENTITY
           top <- orders.amount AGGREGATION
           top <- orders.customer_id FILTER
           top <- customers.id FILTER""",
    ),
    "a scalar subquery inside an aggregate": (
        "SELECT sum((SELECT max(price) FROM items)) x FROM orders",
        "x <- items.price AGGREGATION",
    ),
    "qualify": (
        "SELECT id FROM orders QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY placed_at) = 1",
        """id <- orders.id IDENTITY
           * <- orders.customer_id FILTER
           * <- orders.placed_at FILTER""",
    ),
    "distinct on": (
        "SELECT DISTINCT ON (customer_id) id FROM orders",
        """id <- orders.id IDENTITY
           * <- orders.customer_id GROUP_BY""",
    ),
    "values": ("SELECT a, b FROM (VALUES (1, 2), (3, 4)) v(a, b)", ""),
    "a query in brackets, sorted outside": (
        "(SELECT id, amount FROM orders) ORDER BY amount",
        """id <- orders.id IDENTITY
           amount <- orders.amount IDENTITY
           * <- orders.amount SORT""",
    ),
    "grouping sets": (
        "SELECT status, customer_id FROM orders GROUP BY ROLLUP (status, customer_id)",
        """status <- orders.status IDENTITY
           customer_id <- orders.customer_id IDENTITY
           * <- orders.status GROUP_BY
           * <- orders.customer_id GROUP_BY""",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_dependency_of_a_query_is_told(name: str) -> None:
    sql, expected = CASES[name]
    assert arrows(sql) == lines(expected)


STARS = {
    "in a CTE": ("WITH a AS (SELECT * FROM items) SELECT * FROM a", "order_id sku quantity price"),
    "in a CTE of a CTE": ("WITH a AS (SELECT * FROM items), b AS (SELECT sku s, * FROM a) SELECT s FROM b", "s:sku"),
    "in both branches of a union": (
        "WITH a AS (SELECT * FROM items UNION ALL SELECT * FROM items) SELECT * FROM a",
        "order_id sku quantity price",
    ),
    "of one side of a join": (
        "SELECT i.* FROM orders o JOIN items i ON o.id = i.order_id",
        "order_id sku quantity price",
    ),
    "with columns left out": ("SELECT * EXCLUDE (sku, price) FROM items", "order_id quantity"),
    "with one replaced": ("SELECT * REPLACE (quantity AS price) FROM items", "order_id sku quantity price:quantity"),
    "under other names": ("SELECT * FROM items AS i(a, b, c, d)", "a:order_id b:sku c:quantity d:price"),
    "of a values list beside a table": ("SELECT i.sku FROM items i, (VALUES (1)) v(sku2)", "sku"),
    "of brackets around a join": ("SELECT i.sku FROM ((orders o JOIN items i ON o.id = i.order_id))", "sku"),
}


@pytest.mark.parametrize("name", STARS)
def test_a_star_is_written_out(name: str) -> None:
    sql, columns = STARS[name]
    pairs = [pair.partition(":") for pair in columns.split()]
    assert direct(sql, dialect="duckdb") == {f"{t} <- items.{s or t}" for t, _, s in pairs}


def test_using_makes_one_column_of_both_sides() -> None:
    schema = {"a": ["k", "x"], "b": ["k", "y"]}
    assert arrows("SELECT * FROM a JOIN b USING (k)", schema=schema) == lines("""
        k <- a.k IDENTITY
        k <- b.k IDENTITY
        x <- a.x IDENTITY
        y <- b.y IDENTITY
        * <- a.k JOIN
        * <- b.k JOIN""")
    assert arrows("SELECT * FROM a NATURAL JOIN b", schema=schema) == arrows(
        "SELECT * FROM a JOIN b USING (k)", schema=schema
    )


def test_a_semi_join_gives_no_columns_of_its_right_side() -> None:
    schema = {"a": ["k", "x"], "b": ["k", "y"]}
    assert direct("SELECT * FROM a LEFT SEMI JOIN b ON a.k = b.k", schema=schema, dialect="spark") == {
        "k <- a.k",
        "x <- a.x",
    }


def test_a_recursive_query_is_read_until_nothing_new_flows() -> None:
    sql = """
        WITH RECURSIVE tree (node, path, depth) AS (
            SELECT id, name, 0 FROM nodes WHERE parent IS NULL
            UNION ALL
            SELECT n.id, tree.path || n.label, tree.depth + 1 FROM nodes n JOIN tree ON n.parent = tree.node)
        SELECT node, path, depth FROM tree"""
    assert arrows(sql, schema={"nodes": ["id", "name", "parent", "label"]}) == lines("""
        node <- nodes.id IDENTITY
        path <- nodes.name IDENTITY
        path <- nodes.name TRANSFORMATION
        path <- nodes.label TRANSFORMATION
        * <- nodes.parent FILTER
        * <- nodes.parent JOIN
        * <- nodes.id JOIN""")


def test_a_column_that_crosses_in_each_round_of_a_recursion() -> None:
    """What reaches b in one round reaches c in the next: one reading would miss it."""
    sql = """
        WITH RECURSIVE r AS (SELECT x AS a, 1 AS b, 1 AS c FROM t UNION ALL SELECT a, a, b FROM r)
        SELECT c FROM r"""
    assert direct(sql, schema={"t": ["x"]}) == {"c <- t.x"}


def test_a_column_of_an_outer_query_is_found_over_two_levels() -> None:
    sql = "SELECT (SELECT max(p) FROM (SELECT price + c.id AS p FROM items) x) y FROM customers c"
    assert direct(sql) == {"y <- items.price", "y <- customers.id"}


def test_two_ctes_with_the_same_text_are_two() -> None:
    sql = """WITH a AS (SELECT id, name FROM customers), b AS (SELECT id, name FROM customers)
             SELECT a.name x, b.id y FROM a JOIN b ON a.id = b.id"""
    assert direct(sql) == {"x <- customers.name", "y <- customers.id"}


def test_a_cte_hides_a_table_of_its_name_but_not_inside_itself() -> None:
    sql = "WITH orders AS (SELECT amount AS x FROM orders) SELECT x FROM orders"
    assert direct(sql) == {"x <- orders.amount"}


def test_duplicate_output_names_keep_each_its_source() -> None:
    sql = "INSERT INTO t (p, q) SELECT a.id, b.id FROM orders a JOIN customers b ON a.customer_id = b.id"
    assert direct(sql) == {"t.p <- orders.id", "t.q <- customers.id"}


@pytest.mark.parametrize("dialect", ["snowflake", "redshift", "spark", "duckdb"])
def test_an_expression_may_name_an_output_column_on_its_left(dialect: str) -> None:
    found = direct("SELECT amount * 2 AS x, x + 1 AS y FROM orders", dialect=dialect)
    assert {line.lower() for line in found} == {"x <- orders.amount", "y <- orders.amount"}


def test_a_column_of_a_table_goes_before_an_output_column() -> None:
    assert direct("SELECT amount AS id, id + 1 AS y FROM orders") == {"id <- orders.amount", "y <- orders.id"}


def test_ordered_by_an_alias_that_hides_a_column() -> None:
    assert "* <- orders.amount SORT" in arrows("SELECT amount AS id FROM orders ORDER BY id")
    assert "* <- orders.id SORT" in arrows("SELECT amount AS id FROM orders o ORDER BY o.id")


def test_ordered_by_an_output_column_whose_name_several_tables_have() -> None:
    found = arrows("SELECT c.id FROM orders o JOIN customers c ON o.customer_id = c.id ORDER BY id")
    assert "* <- customers.id SORT" in found
    assert "* <- orders.id SORT" not in found


PIVOTS = {
    "pivot": (
        """SELECT * FROM (SELECT sku, quantity, price FROM items)
           PIVOT (sum(price) FOR quantity IN (1 AS one, 2 AS two))""",
        """sku <- items.sku IDENTITY
           one <- items.price AGGREGATION
           two <- items.price AGGREGATION
           * <- items.quantity GROUP_BY
           * <- items.sku GROUP_BY""",
    ),
    "unpivot": (
        "SELECT * FROM (SELECT sku, quantity, price FROM items) UNPIVOT (v FOR k IN (quantity, price))",
        """sku <- items.sku IDENTITY
           k <- items.quantity TRANSFORMATION
           k <- items.price TRANSFORMATION
           v <- items.quantity IDENTITY
           v <- items.price IDENTITY""",
    ),
}


@pytest.mark.parametrize("name", PIVOTS)
def test_rows_turned_to_columns_and_back(name: str) -> None:
    sql, expected = PIVOTS[name]
    assert {line.lower() for line in arrows(sql, dialect="snowflake")} == {line.lower() for line in lines(expected)}


ROWS = {
    "lateral view": ("hive", "SELECT id, x FROM t LATERAL VIEW explode(tags) e AS x", "id <- t.id|x <- t.tags"),
    "two lateral views": (
        "spark",
        "SELECT b FROM t LATERAL VIEW explode(tags) e AS a LATERAL VIEW explode(split(a, ',')) f AS b",
        "b <- t.tags",
    ),
    "lateral view with position": (
        "spark",
        "SELECT p, x FROM t LATERAL VIEW posexplode(tags) e AS p, x",
        "p <- t.tags|x <- t.tags",
    ),
    "explode in the select": ("spark", "SELECT explode(tags) AS x FROM t", "x <- t.tags"),
    "unnest": ("postgres", "SELECT id, x FROM t, unnest(tags) AS u(x)", "id <- t.id|x <- t.tags"),
    "unnest of structs": ("bigquery", "SELECT i.sku FROM t, UNNEST(t.tags) AS i", "sku <- t.tags.sku"),
    "unnest with offset": (
        "bigquery",
        "SELECT o, i FROM t, UNNEST(tags) AS i WITH OFFSET AS o",
        "o <- t.tags|i <- t.tags",
    ),
    "an array as a table": ("bigquery", "SELECT x.sku FROM t, t.tags AS x", "sku <- t.tags.sku"),
    "flatten": ("snowflake", "SELECT f.value:a::string AS v FROM t, LATERAL FLATTEN(input => tags) f", "V <- t.tags"),
    "a lateral subquery": (
        "postgres",
        "SELECT l.y FROM t, LATERAL (SELECT t.id + u.y AS y FROM u) l",
        "y <- t.id|y <- u.y",
    ),
    "cross apply": ("tsql", "SELECT a.y FROM t CROSS APPLY (SELECT u.y FROM u WHERE u.y = t.id) a", "y <- u.y"),
    "a table function": ("snowflake", "SELECT x.a FROM TABLE(f(1)) x", ""),
    "a function of a column": (
        "flink",
        "SELECT id, w FROM t, LATERAL TABLE(pieces(name)) AS s(w)",
        "id <- t.id|w <- t.name",
    ),
    "json rows": ("postgres", "SELECT e.k FROM t, jsonb_to_recordset(tags) AS e(k)", "k <- t.tags"),
    "transform script": (
        "hive",
        "SELECT TRANSFORM(id, name) USING 'cat' AS (a, b) FROM t",
        "a <- t.id|a <- t.name|b <- t.id|b <- t.name",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_that_a_function_makes(name: str) -> None:
    dialect, sql, expected = ROWS[name]
    schema = {"t": ["id", "name", "tags"], "u": ["y"]}
    if dialect == "flink":
        dialect = "hive"
    assert direct(sql, dialect=dialect, schema=schema) == {line for line in expected.split("|") if line}


def test_match_recognize_gives_the_partition_and_the_measures() -> None:
    sql = """SELECT * FROM ticks MATCH_RECOGNIZE (PARTITION BY symbol ORDER BY ts
             MEASURES FIRST(A.price) AS low, LAST(B.price) AS high ONE ROW PER MATCH
             PATTERN (A B+) DEFINE B AS B.volume > 1)"""
    assert arrows(sql, dialect="oracle", schema={"ticks": ["symbol", "ts", "price", "volume"]}) >= lines("""
        symbol <- ticks.symbol IDENTITY
        * <- ticks.volume FILTER
        * <- ticks.ts FILTER""")


def test_views_are_read_through() -> None:
    views = {
        "paid": "CREATE VIEW paid (no, sum) AS SELECT id, amount * 2 FROM orders WHERE status = 'p'",
        "top": "SELECT * FROM paid",
    }
    assert arrows("SELECT sum FROM top", views=views) == lines("""
        sum <- orders.amount TRANSFORMATION
        * <- orders.status FILTER""")
