"""The audit log: what is in it, and that nobody changes it unnoticed, not even the database's superuser."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from memory import Memory, anchor, audit_check
from memory.audit import Fact, record
from memory.db import Connection, connect
from memory.errors import StoreError
from memory.model import Decision
from tests.support.stores import new_run, proposed

RULE = 'IsComplete "email"'


@pytest.fixture(autouse=True)
def anchors(tmp_path, monkeypatch) -> Path:
    """Where the anchors of one test are."""
    monkeypatch.setenv("ASSAY_AUDIT_ANCHOR", str(tmp_path))
    return tmp_path


@pytest.fixture
def ten(store: Memory) -> Memory:
    """A store with ten entries."""
    for number in range(1, 11):
        store.audit.record(Fact("rule.decided", "ada", "run1", f"proposal {number}", {"rule": f"RowCount > {number}"}))
    return store


@contextmanager
def superuser(store: Memory) -> Iterator[Connection]:
    """A session in which no trigger fires."""
    with connect(store.url) as connection:
        connection.execute("set session_replication_role = replica")
        yield connection


def kinds(store: Memory) -> list[tuple[str, int | None]]:
    return [(finding.kind, finding.seq) for finding in audit_check.verify(store.db).findings]


def test_a_log_that_nobody_touched_is_good(ten):
    verdict = audit_check.verify(ten.db)
    assert (verdict.state, verdict.entries, verdict.anchored, verdict.findings) == ("good", 10, 10, ())


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'eve'",
        "data = replace(data, '5', '6')",
        "at = at + interval '1 microsecond'",
        "action = 'rule.disabled'",
        "run_id = null",
        "subject = ''",
        "mac = repeat('0', 64)",
        "prev = mac",
    ],
)
def test_an_edit_is_found_in_each_part_of_an_entry(ten, change):
    with superuser(ten) as connection:
        connection.execute(f"update audit_log set {change} where seq = 5")
    found = audit_check.verify(ten.db)
    assert found.state == "tampered"
    assert ("edit", 5) in kinds(ten)
    assert "Entry 5 is not what was written" in found.findings[0].message


def test_a_deletion_is_found(ten):
    with superuser(ten) as connection:
        connection.execute("delete from audit_log where seq in (4, 5)")
    (finding,) = audit_check.verify(ten.db).findings
    assert (finding.kind, finding.seq, finding.message) == ("deletion", 4, "Entries 4 to 5 are missing.")


def test_the_first_entry_is_missed_too(ten):
    with superuser(ten) as connection:
        connection.execute("delete from audit_log where seq = 1")
    assert kinds(ten) == [("deletion", 1)]


def test_a_deletion_that_closes_the_gap_is_found(ten):
    with superuser(ten) as connection:
        connection.execute("delete from audit_log where seq = 4")
        for seq in range(5, 11):
            connection.execute("update audit_log set seq = seq - 1 where seq = %s", [seq])
    found = kinds(ten)
    assert ("reorder", 4) in found
    assert ("truncation", 10) in found


def test_a_reorder_is_found(ten):
    with superuser(ten) as connection:
        for seq, to in ((5, 0), (6, 5), (0, 6)):
            connection.execute("update audit_log set seq = %s where seq = %s", [to, seq])
    found = audit_check.verify(ten.db).findings
    assert [(f.kind, f.message) for f in found] == [
        ("reorder", "Entry 5 was entry 6."),
        ("reorder", "Entry 6 was entry 5."),
    ]


def test_a_truncation_is_found_by_the_head(ten):
    with superuser(ten) as connection:
        connection.execute("delete from audit_log where seq > 8")
    (finding,) = audit_check.verify(ten.db).findings
    assert (finding.kind, finding.seq) == ("truncation", 9)
    assert finding.message == "The end was cut off: entries 9 to 10 are missing."


def test_a_head_that_was_made_to_fit_is_found(ten):
    with superuser(ten) as connection:
        connection.execute("delete from audit_log where seq > 8")
        connection.execute("update audit_head set seq = 8, mac = (select mac from audit_log where seq = 8)")
    assert ("head", None) in kinds(ten)
    with pytest.raises(StoreError, match="tampered with"):
        ten.audit.record(Fact("rule.decided", "ada"))


def _whole_state(connection: Connection) -> tuple[list, dict]:
    log = connection.execute("select * from audit_log order by seq").fetchall()
    head = connection.execute("select * from audit_head").fetchone()
    assert head
    return log, head


def _put_back(connection: Connection, log: list, head: dict) -> None:
    connection.execute("delete from audit_log where seq > %s", [len(log)])
    connection.execute(
        "update audit_head set chain = %(chain)s, seq = %(seq)s, mac = %(mac)s, key_id = %(key_id)s, seal = %(seal)s",
        head,
    )


def test_a_replay_of_an_old_state_with_its_own_head_is_found_by_the_anchor(ten):
    with superuser(ten) as connection:
        old = _whole_state(connection)
        ten.audit.record(Fact("rule.disabled", "eve", subject="rule 1"))
        _put_back(connection, *old)
        (finding,) = audit_check.verify(ten.db).findings
        assert (finding.kind, finding.message) == (
            "replay",
            "An old state was put back: the anchor knows 11 entries, not 10.",
        )
        # What is done since does not wash it away, at any length.
        for _ in range(3):
            ten.audit.record(Fact("run.started", "ada"))
    assert kinds(ten) == [("replay", 11)]


def test_a_log_that_begins_anew_is_found_by_the_anchor(ten):
    with superuser(ten) as connection:
        connection.execute("delete from audit_log")
        connection.execute("update audit_head set chain = '', seq = 0, mac = '', key_id = '', seal = ''")
    assert kinds(ten) == [("replay", None)]
    ten.audit.record(Fact("run.started", "ada"))
    assert kinds(ten) == [("replay", None)]
    assert audit_check.verify(ten.db, trust=True).state == "good"
    assert kinds(ten) == []


def test_a_copied_entry_is_found(ten):
    with superuser(ten) as connection:
        connection.execute(
            """insert into audit_log select 11, at, actor, action, run_id, subject, data, prev, key_id, mac
            from audit_log where seq = 3"""
        )
    assert kinds(ten) == [("insertion", 11), ("replay", 11)]


def test_a_decision_behind_the_log_s_back_is_found(store):
    _, _, (proposal,) = proposed(store, RULE)
    with superuser(store) as connection:
        connection.execute(
            """insert into decisions (proposal_id, dataset_id, action, rule, rule_type, columns, dimension, fingerprint,
                actor)
            select id, dataset_id, 'approve', rule, rule_type, columns, dimension, fingerprint, 'eve'
            from proposals where id = %s""",
            [proposal.id],
        )
    (finding,) = audit_check.verify(store.db).findings
    assert finding.kind == "unrecorded"
    assert "approve by eve" in finding.message


@pytest.mark.parametrize("table", ["audit_log", "audit_head"])
@pytest.mark.parametrize("deed", ["delete from {}", "truncate {}", "update {} set seq = 1"])
def test_the_tables_refuse_what_is_no_addition(ten, table, deed):
    with connect(ten.url) as connection, pytest.raises(psycopg.errors.IntegrityError):
        connection.execute(deed.format(table))
    assert kinds(ten) == []


def test_an_entry_stands_and_falls_with_the_deed(ten, anchors):
    def broken() -> None:
        with ten.db.transaction() as connection:
            record(connection, Fact("rule.activated", "ada"))
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    ten.db.rows("select 1")
    assert (len(ten.audit.entries()), kinds(ten)) == (10, [])


def test_the_anchor_is_moved_by_each_transaction_and_only_forward(ten, anchors):
    (file,) = anchors.iterdir()
    known = audit_check.keys()
    mark = anchor.read(file, known)
    assert mark
    assert mark.seq == 10
    anchor.write(file, anchor.Mark(mark.chain, 4, "old"), known, lambda _: True)
    anchor.write(file, anchor.Mark(mark.chain, 40, "other"), known, lambda _: False)
    assert anchor.read(file, known) == mark
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content", ["", "nonsense", '{"chain": "x", "seq": 3, "mac": "", "key_id": "", "seal": ""}', "[]"]
)
def test_an_anchor_that_nobody_can_read_is_no_proof(ten, anchors, content):
    (file,) = anchors.iterdir()
    file.write_text(content)
    assert audit_check.verify(ten.db).state == "unclear"


def test_a_machine_without_an_anchor_says_so_until_somebody_trusts_the_log(ten, anchors):
    (file,) = anchors.iterdir()
    file.unlink()
    assert audit_check.verify(ten.db).state == "unclear"
    assert not file.exists()
    assert audit_check.verify(ten.db, trust=True).state == "good"
    assert audit_check.verify(ten.db).state == "good"


def test_another_key_can_neither_add_nor_check(ten, monkeypatch):
    monkeypatch.setenv("ASSAY_AUDIT_KEY", "another-key-than-before")
    with pytest.raises(StoreError, match="another key"):
        ten.audit.record(Fact("run.started", "ada"))
    verdict = audit_check.verify(ten.db)
    assert verdict.state == "unclear"
    assert {finding.kind for finding in verdict.findings} == {"key", "anchor"}


def test_a_key_is_changed_by_putting_the_new_one_first(ten, monkeypatch):
    monkeypatch.setenv("ASSAY_AUDIT_KEY", f"another-key-than-before,{os.environ['ASSAY_AUDIT_KEY']}")
    ten.audit.record(Fact("run.started", "ada"))
    assert audit_check.verify(ten.db).state == "good"


def test_many_who_write_at_once_make_one_chain(store):
    def work(name: int) -> None:
        for number in range(20):
            store.audit.record(Fact("run.started", f"p{name}"), Fact("run.done", f"p{name}", subject=str(number)))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert audit_check.verify(store.db).state == "good"
    assert [entry.seq for entry in store.audit.entries()] == list(range(1, 241))


def test_odd_text_is_signed_as_it_is_stored(store):
    store.audit.record(Fact("model.answered", "ada\0", subject="\ud800 é 🎈", data={"n": float("nan"), "b": "a\0b"}))
    assert audit_check.verify(store.db).state == "good"


def test_a_run_from_its_start_to_its_end_can_be_read_in_the_log(store):
    run, _, _ = proposed(store, RULE, 'IsUnique "id"', "RowCount > 10")
    decisions = [
        Decision(1, "approve"),
        Decision(2, "edit", rule='IsUnique "email"'),
        Decision(3, "reject", reason="no"),
    ]
    store.approvals.decide(run.id, decisions, "bob")
    rules = store.rules.activate(run.id)
    store.rules.activate(run.id)
    store.rules.disable(rules[0].number, "cyd", "legal")
    store.runs.append_event(run.id, "answered", {"text": "Done.", "tools": []}, agent="supervisor")
    store.runs.request_cancel(run.id, "dan")
    told = [(entry.action, entry.actor) for entry in store.audit.entries()]
    assert told == [
        ("run.started", "ada"),
        *[("rule.proposed", "statistics")] * 3,
        ("approval.requested", "assay worker"),
        *[("rule.decided", "bob")] * 3,
        *[("rule.activated", "bob")] * 2,
        ("rule.disabled", "cyd"),
        ("model.answered", "supervisor"),
        ("run.cancel_requested", "dan"),
    ]
    edited = store.audit.entries(run_id=run.id)[6]
    assert edited.data["proposed"] == 'IsUnique "id"'
    assert edited.data["rule"] == 'IsUnique "email"'
    assert audit_check.verify(store.db).state == "good"


def _decide(store: Memory) -> Callable[..., None]:
    run, _, _ = proposed(store, RULE, "RowCount > 10")
    return lambda action, actor, **more: store.approvals.decide(run.id, [Decision(1, action, **more)], actor)


def test_whoever_started_a_run_may_not_approve_it_where_two_people_are_asked_for(store):
    decide = _decide(store)
    store.settings.set("approver_differs", True, "root")
    with pytest.raises(StoreError, match="started run"):
        decide("approve", " ADA ")
    with pytest.raises(StoreError, match="author and approver"):
        decide("edit", "bob", rule="RowCount > 5")
    decide("approve", "bob")


def test_an_author_may_reject(store):
    decide = _decide(store)
    store.settings.set("approver_differs", True, "root")
    decide("reject", "ada", reason="a slip")


def test_the_database_itself_asks_for_two_people(store):
    _, _, (proposal,) = proposed(store, RULE)
    store.settings.set("approver_differs", True, "root")
    with connect(store.url) as connection, pytest.raises(psycopg.errors.IntegrityError, match="must differ"):
        connection.execute(
            """insert into decisions (proposal_id, dataset_id, action, rule, rule_type, columns, dimension, fingerprint,
                actor)
            select id, dataset_id, 'approve', rule, rule_type, columns, dimension, fingerprint, 'ada'
            from proposals where id = %s""",
            [proposal.id],
        )


def test_a_setting_is_off_until_it_is_set_and_each_change_is_told(store):
    assert store.settings.get("approver_differs") is False
    store.settings.set("approver_differs", True, "root")
    store.settings.set("approver_differs", False, "eve")
    assert store.settings.all()[0].changed_by == "eve"
    assert [(entry.actor, entry.data) for entry in store.audit.entries()] == [
        ("root", {"from": False, "to": True}),
        ("eve", {"from": True, "to": False}),
    ]
    with pytest.raises(StoreError, match="no setting 'approver'"):
        store.settings.set("approver", True, "root")


def test_new_runs_are_told(store):
    run = new_run(store)
    (entry,) = store.audit.entries(run_id=run.id)
    assert entry.data == {"kind": "run", "goal": "check orders", "sources": ["orders.csv"], "model": "offline"}
    assert store.audit.entries(run_id="other") == []
    assert store.audit.entries(since=entry.at) == [entry]
