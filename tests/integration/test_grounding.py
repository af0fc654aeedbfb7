"""Reasonings with numbers, in whole runs: checked, sent back once, dropped with a note, stored with references."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage, ToolMessage

from agents.offline import plan
from graph.runs import Runs
from graph.worker import Worker
from memory.model import Decision
from tests.support.runs import scripted_worker, write_orders
from tests.support.scripted import ScriptedModel, calling
from ui.report.grounds import grounds
from ui.report.steps import line

RULE = 'Completeness "email" > 0.7'
RIGHT = "1 of 5 addresses is missing."
WRONG = "2 of 5 addresses are missing."


@pytest.fixture
def runs(store) -> Runs:
    return Runs(store)


def propose(runs: Runs, tmp_path, *reasonings: str) -> str:
    """A run whose recommender proposes the rule with one reasoning after the other."""

    def author(messages, tools):
        if tools[0]["name"] != "list_candidates":
            return plan(messages, tools)
        made = sum(isinstance(message, ToolMessage) for message in messages)
        if made == len(reasonings):
            return AIMessage("Done.")
        return calling("propose_rules", table="orders", proposals=[{"rule": RULE, "reasoning": reasonings[made]}])

    run = runs.start([write_orders(tmp_path)], requested_by="Ann", model="offline")
    scripted_worker(runs.memory, ScriptedModel(answer=author)).run(run.id)
    return str(run.id)


def told(runs: Runs, run_id: str) -> list[str]:
    found = [one for one in runs.follow(run_id) if one.kind == "tool_returned" and one.agent == "recommender"]
    return [one.data["text"] for one in found]


def test_a_wrong_number_comes_back_once_and_a_right_one_is_taken(runs, tmp_path) -> None:
    run_id = propose(runs, tmp_path, WRONG, RIGHT)
    first, second = told(runs, run_id)
    assert "no evidence shows: 2. Correct or leave out these numbers, and propose it once more." in first
    assert "Proposed 1 rules" in second
    assert [(one.rule, one.reasoning) for one in runs.proposals(run_id)] == [(RULE, RIGHT)]
    assert not [one for one in runs.follow(run_id) if one.kind == "proposals_dropped"]


def test_the_second_wrong_number_is_the_last_and_a_person_is_told(runs, tmp_path) -> None:
    run_id = propose(runs, tmp_path, WRONG, "3 of 5 addresses are missing.", RIGHT)
    assert "It is dropped now." in told(runs, run_id)[1]
    assert "It is dropped now." in told(runs, run_id)[2]
    assert runs.proposals(run_id) == []
    shown = [one.said for event in runs.follow(run_id) if (one := line(event)) and one.tone == "bad"]
    assert shown == [f"1 proposal dropped because {RULE}: The reasoning has numbers that no evidence shows: 3."]


def test_a_proposal_refers_to_the_stored_profile_and_the_dry_run(runs, tmp_path) -> None:
    run_id = propose(runs, tmp_path, f"{RIGHT} 4 are distinct.")
    (proposal,) = runs.proposals(run_id)
    stored = runs.memory.catalog.latest_profile(proposal.dataset_id)
    references = proposal.evidence["references"]
    assert {"of": "profile", "id": str(stored.id), "path": "$.columns[1].distinct", "value": 4} in references
    assert {"of": "profile", "id": str(stored.id), "path": "$.rows", "value": 5} in references
    assert {"of": "dry_run", "id": None, "path": "$.failed_rows", "value": 1} in references
    assert {"of": "dry_run", "id": None, "path": "$.outcome", "value": "Passed"} in references
    assert stored.profile["columns"][1]["distinct"] == proposal.evidence["column.email.distinct"] == 4
    assert f"profile {str(stored.id)[:8]}: $.rows, $.columns[1].distinct" in grounds(references)


def test_a_proposal_refers_to_the_decisions_that_are_recalled(runs, tmp_path) -> None:
    run_id = propose(runs, tmp_path, RIGHT)
    runs.decide(run_id, [Decision(1, "reject", reason="guests have none")], "Ann")
    Worker(runs.memory).run()
    other = runs.start([write_orders(tmp_path, "sales.csv")], requested_by="Ann", model="offline")
    Worker(runs.memory).run(other.id)
    about = [one for one in runs.proposals(other.id) if one.columns == ("email",)]
    remembered = [ref for one in about for ref in one.evidence["references"] if ref["of"] == "memory"]
    assert {ref["value"] for ref in remembered} == {"rejected"}
    assert {ref["id"] for ref in remembered} <= {one.number for one in runs.memory.memories.all()}
