"""Approval, wherever it is asked for: a page of cards with what a person needs to judge each rule, what became of it,
and the way back to a request that has expired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.report.grounds import grounds
from ui.report.moments import ago
from ui.report.remembered import references
from ui.report.text import count, percent
from ui.web import decided, deciding, editing, filters, polite, powers, session
from ui.web.result_view import depending, examples
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from graph.runs import Filter, Related
    from memory.model import Dataset, PendingApproval, Proposal
    from ui.web.powers import Powers

WATCH_SECONDS = 2.0
MOST_CARDS = 10
"""Cards of one page."""
_SOURCES = {"statistics": "the statistics", "memory": "past decisions", "model": "the language model"}
_PAST = ("memory", "recalled", "references", "blast_radius")
"""Evidence that is shown apart from the figures."""


def show(run_id: str, request: PendingApproval | None) -> None:
    """The cards while a person may decide, and the decisions taken so far.

    ``request`` is what the run waits for, None if it does not wait.
    """
    proposals = session.proposals(run_id)
    if request is not None:
        deciding.terms(request, powers.over(run_id))
    if request is not None and not request.expired:
        _board(run_id)
    decided.show([proposal for proposal in proposals if proposal.decision is not None])


@polite.part
def _board(run_id: str) -> None:
    proposals = session.proposals(run_id)
    undecided = [proposal for proposal in proposals if proposal.decision is None]
    if not undecided:
        st.rerun()
    deciding.know(run_id, len(undecided))
    tables, where, mine = _tables(proposals), filters.chosen(run_id), powers.over(run_id)
    fitting = [one for one in undecided if where.keeps(one, _named(tables[one.dataset_id]))]
    with st.container(horizontal=True, vertical_alignment="center"):
        polite.part(_count, run_every=WATCH_SECONDS)(run_id, len(proposals))
        st.space("stretch")
        filters.buttons(run_id, fitting, mine)
    filters.panel(run_id, undecided, fitting, lambda one: tables[one.dataset_id].short_name, mine)
    deciding.problem(run_id)
    if told := filters.told(where):
        st.caption(f":material/filter_alt: {count(len(fitting), 'rule')}: {told}")
    shown = _page(run_id, proposals, fitting, where)
    beside = _beside(run_id, tuple(one.number for one in shown))
    for proposal in shown:
        table = tables[proposal.dataset_id].short_name if len(tables) > 1 else ""
        _place(proposal, table, mine, beside.get(proposal.number, []))
    _turning(run_id, fitting, shown, where)


def _count(run_id: str, total: int) -> None:
    """How far it is; draws the page anew when somebody decided elsewhere, the run went on or the time is over."""
    request = session.request(run_id)
    if request is None or request.expired or request.undecided != deciding.left_to_decide(run_id):
        st.rerun()
    done = f" · {total - request.undecided} of {total} done" if request.undecided < total else ""
    skipped = f" · {request.skipped} skipped" if request.skipped else ""
    st.markdown(f"**{count(request.undecided, 'rule')} to decide**{done}{skipped}")


def _tables(proposals: list[Proposal]) -> dict[Any, Dataset]:
    return session.desk().memory.catalog.several({proposal.dataset_id for proposal in proposals})


def _named(dataset: Dataset) -> tuple[str, str, str]:
    return dataset.short_name, dataset.name, dataset.uri


@st.cache_data(ttl=20, show_spinner=False)
def _beside(run_id: str, numbers: tuple[int, ...]) -> dict[int, list[Related]]:
    return session.desk().runs.related(run_id, numbers)


def _page(run_id: str, proposals: list[Proposal], fitting: list[Proposal], where: Filter) -> list[Proposal]:
    """The cards to draw. They keep their places while they are decided, so that no click meets another card."""
    kept, numbers = st.session_state.get(f"shown-{run_id}", (None, ()))
    page = [one for one in proposals if one.number in numbers]
    if kept != where or not any(deciding.decided_here(one) is None for one in page):
        first = numbers[0] if kept == where and numbers else 0
        page = [one for one in fitting if one.number >= first][:MOST_CARDS] or fitting[:MOST_CARDS]
        _turn(run_id, where, page)
    return page


def _turning(run_id: str, fitting: list[Proposal], shown: list[Proposal], where: Filter) -> None:
    """The way to the cards before and after."""
    if not shown:
        st.info("No rule that waits fits the filter.", icon=":material/filter_alt_off:")
        return
    before = [one for one in fitting if one.number < shown[0].number]
    after = [one for one in fitting if one.number > shown[-1].number]
    if not before and not after:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _to("Previous", ":material/chevron_left:", run_id, where, before[-MOST_CARDS:])
        _to("Next", ":material/chevron_right:", run_id, where, after[:MOST_CARDS])
        st.caption(f"{len(before):,} before, {len(after):,} after")


def _to(label: str, icon: str, run_id: str, where: Filter, page: Sequence[Proposal]) -> None:
    args = (run_id, where, page)
    st.button(label, icon=icon, key=f"{label}-{run_id}", disabled=not page, on_click=_turn, args=args)


def _turn(run_id: str, where: Filter, page: Sequence[Proposal]) -> None:
    st.session_state[f"shown-{run_id}"] = (where, tuple(one.number for one in page))


@polite.part
def _place(proposal: Proposal, table: str, mine: Powers, beside: Sequence[Related]) -> None:
    decision = deciding.decided_here(proposal)
    if decision is None:
        _card(proposal, table, mine, beside)
        return
    with st.container(gap="xxsmall", key=f"decided-{deciding.key_of(proposal)}"):
        decided.one(proposal, decision)
        if conflict := deciding.lost(proposal):
            before = f"{inline(conflict.decision.actor)} decided {ago(conflict.decision.decided_at)}, before you"
            st.caption(f":orange[:material/warning: {before}: that stays, and yours was not stored.]")
    if _page_over(proposal.run_id):
        st.rerun()


def _page_over(run_id: str) -> bool:
    """Whether each card of the page is decided, so that the next ones may come."""
    _, numbers = st.session_state.get(f"shown-{run_id}", (None, ()))
    return all(st.session_state.get(f"decided-{run_id}-{number}") for number in numbers)


def _card(proposal: Proposal, table: str, mine: Powers, beside: Sequence[Related]) -> None:
    key = deciding.key_of(proposal)
    with st.container(border=True, gap="xsmall", key=f"card-{key}"):
        _heading(proposal, table)
        st.code(proposal.rule, language=None, wrap_lines=True)
        st.text(proposal.reasoning)
        editing.beside(beside)
        depending(proposal.evidence)
        _evidence(proposal)
        turned = deciding.turned_to(proposal)
        if mine.edit and turned == "edit":
            editing.show(proposal)
        elif mine.refuse and turned == "reject":
            deciding.refusal(proposal)
        else:
            deciding.buttons(proposal, mine)


def _heading(proposal: Proposal, table: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        where = ", ".join(proposal.columns) or "whole table"
        st.markdown(f"**{proposal.number}. {inline(f'{table}: {where}' if table else where, 80)}**")
        st.badge(inline(proposal.dimension), color="gray")
        deciding.today(proposal.dry_run)
        sure = f"{percent(proposal.confidence)} sure"
        st.badge(sure, color="gray", help="How sure the proposal is that good data keeps the rule")
        if skipped := deciding.skipped_here(proposal):
            why = f": “{inline(skipped.reason, 120)}”" if skipped.reason else ""
            st.caption(f":material/schedule: skipped by {inline(skipped.actor, 60)} {ago(skipped.skipped_at)}{why}")


def _evidence(proposal: Proposal) -> None:
    if memory := proposal.evidence.get("memory"):
        for line in memory if isinstance(memory, list) else [memory]:
            st.caption(f":material/history: {inline(line, 300)}")
    if proposal.dry_run["outcome"] != "Passed":
        examples(proposal.dry_run["examples"])
    with st.expander("Evidence", type="compact", key=f"evidence-{deciding.key_of(proposal)}"):
        st.text(f"On today's data: {proposal.dry_run['reason']}")
        figures = {_figure(name): str(value) for name, value in proposal.evidence.items() if name not in _PAST}
        if figures:
            st.dataframe([{"What": name, "Value": value} for name, value in figures.items()], hide_index=True)
        if recalled := proposal.evidence.get("recalled"):
            st.caption(f"Decisions recalled, and how alike their columns are: {inline(references(recalled), 600)}")
        st.caption(f"Proposed from {_SOURCES[proposal.source]}.")
        if stands := grounds(proposal.evidence.get("references", [])):
            st.caption(f"Found in {inline(stands, 300)}")


def _figure(name: str) -> str:
    return name.removeprefix("column.").replace(".", " · ")
