"""What is in trouble: since when, what was found, what depends on it, and who need not hear of it for a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import streamlit as st

from graph.alerting import Alerting
from memory.alerts import KINDS
from tools.errors import AssayError
from ui.report.moments import ago
from ui.report.text import count
from ui.web import polite, powers, session
from ui.web.frame import moments
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.alert_book import Alert, State

_MOST = 200
_STATES: dict[State, str] = {"open": "Open", "resolved": "Resolved", "all": "All"}
_TIMES = {
    "1 hour": timedelta(hours=1),
    "1 day": timedelta(days=1),
    "1 week": timedelta(weeks=1),
    "no longer": timedelta(),
}
_PROBLEM = "alerts-problem"
_WIDTHS = {name: st.column_config.Column(width=pixels) for name, pixels in (("#", 50), ("Kind", 150), ("Times", 50))}


def page() -> st.Page:
    """The page's place in the navigation."""
    return st.Page(show, title="Alerts", icon=":material/notifications:", url_path="alerts")


def show() -> None:
    """The page."""
    st.title("Alerts", anchor=False)
    state = st.segmented_control(
        "State",
        list(_STATES),
        default="open",
        format_func=_STATES.__getitem__,
        key="alert-state",
        required=True,
        label_visibility="collapsed",
    )
    alerts = session.desk().memory.alerts.list(state, limit=_MOST + 1)
    if len(alerts) > _MOST:
        alerts = alerts[:_MOST]
        st.caption(f"The newest {_MOST}. Older ones: `assay alerts list -n 10000`")
    if alerts:
        picked = st.dataframe(
            [_line(alert) for alert in alerts],
            key=f"alerts-{state}",
            on_select="rerun",
            selection_mode="single-row",
            hide_index=True,
            column_config=moments("Since") | _WIDTHS,
        )
        rows = picked["selection"]["rows"]
        if rows and rows[0] < len(alerts):
            st.query_params["alert"] = str(alerts[rows[0]].number)
    else:
        st.info("Nothing is in trouble." if state == "open" else "There is none.", icon=":material/notifications:")
    wanted = st.query_params.get("alert", "")
    if wanted.isdecimal() and len(wanted) < 19:
        _one(int(wanted))


def _line(alert: Alert) -> dict[str, Any]:
    return {
        "#": alert.number,
        "About": alert.table or "",
        "Kind": KINDS.get(alert.kind, alert.kind),
        "What": alert.what,
        "Since": alert.opened_at,
        "Times": alert.times,
        "State": _state(alert),
    }


def _state(alert: Alert) -> str:
    if alert.resolved_at:
        return "resolved"
    return "snoozed" if alert.snoozed_until else "open"


@polite.part
def _one(number: int) -> None:
    alert = session.desk().memory.alerts.get(number)
    st.subheader(f"Alert {number}: {inline(KINDS.get(alert.kind, alert.kind))}", anchor=False)
    st.markdown(f"**{inline(alert.what, 500)}**")
    st.markdown(inline(alert.said, 1_000))
    st.caption(" · ".join(_facts(alert)))
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(problem)
    if alert.resolved_at is None and powers.can("snooze"):
        with st.form(f"alert-{number}", border=False):
            reason = st.text_input("Why", key=f"alert-reason-{number}", max_chars=2_000)
            until = st.selectbox("Snooze for", list(_TIMES), key=f"alert-until-{number}")
            with st.container(horizontal=True):
                snooze = st.form_submit_button("Snooze", icon=":material/snooze:")
                resolve = st.form_submit_button("Resolve", icon=":material/check:")
        if snooze or resolve:
            _act(number, reason, _TIMES[until] if snooze else None)


def _facts(alert: Alert) -> list[str]:
    told = [
        inline(alert.dataset or "", 300),
        f"since {alert.opened_at:%Y-%m-%d %H:%M} UTC, met {count(alert.times, 'time')}, last {ago(alert.last_at)}",
        inline((alert.detail.get("blast_radius") or {}).get("summary", ""), 300),
        f"told: {inline(', '.join(alert.told), 200)}" if alert.told else "nobody was told",
    ]
    if alert.snoozed_until:
        reason = f"by {inline(alert.snoozed_by, 60)}: {inline(alert.snoozed_reason, 300)}"
        told.append(f"snoozed until {alert.snoozed_until:%Y-%m-%d %H:%M} UTC {reason}")
    if alert.resolved_at:
        by = f" by {inline(alert.resolved_by, 60)}" if alert.resolved_by else ""
        told.append(f"resolved {ago(alert.resolved_at)}{by}: {inline(alert.resolution, 300)}")
    return [one for one in told if one]


def _act(number: int, reason: str, ahead: timedelta | None) -> None:
    """Snoozes for that long; resolves where there is no time."""
    door = Alerting(session.desk().memory, session.actor())
    try:
        if ahead is None:
            door.resolve(number, reason)
        else:
            door.snooze(number, datetime.now(UTC) + ahead, reason)
    except AssayError as error:
        st.session_state[_PROBLEM] = inline(error, 300)
    st.rerun()
