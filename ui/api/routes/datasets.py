"""Datasets: profile, results, scores, metrics, and the comparison of two tables."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Path, Query

from memory.errors import NotFound
from memory.model import StoredEvaluation
from ui.api.desk import Asker, AtDesk, Desk
from ui.api.models import data as models
from ui.api.models.base import DatasetId
from ui.api.paging import Cursor, Limit, Page, page, rest, unpack
from ui.report.verdict import sorted_rules

router = APIRouter(tags=["datasets"])
Point = Annotated[int, Path(ge=1, le=2**31 - 1, description="The point's number.")]
Named = Annotated[str | None, Query(max_length=2_000, description="Only those of that short name, name or URI.")]


@router.get("/datasets", summary="List datasets")
def list_datasets(
    desk: AtDesk, actor: Asker, name: Named = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[models.Dataset]:
    """Every dataset that was ever opened, by name."""
    catalog = desk.memory.catalog
    every = catalog.find(name) if name else catalog.datasets()
    cut = page(rest(every, cursor, lambda dataset: dataset.id), limit, lambda dataset: dataset.id)
    return Page(items=[models.Dataset.model_validate(dataset) for dataset in cut.items], next=cut.next)


@router.get("/datasets/{dataset_id}", summary="Show a dataset")
def show_dataset(dataset_id: DatasetId, desk: AtDesk, actor: Asker) -> models.DatasetDetails:
    """A dataset, when it was profiled, how many rules it has, and its newest score."""
    dataset, scores = desk.memory.catalog.dataset(dataset_id), desk.memory.results.scores(dataset_id, 1)
    profile = desk.memory.catalog.latest_profile(dataset_id)
    known = {
        "active_rules": len(desk.memory.rules.active(dataset_id)),
        "profiled_at": profile.created_at if profile else None,
        "latest_score": scores[0] if scores else None,
    }
    return models.DatasetDetails.model_validate({**vars(dataset), **known})


@router.get("/datasets/{dataset_id}/profile", summary="Show the newest profile")
def show_profile(dataset_id: DatasetId, desk: AtDesk, actor: Asker) -> models.Profile:
    """The statistics of a dataset's columns, as they were stored last."""
    dataset = desk.memory.catalog.dataset(dataset_id)
    found = desk.memory.catalog.latest_profile(dataset_id)
    if found is None:
        raise NotFound(f"{dataset.short_name} was not profiled yet.", hint="Start a run on it.")
    return models.Profile.model_validate(found)


@router.get("/datasets/{dataset_id}/result", summary="Show the newest result")
def show_result(dataset_id: DatasetId, desk: AtDesk, actor: Asker) -> models.Result:
    """What came of each rule when the dataset was validated last."""
    return models.Result.model_validate(_latest(desk, dataset_id))


@router.get("/datasets/{dataset_id}/failures", summary="Show failing rows of the newest result")
def list_failures(dataset_id: DatasetId, desk: AtDesk, actor: Asker) -> models.Failures:
    """What failed or could not be evaluated when the dataset was validated last, each with a few rows; worst first.

    What could not be evaluated is first, then those on whose data the most depends.
    """
    latest = _latest(desk, dataset_id)
    failed = [rule for rule in sorted_rules(latest.evaluation) if rule["outcome"] != "Passed"]
    return models.Failures(
        run_id=latest.run_id,
        measured_at=latest.measured_at,
        rules=[models.Failing.model_validate(rule) for rule in failed],
    )


@router.get("/datasets/{dataset_id}/scores", summary="List the scores of a dataset")
def list_scores(
    dataset_id: DatasetId, desk: AtDesk, actor: Asker, limit: Limit = 50, cursor: Cursor = None
) -> Page[models.Score]:
    """What its validations came to, the newest first."""
    desk.memory.catalog.dataset(dataset_id)
    found = desk.memory.results.scores(dataset_id, limit + 1, unpack(cursor, _moment))
    return page([models.Score.model_validate(score) for score in found], limit, lambda score: score.measured_at)


@router.get("/datasets/{dataset_id}/metrics", summary="List the metrics of a dataset")
def list_metrics(
    dataset_id: DatasetId, desk: AtDesk, actor: Asker, limit: Limit = 100, cursor: Cursor = None
) -> Page[models.Metric]:
    """What its validations measured, by key, each with the newest value."""
    desk.memory.catalog.dataset(dataset_id)
    found = [models.Metric.model_validate(metric) for metric in desk.memory.history.metrics(dataset_id)]
    return page(rest(found, cursor, lambda metric: metric.key), limit, lambda metric: metric.key)


@router.get("/datasets/{dataset_id}/points", summary="List the points of a metric")
def list_points(
    dataset_id: DatasetId,
    key: Annotated[str, Query(min_length=1, max_length=5_000, description="The metric's key.")],
    desk: AtDesk,
    actor: Asker,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[models.Point]:
    """The newest 1,000 points of a metric, the newest first, with what people said about them."""
    desk.memory.catalog.dataset(dataset_id)
    found = [models.Point.model_validate(point) for point in reversed(desk.memory.history.points(dataset_id, key))]
    return page(rest(found, cursor, lambda point: point.number), limit, lambda point: point.number)


@router.post("/points/{number}/verdict", summary="Say what a point means")
def judge_point(number: Point, wanted: models.Judge, desk: AtDesk, actor: Asker) -> models.Point:
    """Says whether rules over the past may learn from a point. The last word counts. Needs the role approver."""
    return models.Point.model_validate(desk.jobs(actor).judge(number, wanted.verdict, wanted.reason))


@router.post("/compare", summary="Compare two tables")
def compare_tables(wanted: models.Compare, desk: AtDesk, actor: Asker) -> models.Comparison:
    """What changed from one table to the other: columns, rows, missing values, distributions; nothing is stored.

    The answer comes when it is done. Needs the role author.
    """
    if not desk.comparing.acquire(blocking=False):
        raise HTTPException(503, "As many comparisons as may be are being made.", {"Retry-After": "10"})
    try:
        found = desk.jobs(actor).compare(wanted.before, wanted.now, wanted.ignore)
    finally:
        desk.comparing.release()
    return models.Comparison.model_validate(found.to_dict())


def _latest(desk: Desk, dataset_id: UUID) -> StoredEvaluation:
    dataset = desk.memory.catalog.dataset(dataset_id)
    latest = desk.memory.results.latest(dataset_id)
    if latest is None:
        raise NotFound(f"{dataset.short_name} was not validated yet.", hint="Start a run on it.")
    return latest


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found
