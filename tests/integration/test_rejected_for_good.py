"""A model that was told no tries again in every way it knows, before and after columns are renamed."""

from __future__ import annotations

from langchain_core.messages import HumanMessage

from agents.offline import plan
from graph.runs import Runs
from graph.worker import Worker
from tests.support.paraphrases import KINDS, named
from tests.support.remembering import reject, write_shop
from tests.support.runs import scripted_worker
from tests.support.scripted import ScriptedModel, calling
from tools.dqdl import parse_rule

COLUMNS = {'IsComplete "a"': "email", 'ColumnValues "a" in ["x", "y"]': "status", 'ColumnValues "a" <= 100': "amount"}
"""Of which column a person rejects what; the other column of such rules is the key."""
NOW = {"email": "contact", "status": "state", "amount": "total"}
ANOTHER = ('ColumnLength "email" <= 90', 'ColumnValues "status" not in ["n/a"]', 'ColumnValues "amount" >= 0')


def canonical(rule: str) -> str:
    """As the store keeps it."""
    return str(parse_rule(rule))


def attempts(names: dict[str, str]) -> list[str]:
    """What the model tries: everything of the table of paraphrases, on columns of these names."""
    found = []
    for kind in KINDS:
        if kind.rejected in COLUMNS:
            as_called = {"a": names[COLUMNS[kind.rejected]], "b": "id", "c": "id"}
            found += [canonical(named(rule, as_called)) for rule in (kind.rejected, *kind.again)]
    return found


def proposed(runs: Runs, source: str, rules: list[str]) -> set[str]:
    """What comes before a person of what the model proposes, and of what the statistics do."""
    given = [{"rule": rule, "reasoning": "It is needed."} for rule in rules]

    def author(messages, tools):
        if tools[0]["name"] != "list_candidates" or not isinstance(messages[-1], HumanMessage):
            return plan(messages, tools)
        return calling("propose_rules", table="orders", proposals=given)

    found: set[str] = set()
    for worker in (scripted_worker(runs.memory, ScriptedModel(answer=author)), Worker(runs.memory)):
        run = runs.start([source], requested_by="Ann", model="offline")
        assert worker.run(run.id)
        found |= {proposal.rule for proposal in runs.proposals(run.id)}
    return found


def test_nothing_that_was_rejected_comes_before_a_person_again(store, tmp_path):
    runs, source = Runs(store), write_shop(tmp_path)
    same = dict.fromkeys(NOW)
    for rejected, column in COLUMNS.items():
        reject(store, source, named(rejected, {"a": column}))
    before, after = attempts({column: column for column in same}), attempts(NOW)
    assert len(before) == len(after) > 45
    found = proposed(runs, source, [*before[-44:], *ANOTHER])
    assert found.isdisjoint(before)
    assert found > set(ANOTHER)
    write_shop(tmp_path, columns=f"id,{','.join(NOW.values())}", rows=260)
    renamed = {named(rule, NOW) for rule in ANOTHER}
    found = proposed(runs, source, [*after[:44], *renamed])
    assert found.isdisjoint(after)
    assert found > renamed
    kinds = {(proposal.split()[0], name) for proposal in found for name in NOW.values() if f'"{name}"' in proposal}
    assert not kinds & {("Completeness", "contact"), ("IsComplete", "contact")}
