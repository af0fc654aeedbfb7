"""A comparison as key figures, a table of columns, and plots of the one that is picked."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from ui.report import comparison
from ui.report.comparison import Found
from ui.web.safe_text import inline

_BADGES: dict[str, tuple[str, Literal["green", "orange", "red"]]] = {
    "none": ("same", "green"),
    "small": ("small", "orange"),
    "large": ("large", "red"),
}
_MOST_ROWS_SHOWN = 12
_ROW_HEIGHT = 35
_BIN_HEIGHT = 34
BEFORE, NOW = "before", "now"


def show(found: Found) -> None:
    """The whole comparison."""
    word, color = _BADGES[found["degree"]]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(inline(comparison.headline(found)), anchor=False)
        st.badge(f"{word} change" if word != "same" else "same", color=color)
    with st.container(horizontal=True, gap="large"):
        st.metric("Rows before", f"{found['left_rows']:,}", width="content")
        st.metric("Rows now", f"{found['right_rows']:,}", _growth(found), delta_color="off", width="content")
        changed = sum(column["degree"] != "none" for column in found["columns"])
        st.metric("Columns changed", f"{changed} of {len(found['columns'])}", width="content")
    for line in comparison.schema(found):
        st.warning(inline(line, 600), icon=":material/view_column:")
    _table(found)


def _growth(found: Found) -> str | None:
    before, now = found["left_rows"], found["right_rows"]
    return f"{100 * (now / before - 1):+.1f} %" if before and now != before else None


@st.fragment
def _table(found: Found) -> None:
    columns = comparison.worst_first(found["columns"])
    if not columns:
        st.info("The tables have no column in common.")
        return
    picked = st.dataframe(
        [_line(column, found) for column in columns],
        key="compared",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=_ROW_HEIGHT * (min(len(columns), _MOST_ROWS_SHOWN) + 1) + 3,
        column_config={
            "Change": st.column_config.TextColumn(width=70),
            "Before": st.column_config.BarChartColumn(width=75, y_min=0, help="Rows by bin or category"),
            "Now": st.column_config.BarChartColumn(width=75, y_min=0, help="Rows in the same bins"),
            "Measures": st.column_config.TextColumn(width=150),
            "Missing": st.column_config.TextColumn(width=110),
            "What changed": st.column_config.TextColumn(width=230),
        },
    )
    rows = picked["selection"]["rows"]
    _detail(columns[rows[0] if rows and rows[0] < len(columns) else 0], found)


def _line(column: Found, found: Found) -> dict[str, Any]:
    return {
        "Column": column["name"],
        "Change": comparison.WORDS[column["degree"]],
        "Before": [one["left"] for one in column["bins"]],
        "Now": [one["right"] for one in column["bins"]],
        "Measures": comparison.measured(column),
        "Missing": comparison.missing(column, found),
        "What changed": comparison.said(column),
    }


def _detail(column: Found, found: Found) -> None:
    with st.container(border=True):
        st.markdown(f"**{inline(column['name'])}**")
        if says := comparison.said(column):
            st.write(inline(says, 600))
        facts, plot = st.columns(2)
        with facts:
            st.dataframe(_facts(column, found), hide_index=True)
        with plot:
            _plot(column)


def _facts(column: Found, found: Found) -> list[dict[str, str]]:
    left, right = column["left"], column["right"]
    figures = {
        "Type": [side["type"].lower() for side in (left, right)],
        "Missing": [f"{side['nulls']:,}" for side in (left, right)],
        "Distinct": [f"{side['distinct']:,}" for side in (left, right)],
        **{
            name.capitalize(): [_shown(side[name]) for side in (left, right)]
            for name in ("min", "max", "mean", "stddev")
        },
    }
    facts = [{"Statistic": name, "Before": one, "Now": other} for name, (one, other) in figures.items() if one or other]
    measured = [
        {"Statistic": measure["name"], "Before": "", "Now": f"{measure['value']:.4g} (p = {measure['p']:.2g})"}
        for measure in column["measures"]
    ]
    return facts + measured


def _shown(value: object) -> str:
    return "" if value is None else f"{value:,.6g}" if isinstance(value, int | float) else str(value)


def _plot(column: Found) -> None:
    """The share of the rows in each bin, before and now: next to each other, so that neither hides the other."""
    import altair as alt
    import pyarrow as pa

    totals = {side: max(1, sum(one[side] for one in column["bins"])) for side in ("left", "right")}
    data = [
        {"Bin": one["label"], "Share": one[side] / totals[side], "Rows": one[side], "Table": name}
        for one in column["bins"]
        for side, name in (("left", BEFORE), ("right", NOW))
    ]
    if not data:
        return
    chart = (
        alt.Chart(pa.Table.from_pylist(data))
        .mark_bar()
        .encode(
            y=alt.Y("Bin:N", sort=None, title=None, axis=alt.Axis(labelLimit=170)),
            yOffset=alt.YOffset("Table:N", sort=[BEFORE, NOW]),
            x=alt.X("Share:Q", title="Share of the values", axis=alt.Axis(format="%")),
            color=alt.Color(
                "Table:N",
                sort=[BEFORE, NOW],
                title=None,
                legend=alt.Legend(orient="top"),
                scale=alt.Scale(domain=[BEFORE, NOW], range=["#9aa5a8", "#2b877e"]),
            ),
            tooltip=["Table:N", "Bin:N", alt.Tooltip("Share:Q", format=".2%"), alt.Tooltip("Rows:Q", format=",")],
        )
    )
    st.altair_chart(chart.properties(height=_BIN_HEIGHT * len(column["bins"]) + 60))
