"""Profile against DuckDB's SUMMARIZE on the same file: ``python -m evals.bench.profile_bench --rows 1000000``."""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from tools import profiling, sources

_ORDERS = """
    COPY (
        SELECT n AS order_id,
            'K' || hash(n, 1) % (1 + $rows // 5) AS customer,
            CASE WHEN hash(n, 2) % 50 > 0 THEN 'buyer' || n || '@shop.example' END AS email,
            ['open', 'paid', 'sent', 'back', 'void'][1 + (hash(n, 3) % 5)::INT] AS state,
            (hash(n, 4) % 50000) / 100.0 AS price,
            1 + (hash(n, 5) % 12)::INT AS pieces,
            ['AT', 'CH', 'ES', 'IT', 'NL', 'PT'][1 + (hash(n, 6) % 6)::INT] AS country,
            DATE '2025-01-01' + (hash(n, 7) % 500)::INT AS ordered,
            TIMESTAMP '2025-01-01' + INTERVAL (hash(n, 8) % 40000000) SECOND AS changed,
            hash(n, 9) % 3 = 0 AS express,
            (hash(n, 10) % 400) / 400.0 AS rebate,
            printf('%05d', hash(n, 11) % 90000) AS postcode
        FROM range($rows) AS numbers(n)
    ) TO '{path}' (FORMAT {format})
"""


def write_orders(path: Path, rows: int, file_format: str) -> None:
    """Twelve columns of every usual kind, the same at every run."""
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(_ORDERS.format(path=path, format=file_format), {"rows": rows})


def summarize(path: Path) -> None:
    """The measure to compare with."""
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"SUMMARIZE FROM '{path}'").fetchall()


def profile(path: Path) -> None:
    """Opening and profiling."""
    with sources.open(path) as table:
        profiling.profile(table)


def measure(path: Path, runs: int) -> dict[str, tuple[float, float]]:
    """Median wall and processor seconds of each contestant, taking turns so that a busy machine hurts both."""
    contestants: dict[str, Callable[[Path], None]] = {"summarize": summarize, "profile": profile}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for contestant in contestants.values():
        contestant(path)
    for _ in range(runs):
        for name, contestant in contestants.items():
            wall, busy = time.perf_counter(), time.process_time()
            contestant(path)
            taken[name].append((time.perf_counter() - wall, time.process_time() - busy))
    return {
        name: (statistics.median(wall for wall, _ in times), statistics.median(busy for _, busy in times))
        for name, times in taken.items()
    }


def main() -> None:
    """Prints seconds and the ratio to SUMMARIZE."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--format", choices=["parquet", "csv"], default="parquet")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"orders.{options.format}"
        write_orders(path, options.rows, options.format)
        result = measure(path, options.runs)
    base = result["summarize"]
    print(f"{options.rows:,} rows x 12, {options.format}, median of {options.runs}")
    print(f"{'':12}{'seconds':>9}{'ratio':>7}{'cpu s':>9}{'ratio':>7}")
    for name, (wall, busy) in result.items():
        print(f"{name:12}{wall:9.3f}{wall / base[0]:7.2f}{busy:9.3f}{busy / base[1]:7.2f}")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
