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


def buttons(run_id: str, fitting: Sequence[Proposal], powers: Powers) -> None:
    """What opens the panels of the filter and of decisions about all that it leaves."""
    used = sum(bool(value) for value in vars(chosen(run_id)).values())
    _opener(f"Filter ({used})" if used else "Filter", ":material/filter_alt:", "filter", run_id)
    if fitting and powers.approve:
        _opener("Approve all …", ":material/done_all:", "approve", run_id)
    if fitting and powers.refuse:
        _opener("More …", ":material/more_horiz:", "more", run_id)


def _opener(label: str, icon: str, panel: str, run_id: str) -> None:
    st.button(label, icon=icon, key=f"open-{panel}-{run_id}", on_click=_open, args=(run_id, panel))


def _open(run_id: str, panel: str | None) -> None:
    """Opens a panel, or closes the one that is open. Not a popover: the tabulator key comes to none of its fields."""
    key = f"panel-{run_id}"
    st.session_state[key] = None if st.session_state.get(key) == panel else panel


def panel(
    run_id: str,
    undecided: Sequence[Proposal],
    fitting: Sequence[Proposal],
    table: Callable[[Proposal], str],
    powers: Powers,
) -> None:
    """The panel that is open, if any."""
    opened = st.session_state.get(f"panel-{run_id}")
    if opened == "filter":
        _fields(run_id, undecided, table)
    elif opened == "approve" and powers.approve and fitting:
        _approving(run_id, fitting)
    elif opened == "more" and powers.refuse and fitting:
        _refusing(run_id, fitting)


def _fields(run_id: str, proposals: Sequence[Proposal], table: Callable[[Proposal], str]) -> None:
    """The filter, with what the proposals have to choose from."""
    with st.container(border=True, key=f"fields-{run_id}"):
        left, right = st.columns(2)
        with left:
            if len(tables := _names(table(one) for one in proposals)) > 1:
                _several("Table", "tables", tables, run_id)
            _several("Column", "columns", _names(name for one in proposals for name in one.columns), run_id)
            st.slider("At least so sure (%)", 0, 100, step=5, key=f"where-confidence-{run_id}", persist_state="page")
        with right:
            _several("Rule type", "rule_types", _names(one.rule_type for one in proposals), run_id)
            _several("Dimension", "dimensions", _names(one.dimension for one in proposals), run_id)
            st.toggle("Holds today", key=f"where-passing-{run_id}", persist_state="page")
        st.button("Clear", key=f"clear-{run_id}", type="tertiary", on_click=_clear, args=(run_id,))


def _several(label: str, part: str, options: list[str], run_id: str) -> None:
    st.multiselect(
        label, options, key=f"where-{part}-{run_id}", placeholder="Any", select_all=False, persist_state="page"
    )


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


def _approving(run_id: str, fitting: Sequence[Proposal]) -> None:
    holding = [proposal for proposal in fitting if proposal.dry_run["outcome"] == "Passed"]
    with st.container(border=True, key=f"approving-{run_id}"):
        st.caption("They become active as they are written.")
        with st.container(horizontal=True):
            _button(f"Approve {_every(fitting)} left", f"rest-{run_id}", run_id, fitting, "approve")
            if holding and len(holding) < len(fitting):
                _button(
                    f"Approve the {len(holding):,} that hold today", f"holding-{run_id}", run_id, holding, "approve"
                )


def _refusing(run_id: str, fitting: Sequence[Proposal]) -> None:
    with st.container(border=True, key=f"refusing-{run_id}"), st.form(f"refuse-{run_id}", border=False):
        st.text_input(
            "Why?", key=f"reason-all-{run_id}", placeholder="Found by chance", help="Remembered with each rule"
        )
        with st.container(horizontal=True):
            for label, action in (("Reject", "reject"), ("Skip", "skip")):
                st.form_submit_button(
                    f"{label} {_every(fitting)}",
                    key=f"{action}-all-{run_id}",
                    on_click=_decide,
                    args=(run_id, fitting, action),
                )


def _every(fitting: Sequence[Proposal]) -> str:
    return "the rule" if len(fitting) == 1 else f"all {len(fitting):,}"


def _button(label: str, key: str, run_id: str, proposals: Sequence[Proposal], action: str) -> None:
    st.button(label, key=key, on_click=_decide, args=(run_id, proposals, action))


def _decide(run_id: str, proposals: Sequence[Proposal], action: Any) -> None:
    reason = str(st.session_state.get(f"reason-all-{run_id}") or "").strip() if action != "approve" else ""
    if action == "reject" and not reason:
        st.session_state[f"problem-{run_id}"] = f"Say in a few words why you reject {count(len(proposals), 'rule')}."
        return
    decisions = [Decision(proposal.number, action, reason=reason or None) for proposal in proposals]
    deciding.decide(run_id, decisions, run_id)
    _open(run_id, None)
