"""Approval, wherever it is asked for: a card per proposed rule with what a person needs to judge it, what became of it,
and the way back to a request that has expired."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import streamlit as st

from ui.report.moments import ago
from ui.report.text import count, percent
from ui.web import deciding, session
from ui.web.result_view import examples
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.model import PendingApproval, Proposal, RecordedDecision

WATCH_SECONDS = 1.5
_MOST_CARDS = 25
"""Cards drawn at once; the next ones follow as these are decided."""
_DECIDED = {
    "approve": (":green[:material/check_circle:]", "Approved"),
    "edit": (":blue[:material/edit:]", "Edited"),
    "reject": (":red[:material/cancel:]", "Rejected"),
}
_SOURCES = {"statistics": "the statistics", "memory": "past decisions", "model": "the language model"}


def show(run_id: str, request: PendingApproval | None) -> None:
    """The cards while a person may decide, each with its decision in its place once it is taken; else the decisions.

    ``request`` is what the run waits for, None if it does not wait.
    """
    proposals = session.desk().runs.proposals(run_id)
    undecided = [proposal for proposal in proposals if proposal.decision is None]
    if request is not None and undecided:
        deciding.terms(request)
    if request is None or request.expired or not undecided:
        _decisions([(proposal, proposal.decision) for proposal in proposals if proposal.decision is not None])
        return
    _bulk(run_id, undecided, len(proposals))
    names = _names(proposals)
    last = undecided[:_MOST_CARDS][-1].number
    for proposal in proposals:
        if proposal.number <= last:
            _place(proposal, names[str(proposal.dataset_id)] if len(names) > 1 else "")
    if len(undecided) > _MOST_CARDS:
        st.caption(f"{len(undecided) - _MOST_CARDS} more follow when these are decided.")
    st.fragment(_watch, run_every=WATCH_SECONDS)(run_id, len(undecided))


def _watch(run_id: str, undecided: int) -> None:
    """Draws the page anew when somebody decided, here or elsewhere, the run went on or the time is over."""
    request = session.request(run_id)
    if request is None or request.expired or request.undecided != undecided:
        st.rerun()


def _names(proposals: list[Proposal]) -> dict[str, str]:
    catalog = session.desk().memory.catalog
    ids = {str(proposal.dataset_id): proposal.dataset_id for proposal in proposals}
    return {key: catalog.dataset(dataset_id).short_name for key, dataset_id in ids.items()}


def _bulk(run_id: str, undecided: list[Proposal], total: int) -> None:
    holding = [proposal for proposal in undecided if proposal.dry_run["outcome"] == "Passed"]
    done = total - len(undecided)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{count(len(undecided), 'rule')} to decide**" + (f" · {done} of {total} done" if done else ""))
        st.space("stretch")
        with st.popover("Approve all …", icon=":material/done_all:", key=f"all-{run_id}"):
            st.caption("They become active as they are written.")
            if holding and len(holding) < len(undecided):
                _approval(f"Approve the {len(holding)} that hold today", f"holding-{run_id}", run_id, holding)
            label = f"Approve {'the rule' if len(undecided) == 1 else f'all {len(undecided)}'} left"
            _approval(label, f"rest-{run_id}", run_id, undecided)
    deciding.problem(run_id)


def _approval(label: str, key: str, run_id: str, proposals: list[Proposal]) -> None:
    st.button(label, key=key, width="stretch", on_click=deciding.approve, args=(run_id, proposals, run_id))


@st.fragment
def _place(proposal: Proposal, table: str) -> None:
    decision = deciding.decided_here(proposal)
    if decision is None:
        _card(proposal, table)
        return
    with st.container(gap="xxsmall", key=f"decided-{deciding.key_of(proposal)}"):
        _decision(proposal, decision)
    if deciding.all_decided(proposal.run_id):
        st.rerun()


def _card(proposal: Proposal, table: str) -> None:
    with st.container(border=True, gap="xsmall", key=f"card-{deciding.key_of(proposal)}"):
        _heading(proposal, table)
        st.code(proposal.rule, language=None, wrap_lines=True)
        st.text(proposal.reasoning)
        _evidence(proposal)
        deciding.buttons(proposal)


def _heading(proposal: Proposal, table: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        where = ", ".join(proposal.columns) or "whole table"
        st.markdown(f"**{proposal.number}. {inline(f'{table}: {where}' if table else where, 80)}**")
        st.badge(inline(proposal.dimension), color="gray")
        deciding.today(proposal.dry_run)
        sure = f"{percent(proposal.confidence)} sure"
        st.badge(sure, color="gray", help="How sure the proposal is that good data keeps the rule")


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


def _decisions(decided: list[tuple[Proposal, RecordedDecision]]) -> None:
    if not decided:
        return
    kinds = Counter(_DECIDED[decision.action][1].lower() for _, decision in decided)
    label = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    with st.expander(f"Decisions: {label}", icon=":material/gavel:"):
        for proposal, decision in decided:
            with st.container(gap="xxsmall"):
                _decision(proposal, decision)


def _decision(proposal: Proposal, decision: RecordedDecision) -> None:
    icon, word = _DECIDED[decision.action]
    why = f": “{inline(decision.reason, 300)}”" if decision.reason else ""
    st.markdown(f"{icon} {word} by **{inline(decision.actor)}** {ago(decision.decided_at)}{why}")
    st.code(decision.rule or proposal.rule, language=None, wrap_lines=True)
    if decision.action == "edit":
        st.caption(f"It was proposed as {inline(proposal.rule, 1_000)}")
