"""From a query to a relation: what each of its output columns depends on, and what decides about its rows."""

from collections.abc import Iterator

from sqlglot import exp

from tools.lineage import flows
from tools.lineage.catalog import EMPTY
from tools.lineage.expressions import flow_of, trace
from tools.lineage.flows import Flow
from tools.lineage.kinds import FILTER, GROUP_BY, SORT
from tools.lineage.matching import match_rows
from tools.lineage.projections import project
from tools.lineage.recursion import recursive
from tools.lineage.relations import Column, Relation, renamed
from tools.lineage.scope import Env, Scope
from tools.lineage.setops import set_operation
from tools.lineage.tables import add_from, add_join

# WHERE sees no output columns but where nothing else has the name; what follows it sees them.
_FILTERS = ("where", "prewhere", "having", "qualify", "connect")
_SORTS = ("order", "sort", "cluster", "distribute")
# Dialects in which an expression may name an output column on its left (SELECT a + 1 AS b, b + 1 AS c).
_OUTPUTS_IN_SELECT = {"snowflake", "redshift", "databricks", "spark", "duckdb", "clickhouse", "teradata"}


def relation_of(query: exp.Expr, env: Env) -> Relation:
    """What a query gives to the one around it."""
    env.context.budget.tick()
    env = with_ctes(query, env)
    if isinstance(query, exp.Select):
        return _select(query, env)
    if isinstance(query, exp.SetOperation):
        return _ordered(query, set_operation(query, env, relation_of, with_ctes), env)
    if isinstance(query, exp.Subquery):
        return _subquery(query, env)
    if isinstance(query, exp.Values):
        return _values(query, env)
    if isinstance(query, exp.Table):
        return _bare_from(query, env)
    if isinstance(query, exp.DML) and env.context.modify is not None:
        return env.context.modify(query, env)
    env.context.problem(f"a query of kind {type(query).__name__} is not understood")
    return EMPTY


def with_ctes(query: exp.Expr, env: Env) -> Env:
    """The place of a query with what its WITH defines."""
    clause = query.args.get("with_")
    if clause is None:
        return env
    for cte in clause.expressions:
        if cte.args.get("scalar"):  # ClickHouse: WITH expression AS name
            env = env.with_scalar(env.context.names.written(cte.args["alias"].this), cte.this)
            continue
        name = env.context.names.written(cte.args["alias"].this)
        names = [env.context.names.written(part) for part in cte.args["alias"].args.get("columns") or []]
        if clause.args.get("recursive") or _reads(cte.this, name):
            relation = recursive(cte.this, name, names, env, relation_of)
        else:
            relation = renamed(relation_of(cte.this, env), names)
        env = env.with_cte(name, relation)
    return env


def _reads(query: exp.Expr, name: str) -> bool:
    """Whether a set operation reads a table of this name: some dialects have recursion without saying RECURSIVE."""
    if not isinstance(query, exp.SetOperation):
        return False
    return any(not t.db and t.name.lower() == name.lower() for t in query.find_all(exp.Table))


def _select(query: exp.Select, env: Env) -> Relation:
    scope = Scope(env)
    influences: Flow = {}
    for clause in _from_items(query):
        add_from(clause, scope, influences)
    for join in query.args.get("joins") or []:
        add_join(join, scope, influences)
    for lateral in query.args.get("laterals") or []:
        add_from(lateral, scope, influences)
    scope.windows = {window.name.lower(): window for window in query.args.get("windows") or []}
    scope.outputs_first = env.context.dialect_name in _OUTPUTS_IN_SELECT
    for name, (value, place) in env.scalars.items():
        seen = Scope(place)
        for source in scope.sources:
            seen.put(source)
        scope.outputs[name] = Column(name, flow_of(value, seen))
    match = query.args.get("match")
    if match is not None:
        match_rows(match, scope, influences)
    columns = project(query, scope)
    _clauses(query, columns, scope, influences)
    return Relation(columns, influences)


def _from_items(query: exp.Select) -> list[exp.Expr]:
    clause = query.args.get("from_")
    return [clause.this] if clause is not None else []


def _clauses(query: exp.Select, columns: list[Column], scope: Scope, influences: Flow) -> None:
    """WHERE, GROUP BY, HAVING, ORDER BY and DISTINCT decide about all rows."""
    for name in _FILTERS:
        for part in _parts(query, name):
            trace(part, scope, influences, FILTER)
        scope.outputs_first = True
    for part in _parts(query, "group"):
        _by(part, columns, scope, influences, GROUP_BY)
    for part in _grouped_by_all(query):
        trace(part, scope, influences, GROUP_BY)
    for name in _SORTS:
        for part in _parts(query, name):
            _by(part, columns, scope, influences, SORT)
    distinct_on = _flag(query, "distinct", "on")
    if isinstance(distinct_on, exp.Expr):
        trace(distinct_on, scope, influences, GROUP_BY)
    elif query.args.get("distinct") is not None:
        _all_of(columns, influences, GROUP_BY)


def _grouped_by_all(query: exp.Select) -> list[exp.Expr]:
    """GROUP BY ALL: every output that does not aggregate."""
    if not _flag(query, "group", "all"):
        return []
    return [item.unalias() for item in query.expressions if item.find(exp.AggFunc) is None]


def _parts(query: exp.Expr, clause: str) -> Iterator[exp.Expr]:
    node = query.args.get(clause)
    return node.iter_expressions() if isinstance(node, exp.Expr) else iter(())


def _flag(query: exp.Expr, clause: str, name: str) -> object:
    node = query.args.get(clause)
    return node.args.get(name) if isinstance(node, exp.Expr) else None


def _all_of(columns: list[Column], influences: Flow, role: int) -> None:
    for column in columns:
        flows.merge_in_role(influences, column.flow, role)


def _by(part: exp.Expr, columns: list[Column], scope: Scope, influences: Flow, role: int) -> None:
    """One term of GROUP BY or ORDER BY: an output column by its position or name, or an expression."""
    value = part.this if isinstance(part, exp.Ordered) else part
    if isinstance(value, exp.Literal) and not value.is_string:
        position = int(value.this) - 1 if str(value.this).isdigit() else -1
        if 0 <= position < len(columns):
            flows.merge_in_role(influences, columns[position].flow, role)
        return
    name = value.name.lower() if isinstance(value, exp.Column) and not value.table else ""
    if role == SORT and name in scope.outputs:
        flows.merge_in_role(influences, scope.outputs[name].flow, role)
        return
    trace(value, scope, influences, role)


def _ordered(query: exp.Expr, relation: Relation, env: Env) -> Relation:
    """ORDER BY after a set operation or around brackets names the output columns."""
    clause = query.args.get("order")
    if clause is None:
        return relation
    scope = Scope(env)
    scope.add((), relation)
    influences = dict(relation.influences)
    for part in clause.expressions:
        _by(part, relation.columns, scope, influences, SORT)
    return Relation(relation.columns, influences)


def _subquery(query: exp.Subquery, env: Env) -> Relation:
    """A query in brackets; with joins behind it, it is an item of FROM without a SELECT."""
    if query.args.get("joins") or query.args.get("pivots") or isinstance(query.this, exp.Table):
        return _bare_from(query, env)
    return _ordered(query, relation_of(query.this, env), env)


def _bare_from(item: exp.Expr, env: Env) -> Relation:
    """An item of FROM that stands for a query: TABLE t, or brackets around a join."""
    scope, influences = Scope(env), Flow()
    add_from(item, scope, influences)
    return Relation([column for source in scope.sources for column in source.relation.columns], influences)


def _values(query: exp.Values, env: Env) -> Relation:
    """VALUES: each column from the expressions that stand at its place in any row."""
    scope = env.outer or Scope(env)
    rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in query.expressions]
    width = max((len(row) for row in rows), default=0)
    columns = [
        Column(f"column{i + 1}", flows.union(flow_of(row[i], scope) for row in rows if i < len(row)))
        for i in range(width)
    ]
    alias = query.args.get("alias")
    names = [env.context.names.written(part) for part in (alias.args.get("columns") if alias else None) or []]
    return renamed(Relation(columns), names)
