"""Who looks at a page: through single sign-on, by the gate's session, or the one person of this machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from graph import people
from graph.permissions import Actor, acting
from memory.audit import Fact
from ui.web.safe_text import inline
from ui.web.sign_ins import COOKIE, SESSION_SECONDS, SIGN_INS

if TYPE_CHECKING:
    from memory import Memory


@cache
def single_sign_on() -> bool:
    """Whether the page's secrets name a service (`[auth]`, as `st.login` reads it). Read once per server."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def who() -> Actor | None:
    """Who looks, with the role of this moment; None if nobody is signed in. Raises StoreError."""
    if single_sign_on():
        return _by_service()
    if not people.sign_in_needed():
        return acting(None)
    name = SIGN_INS.name_of(st.context.cookies.get(COOKIE))
    return people.actor_of_name(name) if name else None


def gate() -> Actor:
    """Who looks; draws the way to sign in and ends the script if that is nobody. Raises StoreError."""
    if actor := who():
        if single_sign_on() and SIGN_INS.is_new(f"{actor} {st.user.get('iat')}"):
            tell(Fact("person.signed_in", actor, data={"by": str(st.user.get("iss", ""))}))
        return actor
    st.title("Assay", anchor=False)
    if not single_sign_on():
        st.info("You are signed out: the session has ended, or your name was taken out.", icon=":material/lock:")
        st.html('<a href="/sign-in" target="_self">Sign in</a>')
    elif st.user.is_logged_in and _fresh():
        address = inline(str(st.user.get("email", "")), 100)
        st.warning(f"{address} is known to nobody here. Ask an admin for a role.", icon=":material/person_off:")
        st.button("Sign out", on_click=st.logout, icon=":material/logout:")
    else:
        st.button("Sign in", on_click=st.login, type="primary", icon=":material/login:")
    st.stop()


def badge(actor: Actor) -> None:
    """Who is signed in, and the way out; nothing where nobody has to sign in."""
    if not (single_sign_on() or people.sign_in_needed()):
        return
    st.caption(f"**{inline(actor, 60)}** · {actor.role}")
    if single_sign_on():
        st.button("Sign out", on_click=st.logout, icon=":material/logout:", key="sign-out")
    else:
        st.html('<a href="/sign-out" target="_self">Sign out</a>')


def tell(fact: Fact) -> None:
    """Writes into the audit log who came and went. Raises StoreError."""
    store().audit.record(fact)


@cache
def store() -> Memory:
    """The store, as those use it who are outside of any page."""
    from memory import Memory

    return Memory.open()


def _by_service() -> Actor | None:
    """Whose address the service vouches for, if it asked for the person within a working day."""
    if not st.user.is_logged_in or not _fresh() or st.user.get("email_verified") is False:
        return None
    return people.actor_of_email(str(st.user.get("email") or ""))


def _fresh() -> bool:
    issued = st.user.get("iat")
    if not isinstance(issued, (int, float)):
        return False
    return datetime.now(UTC) - datetime.fromtimestamp(issued, UTC) < timedelta(seconds=SESSION_SECONDS)
