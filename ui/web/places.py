"""From one page to another, where neither has to know the module of the other."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

_PAGES = "pages"


def know(pages: Iterable[st.Page]) -> None:
    """The pages that there are in this session."""
    st.session_state[_PAGES] = {page.url_path: page for page in pages}


def go(address: str, **parameters: str) -> None:
    """Leaves the present page for the one of that address, as in `datasets`."""
    st.switch_page(st.session_state[_PAGES][address], query_params=parameters)
