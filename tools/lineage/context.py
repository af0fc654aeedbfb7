"""What every part of an extraction needs to know while it works on one statement."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from tools.lineage.budget import Budget
from tools.lineage.catalog import Catalog
from tools.lineage.names import Names
from tools.lineage.relations import Relation

if TYPE_CHECKING:
    from tools.lineage.scope import Scope


@dataclass(slots=True)
class Context:
    """The statement at hand: its dialect, the tables there are, its budget, and what could not be resolved in it.

    `relation_of` reads a query, `modify` an INSERT, UPDATE or DELETE that stands in a WITH.
    """

    dialect: Dialect
    names: Names
    catalog: Catalog
    budget: Budget
    relation_of: "Callable[[exp.Expr, Env], Relation]"
    variables: frozenset[str] = frozenset()
    modify: "Callable[[exp.Expr, Env], Relation] | None" = None
    problems: dict[str, None] = field(default_factory=dict)

    @property
    def dialect_name(self) -> str:
        """The name of the dialect as its users write it; "dialect" for plain SQL."""
        return type(self.dialect).__name__.lower()

    @property
    def is_hive(self) -> bool:
        """Whether the engine is Hive, which differs from its relatives in names and kinds."""
        return self.dialect_name == "hive"

    @property
    def keeps_cast_names(self) -> bool:
        """Whether a cast column without an alias keeps its name, as in Hive and its relatives."""
        return self.dialect_name in ("hive", "spark", "spark2", "databricks")

    def problem(self, reason: str) -> None:
        """Say, once, that something is missing."""
        self.problems.setdefault(reason)


@dataclass(frozen=True, slots=True)
class Env:
    """Where a query stands: the WITH queries that it sees, and the query around it."""

    context: Context
    ctes: Mapping[str, Relation] = field(default_factory=dict)
    outer: "Scope | None" = None
    scalars: "Mapping[str, tuple[exp.Expr, Env]]" = field(default_factory=dict)

    def with_scalar(self, name: str, value: exp.Expr) -> "Env":
        """The same place, where a name stands for an expression that sees what this place sees."""
        return replace(self, scalars={**self.scalars, name.lower(): (value, self)})

    def with_cte(self, name: str, relation: Relation) -> "Env":
        """The same place, seeing one more WITH query."""
        return replace(self, ctes={**self.ctes, name.lower(): relation})

    def inside(self, scope: "Scope") -> "Env":
        """The place of a query that may refer to the rows of `scope`."""
        return replace(self, outer=scope)
