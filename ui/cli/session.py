"""The store, opened for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tools.errors import AssayError
from ui.cli.output import Output

if TYPE_CHECKING:
    from graph.runs import Runs
    from memory import Memory
    from memory.model import Run

LATEST = "latest"
LATEST_OF = 200
"""How many runs back the latest is looked for: profiles and validations are runs of their own."""


@contextmanager
def opened(out: Output) -> Iterator[Memory]:
    """The store, closed at the end. The first time on a machine it is made, which takes a few seconds.

    A Ctrl-C that ends a one-step job says under which id that is recorded.
    """
    from graph.errors import Stopped

    with out.waiting("Opening the store"):
        from memory import Memory

        memory = Memory.open()
    try:
        yield memory
    except Stopped as stopped:
        out.talk("Run ", (stopped.run_id, "bold"), " is recorded as cancelled.")
        raise
    finally:
        memory.close()


def find_run(runs: Runs, named: str) -> Run:
    """The run of an id, of the unique beginning of one, or the latest that agents worked on. Raises StoreError."""
    if named != LATEST:
        return runs.memory.runs.get(named)
    found = next((run for run in runs.memory.runs.recent(LATEST_OF) if run.kind == "run"), None)
    if found is None:
        raise AssayError("There is no run yet.", hint="Start one with `assay run SOURCE`.")
    return found
