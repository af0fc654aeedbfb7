"""Events become steps, whatever order workers and crashes put them in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from memory.model import Event
from ui.web.trail import Trail

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
CALL = {"tool": "profile_table", "args": {"table": "orders"}, "id": "c1", "table": "orders"}
ANSWER = {
    "tool": "profile_table",
    "id": "c1",
    "status": "success",
    "text": '{"summary": "ten rows"}',
    "table": "orders",
}


def event(seq: int, kind: str, agent: str | None = None, **data: Any) -> Event:
    return Event("run", seq, kind, agent, None, data, START + timedelta(seconds=seq))


def told(*events: tuple[Any, ...]) -> Trail:
    trail = Trail()
    trail.add(
        event(number, kind, agent[0] if agent else None, **(agent[1] if len(agent) > 1 else {}))
        for number, (kind, *agent) in enumerate(events, start=1)
    )
    return trail


def test_a_step_has_its_calls_answers_and_times() -> None:
    trail = told(
        ("started", "profiler", {"table": "orders"}),
        ("tool_called", "profiler", CALL),
        ("tool_returned", "profiler", ANSWER),
        ("said", "profiler", {"table": "orders", "text": "done"}),
        ("finished", "profiler", {"table": "orders", "rows": 10, "profile_id": "p1"}),
    )
    (step,) = trail.steps
    assert (step.agent, step.table, step.state, step.seconds) == ("profiler", "orders", "complete", 4.0)
    (call,) = step.calls
    assert (call.status, call.answer, call.seconds) == ("success", "ten rows", 1.0)
    assert step.said == ["done"]
    assert trail.profiles() == {"orders": "p1"}


def test_a_call_that_has_not_answered_is_open() -> None:
    trail = told(("started", "profiler", {"table": "orders"}), ("tool_called", "profiler", CALL))
    assert trail.steps[0].state == "running"
    assert trail.steps[0].calls[0].status == ""


def test_the_answer_of_a_tool_is_its_summary_or_all_it_said() -> None:
    for text, shown in (('{"outcome": "x"}', '{"outcome": "x"}'), ("[1]", "[1]"), ("no such column", "no such column")):
        trail = told(
            ("started", "profiler", {"table": "orders"}),
            ("tool_called", "profiler", CALL),
            ("tool_returned", "profiler", {**ANSWER, "text": text}),
        )
        assert trail.steps[0].calls[0].answer == shown


def test_tables_side_by_side_do_not_mix() -> None:
    trail = told(
        ("started", "profiler", {"table": "a"}),
        ("started", "profiler", {"table": "b"}),
        ("progress", "profiler", {"table": "b", "share": 0.5}),
        ("finished", "profiler", {"table": "a", "rows": 1}),
    )
    assert [(step.table, step.state, step.share) for step in trail.steps] == [
        ("a", "complete", None),
        ("b", "running", 0.5),
    ]


def test_the_supervisor_has_one_step_per_turn() -> None:
    hand_over = {"tool": "hand_over", "args": {}, "id": "h", "text": "{}", "status": "success"}
    routed = {"next": "profiler", "tables": ["orders"], "reason": "asked"}
    trail = told(
        ("tool_called", "supervisor", hand_over),
        ("tool_returned", "supervisor", hand_over),
        ("routed", "supervisor", routed),
        ("said", "supervisor", {"text": "All done."}),
        ("answer", "supervisor", {"text": "All done."}),
        ("done", None, {}),
    )
    assert [step.result.get("next") for step in trail.steps] == ["profiler", None]
    assert {step.state for step in trail.steps} == {"complete"}
    assert trail.answer == "All done."


def test_the_decision_is_a_step_that_stays_open_until_it_is_taken() -> None:
    asked = [("approval_requested", None, {"rules": 3}), ("waiting", None, {})]
    assert told(*asked).steps[0].state == "running"
    (step,) = told(*asked, ("decisions_recorded", None, {"activated": 2, "decided": 3})).steps
    assert (step.state, step.result["activated"]) == ("complete", 2)


def test_what_was_cut_off_and_begun_anew_is_told_as_two_steps() -> None:
    trail = told(("started", "profiler", {"table": "orders"}), ("started", "profiler", {"table": "orders"}))
    assert [step.state for step in trail.steps] == ["error", "running"]
    assert "cut off" in trail.steps[0].said[0]


def test_a_failed_run_leaves_no_step_running() -> None:
    trail = told(("started", "profiler", {"table": "orders"}), ("failed", None, {"error": "x"}))
    assert trail.steps[0].state == "error"


def test_a_table_that_was_given_up_says_why() -> None:
    trail = told(("started", "profiler", {"table": "a"}), ("table_failed", "profiler", {"table": "a", "error": "gone"}))
    assert (trail.steps[0].state, trail.steps[0].said) == ("error", ["gone"])


def test_tokens_add_up_and_unknown_kinds_are_passed_over() -> None:
    trail = told(
        ("usage", "profiler", {"input_tokens": 10, "output_tokens": 2}),
        ("from_the_future", "profiler", {"x": 1}),
        ("usage", "profiler", {"input_tokens": 1, "output_tokens": 1}),
    )
    assert trail.tokens == 14
    assert trail.last_seq == 3


KINDS = st.sampled_from(
    [
        ("started", "profiler", {"table": "a"}),
        ("tool_called", "profiler", {**CALL, "table": "a"}),
        ("tool_returned", "profiler", {**ANSWER, "table": "a"}),
        ("progress", "profiler", {"table": "a", "share": 0.2}),
        ("finished", "profiler", {"table": "a", "rows": 1}),
        ("table_failed", "profiler", {"table": "a", "error": "e"}),
        ("routed", "supervisor", {"next": "profiler", "tables": ["a"], "reason": "r"}),
        ("approval_requested", None, {"rules": 1}),
        ("decisions_recorded", None, {"activated": 1, "decided": 1}),
        ("answer", "supervisor", {"text": "t"}),
        ("failed", None, {"error": "e"}),
        ("done", None, {}),
    ]
)


@given(st.lists(KINDS, max_size=30), st.integers(0, 30))
def test_it_is_the_same_whether_read_at_once_or_as_it_comes(kinds: list[Any], cut: int) -> None:
    events = [event(number, kind, agent, **data) for number, (kind, agent, data) in enumerate(kinds, start=1)]
    at_once, as_it_comes = Trail(), Trail()
    at_once.add(events)
    as_it_comes.add(events[:cut])
    as_it_comes.add(events[cut:])
    assert at_once == as_it_comes
