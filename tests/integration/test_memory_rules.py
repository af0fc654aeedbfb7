from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from memory import Memory
from memory.decisions import require_person
from memory.errors import StoreError
from memory.model import Decision
from tests.support.stores import new_dataset, new_run, proposed
from tools.dqdl import DqdlError


def decided(store: Memory, *decisions: Decision):
    run, dataset, _ = proposed(store, 'IsComplete "email"', 'IsUnique "id"', "RowCount > 10")
    store.approvals.decide(run.id, decisions, "ada")
    return run, dataset


def test_what_was_approved_or_edited_becomes_active_once(store):
    run, dataset = decided(
        store,
        Decision(1, "approve"),
        Decision(2, "reject", reason="ids repeat"),
        Decision(3, "edit", rule="RowCount between 5 and 500", reason="small days"),
    )
    rules = store.rules.activate(run.id)
    assert [rule.rule_expression for rule in rules] == ['IsComplete "email"', "RowCount between 5 and 500"]
    assert [(rule.rule_type, rule.threshold, rule.columns) for rule in rules] == [
        ("IsComplete", None, ("email",)),
        ("RowCount", "between 5 and 500", ()),
    ]
    assert all((rule.status, rule.approved_by, rule.created_by) == ("approved", "ada", "statistics") for rule in rules)
    assert store.rules.activate(run.id) == rules
    assert store.rules.active(dataset.id) == rules == store.rules.all()


def test_two_runs_that_approve_one_rule_make_one_active_rule(store):
    first, dataset = decided(store, Decision(1, "approve"))
    second, _ = decided(store, Decision(1, "approve"))
    assert store.rules.activate(first.id) == store.rules.activate(second.id)
    assert len(store.rules.active(dataset.id)) == 1


def test_activation_in_many_threads_makes_one_rule(store):
    run, dataset = decided(store, Decision(1, "approve"))
    barrier = threading.Barrier(8)

    def activate(_: int):
        barrier.wait()
        return store.rules.activate(run.id)

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(activate, range(8)))
    assert len({rule.id for rules in results for rule in rules}) == 1
    assert len(store.rules.active(dataset.id)) == 1


def test_a_disabled_rule_stays_so_when_its_run_is_activated_again(store):
    run, dataset = decided(store, Decision(1, "approve"))
    number = store.rules.activate(run.id)[0].number
    disabled = store.rules.disable(number, "bob", "too noisy")
    assert (disabled.status, disabled.disabled_by, disabled.disabled_reason) == ("disabled", "bob", "too noisy")
    assert store.rules.disable(number, "eve", "me too").disabled_by == "bob"
    assert store.rules.activate(run.id) == []
    assert store.rules.active(dataset.id) == []
    assert store.rules.get(number) == store.rules.all(dataset.id, "disabled")[0]


def test_a_disabled_rule_can_be_approved_anew(store):
    first, dataset = decided(store, Decision(1, "approve"))
    store.rules.disable(store.rules.activate(first.id)[0].number, "bob", "too noisy")
    second, _ = decided(store, Decision(1, "approve"))
    assert len(store.rules.activate(second.id)) == 1
    assert len(store.rules.active(dataset.id)) == 1
    assert len(store.rules.all(dataset.id)) == 2


def test_disabling_needs_a_name_a_reason_and_a_rule(store):
    with pytest.raises(StoreError, match="needs a reason"):
        store.rules.disable(1, "ada", " ")
    with pytest.raises(StoreError, match="needs the name of the person"):
        store.rules.disable(1, " ", "noisy")
    with pytest.raises(StoreError, match="no rule 99"):
        store.rules.disable(99, "ada", "gone")
    with pytest.raises(StoreError, match="no rule 99"):
        store.rules.get(99)


def test_an_import_is_a_decision_of_a_person(store):
    dataset = new_dataset(store)
    rules = store.rules.import_rules(dataset.id, ['IsComplete "email"', 'IsComplete   "EMAIL"', "RowCount > 3"], "ada")
    assert [(rule.rule_type, rule.created_by, rule.approved_by) for rule in rules] == [
        ("IsComplete", "ada", "ada"),
        ("RowCount", "ada", "ada"),
    ]
    assert store.rules.import_rules(dataset.id, ['IsComplete "email"'], "bob") == rules[:1]
    assert [rule.rule_expression for rule in rules] == ['IsComplete "EMAIL"', "RowCount > 3"]
    actions = store.db.rows("select action, actor from decisions")
    assert actions == [{"action": "import", "actor": "ada"}] * 2


@pytest.mark.parametrize(
    ("rules", "actor", "error"),
    [(["RowCount > 1", "RowCount >"], "ada", DqdlError), (["RowCount > 1"], " ", StoreError)],
)
def test_an_import_that_cannot_be_done_imports_nothing(store, rules, actor, error):
    dataset = new_dataset(store)
    with pytest.raises(error):
        store.rules.import_rules(dataset.id, rules, actor)
    assert store.rules.all() == []


INSERT = """
    insert into dq_rules (dataset_id, rule_type, rule_expression, columns, dimension, fingerprint, reasoning, status,
        decision_id, created_by, approved_by)
    values (%(dataset)s, %(type)s, %(rule)s, '{email}', 'completeness', %(fingerprint)s, '', 'approved', %(decision)s,
        'x', %(by)s)
"""


def attempt(store: Memory, **changes):
    """Tries to smuggle in an active rule by plain SQL, with one thing wrong."""
    run, dataset = decided(store, Decision(1, "approve"), Decision(2, "reject", reason="no"))
    ids = [
        row["id"]
        for row in store.db.rows(
            "select d.id from decisions d join proposals p on p.id = d.proposal_id where run_id = %s order by number",
            [run.id],
        )
    ]
    values = {"dataset": dataset.id, "rule": 'IsComplete "email"', "decision": ids[0], "by": "ada"}
    values |= {"type": "IsComplete", "fingerprint": 'fp IsComplete "email"'}
    if changes.get("decision") == "rejected":
        changes["decision"] = ids[1]
    with store.db.transaction() as connection:
        connection.execute(INSERT, {**values, **changes})


def test_plain_sql_can_activate_exactly_what_was_decided(store):
    attempt(store)


@pytest.mark.parametrize(
    "wrong",
    [
        {"decision": None},
        {"by": None},
        {"by": " "},
        {"by": "eve"},
        {"type": "IsUnique"},
        {"fingerprint": "another"},
        {"rule": 'IsComplete "phone"'},
        {"decision": "rejected"},
        {"decision": "00000000-0000-0000-0000-000000000000"},
    ],
    ids=str,
)
def test_plain_sql_cannot_activate_anything_else(store, wrong):
    with pytest.raises(psycopg.errors.IntegrityError):
        attempt(store, **wrong)
    assert store.rules.all() == []


def test_a_decision_does_not_serve_another_dataset(store):
    other = new_dataset(store, "/data/customers.csv")
    with pytest.raises(psycopg.errors.IntegrityError):
        attempt(store, dataset=other.id)


@pytest.mark.parametrize(
    "statement",
    [
        "update dq_rules set rule_expression = 'RowCount > 0'",
        "update decisions set rule = 'RowCount > 0', actor = 'eve'",
        "update decisions set actor = 'eve'",
        "delete from decisions",
        "delete from dq_rules",
        "truncate dq_rules cascade",
        "truncate decisions cascade",
        "truncate proposals cascade",
        "update proposals set rule = 'RowCount > 0'",
        "delete from proposals",
        "update dq_rules set status = 'draft'",
        "update dq_rules set approved_by = 'eve'",
        "update dq_rules set dataset_id = gen_random_uuid()",
        "update dq_rules set decision_id = null, status = 'disabled'",
        "insert into dq_rules (dataset_id, rule_type, rule_expression, threshold, columns, dimension, fingerprint,"
        " reasoning, status, decision_id, created_by, approved_by) select dataset_id, rule_type, rule_expression,"
        " threshold, columns, dimension, fingerprint || '2', reasoning, status, decision_id, created_by, approved_by"
        " from dq_rules",
        "insert into decisions"
        " (proposal_id, dataset_id, action, rule, rule_type, columns, dimension, fingerprint, actor)"
        " select id, dataset_id, 'approve', 'RowCount > 0', 'RowCount', '{}', 'validity', 'f', 'eve' from proposals"
        " where number = 2",
        "insert into decisions (dataset_id, action, rule, rule_type, columns, dimension, fingerprint, actor)"
        " select id, 'import', 'RowCount > 0', 'RowCount', '{}', 'validity', 'f', ' ' from datasets",
        "insert into decisions (dataset_id, action, rule, rule_type, columns, dimension, fingerprint, actor)"
        " select id, 'import', 'RowCount > 0', 'RowCount', '{}', 'validity', 'f', E'\\u200b' from datasets",
        "insert into decisions (dataset_id, action, rule, rule_type, columns, dimension, fingerprint, actor)"
        " select id, 'import', 'RowCount > 0', 'RowCount', '{}', 'validity', 'f', 'Recommender' from datasets",
        "insert into decisions (proposal_id, dataset_id, action, reason, actor)"
        " select id, dataset_id, 'reject', ' ', 'eve' from proposals where number = 2",
    ],
)
def test_plain_sql_cannot_change_what_was_decided(store, statement):
    run, _ = decided(store, Decision(1, "approve"))
    before = store.rules.activate(run.id)
    with pytest.raises(psycopg.errors.IntegrityError), store.db.transaction() as connection:
        connection.execute(statement)
    assert store.rules.all() == before
    assert store.db.rows("select actor from decisions") == [{"actor": "ada"}]


def test_activating_a_run_without_decisions_does_nothing(store):
    assert store.rules.activate(new_run(store).id) == []


REJECTED = """
    insert into decisions (proposal_id, dataset_id, action, reason, actor)
    select id, dataset_id, 'reject', 'no', 'eve' from proposals where run_id = %s and number = 3
"""


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ("update approvals set expires_at = now() - interval '1 second'", "the time to decide ended"),
        ("update runs set status = 'cancelled'", "the run is cancelled"),
        ("delete from approvals", "no decision was asked for"),
        ("select 1", None),
    ],
)
def test_plain_sql_decides_only_where_that_is_awaited(store, before, why):
    run, _ = decided(store, Decision(1, "approve"))
    with store.db.transaction() as connection:
        connection.execute(before)
    if why is None:
        store.db.rows(REJECTED + " returning id", [run.id])
        return
    with pytest.raises(psycopg.errors.IntegrityError, match=why):
        store.db.rows(REJECTED + " returning id", [run.id])


def test_a_decision_cannot_be_dated_back(store):
    run, _ = decided(store, Decision(1, "approve"))
    store.db.rows(
        "insert into decisions (proposal_id, dataset_id, action, reason, actor, decided_at)"
        " select id, dataset_id, 'reject', 'no', 'eve', now() - interval '9 days' from proposals"
        " where run_id = %s and number = 3 returning id",
        [run.id],
    )
    (row,) = store.db.rows("select now() - decided_at as age from decisions where actor = 'eve'")
    assert row["age"].total_seconds() < 60


def test_a_disabled_rule_does_not_come_back_by_an_older_decision_about_the_same(store):
    first, dataset = decided(store, Decision(1, "approve"))
    second, _ = decided(store, Decision(1, "approve"))
    number = store.rules.activate(first.id)[0].number
    store.rules.activate(second.id)
    store.rules.disable(number, "bob", "too noisy")
    assert store.rules.activate(second.id) == []
    assert store.rules.active(dataset.id) == []
    with pytest.raises(psycopg.errors.IntegrityError, match="disabled after that decision"):
        store.db.rows(
            "insert into dq_rules (dataset_id, rule_type, rule_expression, threshold, columns, dimension, fingerprint,"
            " reasoning, status, decision_id, created_by, approved_by)"
            " select d.dataset_id, d.rule_type, d.rule, d.threshold, d.columns, d.dimension, d.fingerprint, '',"
            " 'approved', d.id, 'x', d.actor from decisions d join proposals p on p.id = d.proposal_id"
            " where p.run_id = %s returning id",
            [second.id],
        )


@pytest.mark.parametrize(
    "statement",
    [
        "update dq_rules set status = 'approved'",
        "update dq_rules set disabled_by = 'eve'",
        "update dq_rules set disabled_at = null",
    ],
)
def test_plain_sql_cannot_take_back_that_a_rule_was_disabled(store, statement):
    run, _ = decided(store, Decision(1, "approve"))
    disabled = store.rules.disable(store.rules.activate(run.id)[0].number, "bob", "too noisy")
    with pytest.raises(psycopg.errors.IntegrityError), store.db.transaction() as connection:
        connection.execute(statement)
    assert store.rules.all() == [disabled]


def test_code_and_database_agree_on_who_is_a_person(store):
    names = ["ada", "Ödön", "李", " ", "", "\u200b", "\u00a0\t", "Profiler", " model ", "assay worker", "memory x", "0"]
    for name in names:
        (row,) = store.db.rows("select assay_is_person(%s) as is_person", [name])
        try:
            require_person(name, "It")
        except StoreError:
            assert not row["is_person"], name
        else:
            assert row["is_person"], name


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("update dq_rules set rule_expression = 'RowCount > 0'", r"not the text that ada approved on 20\d\d"),
        ("update decisions set rule = 'RowCount > 0'", "not the text that ada approved"),
        ("delete from decisions", "No person's decision"),
        ("update decisions set rule = null, action = 'reject', reason = 'x'", "No person's decision"),
    ],
)
def test_a_rule_altered_behind_the_databases_back_shows_it(store, statement, problem):
    run, dataset = decided(store, Decision(1, "approve"))
    assert store.rules.activate(run.id)[0].problem is None
    with store.db.transaction() as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute(statement)
    (rule,) = store.rules.active(dataset.id)
    assert re.search(problem, rule.problem)
    assert store.rules.get(rule.number) == rule
    assert store.rules.disable(rule.number, "ada", "altered").problem is None
