"""The tables that SQL can mean: which dataset a name is, and which columns are known of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tools.lineage.dialects import of_namespace
from tools.lineage.names import split_name
from tools.lineage.naming import canonical, of_uri, table_of
from tools.lineage.observed import DatasetId, Field

_SCHEMAS = {"postgres": "public", "redshift": "public", "mssql": "dbo", "duckdb": "main"}
"""Where a system looks for a table whose name says no schema."""
_WORD = re.compile(r"\w+")
_FILE = re.compile(r".*[/\\].*\.(csv|tsv|parquet|jsonl?|ndjson)(\.gz|\.zst)?", re.IGNORECASE)
NOWHERE = "sql"
"""The namespace of tables of which nobody said where they are."""


class Place(NamedTuple):
    """Where the tables of some SQL are: a namespace, and what stands in front of names that are not full."""

    namespace: str = NOWHERE
    inside: tuple[str, ...] = ()
    """The names of a database and a schema, as far as they are known."""

    @classmethod
    def of(cls, text: str) -> Place:
        """The place of a text such as `postgres://db:5432/shop/public`; a schema that is usual need not be said."""
        scheme, found, rest = text.strip().partition("://")
        server, *path = rest.split("/") if found and scheme not in ("file", "duckdb", "s3") else [rest]
        namespace = canonical(DatasetId(f"{scheme}{found}{server}", "")).namespace
        inside = tuple(part for name in path for part in name.split(".") if part)
        usual = _SCHEMAS.get(namespace.partition("://")[0])
        if usual and len(inside) == 1:
            inside = (*inside, usual)
        return cls(namespace, inside)

    @property
    def dialect(self) -> str | None:
        """The SQL of the system, where the namespace tells it."""
        return of_namespace(self.namespace)

    def dataset(self, parts: Sequence[str]) -> DatasetId:
        """The dataset of a name's parts, filled up in front."""
        missing = max(0, len(self.inside) + 1 - len(parts))
        return table_of(self.namespace, *self.inside[:missing], *parts)


class Known(NamedTuple):
    """A table whose columns are known."""

    parts: tuple[str, ...]
    dataset: DatasetId
    fields: tuple[Field, ...]


class Tables:
    """Tables by the names that SQL uses."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._by_word: dict[str, dict[tuple[str, ...], Known]] = {}
        self._datasets: dict[str, DatasetId] = {}
        self._fields: dict[DatasetId, tuple[Field, ...]] = {}

    def know(self, parts: Sequence[str], fields: Sequence[Field], dataset: DatasetId | None = None) -> bool:
        """Makes the columns of a table known; whether they are others than before."""
        known = Known(tuple(parts), dataset or self.place.dataset(parts), tuple(fields))
        key = tuple(part.lower() for part in parts)
        same_word = self._by_word.setdefault(_first_word(key[-1]), {})
        before = same_word.get(key)
        same_word[key] = known
        self._fields[known.dataset] = known.fields
        for form in self._forms(known):
            self._datasets[form.lower()] = known.dataset
        return before is None or before.fields != known.fields

    def elsewhere(self, place: Place) -> Tables:
        """The same tables, where other names mean them."""
        moved = Tables(place)
        for known in (one for named in self._by_word.values() for one in named.values()):
            moved.know(known.parts, known.fields)
        return moved

    def seen_from(self, place: Place) -> Tables:
        """The same tables, for SQL that looks for names elsewhere."""
        moved = Tables(place)
        for known in (one for named in self._by_word.values() for one in named.values()):
            moved.know(known.parts, known.fields, known.dataset)
        return moved

    def known(self, parts: Sequence[str]) -> Known | None:
        """The table of exactly this name."""
        key = tuple(part.lower() for part in parts)
        return self._by_word.get(_first_word(key[-1]), {}).get(key)

    def fields_of(self, dataset: DatasetId) -> tuple[Field, ...] | None:
        """The columns of a dataset that is known."""
        return self._fields.get(dataset)

    def mentioned(self, sql: str) -> list[Known]:
        """The known tables that a text may mean: all whose names are among its words."""
        words = set(_WORD.findall(sql.lower())) | {""}
        found = (known for word in words for known in self._by_word.get(word, {}).values())
        return [known for known in found if words.issuperset(_WORD.findall(known.parts[-1].lower()))]

    def schema(self, sql: str) -> dict[str, list[str]]:
        """Columns for :func:`tools.lineage.extract`, of what a text may mean, under every name that it can have.

        A name that is exactly there is never ambiguous: `orders` is that of the schema where one looks first.
        """
        return {
            form: [field.name for field in known.fields] for known in self.mentioned(sql) for form in self._forms(known)
        }

    def dataset(self, name: str) -> DatasetId:
        """The dataset of a table as `extract` names it."""
        found = self._datasets.get(name.lower())
        if found is None:
            # DuckDB queries files by their path; it is relative to where the SQL is run, and read.
            found = of_uri(name) if _FILE.fullmatch(name) else self.place.dataset(split_name(name))
            self._datasets[name.lower()] = found
        return found

    def _forms(self, known: Known) -> list[str]:
        """A full name, and each shorter one that means the table because of where it is."""
        forms, rest, inside = [".".join(known.parts)], known.parts, [part.lower() for part in self.place.inside]
        while len(rest) > 1 and len(inside) >= len(rest) - 1 and rest[0].lower() == inside[-(len(rest) - 1)]:
            rest = rest[1:]
            forms.append(".".join(rest))
        return forms


def _first_word(name: str) -> str:
    found = _WORD.search(name)
    return found.group() if found else ""
