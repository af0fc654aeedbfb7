"""A profile as a table with small charts, and one column in detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.report import profile_notes
from ui.report.text import percent
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from tools.profiling.model import ColumnProfile, Personal, Profile, Semantic

_MOST_ROWS_SHOWN = 12
_ROW_HEIGHT = 35
_COLOR = "#2b877e"
"""Of the theme, and readable in light and dark."""


def show(profile: Profile, key: str) -> None:
    """Key figures, the columns, and details of the one that is picked."""
    incomplete = sum(1 for column in profile.columns if column.nulls)
    with st.container(horizontal=True, gap="large"):
        st.metric("Rows", f"{profile.rows:,}", width="content")
        st.metric("Columns", f"{len(profile.columns):,}", width="content")
        st.metric("With missing values", f"{incomplete:,}", width="content")
        st.metric("Identified by", _keys(profile), width="stretch")
    _table(profile, key)
    if lines := profile_notes.notes(profile):
        st.markdown("\n".join(f"- {inline(line, 300)}" for line in lines))


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
            "Personal": st.column_config.TextColumn(
                width=115, help="Personal data that the name or the values point to"
            ),
            "Distribution": st.column_config.BarChartColumn(
                width=110,
                y_min=0,
                help="Rows from the least to the greatest value; of texts the rows of the most frequent ones",
            ),
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
        "Type": _type(column),
        "Personal": column.personal.kind if column.personal else "",
        "Missing": 100 * column.nulls / rows if rows else 0.0,
        "Distinct": column.distinct,
        "Unique": min(100.0, 100 * column.distinct / present) if present else 0.0,
        "Distribution": _distribution(column),
        "Range": _range(column),
        "Pattern": column.patterns[0][0] if column.patterns else "",
    }


def _distribution(column: ColumnProfile) -> list[int]:
    """Values that never repeat have none."""
    if column.histogram:
        return column.histogram.counts
    counts = [count for _, count in column.top_values[:8]]
    return counts if max(counts, default=0) > 1 else []


def _type(column: ColumnProfile) -> str:
    told = [f"holds {column.inferred_type.lower()}"] if column.inferred_type else []
    told += [word for word in [profile_notes.meaning(column)] if word]
    return f"{column.type.lower()} ({', '.join(told)})" if told else column.type.lower()


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
        facts, values = st.columns([4, 5])
        with facts:
            st.dataframe(_facts(column, rows), hide_index=True)
        with values:
            _histogram(column)
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


def _histogram(column: ColumnProfile) -> None:
    found = column.histogram
    if found is None:
        return
    bars = [
        {"From": _plain(low), "To": _plain(high), "Rows": count}
        for low, high, count in zip(found.edges[:-1], found.edges[1:], found.counts, strict=True)
    ]
    st.bar_chart(bars, x="From", y="Rows", height=140, sort=False, color=_COLOR, x_label="", y_label="")
    if found.sample_rows is not None:
        st.caption(f"Counted in a sample of {found.sample_rows:,} rows.")


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
        "Values are": _semantic(column.semantic) if column.semantic else None,
        "Dates": f"{column.dates.format}, {column.dates.order}" if column.dates else None,
        "Personal data": _personal(column.personal) if column.personal else None,
        "From row to row": f"{column.trend}, first {column.trend_rows:,} rows" if column.trend else None,
        "Counted in": None if column.sample_rows is None else f"sample of {column.sample_rows:,} rows",
    }
    return [{"Statistic": name, "Value": value} for name, value in facts.items() if value is not None]


def _semantic(found: Semantic) -> str:
    return f"{found.type}, {percent(found.share)} of {found.rows:,} ({percent(found.confidence)} sure)"


def _personal(found: Personal) -> str:
    return f"{found.kind}, by its {found.by} ({percent(found.confidence)} sure)"
