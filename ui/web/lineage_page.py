"""Where a column comes from and what is made of it, as a graph."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

import streamlit as st

from memory.errors import Ambiguous
from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId, DatasetId
from ui.report.text import count
from ui.web import polite, session
from ui.web.lineage import panel, state
from ui.web.lineage.asking import ADDED, REMOVED, Answer, Question, ask
from ui.web.lineage.components import graph, search
from ui.web.lineage.drawing import Drawing
from ui.web.lineage.payload import payload
from ui.web.lineage.picture import Picture, picture
from ui.web.lineage.untangling import untangled
from ui.web.lineage.words import named, place
from ui.web.safe_text import inline

PANEL_WIDTH = 330
FRESH_SECONDS = 30.0
"""So long an answer is shown again without asking the store."""
OFFERED, OFFERED_FIRST = 30, 12
_STYLE = """<style>
.st-key-lineage-panel { max-height: max(24rem, calc(100dvh - 13rem)); overflow-y: auto; gap: .5rem }
.st-key-lineage-panel :is(p, li) { font-size: .9rem }
.st-key-lineage-panel h4 { padding: 0 }
.st-key-lineage-panel [class*="st-key-way-"] button { min-height: 1.7rem; padding-block: 0; text-align: left }
[data-testid="stMainBlockContainer"] { padding-inline: clamp(1rem, 2.5vw, 3rem) }
[data-testid="stMainBlockContainer"] h1 { padding: 0 }
@media (max-width: 900px) {
    .st-key-lineage-both { flex-wrap: wrap }
    .st-key-lineage-both > div { width: 100% !important }
}
.st-key-lineage-search { position: relative; z-index: 20 }
</style>"""


def page() -> st.Page:
    """The page's place in the navigation."""
    return st.Page(show, title="Lineage", icon=":material/account_tree:", url_path="lineage")


def show() -> None:
    """The page."""
    st.html(_STYLE)
    text = st.query_params.get(state.NODE, "")
    state.look_at(text)
    with st.container(horizontal=True, vertical_alignment="center", gap="large"):
        st.title("Lineage", anchor=False, width="content")
        _search()
    if text:
        _explorer(text)
    else:
        _empty()


@polite.part
def _search() -> None:
    here = state.state()
    with st.container(key="lineage-search"):
        found = [
            {"name": named(one), "place": f"{place(one.dataset)} · {one.dataset.namespace}", "node": _key(one)}
            for one in here.found
        ]
        data = {"name": here.name, "asked": here.sought, "found": found, "more": len(found) >= OFFERED}
        search()(key="lineage-sought", data=data, on_sought_change=_sought, on_chosen_change=_taken)
    if st.session_state.pop("lineage-taken", False):
        st.rerun()


def _key(column: ColumnId) -> list[str]:
    return [*column.dataset, column.column]


def _sought() -> None:
    here = state.state()
    here.sought = str(st.session_state["lineage-sought"].sought or "")
    here.found = session.desk().memory.lineage.find(here.sought, limit=OFFERED) if here.sought else []


def _taken() -> None:
    chosen = st.session_state["lineage-sought"].chosen
    if chosen:
        namespace, name, column = chosen
        state.start_at(ColumnId(DatasetId(namespace, name), column))
        st.session_state["lineage-taken"] = True


@polite.part
def _explorer(text: str) -> None:
    if st.query_params.get(state.NODE, "") != text:
        st.rerun()
    here = state.state()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        settings = _settings()
    question = _question(text, settings)
    if question is None:
        return
    answer = _answer(here, question)
    shown, drawing = untangled(picture(answer.lineage, here.view, answer.changes))
    if shown.edges != (here.picture.edges if here.picture else None):
        here.version += 1
    here.picture = shown
    # The graph keeps its place among the elements whether the panel is there or not, and so what is seen of it.
    with st.container(horizontal=True, wrap=False, key="lineage-both"):
        with st.container(key="lineage-left"):
            _graph(here, question, answer, drawing)
        if here.chosen is not None:
            with st.container(width=PANEL_WIDTH, key="lineage-panel"):
                panel.show(here, question, answer)


@dataclass(frozen=True)
class _Settings:
    up: int | None
    down: int | None
    indirect: bool
    at: datetime | None
    since: datetime | None


def _settings() -> _Settings:
    depths = list(state.DEPTHS)
    up = st.selectbox("Upstream", depths, depths.index(state.USUAL), key="up", bind="query-params", width=90)
    down = st.selectbox("Downstream", depths, depths.index(state.USUAL), key="down", bind="query-params", width=104)
    at = st.date_input("As of", None, key="at", bind="query-params", max_value="today", format="YYYY-MM-DD", width=165)
    since = st.date_input(
        "Changed since", None, key="since", bind="query-params", max_value="today", format="YYYY-MM-DD", width=165
    )
    indirect = st.toggle(
        "Indirect", key="indirect", bind="query-params", help="Also what decides about values: joins, filters, grouping"
    )
    return _Settings(state.DEPTHS[up], state.DEPTHS[down], indirect, _moment(at, 1), _moment(since, 0))


def _question(text: str, settings: _Settings) -> Question | None:
    """What is asked; None where somebody has to say first what is meant. Raises NotFound."""
    try:
        node = session.desk().memory.lineage.meant(text, at=settings.at)
    except Ambiguous as error:
        _which(error)
        return None
    return Question(node, settings.up, settings.down, settings.indirect, settings.at, settings.since)


def _which(error: Ambiguous) -> None:
    st.info(f"{len(error.candidates):,} things are called so. Which one is meant?", icon=":material/alt_route:")
    with st.container(gap="xsmall"):
        for number, name in enumerate(error.candidates[:OFFERED]):
            label = inline(name, 160)
            st.button(label, key=f"which-{number}", type="tertiary", on_click=state.start_at_name, args=(name,))


def _moment(day: date | None, days: int) -> datetime | None:
    """The beginning of a day, or of one after it, by the clock of whoever looks."""
    zone = ZoneInfo(st.context.timezone or "UTC")
    return datetime.combine(day + timedelta(days), clock(), zone) if isinstance(day, date) else None


def _answer(here: state.State, question: Question) -> Answer:
    if here.known and here.known[0] == question and time.monotonic() - here.known[1] < FRESH_SECONDS:
        return here.known[2]
    with st.spinner("Following the lineage …"):
        answer = ask(session.desk().memory, question)
    here.known = question, time.monotonic(), answer
    return answer


def _graph(here: state.State, question: Question, answer: Answer, drawing: Drawing) -> None:
    shown = here.picture
    assert shown
    data = payload(answer, shown, drawing, here.view)
    chosen: dict[str, object] | None = None
    if isinstance(here.chosen, ColumnId):
        chosen = {"node": _key(here.chosen)}
    elif here.chosen:
        edges = [number for number, steps in enumerate(shown.edges.values()) if here.chosen[0] in steps]
        chosen = {"edge": edges[0]} if edges else None
    data |= {
        "chosen": chosen,
        "acted": list(here.acted) if here.acted else None,
        "question": repr(question),
        "version": here.version,
        # What is the same in all would not be drawn anew, and whoever clicked would wait for ever.
        "turn": here.turn,
        "told": _told(answer, shown),
    }
    here.acted, here.turn = None, here.turn + 1
    graph()(key="lineage-graph", data=data, on_did_change=_did)


def _did() -> None:
    what = st.session_state["lineage-graph"].did
    if what:
        state.did(what)


def _told(answer: Answer, shown: Picture) -> list[str]:
    """How much there is, and what of it is not shown."""
    distances = [distance for column, distance in answer.lineage.columns.items() if column.column != DATASET]
    above, below = sum(distance < 0 for distance in distances), sum(distance > 0 for distance in distances)
    tables = len({column.dataset for column in answer.lineage.columns}) - 1
    lines = [f"{count(above, 'column')} upstream, {below:,} downstream, {count(tables, 'other table')}"]
    involved = sum(card.involved for card in shown.cards if not (card.further or card.collapsed))
    if shown.shown < involved or any(card.further for card in shown.cards):
        lines.append(
            f"Showing {shown.shown:,} of {count(len(distances), 'column')}; the cards can be searched for the others."
        )
    if answer.cut:
        lines.append(f"This is not all: {answer.cut}.")
    if answer.changes:
        marks = list(answer.changes.values())
        lines.append(f"Changed since then: {marks.count(ADDED):,} new, {marks.count(REMOVED):,} gone.")
    return lines


def _empty() -> None:
    newest = session.desk().memory.lineage.newest(limit=OFFERED_FIRST)
    if newest:
        st.info(
            "Search a column or a table to see where it comes from and what is made of it.", icon=":material/search:"
        )
        with st.container(horizontal=True):
            for number, table in enumerate(newest):
                label = f"{inline(named(table), 60)} :small[:gray[{inline(place(table.dataset), 60)}]]"
                st.button(label, key=f"start-{number}", icon=":material/table:", on_click=state.start_at, args=(table,))
        return
    st.info("There is no lineage yet. Any of these brings some:", icon=":material/account_tree:")
    st.markdown(
        "- `assay lineage scan PATH` reads a dbt project, a folder of SQL, the views of a database or a query log\n"
        "- OpenLineage clients send to `POST /api/v1/lineage` of `assay api`\n"
        "- Assay's own runs are recorded by themselves"
    )
