"""What an extraction answers: edges between columns, per statement and for the whole script, and what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

DATASET = "*"


class ColumnRef(NamedTuple):
    """A column of a table. Column `*` is the whole table: all columns where they are not known, or each row of it."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` depends on `source`.

    `type` is DIRECT (the value flows) or INDIRECT (it decides about the value); `subtype` is IDENTITY,
    TRANSFORMATION or
    AGGREGATION, and CONDITIONAL, WINDOW, JOIN, FILTER, GROUP_BY or SORT. `masking`: a hash or count hides the value.
    An INDIRECT edge to column `*` holds for every column of the target, and is kept once.
    """

    target: ColumnRef
    source: ColumnRef
    type: str
    subtype: str
    masking: bool = False

    @property
    def dataset_wide(self) -> bool:
        """Whether every column of the target depends on the source (OpenLineage `dataset[]`)."""
        return self.target.column == DATASET and self.type == "INDIRECT"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be resolved, in which statement (from 0)."""

    statement: int
    reason: str

    def __str__(self) -> str:
        return f"statement {self.statement + 1}: {self.reason}"


@dataclass(slots=True)
class StatementLineage:
    """What one statement of a script does.

    `kind`: select, insert, create table, create view, merge, update, delete, rename, drop, other. `targets` maps each
    table that it writes to the columns it makes there, in order; the target of a plain SELECT is named "". `temporary`
    are the targets that do not outlive the script. Sources are stored tables: what goes through temporary ones is
    followed. `reads` are the stored tables that it names itself, also where no column of them matters.
    """

    index: int
    kind: str
    sql: str
    targets: dict[str, list[str]] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    temporary: frozenset[str] = frozenset()
    reads: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether everything in the statement was resolved."""
        return not self.problems

    def expanded(self) -> Iterator[Edge]:
        """The edges with each dataset-wide one written out for every column of its target."""
        for edge in self.edges:
            if edge.dataset_wide and edge.target.table in self.targets:
                for column in self.targets[edge.target.table]:
                    target = ColumnRef(edge.target.table, column)
                    yield Edge(target, edge.source, edge.type, edge.subtype, edge.masking)
            else:
                yield edge


@dataclass
class Lineage:
    """The lineage of a script: `statements` one by one, `edges` of all between tables that outlive it."""

    statements: list[StatementLineage]

    @cached_property
    def edges(self) -> list[Edge]:
        """All edges once, in the order of statements and their output columns, without targets that are temporary."""
        kept = (e for s in self.statements for e in s.edges if e.target.table not in s.temporary)
        return list(dict.fromkeys(kept))

    @property
    def problems(self) -> list[Problem]:
        """What could not be resolved, in the order of statements."""
        return [problem for statement in self.statements for problem in statement.problems]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return all(statement.complete for statement in self.statements)

    def expanded(self) -> list[Edge]:
        """As `edges`, with each dataset-wide dependency written out for every column of its target."""
        kept = (e for s in self.statements for e in s.expanded() if e.target.table not in s.temporary)
        return list(dict.fromkeys(kept))
