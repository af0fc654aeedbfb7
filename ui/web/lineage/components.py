"""The two parts of the page that run in the browser. What they load is in this folder, nothing comes from elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_FOLDER = Path(__file__).parent


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def graph() -> ComponentRenderer:
    """The graph. Its trigger ``did`` is what somebody did there."""
    js = "\n".join(_text(name) for name in ("ways.js", "sight.js", "graph.js"))
    return st.components.v2.component("assay-lineage-graph", css=_text("graph.css"), js=js, isolate_styles=False)


@cache
def search() -> ComponentRenderer:
    """The field to search in. Its triggers are ``sought``, a text, and ``chosen``, a node."""
    js, css = _text("search.js"), _text("search.css")
    return st.components.v2.component("assay-lineage-search", css=css, js=js, isolate_styles=False)
