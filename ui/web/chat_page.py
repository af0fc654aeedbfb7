"""The conversation: ask, watch, decide, read the result."""

from __future__ import annotations

import streamlit as st

from tools.errors import AssayError
from ui.web import frame, powers, run_view, session, suggestions
from ui.web.safe_text import inline

_MOST_RECENT = 8
_ICONS = {
    "queued": ":material/pending:",
    "running": ":material/pending:",
    "waiting": ":material/front_hand:",
    "done": ":material/check:",
    "failed": ":material/error:",
    "cancelled": ":material/block:",
}


def page() -> st.Page:
    """The page's place in the navigation."""
    return st.Page(show, title="Chat", icon=":material/forum:", url_path="chat", default=True)


def open_run(*runs: str) -> None:
    """Leaves the present page for the conversation of these runs."""
    st.switch_page(page(), query_params={"run": list(runs)})


def sidebar() -> None:
    """A new conversation, and the last ones."""
    recent = session.desk().memory.conversations.recent(_MOST_RECENT)
    with st.sidebar:
        if st.button("New conversation", icon=":material/add:", width="stretch", key="new"):
            st.switch_page(page())
        with st.container(gap=None):
            for past in recent:
                label, icon = inline(past.goal, 30), _ICONS.get(past.status)
                key, told = f"past-{past.runs[0]}", inline(past.goal, 300)
                if st.button(label, icon=icon, type="tertiary", key=key, help=told):
                    open_run(*past.runs)


def show() -> None:
    """The page."""
    runs, may_ask = session.conversation(), powers.can("start")
    if not runs:
        _welcome(may_ask)
    for run_id in runs:
        try:
            run_view.show(run_id)
        except AssayError as error:
            st.error(inline(error, 300))
    if runs and may_ask:
        suggestions.next_steps(runs[-1])
    _refused()
    with st.bottom, frame.column("ask"), st.container(horizontal=True, vertical_alignment="center"):
        if not may_ask:
            st.chat_input(f"You look on as {session.actor().role}: authors may ask", disabled=True, key="question")
            return
        source = _table()
        if goal := st.chat_input("What shall I do, or tell you?", key="question"):
            session.ask(goal, [source] if source else [])
            st.rerun()


def _welcome(may_ask: bool) -> None:
    st.title("What shall we look at?", anchor=False)
    st.markdown(
        "Assay profiles a table, proposes rules with evidence, waits for **your decision** on each of them, "
        "and checks the data against what you approved."
    )
    if not may_ask:
        st.info(
            "You look on: open a conversation on the left, or the datasets and their results. To ask for work needs "
            "the role author, which an admin gives.",
            icon=":material/visibility:",
        )
        return
    st.space("small")
    suggestions.first_steps()
    st.caption("Or name a file, a folder or an address in your message, for example `profile data/customers.parquet`.")


def _table() -> str | None:
    """The table that the next message is about, or None: the message may name one itself."""
    known = {dataset.uri: dataset.name for dataset in session.desk().memory.catalog.datasets()}
    chosen = st.session_state.get("table")
    label = inline(chosen.rsplit("/", 1)[-1], 40) if chosen else "Any table"
    with st.popover(label, icon=":material/table:", type="tertiary", key="table-picker"):
        return st.selectbox(
            "Table",
            list(known),
            index=None,
            format_func=lambda uri: known.get(uri, uri),
            placeholder="The one that the message names",
            accept_new_options=True,
            help="A known dataset, or type a path or an address",
            key="table",
            bind="query-params",
        )


def _refused() -> None:
    """A question that could not be started, with the reason, ready to be asked again."""
    if "refused" not in st.session_state:
        return
    goal, sources, why = st.session_state["refused"]
    with st.chat_message("user", avatar=":material/person:"):
        st.text(goal)
    st.error(inline(why, 600), icon=":material/error:")
    st.button("Try again", on_click=session.ask, args=(goal, sources), key="again", icon=":material/refresh:")
