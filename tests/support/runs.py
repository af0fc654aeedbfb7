"""Small tables and whole runs for the tests of graph and faces."""

from __future__ import annotations

from pathlib import Path

from graph.runs import Runs
from graph.services import Services
from graph.worker import Worker
from memory.model import Decision

ORDERS = """id,email,status,amount
1,ann@example.com,paid,10.50
2,bob@example.com,paid,12.00
3,cyd@example.com,new,9.99
4,,paid,11.25
5,eve@example.com,shipped,10.00
"""


def write_orders(folder: Path, name: str = "orders.csv", rows: int = 1) -> str:
    """A CSV of five orders, one without an e-mail address, repeated ``rows`` times with ids that go on."""
    head, *lines = ORDERS.splitlines()
    body = [f"{5 * block + int(line[0])}{line[1:]}" for block in range(rows) for line in lines]
    path = folder / name
    path.write_text("\n".join([head, *body]) + "\n", encoding="utf-8")
    return str(path)


def approve_all(runs: Runs, run_id: str, actor: str = "Ann") -> None:
    """Approves each proposal of a run."""
    numbers = [proposal.number for proposal in runs.proposals(run_id)]
    runs.decide(run_id, [Decision(number=number, action="approve") for number in numbers], actor)


def scripted_worker(memory, model) -> Worker:
    """A worker whose agents all use this model."""
    from agents.team import Team
    from agents.workbench import Workbench

    return Worker(memory, make=lambda store, spec: Services(Workbench(store), Team(model)))
