"""The conversation: ask, watch, decide, read the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from tools.errors import AssayError
from ui.web import frame, run_view, session
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.model import Dataset

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders.csv"
_MOST_SUGGESTED = 3
_MOST_RECENT = 6
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


def open_run(run_id: str) -> None:
    """Leaves the present page for the conversation with that run."""
    st.switch_page(page(), query_params={"run": run_id})


def sidebar() -> None:
    """A new conversation, and the last ones."""
    recent = [run for run in session.desk().memory.runs.recent(4 * _MOST_RECENT) if run.kind == "run"]
    with st.sidebar:
        if st.button("New conversation", icon=":material/add:", width="stretch", key="new"):
            st.switch_page(page())
        for run in recent[:_MOST_RECENT]:
            label, icon = inline(run.goal, 30), _ICONS.get(run.status)
            if st.button(label, icon=icon, type="tertiary", key=f"past-{run.id}", help=inline(run.goal, 300)):
                open_run(run.id)


def show() -> None:
    """The page."""
    runs = session.conversation()
    if not runs:
        _welcome()
    for run_id in runs:
        try:
            run_view.show(run_id)
        except AssayError as error:
            st.error(inline(error, 300))
    _refused()
    with st.bottom, frame.column("ask"), st.container(horizontal=True, vertical_alignment="center"):
        source = _table()
        if goal := st.chat_input("Profile a table, propose rules, validate it, or ask about it", key="question"):
            session.ask(goal, [source] if source else [])
            st.rerun()


def _welcome() -> None:
    st.title("What shall we look at?", anchor=False)
    st.markdown(
        "Assay profiles a table, proposes rules with evidence, waits for **your decision** on each of them, "
        "and checks the data against what you approved."
    )
    st.space("small")
    for number, (label, goal, sources) in enumerate(_suggestions()):
        st.button(
            label,
            key=f"suggestion-{number}",
            icon=":material/arrow_forward:",
            on_click=session.ask,
            args=(goal, sources),
        )
    st.caption("Or name a file, a folder or an address in your message, for example `profile data/customers.parquet`.")


def _suggestions() -> list[tuple[str, str, list[str]]]:
    """What could be asked now: label, goal and sources."""
    found = []
    if EXAMPLE.exists():
        goal = "Profile the orders, recommend rules for me to approve, then validate"
        found.append(("Try it on the example orders: profile, recommend rules, validate", goal, [str(EXAMPLE)]))
    for dataset in _recent()[:_MOST_SUGGESTED]:
        if dataset.uri == str(EXAMPLE):
            continue
        name = inline(dataset.short_name, 60)
        if session.desk().memory.rules.active(dataset.id):
            found.append((f"Validate {name} against its active rules", "Validate it and say what fails", [dataset.uri]))
        else:
            found.append((f"Recommend rules for {name}", "Profile it and recommend rules", [dataset.uri]))
    if _recent():
        found.append(("Which datasets are there?", "Which datasets are there?", []))
    return found


def _recent() -> list[Dataset]:
    return session.desk().memory.catalog.datasets()


def _table() -> str | None:
    """The table that the next message is about, or None: the message may name one itself."""
    known = {dataset.uri: dataset.name for dataset in _recent()}
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
