"""A comparison as key figures, a table of columns, and plots of the one that is picked."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from ui.report import comparison, text
from ui.report.comparison import Found
from ui.web.safe_text import inline

_BADGES: dict[str, tuple[str, Literal["green", "orange", "red"]]] = {
    "none": ("no change", "green"),
    "small": ("small change", "orange"),
    "large": ("large change", "red"),
}
_SIDES = ("left", "right")
_COLORS = ("#9aa5a8", "#2b877e")
_MOST_ROWS_SHOWN = 12
_ROW_HEIGHT = 35
_BIN_HEIGHT = 34
_NAME = 40
"""Characters of a table's name over a column or in a legend."""


def show(found: Found) -> None:
    """The whole comparison."""
    word, color = _BADGES[found["degree"]]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(inline(comparison.headline(found)), anchor=False, width="content")
        st.badge(word, color=color)
    names = _names(found)
    with st.container(horizontal=True, gap="large"):
        for name, side, growth in zip(names, _SIDES, (None, _growth(found)), strict=True):
            label = f"Rows in {inline(name)}"
            st.metric(label, f"{found[f'{side}_rows']:,}", growth, delta_color="off", width="content")
        changed = sum(column["degree"] != "none" for column in found["columns"])
        st.metric("Columns changed", f"{changed} of {len(found['columns'])}", width="content")
    for line in comparison.schema(found):
        st.warning(inline(line, 600), icon=":material/view_column:")
    _table(found)
    st.caption("  \n".join(inline(line, 300) for line in comparison.LEGEND))


def _names(found: Found) -> tuple[str, str]:
    left, right = (text.clean(found[f"{side}_name"], _NAME) for side in _SIDES)
    return left, right


def _growth(found: Found) -> str | None:
    before, now = found["left_rows"], found["right_rows"]
    return f"{100 * (now / before - 1):+,.1f} %" if before and now != before else None


@st.fragment
def _table(found: Found) -> None:
    columns = comparison.worst_first(found["columns"])
    if not columns:
        st.info("The tables have no column in common.")
        return
    left, right = _names(found)
    bars = st.column_config.BarChartColumn
    picked = st.dataframe(
        [_line(column, found) for column in columns],
        key="compared",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=_ROW_HEIGHT * (min(len(columns), _MOST_ROWS_SHOWN) + 1) + 3,
        column_config={
            "Column": st.column_config.TextColumn(pinned=True),
            "Change": st.column_config.TextColumn(width=105),
            "left": bars(left, width=_width(left), y_min=0, help=f"Rows of {inline(left)} by bin or category"),
            "right": bars(right, width=_width(right), y_min=0, help=f"Rows of {inline(right)} in the same bins"),
            "Drift": st.column_config.TextColumn(width=150),
            "p": st.column_config.TextColumn(width=70, alignment="right", help="How likely chance alone does that"),
            "NULL": st.column_config.TextColumn(width=110, help="Share of the rows without a value"),
        },
    )
    rows = picked["selection"]["rows"]
    _detail(columns[rows[0] if rows and rows[0] < len(columns) else 0], found)


def _width(name: str) -> int:
    """Pixels for a column that is headed by a name."""
    return min(190, max(110, 20 + 7 * len(name)))


def _line(column: Found, found: Found) -> dict[str, Any]:
    return {
        "Column": column["name"],
        "Change": comparison.change(column),
        **{side: [one[side] for one in column["bins"]] for side in _SIDES},
        "Drift": comparison.measured(column),
        "p": comparison.chance(column),
        "NULL": comparison.missing(column, found),
    }


def _detail(column: Found, found: Found) -> None:
    with st.container(border=True):
        st.markdown(f"**{inline(column['name'])}** · {inline(comparison.change(column))}")
        if says := comparison.said(column):
            st.write(inline(says, 600))
        if measures := column["measures"]:
            st.markdown("\n".join(f"- {_measure(measure)}" for measure in measures))
        facts, plot = st.columns(2)
        with facts:
            st.dataframe(_facts(column, _names(found)), hide_index=True)
        with plot:
            _plot(column, _names(found))


def _measure(measure: Found) -> str:
    return inline(
        f"{comparison.MEANINGS[measure['name']]}: {measure['value']:,.3f}. {comparison.meaning(measure)}", 300
    )


def _facts(column: Found, names: tuple[str, str]) -> list[dict[str, str]]:
    sides = [column[side] for side in _SIDES]
    figures = {
        "Type": [side["type"].lower() for side in sides],
        "NULL": [f"{side['nulls']:,}" for side in sides],
        "Distinct": [comparison.distinct(side) for side in sides],
        "Smallest": [_shown(side["min"]) for side in sides],
        "Largest": [_shown(side["max"]) for side in sides],
        "Mean": [_shown(side["mean"]) for side in sides],
        "Standard deviation": [_shown(side["stddev"]) for side in sides],
    }
    return [{"Statistic": name, **dict(zip(names, both, strict=True))} for name, both in figures.items() if any(both)]


def _shown(value: object) -> str:
    return "" if value is None else text.value(value)


def _plot(column: Found, names: tuple[str, str]) -> None:
    """The share of the rows in each bin: both next to each other, so that neither hides the other."""
    import altair as alt
    import pyarrow as pa

    totals = {side: max(1, sum(one[side] for one in column["bins"])) for side in _SIDES}
    data = [
        {"Bin": one["label"], "Share": one[side] / totals[side], "Rows": one[side], "Table": name}
        for one in column["bins"]
        for side, name in zip(_SIDES, names, strict=True)
    ]
    if not data:
        return
    legend = alt.Legend(orient="top", direction="vertical", labelLimit=300)
    chart = (
        alt.Chart(pa.Table.from_pylist(data))
        .mark_bar()
        .encode(
            y=alt.Y("Bin:N", sort=None, title=None, axis=alt.Axis(labelLimit=170)),
            yOffset=alt.YOffset("Table:N", sort=list(names)),
            x=alt.X("Share:Q", title="Share of the values", axis=alt.Axis(format="%", tickCount=5)),
            color=alt.Color(
                "Table:N",
                sort=list(names),
                title=None,
                legend=legend,
                scale=alt.Scale(domain=list(names), range=list(_COLORS)),
            ),
            tooltip=["Table:N", "Bin:N", alt.Tooltip("Share:Q", format=".2%"), alt.Tooltip("Rows:Q", format=",")],
        )
    )
    st.altair_chart(chart.properties(height=_BIN_HEIGHT * len(column["bins"]) + 90))
