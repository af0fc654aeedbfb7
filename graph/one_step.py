"""The run around work of one step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from graph.errors import Stopped
from graph.state import GRAPH_VERSION

if TYPE_CHECKING:
    from memory import Memory

PARENT = "OPENLINEAGE_PARENT_ID"
"""Where a scheduler says which of its runs this is part of: namespace/job/uuid."""
LONGEST_SECONDS = 86_400.0
"""After that a job counts as dead even if its process cannot be seen from here."""


@contextmanager
def one_step(
    memory: Memory, person: str, kind: str, goal: str, sources: Sequence[str], parent: str | None = None
) -> Iterator[str]:
    """A run that ends as the work does; ``sources`` are as they may be shown. Raises Stopped at a Ctrl-C.

    ``parent`` is the run of a scheduler or pipeline that it is part of: namespace/job/uuid.
    """
    from memory.owner import this_process

    runs = memory.runs
    run = runs.create(
        kind=kind,
        goal=goal,
        sources=list(sources),
        model="",
        graph_version=GRAPH_VERSION,
        requested_by=person,
        parent=parent,
    )
    lease = runs.claim(this_process(), seconds=LONGEST_SECONDS, run_id=run.id)
    assert lease is not None  # nobody else knows of it yet
    try:
        yield run.id
    except KeyboardInterrupt:
        runs.release(lease, "cancelled", "Stopped by Ctrl-C.")
        raise Stopped(run.id) from None
    except BaseException as error:
        runs.release(lease, "failed", str(error) or type(error).__name__)
        raise
    runs.release(lease, "done")
