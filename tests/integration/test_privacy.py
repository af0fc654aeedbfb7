"""What a language model, a checkpoint and the events of a run get to see of personal data: nothing."""

import pytest

from agents.offline import plan
from graph.runs import Runs
from tests.support.runs import approve_all, scripted_worker
from tests.support.scripted import ScriptedModel

CANARIES = [
    "Zoe Quarrel",
    "zoe.quarrel@corp.example",
    "1961-02-17",
    "+49 30 5550101",
    "DE02120300000000202051",
    "Shiipped",
]


@pytest.fixture
def people(tmp_path):
    """Two hundred people; the first is the canary, and one status is misspelt."""
    rows = ["name,email,birth_date,phone,iban,status"]
    rows.append(",".join(CANARIES))
    for i in range(199):
        birth = f"{1962 + i % 40}-0{1 + i % 9}-1{i % 9}"
        rows.append(
            f"Ann Lee{i},a{i}@shop.example,{birth},+49 40 {5550200 + i},DE{10**18 + i},{'shipped' if i % 2 else 'paid'}"
        )
    path = tmp_path / "people.csv"
    path.write_text("\n".join(rows) + "\n")
    return str(path)


def test_personal_values_reach_no_prompt_no_event_and_no_checkpoint(store, people):
    seen = []

    def listening(messages, tools):
        seen.extend(str(message.content) for message in messages)
        return plan(messages, tools)

    runs, worker = Runs(store), scripted_worker(store, ScriptedModel(answer=listening))
    run = runs.start([people], requested_by="Ann", model="offline")
    worker.run(run.id)
    approve_all(runs, run.id)
    worker.run(run.id)
    assert store.runs.get(run.id).status == "done"
    with store.pool.connection() as connection:
        for table in ("checkpoint_blobs", "checkpoint_writes", "checkpoints"):
            seen.append(repr(connection.execute(f"select * from {table}").fetchall()))
    seen.extend(repr(event.data) for event in store.runs.events(run.id))
    everything = "\n".join(seen)
    assert "people" in everything
    assert [canary for canary in CANARIES if canary in everything] == []
