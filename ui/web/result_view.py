"""A validation result: the scores, then what failed and why, then what passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from ui.report.text import count, score
from ui.report.verdict import by_dimension, radius, sorted_rules
from ui.web.safe_text import inline

_OUTCOMES = {"Passed": (":green[:material/check_circle:]", 2), "Failed": (":red[:material/cancel:]", 0)}
_ERROR = (":orange[:material/error:]", 1)
_FAILING_AT_ONCE = 10


def show(evaluation: Mapping[str, Any], total: float | None, dimensions: Mapping[str, float], key: str) -> None:
    """``evaluation`` as :meth:`Evaluation.to_dict` gives it; scores are shares from 0 to 1; ``key`` is the result's."""
    rules = sorted(sorted_rules(dict(evaluation)), key=lambda rule: _OUTCOMES.get(rule["outcome"], _ERROR)[1])
    failing = [rule for rule in rules if rule["outcome"] != "Passed"]
    passing = [rule for rule in rules if rule["outcome"] == "Passed"]
    scores(total, dimensions)
    st.markdown(
        f"**{len(passing)} of {count(len(rules), 'rule')}** passed on {count(evaluation['rows'], 'row')}"
        + ("." if failing else ", nothing failed.")
    )
    _failures(failing, key)
    if passing:
        label, key = f"{count(len(passing), 'rule')} passed", f"passed-{key}"
        with st.expander(label, icon=":material/check_circle:", key=key, on_change="rerun") as box:
            if box.open:
                st.dataframe([_passed(rule) for rule in passing], hide_index=True)


@st.fragment
def _failures(failing: Sequence[Mapping[str, Any]], key: str) -> None:
    """The first ones, and the rest when it is asked for."""
    most = st.session_state.get(f"failing-{key}", _FAILING_AT_ONCE)
    for rule in failing[:most]:
        _failure(rule)
    if len(failing) > most:
        more = min(_FAILING_AT_ONCE, len(failing) - most)
        label = f"Show {more} more of {len(failing) - most:,} that failed"
        st.button(label, key=f"more-{key}", on_click=_more, args=(f"failing-{key}", most))


def _more(key: str, most: int) -> None:
    st.session_state[key] = most + _FAILING_AT_ONCE


def scores(total: float | None, dimensions: Mapping[str, float]) -> None:
    """The total and one score per dimension, of 100."""
    with st.container(horizontal=True):
        shown = "–" if total is None else score(total)
        st.metric("Score", shown, border=True, help="The mean of all rules that could be measured, of 100")
        for name, share in by_dimension(dict(dimensions)):
            st.metric(name.capitalize(), score(share), border=True)


def _failure(rule: Mapping[str, Any]) -> None:
    with st.container(border=True, gap="xsmall"):
        icon = _OUTCOMES.get(rule["outcome"], _ERROR)[0]
        rows = rule["failed_rows"]
        broken = f" · {count(rows, 'row')} {'breaks' if rows == 1 else 'break'} it" if rows else ""
        st.markdown(f"{icon} **{inline(rule['dimension']).capitalize()}**{broken}")
        st.code(rule["rule"], language=None, wrap_lines=True)
        st.text(rule["reason"])
        depending(rule)
        examples(rule["examples"])


def depending(told: Mapping[str, Any]) -> None:
    """What is made of the data that a rule is about, from its result or a proposal's evidence."""
    if line := radius(told):
        st.caption(f":material/account_tree: {inline(line, 400)}")


def examples(rows: list[dict[str, Any]]) -> None:
    """A few rows of the data, as data."""
    if rows:
        st.caption("Rows that break it, for example")
        names = list(dict.fromkeys(name for row in rows[:5] for name in row))
        st.dataframe({name: _cells([row.get(name) for row in rows[:5]]) for name in names}, hide_index=True)


def _cells(values: list[Any]) -> list[Any]:
    """Numbers stay numbers, which stand to the right, unless the column holds words too."""
    numbers = all(
        value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values
    )
    return values if numbers else [None if value is None else str(value) for value in values]


def _passed(rule: Mapping[str, Any]) -> dict[str, str]:
    note = "Nothing to check. " if rule["vacuous"] else ""
    return {"Rule": rule["rule"], "Dimension": rule["dimension"], "Why": note + rule["reason"]}
