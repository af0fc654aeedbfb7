"""A histogram with its edges written where the bars meet, or a bar over each value where it has few."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.report import column_facts

if TYPE_CHECKING:
    from tools.profiling.model import ColumnProfile, Histogram

_COLOR = "#2b877e"
"""Of the theme, and readable in light and dark."""
_HEIGHT = 190
_LABELS = 5
"""Edges that are written, at most: dates are long."""


def histogram(column: ColumnProfile) -> None:
    """The chart of a column; nothing where it has no histogram."""
    found = column.histogram
    if found is None:
        return
    st.caption("Histogram" if found.sample_rows is None else f"Histogram (sample of {found.sample_rows:,} rows)")
    st.altair_chart(chart(found))


def chart(found: Histogram) -> Any:
    """Bars with the edges of their bins at the axis."""
    import altair as alt
    import pyarrow as pa

    names = column_facts.bins(found)
    bars = [
        {"Values": name, "Rows": count, "low": at, "high": at + 1}
        for at, (name, count) in enumerate(zip(names, found.counts, strict=True))
    ]
    base = alt.Chart(pa.Table.from_pylist(bars), height=_HEIGHT)
    rows = alt.Y("Rows:Q", title="Rows", axis=alt.Axis(format=",d", tickCount=4, tickMinStep=1))
    told = ["Values:N", alt.Tooltip("Rows:Q", format=",")]
    if found.by_value:
        over = alt.X("Values:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True))
        return base.mark_bar(color=_COLOR).encode(x=over, y=rows, tooltip=told)
    edges = column_facts.edges(found)
    axis = alt.Axis(
        values=list(range(0, len(edges), -(-len(edges) // _LABELS))),
        labelExpr=f"{json.dumps(edges)}[datum.value]",
        labelAngle=0,
        grid=False,
    )
    place = alt.X("low:Q", title=None, axis=axis, scale=alt.Scale(domain=[0, len(bars)], nice=False))
    return base.mark_bar(color=_COLOR, orient="vertical", binSpacing=1).encode(
        x=place, x2="high:Q", y=rows, tooltip=told
    )
