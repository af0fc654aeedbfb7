"""The datasets that the store knows: profile, rules, latest result and score history of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from memory.lineage.meaning import spelled_dataset
from tools.errors import AssayError
from tools.lineage.observed import DatasetId
from tools.profiling.model import Profile
from ui.report.moments import ago
from ui.report.text import points
from ui.web import chat_page, compare_page, places, polite, powers, profile_view, result_view, rules_view, session
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from uuid import UUID

    from memory.model import Dataset

_TABS = ("Profile", "Rules", "Latest result", "Score history")
_ROWS_SHOWN = 8
_HISTORY = 50
_TREND = 10


def page() -> st.Page:
    """The page's place in the navigation."""
    return st.Page(show, title="Datasets", icon=":material/table:", url_path="datasets")


def show() -> None:
    """The page."""
    st.title("Datasets", anchor=False)
    datasets = session.desk().memory.catalog.datasets()
    if not datasets:
        st.info(
            "No datasets yet. Name a file in the chat, for example `profile data/orders.csv`.", icon=":material/table:"
        )
        return
    lines = [{**_line(dataset), **figures} for dataset, figures in zip(datasets, _figures(datasets), strict=True)]
    picked = st.dataframe(
        lines,
        key="datasets",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=35 * (min(len(datasets), _ROWS_SHOWN) + 1) + 3,
        column_order=_shown(lines),
        column_config={
            "Score": st.column_config.ProgressColumn(format="%.1f", max_value=100, width=110),
            "Trend": st.column_config.LineChartColumn(y_min=0, y_max=100, width=80, help="The last validations"),
            "Last opened": st.column_config.DatetimeColumn(format="distance"),
        },
    )
    rows = picked["selection"]["rows"]
    if rows and rows[0] < len(datasets):
        st.query_params["dataset"] = str(datasets[rows[0]].id)
    wanted = st.query_params.get("dataset")
    chosen = next((dataset for dataset in datasets if str(dataset.id) == wanted), None)
    if chosen is None and len(datasets) == 1:
        chosen = datasets[0]
    if chosen is None:
        st.caption("Pick a dataset to see its profile, rules and results.")
    else:
        _one(chosen)


def _shown(lines: list[dict[str, Any]]) -> list[str]:
    """The columns of the list; nothing of scores as long as there are none."""
    later = [name for name in ("Score", "Trend") if any(line[name] for line in lines)]
    return ["Dataset", *later, "Rules", "Columns", "Place", "Last opened"]


def _line(dataset: Dataset) -> dict[str, Any]:
    return {
        "Dataset": dataset.short_name,
        "Columns": len(dataset.fields),
        "Place": dataset.uri,
        "Last opened": dataset.updated_at,
    }


def _figures(datasets: list[Dataset]) -> list[dict[str, Any]]:
    """Rules and scores for the list, newest score last."""
    rules = session.desk().memory.rules.counts()
    trends = [_trend(dataset.id) for dataset in datasets]
    return [
        {
            "Rules": rules.get(dataset.id, 0),
            "Score": trend[-1] if trend else None,
            "Trend": trend if len(trend) > 1 else [],
        }
        for dataset, trend in zip(datasets, trends, strict=True)
    ]


@st.cache_data(ttl=5, show_spinner=False)
def _trend(dataset_id: UUID) -> list[float]:
    scores = session.desk().memory.results.scores(dataset_id, _TREND)
    return [points(score.total) for score in reversed(scores) if score.total is not None]


def _one(dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(inline(dataset.short_name, 80), anchor=False)
        st.space("stretch")
        if powers.can("start"):
            with st.container(horizontal=True, width="content"):
                _work(dataset)
    _view(dataset)


def _work(dataset: Dataset) -> None:
    for label, goal in (("Recommend rules", "Profile it and recommend rules"), ("Validate", "Validate it")):
        if st.button(label, key=f"do-{label}"):
            _start(dataset, goal)
    if st.button("Compare …", key="do-compare", type="tertiary", icon=":material/compare_arrows:"):
        st.switch_page(compare_page.page())
    if st.button("Lineage", key="do-lineage", type="tertiary", icon=":material/account_tree:"):
        node = spelled_dataset(DatasetId(dataset.namespace, dataset.name))
        places.go("lineage", node=node)


@polite.part
def _view(dataset: Dataset) -> None:
    tab = st.segmented_control("Show", _TABS, default=_TABS[0], key="tab", required=True, label_visibility="collapsed")
    {"Profile": _profile, "Rules": rules_view.show, "Latest result": _result, "Score history": _history}[tab](dataset)


def _start(dataset: Dataset, goal: str) -> None:
    try:
        run = session.desk().runs.start([dataset.uri], goal=goal, requested_by=session.actor())
    except AssayError as error:
        st.error(inline(error, 600), icon=":material/error:")
    else:
        chat_page.open_run(run.id)


def _profile(dataset: Dataset) -> None:
    stored = session.desk().memory.catalog.latest_profile(dataset.id)
    if stored is None:
        st.info("It has not been profiled yet: choose “Recommend rules”.")
        return
    st.caption(f"Profiled {ago(stored.created_at)}")
    profile_view.show(Profile.from_dict(stored.profile), str(dataset.id))


def _result(dataset: Dataset) -> None:
    latest = session.desk().memory.results.latest(dataset.id)
    if latest is None:
        st.info("It has not been validated yet.")
        return
    st.caption(f"Validated {ago(latest.measured_at)}")
    result_view.show(latest.evaluation, latest.total, latest.dimensions, key=str(latest.id))


def _history(dataset: Dataset) -> None:
    past = session.desk().memory.results.scores(dataset.id, _HISTORY)
    measured = [
        {"Validated": result.measured_at, "Score of": name, "Score": points(score)}
        for result in past
        for name, score in {"total": result.total, **result.dimensions}.items()
        if score is not None
    ]
    if len(past) < 2:
        st.info("The chart begins with the second validation." if past else "It has not been validated yet.")
    else:
        st.line_chart(measured, x="Validated", y="Score", color="Score of", y_label="Score of 100", x_label="")
