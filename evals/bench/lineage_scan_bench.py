"""How fast a scan is: ``python -m evals.bench.lineage_scan_bench [--models 1000] [--lines 100000]``.

A dbt project of generated models, a folder with the same SQL, and a log that ran it again and again with other values,
each scanned into an embedded store, first and once more. Beside them sqlglot alone, parsing the same SQL.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import sqlglot

from graph.lineage import Lineage, Scanned
from memory import Memory, embedded
from memory.migrate import migrate
from tools.collecting.places import collector
from tools.collecting.wanted import Wanted

COLUMNS = 20
SOURCES = 50
SEED = 7


def models(number: int) -> dict[str, tuple[str, list[str]]]:
    """Models by name, with their SQL and what they read: joins, aggregates, a star, a window, on models before them."""
    chance = random.Random(SEED)
    names = [f"source_{n}" for n in range(SOURCES)]
    made: dict[str, tuple[str, list[str]]] = {}
    for n in range(number):
        near = names[-200:]
        left, right = chance.sample(near, 2)
        kept = [f"l.c{i}" for i in range(COLUMNS // 2)] + [f"r.c{i}" for i in range(COLUMNS // 2, COLUMNS)]
        columns = ", ".join(f"{column} as c{i}" for i, column in enumerate(kept))
        totals = ", ".join(f"sum(c{i}) as c{i}" for i in range(1, COLUMNS))
        if n % 3 == 0:
            joined = f"shop.main.{left} l join shop.main.{right} r on l.c0 = r.c0"
            sql = f"with j as (select {columns} from {joined}) select * from j"
        elif n % 3 == 1:
            sql = f"select c0, {totals} from shop.main.{left} where c1 > 0 group by c0"
        else:
            ranked = "row_number() over (partition by c0 order by c1) as rank"
            both = f"select * from shop.main.{left} union all select * from shop.main.{right}"
            sql = f"with u as ({both}), k as (select *, {ranked} from u) select * exclude (rank) from k where rank = 1"
        name = f"model_{n:05}"
        made[name] = (sql, [left, right] if n % 3 != 1 else [left])
        names.append(name)
    return made


def project(folder: Path, made: dict[str, tuple[str, list[str]]]) -> Path:
    """The files that dbt would have written."""
    columns = {f"c{i}": {"name": f"c{i}", "type": "INTEGER", "index": i} for i in range(COLUMNS)}
    nodes, sources = {}, {}
    for n in range(SOURCES):
        id_ = f"source.shop.raw.source_{n}"
        table = {"database": "shop", "schema": "main", "name": f"source_{n}", "identifier": f"source_{n}"}
        sources[id_] = {"unique_id": id_, "resource_type": "source", **table}
    for name, (sql, reads) in made.items():
        ids = [f"source.shop.raw.{one}" if one.startswith("source") else f"model.shop.{one}" for one in reads]
        nodes[f"model.shop.{name}"] = {
            **{"unique_id": f"model.shop.{name}", "resource_type": "model", "database": "shop", "schema": "main"},
            **{"name": name, "alias": name, "language": "sql", "compiled_code": sql, "depends_on": {"nodes": ids}},
        }
    metadata = {"dbt_schema_version": "v12", "project_name": "shop", "adapter_type": "duckdb"}
    target = folder / "target"
    target.mkdir()
    (target / "manifest.json").write_text(json.dumps({"metadata": metadata, "nodes": nodes, "sources": sources}))
    (target / "catalog.json").write_text(json.dumps({"sources": {id_: {"columns": columns} for id_ in sources}}))
    return target


def sql_folder(folder: Path, made: dict[str, tuple[str, list[str]]]) -> Path:
    """A file for each model, in an order that has nothing to do with theirs, and the columns of the sources."""
    chance = random.Random(SEED)
    places = list(range(len(made)))
    chance.shuffle(places)
    (folder / "sql").mkdir()
    for place, (name, (sql, _)) in zip(places, made.items(), strict=True):
        (folder / "sql" / f"{place:05}.sql").write_text(f"create table shop.main.{name} as {sql}")
    known = {f"shop.main.source_{n}": [f"c{i}" for i in range(COLUMNS)] for n in range(SOURCES)}
    (folder / "columns.json").write_text(json.dumps(known))
    return folder / "sql"


def log(folder: Path, lines: int) -> Path:
    """Statements of which most differ from others in values only."""
    path = folder / "log.csv"
    with path.open("w") as file:
        file.write("start_time,session_id,query\n")
        for n in range(lines):
            kind = n % 500
            source = f"shop.main.s{kind % 50} where z > {n} and w = 'v{n}'"
            sql = f"insert into shop.main.t{kind} (a, b) select x, y from {source}"
            file.write(f'2026-10-01 10:00:00,{n % 40},"{sql}"\n')
    return path


def timed(work: Callable[[], Scanned]) -> tuple[Scanned, float]:
    """What a scan gives, and how long it took."""
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def memory_of(path: Path) -> float:
    """The most memory that Python held while a log was read, in MB."""
    tracemalloc.start()
    for _ in collector(str(path), Wanted(dialect="duckdb")).collect(lambda _share: None):
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def main() -> None:
    """Runs all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--lines", type=int, default=100_000)
    asked = parser.parse_args()
    made = models(asked.models)
    began = time.perf_counter()
    for sql, _ in made.values():
        sqlglot.parse_one(sql, dialect="duckdb")
    parsing = time.perf_counter() - began
    print(f"{asked.models:,} models of {COLUMNS} columns; sqlglot alone parses their SQL in {parsing:.2f} s")
    home = Path(tempfile.mkdtemp(prefix="assay-bench-"))
    url = embedded.start(home / "store")
    try:
        migrate(url)
        with Memory.open(url) as memory, tempfile.TemporaryDirectory() as kept:
            scan(Lineage(memory, None), Path(kept), made, asked.lines, parsing)
    finally:
        embedded.stop(home / "store")
        shutil.rmtree(home)


def scan(door: Lineage, folder: Path, made: dict[str, tuple[str, list[str]]], lines: int, parsing: float) -> None:
    """Scans each kind of place, twice."""
    places = {
        "dbt project": (project(folder, made), Wanted()),
        "folder of SQL": (sql_folder(folder, made), Wanted("duckdb", schema=folder / "columns.json")),
        "query log": (log(folder, lines), Wanted("duckdb")),
    }
    for name, (path, wanted) in places.items():
        for turn in ("first", "again"):
            done, seconds = timed(lambda path=path, wanted=wanted: door.scan(str(path), wanted))  # type: ignore[misc]
            ratio = f", {seconds / parsing:.1f} x the parsing" if name != "query log" else ""
            bad = done.incomplete_jobs + done.skipped_places
            read = f"{done.statements:,} statements, {done.jobs:,} jobs, {done.edges:,} edges, {done.opened:,} new"
            print(f"{name}, {turn}: {seconds:.2f} s{ratio}; {read}, {bad:,} not complete")
    path = places["query log"][0]
    print(f"a log of {path.stat().st_size / 1e6:.0f} MB is read in {memory_of(path):.1f} MB of memory")


if __name__ == "__main__":
    main()
