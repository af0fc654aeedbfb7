"""Assay's own runs as its lineage takes them in. What an event of the same run says, read again, comes to the same."""

from __future__ import annotations

from tools.lineage.observed import Observed, ObservedDataset, Tag
from tools.openlineage.facts import Moment, RunFacts, TableFacts

ORIGIN = "assay"
PERSONAL = "pii"
"""The key of tags of columns that seem to hold personal data; the value is the kind of it."""


def observed(facts: RunFacts, moment: Moment) -> Observed:
    """What the start or the end of a run says of lineage."""
    ended = moment.event != "START"
    return Observed(
        at=moment.at,
        origin=ORIGIN,
        job=facts.job,
        run=str(facts.uuid),
        completes=moment.event == "COMPLETE",
        state=moment.event,
        inputs=tuple(_read(table) if ended else ObservedDataset(table.id) for table in facts.tables),
        outputs=tuple(ObservedDataset(id_, fields) for id_, fields, _ in facts.halves) if ended else (),
        edges=facts.edges if ended else (),
    )


def tags(table: TableFacts) -> tuple[Tag, ...] | None:
    """A tag for each column that seems to hold personal data; None where the table was never profiled."""
    if table.personal is None:
        return None
    return tuple(Tag(PERSONAL, kind, column) for column, kind in table.personal.items())


def _read(table: TableFacts) -> ObservedDataset:
    return ObservedDataset(table.id, table.fields, tags(table))
