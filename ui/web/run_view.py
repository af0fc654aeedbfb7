"""One run as a turn of the conversation: what was asked, the steps, the cards, the results, the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import streamlit as st

from tools.errors import AssayError
from tools.profiling.model import Profile
from ui.web import cards, polite, powers, profile_view, result_view, session, steps
from ui.web.safe_text import inline, prose
from ui.web.trail import Trail

if TYPE_CHECKING:
    from memory.model import Run

POLL_SECONDS = 0.4
_AVATARS = {"user": ":material/person:", "assistant": ":material/fact_check:"}


def show(run_id: str) -> None:
    """The turn. While the run is worked on it follows the events."""
    run = session.desk().memory.runs.get(run_id)
    with st.chat_message("user", avatar=_AVATARS["user"]):
        st.text(run.goal)
        if run.sources:
            names = ", ".join(inline(source.rstrip("/").rsplit("/", 1)[-1], 60) for source in run.sources)
            st.caption(f"On {names}", help=inline(", ".join(run.sources), 1_000))
    with st.chat_message("assistant", avatar=_AVATARS["assistant"]):
        if run.status in session.ACTIVE:
            polite.part(_follow, run_every=POLL_SECONDS)(run_id)
        else:
            _turn(run)


def _follow(run_id: str) -> None:
    run = session.desk().memory.runs.get(run_id)
    if run.status not in session.ACTIVE:
        st.rerun()
    _turn(run)


def _turn(run: Run) -> None:
    trail = session.trail(run.id)
    active = run.status in session.ACTIVE
    with st.container(key=f"steps-{run.id}", gap=None):
        steps.show(trail, run.id, active=active)
    if active:
        _working(run, trail)
    cards.show(run.id, session.request(run.id))
    if trail.answer and run.status == "done":
        st.markdown(prose(trail.answer))
    if not active:
        _findings(run, trail)
    _ending(run, trail)


def _working(run: Run, trail: Trail) -> None:
    if trail.saying:
        st.markdown(f"{prose(trail.saying)} ▍")
    with st.container(horizontal=True, vertical_alignment="center"):
        if run.cancel_requested:
            st.caption("Stopping …")
            return
        st.caption("Waiting for a worker …" if not trail.steps else "Working …")
        if powers.can("cancel"):
            st.button(
                "Stop",
                key=f"stop-{run.id}",
                icon=":material/stop:",
                type="tertiary",
                on_click=_stop,
                args=(run.id,),
            )


def _findings(run: Run, trail: Trail) -> None:
    memory = session.desk().memory
    results = memory.results.for_run(run.id)
    for result in results:
        st.markdown(f"##### Result for {inline(memory.catalog.dataset(result.dataset_id).short_name, 80)}")
        result_view.show(result.evaluation, result.total, result.dimensions, key=str(result.id))
    profiles = trail.profiles()
    only = len(profiles) == 1 and not results and run.status == "done"
    for name, profile_id in profiles.items():
        label, key = f"Profile of {inline(name, 80)}", f"profile-of-{run.id}-{name}"
        with st.expander(label, only, icon=":material/bar_chart:", key=key, on_change="rerun") as box:
            if box.open:
                stored = memory.catalog.profile_by_id(UUID(profile_id))
                profile_view.show(Profile.from_dict(stored.profile), f"{run.id}-{name}")


def _ending(run: Run, trail: Trail) -> None:
    if run.error:
        st.error(inline(run.error, 1_000), icon=":material/error:")
    if run.status == "cancelled":
        st.info("This run was stopped.", icon=":material/stop_circle:")
    if run.status in ("failed", "cancelled") and run.kind == "run" and powers.can("resume"):
        st.button("Go on from here", key=f"resume-{run.id}", on_click=_resume, args=(run.id,), icon=":material/resume:")
    if trail.tokens:
        st.caption(f"{trail.tokens:,} tokens")


def _stop(run_id: str) -> None:
    try:
        session.desk().runs.cancel(run_id, session.actor())
    except AssayError as error:
        st.toast(inline(error, 300), icon=":material/error:")
    else:
        st.toast("It stops within a second or two.")


def _resume(run_id: str) -> None:
    try:
        session.desk().runs.resume(run_id, session.actor())
    except AssayError as error:
        st.toast(inline(error, 300), icon=":material/error:")
