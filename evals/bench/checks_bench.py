"""Rules against hand-written SQL on the same file: ``python -m evals.bench.checks_bench --rows 5000000``."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from evals.bench.profile_bench import write_orders
from tools import dqdl, sources

ORDERS = r"""Rules = [
    RowCount > 1000,
    IsPrimaryKey "order_id",
    IsComplete "customer",
    IsComplete "state",
    IsComplete "price",
    IsComplete "country",
    Completeness "email" > 0.97,
    ColumnValues "state" in ["open", "paid", "sent", "back", "void"],
    ColumnValues "country" in ["AT", "CH", "ES", "IT", "NL", "PT"],
    ColumnValues "price" between -1 and 500,
    ColumnValues "pieces" between 0 and 13,
    ColumnValues "email" matches "[^@]+@[^@]+\.[a-z]+" with threshold > 0.97,
    ColumnValues "postcode" matches "[0-9]{5}",
    ColumnValues "customer" matches "K[0-9]+",
    ColumnValues "ordered" >= "2025-01-01",
    ColumnValues "rebate" between -1 and 1,
    Mean "price" between 200 and 300,
    StandardDeviation "price" between 100 and 200
]"""

ORDERS_BY_HAND = (
    """SELECT count(*), count(order_id), count(customer), count(state), count(price), count(country), count(email),
    count(*) FILTER (state IN ('open', 'paid', 'sent', 'back', 'void')),
    count(*) FILTER (country IN ('AT', 'CH', 'ES', 'IT', 'NL', 'PT')),
    min(price), max(price), min(pieces), max(pieces),
    count(*) FILTER (regexp_full_match(email, '[^@]+@[^@]+\\.[a-z]+')),
    count(*) FILTER (regexp_full_match(postcode, '[0-9]{{5}}')),
    count(*) FILTER (regexp_full_match(customer, 'K[0-9]+')),
    min(ordered), min(rebate), max(rebate), avg(price), stddev_pop(price) FROM '{path}'""",
    "SELECT count(*), count(DISTINCT order_id) FROM '{path}'",
)

DOUBLES, WHOLES, TEXTS, LENGTHS = 80, 60, 60, 20
"""Columns of the wide table, which make 500 rules; LENGTHS of the texts have a third rule."""


@dataclass(frozen=True)
class Task:
    """Rules, the file that they are about, and the same checks as SQL."""

    name: str
    rules: str
    by_hand: tuple[str, ...]
    write: Callable[[Path, int], None]


def write_wide(path: Path, rows: int) -> None:
    """200 columns: doubles, whole numbers and texts, some of them with a few NULLs."""
    columns = [f"(hash(n, {i}) % 100000) / 1000.0 AS d{i}" for i in range(DOUBLES)]
    columns += [
        f"CASE WHEN hash(n, {i}) % 97 > 0 THEN (hash(n, -{i + 1}) % 1000)::INT END AS w{i}" for i in range(WHOLES)
    ]
    columns += [f"'ABCDEF'[1 + (hash(n, 'a', {i}) % 6)::INT] || n % 10 AS t{i}" for i in range(TEXTS)]
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"COPY (SELECT {', '.join(columns)} FROM range({rows}) AS t(n)) TO '{path}' (FORMAT parquet)"
        )


def wide_rules() -> str:
    """500 rules that pass."""
    found = [
        rule
        for i in range(DOUBLES)
        for rule in (
            f'IsComplete "d{i}"',
            f'ColumnValues "d{i}" between -1 and 10{i}',
            f'Mean "d{i}" between 40 and 60',
        )
    ]
    found += [
        rule
        for i in range(WHOLES)
        for rule in (f'Completeness "w{i}" > 0.9', f'ColumnValues "w{i}" >= 0 with threshold > 0.9')
    ]
    for i in range(TEXTS):
        listed = ", ".join(f'"{letter}{digit}"' for letter in "ABCDEF" for digit in range(10))
        form = f"in [{listed}]" if i % 2 else 'matches "[A-F][0-9]"'
        found += [f'IsComplete "t{i}"', f'ColumnValues "t{i}" {form}']
    found += [f'ColumnLength "t{i}" < 3' for i in range(LENGTHS)]
    return f"Rules = [{', '.join(found)}]"


def wide_by_hand() -> str:
    """The same in one scan."""
    found = ["count(*)"]
    for i in range(DOUBLES):
        found += [f"count(d{i})", f"count(*) FILTER (d{i} > -1 AND d{i} < 10{i})", f"avg(d{i})"]
    for i in range(WHOLES):
        found += [f"count(w{i})", f"count(*) FILTER (w{i} >= 0)"]
    listed = ", ".join(f"'{letter}{digit}'" for letter in "ABCDEF" for digit in range(10))
    for i in range(TEXTS):
        test = f"t{i} IN ({listed})" if i % 2 else f"regexp_full_match(t{i}, '[A-F][0-9]')"
        found += [f"count(t{i})", f"count(*) FILTER ({test})"]
    found += [f"max(length(t{i}))" for i in range(LENGTHS)]
    return f"SELECT {', '.join(found)} FROM '{{path}}'"


def by_hand(task: Task, path: Path) -> None:
    """The measure to compare with."""
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        for query in task.by_hand:
            connection.execute(query.format(path=path)).fetchall()


def by_rules(task: Task, path: Path) -> None:
    """Opening, parsing, planning and running. Raises AssertionError where a rule does not pass."""
    with sources.open(path) as table:
        evaluation = dqdl.evaluate(task.rules, {"primary": table})
    assert evaluation.passed, [rule.reason for rule in evaluation.rules if rule.outcome != "Passed"]


def planning(task: Task, path: Path) -> float:
    """Seconds from the text of the rules to the SQL of all their queries, samples of failing rows included."""
    with sources.open(path) as table:
        began = time.perf_counter()
        dqdl.explain(task.rules, {"primary": table})
        return time.perf_counter() - began


def measure(task: Task, path: Path, runs: int) -> Mapping[str, tuple[float, float]]:
    """Median wall and processor seconds of each, taking turns so that a busy machine hurts both."""
    contestants = {"by hand": by_hand, "by rules": by_rules}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for contestant in contestants.values():
        contestant(task, path)
    for _ in range(runs):
        for name, contestant in contestants.items():
            wall, busy = time.perf_counter(), time.process_time()
            contestant(task, path)
            taken[name].append((time.perf_counter() - wall, time.process_time() - busy))
    return {
        name: (statistics.median(wall for wall, _ in times), statistics.median(busy for _, busy in times))
        for name, times in taken.items()
    }


def tasks() -> list[Task]:
    """What is measured."""
    return [
        Task("18 checks x 12 columns", ORDERS, ORDERS_BY_HAND, lambda path, rows: write_orders(path, rows, "parquet")),
        Task(
            "500 rules x 200 columns", wide_rules(), (wide_by_hand(),), lambda path, rows: write_wide(path, rows // 10)
        ),
    ]


def main() -> None:
    """Prints seconds and the ratio to hand-written SQL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000, help="of the orders; the wide table has a tenth")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    for task in tasks():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.parquet"
            task.write(path, options.rows)
            result = measure(task, path, options.runs)
            planned = min(planning(task, path) for _ in range(3))
        base = result["by hand"]
        print(f"{task.name}, {options.rows:,} orders, median of {options.runs}; planning {planned:.3f} s")
        print(f"{'':12}{'seconds':>9}{'ratio':>7}{'cpu s':>9}{'ratio':>7}")
        for name, (wall, busy) in result.items():
            print(f"{name:12}{wall:9.3f}{wall / base[0]:7.2f}{busy:9.3f}{busy / base[1]:7.2f}")


if __name__ == "__main__":
    main()
