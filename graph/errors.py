"""Errors of runs that a person can act on."""

from __future__ import annotations

import shlex
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from tools.errors import AssayError

if TYPE_CHECKING:
    from memory.model import Run


class RunError(AssayError):
    """A run that cannot go on, or a request that does not fit it."""


class NotNow(RunError):
    """A request that does not fit the state of a run."""


class NoProposal(RunError):
    """A proposal was named that the run does not have."""


def other_version(run: Run) -> RunError:
    """Why a run of another version of the graph cannot go on, and what to do instead."""
    from graph.state import GRAPH_VERSION

    return NotNow(
        f"Run {run.id} was begun by another version of Assay and cannot go on in this one "
        f"(its graph is version {run.graph_version}, this one's is {GRAPH_VERSION}).",
        hint=f"Go on in that version, or start anew with `assay run {shlex.join(run.sources)}`.",
    )


def trace(error: BaseException) -> str:
    """Where a bug came from, for the log: the frames of the error and its causes, without their words."""
    told: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        told += [f"{type(seen).__name__}, by\n", *traceback.format_tb(seen.__traceback__)]
        seen = seen.__cause__ or seen.__context__
    return "".join(told).rstrip()


def internal(error: BaseException) -> str:
    """A bug in one line: what and where, without its words, which may quote a value of the data."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"Internal error: {type(error).__name__}{where}. The log of the worker (--debug) tells more."


class Stopped(KeyboardInterrupt):
    """Ctrl-C while a one-step job was at work, which is recorded as cancelled."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"Run {run_id} was stopped.")
        self.run_id = run_id
