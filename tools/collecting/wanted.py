"""What a person says of a place that is scanned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.collecting.tables import Place


@dataclass(frozen=True)
class Wanted:
    """What a person says of a place besides where it is."""

    dialect: str | None = None
    namespace: str | None = None
    """Where tables are whose names do not say it: `postgres://db:5432/shop/public`."""
    schema: Path | None = None
    """A file with the columns of tables."""
    queries: bool = False
    """Of a database: the log of its queries, and not its views."""
    at: datetime | None = None

    @property
    def place(self) -> Place | None:
        """Where tables are, if that was said."""
        return Place.of(self.namespace) if self.namespace else None

    @property
    def time(self) -> datetime:
        """When the scan counts as made."""
        return self.at or datetime.now(UTC)
