"""All runs, and all about one: its timeline, what it spent, what the audit log says, its events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from tools.errors import AssayError
from ui.report import spending, steps
from ui.report.audit import gist
from ui.report.text import seconds
from ui.web import chat_page, polite, run_view, session
from ui.web.frame import moments
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.audit import Entry
    from memory.model import Event, Run, Status
    from memory.usage import Spending

_MOST = 50
"""Runs of one page of the list."""
_ROWS_SHOWN = 8
_STATUS: dict[Status, str] = {
    "queued": "○ queued",
    "running": "◐ running",
    "waiting": "◑ waits for a person",
    "done": "● done",
    "failed": "✕ failed",
    "cancelled": "– stopped",
}
_TABS = ("Timeline", "Spending", "Audit log", "Events")
_MOST_ENTRIES = 500
_FORMATS = {
    **{
        name: st.column_config.NumberColumn(format="localized")
        for name in ("Tokens in", "From the cache", "Tokens out")
    },
    "Cost": st.column_config.NumberColumn(format="dollar", help="Empty where no price of the model is known"),
}


def page() -> st.Page:
    """The page's place in the navigation."""
    return st.Page(show, title="Runs", icon=":material/history:", url_path="runs")


def show() -> None:
    """The page."""
    st.title("Runs", anchor=False)
    status = st.pills(
        "Status", list(_STATUS), format_func=_STATUS.__getitem__, key="status", label_visibility="collapsed"
    )
    before = st.session_state.get(f"before-{status}", ())
    runs = session.desk().memory.runs.recent(_MOST, status=status, before=before[-1] if before else None)
    if not (runs or before):
        _nothing(status)
        return
    picked = st.dataframe(
        [_line(run) for run in runs],
        key=f"runs-{status}-{len(before)}",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=35 * (min(len(runs), _ROWS_SHOWN) + 1) + 3,
        column_config={
            "Goal": st.column_config.TextColumn(width=300),
            "Started": st.column_config.DatetimeColumn(format="distance"),
        },
    )
    _paging(runs, before, f"before-{status}")
    rows = picked["selection"]["rows"]
    if rows and rows[0] < len(runs):
        st.query_params["run"] = runs[rows[0]].id
    if wanted := st.query_params.get("run") or (runs[0].id if runs else None):
        _one(wanted)


def _nothing(status: Status | None) -> None:
    if status:
        st.info(f"No run is {_STATUS[status][2:]}.", icon=":material/history:")
    else:
        st.info("No runs yet. Ask something in the chat, or start one with `assay run`.", icon=":material/history:")


def _paging(runs: list[Run], before: tuple[str, ...], key: str) -> None:
    if len(runs) < _MOST and not before:
        return
    with st.container(horizontal=True):
        older = (*before, runs[-1].id) if len(runs) == _MOST else before
        st.button("Newer", key="newer", disabled=not before, on_click=_go, args=(key, before[:-1]))
        st.button("Older", key="older", disabled=older == before, on_click=_go, args=(key, older))


def _go(key: str, before: tuple[str, ...]) -> None:
    st.session_state[key] = before


def _line(run: Run) -> dict[str, Any]:
    return {
        "Run": run.id,
        "Status": _STATUS[run.status],
        "Goal": run.goal if run.kind == "run" else f"{run.kind}: {', '.join(run.sources)}",
        "Started": run.created_at,
        "Took": seconds((run.finished_at - run.created_at).total_seconds()) if run.finished_at else "",
        "By": run.requested_by,
        "Model": run.model,
    }


def _one(run_id: str) -> None:
    try:
        run = session.desk().memory.runs.get(run_id)
    except AssayError as error:
        st.warning(inline(error, 300))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Run {run.id}", anchor=False)
        st.space("stretch")
        if st.button("Open in the chat", icon=":material/forum:", key="open-in-chat"):
            chat_page.open_run(run.id)
    tab = st.segmented_control(
        "Show", _TABS, default=_TABS[0], key="run-tab", required=True, label_visibility="collapsed"
    )
    if tab == _TABS[0]:
        run_view.show(run.id)
    else:
        {"Spending": _spending, "Audit log": _audit, "Events": _events}[tab](run)


@polite.part
def _spending(run: Run) -> None:
    usage, standing = session.desk().memory.usage.of_run(run.id), session.desk().memory.usage.standing(run.id)
    limits = {name: value for name, value in spending.limits(standing.budget).items() if value is not None}
    told = " or ".join(f"${value}" if name == "usd" else f"{value:,} {name}" for name, value in limits.items())
    st.caption(f"Budget: {told}, of which {standing.tokens:,} tokens are used." if told else "No budget is set.")
    if not usage:
        st.info("No language model was called.", icon=":material/savings:")
        return
    st.markdown(inline(spending.in_all(usage), 400))
    st.dataframe([_spent(one) for one in usage], hide_index=True, column_config=_FORMATS)


def _spent(one: Spending) -> dict[str, Any]:
    return {
        "Agent": one.agent,
        "Model": one.model,
        "Calls": one.calls,
        "Failed": one.failed,
        "Tokens in": one.input_tokens + one.cache_read_tokens + one.cache_write_tokens,
        "From the cache": one.cache_read_tokens,
        "Tokens out": one.output_tokens,
        "Cost": None if one.cost_usd is None else float(one.cost_usd),
        "Seconds": round(one.latency_ms / 1000, 1),
    }


@polite.part
def _audit(run: Run) -> None:
    entries = session.desk().memory.audit.entries(run_id=run.id, limit=_MOST_ENTRIES)
    st.caption("Each entry is signed together with the one before: `assay audit verify` checks them.")
    st.dataframe([_entry(entry) for entry in entries], hide_index=True, column_config=moments("At"))


def _entry(entry: Entry) -> dict[str, Any]:
    about = " · ".join(part for part in (entry.subject, gist(entry.data)) if part)
    return {"#": entry.seq, "At": entry.at, "Who": entry.actor, "What": entry.action, "About": about[:500]}


@polite.part
def _events(run: Run) -> None:
    st.caption(f"What happened, by the clock of your browser. `assay runs show {run.id} --json` has it in full.")
    events = [event for event in session.desk().memory.runs.events(run.id) if event.kind != "saying"]
    st.dataframe([_event(event) for event in events], hide_index=True, column_config=moments("At"))


def _event(event: Event) -> dict[str, Any]:
    line = steps.line(event)
    told = line.said if line else str(event.data.get("table", ""))
    return {"#": event.seq, "At": event.at, "Agent": event.agent, "What": event.kind.replace("_", " "), "Told": told}
