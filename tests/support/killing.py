"""Processes that work on a run and are killed in the middle, forked from one that has imported everything already.

``python -m tests.support.killing`` reads a job per line (JSON) and answers each with a line: what signal ended the
process, or the moments that it passed.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Job:
    """What a process shall do: work on the run, decide about it, or both until the run is done; and where it dies."""

    do: str
    """``work``, ``decide`` or ``finish``."""
    url: str
    run_id: str
    fatal: int | None = None


class Killer:
    """The process that the others are forked from."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, job: Job) -> Any:
        """Does a job in a process of its own: {"signal": …} or {"passed": [moments]}."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(asdict(job)), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


@contextmanager
def killer() -> Iterator[Killer]:
    """The helper, for as long as the block lasts."""
    command = [sys.executable, "-m", "tests.support.killing"]
    env = {**os.environ, "TOKENIZERS_PARALLELISM": "false", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:
        yield Killer(process)
        assert process.stdin is not None
        process.stdin.close()


def decisions(runs: Any, run_id: str) -> list[Any]:
    """What is not decided yet: for each table one rule is edited, one rejected, and the others approved."""
    from memory.model import Decision

    def about(proposal: Any) -> Decision:
        if proposal.rule_type == "RowCount":
            return Decision(proposal.number, "edit", rule="RowCount > 2")
        if proposal.rule_type == "ColumnCount":
            return Decision(proposal.number, "reject", reason="says nothing")
        return Decision(proposal.number, "approve")

    return [about(proposal) for proposal in runs.proposals(run_id) if proposal.decision is None]


def _do(job: Job, team: Any) -> list[str]:
    from agents.workbench import Workbench
    from graph.delivery import deliver
    from graph.runs import Runs
    from graph.services import Services
    from graph.worker import Worker
    from memory import Memory
    from tests.support.faults import install

    memory = Memory.open(job.url)
    runs, worker = Runs(memory), Worker(memory, make=lambda store, _: Services(Workbench(store), team))
    points = install(job.fatal)
    if job.do == "finish":
        worker.run(job.run_id)
    if job.do in ("decide", "finish") and (missing := decisions(runs, job.run_id)):
        runs.decide(job.run_id, missing, "Ann")
    if job.do in ("work", "finish"):
        worker.run(job.run_id)
    if job.do == "finish":
        # What somebody had in hands who died is due again after some time.
        memory.db.rows("update outbox set next_attempt_at = now() where state = 'pending' returning id")
        deliver(memory)
    return points.passed


def _forked(job: Job, team: Any) -> dict[str, Any]:
    """Does the job in a child; nothing of it, no thread and no connection, is left here."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer"
        child = os.fork()
        if child == 0:
            try:
                known = set(sys.modules)
                passed = _do(job, team)
                answer.write_text(json.dumps({"passed": passed, "imported": sorted(set(sys.modules) - known)}))
                os._exit(0)
            except BaseException as error:  # noqa: BLE001 - told to the test, which fails
                answer.write_text(json.dumps({"error": f"{type(error).__name__}: {error}"}))
                os._exit(1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status < 0:
            return {"signal": -status}
        found: dict[str, Any] = json.loads(answer.read_text())
        for module in found.pop("imported", []):
            # What one child had to import, the next ones find.
            importlib.import_module(module)
        return found


def main() -> None:
    """Imports what a run needs, then does jobs until there are no more."""
    import graph.worker  # noqa: F401
    import tools.recommending
    import tools.validation  # noqa: F401
    from agents.models import chat_model
    from agents.recollection import embedder
    from agents.team import Team

    embedder().embed(["warm"])
    team = Team(chat_model("offline"))
    for line in sys.stdin:
        print(json.dumps(_forked(Job(**json.loads(line)), team)), flush=True)


if __name__ == "__main__":
    main()
