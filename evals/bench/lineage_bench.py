"""Speed of column lineage beside sqlglot's own: ``python -m evals.bench.lineage_bench [--columns 100] [--beside 200]``.

Processor time of one thread. Each shape is a query as wide as asked, and both contestants give the lineage of all
its output
columns; sqlglot's needs the query qualified first, which is counted, as our reading of the text is.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Callable
from typing import Any

from evals.bench.lineage_score import CASES, rows
from tools import lineage

Shape = Callable[[int], str]


def nested(width: int) -> str:
    """Three WITH queries in a row, a star, an expression on every column."""
    changed = ", ".join(f"a.c{i} + 1 AS c{i}" for i in range(width))
    last = ", ".join(f"coalesce(c{i}, 0) AS c{i}" for i in range(width))
    ctes = f"a AS (SELECT * FROM t WHERE c0 > 1), b AS (SELECT {changed} FROM a), c AS (SELECT * FROM b)"
    return f"WITH {ctes} SELECT {last} FROM c"


def union(width: int) -> str:
    """Four branches of stars and lists."""
    listed = ", ".join(f"c{i}" for i in range(width))
    branches = ["SELECT * FROM t", f"SELECT {listed} FROM t", "SELECT * FROM t", f"SELECT {listed} FROM t"]
    return f"SELECT {listed} FROM ({' UNION ALL '.join(branches)}) u"


def joined(width: int) -> str:
    """Five copies of a table joined, a column of one of them in each output."""
    listed = ", ".join(f"t{i % 5}.c{i} AS c{i}" for i in range(width))
    return f"SELECT {listed} FROM t t0 " + " ".join(f"JOIN t t{i} ON t{i}.c0 = t0.c0" for i in range(1, 5))


SHAPES: dict[str, Shape] = {"nested": nested, "union": union, "joined": joined}


def by_us(sql: str, schema: dict[str, list[str]]) -> int:
    """Our lineage; the number of its direct edges."""
    return sum(edge.type == "DIRECT" for edge in lineage.extract(sql, schema=schema).edges)


def by_sqlglot(sql: str, schema: dict[str, list[str]]) -> int:
    """sqlglot's lineage of all output columns; the number of columns."""
    from sqlglot.lineage import lineage as lineage_of

    known = {table: dict.fromkeys(columns, "INT") for table, columns in schema.items()}
    return len(lineage_of(None, sql, schema=known))


def seconds(work: Callable[[str, dict[str, list[str]]], int], sql: str, schema: dict[str, list[str]]) -> float:
    """The least processor time of three tries, or of one that is long."""
    best = float("inf")
    for _ in range(3):
        began = time.thread_time()
        work(sql, schema)
        best = min(best, time.thread_time() - began)
        if best > 2:
            break
    return best


def corpus() -> None:
    """Statements a second on the cases beside the repository, if they are there."""
    path = CASES / "dev_cases.json"
    if not path.exists():
        print(f"no cases in {CASES}")
        return
    cases: list[dict[str, Any]] = json.loads(path.read_text())
    statements = 0
    began = time.thread_time()
    for case in cases:
        rows(case["sql"], dialect=case["dialect"] or None, schema=case["schema"])
        statements += 1
    taken = time.thread_time() - began
    print(f"{statements} scripts of the cases: {statements / taken:,.0f} a second of one core")


def main() -> None:
    """Prints processor seconds for each shape and width, ours and sqlglot's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", type=int, nargs="+", default=[100, 200, 500, 1000, 2000])
    parser.add_argument("--beside", type=int, default=200, help="widest query that sqlglot is given too")
    options = parser.parse_args()
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    corpus()
    print(f"{'shape':10}{'columns':>9}{'ours s':>9}{'us a column':>13}{'sqlglot s':>11}{'times':>7}")
    for name, shape in SHAPES.items():
        for width in options.columns:
            sql, schema = shape(width), {"t": [f"c{i}" for i in range(width)]}
            ours = seconds(by_us, sql, schema)
            line = f"{name:10}{width:9,}{ours:9.3f}{1e6 * ours / width:13.0f}"
            if width <= options.beside:
                theirs = seconds(by_sqlglot, sql, schema)
                line += f"{theirs:11.3f}{theirs / ours:7.1f}"
            print(line, flush=True)


if __name__ == "__main__":
    main()
