"""OpenLineage events come in, from any producer: under the addresses that OpenLineage's clients know."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request, Response

from graph.receiving import MOST_EVENTS, Received
from tools.openlineage.reading.body import unpacked_size
from ui.api.desk import Asker, AtDesk, Desk
from ui.api.models import events as models

router = APIRouter(prefix="/lineage", tags=["lineage"])
LARGE_BYTES = 1_000_000
T = TypeVar("T")


def _sent(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


IGNORED: dict[int | str, dict[str, Any]] = {
    200: {"model": models.EventReceived, "description": "Its class is not known, and it was passed over."}
}
ALL_STORED: dict[int | str, dict[str, Any]] = {
    200: {"description": "Some could not be taken in."},
    204: {"description": "All are stored."},
}


@router.post("", status_code=201, summary="Send a lineage event", responses=IGNORED, openapi_extra=_sent(models.EVENT))
async def receive_event(request: Request, desk: AtDesk, actor: Asker, response: Response) -> models.EventReceived:
    """Takes in one OpenLineage event; it is stored when the answer comes, and sent again changes nothing.

    `Content-Encoding: gzip` is understood. Needs the role author.
    """
    body, packed = await request.body(), _is_packed(request)
    known = await _apart(desk, body, packed, partial(desk.events.one, actor, body, packed=packed))
    response.status_code = 201 if known else 200
    return models.EventReceived(status="stored" if known else "ignored")


@router.post(
    "/batch",
    status_code=200,
    summary="Send lineage events",
    responses=ALL_STORED,
    response_model=models.BatchReceived,
    openapi_extra=_sent({"type": "array", "items": models.EVENT, "maxItems": MOST_EVENTS}),
)
async def receive_events(request: Request, desk: AtDesk, actor: Asker) -> models.BatchReceived | Response:
    """Takes in a list of OpenLineage events, all that can be; which could not is told. Needs the role author."""
    body, packed = await request.body(), _is_packed(request)
    done = await _apart(desk, body, packed, partial(desk.events.many, actor, body, packed=packed))
    return _summary(done) if done.refused else Response(status_code=204)


async def _apart(desk: Desk, body: bytes, packed: bool, work: Callable[[], T]) -> T:
    """In a thread, and large ones one after the other: what few packed bytes become may be large, too."""
    size = await to_thread.run_sync(unpacked_size, body, limiter=desk.readers) if packed else len(body)
    return await to_thread.run_sync(work, limiter=desk.large_readers if size > LARGE_BYTES else desk.readers)


def _is_packed(request: Request) -> bool:
    """Whether the body is gzip. Raises HTTPException for what else it may be."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("gzip", "x-gzip", "identity", ""):
        raise HTTPException(415, "A body may be packed by gzip alone.", {"Accept-Encoding": "gzip"})
    return encoding.endswith("gzip")


def _summary(done: Received) -> models.BatchReceived:
    failed = len(done.refused)
    return models.BatchReceived(
        status="partial_success",
        summary=models.BatchCounts(
            received=done.received,
            successful=done.received - failed,
            failed=failed,
            retriable=0,
            non_retriable=failed,
        ),
        failed_events=[models.FailedEvent(index=one.index, reason=one.reason, retriable=False) for one in done.refused],
    )
