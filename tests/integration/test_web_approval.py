"""Deciding on the page: what a click stores, and that a mistake loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from graph.runs import Runs
from memory import Memory
from memory.model import Decision
from tests.support.pages import open_run, page_on, texts
from tests.support.waiting import Waiting, waiting_run
from tools.errors import AssayError
from ui.web import session

RULES = ['IsComplete "email"', 'ColumnValues "amount" > 0', 'IsUnique "order_id"']


@pytest.fixture
def page(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    with page_on(store_url, monkeypatch) as opened:
        yield opened


@pytest.fixture
def waiting(store: Memory) -> Waiting:
    return waiting_run(store, rules=RULES)


def key(action: str, run: Waiting, number: int) -> str:
    return f"{action}-{run.run_id}-{number}"


def decision(store: Memory, run: Waiting, number: int):
    return store.approvals.proposals(run.run_id)[number - 1].decision


def test_a_waiting_run_shows_a_card_for_each_rule(page: AppTest, waiting: Waiting) -> None:
    open_run(page, waiting.run_id)
    assert not page.exception
    shown = texts(page)
    assert "3 rules to decide" in shown
    assert [code.value for code in page.code if code.value in RULES] == RULES
    assert f"Because of {RULES[0]}." in shown
    for number in (1, 2, 3):
        for action in ("approve", "edit"):
            assert page.button(key=key(action, waiting, number))


def test_a_card_shows_the_dry_run_and_rows_that_break_the_rule(page: AppTest, store: Memory) -> None:
    run = waiting_run(store, rules=['IsComplete "email"', 'IsComplete "order_id"'])
    open_run(page, run.run_id)
    broken, holding = store.approvals.proposals(run.run_id)
    shown = texts(page)
    assert broken.dry_run["reason"] in shown
    assert holding.dry_run["reason"] in shown
    assert any(set(frame.value.columns) & {"email"} for frame in page.dataframe)


def test_approving_stores_who_and_what(page: AppTest, store: Memory, waiting: Waiting) -> None:
    open_run(page, waiting.run_id)
    page.button(key=key("approve", waiting, 1)).click().run()
    stored = decision(store, waiting, 1)
    assert (stored.action, stored.actor, stored.rule) == ("approve", session.actor(), RULES[0])
    assert "2 rules to decide" in texts(page)
    assert f"Approved by **{session.actor()}**" in texts(page)


def test_rejecting_needs_a_reason_and_stores_it(page: AppTest, store: Memory, waiting: Waiting) -> None:
    open_run(page, waiting.run_id)
    page.button(key=key("reject", waiting, 2)).click().run()
    page.button(key=key("rejected", waiting, 2)).click().run()
    assert "Say in a few words why you reject it" in texts(page)
    assert decision(store, waiting, 2) is None
    page.text_input(key=key("reason", waiting, 2)).set_value("refunds are negative")
    page.button(key=key("rejected", waiting, 2)).click().run()
    stored = decision(store, waiting, 2)
    assert (stored.action, stored.reason, stored.actor) == ("reject", "refunds are negative", session.actor())
    assert "refunds are negative" in texts(page)


def test_an_edit_that_is_no_rule_shows_the_error_and_keeps_the_text(
    page: AppTest, store: Memory, waiting: Waiting
) -> None:
    open_run(page, waiting.run_id)
    page.button(key=key("edit", waiting, 2)).click().run()
    page.text_area(key=key("rule", waiting, 2)).set_value('ColumnValues "amount" >').run()
    assert any("column" in error.value for error in page.error)
    assert page.text_area(key=key("rule", waiting, 2)).value == 'ColumnValues "amount" >'
    assert page.button(key=key("save", waiting, 2)).disabled
    assert decision(store, waiting, 2) is None


def test_an_edit_that_names_no_column_says_which_is_meant(page: AppTest, waiting: Waiting) -> None:
    open_run(page, waiting.run_id)
    page.button(key=key("edit", waiting, 2)).click().run()
    page.text_area(key=key("rule", waiting, 2)).set_value('ColumnValues "amout" > 0').run()
    assert any("amount" in error.value for error in page.error)


def test_an_edit_is_tried_on_the_data_and_then_stored_as_edited(page: AppTest, store: Memory, waiting: Waiting) -> None:
    open_run(page, waiting.run_id)
    page.button(key=key("edit", waiting, 2)).click().run()
    page.text_area(key=key("rule", waiting, 2)).set_value('ColumnValues "amount" >= 1000000').run()
    assert not page.error
    assert "rows" in texts(page)
    page.button(key=key("save", waiting, 2)).click().run()
    stored = decision(store, waiting, 2)
    assert (stored.action, stored.rule) == ("edit", 'ColumnValues "amount" >= 1000000')
    assert "It was proposed as" in texts(page)


def test_an_edit_without_a_change_cannot_be_saved(page: AppTest, waiting: Waiting) -> None:
    open_run(page, waiting.run_id)
    page.button(key=key("edit", waiting, 1)).click().run()
    assert page.button(key=key("save", waiting, 1)).disabled
    page.button(key=key("check", waiting, 1)).click().run()
    assert "Nothing is changed yet." in texts(page)
    page.button(key=key("back", waiting, 1)).click().run()
    assert page.button(key=key("approve", waiting, 1))


def test_approving_all_that_is_left_puts_the_run_back_into_the_queue(
    page: AppTest, store: Memory, waiting: Waiting
) -> None:
    open_run(page, waiting.run_id)
    page.button(key=f"open-approve-{waiting.run_id}").click().run()
    page.button(key=f"rest-{waiting.run_id}").click().run()
    assert {p.decision.action for p in store.approvals.proposals(waiting.run_id)} == {"approve"}
    assert store.runs.get(waiting.run_id).status == "queued"


def test_approving_what_holds_leaves_the_rest(page: AppTest, store: Memory) -> None:
    run = waiting_run(store, rules=['IsComplete "email"', 'IsComplete "order_id"'])
    open_run(page, run.run_id)
    page.button(key=f"open-approve-{run.run_id}").click().run()
    page.button(key=f"holding-{run.run_id}").click().run()
    assert [bool(p.decision) for p in store.approvals.proposals(run.run_id)] == [False, True]


def test_a_decision_that_somebody_else_took_first_stands(page: AppTest, store: Memory, waiting: Waiting) -> None:
    open_run(page, waiting.run_id)
    store.approvals.decide(waiting.run_id, [Decision(1, "reject", reason="no")], "Ann")
    page.button(key=key("approve", waiting, 1)).click().run()
    assert decision(store, waiting, 1).actor == "Ann"
    assert "Rejected by **Ann**" in texts(page)


def expire(store: Memory, run: Waiting) -> None:
    with store.db.transaction() as connection:
        connection.execute(
            "update approvals set expires_at = now() - interval '1 hour' where run_id = %s", [run.run_id]
        )


def test_the_page_says_who_decides(page: AppTest, waiting: Waiting) -> None:
    open_run(page, waiting.run_id)
    assert f"You decide as **{session.actor()}**" in texts(page)
    assert "expires in 24 h" in texts(page)


def inbox(page: AppTest, run: Waiting) -> AppTest:
    page.run()
    return AppTest.from_string("from ui.web import inbox_page\ninbox_page.show()", default_timeout=60).run()


@pytest.mark.parametrize("opened", [lambda page, run: open_run(page, run.run_id), inbox], ids=["chat", "inbox"])
def test_an_expired_request_is_reopened_before_anything_is_decided(
    page: AppTest, store: Memory, waiting: Waiting, opened: Callable[[AppTest, Waiting], AppTest]
) -> None:
    store.approvals.decide(waiting.run_id, [Decision(3, "reject", reason="not ours")], "Ann")
    expire(store, waiting)
    shown = opened(page, waiting)
    assert not shown.exception
    assert "the time to decide is over" in texts(shown)
    assert "not ours" in texts(shown)
    keys = {button.key for button in shown.button}
    assert not keys & {key(action, waiting, 1) for action in ("approve", "edit", "rejected")}
    assert f"rest-{waiting.run_id}" not in keys
    shown.button(key=f"reopen-{waiting.run_id}").click().run()
    assert not store.approvals.pending()[0].expired
    shown.button(key=key("approve", waiting, 1)).click().run()
    assert decision(store, waiting, 1).action == "approve"


def test_what_hinders_reopening_is_said(
    page: AppTest, store: Memory, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(runs: Runs, run_id: str, actor: str) -> None:
        raise AssayError("The store is away.")

    expire(store, waiting)
    open_run(page, waiting.run_id)
    monkeypatch.setattr(Runs, "reopen", away)
    page.button(key=f"reopen-{waiting.run_id}").click().run()
    assert any("The store is away" in error.value for error in page.error)
    assert page.button(key=f"reopen-{waiting.run_id}")


def test_text_of_the_data_is_never_read_as_markup(page: AppTest, store: Memory) -> None:
    run = waiting_run(store, rules=RULES[:1])
    store.approvals.decide(run.run_id, [Decision(1, "reject", reason="![x](http://a.example/b)")], "[Eve](http://e)")
    open_run(page, run.run_id)
    assert "![x](http://a.example/b)" not in "\n".join(element.value for element in page.markdown)
    assert "[Eve](" not in "\n".join(element.value for element in page.markdown)
