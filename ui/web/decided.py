"""Decisions that were taken: who, when, why, and what of the rule was changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from ui.report.moments import ago
from ui.web.frame import moments
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.model import Proposal, RecordedDecision

_DECIDED = {
    "approve": (":green[:material/check_circle:]", "Approved"),
    "edit": (":blue[:material/edit:]", "Edited"),
    "reject": (":red[:material/cancel:]", "Rejected"),
}
_MOST_IN_WORDS = 20
"""More decisions than these are told as a table."""


def show(proposals: Sequence[Proposal]) -> None:
    """The decisions of a run, folded away; ``proposals`` are those with a decision."""
    taken = [(proposal, proposal.decision) for proposal in proposals if proposal.decision is not None]
    if not taken:
        return
    kinds = Counter(_DECIDED[decision.action][1].lower() for _, decision in taken)
    label = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    key = f"decisions-{proposals[0].run_id}"
    # The label changes with each decision: by its key it stays the same one, and as open as it was.
    with st.expander(f"Decisions: {label}", icon=":material/gavel:", key=key):
        if len(taken) > _MOST_IN_WORDS:
            lines = [_line(proposal, decision) for proposal, decision in taken]
            st.dataframe(lines, hide_index=True, column_config=moments("When"))
            return
        for proposal, decision in taken:
            with st.container(gap="xxsmall"):
                one(proposal, decision)


def one(proposal: Proposal, decision: RecordedDecision) -> None:
    """One decision."""
    icon, word = _DECIDED[decision.action]
    why = f": “{inline(decision.reason, 300)}”" if decision.reason else ""
    st.markdown(f"{icon} {word} by **{inline(decision.actor)}** {ago(decision.decided_at)}{why}")
    st.code(decision.rule or proposal.rule, language=None, wrap_lines=True)
    if decision.action == "edit":
        st.caption(f"It was proposed as {inline(proposal.rule, 1_000)}")


def _line(proposal: Proposal, decision: RecordedDecision) -> dict[str, object]:
    return {
        "#": proposal.number,
        "Decision": _DECIDED[decision.action][1],
        "By": decision.actor,
        "Rule": decision.rule or proposal.rule,
        "Reason": decision.reason or "",
        "Proposed as": proposal.rule if decision.action == "edit" else "",
        "When": decision.decided_at,
    }
