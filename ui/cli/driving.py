"""Carries a run out in this process: a worker in a thread of its own, its steps shown as they come."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ui.cli.output import Output
from ui.cli.progress import Steps

if TYPE_CHECKING:
    from graph.runs import Runs
    from graph.worker import Worker
    from memory.model import Run

RETRY_SECONDS = 0.3
"""How often to try for a run that another process holds."""


def carry_out(out: Output, runs: Runs, run_id: str, after: int = 0) -> Run:
    """Executes the run until it pauses or ends, and shows each event after that number.

    A run that another worker holds is only watched. On Ctrl-C the step in hand is left, the run goes back into the
    queue, and KeyboardInterrupt is raised. Raises AssayError, StoreError where the store is gone.
    """
    from memory.errors import StoreError

    hands: _Hands | None = None
    try:
        with out.waiting("Waking the agents"):
            from graph.worker import Worker

            hands = _Hands(runs, Worker(runs.memory), run_id)
        hands.start()
        with Steps(out) as steps:
            for event in runs.follow(run_id, after, alive=hands.is_alive):
                steps.tell(event)
        hands.join()
        if hands.error is not None:
            raise hands.error
        return runs.memory.runs.get(run_id)
    except KeyboardInterrupt:
        _let_go(out, hands, run_id)
        raise
    except StoreError as error:
        raise StoreError(
            error.message, hint=f"{error.hint or ''} When it is back, go on with: assay resume {run_id}".strip()
        ) from error


def _let_go(out: Output, hands: _Hands | None, run_id: str) -> None:
    try:
        if hands and hands.is_alive():
            out.talk("Stopping (Ctrl-C again to leave at once).")
            hands.stop()
    finally:
        out.talk("Nothing is lost. Go on with ", (f"assay resume {run_id}", "bold"))


class _Hands(threading.Thread):
    """The thread that executes one run."""

    def __init__(self, runs: Runs, worker: Worker, run_id: str) -> None:
        super().__init__(name=f"run-{run_id}", daemon=True)
        self._runs = runs
        self._worker = worker
        self._run_id = run_id
        self._stopping = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        """Executes the run until it pauses."""
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits, which raises it
            self.error = error

    def _work(self) -> None:
        from graph.runs import PAUSES

        while not self._stopping.is_set() and self._runs.memory.runs.get(self._run_id).status not in PAUSES:
            if not self._worker.run(self._run_id):
                self._stopping.wait(RETRY_SECONDS)

    def stop(self) -> None:
        """Leaves the step in hand, and waits until the run is back in the queue."""
        self._stopping.set()
        self._worker.stop(now=True)
        self.join()
