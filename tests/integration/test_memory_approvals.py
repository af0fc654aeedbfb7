from __future__ import annotations

from datetime import timedelta

import pytest

from memory import Memory
from memory.errors import StoreError
from memory.model import Decision
from tests.integration.test_memory_runs import at_once, claimed
from tests.support.clocks import Clock
from tests.support.stores import new_dataset, new_proposal, new_run, proposed
from tools.dqdl import DqdlError

THREE = ('IsComplete "email"', 'IsUnique "id"', "RowCount > 10")


def expire(store: Memory, run_id: str) -> None:
    with store.db.transaction() as connection:
        connection.execute("update approvals set expires_at = now() - interval '1 minute' where run_id = %s", [run_id])


def test_proposals_are_numbered_over_all_tables_of_a_run(store):
    run, orders, customers = new_run(store), new_dataset(store), new_dataset(store, "/data/customers.csv")
    first = store.approvals.propose(run.id, orders.id, [new_proposal(rule) for rule in THREE[:2]])
    second = store.approvals.propose(run.id, customers.id, [new_proposal(THREE[0], columns=["email"])])
    assert [p.number for p in first + second] == [1, 2, 3]
    assert store.approvals.proposals(run.id) == first + second
    assert second[0].columns == ("email",)
    assert first[0].evidence == {"nulls": 0}
    assert all(p.decision is None for p in first)


def test_proposing_again_keeps_numbers_and_adds_only_what_is_new(store):
    run, dataset = new_run(store), new_dataset(store)
    first = store.approvals.propose(run.id, dataset.id, [new_proposal(THREE[0])])
    again = store.approvals.propose(run.id, dataset.id, [new_proposal(rule) for rule in THREE])
    assert again[0] == first[0]
    assert [p.number for p in again] == [1, 2, 3]
    other = new_run(store)
    assert store.approvals.propose(other.id, dataset.id, [new_proposal(THREE[0])])[0].number == 1
    assert store.approvals.propose(other.id, dataset.id, []) == []


def test_tables_that_propose_at_once_share_one_sequence(store):
    run = new_run(store)
    datasets = [new_dataset(store, f"/data/t{n}.csv") for n in range(8)]
    at_once(8, lambda n: store.approvals.propose(run.id, datasets[n].id, [new_proposal(rule) for rule in THREE]))
    stored = store.approvals.proposals(run.id)
    assert [p.number for p in stored] == list(range(1, 25))
    assert len({(p.dataset_id, p.rule) for p in stored}) == 24


def test_the_inbox_shows_what_waits(store):
    run, _, _ = proposed(store, *THREE)
    (waiting,) = store.approvals.pending()
    assert (waiting.run_id, waiting.goal, waiting.tables) == (run.id, "check orders", ("orders",))
    assert (waiting.undecided, waiting.total, waiting.expired) == (3, 3, False)
    assert waiting.expires_at - waiting.requested_at == timedelta(hours=24)
    store.approvals.decide(run.id, [Decision(1, "approve")], "ada")
    assert store.approvals.pending()[0].undecided == 2
    store.approvals.decide(run.id, [Decision(2, "approve"), Decision(3, "approve")], "ada")
    assert store.approvals.pending() == []


def test_a_cancelled_run_leaves_the_inbox_and_takes_no_decisions(store):
    run, _, _ = proposed(store, *THREE)
    store.runs.request_cancel(run.id)
    assert store.approvals.pending() == []
    with pytest.raises(StoreError, match="is cancelled"):
        store.approvals.decide(run.id, [Decision(1, "approve")], "ada")


def test_asking_twice_does_not_move_the_deadline(store):
    run, _, _ = proposed(store, *THREE)
    first = store.approvals.pending()[0].expires_at
    assert store.approvals.open(run.id, timedelta(days=7)).expires_at == first


def test_decisions_are_kept_with_who_when_and_why(store):
    run, _, _ = proposed(store, *THREE)
    outcome = store.approvals.decide(
        run.id,
        [
            Decision(1, "approve"),
            Decision(2, "reject", reason="ids repeat"),
            Decision(3, "edit", rule="RowCount  >  5", reason="small days"),
        ],
        "ada",
    )
    assert (outcome.recorded, outcome.conflicts, outcome.undecided) == ((1, 2, 3), (), 0)
    approved, rejected, edited = (p.decision for p in store.approvals.proposals(run.id))
    assert (approved.action, approved.rule, approved.reason) == ("approve", THREE[0], None)
    assert (rejected.action, rejected.rule, rejected.reason) == ("reject", None, "ids repeat")
    assert (edited.action, edited.rule, edited.reason) == ("edit", "RowCount > 5", "small days")
    assert {d.actor for d in (approved, rejected, edited)} == {"ada"}
    assert approved.decided_at.utcoffset() == timedelta(0)


def test_the_first_decision_stands_and_the_second_person_hears_of_it(store):
    run, _, _ = proposed(store, *THREE)
    store.approvals.decide(run.id, [Decision(2, "reject", reason="ids repeat")], "ada")
    outcome = store.approvals.decide(run.id, [Decision(n, "approve") for n in (1, 2, 3)], "bob")
    (conflict,) = outcome.conflicts
    assert (conflict.number, conflict.decision.actor, conflict.decision.action) == (2, "ada", "reject")
    assert outcome.recorded == (1, 3)
    assert [p.decision.actor for p in store.approvals.proposals(run.id)] == ["bob", "ada", "bob"]


def test_the_same_decision_sent_again_is_no_conflict(store):
    run, _, _ = proposed(store, *THREE)
    same = [Decision(1, "approve"), Decision(3, "edit", rule="RowCount>5")]
    first = store.approvals.decide(run.id, same, "ada")
    assert store.approvals.decide(run.id, same, "ada") == first
    changed = store.approvals.decide(run.id, [Decision(3, "edit", rule="RowCount > 6")], "ada")
    assert [conflict.number for conflict in changed.conflicts] == [3]


def test_twenty_people_at_once_leave_one_decision(store):
    run, _, _ = proposed(store, *THREE)
    choices = [Decision(1, "approve"), Decision(1, "reject", reason="no")]
    outcomes = at_once(20, lambda n: store.approvals.decide(run.id, [choices[n % 2]], f"person {n}"))
    winners = [n for n, outcome in enumerate(outcomes) if outcome.recorded]
    assert len(winners) == 1
    decision = store.approvals.proposals(run.id)[0].decision
    assert decision.actor == f"person {winners[0]}"
    assert all(o.conflicts[0].decision == decision for n, o in enumerate(outcomes) if n not in winners)


@pytest.mark.parametrize(
    ("wrong", "actor", "message"),
    [
        (Decision(9, "approve"), "ada", "no proposal 9. It has 1 to 3"),
        (Decision(1, "approve"), "ada", "two decisions about proposal 1"),
        (Decision(2, "reject", reason=" "), "ada", "rejection of proposal 2 has no reason"),
        (Decision(2, "edit"), "ada", "edit of proposal 2 has no rule"),
        (Decision(2, "approve"), " ", "name of the person"),
    ],
)
def test_one_impossible_decision_keeps_all_from_being_recorded(store, wrong, actor, message):
    run, _, _ = proposed(store, *THREE)
    with pytest.raises(StoreError, match=message):
        store.approvals.decide(run.id, [Decision(1, "approve"), wrong], actor)
    assert store.approvals.pending()[0].undecided == 3


def test_an_edit_that_is_not_dqdl_records_nothing(store):
    run, _, _ = proposed(store, *THREE)
    with pytest.raises(DqdlError):
        store.approvals.decide(run.id, [Decision(1, "approve"), Decision(2, "edit", rule="RowCount >")], "ada")
    assert store.approvals.pending()[0].undecided == 3


def test_an_expired_request_takes_no_decisions_until_it_is_reopened(store):
    run, _, _ = proposed(store, *THREE)
    expire(store, run.id)
    assert store.approvals.pending()[0].expired
    with pytest.raises(StoreError, match=r"ended at .* UTC\. Reopen"):
        store.approvals.decide(run.id, [Decision(1, "approve")], "ada")
    assert not store.approvals.reopen(run.id).expired
    waiting = store.approvals.pending()[0]
    assert waiting.expires_at - waiting.requested_at >= timedelta(hours=24)
    assert store.approvals.decide(run.id, [Decision(1, "approve")], "ada").recorded == (1,)


def test_a_request_can_be_reopened_for_another_time(store):
    run, _, _ = proposed(store, *THREE)
    longer = store.approvals.reopen(run.id, timedelta(days=3))
    assert timedelta(days=3) <= longer.expires_at - longer.requested_at < timedelta(days=3, minutes=5)


def test_a_run_that_did_not_ask_takes_no_decisions(store):
    run = new_run(store)
    for call in (lambda: store.approvals.decide(run.id, [], "ada"), lambda: store.approvals.reopen(run.id)):
        with pytest.raises(StoreError, match="has not asked for approval"):
            call()
    with pytest.raises(StoreError, match="no run 'nope'"):
        store.approvals.decide("nope", [Decision(1, "approve")], "ada")


def test_the_last_decision_wakes_the_waiting_run(store):
    run, _, _ = proposed(store, *THREE)
    assert store.runs.release(claimed(store), "waiting")
    store.approvals.decide(run.id, [Decision(1, "approve"), Decision(2, "approve")], "ada")
    assert store.runs.get(run.id).status == "waiting"
    store.approvals.decide(run.id, [Decision(3, "reject", reason="no")], "bob")
    assert store.runs.get(run.id).status == "queued"


def test_a_decision_in_the_moment_before_the_run_goes_to_sleep_is_not_slept_over(store):
    run, _, _ = proposed(store, THREE[0])
    lease = claimed(store)
    store.approvals.decide(run.id, [Decision(1, "approve")], "ada")
    store.runs.release(lease, "waiting")
    assert store.runs.get(run.id).status == "queued"


def test_a_skipped_proposal_goes_on_waiting_and_says_who_put_it_off(store):
    run, _, _ = proposed(store, *THREE)
    assert store.runs.release(claimed(store), "waiting")
    outcome = store.approvals.decide(run.id, [Decision(2, "skip", reason="ask Cyd"), Decision(1, "approve")], "ada")
    assert (outcome.recorded, outcome.skipped, outcome.undecided) == ((1,), (2,), 2)
    store.approvals.decide(run.id, [Decision(3, "approve")], "ada")
    assert store.runs.get(run.id).status == "waiting"
    (waiting,) = store.approvals.pending()
    assert (waiting.undecided, waiting.skipped) == (1, 1)
    put_off = store.approvals.proposals(run.id)[1]
    assert put_off.decision is None
    assert (put_off.skipped.actor, put_off.skipped.reason) == ("ada", "ask Cyd")
    store.approvals.decide(run.id, [Decision(2, "skip")], "bob")
    assert store.approvals.proposals(run.id)[1].skipped.actor == "bob"
    store.approvals.decide(run.id, [Decision(2, "reject", reason="no")], "cyd")
    assert store.approvals.proposals(run.id)[1].skipped is None
    assert store.runs.get(run.id).status == "queued"


def test_who_skips_what_somebody_decided_is_told(store):
    run, _, _ = proposed(store, *THREE)
    store.approvals.decide(run.id, [Decision(1, "approve")], "ada")
    outcome = store.approvals.decide(run.id, [Decision(1, "skip")], "bob")
    assert (outcome.skipped, outcome.conflicts[0].decision.actor) == ((), "ada")


def test_the_end_is_near_then_past_by_the_clock_given(store_url):
    clock = Clock()
    with Memory(store_url, clock) as store:
        run, _, _ = proposed(store, *THREE)
        states = {}
        for hours in (0, 19, 20.1, 23.9, 24.1):
            clock.ahead = timedelta(hours=hours)
            (waiting,) = store.approvals.pending()
            states[hours] = (waiting.closing, waiting.expired)
        assert states == {
            0: (False, False),
            19: (False, False),
            20.1: (True, False),
            23.9: (True, False),
            24.1: (False, True),
        }
        with pytest.raises(StoreError, match=f"assay reopen {run.id}"):
            store.approvals.decide(run.id, [Decision(1, "approve")], "ada")
        store.approvals.reopen(run.id, timedelta(hours=6))
        assert store.approvals.decide(run.id, [Decision(1, "approve")], "ada").recorded == (1,)
        clock.ahead += timedelta(hours=5.5)
        assert store.approvals.pending()[0].closing


def test_a_run_may_have_a_window_of_its_own(store):
    run, dataset = new_run(store), new_dataset(store)
    store.approvals.propose(run.id, dataset.id, [new_proposal(THREE[0])])
    store.approvals.set_window(run.id, timedelta(days=3))
    request = store.approvals.open(run.id, timedelta(hours=24))
    assert request.expires_at - request.requested_at == timedelta(days=3)
    for window in (timedelta(), timedelta(hours=-1), timedelta(days=400)):
        with pytest.raises(StoreError, match="Give up to 365 days"):
            store.approvals.set_window(run.id, window)
