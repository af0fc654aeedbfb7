"""Which of a run's proposals are shown, and what is decided about all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from graph.runs import Filter
from memory.model import Decision
from ui.report.text import count
from ui.web import deciding
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.model import Proposal
    from ui.web.powers import Powers

_PARTS = ("tables", "columns", "rule_types", "dimensions", "confidence", "passing")


def chosen(run_id: str) -> Filter:
    """The filter as it is set."""
    state = {part: st.session_state.get(f"where-{part}-{run_id}") for part in _PARTS}
    several = {part: tuple(state[part] or ()) for part in _PARTS[:4]}
    return Filter(**several, confidence=(state["confidence"] or 0) / 100, passing=bool(state["passing"]))


def show(run_id: str, proposals: Sequence[Proposal], table: Callable[[Proposal], str]) -> None:
    """The fields of the filter, with what the proposals have to choose from."""
    where = chosen(run_id)
    used = sum(bool(value) for value in vars(where).values())
    with st.popover(f"Filter ({used})" if used else "Filter", icon=":material/filter_alt:", key=f"filter-{run_id}"):
        if len(tables := _names(table(one) for one in proposals)) > 1:
            _several("Table", "tables", tables, run_id)
        _several("Column", "columns", _names(name for one in proposals for name in one.columns), run_id)
        _several("Rule type", "rule_types", _names(one.rule_type for one in proposals), run_id)
        _several("Dimension", "dimensions", _names(one.dimension for one in proposals), run_id)
        st.slider("At least so sure (%)", 0, 100, step=5, key=f"where-confidence-{run_id}")
        st.toggle("Holds today", key=f"where-passing-{run_id}")
        st.button("Clear", key=f"clear-{run_id}", on_click=_clear, args=(run_id,), disabled=not used)


def _several(label: str, part: str, options: list[str], run_id: str) -> None:
    st.multiselect(label, options, key=f"where-{part}-{run_id}", placeholder="Any", select_all=False)


def _names(names: Any) -> list[str]:
    return sorted(set(names))


def _clear(run_id: str) -> None:
    for part in _PARTS:
        st.session_state.pop(f"where-{part}-{run_id}", None)


def told(where: Filter) -> str:
    """The filter in words; empty where it lets everything through."""
    parts = [
        inline(", ".join(names), 60) for names in (where.tables, where.columns, where.rule_types, where.dimensions)
    ]
    parts += [
        f"at least {where.confidence:.0%} sure" if where.confidence else "",
        "holds today" if where.passing else "",
    ]
    return ", ".join(part for part in parts if part)


def bulk(run_id: str, fitting: Sequence[Proposal], powers: Powers) -> None:
    """Decides about all that the filter leaves."""
    if not powers.refuse or not fitting:
        return
    every = "the rule" if len(fitting) == 1 else f"all {len(fitting):,}"
    if powers.approve:
        holding = [proposal for proposal in fitting if proposal.dry_run["outcome"] == "Passed"]
        with st.popover("Approve all …", icon=":material/done_all:", key=f"all-{run_id}"):
            st.caption("They become active as they are written.")
            if holding and len(holding) < len(fitting):
                _button(
                    f"Approve the {len(holding):,} that hold today", f"holding-{run_id}", run_id, holding, "approve"
                )
            _button(f"Approve {every} left", f"rest-{run_id}", run_id, fitting, "approve")
    with st.popover("More …", key=f"more-{run_id}"), st.form(f"refuse-{run_id}", border=False):
        st.text_input(
            "Why?", key=f"reason-all-{run_id}", placeholder="Found by chance", help="Remembered with each rule"
        )
        for label, action in (("Reject", "reject"), ("Skip", "skip")):
            st.form_submit_button(
                f"{label} {every}",
                key=f"{action}-all-{run_id}",
                width="stretch",
                on_click=_decide,
                args=(run_id, fitting, action),
            )


def _button(label: str, key: str, run_id: str, proposals: Sequence[Proposal], action: str) -> None:
    st.button(label, key=key, width="stretch", on_click=_decide, args=(run_id, proposals, action))


def _decide(run_id: str, proposals: Sequence[Proposal], action: Any) -> None:
    reason = str(st.session_state.get(f"reason-all-{run_id}") or "").strip() if action != "approve" else ""
    if action == "reject" and not reason:
        st.session_state[f"problem-{run_id}"] = f"Say in a few words why you reject {count(len(proposals), 'rule')}."
        return
    decisions = [Decision(proposal.number, action, reason=reason or None) for proposal in proposals]
    deciding.decide(run_id, decisions, run_id)
