"""Executes runs: claims one with a lease, drives the graph until it waits or ends, and writes down what happens.

Any number of workers may share a database. A worker that dies loses its lease, and whoever claims the run next goes on
from the last checkpoint.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.errors import GraphDrained, GraphRecursionError
from langgraph.runtime import RunControl
from langgraph.types import Command, StateSnapshot

from graph.build import build
from graph.errors import RunError
from graph.services import Services, services
from graph.state import GRAPH_VERSION
from memory import Memory
from memory.errors import LeaseLost, StoreError
from memory.model import Lease, Run
from memory.owner import this_process
from tools.errors import AssayError

LEASE_SECONDS = 30.0
RETRY_SECONDS = 2.0
BEAT_SECONDS = 1.0
MOST_STEPS = 200
MOST_TABLES_AT_ONCE = 4

Ending = Literal["queued", "waiting", "done", "failed", "cancelled"]

log = logging.getLogger(__name__)


class Worker:
    """One executor of runs. ``stop()`` makes it finish the step in hand and let go.

    ``make`` builds the services for a run's model specification.
    """

    def __init__(self, memory: Memory, make: Callable[[Memory, str], Services] = services) -> None:
        self._memory = memory
        self._make = make
        self._services: dict[str, Services] = {}
        self._stopping = threading.Event()
        self._control: RunControl | None = None

    def run(self, run_id: str | None = None) -> bool:
        """Executes one run (that one, or any that can be claimed) until it waits or ends; False if there is none."""
        lease = self._memory.runs.claim(this_process(), seconds=LEASE_SECONDS, run_id=run_id)
        if lease is None:
            return False
        self._execute(lease)
        return True

    def loop(self, *, poll_seconds: float = 0.5) -> None:
        """Executes runs until ``stop()``; waits while the store is away."""
        while not self._stopping.is_set():
            try:
                idle = not self.run()
            except StoreError as error:
                log.warning("%s Trying again in %.0f s.", error, RETRY_SECONDS)
                self._stopping.wait(RETRY_SECONDS)
            else:
                if idle:
                    self._stopping.wait(poll_seconds)

    def stop(self) -> None:
        """Finishes the step in hand, gives the run back to the queue, and ends :meth:`loop`. Safe from any thread."""
        self._stopping.set()
        if self._control is not None:
            self._control.request_drain("the worker stops")

    def _execute(self, lease: Lease) -> None:
        control = self._control = RunControl()
        log.info("run %s: begun, attempt %d", lease.run.id, lease.run.attempt)
        if self._stopping.is_set():
            control.request_drain("the worker stops")
        with _Heartbeat(self._memory, lease, control):
            status, error = self._outcome(lease, control)
        self._control = None
        try:
            if status != "queued":
                self._memory.runs.append_event(lease.run.id, status, {"error": error} if error else {}, lease=lease)
        except LeaseLost:
            log.warning("run %s was taken over by another worker", lease.run.id)
        else:
            self._memory.runs.release(lease, status, error)
            log.info("run %s: %s", lease.run.id, status)

    def _outcome(self, lease: Lease, control: RunControl) -> tuple[Ending, str | None]:
        try:
            return self._drive(lease, control)
        except GraphDrained:
            return ("cancelled" if self._memory.runs.cancel_requested(lease.run.id) else "queued"), None
        except AssayError as error:
            return "failed", str(error)
        except GraphRecursionError:
            return "failed", f"The run took more than {MOST_STEPS} steps. Ask for less in one run."
        except Exception as error:
            log.exception("run %s broke", lease.run.id)
            return "failed", f"Internal error: {type(error).__name__}: {error}"

    def _drive(self, lease: Lease, control: RunControl) -> tuple[Ending, str | None]:
        run = lease.run
        if run.graph_version != GRAPH_VERSION:
            raise RunError(
                f"Run {run.id} was started by version {run.graph_version} of the graph, this is {GRAPH_VERSION}.",
                hint="Start it again; its decisions are kept.",
            )
        graph = build(lambda: self._services_for(run.model)).compile(
            checkpointer=PostgresSaver(self._memory.pool), name="assay"
        )
        config: Any = {
            "configurable": {"thread_id": run.id},
            "recursion_limit": MOST_STEPS,
            "max_concurrency": MOST_TABLES_AT_ONCE,
        }
        snapshot = graph.get_state(config)
        if snapshot.interrupts and self._undecided(run.id):
            return "waiting", None
        parts = graph.stream(_input(run, snapshot), config, stream_mode="custom", durability="sync", control=control)
        for part in parts:
            data = dict(part)
            self._memory.runs.append_event(run.id, data.pop("kind"), data, agent=data.pop("agent", None), lease=lease)
        return self._ending(lease, graph.get_state(config))

    def _ending(self, lease: Lease, snapshot: StateSnapshot) -> tuple[Ending, str | None]:
        run = lease.run
        if snapshot.interrupts:
            return "waiting", None
        if answer := snapshot.values.get("answer"):
            self._memory.runs.append_event(
                run.id, "answer", {"text": answer}, agent="supervisor", key="answer", lease=lease
            )
        errors = [
            f"{name}: {table['error']}" for name, table in snapshot.values["tables"].items() if table.get("error")
        ]
        return "done", " ".join(errors) or None

    def _undecided(self, run_id: str) -> bool:
        return any(proposal.decision is None for proposal in self._memory.approvals.proposals(run_id))

    def _services_for(self, model: str) -> Services:
        if model not in self._services:
            self._services[model] = self._make(self._memory, model)
        return self._services[model]


def _input(run: Run, snapshot: StateSnapshot) -> Any:
    """A start, the wake-up of an approval, or None to go on from the last checkpoint."""
    if snapshot.interrupts:
        return Command(resume={i.id: {"run_id": run.id} for i in snapshot.interrupts})
    if snapshot.created_at is None:
        return {"run_id": run.id, "goal": run.goal, "sources": run.sources}
    return None


class _Heartbeat:
    """Renews a lease while the run is executed; drains the run when the lease is lost or a cancel was asked for."""

    def __init__(self, memory: Memory, lease: Lease, control: RunControl) -> None:
        self._memory = memory
        self._lease = lease
        self._control = control
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{lease.run.id}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        renewed = time.monotonic()
        while not self._over.wait(BEAT_SECONDS):
            try:
                if self._memory.runs.cancel_requested(self._lease.run.id):
                    self._control.request_drain("cancelled")
                if time.monotonic() - renewed > LEASE_SECONDS / 3:
                    if not self._memory.runs.renew(self._lease, LEASE_SECONDS):
                        self._control.request_drain("the lease was lost")
                    renewed = time.monotonic()
            except StoreError as error:
                log.warning("run %s: the lease could not be renewed. %s", self._lease.run.id, error)
                if time.monotonic() - renewed > LEASE_SECONDS:
                    self._control.request_drain("the lease is over")
