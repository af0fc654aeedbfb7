"""The tables that a script can read: those of the caller's schema, views, and what the script itself makes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tools.lineage.flows import NOTHING
from tools.lineage.names import NameIndex, Parts, split_name
from tools.lineage.relations import Relation, stored


@dataclass(slots=True)
class StoredTable:
    """A table that outlives the script: its full name, and its columns where they are known."""

    name: str
    columns: list[str] | None
    _relation: Relation | None = None

    def relation(self) -> Relation:
        """The table as something to select from."""
        if self._relation is None:
            self._relation = stored(self.name, self.columns)
        return self._relation


@dataclass(slots=True)
class View:
    """A view whose query the caller gave; it is read through."""

    name: str
    sql: str
    relation: Relation | None = None
    being_read: bool = False


@dataclass(slots=True)
class Temporary:
    """A table that does not outlive the script: reading it reads what it was made of."""

    name: str
    relation: Relation


Thing = StoredTable | View | Temporary


@dataclass(slots=True)
class Catalog:
    """Tables by name. `read_view` turns a view's text into a relation."""

    index: NameIndex[Thing] = field(default_factory=NameIndex)
    unknown: dict[str, StoredTable] = field(default_factory=dict)

    @classmethod
    def of(cls, schema: Mapping[str, Iterable[str]] | None, views: Mapping[str, str] | None) -> "Catalog":
        """The catalog of a caller's schema (table: its columns) and views (name: query)."""
        catalog = cls()
        for table, columns in (schema or {}).items():
            catalog.add(StoredTable(table, [str(column) for column in columns] or None))
        for name, sql in (views or {}).items():
            catalog.index.put(split_name(name), View(name, sql))
        return catalog

    def add(self, table: StoredTable) -> None:
        """Make a stored table known."""
        self.index.put(split_name(table.name), table)

    def find(self, parts: Parts, context_problem: Callable[[str], None]) -> Thing:
        """What a name means. An unknown table has the name as it is written, and any column."""
        found = self.index.find(parts)
        if len(found) == 1:
            return found[0]
        name = ".".join(parts)
        if found:
            meant = ", ".join(sorted(thing.name for thing in found)[:4])
            context_problem(f"table {name} can mean {meant}")
        return self.unknown.setdefault(name, StoredTable(name, None))


EMPTY = Relation([], NOTHING)
