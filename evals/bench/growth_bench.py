"""Time and peak memory of 18 checks as a table grows: ``python -m evals.bench.growth_bench --rows 1000000``."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evals.bench.checks_bench import Task, by_hand, by_rules, tasks
from evals.bench.profile_bench import write_orders

CONTESTANTS = {"by hand": by_hand, "by rules": by_rules}


def one(name: str, path: Path) -> None:
    """Runs one contestant in this process, and prints what it took."""
    began = time.perf_counter()
    CONTESTANTS[name](orders(), path)
    used = resource.getrusage(resource.RUSAGE_SELF)
    taken = {"wall": time.perf_counter() - began, "cpu": used.ru_utime + used.ru_stime, "mb": used.ru_maxrss / 1024}
    print(json.dumps(taken))


def orders() -> Task:
    """The 18 checks."""
    return tasks()[0]


def measured(name: str, path: Path) -> dict[str, float]:
    """The same in a process of its own, so that peaks do not mix."""
    command = [sys.executable, "-m", __spec__.name, "--contestant", name, "--file", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Prints seconds, processor seconds and peak megabytes for each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000, 50_000_000])
    parser.add_argument("--contestant", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contestant:
        one(options.contestant, options.file)
        return
    print(f"{'rows':>12} {'':10}{'seconds':>9}{'cpu s':>8}{'ratio':>7}{'peak MB':>9}")
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "orders.parquet"
            write_orders(path, rows, "parquet")
            taken = {name: measured(name, path) for name in CONTESTANTS}
        for name, found in taken.items():
            ratio = found["cpu"] / taken["by hand"]["cpu"]
            print(f"{rows:12,} {name:10}{found['wall']:9.2f}{found['cpu']:8.2f}{ratio:7.2f}{found['mb']:9,.0f}")


if __name__ == "__main__":
    main()
