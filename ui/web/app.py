"""The page that `assay ui` serves: navigation, and one line instead of a traceback when the store is away."""

from __future__ import annotations

import os

import streamlit as st

from tools.errors import AssayError
from ui.web import (
    alerts_page,
    chat_page,
    compare_page,
    datasets_page,
    frame,
    inbox_page,
    lineage_page,
    places,
    polite,
    runs_page,
    session,
    settings_page,
    sign_in,
)
from ui.web.safe_text import inline
from ui.web.server import NO_WORKER

WIDE = frozenset({"lineage"})
"""Pages that take all the width there is."""


def main() -> None:
    """Draws the page that the address names."""
    st.set_page_config(page_title="Assay", page_icon=frame.ICON, layout="wide")
    st.logo(frame.LOGO, size="large")
    st.html(frame.STYLE)
    try:
        person = sign_in.gate()
        waiting = len(session.desk().runs.pending())
        if not os.environ.get(NO_WORKER):
            session.executor()
    except AssayError as error:
        st.error(inline(error, 600), icon=":material/database_off:")
        st.button("Try again", icon=":material/refresh:")
        return
    pages = [chat_page, datasets_page, lineage_page, compare_page, alerts_page, runs_page, settings_page]
    first, *others = [one.page() for one in pages]
    shown = [first, inbox_page.page(waiting), *others]
    page = st.navigation(shown)
    places.know(shown)
    with polite.told():
        chat_page.sidebar()
    with st.sidebar:
        sign_in.badge(person)
    with frame.column("page", wide=page.url_path in WIDE), polite.told():
        page.run()


main()
