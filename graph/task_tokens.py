"""Step Functions as an outer scheduler: a task starts a run with its token, and sleeps until people have decided.

The end of the run answers the task, through the outbox. Until then workers send heartbeats, so that the task fails
where nobody is left who could ever answer it.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from graph.runs import Runs
from memory.task_tokens import TaskTokens
from tools.errors import AssayError
from tools.openlineage.sending import NotSent
from tools.step_functions import LONGEST_CAUSE, Gone, Invalid, Tasks, reachable

if TYPE_CHECKING:
    from memory import Memory
    from memory.outbox import Message

BEAT = timedelta(minutes=1)
"""The least time between two heartbeats of one task; deploy/aws gives up after several without one."""
MOST_NAMES = 100
"""Of failed tables in an answer, which the service bounds."""
NOT_STARTED, FAILED, CANCELLED = "Assay.NotStarted", "Assay.RunFailed", "Assay.RunCancelled"
"""Errors that an execution may catch."""

log = logging.getLogger(__name__)


class Answers:
    """The courier of messages ``task-token``: each ends the task that waits for a run."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._tasks = Tasks()

    def hand(self, message: Message) -> None:
        """Ends the task. One that has ended by itself, or was answered before, needs nothing."""
        told = message.payload
        try:
            if told["status"] == "done":
                self._tasks.succeed(told["token"], answer(self._memory, told["run"]))
            else:
                error = CANCELLED if told["status"] == "cancelled" else FAILED
                self._tasks.fail(told["token"], error, f"Run {told['run']}: {told['error'] or told['status']}")
        except Gone:
            log.warning("run %s: the task of Step Functions no longer waits", told["run"])
        except Invalid as error:
            raise NotSent(str(error), refused=True) from error

    def close(self) -> None:
        """There is nothing left to do."""


def answer(memory: Memory, run_id: str) -> dict[str, Any]:
    """What the execution goes on with: what people decided, and whether the data passed."""
    report = Runs(memory).report(run_id)
    choices = [proposal.decision.action for proposal in report.proposals if proposal.decision]
    failed = [table.name for table in report.tables if not table.evaluation["passed"]]
    scores = [table.total for table in report.tables if table.total is not None]
    return {
        "run": run_id,
        "passed": report.passed,
        "error": report.run.error and report.run.error[:LONGEST_CAUSE],
        "approved": sum(choice in ("approve", "edit") for choice in choices),
        "rejected": choices.count("reject"),
        "tables": len(report.tables),
        "failed": failed[:MOST_NAMES],
        "score": min(scores, default=None),
    }


class Heartbeats:
    """The duty to say that runs are in good hands, for as long as there are workers, also while people think."""

    name = "task heartbeats"
    every = 15.0

    def __init__(self, memory: Memory) -> None:
        self._tokens = TaskTokens(memory.db)
        self._tasks: Tasks | None = None

    def once(self) -> bool:
        """Sends those that are due."""
        due = self._tokens.due(BEAT) if reachable() else []
        for run_id, token in due:
            self._tasks = self._tasks or Tasks()
            try:
                self._tasks.beat(token)
            except (Gone, Invalid) as error:
                log.warning("run %s goes on, but nobody waits for it: %s", run_id, error)
                self._tokens.forget(run_id)
        return bool(due)

    def stop(self) -> None:
        """One round takes no long."""


class Starting:
    """What happens until a run is there: where it does not come to that, the task fails at once."""

    def __init__(self, token: str) -> None:
        """``token`` is empty where no task waits."""
        self._token = token

    def __enter__(self) -> Starting:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not (error and self._token):
            return
        cause = str(error) if isinstance(error, AssayError) else type(error).__name__
        try:
            Tasks().fail(self._token, NOT_STARTED, cause)
        except AssayError as untold:
            log.warning("The task of Step Functions could not be told: %s", untold)

    def started(self) -> None:
        """The run is there, and its end will answer."""
        self._token = ""
