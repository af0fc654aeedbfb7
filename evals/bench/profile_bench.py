"""Profile against DuckDB's SUMMARIZE on the same file: ``python -m evals.bench.profile_bench --rows 1000000``.

Both take turns in one process for the time, and each runs in a process of its own for the peak of its memory.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
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


_WIDE = (
    "hash(n, {i}) % 100000",
    "(hash(n, {i}) % 1000) / 7.0",
    "'v' || hash(n, {i}) % 50",
    "'user' || hash(n, {i}) || '@shop.example'",
    "DATE '2020-01-01' + (hash(n, {i}) % 900)::INT",
)


def write_wide(path: Path, rows: int, columns: int, file_format: str) -> None:
    """Numbers, texts and dates in turn."""
    chosen = ", ".join(f"{_WIDE[i % len(_WIDE)].format(i=i)} AS c{i}" for i in range(columns))
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"COPY (SELECT {chosen} FROM range({rows}) AS numbers(n)) TO '{path}' (FORMAT {file_format})"
        )


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


CONTESTANTS: dict[str, Callable[[Path], None]] = {"summarize": summarize, "profile": profile}


def peak_megabytes(name: str, path: Path) -> float:
    """The largest resident size of a process that does nothing else."""
    command = [sys.executable, "-m", "evals.bench.profile_bench", "--alone", name, "--file", str(path)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(path: Path, runs: int) -> dict[str, tuple[float, float]]:
    """Median wall and processor seconds of each contestant, taking turns so that a busy machine hurts both."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in CONTESTANTS}
    for contestant in CONTESTANTS.values():
        contestant(path)
    for _ in range(runs):
        for name, contestant in CONTESTANTS.items():
            wall, busy = time.perf_counter(), time.process_time()
            contestant(path)
            taken[name].append((time.perf_counter() - wall, time.process_time() - busy))
    return {
        name: (statistics.median(wall for wall, _ in times), statistics.median(busy for _, busy in times))
        for name, times in taken.items()
    }


def show(what: str, path: Path, runs: int) -> None:
    """Prints seconds, ratios to SUMMARIZE and peaks of memory."""
    result = measure(path, runs)
    base = result["summarize"]
    print(f"{what}, median of {runs}")
    print(f"{'':12}{'seconds':>9}{'ratio':>7}{'cpu s':>9}{'ratio':>7}{'peak MB':>9}")
    for name, (wall, busy) in result.items():
        peak = peak_megabytes(name, path)
        print(f"{name:12}{wall:9.3f}{wall / base[0]:7.2f}{busy:9.3f}{busy / base[1]:7.2f}{peak:9,.0f}")


def main() -> None:
    """Makes the file that is asked for and measures on it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=0, help="so many made-up columns instead of the twelve")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--format", choices=["parquet", "csv"], default="parquet")
    parser.add_argument("--file", type=Path, help="measure on this file instead")
    parser.add_argument("--alone", choices=list(CONTESTANTS), help="only print the peak memory in MB, for --file")
    options = parser.parse_args()
    if options.alone:
        CONTESTANTS[options.alone](options.file)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    if options.file:
        show(options.file.name, options.file, options.runs)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"orders.{options.format}"
        if options.columns:
            write_wide(path, options.rows, options.columns, options.format)
        else:
            write_orders(path, options.rows, options.format)
        show(f"{options.rows:,} rows x {options.columns or 12}, {options.format}", path, options.runs)


if __name__ == "__main__":
    main()
