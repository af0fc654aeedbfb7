"""The page in a test: without a browser, on a store of its own, with nobody to execute runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ui.web import session
from ui.web.server import APP


@contextmanager
def page_on(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page on a database; what is queued stays queued."""
    monkeypatch.setenv("ASSAY_DATABASE_URL", store_url)
    monkeypatch.setattr(session.Executor, "start", lambda self: None)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield AppTest.from_file(str(APP), default_timeout=60)
    session.desk().memory.close()
    st.cache_resource.clear()


def texts(page: AppTest) -> str:
    """All that is to be read on the page."""
    kinds = [page.text, page.markdown, page.caption, page.code, page.title, page.subheader, page.error, page.info]
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def open_run(page: AppTest, run_id: str) -> AppTest:
    """The chat with that run in the address."""
    page.query_params["run"] = [run_id]
    return page.run()
