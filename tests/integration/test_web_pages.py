"""The pages besides the cards: empty and filled, and what starting a run stores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from graph.runs import Runs
from memory import Memory
from memory.model import Decision
from tests.support.pages import open_run, page_on, texts
from tests.support.waiting import ORDERS, waiting_run
from tools import dqdl, sources, validation
from ui.web import session


@pytest.fixture
def page(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    with page_on(store_url, monkeypatch) as opened:
        yield opened


def only(show: str) -> AppTest:
    """One page on its own, as the navigation would show it."""
    return AppTest.from_string(f"from ui.web import {show}\n{show}.show()", default_timeout=60)


def validated(store: Memory, dataset_id, rules: str) -> None:
    run = store.runs.create(
        kind="validate", goal="validate", sources=[], model="", graph_version="", requested_by="tester"
    )
    with sources.open(str(ORDERS)) as table:
        evaluation = dqdl.evaluate(dqdl.parse(rules), {"primary": table})
    scores = validation.score(evaluation)
    store.results.save(run.id, dataset_id, "1", evaluation.to_dict(), scores.dimensions, scores.total)


def test_an_empty_chat_says_what_to_do_and_offers_the_example(page: AppTest) -> None:
    page.run()
    assert not page.exception
    assert page.title[0].value == "What shall we look at?"
    assert "example orders" in page.button(key="suggestion-0").label


def test_a_suggestion_starts_a_run_on_the_example(page: AppTest, store: Memory) -> None:
    page.run()
    page.button(key="suggestion-0").click().run()
    (run,) = store.runs.recent()
    assert run.status == "queued"
    assert run.sources == [str(ORDERS)]
    assert run.requested_by == session.actor()
    assert page.query_params["run"] == run.id
    assert run.goal in texts(page)
    assert "Waiting for a worker" in texts(page)


def test_a_message_starts_a_run_with_it_as_its_goal(page: AppTest, store: Memory) -> None:
    page.run()
    page.chat_input[0].set_value("which datasets are there?").run()
    (run,) = store.runs.recent()
    assert (run.goal, run.sources) == ("which datasets are there?", [])
    page.chat_input[0].set_value("and their rules?").run()
    assert len(page.query_params["run"]) == 2
    assert len(page.chat_message) == 4


def test_a_question_that_cannot_be_started_is_kept_with_the_reason(
    page: AppTest, store: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.run()
    monkeypatch.setenv("ASSAY_MODEL", "nonsense")
    page.chat_input[0].set_value("profile the orders").run()
    assert store.runs.recent() == []
    assert page.error
    assert "profile the orders" in texts(page)
    monkeypatch.delenv("ASSAY_MODEL")
    page.button(key="again").click().run()
    assert [run.goal for run in store.runs.recent()] == ["profile the orders"]
    assert not page.error


def test_a_run_that_nobody_knows_is_one_line(page: AppTest) -> None:
    open_run(page, "zzzzzzzz")
    assert not page.exception
    assert "zzzzzzzz" in page.error[0].value


def test_stopping_a_queued_run_offers_nothing_more(page: AppTest, store: Memory) -> None:
    page.run()
    page.button(key="suggestion-0").click().run()
    (run,) = store.runs.recent()
    page.button(key=f"stop-{run.id}").click().run()
    assert store.runs.get(run.id).status == "cancelled"


def test_a_failed_run_says_why_and_can_go_on(page: AppTest, store: Memory) -> None:
    run = Runs(store).start([], goal="profile it", requested_by="tester")
    lease = store.runs.claim("test", seconds=60, run_id=run.id)
    store.runs.append_event(run.id, "started", {"table": "orders"}, agent="profiler")
    store.runs.append_event(run.id, "failed", {"error": "the model is away"})
    store.runs.release(lease, "failed", "the model is away")
    open_run(page, run.id)
    assert not page.exception
    assert "the model is away" in page.error[0].value
    (step,) = [expander for expander in page.expander if "Profiler" in expander.label]
    assert step.icon == ":material/error:"
    page.button(key=f"resume-{run.id}").click().run()
    assert store.runs.get(run.id).status == "queued"


def test_the_steps_tell_agent_tool_and_answer(page: AppTest, store: Memory) -> None:
    open_run(page, waiting_run(store, rules=['IsComplete "email"']).run_id)
    labels = [expander.label for expander in page.expander]
    assert any("Profiler" in label and "1,000 rows" in label for label in labels)
    assert any("Your decision" in label and "1 rule to decide" in label for label in labels)
    assert "orders has rows." in texts(page)
    assert any("profile table" in str(caption.value) for caption in page.caption)


def test_the_plan_of_a_goal_is_shown_with_how_far_it_is(page: AppTest, store: Memory) -> None:
    run_id = waiting_run(store, rules=['IsComplete "email"']).run_id
    steps = [{"step": step, "tables": ["orders"]} for step in ("profiler", "recommender")]
    store.runs.append_event(run_id, "planned", {"steps": steps}, agent="supervisor")
    open_run(page, run_id)
    told = [str(badge.value) for badge in page.markdown if "orders" in str(badge.value)]
    assert any("green-badge" in one and "Profile orders" in one for one in told)
    assert any("gray-badge" in one and "Recommend rules for orders" in one for one in told)


def test_the_profile_opens_as_a_table_with_charts(page: AppTest, store: Memory) -> None:
    run = waiting_run(store, rules=['IsComplete "email"'])
    open_run(page, run.run_id)
    page.session_state[f"profile-of-{run.run_id}-orders"] = True
    page.run()
    (table,) = [frame.value for frame in page.dataframe if "Distribution" in frame.value.columns]
    assert "order_id" in list(table["Column"])
    assert all(table[name].between(0, 100).all() for name in ("NULL", "Blank"))


def test_the_inbox_is_empty_until_something_waits(page: AppTest, store: Memory) -> None:
    page.run()
    empty = only("inbox_page").run()
    assert "Nothing waits" in empty.info[0].value
    run = waiting_run(store, rules=['IsComplete "email"'])
    filled = only("inbox_page").run()
    assert not filled.exception
    assert "1 rule proposed" in filled.expander[0].label
    filled.button(key=f"approve-{run.run_id}-1").click().run()
    assert store.approvals.proposals(run.run_id)[0].decision
    assert "Nothing waits" in filled.info[0].value


def test_a_dataset_shows_profile_rules_result_and_history(page: AppTest, store: Memory) -> None:
    page.run()
    assert "No datasets yet" in only("datasets_page").run().info[0].value
    run = waiting_run(store, rules=['IsComplete "email"'])
    Runs(store).decide(run.run_id, [Decision(1, "approve")], "Ann")
    store.rules.activate(run.run_id)
    (dataset,) = store.catalog.datasets()
    for bound in (0, 1_000_000):
        validated(store, dataset.id, f'Rules = [ IsComplete "email", ColumnValues "amount" >= {bound} ]')
    shown = only("datasets_page").run()
    assert not shown.exception
    assert shown.subheader[0].value == "orders"
    assert any("Distribution" in frame.value.columns for frame in shown.dataframe)
    shown.segmented_control(key="tab").set_value("Rules").run()
    (rules,) = [frame.value for frame in shown.dataframe if "Approved by" in frame.value.columns]
    assert list(rules["Approved by"]) == ["Ann"]
    shown.segmented_control(key="tab").set_value("Latest result").run()
    assert {"Score", "Completeness", "Validity"} <= {metric.label for metric in shown.metric}
    assert 'ColumnValues "amount" >= 1000000' in [code.value for code in shown.code]
    shown.segmented_control(key="tab").set_value("Score history").run()
    assert not shown.exception
    assert not shown.info


def test_a_dataset_can_be_worked_on_from_its_page(page: AppTest, store: Memory) -> None:
    page.run()
    waiting_run(store, rules=['IsComplete "email"'])
    shown = only("datasets_page").run()
    shown.button(key="do-Validate").click().run()
    newest = store.runs.recent(1)[0]
    assert (newest.goal, newest.sources) == ("Validate it", [str(ORDERS)])


def test_the_runs_page_lists_runs_and_tells_one(page: AppTest, store: Memory) -> None:
    page.run()
    assert "No runs yet" in only("runs_page").run().info[0].value
    run = waiting_run(store, rules=['IsComplete "email"'])
    shown = only("runs_page")
    shown.query_params["run"] = run.run_id
    shown.run()
    assert not shown.exception
    assert list(shown.dataframe[0].value["Run"]) == [run.run_id]
    assert shown.subheader[0].value == f"Run {run.run_id}"
    assert any("Profiler" in expander.label for expander in shown.expander)


def test_the_store_being_away_is_one_line(monkeypatch: pytest.MonkeyPatch, page: AppTest, store_url: str) -> None:
    page.run()
    session.desk.clear()
    monkeypatch.setenv("ASSAY_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    page.run()
    assert not page.exception
    assert "127" in page.error[0].value
    assert "secret" not in page.error[0].value
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
