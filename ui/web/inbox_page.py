"""Everything that waits for a person, across runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from ui.report.moments import left
from ui.report.text import count
from ui.web import cards, chat_page, session
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.model import PendingApproval

MOST_REQUESTS = 20
"""Requests of one page of the inbox."""


def page(waiting: int) -> st.Page:
    """The page's place in the navigation, with the number of requests that wait."""
    title = f"Approvals ({waiting})" if waiting else "Approvals"
    return st.Page(show, title=title, icon=":material/inbox:", url_path="approvals")


def show() -> None:
    """The page."""
    st.title("Approvals", anchor=False)
    pending = session.desk().runs.pending()
    if not pending:
        st.info("Nothing waits for a decision. Ask for rules in the chat, and they come here.", icon=":material/inbox:")
        return
    wanted = st.query_params.get("run")
    start = _start(pending, wanted)
    for request in pending[start : start + MOST_REQUESTS]:
        _request(request, opened=request.run_id == wanted or len(pending) == 1)
    if len(pending) > MOST_REQUESTS:
        _paging(start, len(pending))


def _start(pending: Sequence[PendingApproval], wanted: str | None) -> int:
    """The first request to show: of the page that was turned to, else of that with the run in the address."""
    numbers = [number for number, request in enumerate(pending) if request.run_id == wanted]
    page = numbers[0] // MOST_REQUESTS * MOST_REQUESTS if numbers else 0
    start: int = st.session_state.get("inbox-from", page)
    return start if start < len(pending) else 0


def _paging(start: int, total: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, to in (("Older", start - MOST_REQUESTS), ("Newer", start + MOST_REQUESTS)):
            st.button(label, key=f"inbox-{label}", disabled=not 0 <= to < total, on_click=_go, args=(to,))
        st.caption(f"{start + 1} to {min(start + MOST_REQUESTS, total)} of {total:,} requests, the oldest first")


def _go(start: int) -> None:
    st.session_state["inbox-from"] = start


def _request(request: PendingApproval, *, opened: bool) -> None:
    tables = inline(", ".join(request.tables), 80)
    # The label must not change with each decision: an expander with another label is another one, and closed.
    label = f"**{tables}** · {count(request.total, 'rule')} proposed · “{inline(request.goal, 60)}”"
    icon = ":material/alarm_off:" if request.expired else ":material/alarm:" if request.closing else None
    box = st.expander(label, expanded=opened, icon=icon, key=f"pending-{request.run_id}", on_change="rerun")
    if not box.open:
        if request.expired or request.closing:
            st.caption("The time to decide is over." if request.expired else f"Expires {left(request.expires_at)}.")
        return
    with box:
        with st.container(horizontal=True, vertical_alignment="center"):
            asked_by = session.desk().memory.runs.get(request.run_id).requested_by
            st.caption(f"{inline(asked_by, 60)} asked: “{inline(request.goal, 300)}”")
            st.space("stretch")
            if st.button("Open in the chat", type="tertiary", icon=":material/forum:", key=f"chat-{request.run_id}"):
                chat_page.open_run(request.run_id)
        cards.show(request.run_id, request)
