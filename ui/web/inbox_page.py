"""Everything that waits for a person, across runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ui.report.text import count
from ui.web import cards, session
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.model import PendingApproval


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
    for request in pending:
        _request(request, opened=request.run_id == wanted or len(pending) == 1)


def _request(request: PendingApproval, *, opened: bool) -> None:
    tables = inline(", ".join(request.tables), 80)
    # The label must not change with each decision: an expander with another label is another one, and closed.
    label = f"**{tables}** · {count(request.total, 'rule')} proposed"
    box = st.expander(label, expanded=opened, key=f"pending-{request.run_id}", on_change="rerun")
    if not box.open:
        return
    with box:
        st.caption(f"“{inline(request.goal, 120)}”")
        cards.show(request.run_id, request)
