"""What all pages share: the store, the runs, the worker that executes them, and who is looking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from graph.permissions import Actor, PermissionDenied
from graph.runs import Runs
from tools.errors import AssayError
from ui.executor import Executor
from ui.web import sign_in
from ui.web.trail import Trail

if TYPE_CHECKING:
    from memory import Memory
    from memory.model import PendingApproval, Proposal

ACTIVE = frozenset({"queued", "running"})
"""The states in which a run has work in hand or waiting for a worker."""


@dataclass(frozen=True)
class Desk:
    """The store and the runs on it. One for all sessions of the server."""

    memory: Memory
    runs: Runs


@st.cache_resource(show_spinner="Opening the store …")
def desk() -> Desk:
    """The store. Opened once per server. Raises StoreError."""
    from memory import Memory

    memory = Memory.open()
    return Desk(memory, Runs(memory))


@st.cache_resource(show_spinner=False, on_release=Executor.stop)
def executor() -> Executor:
    """The worker of this server."""
    started = Executor(desk().memory)
    started.start()
    return started


def actor() -> Actor:
    """Who decides: the one place that knows. Raises PermissionDenied where the session has ended meanwhile."""
    person = sign_in.who()
    if person is None:
        raise PermissionDenied("You are signed out.", hint="Reload the page and sign in.")
    return person


def request(run_id: str) -> PendingApproval | None:
    """What a run waits for; None if it does not wait for a person."""
    if desk().memory.runs.get(run_id).status != "waiting":
        return None
    return next((request for request in desk().runs.pending() if request.run_id == run_id), None)


def proposals(run_id: str) -> list[Proposal]:
    """The proposals of a run with their decisions; read from the store anew when one was decided or put off."""
    known: dict[str, tuple[object, list[Proposal]]] = st.session_state.setdefault("proposals", {})
    version = desk().memory.approvals.version(run_id)
    if run_id not in known or known[run_id][0] != version:
        known[run_id] = version, desk().runs.proposals(run_id)
    return known[run_id][1]


def trail(run_id: str) -> Trail:
    """What a run did so far; only what is new since the last look is read from the store."""
    trails: dict[str, Trail] = st.session_state.setdefault("trails", {})
    seen = trails.setdefault(run_id, Trail())
    seen.add(desk().memory.runs.events(run_id, seen.last_seq))
    return seen


def conversation() -> list[str]:
    """The runs of the conversation on this page, oldest first. They are in the address, so that a reload keeps them."""
    return st.query_params.get_all("run")


def ask(goal: str, sources: Sequence[str]) -> None:
    """Starts a run in the conversation. What cannot work is shown where the question stood."""
    try:
        before = conversation()
        run = desk().runs.start(sources, goal=goal, requested_by=actor(), follows=before[-1] if before else None)
    except AssayError as error:
        st.session_state["refused"] = (goal, list(sources), str(error))
        return
    st.session_state.pop("refused", None)
    st.query_params["run"] = [*before, run.id]
