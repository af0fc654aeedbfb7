"""Two tables, or two versions of one, side by side."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from graph.jobs import Jobs
from tools.errors import AssayError
from ui.report.comparison import Found
from ui.web import compare_view, session
from ui.web.safe_text import inline

FOUND = "comparison"
"""Where the last comparison of a session is kept."""


def page() -> st.Page:
    """The page's place in the navigation."""
    return st.Page(show, title="Compare", icon=":material/compare_arrows:", url_path="compare")


def show() -> None:
    """The page."""
    st.title("Compare", anchor=False)
    st.caption("What changed from one table to another, or from one version of a table to the next.")
    known = [dataset.uri for dataset in session.desk().memory.catalog.datasets()]
    with st.form("compare", border=False):
        from_, to, button = st.columns([6, 6, 2], vertical_alignment="bottom")
        before = _source(from_, "From (A)", known)
        now = _source(to, "To (B)", known)
        asked = button.form_submit_button("Compare", type="primary")
    if asked:
        _ask(before, now)
    if FOUND in st.session_state:
        compare_view.show(st.session_state[FOUND])


def _advance(bar: DeltaGenerator, share: float) -> None:
    bar.progress(share, text="Comparing …")


def _source(place: DeltaGenerator, label: str, known: list[str]) -> str:
    return (
        place.selectbox(
            label, known, index=None, accept_new_options=True, placeholder="Pick a dataset or type a path or URI"
        )
        or ""
    )


def _ask(before: str, now: str) -> None:
    """Compares and keeps what is found; what cannot be compared leaves nothing of the last comparison."""
    st.session_state.pop(FOUND, None)
    if not (before and now):
        st.warning("Name two tables.", icon=":material/compare_arrows:")
        return
    bar = st.progress(0.0, text="Comparing …")
    try:
        jobs = Jobs(session.desk().memory, session.actor())
        found: Found = jobs.compare(before, now, on_progress=lambda share: _advance(bar, share)).to_dict()
    except AssayError as error:
        st.error(inline(error, 600), icon=":material/error:")
    else:
        st.session_state[FOUND] = found
    finally:
        bar.empty()
