"""Where a name is looked up (the statement, the queries around, the rows that one SELECT sees), and what it means."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from tools.lineage import flows
from tools.lineage.budget import Budget
from tools.lineage.catalog import Catalog
from tools.lineage.names import Names, Parts, folded, same_table
from tools.lineage.relations import Column, Relation, Rows
from tools.lineage.words import words

# What engines give beside a table's columns: what belongs to its rows, and what belongs to no table.
_OF_ROWS = words("""
    rowid ctid tableoid _partitiontime _partitiondate _table_suffix _file_name input__file__name row__id
    block__offset__inside__file metadata$filename metadata$file_row_number metadata$action metadata$isupdate
    metadata$row_id
""")
_OF_NOTHING = words("""
    rownum level grouping__id sysdate systimestamp current_user session_user user connect_by_isleaf connect_by_root
""")


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
    reads: dict[str, None] = field(default_factory=dict)

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


@dataclass(slots=True)
class Source:
    """One item of FROM: the name that columns are qualified with (its alias, or its whole table name).

    `only_qualified`: a column without a qualifier never means one of this source, as of `excluded` in ON CONFLICT.
    """

    name: Parts
    relation: Relation
    original: Parts = ()
    hidden_in_star: bool = False
    only_qualified: bool = False

    def answers_to(self, qualifier: Parts) -> bool:
        """Whether `qualifier.column` can mean a column of this source."""
        return bool(self.name) and same_table(self.name, qualifier)


@dataclass(slots=True)
class Scope:
    """The sources of one SELECT in order, columns merged by USING, its earlier output columns, its named windows.

    `outputs_first`: a name that no source is known to have means an output column rather than one of a table whose
    columns nobody told, unless it was already read from there.
    """

    env: Env
    sources: list[Source] = field(default_factory=list)
    merged: dict[str, Column] = field(default_factory=dict)
    outputs: dict[str, Column] = field(default_factory=dict)
    windows: dict[str, exp.Window] = field(default_factory=dict)
    outputs_first: bool = False
    subqueries: dict[int, Relation] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)
    _memo: dict[Parts, Column | None] = field(default_factory=dict)
    _by_last: dict[str, list[Source]] = field(default_factory=dict)

    def add(self, name: Parts, relation: Relation, original: Parts = (), *, only_qualified: bool = False) -> None:
        """Put one more source beside the others."""
        source = Source(folded(name), relation, folded(original), only_qualified=only_qualified)
        self.put(source)

    def put(self, source: Source) -> None:
        """Put a source that was made elsewhere beside the others."""
        self.sources.append(source)
        for last in {*source.name[-1:], *source.original[-1:]}:
            self._by_last.setdefault(last, []).append(source)
        self._memo.clear()

    def column(self, node: exp.Column) -> Column | None:
        """What a column reference means; None, with a problem said, where that cannot be found out."""
        return self.lookup(tuple(self.env.context.names.written(part) for part in node.parts))

    def lookup(self, parts: Parts) -> Column | None:
        """What `[catalog.][schema.][table.]column[.field...]` means here, or in the queries around."""
        if parts in self._memo:
            return self._memo[parts]
        found = self._search(parts)
        output = self.outputs.get(parts[0].lower())
        if found is None and (parts[-1].lower() in _OF_NOTHING or parts[0].lower() in self.env.context.variables):
            found = Column(parts[0], flows.NOTHING)
        elif found is None and output is not None:
            found = self._inside(output, parts[1:])
        elif found is None:
            found = self._guess(parts)
        if output is None:  # an output column is one only for what follows it, so what it hides is not remembered
            self._memo[parts] = found
        return found

    def _search(self, parts: Parts) -> Column | None:
        steps = (Scope._certain, Scope._open)
        if len(parts) == 1:
            tries = [(step, scope) for scope in self._outwards() for step in steps]
        else:
            tries = [(step, scope) for step in steps for scope in self._outwards()]
        return next((found for step, scope in tries if (found := step(scope, parts)) is not None), None)

    def _outwards(self) -> "Iterator[Scope]":
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.env.outer

    def _certain(self, parts: Parts) -> Column | None:
        """A qualified column of a source that answers to the qualifier, or one that a source is known to have."""
        for split in range(len(parts) - 1, 0, -1):
            for source in self.answering(parts[:split]):
                column = source.relation.named(parts[split]) or self._undeclared(source, parts[split])
                return self._inside(column, parts[split + 1 :])
        merged = self.merged.get(parts[0].lower())
        if merged is not None:
            return self._inside(merged, parts[1:])
        known = [c for s in self.sources if not s.only_qualified and (c := s.relation.known(parts[0])) is not None]
        if len(known) > 1:
            self.env.context.problem(f"column {parts[0]} is ambiguous")
            return Column(parts[0], flows.NOTHING)
        if known:
            return self._inside(known[0], parts[1:])
        return self._whole_row(parts)

    def _undeclared(self, source: Source, name: str) -> Column | None:
        """A column that its table is not known to have: SQL that ran knows better than a schema that may be old."""
        context = self.env.context
        tables = {origin.table for column in source.relation.columns for origin in column.flow}
        base = next(iter(tables)) if len(tables) == 1 and not source.relation.influences else None
        if name.lower() not in _OF_ROWS:
            context.problem(f"column {'.'.join((*source.name, name))} is not known")
        return Column(name, flows.of_column(base, name)) if base and source.original else None

    def answering(self, qualifier: Parts) -> list[Source]:
        """The sources that a qualifier can mean: at most one, except for ill-formed SQL."""
        key = folded(qualifier)
        close = self._by_last.get(key[-1], [])
        named = [source for source in close if source.answers_to(key)]
        if not named:
            named = [source for source in close if source.original and same_table(source.original, key)]
        return named[:1]

    def _open(self, parts: Parts) -> Column | None:
        """A column of the only source that may have columns which nobody told."""
        name = parts[0].lower()
        if self.outputs_first and name in self.outputs and name not in self._read:
            return self._inside(self.outputs[name], parts[1:])
        if name in self.env.context.variables:
            return None
        possible = self._possible(parts[0], of_functions=False) or self._possible(parts[0], of_functions=True)
        if not possible:
            return None
        self._read.add(name)
        if len(possible) > 1:
            self.env.context.problem(f"column {parts[0]} can be of several tables whose columns are not known")
            return Column(parts[0], flows.NOTHING)
        return self._inside(possible[0], parts[1:])

    def _possible(self, name: str, *, of_functions: bool) -> list[Column]:
        """What could be meant in sources that may have any column: tables before the rows that functions make."""
        sources = [s for s in self.sources if not s.only_qualified]
        relations = [s.relation for s in sources if isinstance(s.relation, Rows) == of_functions]
        return [column for relation in relations for column in relation.possible(name)]

    def _guess(self, parts: Parts) -> Column | None:
        tables = [s for s in self.sources if s.original]
        if len(parts) == 1 and len(self.sources) == 1 and tables:
            return self._undeclared(tables[0], parts[0])
        self.env.context.problem(f"column {'.'.join(parts)} is not known")
        return None

    def _inside(self, column: Column | None, fields: Parts) -> Column | None:
        """A field of a column's value."""
        for position, name in enumerate(fields):
            if column is None:
                return None
            if column.row is None:
                rest = fields[position:]
                return Column(rest[-1], flows.field_of(column.flow, rest))
            column = column.row.named(name) or Column(name, column.flow)
        return column

    def _whole_row(self, parts: Parts) -> Column | None:
        """A table's alias used as a value: its whole row."""
        if len(parts) > 1:
            return None
        for source in self.answering(parts):
            flow = flows.union(column.flow for column in source.relation.columns)
            return Column(parts[0], flow, row=source.relation)
        return None

    def remove_all(self) -> None:
        """Take all sources away."""
        self.sources.clear()
        self._by_last.clear()
        self.forget()

    def forget(self) -> None:
        """Names may mean something else from here on."""
        self._memo.clear()
