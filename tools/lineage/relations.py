"""What a FROM clause can name: columns in order, each with its flow, and what decides about all rows at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tools.lineage import flows
from tools.lineage.flows import Flow
from tools.lineage.kinds import IDENTITY
from tools.lineage.model import DATASET


@dataclass(slots=True)
class Column:
    """One output column. `behind` is set on the star of a relation whose columns are not all known: what is asked
    for by
    name is looked for there. `row` is set where the value is a row itself (a struct, a whole table): its fields."""

    name: str
    flow: Flow
    behind: "Relation | None" = None
    row: "Relation | None" = None


@dataclass(slots=True)
class Relation:
    """Columns in order, and `influences`: what filters, joins, groups or sorts all of it."""

    columns: list[Column]
    influences: Flow = field(default_factory=dict)
    _by_name: dict[str, list[Column]] | None = None

    @property
    def is_open(self) -> bool:
        """Whether it may have columns that are not known."""
        return any(column.behind is not None for column in self.columns)

    def known(self, name: str) -> Column | None:
        """The column of that name, if the relation is known to have it. Exact case first, else in any case."""
        if self._by_name is None:
            self._by_name = {}
            for column in self.columns:
                if column.behind is None:
                    self._by_name.setdefault(column.name.lower(), []).append(column)
        named = self._by_name.get(name.lower())
        if not named:
            return None
        return named[0] if len(named) == 1 else next((c for c in named if c.name == name), named[0])

    def possible(self, name: str) -> list[Column]:
        """The columns of that name that it would have, one for each star that could hold it."""
        found = (c.behind.named(name) for c in self.columns if c.behind is not None)
        return [column for column in found if column is not None]

    def named(self, name: str) -> Column | None:
        """The column of that name; None where there is none, or where several stars could hold it."""
        column = self.known(name)
        if column is not None:
            return column
        possible = self.possible(name)
        return possible[0] if len(possible) == 1 else None


@dataclass(slots=True)
class OpenTable(Relation):
    """A stored table whose columns nobody told: it has any column that is asked for."""

    name: str = ""
    asked: dict[str, Column] = field(default_factory=dict)

    def named(self, name: str) -> Column:
        """The column of that name: there is always one."""
        found = self.asked.get(name)
        if found is None:
            found = self.asked[name] = Column(name, flows.of_column(self.name, name))
        return found


def stored(name: str, columns: Iterable[str] | None) -> Relation:
    """A stored table, with the columns that are known of it."""
    if columns is not None:
        # A path like `address.city` tells about a field; the columns are those without a parent in the list.
        listed = list(columns)
        names = set(listed)
        tops = [c for c in listed if "." not in c or c.split(".", 1)[0] not in names]
        return Relation([Column(c, flows.of_column(name, c)) for c in tops])
    table = OpenTable([], name=name)
    table.columns.append(Column(DATASET, flows.of_column(name, DATASET), behind=table))
    return table


@dataclass(slots=True)
class Through(Relation):
    """A view on another relation that changes each column on its way: hides some, or adds a step."""

    inner: Relation = field(default_factory=lambda: Relation([]))
    hidden: frozenset[str] = frozenset()
    change: Callable[[Flow], Flow] = lambda flow: flow

    def named(self, name: str) -> Column | None:
        """The inner column of that name, changed."""
        if name.lower() in self.hidden:
            return None
        column = self.inner.named(name)
        return None if column is None else Column(column.name, self.change(column.flow), row=column.row)


@dataclass(slots=True)
class Branches(Relation):
    """What the stars of a set operation's branches hold: a name is looked for in each."""

    branches: list[Relation] = field(default_factory=list)
    asked: dict[str, Column | None] = field(default_factory=dict)

    def named(self, name: str) -> Column | None:
        """The column of that name in all branches that could have it. Branches may share what they read: look once."""
        if name not in self.asked:
            found = [column for branch in self.branches if (column := branch.named(name)) is not None]
            self.asked[name] = Column(name, flows.union(c.flow for c in found)) if found else None
        return self.asked[name]


@dataclass(slots=True)
class Rows(Relation):
    """What a function makes rows of: any column asked for comes from its arguments."""

    flow: Flow = field(default_factory=dict)
    field_of: Callable[[Flow, str], Flow] = lambda flow, _: flow

    def named(self, name: str) -> Column:
        """A column of the rows that are made."""
        column = self.known(name)
        return column if column is not None else Column(name, self.field_of(self.flow, name))


def changed(relation: Relation, step: int, influences: Flow | None = None) -> Relation:
    """The relation with one more step on each column."""
    if step == IDENTITY:
        return relation

    def change(flow: Flow) -> Flow:
        return flows.stepped(flow, step)

    columns = [
        Column(c.name, change(c.flow), Through([], inner=c.behind, change=change) if c.behind else None, c.row)
        for c in relation.columns
    ]
    return Relation(columns, relation.influences if influences is None else influences)


def renamed(relation: Relation, names: list[str]) -> Relation:
    """The relation under a list of column names; columns beyond the list keep theirs."""
    if not names:
        return relation
    columns = [Column(names[i], c.flow, None, c.row) if i < len(names) else c for i, c in enumerate(relation.columns)]
    return Relation(columns, relation.influences)
