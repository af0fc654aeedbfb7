"""Answers of the lineage. `node` is a full name, as every question takes it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from ui.api.models.base import Told


class Answer(Told):
    """What all answers have."""

    complete: bool
    cut: str | None
    """Why there is more than this; null where there is not."""


class Node(Told):
    """A column or, as column `*`, a dataset."""

    node: str = Field(examples=["postgres://db:5432/shop.public.customers#email"])
    namespace: str
    name: str
    column: str


class LineageJob(Told):
    """A job by its OpenLineage name."""

    namespace: str
    name: str


class Edge(Told):
    """`target` depends on `source`."""

    source: Node
    target: Node
    type: Literal["DIRECT", "INDIRECT"]
    subtype: str = Field(examples=["TRANSFORMATION"])
    """IDENTITY, TRANSFORMATION, AGGREGATION; JOIN, FILTER, GROUP_BY, SORT, WINDOW, CONDITIONAL; or empty."""
    masking: bool
    job: LineageJob | None
    """Who made it; null between a column and its whole dataset."""
    run: str | None
    confidence: float
    since: datetime | None


class ReachedColumn(Node):
    """A column of an answer."""

    distance: int
    """Edges to the node that was asked for."""
    edge: Edge | None
    """The one by which it was reached."""
    way: list[Edge] | None = None
    """With `explain`, a shortest way, in the direction of the data."""


class Reach(Answer):
    """The columns above or below a node, the nearest first."""

    node: Node
    direction: Literal["upstream", "downstream"]
    columns: list[ReachedColumn]


class LineageOwner(Told):
    """Who answers for a dataset or job."""

    name: str
    type: str


class OwnerCount(LineageOwner):
    """An owner of affected tables."""

    tables: int


class TagCount(Told):
    """A tag on affected columns."""

    key: str
    value: str
    columns: int


class Counts(Told):
    """How much depends on a node."""

    columns: int
    tables: int
    jobs: int


class AffectedTable(Told):
    """A dataset that something flows into."""

    namespace: str
    name: str
    columns: int
    """How many of its columns."""
    distance: int
    """Of the nearest of them."""
    owners: list[LineageOwner]
    tags: list[tuple[str, str]]
    """Key and value of the tags of the columns in question."""
    dataset_id: UUID | None
    """As in GET /datasets, where Assay has opened it."""


class AffectedJob(LineageJob):
    """A job that makes something of what is affected, or reads it."""

    edges: int
    """Edges that it made and that lead on; 0 for one that is known to read only."""
    owners: list[LineageOwner]


class AffectedColumn(Node):
    """A column that depends on the node."""

    distance: int


class Impact(Answer):
    """What depends on a node. Counts are of all; the lists begin with what matters most."""

    node: Node
    counts: Counts
    with_indirect: Counts | None
    """The same with joins, filters, groupings and conditions; null where they are followed anyway."""
    tables: list[AffectedTable]
    jobs: list[AffectedJob]
    columns: list[AffectedColumn]
    owners: list[OwnerCount]
    tags: list[TagCount]


class LineagePath(Answer):
    """One shortest way from a source to a target."""

    source: Node
    target: Node
    found: bool
    steps: list[Edge]


class LineageDiff(Answer):
    """The edges that came and went between two times."""

    model_config = ConfigDict(populate_by_name=True)

    since: Annotated[datetime, Field(alias="from")]
    until: Annotated[datetime, Field(alias="to")]
    added: list[Edge]
    removed: list[Edge]


class TaggedColumn(Node):
    """A column that carries a tag."""

    model_config = ConfigDict(populate_by_name=True)

    key: str
    value: str
    came_from: Annotated[Node | None, Field(alias="from")]
    """The column that it came from by one edge; null where it was declared."""


class TagReport(Answer):
    """Where a tag goes."""

    key: str
    value: str | None
    total: int
    columns: list[TaggedColumn]
    perhaps: list[Node]
    """Datasets that jobs write which read tagged columns, where nobody said what flows."""


class KnownTags(Told):
    """The tags that columns carry, and how many carry each."""

    tags: list[TagCount]


class FoundNodes(Answer):
    """What a text may mean: datasets first, then columns."""

    nodes: list[Node]
