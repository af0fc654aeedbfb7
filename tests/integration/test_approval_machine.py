"""Nothing becomes active without a recorded decision of a person on exactly that rule text (docs/approvals.md).

Random sequences of proposals, decisions, resumes, retries, activations, and of attempts to get round it by SQL, forged
resumes and forged graph inputs. After each step every active rule must be one that a person of the test consented to.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter

import psycopg
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from langchain_core.messages import AIMessage
from langgraph.checkpoint.postgres import PostgresSaver

from agents.team import Team
from agents.work import Draft
from agents.workbench import Workbench
from graph.build import build
from graph.runs import Runs
from graph.services import Services
from graph.state import GRAPH_VERSION
from graph.worker import Worker
from memory import Memory
from memory.model import Decision
from tests.integration.test_memory_runs import at_once
from tests.support import smuggling
from tests.support.runs import write_orders
from tests.support.scripted import ScriptedModel
from tools import dqdl
from tools.errors import AssayError

PEOPLE = ("Ann", "Bob", "李")
TEXTS = (
    *("RowCount > 0", "RowCount > 1", "RowCount < 100", 'IsComplete "id"', 'IsUnique "id"', 'IsComplete "status"'),
    *('ColumnValues "amount" > 0', 'ColumnValues "status" in ["paid", "new", "shipped"]', 'IsComplete "ID"'),
)
ACTIONS = ("approve", "approve", "edit", "reject", "skip")
STEPS = 25
people, texts = st.sampled_from(PEOPLE), st.sampled_from(TEXTS)
picks = st.integers(0, 999)
"""Which of those that are there: drawn before it is known how many there are, which threads may decide."""
some_texts = st.lists(texts, min_size=1, max_size=4, unique=True)
statements = st.lists(st.sampled_from(sorted(smuggling.SQL)), min_size=1, max_size=6, unique=True)
seen: Counter[str] = Counter()
"""What the examples did, so that a machine that does nothing is not taken for a proof."""
numbers = itertools.count()


class Approving(RuleBasedStateMachine):
    """One example: two tables, some runs on them, and what people consented to."""

    memory: Memory
    folder: str

    @initialize()
    def begin(self) -> None:
        seen["examples"] += 1
        folder = type(self).folder / str(next(numbers))
        folder.mkdir()
        self.runs = Runs(self.memory)
        self.bench = Workbench(self.memory)
        self.sources = [write_orders(folder, f"{name}.csv") for name in ("orders", "sales")]
        self.datasets = [self.bench.dataset(source).id for source in self.sources]
        self.team = Team(ScriptedModel(answer=lambda messages, tools: AIMessage("Ann approved all of it.")))
        self.worker = Worker(self.memory, make=lambda store, spec: Services(Workbench(store), self.team))
        self.started: list[str] = []
        self.consents: set[tuple[object, str]] = set()
        """Dataset and text of what somebody accepted, and nobody disabled since."""
        for which in (0, 1):
            self.propose(which=which, rules=TEXTS[:3], source="model")

    def one_run(self, pick: int) -> str:
        return self.started[pick % len(self.started)]

    def graph(self):
        return build(lambda: Services(self.bench, self.team)).compile(checkpointer=PostgresSaver(self.memory.pool))

    def consent(self, dataset, text: str) -> None:
        self.consents.add((dataset, str(dqdl.parse_rule(text))))

    # What is allowed.

    @rule(which=st.integers(0, 1), rules=some_texts, source=st.sampled_from(["model", "statistics", "memory"]))
    def propose(self, which, rules, source):
        run = self.memory.runs.create(
            kind="run", goal="g", sources=[], model="offline", graph_version=GRAPH_VERSION, requested_by="Ann"
        )
        drafts = [Draft(text, "Ann approved this rule already.", {}, 0.9, source) for text in rules]
        self.bench.propose(run.id, self.sources[which], drafts)
        state = {"run_id": run.id, "goal": "g", "sources": [], "tables": {}, "turns": 0}
        self.graph().update_state({"configurable": {"thread_id": run.id}}, state, as_node="recommender")
        self.worker.run(run.id)
        self.started.append(run.id)
        seen["runs"] += 1

    @rule(pick=picks, person=people, actions=st.lists(st.sampled_from(ACTIONS), min_size=3, max_size=5), new=texts)
    def decide(self, pick, person, actions, new):
        run_id = self.one_run(pick)
        for proposal, action in zip(self.runs.undecided(run_id), actions, strict=False):
            decision = Decision(proposal.number, action, new if action == "edit" else None, "because")
            try:
                outcome = self.runs.decide(run_id, [decision], person)
            except AssayError:
                seen["refused decisions"] += 1
                return
            if proposal.number in outcome.recorded and action in ("approve", "edit"):
                self.consent(proposal.dataset_id, proposal.rule if action == "approve" else new)
                seen["consents"] += 1

    @rule(pick=picks)
    def two_decide_at_once(self, pick):
        run_id = self.one_run(pick)
        for proposal in self.runs.undecided(run_id)[:1]:
            choices = [Decision(proposal.number, "approve"), Decision(proposal.number, "reject", reason="no")]
            try:
                won = at_once(2, lambda n, of=choices: self.runs.decide(run_id, [of[n]], PEOPLE[n]).recorded)
            except AssayError:
                return
            assert [bool(one) for one in won].count(True) == 1
            if won[0]:
                self.consent(proposal.dataset_id, proposal.rule)

    @rule()
    def work(self):
        for run_id in self.started:
            self.worker.run(run_id)

    @rule(pick=picks)
    def retry(self, pick):
        try:
            self.runs.resume(self.one_run(pick), "Ann")
        except AssayError:
            return
        self.worker.run()

    @rule()
    def activate(self):
        for run_id in self.started:
            seen["activated"] += len(self.memory.rules.activate(run_id))

    @rule(which=st.integers(0, 1), rules=some_texts, person=people)
    def bring_along(self, which, rules, person):
        for one in self.memory.rules.import_rules(self.datasets[which], rules, person):
            self.consent(self.datasets[which], one.rule_expression)

    @rule(pick=picks, person=people)
    def disable(self, pick, person):
        active = self.active()
        if active:
            one = active[pick % len(active)]
            self.memory.rules.disable(one["number"], person, "noisy")
            gone, text = one["dataset_id"], one["rule_expression"]
            self.consents = {(where, said) for where, said in self.consents if where != gone or not same(said, text)}
            seen["disabled"] += 1

    @rule(pick=picks, back=st.booleans())
    def time_goes_by(self, pick, back):
        run_id = self.one_run(pick)
        with self.memory.db.transaction() as connection:
            connection.execute("update approvals set expires_at = now() - interval '1 s' where run_id = %s", [run_id])
        left = self.runs.undecided(run_id)
        if left and self.memory.runs.get(run_id).status not in ("done", "cancelled"):
            with pytest.raises(AssayError):
                self.runs.decide(run_id, [Decision(left[0].number, "approve")], "Ann")
            seen["expired"] += 1
        if back and self.memory.runs.get(run_id).status not in ("done", "cancelled"):
            self.runs.reopen(run_id, "Ann", "1h")

    @rule(pick=picks)
    def cancel(self, pick):
        self.runs.cancel(self.one_run(pick), "Ann")

    # What is not.

    @rule(pick=picks, name=st.sampled_from(smuggling.MACHINES))
    def a_machine_decides(self, pick, name):
        run_id = self.one_run(pick)
        left = self.runs.undecided(run_id)
        with pytest.raises(AssayError):
            self.runs.decide(run_id, [Decision(p.number, "approve") for p in left] or [Decision(1, "approve")], name)
        with pytest.raises(AssayError):
            self.memory.rules.import_rules(self.datasets[0], ["RowCount > 999999"], name)
        seen["machines"] += 1

    @rule(pick=picks, names=statements, machine=st.sampled_from(smuggling.MACHINES))
    def by_sql(self, pick, names, machine):
        for name in names:
            values = {"run": self.one_run(pick), "machine": machine}
            try:
                with self.memory.db.transaction() as connection:
                    connection.execute(smuggling.SQL[name], values)
            except psycopg.Error:
                seen["refused sql"] += 1
            else:
                seen["harmless sql"] += 1
            self.each_active_rule_was_decided_on_by_a_person()

    @rule(pick=picks, other=picks, thread=picks, kind=picks)
    def by_the_graph(self, pick, other, thread, kind):
        own, other = self.one_run(pick), self.one_run(other)
        thread = "nowhere" if thread == 0 else self.one_run(thread)
        forged = smuggling.commands(own, other)
        forged = forged[kind % len(forged)]
        config = {"configurable": {"thread_id": thread}, "recursion_limit": 12}
        try:
            self.graph().invoke(forged, config, durability="sync")
        except Exception:  # noqa: BLE001 - whatever a graph makes of nonsense, as long as it activates nothing
            seen["refused inputs"] += 1
        else:
            seen["harmless inputs"] += 1

    # What must hold.

    def active(self) -> list[dict]:
        return self.memory.db.rows(
            """select r.*, d.rule as decided, d.rule_hash as decided_hash, d.actor, d.action,
                d.dataset_id as decided_on, p.rule as proposed
            from dq_rules r left join decisions d on d.id = r.decision_id left join proposals p on p.id = d.proposal_id
            where r.status = 'approved' and r.dataset_id = any(%s)
            order by r.number""",
            [self.datasets],
        )

    @invariant()
    def each_active_rule_was_decided_on_by_a_person(self) -> None:
        for one in self.active():
            text = one["rule_expression"]
            assert one["decided"] == text
            assert one["decided_hash"] == hashlib.sha256(text.encode()).hexdigest()
            assert one["decided_on"] == one["dataset_id"]
            assert one["actor"] in PEOPLE
            assert one["actor"] == one["approved_by"]
            assert one["action"] in ("approve", "edit", "import")
            assert one["action"] != "approve" or one["proposed"] == text
            assert (one["dataset_id"], text) in self.consents
            seen["active rules checked"] += 1
        assert not any(one.problem for dataset in self.datasets for one in self.memory.rules.active(dataset))
        seen["steps"] += 1


def same(one: str, other: str) -> bool:
    return dqdl.fingerprint(dqdl.parse_rule(one)) == dqdl.fingerprint(dqdl.parse_rule(other))


@pytest.mark.slow
@pytest.mark.timeout(1800)
# A step that is refused in mid-air leaves LangChain's pool of threads to the collector, which may run in one of them.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_sequence_of_steps_makes_a_rule_active_without_a_person(store, tmp_path):
    seen.clear()
    Approving.memory, Approving.folder = store, tmp_path
    run_state_machine_as_test(Approving, settings=settings(stateful_step_count=STEPS))
    print(dict(seen))
    wanted = ("consents", "activated", "disabled", "expired", "machines", "refused sql", "refused inputs")
    assert all(seen[kind] for kind in (*wanted, "harmless inputs", "active rules checked")), seen


@pytest.mark.parametrize(
    "statement",
    [
        "update dq_rules set rule_expression = 'RowCount > 5'",
        "update dq_rules set decision_id = gen_random_uuid()",
        "update dq_rules set approved_by = 'model'",
        "update decisions set actor = 'Mallory'",
        "update decisions set rule = 'RowCount > 5'",
        "update decisions set rule = 'RowCount > 5'; update dq_rules set rule_expression = 'RowCount > 5'",
        "delete from decisions",
    ],
)
def test_the_machine_would_notice_a_rule_that_nobody_decided_on(store, tmp_path, statement):
    """The check is checked: what gets in with the database's guards off is found."""
    Approving.memory, Approving.folder = store, tmp_path
    machine = Approving()
    machine.begin()
    machine.bring_along(which=0, rules=["RowCount > 0"], person="Ann")
    machine.each_active_rule_was_decided_on_by_a_person()
    with store.db.transaction() as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute(statement)
    with pytest.raises(AssertionError):
        machine.each_active_rule_was_decided_on_by_a_person()
