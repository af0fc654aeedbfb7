"""How this installation is set up, the settings of the store, and its people."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from graph.installation import installation
from graph.people import Users, change_setting, sign_in_needed
from memory.people import ROLES
from tools.errors import AssayError
from ui.web import polite, powers, session
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.people import Person
    from memory.settings import Setting

_NAMES = {"approver_differs": "Two people for each rule", "openlineage": "Send OpenLineage events"}
_VARIABLES = {
    "Model": "ASSAY_MODEL",
    "Budget of a run": "ASSAY_BUDGET_USD, ASSAY_BUDGET_TOKENS",
    "Time to decide": "ASSAY_APPROVAL_WINDOW",
    "Store": "ASSAY_DATABASE_URL, ASSAY_HOME",
}


def page() -> st.Page:
    """The page's place in the navigation."""
    return st.Page(show, title="Settings", icon=":material/settings:", url_path="settings")


def show() -> None:
    """The page."""
    st.title("Settings", anchor=False)
    _environment()
    _store()
    _people()


def _environment() -> None:
    st.subheader("This installation", anchor=False)
    with polite.told():
        lines = [
            {"What": name, "Value": value, "Set by": _VARIABLES[name]}
            for name, value in installation(session.desk().memory).items()
        ]
        st.dataframe(lines, hide_index=True)
        st.caption("It is set by the environment of the server, and read when that starts.")


@polite.part
def _store() -> None:
    st.subheader("For everybody who uses this store", anchor=False)
    mine = powers.can("settings")
    for setting in session.desk().memory.settings.all():
        key = f"setting-{setting.name}"
        st.session_state[key] = setting.value
        label, told = _NAMES.get(setting.name, setting.name), setting.meaning
        st.toggle(label, key=key, help=told, disabled=not mine, on_change=_change, args=(setting,))
        by = f", set by {inline(setting.changed_by, 60)}" if setting.changed_by else ""
        st.caption(f"{inline(told[:1].upper() + told[1:], 200)}{by}.")
    if not mine:
        st.caption("Admins change these.")
    _problem("settings")


def _change(setting: Setting) -> None:
    value = bool(st.session_state[f"setting-{setting.name}"])
    _do("settings", lambda: change_setting(session.desk().memory, setting.name, value, session.actor()))


@polite.part
def _people() -> None:
    st.subheader("People", anchor=False)
    if not powers.can("users"):
        st.caption("Admins see and change who may do what.")
        return
    people = Users(session.desk().memory, session.actor()).all()
    if not sign_in_needed():
        st.info(
            "Nobody has to sign in: Assay answers this machine alone, and who is at it is its admin. "
            "Add yourself first, as an admin with a password: from then on everybody signs in.",
            icon=":material/person:",
        )
    for person in people:
        _person(person)
    _problem("people")
    with st.expander("Add somebody", icon=":material/person_add:", key="add-person"):
        _adding()


def _person(person: Person) -> None:
    name, key = person.name, f"role-{person.name}"
    with st.container(horizontal=True, vertical_alignment="center"):
        ways = ["password"] if person.password else []
        ways += ["single sign-on"] if person.email else []
        ways += [f"{len(person.tokens)} tokens"] if person.tokens else []
        st.markdown(f"**{inline(name, 60)}** {inline(person.email, 80)}", width=280)
        st.caption(", ".join(ways) or "cannot sign in yet", width=180)
        st.session_state[key] = person.role
        label = f"Role of {name}"
        st.selectbox(label, ROLES, key=key, label_visibility="collapsed", width=160, on_change=_set_role, args=(name,))
        myself = name == session.actor()
        st.button("Remove", key=f"remove-{name}", type="tertiary", disabled=myself, on_click=_remove, args=(name,))


def _set_role(name: str) -> None:
    _do("people", lambda: _users().set_role(name, st.session_state[f"role-{name}"]))


def _remove(name: str) -> None:
    _do("people", lambda: _users().remove(name))


def _adding() -> None:
    with st.form("new-person", border=False):
        name, role = st.columns(2)
        name.text_input("Name", key="new-name", autocomplete="off")
        role.selectbox("Role", ROLES, index=1, key="new-role")
        email, password = st.columns(2)
        email.text_input("E-mail, for single sign-on", key="new-email", autocomplete="off")
        password.text_input("Password", type="password", key="new-password", autocomplete="new-password")
        st.form_submit_button("Add", type="primary", on_click=_add)


def _add() -> None:
    state = st.session_state
    name, role, email, password = (str(state[f"new-{part}"] or "") for part in ("name", "role", "email", "password"))
    if _do("people", lambda: _users().add(name, role, email=email, password=password)):
        for part in ("name", "email", "password"):
            state[f"new-{part}"] = ""


def _users() -> Users:
    return Users(session.desk().memory, session.actor())


def _do(where: str, work: Callable[[], Any]) -> bool:
    """Does something in the name of who looks; what hinders it is shown beneath. True if it was done."""
    try:
        work()
    except AssayError as error:
        st.session_state[f"problem-{where}"] = str(error)
        return False
    return True


def _problem(where: str) -> None:
    if why := st.session_state.pop(f"problem-{where}", None):
        st.error(inline(why, 600), icon=":material/error:")
