"""What is in trouble: list, snooze, resolve."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from graph.alerting import Alerting
from memory.alert_book import State
from ui.api.desk import Asker, AtDesk
from ui.api.models import alerts as models
from ui.api.paging import Cursor, Limit, Page, natural, page, unpack

router = APIRouter(tags=["alerts"])
Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="The alert's number.")]


@router.get("/alerts", summary="List alerts")
def list_alerts(
    desk: AtDesk,
    actor: Asker,
    state: Annotated[State, Query(description="`open`, `resolved`, or `all`.")] = "open",
    dataset_id: Annotated[UUID | None, Query(description="Only of this dataset.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[models.Alert]:
    """The newest first."""
    found = desk.memory.alerts.list(state, dataset_id=dataset_id, before=unpack(cursor, natural), limit=limit + 1)
    cut = page(found, limit, lambda alert: alert.number)
    return Page(items=[models.Alert.model_validate(alert) for alert in cut.items], next=cut.next)


@router.get("/alerts/{number}", summary="Show an alert")
def show_alert(number: Number, desk: AtDesk, actor: Asker) -> models.Alert:
    """What was found, since when, and who was told."""
    return models.Alert.model_validate(desk.memory.alerts.get(number))


@router.post("/alerts/{number}/snooze", summary="Snooze an alert")
def snooze_alert(number: Number, wanted: models.Snooze, desk: AtDesk, actor: Asker) -> models.Alert:
    """Has nobody told until then, also if it goes and comes. Needs the role approver."""
    return models.Alert.model_validate(Alerting(desk.memory, actor).snooze(number, wanted.until, wanted.reason))


@router.post("/alerts/{number}/resolve", summary="Resolve an alert")
def resolve_alert(number: Number, wanted: models.Resolve, desk: AtDesk, actor: Asker) -> models.Alert:
    """Says that it is over; met again, it is a new one. Needs the role approver."""
    return models.Alert.model_validate(Alerting(desk.memory, actor).resolve(number, wanted.reason))
