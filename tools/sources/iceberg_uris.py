"""Which Iceberg table a URI means, and which state of it.

``iceberg://CATALOG/namespace.table`` asks a catalog that PyIceberg knows by name; ``iceberg:///folder/catalog.db/
namespace.table`` one in that SQLite file; ``iceberg:///folder/table`` reads a table's own metadata, without a catalog.
After a question mark comes one of ``snapshot=ID``, ``at=TIME``, ``tag=NAME``, ``branch=NAME``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import unquote

from tools.sources.table import SourceError
from tools.sources.uris import ICEBERG_STATES, parse

FORM = "Write iceberg://catalog/namespace.table, and at its end ?snapshot=, ?at=, ?tag= or ?branch= for a past state."
_FILES = (".db", ".sqlite", ".sqlite3")
State = Literal["", "snapshot", "at", "tag", "branch"]


@dataclass(frozen=True)
class IcebergUri:
    """The parts of a URI."""

    text: str
    catalog: str
    """The name of a catalog; empty where a path is given."""
    path: str
    """A SQLite file, a table's folder or its metadata file; empty where a catalog is named."""
    table: tuple[str, ...]
    """Namespaces and name, outermost first; empty where the path is the table's own."""
    state: State
    """How the wanted state of the table is told; empty for the current one."""
    value: str

    @property
    def moment(self) -> int:
        """The time of ``at`` in milliseconds since 1970; a time without a zone is in UTC. Raises SourceError."""
        if self.value.isdigit() and len(self.value) > 8:
            return int(self.value)
        try:
            said = datetime.fromisoformat(self.value)
        except ValueError:
            hint = "Write a day or time such as 2024-06-30T12:00:00Z."
            raise SourceError(f"{self.text}: {self.value!r} is no time.", hint=hint) from None
        return int((said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp() * 1000)


def parsed(uri: str) -> IcebergUri:
    """The parts of a URI; nothing is opened. Raises SourceError."""
    parts = parse(uri)
    unknown = [name for name in parts.options if name not in ICEBERG_STATES]
    if unknown:
        raise SourceError(f"{parts.text.partition('?')[0]}: there is no option {unknown[0]!r}.", hint=FORM)
    if len(parts.options) > 1:
        raise SourceError(f"{parts.text} names more than one state of the table.", hint=FORM)
    state, value = next(iter(parts.options.items()), ("", ""))
    if state and not value:
        raise SourceError(f"{parts.text}: {state}= names nothing.", hint=FORM)
    if parts.user or parts.password or parts.port:
        raise SourceError(f"{parts.text}: a catalog has a name here, no address.", hint=_CONFIGURE)
    path, table = ("", _dotted(parts.path)) if parts.host else _on_disk(parts.text)
    if parts.host and len(table) < 2:
        raise SourceError(f"{parts.text} names no table.", hint=FORM)
    return IcebergUri(parts.text, parts.host, path, table, _state(state), value)


_CONFIGURE = "Name it in ~/.pyiceberg.yaml or PYICEBERG_CATALOG__NAME__URI, and write iceberg://NAME/namespace.table."


def _state(text: str) -> State:
    return next((state for state in ("snapshot", "at", "tag", "branch") if state == text), "")


def _dotted(path: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    return path[0] if len(path) == 1 and all(path[0]) else ()


def _on_disk(text: str) -> tuple[str, tuple[str, ...]]:
    """The file or folder, and the table where the file is a catalog's."""
    written = text.partition("://")[2].partition("?")[0].rstrip("/")
    folder, _, last = written.rpartition("/")
    if folder.lower().endswith(_FILES):
        names = tuple(unquote(name) for name in last.split("."))
        if len(names) < 2 or not all(names):
            raise SourceError(f"{text} names no table.", hint="Write iceberg:///folder/catalog.db/namespace.table.")
        return unquote(folder), names
    if not written or written.lower().endswith(_FILES):
        raise SourceError(f"{text} names no table.", hint=FORM)
    return unquote(written), ()
