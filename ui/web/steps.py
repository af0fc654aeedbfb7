"""The steps of a run as a timeline that opens: which agent, which tool, what came back, how long it took."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.report.text import count, seconds
from ui.web.safe_text import inline, prose
from ui.web.trail import Call, State, Step, Trail

AGENTS = {
    "supervisor": "Supervisor",
    "profiler": "Profiler",
    "recommender": "Recommender",
    "validator": "Validator",
    "approval": "Your decision",
}
_DOES = {"profiler": "Profile", "recommender": "Recommend rules for", "validator": "Validate"}
_PLANNED: dict[State | None, tuple[str, Any]] = {
    None: (":material/schedule:", "gray"),
    "running": (":material/arrow_forward:", "blue"),
    "complete": (":material/check:", "green"),
    "error": (":material/error:", "red"),
}
_ICONS = {
    "running": ":material/pause_circle:",
    "complete": ":material/check_circle:",
    "error": ":material/error:",
}
MOST_SHOWN = 1_200
"""Characters of a tool's answer."""


def show(trail: Trail, run_id: str, *, active: bool) -> None:
    """The plan and the timeline. What is still open in a run that nobody executes is shown as it was left."""
    _plan(trail)
    for number, step in enumerate(trail.steps):
        _step(step, f"step-{run_id}-{number}", active)


def _step(step: Step, key: str, active: bool) -> None:
    running = step.state == "running" and active
    # Its label changes as it goes on: by its key it stays the same one, as open as it was.
    with st.expander(_label(step), icon=_icon(step, running), type="step", key=key):
        if step.share is not None:
            st.progress(step.share, text=f"Scanning: {step.share:.0%}")
        for call in step.calls:
            _call(call)
        for text in step.said:
            st.markdown(prose(text))
        if not step.calls and not step.said:
            st.caption(_outcome(step) or "Working …")


def _icon(step: Step, running: bool) -> str:
    if step.agent == "approval":
        return ":material/front_hand:" if step.state == "running" else ":material/gavel:"
    return "spinner" if running else _ICONS[step.state]


def _label(step: Step) -> str:
    name = f"**{AGENTS.get(step.agent, inline(step.agent))}**"
    parts = [f":red[{name}]" if step.state == "error" else name]
    if step.table:
        parts.append(inline(step.table, 60))
    if outcome := _outcome(step):
        parts.append(outcome)
    if step.seconds is not None and step.agent != "approval":
        parts.append(f":gray[{seconds(step.seconds)}]")
    return " · ".join(parts)


def _outcome(step: Step) -> str:
    result = step.result
    if "next" in result:
        tables = ", ".join(result["tables"])
        return f"{AGENTS.get(result['next'], inline(result['next']))} next, on {inline(tables, 80)}"
    if "decided" in result:
        return f"{result['decided']} decided, {result['activated']} rules active"
    if "rules" in result and step.agent == "approval":
        return f"{count(result['rules'], 'rule')} to decide"
    if "proposed" in result:
        return f"{count(result['proposed'], 'rule')} proposed"
    if "passed" in result:
        return f"{count(result['rules'], 'rule')} checked, {'all passed' if result['passed'] else 'some failed'}"
    if step.agent == "supervisor" and step.said:
        return "answers"
    if "rows" in result:
        return f"{result['rows']:,} rows" + (", known already" if result.get("cached") else "")
    return ""


def _call(call: Call) -> None:
    took = "" if call.seconds is None else f" · {seconds(call.seconds)}"
    icon = {"": ":material/pending:", "error": ":red[:material/error:]"}.get(call.status, ":material/check:")
    told = inline(_told(call.args), MOST_SHOWN)
    st.caption(f"{icon} **{inline(call.tool.replace('_', ' '))}**{took}" + (f"  \n{told}" if told else ""))
    if call.answer:
        st.text(call.answer[:MOST_SHOWN])


def _told(value: Any) -> str:
    """What a tool was called with, or answered, in words: ``table: orders; columns: a, b``."""
    if isinstance(value, dict):
        return "; ".join(f"{name.replace('_', ' ')}: {_told(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(f"({_told(part)})" if isinstance(part, dict) else _told(part) for part in value)
    return str(value)


def _plan(trail: Trail) -> None:
    """The steps that the supervisor planned for the goal, and how far each is."""
    if trail.plan:
        with st.container(horizontal=True, gap="xsmall"):
            for agent, tables, state in trail.planned():
                icon, color = _PLANNED[state]
                st.badge(f"{_DOES.get(agent, inline(agent))} {inline(', '.join(tables), 60)}", icon=icon, color=color)
        st.space("xsmall")
