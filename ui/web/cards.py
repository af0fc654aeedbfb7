"""Approval: one card per proposed rule, with what a person needs to judge it, and what became of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import streamlit as st

from memory.model import Decision
from tools.errors import AssayError
from ui.web import session
from ui.web.moments import ago
from ui.web.result_view import examples
from ui.web.safe_text import inline
from ui.web.steps import count

if TYPE_CHECKING:
    from memory.model import Proposal, RecordedDecision
    from tools.dqdl.result import RuleResult

_MOST_CARDS = 25
"""Cards drawn at once; the next ones follow as these are decided."""
_DECIDED = {
    "approve": (":green[:material/check_circle:]", "Approved"),
    "edit": (":blue[:material/edit:]", "Edited"),
    "reject": (":red[:material/cancel:]", "Rejected"),
}
_SOURCES = {"statistics": "the statistics", "memory": "past decisions", "model": "the language model"}


def show(run_id: str, proposals: list[Proposal], *, open_for_decisions: bool) -> None:
    """The cards of what is to be decided, then the decisions that were taken."""
    undecided = [proposal for proposal in proposals if proposal.decision is None]
    decided = [(proposal, proposal.decision) for proposal in proposals if proposal.decision is not None]
    if undecided and open_for_decisions:
        _bulk(run_id, undecided, len(proposals))
        names = _names(undecided)
        for proposal in undecided[:_MOST_CARDS]:
            _card(run_id, proposal, names[str(proposal.dataset_id)] if len(names) > 1 else "")
        if len(undecided) > _MOST_CARDS:
            st.caption(f"{len(undecided) - _MOST_CARDS} more follow when these are decided.")
    if decided:
        _decisions(decided)


def _names(proposals: list[Proposal]) -> dict[str, str]:
    catalog = session.desk().memory.catalog
    ids = {str(proposal.dataset_id): proposal.dataset_id for proposal in proposals}
    return {key: catalog.dataset(dataset_id).short_name for key, dataset_id in ids.items()}


def _bulk(run_id: str, undecided: list[Proposal], total: int) -> None:
    holding = [proposal for proposal in undecided if proposal.dry_run["outcome"] == "Passed"]
    with st.container(horizontal=True, vertical_alignment="center"):
        left = total - len(undecided)
        st.markdown(f"**{count(len(undecided), 'rule')} to decide**" + (f" · {left} of {total} done" if left else ""))
        st.space("stretch")
        with st.popover("Approve all …", icon=":material/done_all:", key=f"all-{run_id}"):
            st.caption("They become active as they are written.")
            if holding and len(holding) < len(undecided):
                label = f"Approve the {len(holding)} that hold today"
                if st.button(label, key=f"holding-{run_id}", width="stretch"):
                    _approve(run_id, holding)
            label = f"Approve {'the rule' if len(undecided) == 1 else f'all {len(undecided)}'} left"
            if st.button(label, key=f"rest-{run_id}", type="primary", width="stretch"):
                _approve(run_id, undecided)


@st.fragment
def _card(run_id: str, proposal: Proposal, table: str) -> None:
    key = f"{run_id}-{proposal.number}"
    with st.container(border=True, gap="xsmall", key=f"card-{key}"):
        _heading(proposal, table)
        st.code(proposal.rule, language=None, wrap_lines=True)
        st.text(proposal.reasoning)
        _evidence(proposal)
        if st.session_state.get(f"editing-{key}"):
            _editor(run_id, proposal, key)
        else:
            _buttons(run_id, proposal, key)


def _heading(proposal: Proposal, table: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        where = ", ".join(proposal.columns) or "whole table"
        st.markdown(f"**{proposal.number}. {inline(f'{table}: {where}' if table else where, 80)}**")
        st.badge(inline(proposal.dimension), color="gray")
        _today(proposal.dry_run)
        st.badge(
            f"{proposal.confidence:.0%} sure",
            color="gray",
            help="How sure the proposal is that good data keeps the rule",
        )


def _today(dry_run: dict[str, Any]) -> None:
    rows = dry_run["failed_rows"]
    if dry_run["outcome"] == "Passed":
        note = "holds today" if not rows else f"holds today, {count(rows, 'row')} off"
        st.badge("nothing to check today" if dry_run["vacuous"] else note, icon=":material/check:", color="green")
    else:
        note = f"{count(rows, 'row')} {'breaks' if rows == 1 else 'break'} it today" if rows else "does not hold today"
        st.badge(note, icon=":material/warning:", color="orange")


def _evidence(proposal: Proposal) -> None:
    if memory := proposal.evidence.get("memory"):
        st.caption(f":material/history: {inline(memory, 300)}")
    if proposal.dry_run["outcome"] != "Passed":
        examples(proposal.dry_run["examples"])
    with st.expander("Evidence", type="compact"):
        st.text(f"On today's data: {proposal.dry_run['reason']}")
        figures = {_figure(name): str(value) for name, value in proposal.evidence.items() if name != "memory"}
        if figures:
            st.dataframe([{"What": name, "Value": value} for name, value in figures.items()], hide_index=True)
        st.caption(f"Proposed from {_SOURCES[proposal.source]}.")


def _figure(name: str) -> str:
    return name.removeprefix("column.").replace(".", " · ")


def _buttons(run_id: str, proposal: Proposal, key: str) -> None:
    with st.container(horizontal=True):
        if st.button("Approve", key=f"approve-{key}", type="primary", icon=":material/check:"):
            _approve(run_id, [proposal])
        st.button("Edit", key=f"edit-{key}", icon=":material/edit:", on_click=_edit, args=(key, True))
        with st.popover("Reject …", icon=":material/close:", key=f"reject-{key}"):
            reason = st.text_input("Why not?", key=f"reason-{key}", placeholder="Nulls are legal here")
            st.caption("The reason is remembered: this rule is not proposed again here.")
            if st.button("Reject", key=f"rejected-{key}"):
                if reason and reason.strip():
                    _decide(run_id, [Decision(proposal.number, "reject", reason=reason.strip())])
                else:
                    st.error("Say in a few words why.")


def _edit(key: str, editing: bool) -> None:
    st.session_state[f"editing-{key}"] = editing


def _editor(run_id: str, proposal: Proposal, key: str) -> None:
    rule = st.text_area("The rule in DQDL", proposal.rule, key=f"rule-{key}", height=80) or ""
    changed = rule.strip() != proposal.rule
    valid = _checked(run_id, proposal, rule) if changed else False
    reason = st.text_input("Why? (optional, remembered)", key=f"why-{key}")
    with st.container(horizontal=True):
        if st.button("Check", key=f"check-{key}", icon=":material/play_arrow:") and not changed:
            st.caption("Nothing is changed yet.")
        save = st.button("Approve as edited", key=f"save-{key}", type="primary", disabled=not valid)
        st.button("Back", key=f"back-{key}", type="tertiary", on_click=_edit, args=(key, False))
    if save and valid:
        _decide(run_id, [Decision(proposal.number, "edit", rule=rule, reason=reason or None)])


def _checked(run_id: str, proposal: Proposal, rule: str) -> bool:
    """Shows how the edited rule fares today, or what is wrong with it; true if it can be used."""
    try:
        result = _dry_run(run_id, proposal.number, rule)
    except AssayError as error:
        st.error(inline(error, 600), icon=":material/error:")
        excerpt = getattr(error, "excerpt", "")
        if excerpt:
            st.code(excerpt, language=None)
        return False
    _today(result.to_dict())
    st.text(result.reason)
    examples(result.examples)
    return True


@st.cache_data(ttl=60, show_spinner="Trying it on today's data …")
def _dry_run(run_id: str, number: int, rule: str) -> RuleResult:
    return session.desk().runs.check_edit(run_id, number, rule)


def _approve(run_id: str, proposals: list[Proposal]) -> None:
    _decide(run_id, [Decision(proposal.number, "approve") for proposal in proposals])


def _decide(run_id: str, decisions: list[Decision]) -> None:
    try:
        outcome = session.desk().runs.decide(run_id, decisions, session.actor())
    except AssayError as error:
        st.error(inline(error, 600), icon=":material/error:")
        return
    for conflict in outcome.conflicts:
        st.toast(f"{inline(conflict.decision.actor)} had decided about rule {conflict.number} before you.")
    st.rerun()


def _decisions(decided: list[tuple[Proposal, RecordedDecision]]) -> None:
    kinds = Counter(_DECIDED[decision.action][1].lower() for _, decision in decided)
    label = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    with st.expander(f"Decisions: {label}", icon=":material/gavel:"):
        for proposal, decision in decided:
            with st.container(gap="xsmall"):
                _decision(proposal, decision)


def _decision(proposal: Proposal, decision: RecordedDecision) -> None:
    icon, word = _DECIDED[decision.action]
    st.markdown(f"{icon} {word} by **{inline(decision.actor)}** {ago(decision.decided_at)}")
    st.code(decision.rule or proposal.rule, language=None, wrap_lines=True)
    if decision.action == "edit":
        st.caption(f"It was proposed as {inline(proposal.rule)}")
    if decision.reason:
        st.text(f"“{decision.reason}”")
