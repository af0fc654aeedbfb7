"""What a person says of a place that is scanned."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.collecting.model import CollectError
from tools.collecting.tables import NOWHERE, Place

_PLAIN = frozenset({"bigquery", "file", "pubsub", NOWHERE})
"""Namespaces that name no server: https://openlineage.io/docs/spec/naming."""
_WITH_SERVER = re.compile(r"(?:jdbc:)?[a-z][a-z0-9+.-]*://\S.*|arn:[^:\s]+:glue:[^:\s]+:\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """What a person says of a place besides where it is. Raises CollectError for a namespace that is none."""

    dialect: str | None = None
    namespace: str | None = None
    """Where tables are whose names do not say it: `postgres://db:5432/shop/public`."""
    schema: Path | None = None
    """A file with the columns of tables."""
    queries: bool = False
    """Of a database: the log of its queries, and not its views."""
    at: datetime | None = None

    def __post_init__(self) -> None:
        said = self.namespace if self.namespace is None else self.namespace.strip()
        if said is not None and said not in _PLAIN and not _WITH_SERVER.fullmatch(said):
            raise CollectError(
                f"{said!r} is no namespace of tables.",
                hint="Say system and server: postgres://db:5432/shop/public, s3://bucket; or only bigquery.",
            )

    @property
    def place(self) -> Place | None:
        """Where tables are, if that was said."""
        return None if self.namespace is None else Place.of(self.namespace)

    @property
    def time(self) -> datetime:
        """When the scan counts as made."""
        return self.at or datetime.now(UTC)
