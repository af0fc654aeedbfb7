"""A profile as a table with small charts, and one column in detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.web.safe_text import inline

if TYPE_CHECKING:
    from tools.profiling.model import ColumnProfile, Profile

_MOST_ROWS_SHOWN = 12
_ROW_HEIGHT = 35


def show(profile: Profile, key: str) -> None:
    """Key figures, the columns, and details of the one that is picked."""
    incomplete = sum(1 for column in profile.columns if column.nulls)
    with st.container(horizontal=True, gap="large"):
        st.metric("Rows", f"{profile.rows:,}", width="content")
        st.metric("Columns", f"{len(profile.columns):,}", width="content")
        st.metric("With missing values", f"{incomplete:,}", width="content")
        st.metric("Identified by", _keys(profile), width="stretch")
    _table(profile, key)


@st.fragment
def _table(profile: Profile, key: str) -> None:
    picked = st.dataframe(
        [_line(column, profile.rows) for column in profile.columns],
        key=f"profile-{key}",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=_ROW_HEIGHT * (min(len(profile.columns), _MOST_ROWS_SHOWN) + 1) + 3,
        column_config={
            "Missing": st.column_config.ProgressColumn(format="%.1f %%", max_value=100, width=110, color="orange"),
            "Distinct": st.column_config.NumberColumn(format="localized", width=75),
            "Unique": st.column_config.ProgressColumn(
                format="%.1f %%", max_value=100, width=110, help="Distinct values as a share of the values"
            ),
            "Frequent": st.column_config.BarChartColumn(width=80, y_min=0, help="Rows of the most frequent values"),
            "Spread": st.column_config.LineChartColumn(width=80, help="The 5th to the 95th percentile"),
        },
    )
    rows = picked["selection"]["rows"]
    if rows and rows[0] < len(profile.columns):
        _detail(profile.columns[rows[0]], profile.rows)
    else:
        st.caption("Pick a row to see its values.")


def _keys(profile: Profile) -> str:
    if not profile.candidate_keys:
        return "no column"
    return " + ".join(inline(name, 30) for name in profile.candidate_keys[0])


def _line(column: ColumnProfile, rows: int) -> dict[str, Any]:
    present = rows - column.nulls
    return {
        "Column": column.name,
        "Type": f"{column.type.lower()} (holds {column.inferred_type.lower()})"
        if column.inferred_type
        else column.type.lower(),
        "Missing": 100 * column.nulls / rows if rows else 0.0,
        "Distinct": column.distinct,
        "Unique": min(100.0, 100 * column.distinct / present) if present else 0.0,
        "Frequent": [count for _, count in column.top_values[:8]],
        "Spread": _spread(column),
        "Range": _range(column),
        "Pattern": column.patterns[0][0] if column.patterns else "",
    }


def _spread(column: ColumnProfile) -> list[float]:
    return [column.quantiles[key] for key in sorted(column.quantiles, key=float)]


def _range(column: ColumnProfile) -> str:
    if column.min is None:
        return ""
    if column.kind == "text" and column.min_length is not None:
        low, high = column.min_length, column.max_length
        return f"{low} characters" if low == high else f"{low} to {high} characters"
    return f"{_plain(column.min)} to {_plain(column.max)}"


def _plain(value: object) -> str:
    return f"{value:,.10g}" if isinstance(value, float) else str(value)


def _detail(column: ColumnProfile, rows: int) -> None:
    with st.container(border=True):
        st.markdown(f"**{inline(column.name)}**")
        facts, values = st.columns([1, 2])
        with facts:
            st.dataframe(_facts(column, rows), hide_index=True)
        with values:
            counted = column.top_values or column.patterns
            st.dataframe(
                [
                    {"Value": str(value), "Rows": count, "Share": count / rows if rows else 0}
                    for value, count in counted
                ],
                hide_index=True,
                column_config={
                    "Rows": st.column_config.NumberColumn(format="localized"),
                    "Share": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
                },
            )


def _facts(column: ColumnProfile, rows: int) -> list[dict[str, str]]:
    facts = {
        "Missing": f"{column.nulls:,} of {rows:,}",
        "Blank": None if column.blanks is None else f"{column.blanks:,}",
        "Distinct": f"{'' if column.distinct_exact else 'about '}{column.distinct:,}",
        "Smallest": None if column.min is None else _plain(column.min),
        "Largest": None if column.max is None else _plain(column.max),
        "Mean": None if column.mean is None else f"{column.mean:,.4g}",
        "Standard deviation": None if column.stddev is None else f"{column.stddev:,.4g}",
        "Shortest": None if column.min_length is None else f"{column.min_length} characters",
        "Longest": None if column.max_length is None else f"{column.max_length} characters",
        "Common pattern": column.patterns[0][0] if column.patterns else None,
    }
    return [{"Statistic": name, "Value": value} for name, value in facts.items() if value is not None]
