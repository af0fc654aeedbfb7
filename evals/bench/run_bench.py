"""How long a whole offline run of a 1,000-row CSV takes, as a process, with the store already running.

`python -m evals.bench.run_bench [--runs 5]`; the baseline is the interpreter importing what a run imports.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROWS = 1_000
IMPORTS = "import duckdb, langchain.agents, langgraph.checkpoint.postgres, psycopg, pyarrow, sqlglot, wordllama"


def write_table(path: Path, seed: int) -> None:
    """A CSV of 1,000 orders; another seed gives another content version, so that nothing is remembered."""
    lines = ["id,customer_id,status,amount,ordered_at"]
    for i in range(ROWS):
        status = ("new", "paid", "shipped")[(i * seed) % 3]
        lines.append(
            f"{i},C{(i * 7 + seed) % 200:03d},{status},{(i * 37 + seed) % 9000 / 100},2026-11-{1 + i % 20:02d}"
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def seconds(command: list[str], env: dict[str, str]) -> float:
    """The wall time of a command that has to succeed (1 means that a rule failed, which is a result)."""
    started = time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    return time.perf_counter() - started


def main() -> None:
    """Prints the median of each and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    home = Path(tempfile.mkdtemp(prefix="assay-bench-"))
    assay = str(Path(sys.executable).with_name("assay"))
    env = {**os.environ, "ASSAY_HOME": str(home / "store"), "ASSAY_MODEL": "offline"}
    try:
        seconds([assay, "pending"], env)
        whole, imports = [], []
        for seed in range(1, runs + 1):
            table = home / f"orders_{seed}.csv"
            write_table(table, seed)
            whole.append(seconds([assay, "run", str(table), "--approve-all"], env))
            imports.append(seconds([sys.executable, "-c", IMPORTS], env))
    finally:
        subprocess.run([assay, "store", "stop"], env=env, capture_output=True, check=False)
        shutil.rmtree(home, ignore_errors=True)
    run, load = statistics.median(whole), statistics.median(imports)
    print(f"whole run of {ROWS:,} rows  {run:.2f} s (median of {runs})")
    print(f"its imports alone       {load:.2f} s")
    print(f"ratio                   {run / load:.2f}")


if __name__ == "__main__":
    main()
