"""A run's events in words: what matters to a person, short, and nothing about the rest."""

import json

import pytest

from tests.support.reports import HOSTILE, event
from ui.report import steps


def returned(text: str, tool: str = "profile_table", status: str = "ok"):
    return event("tool_returned", "profiler", tool=tool, status=status, text=text, id="1", table="orders")


def test_routing_names_the_agent_the_tables_and_the_reason():
    told = steps.line(event("routed", "supervisor", next="profiler", tables=["orders", "items"], reason="It is asked."))
    assert told == steps.Line("supervisor", "profiler: orders, items. It is asked.")


def test_what_a_tool_answered_is_its_summary():
    told = steps.line(returned(json.dumps({"summary": 'orders has "5" rows.', "columns": ["x"] * 99})))
    assert told == steps.Line("profiler", 'profile_table: orders has "5" rows.', "good")


def test_the_summary_survives_an_answer_that_was_cut_off():
    whole = json.dumps({"summary": "orders: größe is fine.", "columns": ["x" * 50] * 99}, ensure_ascii=False)
    assert steps.summary(whole[:500]) == "orders: größe is fine."


def test_an_answer_without_a_summary_is_shown_short():
    assert len(steps.summary(json.dumps({"columns": ["x"] * 999}))) <= steps.MOST_SAID


def test_an_error_of_a_tool_is_told_as_one():
    told = steps.line(returned("orders has no column 'x'.", status="error"))
    assert told is not None
    assert told.tone == "bad"
    assert "no column" in told.said


def test_a_hand_over_is_told_once():
    assert steps.line(returned("{}", tool="hand_over")) is None


@pytest.mark.parametrize(
    ("kind", "data", "said", "tone"),
    [
        ("table_failed", {"table": "orders", "error": "it is gone"}, "orders is given up: it is gone", "bad"),
        ("approval_requested", {"rules": 1}, "1 rule to decide on.", "plain"),
        ("decisions_recorded", {"decided": 5, "activated": 4}, "5 decided, 4 activated.", "good"),
        ("answer", {"text": "All is well."}, "All is well.", "good"),
        ("failed", {"error": "no model"}, "failed: no model", "bad"),
        ("cancelled", {}, "cancelled.", "bad"),
    ],
)
def test_what_the_graph_itself_does(kind, data, said, tone):
    told = steps.line(event(kind, **data))
    assert told is not None
    assert (told.said, told.tone) == (said, tone)


@pytest.mark.parametrize("kind", ["started", "tool_called", "progress", "usage", "finished", "waiting", "done", "new"])
def test_what_is_of_no_interest_is_not_told(kind):
    assert steps.line(event(kind, "profiler", table="orders", share=0.5)) is None


def test_hostile_text_of_a_model_is_cleaned():
    told = steps.line(event("answer", text=HOSTILE))
    assert told is not None
    assert "\x1b" not in told.said


def test_a_line_names_only_some_of_many_tables():
    many = [f"t{number}" for number in range(1, 301)]
    told = steps.plan({"steps": [{"step": "profiler", "tables": many}, {"step": "recommender", "tables": ["t1"]}]})
    assert told == "plan: 1. profiler: t1, t2, t3, t4, t5, t6, t7, t8 and 292 more; 2. recommender: t1."
