"""The audit log, and who is asking."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BeforeValidator

from ui.api.desk import Asker, AtDesk
from ui.api.models import data as models
from ui.api.paging import Cursor, Limit, Page, natural, page, unpack

router = APIRouter()
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def _written(text: Any) -> Any:
    """The text, not a number: it would be read as seconds since 1970. Raises ValueError."""
    if isinstance(text, str) and "-" not in text[1:]:
        raise ValueError("write a date such as 2026-11-23, or a date and time")
    return text


def _utc(moment: datetime) -> datetime:
    """The moment, UTC where it names no zone. Raises ValueError for one that no log has."""
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not FIRST.timestamp() <= known.timestamp() <= LAST.timestamp():
        raise ValueError("no entry is of that time")
    return known


Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_utc)]
Since = Annotated[Moment | None, Query(description="From then on; UTC where no zone is named.")]


@router.get("/audit", summary="List the audit log", tags=["audit"])
def list_audit(
    desk: AtDesk,
    actor: Asker,
    run_id: Annotated[str | None, Query(max_length=100, description="Only of this run.")] = None,
    since: Since = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[models.Entry]:
    """What was done, the newest first: asked, answered by a model, proposed, decided, activated, executed, changed."""
    only, before = desk.run(run_id).id if run_id else None, unpack(cursor, natural)
    found = desk.memory.audit.entries(run_id=only, since=since, limit=limit + 1, before=before)
    return page([models.Entry.model_validate(entry) for entry in reversed(found)], limit, lambda entry: entry.seq)


@router.get("/me", summary="Show who you are", tags=["audit"])
def show_me(actor: Asker) -> models.Me:
    """Your name and role, as the server knows them from your token."""
    return models.Me(name=str(actor), role=actor.role)
