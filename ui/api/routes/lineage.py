"""Questions about lineage: where columns come from, what depends on them, where a tag goes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BeforeValidator

from tools.errors import AssayError
from ui.api.desk import Asker, AtDesk
from ui.api.models import lineage as models
from ui.report import lineage_json
from ui.report.times import spoken

router = APIRouter(prefix="/lineage", tags=["lineage"])

MOST = 10_000
Named = Annotated[
    str,
    Query(
        min_length=1,
        max_length=4_000,
        description="A column or table: `customers.email`, `customers#*`, a path or a full name. One that may mean "
        "several is refused with all of them in `candidates`.",
        examples=["customers.email"],
    ),
]
Depth = Annotated[int | None, Query(ge=1, le=100_000, description="Follow so many edges; all if not given.")]
Most = Annotated[
    int, Query(ge=1, le=MOST, description="At most so many columns or edges; `cut` says if there are more.")
]
Indirect = Annotated[bool, Query(description="Follow joins, filters, groupings and conditions too.")]
Moment = BeforeValidator(lambda said: (spoken(said) if isinstance(said, str) else None) or said)
ZONE = "without a time zone it is UTC. Short: `7d`, `12h` or `90m` ago, `yesterday`, `now`."
At = Annotated[datetime | None, Moment, Query(description=f"As it was then; {ZONE}")]
Explain = Annotated[bool, Query(description="With one shortest way for each column.")]
Listed = Annotated[int, Query(ge=1, le=1_000, description="Entries of each list; all are counted.")]


@router.get("/upstream", summary="List what a column is made of")
def list_upstream(
    desk: AtDesk,
    actor: Asker,
    node: Named,
    depth: Depth = None,
    limit: Most = 500,
    indirect: Indirect = False,
    at: At = None,
    explain: Explain = False,
) -> models.Reach:
    """The nearest first; each with the edge by which it was reached."""
    lineage, when = desk.memory.lineage, _utc(at)
    meant = lineage.meant(node, at=when)
    found = lineage.upstream(meant, indirect=indirect, depth=depth, limit=limit, at=when, explained=True)
    return models.Reach.model_validate(lineage_json.reached(meant, found, "upstream", explain=explain))


@router.get("/downstream", summary="List what is made of a column")
def list_downstream(
    desk: AtDesk,
    actor: Asker,
    node: Named,
    depth: Depth = None,
    limit: Most = 500,
    indirect: Indirect = False,
    at: At = None,
    explain: Explain = False,
) -> models.Reach:
    """The nearest first; each with the edge by which it was reached."""
    lineage, when = desk.memory.lineage, _utc(at)
    meant = lineage.meant(node, at=when)
    found = lineage.downstream(meant, indirect=indirect, depth=depth, limit=limit, at=when, explained=True)
    return models.Reach.model_validate(lineage_json.reached(meant, found, "downstream", explain=explain))


@router.get("/impact", summary="Tell what breaks if a column changes")
def show_impact(
    desk: AtDesk,
    actor: Asker,
    node: Named,
    depth: Depth = None,
    limit: Listed = 100,
    indirect: Indirect = False,
    at: At = None,
) -> models.Impact:
    """Columns, tables, jobs, owners and tags, counted and ranked: first tables with tags, then by affected columns."""
    lineage, when = desk.memory.lineage, _utc(at)
    meant = lineage.meant(node, at=when)
    found = lineage.impact(meant, indirect=indirect, depth=depth, at=when, shown=limit)
    wider = None if indirect else lineage.impact(meant, indirect=True, depth=depth, at=when, shown=1)
    return models.Impact.model_validate(lineage_json.impact(meant, found, wider))


@router.get("/path", summary="Show a shortest way between two columns")
def show_path(
    desk: AtDesk,
    actor: Asker,
    source: Named,
    target: Named,
    depth: Depth = None,
    indirect: Indirect = False,
    at: At = None,
) -> models.LineagePath:
    """In the direction of the data, an edge for each step; `found` is false where there is no way."""
    lineage, when = desk.memory.lineage, _utc(at)
    ends = lineage.meant(source, at=when), lineage.meant(target, at=when)
    found = lineage.path(*ends, indirect=indirect, depth=depth, at=when)
    return models.LineagePath.model_validate(lineage_json.path(*ends, found))


@router.get("/diff", summary="List the edges that came and went")
def list_changes(
    desk: AtDesk,
    actor: Asker,
    since: Annotated[datetime, Moment, Query(alias="from", description=f"Before; {ZONE}")],
    until: Annotated[datetime | None, Moment, Query(alias="to", description="After; now if not given.")] = None,
    dataset: Annotated[str | None, Query(max_length=4_000, description="Only edges of this table.")] = None,
    limit: Most = 500,
) -> models.LineageDiff:
    """Between two times, of one table or of all."""
    before, after = _utc(since), _utc(until) or datetime.now(UTC)
    assert before
    if before >= after:
        raise AssayError("`from` is not before `to`.", hint="Turn them round.")
    lineage = desk.memory.lineage
    chosen = lineage.meant(dataset).dataset if dataset else None
    found = lineage.diff(before, after, dataset=chosen, limit=limit)
    return models.LineageDiff.model_validate(lineage_json.diff(before, after, found))


@router.get("/tags", summary="List the tags of columns")
def list_tags(desk: AtDesk, actor: Asker) -> models.KnownTags:
    """Declared, found by a profile, or come along by lineage."""
    found = desk.memory.lineage.tags()
    return models.KnownTags(tags=[models.TagCount(key=key, value=value, columns=n) for (key, value), n in found])


@router.get("/tags/{key}", summary="Show where a tag goes")
def show_tag(
    desk: AtDesk,
    actor: Asker,
    key: Annotated[str, Path(max_length=1_000, description="The tag's key.", examples=["pii"])],
    value: Annotated[str | None, Query(max_length=1_000, description="Only with this value.")] = None,
    limit: Most = 500,
) -> models.TagReport:
    """The columns that carry it, those where it was declared first; it travels along direct edges that do not mask."""
    found = desk.memory.lineage.where_goes(_storable(key), _storable(value) if value else None, limit=limit)
    return models.TagReport.model_validate(lineage_json.tagged(key, value, found))


@router.get("/search", summary="Find tables and columns by name")
def search_lineage(
    desk: AtDesk,
    actor: Asker,
    text: Annotated[str, Query(min_length=1, max_length=1_000, description="The beginning of a name.")],
    limit: Annotated[int, Query(ge=1, le=500, description="At most so many.")] = 50,
) -> models.FoundNodes:
    """Datasets by the last parts of their name or how these begin, columns by how theirs begins, in any case."""
    found = desk.memory.lineage.find(_storable(text), limit=limit + 1)
    cut = f"there are more than {limit}" if len(found) > limit else None
    nodes = [models.Node.model_validate(lineage_json.node(one)) for one in found[:limit]]
    return models.FoundNodes(complete=cut is None, cut=cut, nodes=nodes)


def _utc(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def _storable(text: str) -> str:
    """The text as a text of the store could be: without what none can hold."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
