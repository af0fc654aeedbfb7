"""Seconds and peak memory of comparisons: ``python -m evals.bench.compare_bench --rows 10000 --columns 1000``.

The right side has a tenth more rows than the left. Each run is a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from evals.bench.profile_bench import write_orders, write_wide
from tools import comparing, sources


def once(left: str, right: str) -> None:
    """Prints the wall and processor seconds of one comparison, and the peak of memory in MB."""
    wall, busy = time.perf_counter(), time.process_time()
    with sources.open(left) as one, sources.open(right) as other:
        comparing.compare(one, other)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(time.perf_counter() - wall, time.process_time() - busy, peak)


def measure(left: Path, right: Path, runs: int) -> list[float]:
    """The medians of what :func:`once` prints."""
    command = [sys.executable, "-m", "evals.bench.compare_bench", "--files", str(left), str(right)]
    printed: Sequence[str] = [
        subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(runs)
    ]
    return [statistics.median(column) for column in zip(*(map(float, line.split()) for line in printed), strict=True)]


def main() -> None:
    """Makes the files that are asked for and measures on them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--columns", type=int, default=0, help="so many made-up columns instead of twelve of orders")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--format", choices=["parquet", "csv"], default="parquet")
    parser.add_argument("--files", nargs=2, help="compare these once")
    options = parser.parse_args()
    if options.files:
        once(*options.files)
        return
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.{options.format}" for name in ("left", "right")]
        for path, rows in zip(paths, (options.rows, options.rows + options.rows // 10), strict=True):
            if options.columns:
                write_wide(path, rows, options.columns, options.format)
            else:
                write_orders(path, rows, options.format)
        wall, busy, peak = measure(paths[0], paths[1], options.runs)
    size = f"{options.rows:,} rows x {options.columns or 12}, {options.format}, median of {options.runs}"
    print(f"{size}: {wall:.1f} s, processor {busy:.1f} s, peak {peak:,.0f} MB")


if __name__ == "__main__":
    main()
