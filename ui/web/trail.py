"""What a run did, step by step, folded from its events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from ui.report import steps

if TYPE_CHECKING:
    from memory.model import Event

State = Literal["running", "complete", "error"]


@dataclass
class Call:
    """A tool that an agent called, and what came back."""

    id: str
    tool: str
    args: dict[str, Any]
    at: datetime
    status: str = ""
    """Empty while it runs."""
    text: str = ""
    seconds: float | None = None

    @property
    def answer(self) -> str:
        """The tool's summary where it gave one, else all it said."""
        found = steps.SUMMARY.match(self.text)
        return str(json.loads(found[1])) if found else self.text


@dataclass
class Step:
    """One agent at one task, or a decision of the flow."""

    agent: str
    table: str
    at: datetime
    state: State = "running"
    seconds: float | None = None
    calls: list[Call] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    saying: str = ""
    """The words of an answer that is being written."""
    share: float | None = None
    """How much of a scan is done, 0 to 1."""
    result: dict[str, Any] = field(default_factory=dict)
    """References and counts that the step ended with."""

    answer: int = 0
    """Which answer of the step ``saying`` is: one that is thrown away is followed by another number."""

    def end(self, at: datetime, state: State = "complete") -> None:
        """Closes the step; what was still open in it is not any more."""
        self.state, self.share, self.saying = state, None, ""
        self.seconds = (at - self.at).total_seconds()


@dataclass
class Trail:
    """A run as its events tell it."""

    steps: list[Step] = field(default_factory=list)
    plan: list[tuple[str, list[str]]] = field(default_factory=list)
    """The steps that were planned: an agent and its tables."""
    answer: str = ""
    tokens: int = 0
    last_seq: int = 0
    _open: dict[tuple[str, str], Step] = field(default_factory=dict)

    def add(self, events: Iterable[Event]) -> None:
        """Takes in what happened since ``last_seq``."""
        for event in events:
            self.last_seq = event.seq
            tell = _TELL.get(event.kind)
            if tell:  # an event of a later version is passed over: the rest is still told
                tell(self, event)

    @property
    def saying(self) -> str:
        """The words of the supervisor's answer as far as they have come."""
        return "".join(step.saying for step in self._open.values() if step.agent == "supervisor")

    def planned(self) -> list[tuple[str, list[str], State | None]]:
        """The planned steps: the agent, its tables, and how far it is; None where it has yet to begin."""
        return [(agent, tables, self._state(agent, set(tables))) for agent, tables in self.plan]

    def _state(self, agent: str, tables: set[str]) -> State | None:
        found = {step.table: step.state for step in self.steps if step.agent == agent and step.table in tables}
        states = set(found.values())
        if "running" in states or (states and found.keys() < tables):
            return "running"
        return "error" if "error" in states else "complete" if states else None

    def profiles(self) -> dict[str, str]:
        """The ids of the profiles that were made, by table."""
        return {step.table: str(step.result["profile_id"]) for step in self.steps if "profile_id" in step.result}

    def _step(self, event: Event) -> Step:
        key = (event.agent or "supervisor", str(event.data.get("table", "")) if event.agent != "supervisor" else "")
        if key not in self._open:
            self._open[key] = Step(*key, at=event.at)
            self.steps.append(self._open[key])
        return self._open[key]

    def _close(self, event: Event, state: State = "complete") -> Step:
        step = self._step(event)
        step.end(event.at, state)
        del self._open[(step.agent, step.table)]
        return step

    def _started(self, event: Event) -> None:
        key = (event.agent or "", str(event.data.get("table", "")))
        if key in self._open:  # it was cut off, and another worker began it anew
            self._close(event, "error").said.append("This was cut off and is done again.")
        self._step(event)

    def _tool_called(self, event: Event) -> None:
        call = Call(str(event.data["id"]), event.data["tool"], event.data["args"], event.at)
        step = self._step(event)
        step.saying = ""
        step.calls.append(call)

    def _tool_returned(self, event: Event) -> None:
        for call in reversed(self._step(event).calls):
            if call.id == str(event.data["id"]) and not call.status:
                call.status, call.text = event.data["status"], event.data["text"]
                call.seconds = (event.at - call.at).total_seconds()
                return

    def _saying(self, event: Event) -> None:
        step, answer = self._step(event), int(event.data.get("answer", 0))
        if answer != step.answer:
            step.saying, step.answer = "", answer
        step.saying += str(event.data["text"])

    def _said(self, event: Event) -> None:
        step = self._step(event)
        step.saying = ""
        step.said.append(event.data["text"])

    def _progress(self, event: Event) -> None:
        self._step(event).share = float(event.data["share"])

    def _usage(self, event: Event) -> None:
        self.tokens += int(event.data.get("input_tokens", 0)) + int(event.data.get("output_tokens", 0))

    def _finished(self, event: Event) -> None:
        self._close(event).result = dict(event.data)

    def _routed(self, event: Event) -> None:
        step = self._close(event)
        step.result = dict(event.data)

    def _planned(self, event: Event) -> None:
        self.plan = [(one["step"], list(one["tables"])) for one in event.data["steps"]]

    def _proposals_dropped(self, event: Event) -> None:
        self._step(event).said.append(steps.dropped(event.data))

    def _table_failed(self, event: Event) -> None:
        self._close(event, "error").said.append(event.data["error"])

    def _approval_requested(self, event: Event) -> None:
        step = Step("approval", "", event.at, result=dict(event.data))
        self._open["approval", ""] = step
        self.steps.append(step)

    def _decisions_recorded(self, event: Event) -> None:
        step = self._open.pop(("approval", ""), None)
        if step:
            step.end(event.at)
            step.result |= event.data

    def _answer(self, event: Event) -> None:
        self.answer = event.data["text"]
        self._end_all(event, "complete")

    def _stopped(self, event: Event) -> None:
        self._end_all(event, "complete" if event.kind == "done" else "error")

    def _end_all(self, event: Event, state: State) -> None:
        for step in self._open.values():
            step.end(event.at, state)
        self._open.clear()


_TELL: dict[str, Callable[[Trail, Event], None]] = {
    "started": Trail._started,
    "tool_called": Trail._tool_called,
    "tool_returned": Trail._tool_returned,
    "saying": Trail._saying,
    "said": Trail._said,
    "progress": Trail._progress,
    "usage": Trail._usage,
    "finished": Trail._finished,
    "planned": Trail._planned,
    "routed": Trail._routed,
    "proposals_dropped": Trail._proposals_dropped,
    "table_failed": Trail._table_failed,
    "approval_requested": Trail._approval_requested,
    "decisions_recorded": Trail._decisions_recorded,
    "answer": Trail._answer,
    "done": Trail._stopped,
    "failed": Trail._stopped,
    "cancelled": Trail._stopped,
}
