"""The rules of a dataset, and taking one out of use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from graph.jobs import Jobs
from tools.errors import AssayError
from ui.web import polite, powers, session
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.model import Dataset, Rule

_ROWS_SHOWN = 14
_STATES = {"approved": "active", "disabled": "disabled", "draft": "draft"}


@polite.part
def show(dataset: Dataset) -> None:
    """A table of rules, and one of them whole when it is picked."""
    rules = session.desk().memory.rules.all(dataset.id)
    if not rules:
        st.info("It has no active rules. Choose “Recommend rules”, and approve those that are right.")
        return
    active = [rule for rule in rules if rule.status == "approved"]
    disabled = len(rules) - len(active)
    if disabled and st.toggle(f"With {disabled:,} disabled", key=f"disabled-{dataset.id}"):
        active = rules
    _problem(dataset)
    picked = st.dataframe(
        [_line(rule) for rule in active],
        key=f"rules-{dataset.id}",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=35 * (min(len(active), _ROWS_SHOWN) + 1) + 3,
        column_config={
            "Rule": st.column_config.TextColumn(width=300),
            "Why": st.column_config.TextColumn(width=220),
            "Approved": st.column_config.DatetimeColumn(format="distance"),
        },
    )
    rows = picked["selection"]["rows"]
    if rows and rows[0] < len(active):
        _one(active[rows[0]], dataset)
    else:
        st.caption("Pick a rule to read it whole" + (", or to disable it." if powers.can("disable") else "."))


def _line(rule: Rule) -> dict[str, Any]:
    return {
        "#": rule.number,
        "Rule": rule.rule_expression,
        "Why": rule.reasoning,
        "Dimension": rule.dimension,
        "State": "refused" if rule.problem else _STATES[rule.status],
        "Approved by": rule.approved_by,
        "Approved": rule.approved_at,
    }


def _one(rule: Rule, dataset: Dataset) -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**Rule {rule.number}** · {inline(rule.dimension)}")
        st.code(rule.rule_expression, language=None, wrap_lines=True)
        st.text(rule.reasoning)
        if rule.problem:
            st.error(f"The validator refuses it. {inline(rule.problem, 300)}", icon=":material/gpp_bad:")
        if rule.status == "disabled":
            st.caption(f"Disabled by {inline(rule.disabled_by)}: {inline(rule.disabled_reason, 300)}")
        elif powers.can("disable"):
            key = f"disable-{rule.number}"
            with st.form(key, border=False), st.container(horizontal=True, vertical_alignment="bottom"):
                st.text_input("Why is it not needed any more?", key=f"why-{key}")
                st.form_submit_button("Disable", icon=":material/block:", on_click=_disable, args=(rule, dataset))


def _disable(rule: Rule, dataset: Dataset) -> None:
    reason = str(st.session_state.get(f"why-disable-{rule.number}") or "").strip()
    try:
        if not reason:
            raise AssayError("Say in a few words why it is disabled.")
        Jobs(session.desk().memory, session.actor()).disable(rule.number, reason)
    except AssayError as error:
        st.session_state[f"problem-rules-{dataset.id}"] = str(error)


def _problem(dataset: Dataset) -> None:
    if why := st.session_state.pop(f"problem-rules-{dataset.id}", None):
        st.error(inline(why, 600), icon=":material/error:")
