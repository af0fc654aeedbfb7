"""How many OpenLineage events a second come in over HTTP: `python -m evals.bench.lineage_events_bench [--events 2000]`.

One server on an embedded store, durable as by default, and senders in a process of their own. Every event is another
run with column lineage: of a job and tables of its own (`new`), or of one that said the same before (`known`).
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from evals.bench.api_bench import serving
from memory import embedded

EDGES = 20
SENDERS = 16
BATCH = 100


def event(number: int, job: int) -> dict[str, Any]:
    """A run of a job that makes a table of 20 columns out of another one."""
    source = {"namespace": "postgres://db:5432", "name": f"shop.public.raw_{job}"}
    fields = {
        f"c{n}": {"inputFields": [{**source, "field": f"s{n}", "transformations": [{"type": "DIRECT"}]}]}
        for n in range(EDGES)
    }
    target = {"namespace": "s3://lake", "name": f"orders_{job}", "facets": {"columnLineage": {"fields": fields}}}
    return {
        "eventType": "COMPLETE",
        "eventTime": f"2026-11-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",
        "producer": "https://example.com/bench",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(UUID(int=number + 1))},
        "job": {"namespace": "bench", "name": f"job {job}"},
        "inputs": [source],
        "outputs": [target],
    }


def send(address: str, bodies: list[bytes], path: str) -> None:
    """Posts packed bodies one after the other. Raises HTTPStatusError."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    with httpx.Client(base_url=address, headers=headers, timeout=120, trust_env=False) as client:
        for body in bodies:
            client.post(path, content=body).raise_for_status()


def rate(address: str, events: list[dict[str, Any]], senders: int, batch: int) -> float:
    """Events a second."""
    bodies = [gzip.compress(json.dumps(one).encode(), 3) for one in _bodies(events, batch)]
    path = "/api/v1/lineage/batch" if batch else "/api/v1/lineage"
    began = time.perf_counter()
    with ThreadPoolExecutor(senders) as pool:
        for done in [pool.submit(send, address, bodies[part::senders], path) for part in range(senders)]:
            done.result()
    return len(events) / (time.perf_counter() - began)


def _bodies(events: list[dict[str, Any]], batch: int) -> list[Any]:
    return [events[at : at + batch] for at in range(0, len(events), batch)] if batch else list(events)


def main() -> None:
    """Prints events a second for each way of sending."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2_000, help="of each kind")
    count: int = parser.parse_args().events
    home = Path(tempfile.mkdtemp(prefix="assay-events-bench-"))
    try:
        with serving(home) as port:
            measure(f"http://127.0.0.1:{port}", count)
    finally:
        embedded.stop(home)
        shutil.rmtree(home)


def measure(address: str, count: int) -> None:
    """New jobs, then runs that say again what is known; one by one from one sender and from several, and in batches."""
    print(f"{count} events of each kind, {EDGES} edges each; events a second")
    number = 0
    for name, senders, batch in (("one sender", 1, 0), (f"{SENDERS} senders", SENDERS, 0), ("batches", 2, BATCH)):
        size = count // 4 if senders == 1 else count
        fresh = [event(number + n, number + n) for n in range(size)]
        again = [event(number + size + n, number + n) for n in range(size)]
        told = [f"{rate(address, events, senders, batch):.0f}" for events in (fresh, again)]
        print(f"{name}: new {told[0]}, known {told[1]}")
        number += 2 * size


if __name__ == "__main__":
    main()
