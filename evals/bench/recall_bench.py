"""How long it takes to recall what people decided, with many decisions in the memory, and what a recommendation costs.

`python -m evals.bench.recall_bench [--memories 20000] [--tables 20]`, on an embedded store of its own, with the word
vectors on board. The decisions are about 12 kinds of rules on columns of 500 tables. Recalled is for tables with 40
candidate rules: once with the kinds of the rules known, as the recommender asks, and once among all decisions. Rules
are recommended for a table of 100 columns, profiled before, with an empty memory and with a full one.
"""

from __future__ import annotations

import argparse
import logging
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agents.embeddings import embedder
from agents.workbench import Workbench
from memory import Memory, embedded
from memory.recall import Note

FORMS = (
    *(
        "complete",
        "unique",
        "key",
        "ColumnValues values",
        "ColumnValues pattern",
        "ColumnValues high, ColumnValues low",
    ),
    *("RowCount high, RowCount low", "Mean high, Mean low", "ColumnLength high", "Sum high, Sum low"),
    *("StandardDeviation high, StandardDeviation low", "DistinctValuesCount high, DistinctValuesCount low"),
)
CANDIDATES, AT_ONCE, TABLES = 40, 20, 500
COLUMNS, ROWS, ROUNDS = 100, 500, 5
WORDS = """
    order customer ship total unit tax email phone status country city zip date time amount price count rate share code
    name note flag type group region channel coupon stock weight
"""
FILL = """
    with made as (
        insert into datasets (namespace, name, short_name, uri)
        select 'bench', 't' || i, 't' || i, 't' || i from generate_series(1, %(tables)s) i returning id),
    numbered as (select id, row_number() over () as i from made),
    run as (
        insert into runs (id, kind, goal, sources, model, graph_version, requested_by)
        values ('bench', 'run', 'bench', '{}', 'offline', '1', 'bench') returning id),
    asked as (
        insert into approvals (run_id, window_seconds, expires_at)
        select id, 86400, now() + interval '1 day' from run)
    insert into proposals (run_id, number, dataset_id, rule, rule_type, columns, dimension, fingerprint, reasoning,
        evidence, dry_run, confidence, source)
    select 'bench', n, numbered.id, 'RowCount > ' || n, 'RowCount', array['c' || n %% 30], 'completeness', 'f' || n,
        'bench', '{}', '{}', 0.5, 'statistics'
    from generate_series(1, %(memories)s) n join numbered on numbered.i = 1 + n %% %(tables)s
"""
DECIDE = """
    insert into decisions (proposal_id, dataset_id, action, reason, actor)
    select id, dataset_id, 'reject', 'no', 'bench' from proposals
"""


def fill(memory: Memory, memories: int, source: random.Random) -> float:
    """Stores and remembers so many decisions; the seconds that remembering took."""
    with memory.db.transaction() as connection:
        connection.execute(FILL, {"memories": memories, "tables": TABLES})
    with memory.db.transaction() as connection:
        connection.execute(DECIDE)
    started = time.perf_counter()
    while fresh := memory.recall.fresh(embedder().model):
        notes = [Note(one, meaning(source), source.choice(FORMS)) for one in fresh]
        memory.recall.remember(notes, embedder())
    took = time.perf_counter() - started
    with memory.db.transaction() as connection:
        connection.execute("analyze")  # as the server does by itself after some minutes
    return took


def meaning(source: random.Random) -> str:
    """Words for a column."""
    kind = source.choice(("text", "number", "date"))
    return f"{' '.join(source.choices(WORDS.split(), k=2))}: {kind}, {source.randint(80, 100)} % complete, many values"


def write_wide(path: Path, source: random.Random) -> None:
    """A CSV of 100 columns: words, amounts, numbers that tell rows apart."""
    names = [f"{' '.join(source.choices(WORDS.split(), k=2)).replace(' ', '_')}_{number}" for number in range(COLUMNS)]
    make: tuple[Callable[[int], str], ...] = (
        lambda row: source.choice(["new", "paid", "sent"]),
        lambda row: f"{source.uniform(1, 500):.2f}",
        lambda row: str(row * 7),
        lambda row: source.choice(["", "a note", "another note", "x" * source.randint(1, 9)]),
    )
    lines = [",".join(make[at % len(make)](row) for at in range(COLUMNS)) for row in range(ROWS)]
    path.write_text("\n".join([",".join(names), *lines]) + "\n", encoding="utf-8")


def recommending(memory: Memory, table: Path) -> str:
    """How many rules are suggested, and the median time that takes."""
    bench, spent = Workbench(memory), []
    many = len(bench.suggestions(str(table)))
    for _ in range(ROUNDS):
        started = time.perf_counter()
        bench.suggestions(str(table))
        spent.append(time.perf_counter() - started)
    return f"{many} rules in {1000 * statistics.median(spent):.0f} ms"


def recalling(memory: Memory, source: random.Random, tables: int, *, known: bool) -> str:
    """The times of the search alone; each rule has to get as many decisions as it asks for."""
    spent: list[float] = []
    for _ in range(tables):
        texts = [meaning(source) for _ in range(CANDIDATES)]
        forms: Sequence[str] | None = [source.choice(FORMS) for _ in texts] if known else None
        started = time.perf_counter()
        found = memory.recall.recall(texts, embedder(), forms=forms, k=AT_ONCE)
        spent.append(1000 * (time.perf_counter() - started))
        if any(len(one) < AT_ONCE for one in found):
            raise AssertionError("the search came back with too few")
    return f"{statistics.median(spent):.0f} ms (p95 {sorted(spent)[int(0.95 * len(spent))]:.0f})"


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memories", type=int, default=20_000)
    parser.add_argument("--tables", type=int, default=20)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    home, source = Path(tempfile.mkdtemp(prefix="assay-recall-")), random.Random(1)
    try:
        write_wide(home / "wide.csv", source)
        with Memory(embedded.start(home)) as memory:
            print(f"empty memory, {COLUMNS} columns: {recommending(memory, home / 'wide.csv')}")
            print(f"{chosen.memories} decisions remembered in {fill(memory, chosen.memories, source):.1f} s")
            for name, known in (("kinds known", True), ("among all", False)):
                print(f"{name}: {CANDIDATES} rules in {recalling(memory, source, chosen.tables, known=known)}")
            print(f"full memory, {COLUMNS} columns: {recommending(memory, home / 'wide.csv')}")
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
