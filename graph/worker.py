"""Executes runs: claims one with a lease, drives the graph until it waits or ends, and writes down what happens.

Any number of workers may share a database. A worker that dies loses its lease, and whoever claims the run next goes on
from the last checkpoint.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from langgraph.errors import GraphDrained, GraphRecursionError
from langgraph.types import Command, StateSnapshot

from agents.workbench import Workbench
from graph.build import build
from graph.checkpoints import LeasedSaver
from graph.delivery import Post, deliver_briefly
from graph.duties import Duties
from graph.emit import RunContext
from graph.errors import internal, other_version, trace
from graph.hold import LEASE_SECONDS, Hold, StepLeft
from graph.reminding import remind
from graph.roster import duties
from graph.services import Services, services
from graph.state import GRAPH_VERSION, TableState
from memory import Memory
from memory.errors import LeaseLost, StoreError
from memory.model import Lease, Run
from memory.owner import this_process
from tools.errors import AssayError

RETRY_SECONDS = 2.0
REMIND_SECONDS = 30.0
"""How often it is looked for requests for approval that are about to end."""
GRACE_SECONDS = 1.0
"""How long a task that is to be left may take to notice; then it goes on alone, and cannot write any more."""
MOST_STEPS = 200
MOST_TABLES_AT_ONCE = 4

Ending = tuple[Literal["queued", "waiting", "done", "failed", "cancelled"], str | None]

log = logging.getLogger(__name__)


class Worker:
    """One executor of runs.

    ``make`` builds the services for a run's model specification.
    """

    def __init__(self, memory: Memory, make: Callable[[Memory, str], Services] = services) -> None:
        self._memory = memory
        self._make = make
        self._services: dict[str, Services] = {}
        self._stopping = threading.Event()
        self._hold: Hold | None = None
        self._remind_at = 0.0
        self._post = Post(memory)

    def run(self, run_id: str | None = None) -> bool:
        """Executes one run (that one, or any that can be claimed) until it waits or ends; False if there is none.

        A run of another version of the graph is not claimed unless it is named, and then it fails.
        """
        version = GRAPH_VERSION if run_id is None else None
        lease = self._memory.runs.claim(this_process(), seconds=LEASE_SECONDS, run_id=run_id, graph_version=version)
        if lease is None:
            return False
        self._execute(lease)
        deliver_briefly(self._memory)
        return True

    def loop(self, *, poll_seconds: float = 0.2) -> None:
        """Executes runs, and has the duties beside them, until ``stop()``; waits while the store is away."""
        with Duties(duties(self._memory)):
            while not self._stopping.is_set():
                try:
                    idle = not self.run()
                    self._remind()
                    self._post.look()
                except StoreError as error:
                    log.warning("%s Trying again in %.0f s.", error, RETRY_SECONDS)
                    self._stopping.wait(RETRY_SECONDS)
                else:
                    if idle:
                        self._stopping.wait(poll_seconds)

    def _remind(self) -> None:
        if time.monotonic() >= self._remind_at:
            self._remind_at = time.monotonic() + REMIND_SECONDS
            remind(self._memory)

    def stop(self, *, now: bool = False) -> None:
        """Gives the run in hand back to the queue and ends :meth:`loop`. Safe from any thread.

        The step in hand is finished first; ``now`` leaves it, to be done again by whoever takes the run up.
        """
        self._stopping.set()
        hold = self._hold
        if hold is not None:
            (hold.leave if now else hold.drain)("the worker stops")

    def _execute(self, lease: Lease) -> None:
        log.info("run %s: begun, attempt %d", lease.run.id, lease.run.attempt)
        with Hold(self._memory, lease) as hold:
            self._hold = hold
            if self._stopping.is_set():
                hold.drain("the worker stops")
            status, error = _in_a_thread(lambda: self._outcome(hold), hold)
            self._hold = None
            if self._released(lease, status, error):
                log.info("run %s: %s", lease.run.id, status)
            else:
                log.warning("run %s was taken over by another worker", lease.run.id)

    def _released(self, lease: Lease, status: Any, error: str | None) -> bool:
        """Ends the lease, also over a store that is away for a moment. Raises StoreError once the lease is over."""
        give_up = time.monotonic() + LEASE_SECONDS
        while True:
            try:
                return self._memory.runs.release(lease, status, error, tell=True)
            except StoreError:
                if time.monotonic() > give_up or self._stopping.wait(RETRY_SECONDS):
                    raise

    def _outcome(self, hold: Hold) -> Ending:
        try:
            return self._drive(hold)
        except (GraphDrained, StepLeft, LeaseLost):
            return "queued", None
        except StoreError as error:
            return "queued", str(error)
        except AssayError as error:
            return "failed", str(error)
        except GraphRecursionError:
            return "failed", f"The run took more than {MOST_STEPS} steps. Ask for less in one run."
        except Exception as error:  # noqa: BLE001 - it is logged, without the words, which may quote a value
            log.error("run %s broke: %s", hold.lease.run.id, trace(error))
            return "failed", internal(error)

    def _drive(self, hold: Hold) -> Ending:
        lease, run = hold.lease, hold.lease.run
        if run.graph_version != GRAPH_VERSION:
            raise other_version(run)
        memory = self._memory.under(lease)
        graph = build(lambda: replace(self._services_for(run.model), bench=Workbench(memory))).compile(
            checkpointer=LeasedSaver(self._memory, lease), name="assay"
        )
        config: Any = {
            "configurable": {"thread_id": run.id},
            "recursion_limit": MOST_STEPS,
            "max_concurrency": MOST_TABLES_AT_ONCE,
        }
        snapshot = graph.get_state(config)
        if snapshot.interrupts and self._undecided(run.id):
            return "waiting", None
        if lease.retry and (again := _given_up(snapshot)):
            # The plan was made, or kept, without them.
            graph.update_state(config, {"tables": again, "plan": []}, as_node="begin")
            snapshot = graph.get_state(config)
        context: Any = RunContext(lambda kind, data, key: self._record(hold, kind, data, key))
        graph.invoke(_input(run, snapshot), config, context=context, durability="sync", control=hold.control)
        return self._ending(lease, graph.get_state(config))

    def _record(self, hold: Hold, kind: str, data: dict[str, Any], key: str | None) -> None:
        hold.check()
        rest = {name: value for name, value in data.items() if name != "agent"}
        self._memory.runs.append_event(
            hold.lease.run.id, kind, rest, agent=data.get("agent"), key=key, lease=hold.lease
        )

    def _ending(self, lease: Lease, snapshot: StateSnapshot) -> Ending:
        if snapshot.interrupts:
            return "waiting", None
        values = snapshot.values
        if answer := values.get("answer"):
            self._memory.runs.append_event(
                lease.run.id,
                "answer",
                {"text": answer},
                agent="supervisor",
                key=f"answer:{values['turns']}",
                lease=lease,
            )
        failed = [f"{name}: {table['error']}" for name, table in values["tables"].items() if table.get("error")]
        if failed and len(failed) == len(values["tables"]):
            return "failed", " ".join(failed)
        return "done", " ".join(failed) or None

    def _undecided(self, run_id: str) -> bool:
        return any(proposal.decision is None for proposal in self._memory.approvals.proposals(run_id))

    def _services_for(self, model: str) -> Services:
        if model not in self._services:
            self._services[model] = self._make(self._memory, model)
        return self._services[model]


def _in_a_thread(work: Callable[[], Ending], hold: Hold) -> Ending:
    """What the work comes to; back to the queue when it was left behind in a call that takes its time."""
    found: list[Ending] = []
    thread = threading.Thread(target=lambda: found.append(work()), name=f"run-{hold.lease.run.id}", daemon=True)
    thread.start()
    while thread.is_alive() and not hold.left.is_set():
        thread.join(0.1)
    thread.join(GRACE_SECONDS if hold.left.is_set() else None)
    return found[0] if found else ("queued", None)


def _given_up(snapshot: StateSnapshot) -> dict[str, TableState]:
    """The tables to try again, without their errors, where the supervisor is or would be next."""
    if snapshot.created_at is None or snapshot.next not in ((), ("supervisor",)):
        return {}
    return {name: {"error": ""} for name, table in snapshot.values["tables"].items() if table.get("error")}


def _input(run: Run, snapshot: StateSnapshot) -> Any:
    """A start, the wake-up of an approval, or None to go on from the last checkpoint."""
    if snapshot.interrupts:
        return Command(resume={i.id: {"run_id": run.id} for i in snapshot.interrupts})
    if snapshot.created_at is None:
        return {"run_id": run.id, "goal": run.goal, "sources": run.sources}
    return None
