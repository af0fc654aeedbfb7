"""What a session of the lineage page holds: where it looks, how, and what was clicked last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from memory.lineage.answers import Step
from memory.lineage.meaning import spelled
from tools.lineage.observed import ColumnId, DatasetId
from ui.web.lineage.asking import Answer, Question
from ui.web.lineage.picture import Picture, View

NODE = "node"
"""The query parameter that names the start."""
DEPTHS = {"0": 0, "1": 1, "2": 2, "3": 3, "5": 5, "10": 10, "all": None}
USUAL = "3"


@dataclass
class State:
    """Of one session."""

    text: str = ""
    """The node as it was asked for."""
    name: str = ""
    """What the search shows of it."""
    view: View = field(default_factory=View)
    chosen: ColumnId | tuple[Step, ...] | None = None
    """What the panel is about: a column, or the steps of an edge."""
    acted: DatasetId | None = None
    """The card that stays in its place in the next picture."""
    picture: Picture | None = None
    version: int = 0
    """Of the picture; an edge is known by its number in one."""
    turn: int = 0
    """Of the drawing."""
    known: tuple[Question, float, Answer] | None = None
    """The last answer, and when it was read."""
    sought: str = ""
    found: list[ColumnId] = field(default_factory=list)


def state() -> State:
    """This session's."""
    found: State = st.session_state.setdefault("lineage", State())
    return found


def look_at(text: str) -> None:
    """Begins anew where the address names another node than before."""
    here = state()
    if text != here.text:
        here.text, here.view, here.chosen, here.known, here.name = text, View(), None, None, text.rpartition("/")[2]


def start_at(node: ColumnId) -> None:
    """Looks from another column from now on. The address says so, so that it can be passed on."""
    start_at_name(spelled(node))


def start_at_name(name: str) -> None:
    """The same, by its full name."""
    st.query_params[NODE] = name


def did(what: Mapping[str, Any]) -> None:
    """Takes in what somebody did in the graph. What does not fit it any more is passed over."""
    here = state()
    deed = _DEEDS.get(str(what.get("do")))
    if deed:
        deed(here, what)


def _card(what: Mapping[str, Any]) -> DatasetId:
    return DatasetId(*what["card"])


def _node(what: Mapping[str, Any]) -> ColumnId:
    namespace, name, column = what["node"]
    return ColumnId(DatasetId(namespace, name), column)


def _choose(here: State, what: Mapping[str, Any]) -> None:
    here.chosen = _node(what)


def _choose_edge(here: State, what: Mapping[str, Any]) -> None:
    edges = list(here.picture.edges.values()) if here.picture and what["version"] == here.version else []
    if 0 <= what["edge"] < len(edges):
        here.chosen = tuple(edges[what["edge"]])


def _clear(here: State, what: Mapping[str, Any]) -> None:
    here.chosen = None


def _start(here: State, what: Mapping[str, Any]) -> None:
    start_at(_node(what))


def _fold(here: State, what: Mapping[str, Any]) -> None:
    here.acted = _card(what)
    here.view.collapsed ^= {here.acted}


def _fold_all(here: State, what: Mapping[str, Any]) -> None:
    cards = here.picture.cards if here.picture and what["do"] == "collapse" else []
    here.view.collapsed = {card.key for card in cards if card.rank}


def _page(here: State, what: Mapping[str, Any]) -> None:
    here.acted = _card(what)
    here.view.pages[here.acted] = max(0, int(what["page"]))


def _filter(here: State, what: Mapping[str, Any]) -> None:
    here.acted = _card(what)
    here.view.filters[here.acted] = str(what["text"])
    here.view.pages.pop(here.acted, None)


def _draw_out(here: State, what: Mapping[str, Any]) -> None:
    here.acted = _card(what)
    here.view.drawn_out ^= {here.acted}
    here.view.pages.pop(here.acted, None)


def _open(here: State, what: Mapping[str, Any]) -> None:
    namespace, name, _ = what["table"]
    here.acted = _card(what)
    here.view.opened.add(DatasetId(namespace, name))


def _deeper(here: State, what: Mapping[str, Any]) -> None:
    side = "up" if what["side"] == "up" else "down"
    steps = list(DEPTHS)
    now = steps.index(st.session_state.get(side, USUAL))
    here.acted = _card(what)
    st.session_state[side] = steps[min(now + 1, len(steps) - 1)]


_DEEDS = {
    "node": _choose,
    "edge": _choose_edge,
    "clear": _clear,
    "start": _start,
    "fold": _fold,
    "collapse": _fold_all,
    "expand": _fold_all,
    "page": _page,
    "filter": _filter,
    "out": _draw_out,
    "open": _open,
    "deeper": _deeper,
}
