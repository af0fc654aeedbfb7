"""Taking a decision on the page: the buttons of a card and what they store.

Decisions are stored by callbacks, before anything is drawn anew: a click redraws its own card and not the whole page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from memory.model import Decision
from tools.errors import AssayError
from ui.report.moments import ago, left
from ui.report.text import count
from ui.web import session
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.model import Conflict, PendingApproval, Proposal, RecordedDecision, Skipped
    from ui.web.powers import Powers


def key_of(proposal: Proposal) -> str:
    """What the widgets of a proposal are named by."""
    return f"{proposal.run_id}-{proposal.number}"


def decided_here(proposal: Proposal) -> RecordedDecision | None:
    """The decision as this session knows it: drawn from the store, or taken on this page since."""
    found: RecordedDecision | None = proposal.decision or st.session_state.get(f"decided-{key_of(proposal)}")
    return found


def skipped_here(proposal: Proposal) -> Skipped | None:
    """Who put a proposal off last, as this session knows it."""
    found: Skipped | None = proposal.skipped or st.session_state.get(f"skipped-{key_of(proposal)}")
    return found


def lost(proposal: Proposal) -> Conflict | None:
    """What somebody else had decided when a decision of this session came."""
    found: Conflict | None = st.session_state.get(f"lost-{key_of(proposal)}")
    return found


def left_to_decide(run_id: str) -> int | None:
    """How many rules this session thinks that the run waits for."""
    found: int | None = st.session_state.get(f"left-{run_id}")
    return found


def know(run_id: str, undecided: int) -> None:
    """Keeps in mind how many rules a run waits for, so that a decision elsewhere is noticed."""
    st.session_state[f"left-{run_id}"] = undecided


def problem(key: str) -> None:
    """Says why the last decision could not be stored."""
    if why := st.session_state.pop(f"problem-{key}", None):
        st.error(inline(why, 600), icon=":material/error:")


def terms(request: PendingApproval, powers: Powers) -> None:
    """Who decides and until when; the way back once that is over."""
    run_id = request.run_id
    until = "the time to decide is over" if request.expired else f"expires {left(request.expires_at)}"
    with st.container(horizontal=True, vertical_alignment="center"):
        who = f"You decide as **{inline(session.actor(), 60)}** · " if powers.refuse else ""
        st.caption(f"{who}asked {ago(request.requested_at)}, {until}")
        if request.closing and not request.expired:
            st.badge("closes soon", icon=":material/alarm:", color="orange")
        if (request.expired or request.closing) and powers.refuse:
            label = "Reopen" if request.expired else "More time"
            st.button(label, key=f"reopen-{run_id}", icon=":material/lock_open:", on_click=_reopen, args=(run_id,))
    if powers.why:
        st.caption(f":material/info: {inline(powers.why, 200)}")
    if request.expired:
        problem(run_id)


def _reopen(run_id: str) -> None:
    try:
        session.desk().runs.reopen(run_id, session.actor())
    except AssayError as error:
        st.session_state[f"problem-{run_id}"] = str(error)


def buttons(proposal: Proposal, powers: Powers) -> None:
    """Approve, edit, reject, skip: those that whoever looks may use."""
    key = key_of(proposal)
    if not powers.refuse:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if powers.approve:
            st.button(
                "Approve",
                key=f"approve-{key}",
                type="primary",
                icon=":material/check:",
                on_click=_take,
                args=(proposal, "approve", key),
            )
        if powers.edit:
            st.button("Edit", key=f"edit-{key}", icon=":material/edit:", on_click=turn_to, args=(key, "edit"))
        st.button("Reject …", key=f"reject-{key}", icon=":material/close:", on_click=turn_to, args=(key, "reject"))
        if skipped_here(proposal) is None:
            st.button(
                "Skip",
                key=f"skip-{key}",
                type="tertiary",
                icon=":material/schedule:",
                help="Decide about it later",
                on_click=_take,
                args=(proposal, "skip", key),
            )
    problem(key)


def _take(proposal: Proposal, action: Any, key: str) -> None:
    reason = str(st.session_state.get(f"reason-{key}") or "").strip() if action == "reject" else ""
    if action == "reject" and not reason:
        st.session_state[f"problem-{key}"] = "Say in a few words why you reject it."
    else:
        decide(proposal.run_id, [Decision(proposal.number, action, reason=reason or None)], key)


def refusal(proposal: Proposal) -> None:
    """The reason of a rejection, in the place of the buttons: the tabulator key comes to it from there."""
    key = key_of(proposal)
    with st.form(f"no-{key}", border=False):
        st.text_input("Why not?", key=f"reason-{key}", placeholder="Nulls are legal here")
        st.caption("The reason is remembered: this rule is not proposed again here.")
        with st.container(horizontal=True):
            st.form_submit_button(
                "Reject", key=f"rejected-{key}", type="primary", on_click=_take, args=(proposal, "reject", key)
            )
            st.form_submit_button("Back", key=f"keep-{key}", type="tertiary", on_click=turn_to, args=(key, None))
    problem(key)


def turned_to(proposal: Proposal) -> str | None:
    """What a card shows in the place of its buttons: ``edit``, ``reject``, or None."""
    found: str | None = st.session_state.get(f"turned-{key_of(proposal)}")
    return found


def turn_to(key: str, what: Literal["edit", "reject"] | None) -> None:
    """Opens the editor of a card or its field for a reason; None for the buttons."""
    st.session_state[f"turned-{key}"] = what


def today(dry_run: dict[str, Any]) -> None:
    """A badge with how a rule fares on the present data."""
    rows = dry_run["failed_rows"]
    if dry_run["outcome"] == "Passed":
        note = "holds today" if not rows else f"holds today, {count(rows, 'row')} off"
        st.badge("nothing to check today" if dry_run["vacuous"] else note, icon=":material/check:", color="green")
    else:
        note = f"{count(rows, 'row')} {'breaks' if rows == 1 else 'break'} it today" if rows else "does not hold today"
        st.badge(note, icon=":material/warning:", color="orange")


def decide(run_id: str, decisions: Sequence[Decision], key: str) -> None:
    """Stores decisions. What hinders it is shown by :func:`problem` under ``key``."""
    runs = session.desk().runs
    try:
        outcome = runs.decide(run_id, decisions, session.actor())
        meant = [decision.number for decision in decisions]
        stored = {proposal.number: proposal for proposal in runs.proposals(run_id, meant)}
    except AssayError as error:
        st.session_state[f"problem-{key}"] = str(error)
        return
    for conflict in outcome.conflicts:
        st.session_state[f"lost-{run_id}-{conflict.number}"] = conflict
    for decision in decisions:
        st.session_state[f"decided-{run_id}-{decision.number}"] = stored[decision.number].decision
        st.session_state[f"skipped-{run_id}-{decision.number}"] = stored[decision.number].skipped
    know(run_id, outcome.undecided)
    if len(outcome.conflicts) > 1:
        st.toast(f"{count(len(outcome.conflicts), 'rule')} had been decided by others before you; that stays.")
