"""The rulebook: list, export, import, disable."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse

from memory.model import RuleStatus
from tools.dqdl.language.documents import document
from ui.api.desk import Asker, AtDesk
from ui.api.models import data as models
from ui.api.models.base import DatasetId
from ui.api.paging import Cursor, Limit, Page, natural, page, unpack

router = APIRouter(tags=["rules"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="The rule's number.")]


@router.get("/rules", summary="List rules")
def list_rules(
    desk: AtDesk,
    actor: Asker,
    dataset_id: Annotated[UUID | None, Query(description="Only of this dataset.")] = None,
    status: Annotated[RuleStatus | None, Query(description="Only of this status; `approved` rules are active.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[models.Rule]:
    """By number."""
    after = unpack(cursor, natural) or 0
    found = desk.memory.rules.all(dataset_id, status, after=after, limit=limit + 1)
    cut = page(found, limit, lambda rule: rule.number)
    return Page(items=[models.Rule.model_validate(rule) for rule in cut.items], next=cut.next)


@router.get("/rules/{number}", summary="Show a rule")
def show_rule(number: Number, desk: AtDesk, actor: Asker) -> models.Rule:
    """A rule: its text, why it is there, who approved it."""
    return models.Rule.model_validate(desk.memory.rules.get(number))


@router.post("/rules/{number}/disable", summary="Disable a rule")
def disable_rule(number: Number, wanted: models.DisableRule, desk: AtDesk, actor: Asker) -> models.Rule:
    """Takes a rule out of use; who did it first, and why, stays. Needs the role approver."""
    return models.Rule.model_validate(desk.jobs(actor).disable(number, wanted.reason))


@router.get(
    "/datasets/{dataset_id}/ruleset",
    summary="Export the active rules of a dataset",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"example": 'Rules = [\n    IsComplete "order_id"\n]\n'}}}},
)
def export_rules(dataset_id: DatasetId, desk: AtDesk, actor: Asker) -> str:
    """The active rules as a ruleset in DQDL."""
    return document(desk.jobs(actor).exported(desk.memory.catalog.dataset(dataset_id)))


@router.post("/datasets/{dataset_id}/ruleset", summary="Import rules for a dataset")
def import_rules(dataset_id: DatasetId, wanted: models.ImportRules, desk: AtDesk, actor: Asker) -> list[models.Rule]:
    """Makes the rules of a ruleset active; the active rules that equal them. Done twice, it does nothing.

    Needs the role approver.
    """
    dataset = desk.memory.catalog.dataset(dataset_id)
    stored = desk.jobs(actor).import_ruleset(dataset, wanted.ruleset, wanted.reason)
    return [models.Rule.model_validate(rule) for rule in stored]
