"""One statement at work: the tables it writes, and the edges that it makes."""

from dataclasses import dataclass, field

from sqlglot import exp

from tools.lineage import flows
from tools.lineage.budget import OutOfBudget
from tools.lineage.catalog import StoredTable, Temporary
from tools.lineage.flows import Flow
from tools.lineage.kinds import MASKED, NAMES, is_direct, kinds_of
from tools.lineage.model import DATASET, ColumnRef, Edge, StatementLineage
from tools.lineage.names import Parts
from tools.lineage.queries import with_ctes
from tools.lineage.relations import Column, Relation
from tools.lineage.scope import Context, Env


@dataclass(slots=True)
class Target:
    """A table that is written: its name, its columns where they are known, and whether it outlives the script."""

    name: str
    parts: Parts
    columns: list[str] | None = None
    temporary: Temporary | None = None


@dataclass(slots=True)
class Work:
    """What a statement has to work with. `variables_only`: it stands in a procedure, where INTO fills a variable."""

    context: Context
    result: StatementLineage
    transient: frozenset[Parts] = frozenset()
    procedural: bool = False
    renames: list[tuple[str, str]] = field(default_factory=list)
    around: Env | None = None

    def env(self, statement: exp.Expr | None = None) -> Env:
        """Where the queries of the statement stand, with what its WITH defines."""
        env = self.around or Env(self.context)
        return with_ctes(statement, env) if statement is not None else env

    def target(self, table: exp.Expr) -> Target:
        """The table that is meant by the name of what is written."""
        parts = self.context.names.parts(table) if isinstance(table, exp.Table) else (table.name,)
        found = self.context.catalog.find(parts, self.context.problem)
        if parts[-1].startswith(("#", "@")) and not isinstance(found, Temporary):  # made by somebody else
            return Target(found.name, parts, None, Temporary(found.name, Relation([])))
        if isinstance(found, Temporary):
            return Target(found.name, parts, [c.name for c in found.relation.columns], found)
        return Target(found.name, parts, found.columns if isinstance(found, StoredTable) else None)

    def write(self, target: Target, columns: list[Column], influences: Flow) -> None:
        """Make the edges into a target. Columns that are the same, as after a second branch, are told once."""
        if target.temporary is not None:
            self.result.temporary |= {target.name}
        names = self.result.targets.setdefault(target.name, [])
        known = set(names)
        spelled = {name.lower(): name for name in target.columns or ()}
        for column in columns:
            name = spelled.get(column.name.lower(), column.name)
            if name not in known:
                known.add(name)
                names.append(name)
            self._edges(ColumnRef(target.name, name), column.flow)
        self._edges(ColumnRef(target.name, DATASET), influences)

    def _edges(self, target: ColumnRef, flow: Flow) -> None:
        edges = self.result.edges
        for source, bits in flow.items():
            for kind in kinds_of(bits):
                direct = "DIRECT" if is_direct(kind) else "INDIRECT"
                edges.append(Edge(target, source, direct, NAMES[kind & 15], bool(kind & MASKED)))
        self.context.budget.tick()
        if len(edges) > self.context.budget.limits.edges:
            raise OutOfBudget(
                f"the statement has more than {self.context.budget.limits.edges:,} edges",
                hint="raise Limits.edges, or split the statement",
            )

    def create(self, target: Target, relation: Relation, *, temporary: bool) -> None:
        """Let later statements read what this one has made, and write it."""
        if temporary:
            made = Temporary(target.name, relation)
            target.temporary = made
            self.context.catalog.index.put(target.parts, made)
        else:
            columns = None if relation.is_open else [column.name for column in relation.columns]
            table = StoredTable(target.name, columns)
            self.context.catalog.index.put(target.parts, table)
            if columns is None:
                self.context.catalog.unknown[target.name] = table
        self.write(target, relation.columns, relation.influences)

    def add_to(self, target: Target, columns: list[Column], influences: Flow, *, replaces: bool = False) -> None:
        """Write rows or values into a table that is there. A temporary one then holds both, or only the new."""
        if target.temporary is not None:
            old = target.temporary.relation
            new = Relation(columns, influences)
            target.temporary.relation = new if replaces else _both(old, new)
            self.context.catalog.index.put(target.parts, target.temporary)
        self.write(target, columns, influences)

    def is_temporary(self, parts: Parts, marked: bool) -> bool:
        """Whether a new table does not outlive the script: it is declared so, named so, or dropped in the end."""
        return marked or parts[-1].startswith(("#", "@")) or tuple(p.lower() for p in parts) in self.transient


def _both(old: Relation, new: Relation) -> Relation:
    """What a table holds after more was put into it: by name, what is new at the end."""
    fresh = {column.name.lower(): column for column in new.columns}
    columns = []
    for column in old.columns:
        added = fresh.pop(column.name.lower(), None)
        flow = column.flow if added is None else flows.union((column.flow, added.flow))
        columns.append(Column(column.name, flow, column.behind, column.row))
    return Relation([*columns, *fresh.values()], flows.union((old.influences, new.influences)))


def column_names(schema: exp.Expr, context: Context) -> list[str]:
    """The names in a list of columns behind a table's name."""
    parts = schema.expressions if isinstance(schema, exp.Schema) else []
    named = [part.this if isinstance(part, (exp.ColumnDef, exp.Column)) else part for part in parts]
    return [context.names.written(part) for part in named if isinstance(part, exp.Identifier)]


def table_of(node: exp.Expr | None) -> exp.Expr | None:
    """The table in `table` or `table (columns)`."""
    return node.this if isinstance(node, exp.Schema) else node
