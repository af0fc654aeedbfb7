"""A store with a thousand rules, waiting and active, for what has to stay fast there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from graph.state import GRAPH_VERSION
from memory import Memory
from memory.model import Decision, NewProposal
from tests.support.waiting import ORDERS
from tools import dqdl, profiling, sources, validation

COLUMNS = 100
ACTIVE, WAITING = "measures.csv", "orders.csv"


def crowd(memory: Memory, folder: Path, rules: int = 1_000) -> tuple[str, str]:
    """``rules`` active rules with results on one table, as many to decide on another; the dataset, the waiting run."""
    columns = [f"m{number}" for number in range(COLUMNS)]
    head, row = ",".join(columns), ",".join(str(number) for number in range(COLUMNS))
    (folder / ACTIVE).write_text(f"{head}\n" + f"{row}\n" * 50, encoding="utf-8")
    texts = [f'ColumnValues "m{number % COLUMNS}" <= {number // COLUMNS * 40 + 50}' for number in range(rules)]
    decided = _propose(memory, folder / ACTIVE, texts)
    memory.approvals.decide(decided, [Decision(number, "approve") for number in range(1, rules + 1)], "Ann")
    memory.rules.activate(decided)
    _end(memory, decided, "done")
    (dataset,) = [one for one in memory.catalog.datasets() if one.uri.endswith(ACTIVE)]
    for _ in range(3):
        _validate(memory, folder / ACTIVE, str(dataset.id), texts)
    (folder / WAITING).write_bytes(ORDERS.read_bytes())
    waiting = _propose(
        memory, folder / WAITING, [f'ColumnValues "amount" <= {number + 200}' for number in range(rules)]
    )
    memory.runs.append_event(waiting, "approval_requested", {"rules": rules})
    _end(memory, waiting, "waiting")
    for number in range(60):
        memory.runs.create(**_asked(f"Question {number}", []), kind="other")
    return str(dataset.id), waiting


def _asked(goal: str, source: list[str]) -> dict:
    return {
        "goal": goal,
        "sources": source,
        "model": "offline",
        "graph_version": GRAPH_VERSION,
        "requested_by": "tester",
    }


def _propose(memory: Memory, path: Path, rules: list[str]) -> str:
    with sources.open(str(path)) as table:
        name, profile = table.dataset, profiling.profile(table)
        fields = [{"name": f.name, "type": f.type, "kind": f.kind} for f in table.fields]
        dataset = memory.catalog.upsert_dataset(name.namespace, name.name, table.uri, fields)
        memory.catalog.save_profile(dataset.id, table.version, profile.to_dict())
        found = dqdl.evaluate(dqdl.parse("Rules = [\n" + ",\n".join(rules) + "\n]"), {"primary": table}).rules
    run = memory.runs.create(**_asked("Profile it and recommend rules", [table.uri]), kind="run")
    proposals = [
        NewProposal(
            rule=text,
            rule_type="ColumnValues",
            columns=(text.split('"')[1],),
            dimension="validity",
            fingerprint=text,
            reasoning="No value was greater so far.",
            evidence={"column.max": 99, "rows": result.metrics and 50},
            dry_run=result.to_dict(),
            confidence=0.5 + number % 50 / 100,
            source="statistics",
        )
        for number, (text, result) in enumerate(zip(rules, found, strict=True))
    ]
    memory.approvals.propose(run.id, dataset.id, proposals)
    memory.approvals.open(run.id, timedelta(hours=24))
    return run.id


def _end(memory: Memory, run_id: str, status: str) -> None:
    with memory.db.transaction() as connection:
        connection.execute("update runs set status = %s where id = %s", [status, run_id])


def _validate(memory: Memory, path: Path, dataset_id: str, rules: list[str]) -> None:
    run = memory.runs.create(**_asked("validate", [str(path)]), kind="validate")
    with sources.open(str(path)) as table:
        found = dqdl.evaluate(dqdl.parse("Rules = [\n" + ",\n".join(rules) + "\n]"), {"primary": table})
    scores = validation.score(found)
    memory.results.save(run.id, dataset_id, table.version, found.to_dict(), scores.dimensions, scores.total)
    _end(memory, run.id, "done")
