"""Taking a decision on the page: the buttons of a card, the editor, and what they store.

Decisions are stored by callbacks, before anything is drawn anew: a click redraws its own card and not the whole page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from memory.model import Decision
from tools.errors import AssayError
from ui.report.moments import ago, left
from ui.report.text import count
from ui.web import session
from ui.web.result_view import examples
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.model import PendingApproval, Proposal, RecordedDecision
    from tools.dqdl.plans.result import RuleResult


def key_of(proposal: Proposal) -> str:
    """What the widgets of a proposal are named by."""
    return f"{proposal.run_id}-{proposal.number}"


def decided_here(proposal: Proposal) -> RecordedDecision | None:
    """The decision as this session knows it: drawn from the store, or taken on this page since."""
    found: RecordedDecision | None = proposal.decision or st.session_state.get(f"decided-{key_of(proposal)}")
    return found


def all_decided(run_id: str) -> bool:
    """True once, after the decision that was the last of the run."""
    return bool(st.session_state.pop(f"over-{run_id}", False))


def approve(run_id: str, proposals: Sequence[Proposal], key: str) -> None:
    """Approves proposals as they are. What hinders it is shown by :func:`problem` under ``key``."""
    _decide(run_id, [Decision(proposal.number, "approve") for proposal in proposals], key)


def problem(key: str) -> None:
    """Says why the last decision could not be stored."""
    if why := st.session_state.pop(f"problem-{key}", None):
        st.error(inline(why, 600), icon=":material/error:")


def terms(request: PendingApproval) -> None:
    """Who decides and until when; the way back once that is over."""
    run_id = request.run_id
    until = "the time to decide is over" if request.expired else f"expires {left(request.expires_at)}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"You decide as **{inline(session.actor(), 60)}** · asked {ago(request.requested_at)}, {until}")
        if request.expired:
            st.button("Reopen", key=f"reopen-{run_id}", icon=":material/lock_open:", on_click=_reopen, args=(run_id,))
    if request.expired:
        problem(run_id)


def _reopen(run_id: str) -> None:
    try:
        session.desk().runs.reopen(run_id, session.actor())
    except AssayError as error:
        st.session_state[f"problem-{run_id}"] = str(error)


def buttons(proposal: Proposal) -> None:
    """Approve, edit, reject; or the editor while the rule is edited."""
    key = key_of(proposal)
    if st.session_state.get(f"editing-{key}"):
        _editor(proposal, key)
        return
    with st.container(horizontal=True):
        st.button(
            "Approve",
            key=f"approve-{key}",
            type="primary",
            icon=":material/check:",
            on_click=approve,
            args=(proposal.run_id, [proposal], key),
        )
        st.button("Edit", key=f"edit-{key}", icon=":material/edit:", on_click=_edit, args=(key, True))
        with st.popover("Reject …", icon=":material/close:", key=f"reject-{key}"):
            st.text_input("Why not?", key=f"reason-{key}", placeholder="Nulls are legal here")
            st.caption("The reason is remembered: this rule is not proposed again here.")
            st.button("Reject", key=f"rejected-{key}", on_click=_reject, args=(proposal, key))
    problem(key)


def today(dry_run: dict[str, Any]) -> None:
    """A badge with how a rule fares on the present data."""
    rows = dry_run["failed_rows"]
    if dry_run["outcome"] == "Passed":
        note = "holds today" if not rows else f"holds today, {count(rows, 'row')} off"
        st.badge("nothing to check today" if dry_run["vacuous"] else note, icon=":material/check:", color="green")
    else:
        note = f"{count(rows, 'row')} {'breaks' if rows == 1 else 'break'} it today" if rows else "does not hold today"
        st.badge(note, icon=":material/warning:", color="orange")


def _edit(key: str, editing: bool) -> None:
    st.session_state[f"editing-{key}"] = editing


def _reject(proposal: Proposal, key: str) -> None:
    reason = str(st.session_state.get(f"reason-{key}") or "").strip()
    if reason:
        _decide(proposal.run_id, [Decision(proposal.number, "reject", reason=reason)], key)
    else:
        st.session_state[f"problem-{key}"] = "Say in a few words why you reject it."


def _editor(proposal: Proposal, key: str) -> None:
    rule = st.text_area("The rule in DQDL", proposal.rule, key=f"rule-{key}", height=80) or ""
    changed = rule.strip() != proposal.rule
    valid = changed and _checked(proposal, rule)
    st.text_input("Why? (optional, remembered)", key=f"why-{key}")
    with st.container(horizontal=True):
        if st.button("Check", key=f"check-{key}", icon=":material/play_arrow:") and not changed:
            st.caption("Nothing is changed yet.")
        st.button(
            "Approve as edited",
            key=f"save-{key}",
            type="primary",
            disabled=not valid,
            on_click=_save,
            args=(proposal, key),
        )
        st.button("Back", key=f"back-{key}", type="tertiary", on_click=_edit, args=(key, False))
    problem(key)


def _save(proposal: Proposal, key: str) -> None:
    rule, reason = st.session_state[f"rule-{key}"], st.session_state.get(f"why-{key}")
    _decide(proposal.run_id, [Decision(proposal.number, "edit", rule=rule, reason=reason or None)], key)


def _checked(proposal: Proposal, rule: str) -> bool:
    """Shows how the edited rule fares today, or what is wrong with it; true if it can be used."""
    try:
        result = _dry_run(proposal.run_id, proposal.number, rule)
    except AssayError as error:
        st.error(inline(error, 600), icon=":material/error:")
        excerpt = getattr(error, "excerpt", "")
        if excerpt:
            st.code(excerpt, language=None)
        return False
    today(result.to_dict())
    st.text(result.reason)
    examples(result.examples)
    return True


@st.cache_data(ttl=60, show_spinner="Trying it on today's data …")
def _dry_run(run_id: str, number: int, rule: str) -> RuleResult:
    return session.desk().runs.preview_edit(run_id, number, rule).today


def _decide(run_id: str, decisions: Sequence[Decision], key: str) -> None:
    runs = session.desk().runs
    try:
        outcome = runs.decide(run_id, decisions, session.actor())
    except AssayError as error:
        st.session_state[f"problem-{key}"] = str(error)
        return
    for conflict in outcome.conflicts:
        st.toast(f"{inline(conflict.decision.actor)} had decided about rule {conflict.number} before you.")
    numbers = {decision.number for decision in decisions}
    for proposal in runs.proposals(run_id):
        if proposal.number in numbers:
            st.session_state[f"decided-{key_of(proposal)}"] = proposal.decision
    st.session_state[f"over-{run_id}"] = outcome.undecided == 0
