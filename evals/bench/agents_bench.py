"""What the graph, its checkpoints and the queue cost without a language model.

`python -m evals.bench.agents_bench [--runs 5] [--paused 200] [--columns 1000]`, on an embedded store of its own with
the settings that every user gets. Printed are the time of an agent's step without its tools, the size of a checkpoint,
and how long a paused run takes from the decision to its first step and to its end while a worker looks for work.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

from evals.bench.run_bench import write_table
from graph.runs import Runs
from graph.worker import Worker
from memory import Memory, embedded
from memory.model import Decision, Event

STEPS = {"routed", "answer", "finished"}
"""What ends a step of an agent: the supervisor's turn, or a specialist's work on a table."""
BARS = {"step": 50.0, "checkpoint": 64.0, "resume": 1000.0}
CHECKPOINT = """
    select octet_length(c.checkpoint::text) + coalesce((
        select sum(octet_length(b.blob)) from checkpoint_blobs b
        where b.thread_id = c.thread_id and b.version = c.checkpoint -> 'channel_versions' ->> b.channel), 0)
        + coalesce((
        select sum(octet_length(w.blob)) from checkpoint_writes w
        where w.thread_id = c.thread_id and w.checkpoint_id = c.checkpoint_id), 0) as bytes
    from checkpoints c where c.thread_id = %s
"""
"""Each checkpoint as it is loaded: itself, the values that it refers to, and what its tasks wrote."""


def approve(runs: Runs, run_id: str) -> None:
    """Approves all that a run proposes."""
    runs.decide(run_id, [Decision(p.number, "approve") for p in runs.proposals(run_id)], "bench")


def step_milliseconds(events: list[Event]) -> float:
    """The time of a run between its events without that of tools, for each step of an agent."""
    whole = tools = 0.0
    for before, after in itertools.pairwise(events):
        passed = (after.at - before.at).total_seconds()
        if before.kind == "waiting":
            continue
        whole += passed
        if before.kind in ("tool_called", "progress") and after.kind in ("progress", "tool_returned"):
            tools += passed
    return 1000 * (whole - tools) / sum(event.kind in STEPS for event in events)


def overhead(runs: Runs, worker: Worker, folder: Path, times: int) -> list[float]:
    """Milliseconds for each step, of so many runs."""
    found = []
    for seed in range(1, times + 2):
        write_table(folder / f"step_{seed}.csv", seed)
        run = runs.start([str(folder / f"step_{seed}.csv")], requested_by="bench", model="offline")
        worker.run(run.id)
        approve(runs, run.id)
        worker.run(run.id)
        found.append(step_milliseconds(runs.memory.runs.events(run.id)))
    return found[1:]  # the first one loads libraries


def checkpoint_kilobytes(runs: Runs, worker: Worker, folder: Path, columns: int) -> float:
    """The greatest checkpoint of a whole run on a wide table."""
    path = folder / "wide.csv"
    names = [f"measurement_{i:04d}" for i in range(columns)]
    rows = [",".join(str((i * j) % 97) for i in range(columns)) for j in range(50)]
    path.write_text("\n".join([",".join(names), *rows]) + "\n", encoding="utf-8")
    run = runs.start([str(path)], requested_by="bench", model="offline")
    worker.run(run.id)
    approve(runs, run.id)
    worker.run(run.id)
    return max(float(row["bytes"]) for row in runs.memory.db.rows(CHECKPOINT, [run.id])) / 1024


def resumes(runs: Runs, worker: Worker, folder: Path, paused: int, times: int) -> tuple[list[float], list[float]]:
    """Milliseconds from a decision to the first event and to the end, with so many runs that wait."""
    sources = [folder / f"paused_{i}.csv" for i in range(10)]
    for seed, source in enumerate(sources):
        write_table(source, seed + 1)
    ids = [runs.start([str(sources[i % 10])], requested_by="bench", model="offline").id for i in range(paused)]
    while worker.run():
        pass
    loop = threading.Thread(target=worker.loop, daemon=True)
    loop.start()
    first, done = [], []
    for run_id in ids[:: max(1, paused // times)]:
        seen = runs.memory.runs.events(run_id)[-1].seq
        begun = time.perf_counter()
        approve(runs, run_id)
        while not runs.memory.runs.events(run_id, seen):
            time.sleep(0.002)
        first.append(1000 * (time.perf_counter() - begun))
        while runs.memory.runs.get(run_id).status != "done":
            time.sleep(0.002)
        done.append(1000 * (time.perf_counter() - begun))
    worker.stop()
    loop.join()
    return first, done


def told(what: str, values: list[float], unit: str, bar: float | None = None) -> None:
    """A line with the least, the median and the 95th percentile: the least is the least disturbed."""
    ordered = sorted(values)
    high = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    limit = f"   bar {bar:.0f}" if bar else ""
    print(f"{what:<58}{ordered[0]:8.1f}{statistics.median(ordered):9.1f}{high:9.1f} {unit}{limit}", flush=True)


def main() -> None:
    """Prints what was measured beside its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--paused", type=int, default=200)
    parser.add_argument("--resumes", type=int, default=40)
    parser.add_argument("--columns", type=int, default=1000)
    given = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="assay-bench-"))
    try:
        with Memory.open(embedded.start(home / "store")) as memory:
            logging.getLogger("graph").setLevel(logging.WARNING)
            runs, worker = Runs(memory), Worker(memory)
            print(f"{'':<58}{'least':>8}{'median':>9}{'p95':>9}", flush=True)
            told("a step of an agent, without its tools", overhead(runs, worker, home, given.runs), "ms", BARS["step"])
            size = checkpoint_kilobytes(runs, worker, home, given.columns)
            told(f"greatest checkpoint, {given.columns:,} columns", [size], "KB", BARS["checkpoint"])
            first, done = resumes(runs, worker, home, given.paused, given.resumes)
            told(f"decision to first event, {given.paused} runs paused", first, "ms")
            told(f"decision to end of run, {given.paused} runs paused", done, "ms", BARS["resume"])
    finally:
        embedded.stop(home / "store")
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
