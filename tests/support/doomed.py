"""A worker in a process of its own that says where it is and then hangs, for a test to kill.

`python -m tests.support.doomed STORE_URL RUN_ID POINT`; POINT is `module:attribute` of a function: the process prints
`here` and sleeps before (`module:attribute`) or after (`module:attribute:after`) its first call.
"""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any

from graph.worker import Worker
from memory import Memory


def hang_at(point: str) -> None:
    """Replaces the function by one that hangs."""
    module_name, attribute, *when = point.split(":")
    owner: Any = importlib.import_module(module_name)
    *path, name = attribute.split(".")
    for part in path:
        owner = getattr(owner, part)
    original = getattr(owner, name)

    def hanging(*args: Any, **kwargs: Any) -> Any:
        if when == ["after"]:
            original(*args, **kwargs)
        print("here", flush=True)
        time.sleep(600)

    setattr(owner, name, hanging)


def main() -> None:
    """Runs the worker until somebody kills it."""
    url, run_id, point = sys.argv[1:]
    hang_at(point)
    with Memory.open(url) as memory:
        Worker(memory).run(run_id)
    print("ended", flush=True)


if __name__ == "__main__":
    main()
