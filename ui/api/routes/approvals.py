"""What waits for a person, and what the person says."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from graph.permissions import require
from graph.runs import Filter, Related
from memory import model as stored
from ui.api import problems
from ui.api.desk import Asker, AtDesk, Desk
from ui.api.models import approvals as models
from ui.api.models.base import RunId
from ui.api.paging import Cursor, Limit, Page, natural, page, rest, unpack

router = APIRouter(tags=["approvals"])
LOST: dict[int | str, dict[str, Any]] = {
    409: {
        "model": models.DecisionLost,
        "description": "Somebody else decided first about some of the proposals: `conflicts` has who, what and when. "
        "What is in `recorded` and `skipped` is stored all the same. Or nothing can be decided now, as after the end "
        "of the window; then there are no `conflicts`.",
    }
}
At = Annotated[int, Path(ge=1, le=2**31 - 1, description="The proposal's number within the run.")]


@router.get("/approvals", summary="List what waits for a decision")
def list_pending(desk: AtDesk, actor: Asker, limit: Limit = 50, cursor: Cursor = None) -> Page[models.Pending]:
    """Runs that wait for people, the oldest first; also those whose window is over, which wait to be reopened."""
    found = [models.Pending.model_validate(request) for request in desk.runs.pending()]
    return page(rest(found, cursor, lambda request: request.run_id), limit, lambda request: request.run_id)


@router.get("/runs/{run_id}/proposals", summary="List the proposals of a run")
def list_proposals(
    run_id: RunId,
    desk: AtDesk,
    actor: Asker,
    undecided: Annotated[bool, Query(description="Only those that wait for a decision.")] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[models.Proposal]:
    """By number, each with its evidence, its dry run, what was decided, and the active rules that say the same."""
    run_id, after = desk.run(run_id).id, unpack(cursor, natural) or 0
    found = [p for p in desk.runs.proposals(run_id) if p.number > after and not (undecided and p.decision)]
    cut = page(found, limit, lambda proposal: proposal.number)
    related = desk.runs.related(run_id, {proposal.number for proposal in cut.items})
    known = desk.memory.catalog.several({proposal.dataset_id for proposal in cut.items})
    shown = [_proposal(one, known[one.dataset_id].short_name, related.get(one.number, [])) for one in cut.items]
    return Page(items=shown, next=cut.next)


@router.post("/runs/{run_id}/proposals/{number}/preview", summary="Preview an edit")
def preview_edit(run_id: RunId, number: At, wanted: models.EditRule, desk: AtDesk, actor: Asker) -> models.EditPreview:
    """What another wording would change, and how it fares on today's data; nothing is stored. For approvers."""
    require(actor, "decide")
    found = desk.runs.preview_edit(desk.run(run_id).id, number, wanted.rule)
    return models.EditPreview(
        number=found.number,
        before=found.before,
        after=found.after,
        changed=found.changed,
        diff=[models.Piece(kind=kind, text=text) for kind, text in found.diff],
        proposed=found.proposed,
        today=found.today.to_dict(),
        related=[models.Related.model_validate(one) for one in found.related],
    )


@router.post("/runs/{run_id}/decisions", summary="Decide", response_model=models.Outcome, responses=LOST)
def decide(run_id: RunId, wanted: models.Decide, request: Request, desk: AtDesk, actor: Asker) -> Any:
    """Approve, edit, reject or skip proposals: some now and others later, by number, in bulk, or both at once.

    The first decision about a proposal stands; sent again by the same person it is no conflict. Either the whole
    request is possible, or nothing of it is stored. After the last decision the run goes on. Needs the role approver.
    """
    require(actor, "decide")
    run_id = desk.run(run_id).id
    outcome = desk.runs.decide(run_id, _decisions(desk, run_id, wanted), actor)
    stands: dict[str, Any] = {"recorded": outcome.recorded, "skipped": outcome.skipped, "undecided": outcome.undecided}
    if outcome.conflicts:
        lost = [models.Lost.model_validate(conflict) for conflict in outcome.conflicts]
        return _lost(request, lost, stands)
    return models.Outcome.model_validate({**stands, "status": desk.run(run_id).status})


@router.post("/runs/{run_id}/reopen", summary="Reopen a request for approval")
def reopen_approval(run_id: RunId, desk: AtDesk, actor: Asker, wanted: models.Reopen | None = None) -> models.Approval:
    """Lets people decide from now on, after the window was over or for longer. Needs the role approver."""
    window = wanted.window if wanted else None
    return models.Approval.model_validate(desk.runs.reopen(desk.run(run_id).id, actor, window))


def _decisions(desk: Desk, run_id: str, wanted: models.Decide) -> list[stored.Decision]:
    """Each decision by number. Raises AssayError where a filter leaves nothing."""
    named = [stored.Decision(**decision.model_dump()) for decision in wanted.decisions]
    if wanted.all is None:
        return named
    return named + desk.runs.same(run_id, wanted.all.action, _where(wanted.all.where), wanted.all.reason, named)


def _where(wanted: models.Filter) -> Filter:
    return Filter(
        tables=tuple(wanted.tables),
        columns=tuple(wanted.columns),
        rule_types=tuple(wanted.rule_types),
        dimensions=tuple(wanted.dimensions),
        confidence=wanted.confidence,
        passing=wanted.passing,
    )


def _lost(request: Request, lost: list[models.Lost], stands: dict[str, Any]) -> Response:
    first = lost[0]
    when = f"{first.decision.decided_at:%Y-%m-%d %H:%M} UTC"
    who = f"{first.decision.actor} decided about proposal {first.number} on {when}"
    more = f", and {len(lost) - 1} more were decided before" if len(lost) > 1 else ""
    conflicts = [one.model_dump(mode="json") for one in lost]
    return problems.answer(
        request.state.request_id, 409, f"{who}: {first.decision.action}{more}.", **stands, conflicts=conflicts
    )


def _proposal(one: stored.Proposal, table: str, related: list[Related]) -> models.Proposal:
    return models.Proposal.model_validate({**vars(one), "table": table, "related": related})
