"""A profile as a table with small charts, and one column in detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.report import column_facts, profile_notes, text
from ui.report.columns import TELLING_SHARE, value_range
from ui.web.histogram_view import histogram
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

    from tools.profiling.model import ColumnProfile, Profile

_MOST_ROWS_SHOWN = 12
_ROW_HEIGHT = 35
_PERSONAL = "PII: personal data, as far as the name or the values tell"
_BLANK = "Text that is empty or only white space"
_ESTIMATED = (
    "~: the number of distinct values is an estimate. "
    "Sampled: frequent values, patterns and quantiles come from so many rows"
)
_ORDER = ("Column", "Type", "NULL", "Blank", "Distinct", "Estimated", "Distribution", "Range")


def show(profile: Profile, key: str) -> None:
    """Key figures, the columns, and details of the one that is picked."""
    incomplete = sum(1 for column in profile.columns if column.nulls or column.blanks)
    with st.container(horizontal=True, gap="medium"):
        st.metric("Rows", f"{profile.rows:,}", width="content")
        st.metric("Columns", f"{len(profile.columns):,}", width="content")
        st.metric("Columns with NULL or blank", f"{incomplete:,}", width="content")
        st.metric("Identified by", _keys(profile), width="content")
    _table(profile, key)
    if lines := profile_notes.notes(profile):
        st.markdown("\n".join(f"- {inline(line, 300)}" for line in lines))


@st.fragment
def _table(profile: Profile, key: str) -> None:
    lines = [_line(column, profile.rows) for column in profile.columns]
    picked = st.dataframe(
        lines,
        key=f"profile-{key}",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=_ROW_HEIGHT * (min(len(profile.columns), _MOST_ROWS_SHOWN) + 1) + 3,
        column_order=[name for name in _ORDER if name != "Estimated" or any(line[name] for line in lines)],
        column_config={
            "Column": st.column_config.TextColumn(pinned=True),
            "Type": st.column_config.TextColumn(width=150, help=_PERSONAL),
            "NULL": _share("Rows without a value"),
            "Blank": _share(_BLANK),
            "Distinct": st.column_config.NumberColumn(format="localized", width=70, help="Different values"),
            "Estimated": st.column_config.TextColumn(width=135, help=_ESTIMATED),
            "Distribution": st.column_config.BarChartColumn(
                width=90,
                y_min=0,
                help="Rows from the least to the greatest value; of texts the rows of the most frequent ones",
            ),
        },
    )
    rows = picked["selection"]["rows"]
    if rows and rows[0] < len(profile.columns):
        _detail(profile.columns[rows[0]], profile.rows)
    else:
        st.caption("Pick a row to see all about a column.")


def _share(told: str) -> ColumnConfig:
    return st.column_config.NumberColumn(format="%.1f %%", width=62, help=told)


def _keys(profile: Profile) -> str:
    if not profile.candidate_keys:
        return "no column"
    return " + ".join(inline(name, 30) for name in profile.candidate_keys[0])


def _line(column: ColumnProfile, rows: int) -> dict[str, Any]:
    return {
        "Column": column.name,
        "Type": _type(column),
        "NULL": _percent(column.nulls, rows),
        "Blank": _percent(column.blanks or 0, rows),
        "Distinct": column.distinct,
        "Estimated": _estimated(column),
        "Distribution": _distribution(column, rows),
        "Range": value_range(column),
    }


def _percent(count: int, rows: int) -> float:
    """With one decimal 0.0 for none only."""
    return max(0.1, 100 * count / rows) if count else 0.0


def _estimated(column: ColumnProfile) -> str:
    """``~ · 10,000 sampled``."""
    told = [] if column.distinct_exact else [column_facts.ESTIMATE]
    told += [] if column.sample_rows is None else [f"{column.sample_rows:,} sampled"]
    return " · ".join(told)


def _distribution(column: ColumnProfile, rows: int) -> list[int]:
    """Values that hardly repeat have none."""
    if column.histogram:
        return column.histogram.counts
    counts = [count for _, count in column.top_values[:8]]
    least = max(2.0, TELLING_SHARE * column_facts.counted_rows(column, rows))
    return counts if max(counts, default=0) >= least else []


def _type(column: ColumnProfile) -> str:
    told = [f"holds {column.inferred_type.lower()}"] if column.inferred_type else []
    told += [word for word in (profile_notes.meaning(column), profile_notes.badge(column)) if word]
    return f"{column.type.lower()} ({', '.join(told)})" if told else column.type.lower()


def _detail(column: ColumnProfile, rows: int) -> None:
    with st.container(border=True):
        st.markdown(f"**{inline(column.name)}**")
        facts, values = st.columns(2)
        with facts:
            _facts(column_facts.facts(column, rows))
        with values:
            histogram(column)
            _counted("Most frequent", column, column.top_values, rows)
            _counted("Patterns", column, column.patterns, rows)


def _facts(facts: list[tuple[str, str]]) -> None:
    """A table of text that wraps, as what it says may be long."""
    lines = "\n".join(f"| {inline(name)} | {inline(value, 300)} |" for name, value in facts)
    st.markdown(f"| Statistic | Value |\n|:--|:--|\n{lines}")


def _counted(title: str, column: ColumnProfile, counts: list[tuple[Any, int]], rows: int) -> None:
    if not counts:
        return
    st.caption(f"{title}{column_facts.sampled(column)}")
    of = column_facts.counted_rows(column, rows)
    st.dataframe(
        [{"Value": text.value(value), "Rows": count, "Share": count / of if of else 0} for value, count in counts],
        hide_index=True,
        height=_ROW_HEIGHT * (min(len(counts), 8) + 1) + 3,
        column_config={
            "Rows": st.column_config.NumberColumn(format="localized", width=80),
            "Share": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
        },
    )
