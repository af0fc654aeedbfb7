"""What it takes to give metrics out: ``python -m evals.bench.metrics_bench --validations 10000 --rules 50``.

A store of its own is filled with validations over the last hundred days. Then all of it is exported to a folder, and
once more with nothing new.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import LiteralString

from graph.exporting import Exported, export
from memory import Memory, embedded

DAYS = 100
FILL: tuple[LiteralString, ...] = (
    """insert into runs (id, kind, goal, sources, model, graph_version, requested_by, status, created_at, updated_at,
        finished_at)
    select 'b' || n, 'validate', 'validate', '{}', '', '1', 'bench', 'done', at, at, at
    from generate_series(1, %(validations)s) n,
        lateral (select now() - make_interval(secs => n * 86400.0 * %(days)s / %(validations)s) as at) moved""",
    """insert into evaluations (run_id, dataset_id, version, rows, queries, passed, total, measured_at)
    select id, %(dataset)s, id, 1000, 1, true, 0.9, created_at from runs""",
    """insert into rule_results (evaluation_id, position, rule, rule_type, outcome, dimension, failed_rows, result)
    select e.id, p, 'IsComplete "c' || p || '"', 'IsComplete', case when p %% 7 = 0 then 'Failed' else 'Passed' end,
        'completeness', p, json_build_object('columns', json_build_array('c' || p), 'vacuous', false,
            'examples', json_build_array(json_build_object('a', repeat('x', 300))))
    from evaluations e, generate_series(1, %(rules)s) p""",
    """insert into metric_points (dataset_id, key, value, version, measured_at, run_id, evaluation_id)
    select e.dataset_id, 'Column.c' || p || '.Completeness', 0.5, e.version, e.measured_at, e.run_id, e.id
    from evaluations e, generate_series(1, %(rules)s) p""",
    """insert into quality_scores (dataset_id, dimension, score, run_id, measured_at)
    select dataset_id, 'completeness', 0.9, run_id, measured_at from evaluations""",
)


def fill(memory: Memory, validations: int, rules: int) -> None:
    """Validations of one dataset, the same number on each day."""
    dataset = memory.catalog.upsert_dataset("file", "/bench.csv", "/bench.csv", [])
    values = {"validations": validations, "rules": rules, "days": DAYS, "dataset": dataset.id}
    with memory.db.transaction() as connection:
        for statement in FILL:
            connection.execute(statement, values)
    with memory.db.pool.connection() as connection:
        connection.execute("analyze")


def told(name: str, memory: Memory, target: Path) -> Exported:
    """Exports and prints what it took."""
    began = time.perf_counter()
    done = export(memory, str(target), "bench")
    seconds = time.perf_counter() - began
    facts = sum(rows for table, rows in done.rows.items() if table.startswith("fact_"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:8}{len(done.days):6,} days{facts:12,} facts{seconds:8.2f} s{facts / seconds:10,.0f}/s{peak:7,.0f} MB")
    return done


def main() -> None:
    """Prints days, facts, seconds and the peak of memory of the first export and of the next."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--validations", type=int, default=10_000)
    parser.add_argument("--rules", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="assay-metrics-") as folder:
        home, target = Path(folder) / "store", Path(folder) / "out"
        os.environ["ASSAY_HOME"] = str(home)
        try:
            with Memory.open(embedded.start(home)) as memory:
                fill(memory, options.validations, options.rules)
                told("all", memory, target)
                told("again", memory, target)
                size = sum(path.stat().st_size for path in target.rglob("*.parquet"))
                print(f"{size / 1e6:.1f} MB in {len(list(target.rglob('*.parquet')))} files")
        finally:
            embedded.stop(home)


if __name__ == "__main__":
    main()
