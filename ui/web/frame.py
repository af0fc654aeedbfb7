"""The frame around all pages: a column that is easy to read on any screen, and the name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig
    from streamlit.elements.lib.layout_utils import Width

WIDTH = 1080
"""Pixels: longer lines are hard to read, however wide the screen is."""
_MARK = """<rect x="2" y="4" width="28" height="28" rx="8" fill="#2f8f86"/>
<path d="M9 18.5l5 5 9.5-11" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>
"""
# As text, because an icon by its name would be fetched from another server.
ICON = f"""<svg xmlns="http://www.w3.org/2000/svg" width="32" height="36" viewBox="0 0 32 36">{_MARK}</svg>"""
LOGO = f"""<svg xmlns="http://www.w3.org/2000/svg" width="150" height="36" viewBox="0 0 150 36">{_MARK}
<text x="40" y="26" font-family="sans-serif" font-size="23" font-weight="600" fill="#2f8f86">Assay</text></svg>"""

STYLE = """<style>
[data-testid^="stBaseButton-primary"]:enabled { color: light-dark(#fff, #081214) }
</style>"""
"""Streamlit writes white on the primary colour, which cannot be read where that is light enough for a dark page."""


def moments(name: str) -> dict[str, ColumnConfig]:
    """How a table shows a column of points in time: to the second, by the clock of whoever looks."""
    clock = st.context.timezone
    return {name: st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", timezone=clock)}


@contextmanager
def column(key: str, *, wide: bool = False) -> Iterator[None]:
    """A centred column; a wide one takes all the room there is."""
    width: Width = "stretch" if wide else WIDTH
    with st.container(horizontal_alignment="center", key=f"{key}-frame"), st.container(width=width, key=key):
        yield
