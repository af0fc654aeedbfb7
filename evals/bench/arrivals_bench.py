"""Events of S3 through SQS to verdicts, with workers killed at random: ``python -m evals.bench.arrivals_bench``.

Says how many events a second, what was lost and what was done twice (both have to be none), and how long a small file
takes from its landing in a folder to its verdict. Needs moto (`pip install 'assay[dev]'`).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.jobs import Jobs
from graph.watching import Watching
from memory import Memory, embedded

BUCKET, PLACE = "lake", "s3://lake/raw/*.csv"
RULES = 'Rules = [IsComplete "id", IsUnique "id", ColumnValues "amount" >= 0, RowCount > 0]'
BAD_EVERY = 10
"""One object in so many breaks a rule."""
KILL_SECONDS = (10.0, 40.0)
"""A worker takes some seconds to begin."""
BATCH = 10
IN_QUEUE = 300
"""So many events are in the queue at most: moto looks at each of them for each that is taken."""


@contextmanager
def moto() -> Iterator[str]:
    """The URL of a server of moto in a process of its own; the environment leads there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    line = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)]
    keys = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "eu-west-1"}
    os.environ.update({**keys, "AWS_ENDPOINT_URL": url})
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield url
        finally:
            process.kill()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("moto does not answer")


def client(service: str) -> Any:
    """A client of moto's."""
    import boto3

    return boto3.client(service)


def content(number: int) -> bytes:
    """A small file of orders; one in ten has a missing id."""
    rows = [f"{'' if number % BAD_EVERY == 0 and row == 3 else number * 100 + row},{row * 2}" for row in range(20)]
    return ("id,amount\n" + "\n".join(rows) + "\n").encode()


def put(number: int) -> dict[str, Any]:
    """Writes an object; EventBridge's event of that."""
    key = f"raw/{number:06}.csv"
    etag = _S3.put_object(Bucket=BUCKET, Key=key, Body=content(number))["ETag"].strip('"')
    written = {"key": key, "size": len(content(number)), "etag": etag, "sequencer": f"{number:016X}"}
    detail = {"version": "0", "bucket": {"name": BUCKET}, "object": written, "reason": "PutObject"}
    return {
        "version": "0",
        "id": f"bench-{number}",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "time": "2026-11-01T12:00:00Z",
        "region": "eu-west-1",
        "detail": detail,
    }


_S3: Any = None


def in_queue(url: str) -> int:
    """Messages that nobody has taken out for good."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(told[name]) for name in names)


def send(url: str, events: list[dict[str, Any]]) -> None:
    """Moves events from the list into the queue, until it has as many as it shall have."""
    queue = client("sqs")
    for _ in range(in_queue(url), IN_QUEUE, BATCH):
        part = [events.pop() for _ in events[-BATCH:]]
        if not part:
            return
        entries = [{"Id": str(number), "MessageBody": json.dumps(event)} for number, event in enumerate(part)]
        queue.send_message_batch(QueueUrl=url, Entries=entries)


@dataclass
class Workers:
    """Workers in processes of their own, killed at random and begun anew."""

    queue: str
    number: int
    killing: bool
    kills: int = 0
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _kill_at: float = 0.0

    def tend(self) -> None:
        """Kills one if it is time, and begins those that are missing."""
        if self.killing and self._processes and time.monotonic() > self._kill_at:
            victim = random.choice(self._processes)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            self._processes.remove(victim)
            self.kills += 1
            self._kill_at = 0.0
        if not self._kill_at:
            self._kill_at = time.monotonic() + random.uniform(*KILL_SECONDS)
        while len(self._processes) < self.number:
            line = [
                str(Path(sys.executable).with_name("assay")),
                "worker",
                *(["--queue", self.queue] if self.queue else []),
            ]
            self._processes.append(subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def stop(self) -> None:
        """Ends them all."""
        for process in self._processes:
            process.kill()
            process.wait()


def events_to_verdicts(memory: Memory, events: int, workers: int, killing: bool) -> None:
    """Sends events, a fifth of them again, in any order; watches what becomes of them, and says it."""
    distinct = events * 4 // 5
    with ThreadPoolExecutor(4) as threads:
        told = list(threads.map(put, range(distinct)))
    told += [random.choice(told) for _ in range(events - distinct)]
    random.shuffle(told)
    ready(memory)
    Watching(memory, "bench").add(PLACE)
    queue = client("sqs").create_queue(QueueName="bench", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    hands = Workers(queue, workers, killing)
    began = time.monotonic()
    try:
        while (counts := memory.arrivals.counts()).get("done", 0) + counts.get("dead", 0) < distinct:
            hands.tend()
            send(queue, told)
            time.sleep(0.25)
            print(f"\r{counts}, {hands.kills} killed ", end="", file=sys.stderr, flush=True)
        took = time.monotonic() - began
        settle(memory, queue, told, hands)
    finally:
        hands.stop()
    print(file=sys.stderr)
    report(memory, events, distinct, took, hands)


def ready(memory: Memory) -> None:
    """Rules for what lands."""
    jobs = Jobs(memory, "bench")
    dataset = jobs.profile("s3://lake/raw/000001.csv").dataset
    place = memory.catalog.upsert_dataset("s3://lake", "raw/*.csv", PLACE, dataset.fields)
    jobs.import_ruleset(place, RULES)


def settle(memory: Memory, queue: str, told: list[dict[str, Any]], hands: Workers) -> None:
    """Waits until the last duplicates are out of the queue as well."""
    until = time.monotonic() + 150
    while time.monotonic() < until:
        send(queue, told)
        if not told and not in_queue(queue) and set(memory.arrivals.counts()) <= {"done", "dead"}:
            return
        hands.killing = False
        hands.tend()
        time.sleep(0.5)


def report(memory: Memory, events: int, distinct: int, took: float, hands: Workers) -> None:
    """One line for each figure."""
    found = memory.db.rows("select location, verdict, state from arrivals")
    right = {f"s3://{BUCKET}/raw/{n:06}.csv": "passed" if n % BAD_EVERY else "failed" for n in range(distinct)}
    verdicts = {row["location"]: row["verdict"] for row in found}
    wrong = [place for place, verdict in right.items() if place in verdicts and verdicts[place] != verdict]
    batches = memory.db.rows("select arrival_id from batches group by arrival_id having count(*) > 1")
    again = memory.db.row("select count(*) - count(distinct version) as number from evaluations")
    assert again
    print(f"events           {events:,} ({distinct:,} objects), {hands.number} workers, {hands.kills} killed")
    print(f"took             {took:.1f} s: {events / took:.1f} events/s, {distinct / took:.1f} verdicts/s")
    print(f"lost             {len(right.keys() - verdicts.keys())}")
    print(f"double           {len(found) - len(verdicts) + len(batches)}")
    print(f"wrong verdicts   {len(wrong)}; dead {sum(row['state'] == 'dead' for row in found)}")
    print(f"measured again   {again['number']} (cut off between the measurement and the verdict)")


def landing_to_verdict(memory: Memory, folder: Path, files: int) -> None:
    """How long small files take, one after the other, with one worker."""
    (folder / "in").mkdir()
    place = f"{folder}/in/*.csv"
    (folder / "in" / "first.csv").write_bytes(content(1))
    jobs = Jobs(memory, "bench")
    jobs.import_ruleset(jobs.profile(place).dataset, RULES)
    watch = Watching(memory, "bench").add(place, trusted=str(folder / "good"), quarantine=str(folder / "bad"))
    hands, took = Workers("", 1, killing=False), []
    try:
        hands.tend()
        _settled(memory, watch.id, 1)
        for number in range(files):
            began = time.monotonic()
            (folder / "in" / f"{number:06}.csv").write_bytes(content(number))
            _settled(memory, watch.id, number + 2)
            took.append(time.monotonic() - began)
    finally:
        hands.stop()
    print(
        f"small file       landing to verdict and place: median {statistics.median(took):.2f} s, most {max(took):.2f} s"
    )


def _settled(memory: Memory, watch_id: int, number: int) -> None:
    while memory.arrivals.counts(watch_id).get("done", 0) < number:
        time.sleep(0.01)


def main() -> None:
    """Measures both on a store of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--no-kills", action="store_true")
    asked = parser.parse_args()
    global _S3
    with tempfile.TemporaryDirectory(prefix="assay-arrivals-") as folder:
        home = Path(folder) / "home"
        os.environ["ASSAY_HOME"] = str(home)
        try:
            with Memory.open() as memory, moto():
                landing_to_verdict(memory, Path(folder), asked.files)
                _S3 = client("s3")
                _S3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
                memory.db.rows("delete from batches returning id")
                memory.db.rows("delete from arrivals returning id")
                events_to_verdicts(memory, asked.events, asked.workers, not asked.no_kills)
        finally:
            embedded.stop(home)


if __name__ == "__main__":
    main()
