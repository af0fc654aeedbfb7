"""A validation result: the scores, then what failed and why, then what passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui.web.safe_text import inline
from ui.web.steps import count

_OUTCOMES = {"Passed": (":green[:material/check_circle:]", 2), "Failed": (":red[:material/cancel:]", 0)}
_ERROR = (":orange[:material/error:]", 1)
_MOST_FAILING = 30


def show(evaluation: Mapping[str, Any], total: float | None, dimensions: Mapping[str, float]) -> None:
    """``evaluation`` as :meth:`Evaluation.to_dict` gives it; scores are shares from 0 to 1."""
    rules = sorted(evaluation["rules"], key=lambda rule: _OUTCOMES.get(rule["outcome"], _ERROR)[1])
    failing = [rule for rule in rules if rule["outcome"] != "Passed"]
    passing = [rule for rule in rules if rule["outcome"] == "Passed"]
    scores(total, dimensions)
    st.markdown(
        f"**{len(passing)} of {count(len(rules), 'rule')}** passed on {count(evaluation['rows'], 'row')}"
        + ("." if failing else ", nothing failed.")
    )
    for rule in failing[:_MOST_FAILING]:
        _failure(rule)
    if len(failing) > _MOST_FAILING:
        st.caption(f"{len(failing) - _MOST_FAILING} more rules failed: see them with `assay validate --html`.")
    if passing:
        with st.expander(f"{count(len(passing), 'rule')} passed"):
            st.dataframe([_passed(rule) for rule in passing], hide_index=True)


def scores(total: float | None, dimensions: Mapping[str, float]) -> None:
    """The total and one score per dimension, of 100."""
    with st.container(horizontal=True):
        st.metric("Score", percent(total), border=True, help="The mean of the dimensions, of 100")
        for name, score in dimensions.items():
            st.metric(name.capitalize(), percent(score), border=True)


def percent(score: float | None) -> str:
    """A share as points of 100, never rounded up to a full 100."""
    if score is None:
        return "–"
    return "100" if score == 1 else f"{min(score * 100, 99.9):.1f}"


def _failure(rule: Mapping[str, Any]) -> None:
    with st.container(border=True, gap="xsmall"):
        icon = _OUTCOMES.get(rule["outcome"], _ERROR)[0]
        rows = rule["failed_rows"]
        broken = f" · {count(rows, 'row')} {'breaks' if rows == 1 else 'break'} it" if rows else ""
        st.markdown(f"{icon} **{inline(rule['dimension']).capitalize()}**{broken}")
        st.code(rule["rule"], language=None, wrap_lines=True)
        st.text(rule["reason"])
        examples(rule["examples"])


def examples(rows: list[dict[str, Any]]) -> None:
    """A few rows of the data, as data."""
    if rows:
        st.caption("Rows that break it, for example")
        # As text: a column of an example may hold numbers in one row and words in the next.
        shown = [{name: None if value is None else str(value) for name, value in row.items()} for row in rows[:5]]
        st.dataframe(shown, hide_index=True)


def _passed(rule: Mapping[str, Any]) -> dict[str, str]:
    note = "Nothing to check. " if rule["vacuous"] else ""
    return {"Rule": rule["rule"], "Dimension": rule["dimension"], "Why": note + rule["reason"]}
