"""What happens in a run, event by event, in words for a person."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from ui.report import text

if TYPE_CHECKING:
    from memory.model import Event

Tone = Literal["good", "bad", "plain"]
SUMMARY = re.compile(r'\{"summary": ("(?:[^"\\]|\\.)*")')
"""The summary that a tool's answer begins with; the rest of a long answer may be cut off."""
MOST_DROPPED = 3
MOST_TABLES = 8
"""Names in a line; a run may have hundreds."""
MOST_SAID, MOST_ANSWERED = 160, 240
"""Characters of what a tool and the supervisor said; the whole is in the report."""


@dataclass(frozen=True)
class Line:
    """One line of a run's story."""

    who: str
    """The agent, or what the graph itself does."""
    said: str
    tone: Tone = "plain"


def line(event: Event) -> Line | None:
    """The event in words, or None where it is of no interest by itself."""
    data, who = event.data, event.agent or ""
    match event.kind:
        case "planned" | "routed":
            return Line("supervisor", plan(data) if event.kind == "planned" else _routed(data))
        case "proposals_dropped":
            return Line(who, dropped(data), "bad")
        case "tool_returned":
            return _returned(who, data)
        case "table_failed":
            return Line(who, f"{data['table']} is given up: {data['error']}", "bad")
        case "approval_requested" | "approval_reminder" | "approval_expired" | "approval_reopened":
            return _approval(event.kind, data)
        case "decisions_recorded":
            return Line("approval", f"{data['decided']} decided, {data['activated']} activated.", "good")
        case "answer":
            return Line("supervisor", text.clean(data["text"], MOST_ANSWERED), "good")
        case "failed":
            return Line("run", f"failed: {data.get('error', '')}", "bad")
        case "cancelled":
            return Line("run", "cancelled.", "bad")
    return None


def _routed(data: dict[str, Any]) -> str:
    where = f" (step {data['step']} of {data['steps']})" if "step" in data else ""
    return f"{data['next']}: {_tables(data['tables'])}. {data['reason']}{where}"


def _returned(who: str, data: dict[str, Any]) -> Line | None:
    if data["status"] == "error":
        return Line(who, f"{data['tool']}: {_short(data['text'])}", "bad")
    if data["tool"] in ("hand_over", "plan_work"):  # told by the events "routed" and "planned"
        return None
    return Line(who, f"{data['tool']}: {summary(data['text'])}", "good")


def plan(data: dict[str, Any]) -> str:
    """The steps of a plan in one line."""
    steps = [f"{number}. {one['step']}: {_tables(one['tables'])}" for number, one in enumerate(data["steps"], start=1)]
    return f"plan: {'; '.join(steps)}."


def _tables(names: list[str]) -> str:
    more = f" and {len(names) - MOST_TABLES} more" if len(names) > MOST_TABLES else ""
    return ", ".join(text.clean(name) for name in names[:MOST_TABLES]) + more


def dropped(data: dict[str, Any]) -> str:
    """How many proposals nobody gets to see, and why."""
    reasons = "; ".join(f"{_short(one['rule'])}: {_short(one['why'])}" for one in data["dropped"][:MOST_DROPPED])
    more = "; …" if data["count"] > MOST_DROPPED else ""
    return f"{text.count(data['count'], 'proposal')} dropped because {reasons}{more}"


def summary(answer: str) -> str:
    """The gist of what a tool answered."""
    found = SUMMARY.match(answer)
    return _short(json.loads(found[1]) if found else answer)


def _approval(kind: str, data: dict[str, Any]) -> Line:
    if kind == "approval_reopened":
        return Line("approval", f"reopened by {text.clean(data['by'])} until {_moment(data)}.")
    rules = text.count(data["rules"], "rule")
    if kind == "approval_reminder":
        return Line("approval", f"{rules} still to decide on until {_moment(data)}.", "bad")
    if kind == "approval_expired":
        return Line("approval", f"expired {_moment(data)} with {rules} undecided.", "bad")
    return Line("approval", f"{rules} to decide on.")


def _moment(data: dict[str, Any]) -> str:
    return f"{datetime.fromisoformat(data['expires_at']):%Y-%m-%d %H:%M} UTC"


def _short(content: str) -> str:
    return text.clean(content, MOST_SAID)
