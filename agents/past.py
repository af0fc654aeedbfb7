"""What earlier validations of a dataset measured, as rules over the history want it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from memory import Memory
    from tools.dqdl.history.points import Point


class Past:
    """The stored points of a dataset, for the judgement of one version of it.

    That version's own points, of an earlier validation, are not learnt from: judged twice, the same data gets the same
    verdict, unless a person said in between that it is normal.
    """

    def __init__(self, memory: Memory, dataset_id: UUID, version: str) -> None:
        self._memory, self._dataset_id, self._version = memory, dataset_id, version

    def points(self, key: str) -> list[Point]:
        """The points of a metric, oldest first."""
        from tools.dqdl.history.points import Point

        return [
            Point(
                stored.value,
                stored.measured_at,
                excluded=stored.verdict == "exclude" or stored.version == self._version,
                normal=stored.verdict == "normal",
            )
            for stored in self._memory.history.points(self._dataset_id, key)
        ]
