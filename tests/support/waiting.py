"""A run that waits for decisions, made without a worker: what a page or a command finds when it opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from agents.work import Draft
from agents.workbench import Workbench, _proposal
from graph.state import GRAPH_VERSION
from memory import Memory
from tools import dqdl, profiling, recommending, sources

ORDERS = Path(__file__).parents[2] / "examples" / "orders.csv"


@dataclass(frozen=True)
class Waiting:
    """The run and its dataset."""

    run_id: str
    dataset_id: str


def waiting_run(memory: Memory, source: Path = ORDERS, rules: list[str] | None = None) -> Waiting:
    """Profiles the source, proposes rules (None: the statistical candidates) and asks for approval."""
    bench = Workbench(memory)
    profiled = bench.profile(str(source))
    run = memory.runs.create(
        kind="run",
        goal="Profile the orders, recommend rules, then validate",
        sources=[str(source)],
        model="offline",
        graph_version="of nobody else",  # a page's worker beside the test would take it up first
        requested_by="tester",
    )
    lease = memory.runs.claim("test", seconds=60, run_id=run.id)
    assert lease
    memory.db.rows("update runs set graph_version = %s where id = %s returning id", [GRAPH_VERSION, run.id])
    _tell(memory, run.id, str(profiled.profile_id), str(profiled.dataset.id), profiled.profile.rows)
    drafts = _drafts(profiled.profile, rules)
    with sources.open(str(source)) as table:
        text = "Rules = [\n" + ",\n".join(draft.rule for draft in drafts) + "\n]"
        results = dqdl.evaluate(dqdl.parse(text), {"primary": table}).rules
    memory.approvals.propose(
        run.id, profiled.dataset.id, [_proposal(d, r) for d, r in zip(drafts, results, strict=True)]
    )
    memory.approvals.open(run.id, timedelta(hours=24))
    memory.runs.append_event(run.id, "approval_requested", {"rules": len(drafts)})
    memory.runs.append_event(run.id, "waiting", {})
    memory.runs.release(lease, "waiting")
    return Waiting(run.id, str(profiled.dataset.id))


def _drafts(profile: profiling.Profile, rules: list[str] | None) -> list[Draft]:
    if rules is not None:
        return [Draft(rule, f"Because of {rule}.", {"rows": profile.rows}, 0.8, "statistics") for rule in rules]
    found = recommending.candidates(profile)
    return [Draft(c.rule, c.reasoning, c.evidence, c.confidence, "statistics") for c in found]


def _tell(memory: Memory, run_id: str, profile_id: str, dataset_id: str, rows: int) -> None:
    where = {"table": "orders"}
    routed = {"next": "profiler", "tables": ["orders"], "reason": "The goal asks for the profiler."}
    call = {"tool": "profile_table", "id": "profile_table-1"}
    found = {"profile_id": profile_id, "dataset_id": dataset_id, "rows": rows, "cached": False}
    events = [
        ("supervisor", "routed", routed),
        ("profiler", "started", where),
        ("profiler", "tool_called", {**where, **call, "args": {"table": "orders"}}),
        (
            "profiler",
            "tool_returned",
            {**where, **call, "status": "success", "text": '{"summary": "orders has rows."}'},
        ),
        ("profiler", "finished", {**where, **found}),
    ]
    for agent, kind, data in events:
        memory.runs.append_event(run_id, kind, data, agent=agent)
