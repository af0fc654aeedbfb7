"""A worker in a process of its own that halts where a test wants it to, and goes on when it is told to.

``python -m tests.support.halting STORE_URL RUN_ID POINT LEASE_SECONDS``; POINT is ``module:attribute`` of a function:
before its first call the process prints ``here`` and waits for a line. At the end it prints the state of the run.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def halted(url: str, run_id: str, point: str, lease_seconds: float = 30.0) -> Iterator[subprocess.Popen[str]]:
    """A process that has come to the point; it is killed at the end of the block if it still runs."""
    command = [sys.executable, "-m", "tests.support.halting", url, run_id, point, str(lease_seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "here", f"the worker never came to {point}"
            yield process
        finally:
            process.kill()


def go_on(process: subprocess.Popen[str]) -> str:
    """Has the process go on; what it says in the end."""
    return process.communicate("\n", timeout=60)[0].strip()


def _halt_at(point: str) -> None:
    """Replaces the function by one that halts once."""
    module_name, attribute = point.split(":")
    owner: Any = importlib.import_module(module_name)
    *path, name = attribute.split(".")
    for part in path:
        owner = getattr(owner, part)
    original = getattr(owner, name)

    def halting(*args: Any, **kwargs: Any) -> Any:
        setattr(owner, name, original)
        print("here", flush=True)
        sys.stdin.readline()
        return original(*args, **kwargs)

    setattr(owner, name, halting)


def main() -> None:
    """Runs the worker; SIGTERM drains it."""
    import signal

    from graph import hold, worker
    from memory import Memory

    url, run_id, point, lease_seconds = sys.argv[1:]
    hold.LEASE_SECONDS = worker.LEASE_SECONDS = float(lease_seconds)
    hold.BEAT_SECONDS = min(hold.BEAT_SECONDS, float(lease_seconds) / 10)
    with Memory.open(url) as memory:
        hands = worker.Worker(memory)
        signal.signal(signal.SIGTERM, lambda *_: hands.stop())
        _halt_at(point)
        hands.run(run_id)
        print(memory.runs.get(run_id).status, flush=True)


if __name__ == "__main__":
    main()
