"""Runs: start, list, look at, follow, resume, cancel."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import StringConstraints
from starlette.concurrency import run_in_threadpool

from graph.permissions import PermissionDenied, may
from memory import model as stored
from memory.runs import ID_LENGTH
from memory.start_keys import StartKey
from ui.api.desk import Asker, AtDesk, Bearer, who
from ui.api.models import runs as models
from ui.api.models.base import RunId
from ui.api.paging import Cursor, Limit, Page, natural, page, unpack
from ui.api.stream import MOST_STREAMS, look, told
from ui.report import spending

router = APIRouter(prefix="/runs", tags=["runs"])
ITEM = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "id": {"type": "string", "description": "The event's number; `end` has none."},
        "event": {"type": "string", "description": "`end` for the last one; absent before."},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"anyOf": [{"$ref": "#/components/schemas/Event"}, models.End.model_json_schema()]},
        },
    },
}
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: each event of the run with its number as `id`, then one named `end`.",
        "content": {
            "text/event-stream": {
                "itemSchema": ITEM,
                "example": 'id: 7\ndata: {"seq": 7, "kind": "finished", "agent": "profiler", "data": {}, "at": "…"}\n\n'
                'event: end\ndata: {"status": "waiting", "error": null}\n\n',
            }
        },
    },
    204: {"description": "Nothing is left: the run has paused, and the last event has been seen. Do not come again."},
}
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A name of your own for this request, such as a UUID. Sent again by the same person with the same "
        "body it starts nothing and gives the run that is there, with `Idempotent-Replayed: true` and status 200; with "
        "another body it is refused with 422.",
        examples=["5f0c7e0a-2f6b-4c55-9d0a-1f6f5f1d2b11"],
    ),
    StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$"),
]
LastSeen = Annotated[str | None, Header(alias="Last-Event-ID", description="The last `id` that you have seen.")]


LOCATION = {"Location": {"schema": {"type": "string"}, "description": "Where the run is."}}
REPLAYED = {"Idempotent-Replayed": {"schema": {"type": "string"}, "description": "`true`: nothing was started."}}
STARTED: dict[int | str, dict[str, Any]] = {
    201: {"description": "The run waits for a worker.", "headers": LOCATION},
    200: {"model": models.Run, "description": "It was started before under this key.", "headers": LOCATION | REPLAYED},
}


@router.post("", status_code=201, summary="Start a run", responses=STARTED)
def start_run(
    wanted: models.StartRun, desk: AtDesk, actor: Asker, response: Response, idempotency_key: Key = None
) -> models.Run:
    """Puts a run into the queue; a worker takes it up.

    Sources and model are checked first: what cannot work is refused here and now. Needs the role author.
    """
    asked = wanted.model_dump()
    key = StartKey.of(idempotency_key, asked) if idempotency_key else None
    known = desk.memory.runs.started(actor, key) if key else None
    if known:
        response.status_code, response.headers["Idempotent-Replayed"] = 200, "true"
    run = known or desk.runs.start(
        wanted.sources,
        goal=wanted.goal,
        requested_by=actor,
        model=wanted.model,
        budget_usd=wanted.budget_usd,
        budget_tokens=wanted.budget_tokens,
        window=wanted.window,
        start_key=key,
    )
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    return models.Run.model_validate(run)


@router.get("", summary="List runs")
def list_runs(
    desk: AtDesk,
    actor: Asker,
    status: Annotated[stored.Status | None, Query(description="Only of this status.")] = None,
    kind: Annotated[str | None, Query(max_length=50, description="Only of this kind, such as `run`.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[models.Run]:
    """The newest first."""
    before = unpack(cursor, _whole_id)
    found = desk.memory.runs.recent(limit + 1, before=before, status=status, kind=kind)
    return page([models.Run.model_validate(run) for run in found], limit, lambda run: run.id)


@router.get("/{run_id}", summary="Show a run")
def show_run(run_id: RunId, desk: AtDesk, actor: Asker) -> models.RunReport:
    """What a run did so far: its answer, the results of its tables, what it cost."""
    report = desk.runs.report(desk.run(run_id).id)
    return models.RunReport(
        run=models.Run.model_validate(report.run),
        answer=report.answer,
        passed=report.passed,
        resumable=report.resumable,
        proposals=len(report.proposals),
        undecided=sum(proposal.decision is None for proposal in report.proposals),
        tables=[models.Table.model_validate(table) for table in report.tables],
        cost=models.Cost.model_validate(spending.as_json(report.usage)),
        budget=models.Budget.model_validate(spending.limits(report.budget)),
    )


@router.get("/{run_id}/events", summary="List the events of a run")
def list_events(
    run_id: RunId, desk: AtDesk, actor: Asker, limit: Limit = 100, cursor: Cursor = None
) -> Page[models.Event]:
    """The oldest first. The stream has the same events as they come."""
    found = desk.memory.runs.events(desk.run(run_id).id, unpack(cursor, natural) or 0, limit + 1)
    return page([models.Event.model_validate(event) for event in found], limit, lambda event: event.seq)


@router.get("/{run_id}/stream", summary="Follow a run", response_class=StreamingResponse, responses=STREAM)
async def follow_run(
    run_id: RunId,
    desk: AtDesk,
    actor: Asker,
    given: Bearer,
    after: Annotated[int, Query(ge=0, lt=2**31, description="Begin behind the event of that number.")] = 0,
    last_event_id: LastSeen = None,
) -> Response:
    """The events of a run as server-sent events, until it waits for a person or ends.

    A stream that broke off goes on where it stopped: `EventSource` sends `Last-Event-ID` by itself, others may send
    `after`. Comments come as signs of life every 15 seconds. After a decision, or `resume`, follow the run again.
    """
    run = await run_in_threadpool(desk.run, run_id)
    seen = _last(last_event_id)
    if seen is not None:
        now = await run_in_threadpool(look, desk, run.id, seen)
        if now.paused and not now.events:
            return Response(status_code=204)
    if desk.streams >= MOST_STREAMS:
        raise HTTPException(503, f"{MOST_STREAMS} streams are open.", {"Retry-After": "5"})
    token = given.credentials if given else None
    text = told(desk, run.id, after if seen is None else seen, partial(_allowed, token))
    return StreamingResponse(text, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.post("/{run_id}/resume", summary="Resume a run")
def resume_run(run_id: RunId, desk: AtDesk, actor: Asker, wanted: models.ResumeRun | None = None) -> models.Run:
    """Puts a failed, cancelled or cut-off run back into the queue, to go on from its last checkpoint.

    Done twice, it does nothing. Needs the role author.
    """
    wanted = wanted or models.ResumeRun()
    run_id = desk.run(run_id).id
    run = desk.runs.resume(run_id, actor, budget_usd=wanted.budget_usd, budget_tokens=wanted.budget_tokens)
    return models.Run.model_validate(run)


@router.post("/{run_id}/cancel", summary="Cancel a run")
def cancel_run(run_id: RunId, desk: AtDesk, actor: Asker) -> models.Run:
    """Cancels a run: at once, or after the step in hand (`cancel_requested`). Needs the role author."""
    run_id = desk.run(run_id).id
    desk.runs.cancel(run_id, actor)
    return models.Run.model_validate(desk.run(run_id))


def _whole_id(text: str) -> str:
    if len(text) != ID_LENGTH or not text.isalnum():
        raise ValueError(text)
    return text


def _last(text: str | None) -> int | None:
    """The number of the last event that was seen. What is none of ours counts as nothing seen."""
    try:
        return None if text is None else natural(text.strip())
    except ValueError:
        return 0


def _allowed(token: str | None) -> bool:
    try:
        found = who(token)
    except PermissionDenied:
        return False
    return found is not None and may(found, "view")
