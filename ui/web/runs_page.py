"""All runs, and the timeline of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from tools.errors import AssayError
from ui.web import chat_page, run_view, session
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.model import Event, Run

_MOST = 200
_ROWS_SHOWN = 8
_STATUS = {
    "queued": "○ queued",
    "running": "◐ running",
    "waiting": "◑ waits for you",
    "done": "● done",
    "failed": "✕ failed",
    "cancelled": "– stopped",
}


def page() -> st.Page:
    """The page's place in the navigation."""
    return st.Page(show, title="Runs", icon=":material/history:", url_path="runs")


def show() -> None:
    """The page."""
    st.title("Runs", anchor=False)
    runs = session.desk().memory.runs.recent(_MOST)
    if not runs:
        st.info("No runs yet. Ask something in the chat, or start one with `assay run`.", icon=":material/history:")
        return
    picked = st.dataframe(
        [_line(run) for run in runs],
        key="runs",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=35 * (min(len(runs), _ROWS_SHOWN) + 1) + 3,
        column_config={
            "Goal": st.column_config.TextColumn(width=300),
            "Started": st.column_config.DatetimeColumn(format="distance"),
            "Ended": st.column_config.DatetimeColumn(format="distance"),
        },
    )
    rows = picked["selection"]["rows"]
    if rows and rows[0] < len(runs):
        st.query_params["run"] = runs[rows[0]].id
    _one(st.query_params.get("run", runs[0].id))


def _line(run: Run) -> dict[str, Any]:
    return {
        "Run": run.id,
        "Status": _STATUS[run.status],
        "Goal": run.goal if run.kind == "run" else f"{run.kind}: {', '.join(run.sources)}",
        "Started": run.created_at,
        "Ended": run.finished_at,
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
    run_view.show(run.id)
    with st.expander("Events", icon=":material/list:", key=f"events-{run.id}", on_change="rerun") as events:
        if events.open:
            st.dataframe([_event(event) for event in session.desk().memory.runs.events(run.id)], hide_index=True)


def _event(event: Event) -> dict[str, Any]:
    told = ", ".join(f"{name}: {value}" for name, value in event.data.items())
    return {"#": event.seq, "At": event.at, "Agent": event.agent or "", "What": event.kind, "Data": told[:500]}
