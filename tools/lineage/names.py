"""Names of tables and columns: how a dialect folds them, and which stored table a name in SQL means."""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy

Parts = tuple[str, ...]
T = TypeVar("T")

_FOLDS_QUOTED = {NormalizationStrategy.CASE_INSENSITIVE, NormalizationStrategy.CASE_INSENSITIVE_UPPERCASE}
_UPPER = {NormalizationStrategy.UPPERCASE, NormalizationStrategy.CASE_INSENSITIVE_UPPERCASE}


class Names:
    """How one dialect writes names that no schema knows: unquoted ones folded, quoted ones as they are."""

    def __init__(self, dialect: Dialect) -> None:
        strategy = dialect.normalization_strategy
        self._keeps = strategy == NormalizationStrategy.CASE_SENSITIVE
        self._upper = strategy in _UPPER
        self._folds_quoted = strategy in _FOLDS_QUOTED

    def written(self, identifier: exp.Expr | str | None) -> str:
        """The name as the engine keeps it."""
        if not isinstance(identifier, exp.Identifier):
            return identifier if isinstance(identifier, str) else (identifier.name if identifier else "")
        name: str = identifier.this
        if identifier.args.get("temporary") or identifier.args.get("global_"):  # tables of T-SQL, in any case
            return "#" + name.lstrip("#").lower()
        if self._keeps or (identifier.args.get("quoted") and not self._folds_quoted):
            return name
        return name.upper() if self._upper else name.lower()

    def parts(self, table: exp.Table) -> Parts:
        """The parts of a table's name, the widest first; a name with dots inside one pair of quotes is split."""
        parts = [self.written(part) for part in table.parts]
        if isinstance(table.this, exp.Parameter):  # a table variable of T-SQL
            parts[-1] = "@" + table.this.name
        return tuple(piece for part in parts for piece in split_name(part)) or ("",)


def split_name(name: str) -> Parts:
    """`db.schema.table` in its parts, without the quotes around them."""
    if "." not in name:
        return (name.strip('`"'),)
    return tuple(piece.strip('`"') for piece in name.split(".") if piece)


def folded(parts: Iterable[str]) -> Parts:
    """The parts as they are compared: without regard to case."""
    return tuple(part.lower() for part in parts)


def same_table(one: Parts, other: Parts) -> bool:
    """Whether two folded names can mean one table: the shorter one is the end of the longer one."""
    shared = min(len(one), len(other))
    return one[-shared:] == other[-shared:]


class NameIndex(Generic[T]):
    """Things by table name, found by any unambiguous end of it."""

    def __init__(self) -> None:
        self._by_last: dict[str, dict[Parts, T]] = {}

    def put(self, parts: Parts, thing: T) -> None:
        """Add or replace what is kept under exactly this name."""
        key = folded(parts)
        self._by_last.setdefault(key[-1], {})[key] = thing

    def drop(self, parts: Parts) -> T | None:
        """Forget what the name means; what it was, or None."""
        key = folded(parts)
        named = self._by_last.get(key[-1], {})
        found = next((k for k in named if same_table(k, key)), None)
        return named.pop(found) if found is not None else None

    def find(self, parts: Parts) -> list[T]:
        """All things that the name can mean; only the exact one if there is one."""
        key = folded(parts)
        named = self._by_last.get(key[-1])
        if not named:
            return []
        if key in named:
            return [named[key]]
        return [thing for known, thing in named.items() if same_table(known, key)]


def columns_by_table(schema: Mapping[str, Iterable[str]] | None) -> dict[str, list[str]]:
    """The caller's schema with plain lists; column types, where a mapping gives them, are not needed."""
    return {table: [str(column) for column in columns] for table, columns in (schema or {}).items()}
