"""What changes names: RENAME, SWAP, columns renamed or added, views altered, tables dropped."""

from collections.abc import Callable

from sqlglot import exp

from tools.lineage.catalog import StoredTable, Temporary
from tools.lineage.names import Parts
from tools.lineage.queries import relation_of
from tools.lineage.relations import Column, Relation
from tools.lineage.statements.work import Work


def alter(statement: exp.Alter, work: Work) -> None:
    """ALTER TABLE|VIEW."""
    for action in statement.args.get("actions") or []:
        if isinstance(action, exp.AlterRename) and isinstance(action.this, exp.Table):
            rename(work.context.names.parts(statement.this), work.context.names.parts(action.this), work)
        elif isinstance(action, exp.SwapTable):
            swap(work.context.names.parts(statement.this), work.context.names.parts(action.this), work)
        elif isinstance(action, exp.Query):
            work.result.kind = "create view"
            target = work.target(statement.this)
            work.create(target, relation_of(action, work.env()), temporary=False)
        elif isinstance(action, exp.RenameColumn):
            _rename_column(statement, action, work)
        elif isinstance(action, (exp.ColumnDef, exp.Schema)):
            _add_columns(statement, action, work)
        elif isinstance(action, exp.Drop) and action.args.get("kind") == "COLUMN":
            _drop_columns(statement, action, work)


def rename(old: Parts, new: Parts, work: Work) -> None:
    """The table has another name from here on; what this script wrote into it went to the new name."""
    work.result.kind = "rename"
    catalog = work.context.catalog
    old_thing = catalog.find(old, work.context.problem)
    full = (*old[:-1], *new) if len(new) == 1 else new
    known = catalog.index.find(full)
    name = known[0].name if len(known) == 1 else ".".join(full)
    if isinstance(old_thing, Temporary):
        moved: StoredTable | Temporary = Temporary(name, old_thing.relation)
    else:
        moved = StoredTable(name, old_thing.columns if isinstance(old_thing, StoredTable) else None)
    catalog.index.drop(old)
    catalog.index.put(full, moved)
    work.renames.append((old_thing.name, name))


def swap(one: Parts, other: Parts, work: Work) -> None:
    """Two tables exchange their names."""
    work.result.kind = "rename"
    catalog = work.context.catalog
    first, second = catalog.find(one, work.context.problem), catalog.find(other, work.context.problem)
    catalog.index.put(one, _named(second, first.name))
    catalog.index.put(other, _named(first, second.name))
    work.renames += [(first.name, second.name), (second.name, first.name)]


def _named(thing: object, name: str) -> StoredTable | Temporary:
    if isinstance(thing, Temporary):
        return Temporary(name, thing.relation)
    return StoredTable(name, thing.columns if isinstance(thing, StoredTable) else None)


def _rename_column(statement: exp.Alter, action: exp.RenameColumn, work: Work) -> None:
    old, new = action.this.name, work.context.names.written(action.args["to"].this)
    _change_columns(statement, work, lambda names: [new if name.lower() == old.lower() else name for name in names])


def _add_columns(statement: exp.Alter, action: exp.Expr, work: Work) -> None:
    added = action.expressions if isinstance(action, exp.Schema) else [action]
    new = [work.context.names.written(column.this) for column in added if isinstance(column, exp.ColumnDef)]
    _change_columns(statement, work, lambda names: [*names, *new])


def _drop_columns(statement: exp.Alter, action: exp.Drop, work: Work) -> None:
    gone = {part.name.lower() for part in action.args.get("tables") or [action.this] if part is not None}
    parts = work.context.names.parts(statement.this)
    thing = work.context.catalog.find(parts, work.context.problem)
    if isinstance(thing, Temporary):
        columns = [column for column in thing.relation.columns if column.name.lower() not in gone]
        thing.relation = Relation(columns, thing.relation.influences)
    elif isinstance(thing, StoredTable) and thing.columns is not None:
        left = [name for name in thing.columns if name.lower() not in gone]
        work.context.catalog.index.put(parts, StoredTable(thing.name, left))


def _change_columns(statement: exp.Alter, work: Work, change: Callable[[list[str]], list[str]]) -> None:
    thing = work.context.catalog.find(work.context.names.parts(statement.this), work.context.problem)
    if isinstance(thing, Temporary):
        names = change([column.name for column in thing.relation.columns])
        old = [*thing.relation.columns, *(Column(name, {}) for name in names[len(thing.relation.columns) :])]
        columns = [Column(name, column.flow, column.behind) for name, column in zip(names, old, strict=True)]
        thing.relation = Relation(columns, thing.relation.influences)
    elif isinstance(thing, StoredTable) and thing.columns is not None:
        parts = work.context.names.parts(statement.this)
        work.context.catalog.index.put(parts, StoredTable(thing.name, change(thing.columns)))


def drop(statement: exp.Drop, work: Work) -> None:
    """DROP: later statements do not find it any more."""
    work.result.kind = "drop"
    for table in statement.args.get("tables") or []:
        if isinstance(table, exp.Table):
            parts = work.context.names.parts(table)
            if isinstance(work.context.catalog.find(parts, lambda _: None), Temporary):
                work.context.catalog.index.drop(parts)


def truncate(statement: exp.TruncateTable, work: Work) -> None:
    """TRUNCATE: a temporary table holds nothing any more."""
    work.result.kind = "truncate"
    for table in statement.expressions:
        if isinstance(table, exp.Table):
            thing = work.context.catalog.find(work.context.names.parts(table), lambda _: None)
            if isinstance(thing, Temporary):
                thing.relation = Relation([Column(column.name, {}) for column in thing.relation.columns])
