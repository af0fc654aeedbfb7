"""Latency of the HTTP API on 1,000 rules and 200 waiting runs: ``python -m evals.bench.api_bench --clients 8``."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from memory import Memory, embedded
from memory.model import NewProposal

PATHS = (
    "/health",
    "/api/v1/runs",
    "/api/v1/approvals",
    "/api/v1/rules",
    "/api/v1/runs/RUN/proposals",
    "/api/v1/runs/RUN",
)
TABLES = 10
FIELDS = [{"name": f"c{number}", "type": "BIGINT", "kind": "number"} for number in range(100)]


def fill(store: Memory, rules: int, runs: int) -> str:
    """Rules of ten tables, and runs that wait for decisions about five proposals each; the id of the last."""
    run_id = ""
    tables = [
        store.catalog.upsert_dataset("file", f"/data/t{n}.csv", f"/data/t{n}.csv", FIELDS).id for n in range(TABLES)
    ]
    share = rules // TABLES
    for table in tables:
        store.rules.import_rules(table, [f'ColumnValues "c{n % 100}" > {-n}' for n in range(share)], "bench")
    for number in range(runs):
        run = store.runs.create(
            kind="run", goal="bench", sources=[], model="offline", graph_version="1", requested_by="bench"
        )
        store.approvals.propose(run.id, tables[number % TABLES], [proposal(n) for n in range(5)])
        store.approvals.open(run.id, timedelta(hours=24))
        run_id = run.id
    # No worker takes them up.
    store.db.rows("update runs set status = 'waiting' returning id")
    return run_id


def proposal(number: int) -> NewProposal:
    """A proposal about one column."""
    return NewProposal(
        rule=f'IsComplete "c{number}"',
        rule_type="IsComplete",
        columns=(f"c{number}",),
        dimension="completeness",
        fingerprint=f"bench {number}",
        reasoning="Never empty so far.",
        evidence={"nulls": 0},
        dry_run={"outcome": "Passed"},
        confidence=0.9,
        source="statistics",
    )


@contextmanager
def serving(home: Path) -> Iterator[int]:
    """The port of an `assay api` on the store of a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    line = [str(Path(sys.executable).with_name("assay")), "api", "--no-worker", "--port", str(port)]
    with subprocess.Popen(line, env={**os.environ, "ASSAY_HOME": str(home)}, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            try:
                asyncio.run(asked(port, ["/ready"]))
                break
            except ConnectionError:
                time.sleep(0.1)
        yield port
        process.send_signal(signal.SIGINT)


async def asked(port: int, paths: list[str]) -> list[float]:
    """Seconds for each of some requests, one after the other on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken = []
    for path in paths:
        began = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        if " 200 " not in head.split("\r\n", 1)[0]:
            raise RuntimeError(head)
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        await reader.readexactly(length)
        taken.append(time.perf_counter() - began)
    writer.close()
    return taken


async def load(port: int, path: str, clients: int, requests: int) -> tuple[list[float], float]:
    """The latencies of many clients at once, and the seconds that all took together."""
    began = time.perf_counter()
    shares = await asyncio.gather(*(asked(port, [path] * (requests // clients)) for _ in range(clients)))
    return [taken for share in shares for taken in share], time.perf_counter() - began


def main() -> None:
    """Prints milliseconds and requests per second for each address, for one client and for several."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--requests", type=int, default=400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="assay-api-") as folder:
        home = Path(folder)
        with Memory(embedded.start(home)) as store:
            run = fill(store, options.rules, options.runs)
        with serving(home) as port:
            print(f"{'':34}{'clients':>8}{'p50 ms':>8}{'p95 ms':>8}{'per s':>8}")
            for path in PATHS:
                for clients in (1, options.clients):
                    found, seconds = asyncio.run(load(port, path.replace("RUN", run), clients, options.requests))
                    cuts = statistics.quantiles(found, n=20)
                    rate = len(found) / seconds
                    print(f"{path:34}{clients:8}{cuts[9] * 1e3:8.1f}{cuts[18] * 1e3:8.1f}{rate:8.0f}")
        embedded.stop(home)


if __name__ == "__main__":
    main()
