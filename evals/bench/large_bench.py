"""Peak memory of a profile and of 18 rules on a table larger than memory, on DuckDB and on a Spark that has little.

``python -m evals.bench.large_bench --rows 50000000 --spark-memory 512m``. Each in a process of its own; for Spark the
peak of its JVM is told, too.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from evals.bench.checks_bench import tasks
from evals.bench.profile_bench import write_orders
from tools import dqdl, profiling, sources

MB = 1 << 20
WORK = ("profile", "rules")
ENGINES = {"duckdb": "{path}", "spark": "spark://{path}"}


def one(work: str, uri: str) -> None:
    """Does the work in this process, and prints what it took."""
    began = time.perf_counter()
    with sources.open(uri) as table:
        if work == "profile":
            found: object = profiling.profile(table).rows
        else:
            found = sum(rule.outcome != "Error" for rule in dqdl.evaluate(tasks()[0].rules, {"primary": table}).rules)
        wall = time.perf_counter() - began
        print(json.dumps({"wall": wall, "python": _own(), "jvm": _children(), "found": found}))


def _own() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _children() -> float:
    """The sum of what each process below this one had at its most, in MB."""
    return sum(_most(process.pid) for process in psutil.Process().children(recursive=True))


def _most(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def measured(work: str, uri: str, conf: Path) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, "--work", work, "--uri", uri]
    environment = os.environ | {"SPARK_CONF_DIR": str(conf)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Prints seconds and peak megabytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000_000)
    parser.add_argument("--spark-memory", default="512m", help="what the JVM of Spark may take for its heap")
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--folder", type=Path, help="where the table is made; else a temporary folder")
    parser.add_argument("--work", choices=WORK, help=argparse.SUPPRESS)
    parser.add_argument("--uri", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        one(options.work, options.uri)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path, conf = Path(folder) / "orders.parquet", Path(folder)
        write_orders(path, options.rows, "parquet")
        (conf / "spark-defaults.conf").write_text(
            f"spark.driver.memory {options.spark_memory}\nspark.local.dir {folder}\n"
        )
        size = path.stat().st_size / MB
        print(f"{options.rows:,} rows x 12, {size:,.0f} MB of Parquet, {plain_size(path):,.0f} MB unpacked", flush=True)
        print(f"{'':20}{'seconds':>9}{'rows/s':>13}{'Python MB':>11}{'JVM MB':>9}")
        for engine in options.engine:
            for work in WORK:
                took = measured(work, ENGINES[engine].format(path=path), conf)
                figures = f"{took['wall']:9.1f}{options.rows / took['wall']:13,.0f}{took['python']:11,.0f}"
                print(f"{f'{engine}, {work}':20}{figures}{took['jvm']:9,.0f}", flush=True)


def plain_size(path: Path) -> float:
    """What the columns take without compression, in MB, as the footer tells."""
    import pyarrow.parquet as pq

    footer = pq.read_metadata(path)
    groups = (footer.row_group(number) for number in range(footer.num_row_groups))
    return float(sum(group.total_byte_size for group in groups)) / MB


if __name__ == "__main__":
    main()
