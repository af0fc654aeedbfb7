"""Errors as one line for a person, also in the parts of a page that are drawn anew by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import streamlit as st

from graph.permissions import PermissionDenied
from tools.errors import AssayError
from ui.web import sign_in
from ui.web.safe_text import inline

P = ParamSpec("P")


@contextmanager
def told() -> Iterator[None]:
    """Says what hinders the block, and how to go on, in the place of what it would have drawn."""
    try:
        yield
    except PermissionDenied as error:
        st.warning(inline(error, 600), icon=":material/lock:")
        if not sign_in.single_sign_on():
            st.html('<a href="/sign-in" target="_self">Sign in</a>')
    except AssayError as error:
        st.error(inline(error, 600), icon=":material/error:")


def part(draw: Callable[P, None], run_every: float | None = None) -> Callable[P, None]:
    """A part of a page that is drawn anew by itself: after a click in it, and every so many seconds if given."""

    @wraps(draw)
    def politely(*args: P.args, **kwargs: P.kwargs) -> None:
        with told():
            draw(*args, **kwargs)

    drawn: Callable[P, None] = st.fragment(politely, run_every=run_every)
    return drawn
