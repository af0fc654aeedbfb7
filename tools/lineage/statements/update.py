"""UPDATE, with FROM or joins, and DELETE."""

from sqlglot import exp

from tools.lineage import flows
from tools.lineage.expressions import flow_of, trace
from tools.lineage.flows import Flow
from tools.lineage.kinds import FILTER
from tools.lineage.queries import relation_of
from tools.lineage.relations import Column
from tools.lineage.scope import Env, Scope
from tools.lineage.statements.work import Target, Work
from tools.lineage.tables import add_from


def update(statement: exp.Update, work: Work) -> None:
    """UPDATE table SET column = expression ... Several tables can be updated at once where they are joined."""
    work.result.kind = "update"
    env = work.env(statement)
    scope, influences = Scope(env), Flow()
    items = _items(statement)
    written = statement.this
    if not _names_a_source(written, items, work):
        add_from(written, scope, influences)
    for item in items:
        add_from(item, scope, influences)
    _where(statement, scope, influences)
    changed: dict[str, list[Column]] = {}
    for assignment in statement.expressions:
        for name, column in assigned(assignment, scope, env):
            changed.setdefault(name, []).append(column)
    targets = _tables(statement, work)
    main = _target(written, targets, work)
    by_target: dict[str, tuple[Target, list[Column]]] = {main.name: (main, [])}
    for qualifier, columns in changed.items():
        table = targets.get(qualifier)
        target = work.target(table) if qualifier and table is not None else main
        by_target.setdefault(target.name, (target, []))[1].extend(columns)
    for target, columns in by_target.values():
        if columns:
            work.add_to(target, columns, influences)


def _items(statement: exp.Expr) -> list[exp.Expr]:
    """What stands in FROM, or in USING for a DELETE."""
    clause = statement.args.get("from_")
    using = statement.args.get("using")
    items = [clause.this] if clause is not None else []
    return [*items, *(using if isinstance(using, list) else [])]


def _tables(statement: exp.Expr, work: Work) -> dict[str, exp.Table]:
    """The tables in FROM and joins by the name that columns are qualified with."""
    found: dict[str, exp.Table] = {}
    for item in [*_items(statement), statement.this]:
        if not isinstance(item, exp.Table):
            continue
        for table in [item, *(join.this for join in item.args.get("joins") or [])]:
            if isinstance(table, exp.Table):
                found.setdefault(work.context.names.written(table.alias_or_name).lower(), table)
    return found


def _names_a_source(written: exp.Expr, items: list[exp.Expr], work: Work) -> bool:
    """Whether `UPDATE t ... FROM table AS t` (T-SQL) names what stands in FROM rather than one more table."""
    if not isinstance(written, exp.Table) or written.alias:
        return False
    names = {work.context.names.written(t.alias_or_name).lower() for item in items for t in _with_joined(item)}
    return not written.db and work.context.names.written(written.name).lower() in names


def _with_joined(item: exp.Expr) -> list[exp.Expr]:
    return [item, *(join.this for join in item.args.get("joins") or [])]


def _target(written: exp.Expr, tables: dict[str, exp.Table], work: Work) -> Target:
    """The table that is updated, under its own name where an alias of FROM was written."""
    name = work.context.names.written(written.name).lower() if isinstance(written, exp.Table) else ""
    aliased = tables.get(name)
    own = isinstance(written, exp.Table) and not written.alias and not written.db
    found = aliased if own and aliased is not None else written
    return work.target(_behind_cte(found) or found)


def _behind_cte(table: exp.Expr) -> exp.Table | None:
    """T-SQL writes through a WITH query into the one table that it reads."""
    statement = table.find_ancestor(exp.Update, exp.Delete, exp.Merge)
    clause = statement.args.get("with_") if statement is not None else None
    for cte in clause.expressions if clause is not None and not table.args.get("db") else []:
        if cte.alias.lower() == table.name.lower() and isinstance(cte.this, exp.Select):
            source = cte.this.args.get("from_")
            return source.this if source is not None and isinstance(source.this, exp.Table) else None
    return None


def _where(statement: exp.Expr, scope: Scope, influences: Flow) -> None:
    where = statement.args.get("where")
    if where is not None:
        trace(where.this, scope, influences, FILTER)


def assigned(assignment: exp.Expr, scope: Scope, env: Env) -> list[tuple[str, Column]]:
    """The columns that `a = x` or `(a, b) = (SELECT ...)` sets, each with the qualifier that it was written with."""
    if not isinstance(assignment, exp.EQ):
        return []
    left, right = assignment.this, assignment.expression
    if not isinstance(left, (exp.Tuple, exp.Paren)):
        return [(_qualifier(left, env), Column(_column_name(left, env), _value(right, scope)))]
    names = left.expressions if isinstance(left, exp.Tuple) else [left.this]
    if isinstance(right, exp.Query):
        relation = relation_of(right, env.inside(scope))
        found = [flows.union((c.flow, relation.influences)) for c in relation.columns]
    else:
        found = [_value(part, scope) for part in (right.expressions if isinstance(right, exp.Tuple) else [right])]
    return [(_qualifier(n, env), Column(_column_name(n, env), f)) for n, f in zip(names, found, strict=False)]


def _value(node: exp.Expr, scope: Scope) -> Flow:
    if isinstance(node, exp.Column) and not node.table and node.name.upper() == "DEFAULT":
        return flows.NOTHING
    return flow_of(node, scope)


def _qualifier(left: exp.Expr, env: Env) -> str:
    return env.context.names.written(left.table).lower() if isinstance(left, exp.Column) and left.table else ""


def _column_name(left: exp.Expr, env: Env) -> str:
    return env.context.names.written(left.this if isinstance(left, exp.Column) else left)


def delete(statement: exp.Delete, work: Work) -> None:
    """DELETE: which rows stay is decided by what WHERE and the joins read."""
    work.result.kind = "delete"
    scope, influences = Scope(work.env(statement)), Flow()
    items = _items(statement)
    if statement.this is not None and not _names_a_source(statement.this, items, work):
        add_from(statement.this, scope, influences)
    for item in items:
        add_from(item, scope, influences)
    _where(statement, scope, influences)
    tables = _tables(statement, work)
    for named in statement.args.get("tables") or [statement.this]:
        if named is not None:
            work.add_to(_target(named, tables, work), [], influences)
