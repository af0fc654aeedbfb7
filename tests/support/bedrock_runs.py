"""Whole runs with a model of one's choice."""

from graph.runs import RunReport, Runs
from graph.worker import Worker
from memory import Memory
from tests.support.runs import approve_all


def whole_run(store: Memory, source: str, model: str) -> RunReport:
    """Profile, recommend, approve all, validate: started and decided like a face does it."""
    runs, worker = Runs(store), Worker(store)
    run = runs.start([source], requested_by="Ann", model=model)
    assert worker.run(run.id)
    assert store.runs.get(run.id).error is None
    approve_all(runs, run.id)
    assert worker.run(run.id)
    return runs.report(run.id)
