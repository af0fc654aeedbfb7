"""What the store is asked for a picture, and what of the answer is shown how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from memory.errors import NotFound
from memory.lineage.answers import Neighbourhood, Step
from memory.lineage.blast import personal
from memory.lineage.details import Marks
from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId, DatasetId
from ui.web.lineage.picture import Lineage
from ui.web.lineage.points import Points

if TYPE_CHECKING:
    from memory import Memory

LIMIT = 5_000
"""Columns of each side that are read."""
CHANGES = 20_000
"""Edges that came and as many that went are read."""
ADDED, REMOVED = "added", "removed"


@dataclass(frozen=True)
class Question:
    """What somebody wants to see. Depths count edges, None is all; `since` asks what changed after that time."""

    node: ColumnId
    up: int | None = 3
    down: int | None = 3
    indirect: bool = False
    at: datetime | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Answer:
    """All that a picture is made of."""

    lineage: Lineage
    points: Points
    marks: Marks
    failing: Mapping[ColumnId, Sequence[dict[str, Any]]] = field(default_factory=dict)
    """Rules that did not pass in the newest result, by each column that they are about; `*` for those of the table."""
    changes: Mapping[Step, str] = field(default_factory=dict)
    beyond: frozenset[ColumnId] = frozenset()
    """Columns at the edge of the picture that have neighbours further on."""
    cut: str | None = None

    def personal(self, column: ColumnId) -> tuple[tuple[str, str], ...]:
        """The tags of a column that mark personal data."""
        return tuple(tag for tag in self.marks.tags.get(column, ()) if personal(*tag))


def ask(memory: Memory, question: Question) -> Answer:
    """Reads what is around a node. Raises NotFound, StoreError."""
    found = _around(memory, question, question.at)
    changes, steps = _changes(memory, question, found)
    columns = dict.fromkeys([entry.column for entry in found.columns])
    columns |= dict.fromkeys(end for step in steps for end in (step.source, step.target))
    points = Points(columns, steps)
    distances = points.distances(entry.column for entry in found.columns if not entry.distance)
    near, beyond = _within(question, distances, steps)
    marks = memory.lineage.marks(list(near))
    failing = _failing(memory, marks)
    answer = Answer(
        Lineage(near, [s for s in steps if s.source in near and s.target in near], question.node),
        points, marks, failing, changes, beyond, _cut(found),
    )  # fmt: skip
    return replace(answer, lineage=replace(answer.lineage, weight=_weights(answer)))


def _around(memory: Memory, question: Question, at: datetime | None) -> Neighbourhood:
    # One more step than is shown tells which columns have more beyond them.
    up, down = (LIMIT if depth is None else depth + 1 for depth in (question.up, question.down))
    return memory.lineage.around(
        question.node, up=up, down=down, indirect=question.indirect, limit=LIMIT, at=at
    )  # fmt: skip


def _changes(memory: Memory, question: Question, found: Neighbourhood) -> tuple[dict[Step, str], list[Step]]:
    """What came and what went since then, and the steps with those that went."""
    steps = list(found.steps)
    if question.since is None:
        return {}, steps
    until = question.at or datetime.now(question.since.tzinfo)
    diff = memory.lineage.diff(question.since, until, limit=CHANGES)
    try:
        before = _around(memory, question, question.since).steps
    except NotFound:
        before = ()
    came, went = ({_key(step) for step in side} for side in (diff.added, diff.removed))
    gone = [step for step in before if _key(step) in went]
    marked = {step: ADDED for step in steps if _key(step) in came} | dict.fromkeys(gone, REMOVED)
    return marked, [*steps, *gone]


def _key(step: Step) -> tuple[object, ...]:
    return step.source, step.target, step.type, step.subtype, step.masking


def _within(
    question: Question, distances: Mapping[ColumnId, int], steps: Iterable[Step]
) -> tuple[dict[ColumnId, int], frozenset[ColumnId]]:
    """The columns that are near enough, and those of them that lead on."""

    def shown(column: ColumnId) -> bool:
        away = distances.get(column)
        depth = question.up if away is not None and away < 0 else question.down
        return away is not None and (depth is None or abs(away) <= depth)

    near = {column: away for column, away in distances.items() if shown(column)}
    ends = {(step.source, step.target) for step in steps}
    beyond = {a for a, b in ends if a in near and b in distances and b not in near and distances[b] > 0}
    beyond |= {b for a, b in ends if b in near and a in distances and a not in near and distances[a] < 0}
    return near, frozenset(beyond)


def _cut(found: Neighbourhood) -> str | None:
    """Why there is more than the depth leaves out."""
    return found.cut if found.cut and "edges away" not in found.cut else None


def _failing(memory: Memory, marks: Marks) -> dict[ColumnId, list[dict[str, Any]]]:
    by_id = memory.results.failing(list(marks.catalog.values()))
    found: dict[ColumnId, list[dict[str, Any]]] = {}
    for dataset, id_ in marks.catalog.items():
        for rule in by_id.get(id_, []):
            for name in rule.get("columns") or [DATASET]:
                found.setdefault(ColumnId(dataset, name), []).append(rule)
    return found


def _weights(answer: Answer) -> dict[DatasetId, int]:
    """Tables with failing rules are to be seen first, then those with personal data."""
    found: dict[DatasetId, int] = {}
    for column in answer.failing:
        found[column.dataset] = found.get(column.dataset, 0) + 100
    for column in answer.marks.tags:
        found[column.dataset] = found.get(column.dataset, 0) + bool(answer.personal(column))
    return found
