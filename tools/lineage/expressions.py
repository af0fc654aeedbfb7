"""How columns flow through an expression. One walk with a stack of its own, so that depth costs nothing.

Each node is visited in a state: the kind of dependency that a column would have if it stood there.
"""

from collections.abc import Callable, Iterable

from sqlglot import exp

from tools.lineage import flows, functions
from tools.lineage.flows import Flow
from tools.lineage.kinds import CONDITIONAL, FILTER, IDENTITY, SORT, TRANSFORMATION, WINDOW, chained
from tools.lineage.relations import Column, Relation, changed
from tools.lineage.scope import Scope

Steps = Iterable[tuple[exp.Expr | None, int]]

_LEAVES = (exp.Literal, exp.Identifier, exp.Var, exp.DataType, exp.Null, exp.Boolean, exp.Placeholder, exp.Parameter)
_AS_IT_IS = (exp.Alias, exp.Paren, exp.Ordered, exp.Distinct, exp.IgnoreNulls, exp.RespectNulls, exp.Aliases, exp.Limit)


def flow_of(node: exp.Expr, scope: Scope, state: int = IDENTITY) -> Flow:
    """What an expression depends on. The flow may be shared: do not change it."""
    bare = node.unalias() if isinstance(node, exp.Alias) else node
    if state == IDENTITY and isinstance(bare, exp.Column) and not isinstance(bare.this, exp.Star):
        column = scope.column(bare)
        return column.flow if column is not None else flows.NOTHING
    made: Flow = {}
    trace(node, scope, made, state)
    scope.env.context.budget.hold(len(made))
    return made


def trace(node: exp.Expr, scope: Scope, into: Flow, state: int) -> None:
    """Add what an expression depends on, standing in `state`."""
    stack: list[tuple[exp.Expr, int]] = [(node, state)]
    seen: set[tuple[int, int]] = set()  # coalesce asks for its arguments twice, which would double with each level
    tick = scope.env.context.budget.tick
    while stack:
        node, state = stack.pop()
        tick()
        if isinstance(node, _LEAVES) or (id(node), state) in seen:
            continue
        seen.add((id(node), state))
        if isinstance(node, exp.Column):
            _column(node, scope, into, state)
        elif isinstance(node, (exp.Query, exp.Exists)):
            _query(node, scope, into, state)
        elif isinstance(node, exp.Dot):
            rest = _field(node, scope, into, state)
            stack.extend([(rest, chained(state, TRANSFORMATION))] if rest is not None else [])
        else:
            stack.extend((child, child_state) for child, child_state in _steps(node, scope, state) if child is not None)


def _column(node: exp.Column, scope: Scope, into: Flow, state: int) -> None:
    if isinstance(node.this, exp.Star):
        for starred in columns_of_star(node, scope):
            flows.merge_after(into, starred.flow, chained(state, TRANSFORMATION))
        return
    column = scope.column(node)
    if column is not None:
        _add(into, column.flow, state)


def _add(into: Flow, flow: Flow, state: int) -> None:
    if (state & 15) > WINDOW:  # a role for a whole dataset: how the column came to be does not matter
        flows.merge_in_role(into, flow, state)
    else:
        flows.merge_after(into, flow, state)


def columns_of_star(node: exp.Expr, scope: Scope) -> list[Column]:
    """The columns that `*` or `t.*` inside a function means."""
    if isinstance(node, exp.Column) and node.table:
        parts = tuple(scope.env.context.names.written(part) for part in node.parts[:-1])
        return [column for source in scope.answering(parts) for column in source.relation.columns]
    return [column for source in scope.sources for column in source.relation.columns]


def _query(node: exp.Expr, scope: Scope, into: Flow, state: int) -> None:
    """A query as a value: its columns flow, and what decides about its rows decides about the value."""
    query = node.this if isinstance(node, exp.Exists) else node
    context = scope.env.context
    if not isinstance(query, exp.Query):
        return trace(query, scope, into, state) if query is not None else None
    relation = scope.subqueries.get(id(query))
    if relation is None:
        relation = scope.subqueries[id(query)] = context.relation_of(query, scope.env.inside(scope))
    if not isinstance(node, exp.Exists):
        for column in relation.columns:
            _add(into, column.flow, state)
    _add(into, relation.influences, state if (state & 15) >= CONDITIONAL else FILTER)
    return None


def _steps(node: exp.Expr, scope: Scope, state: int) -> Steps:
    """The parts of a node, each with the state that it stands in."""
    special = _SPECIAL.get(type(node))
    if special is not None:
        return special(node, scope, state)
    if isinstance(node, _AS_IT_IS):
        return [(node.this, state)] if node.this is not None else _children(node, state)
    if functions.is_coalescing(node):
        return _coalesce(node, state)
    if isinstance(node, exp.Star):
        return []
    return _children(node, chained(state, functions.step_of(node)))


def _children(node: exp.Expr, state: int) -> Steps:
    return [(child, state) for child in node.iter_expressions()]


def _branch(scope: Scope, state: int) -> int:
    """The state of what a CASE or IF chooses: changed, says OpenLineage's Spark integration; as it is, says Hive's."""
    return state if scope.env.context.is_hive else chained(state, TRANSFORMATION)


def _case(node: exp.Expr, scope: Scope, state: int) -> Steps:
    decides, flows_on = chained(state, CONDITIONAL), _branch(scope, state)
    yield node.this, decides
    for branch in node.args.get("ifs") or []:
        yield branch.this, decides
        yield branch.args.get("true"), flows_on
    yield node.args.get("default"), flows_on


def _if(node: exp.Expr, scope: Scope, state: int) -> Steps:
    flows_on = _branch(scope, state)
    return [
        (node.this, chained(state, CONDITIONAL)),
        (node.args.get("true"), flows_on),
        (node.args.get("false"), flows_on),
    ]


def _coalesce(node: exp.Expr, state: int) -> Steps:
    for child in node.iter_expressions():
        yield child, chained(state, TRANSFORMATION)
        yield child, chained(state, CONDITIONAL)


def _nullif(node: exp.Expr, _scope: Scope, state: int) -> Steps:
    decides = chained(state, CONDITIONAL)
    return [(node.this, chained(state, TRANSFORMATION)), (node.this, decides), (node.expression, decides)]


def _decode(node: exp.Expr, _scope: Scope, state: int) -> Steps:
    """decode(operand, search, result, search, result, ..., default)."""
    operand, *rest = node.expressions
    decides, flows_on = chained(state, CONDITIONAL), chained(state, TRANSFORMATION)
    yield operand, decides
    for position, child in enumerate(rest):
        is_search = position % 2 == 0 and position + 1 < len(rest)
        yield child, decides if is_search else flows_on


def _count(node: exp.Expr, _scope: Scope, state: int) -> Steps:
    if isinstance(node.this, exp.Star) or (isinstance(node.this, exp.Column) and isinstance(node.this.this, exp.Star)):
        return []
    return _children(node, chained(state, functions.step_of(node)))


def _window(node: exp.Expr, scope: Scope, state: int) -> Steps:
    decides = chained(state, WINDOW)
    yield node.this, state
    window: exp.Expr | None = node
    left = dict(scope.windows)
    while window is not None:  # a window may extend one that has a name
        yield from ((part, decides) for part in window.args.get("partition_by") or [])
        yield window.args.get("order"), decides
        yield window.args.get("spec"), decides
        window = left.pop(window.alias.lower(), None)


def _within_group(node: exp.Expr, _scope: Scope, state: int) -> Steps:
    """What a percentile is taken of stands in its ORDER BY; of a list's, the order only decides."""
    ordered = node.this.find(exp.Column) is not None
    yield node.this, state
    step = SORT if ordered else functions.step_of(node.this)
    yield node.expression, chained(state, step)


def _order(node: exp.Expr, _scope: Scope, state: int) -> Steps:
    """`array_agg(x ORDER BY y)`: x stands as it is, y decides. The order of a window or query has no `this`."""
    if node.this is None:
        return _children(node, state)
    return [(node.this, state), *((part, chained(state, SORT)) for part in node.expressions)]


def _filter(node: exp.Expr, _scope: Scope, state: int) -> Steps:
    return [(node.this, state), (node.expression.this, chained(state, CONDITIONAL))]


def _named_argument(node: exp.Expr, _scope: Scope, state: int) -> Steps:
    return [(node.expression, state)]


def _field(node: exp.Expr, scope: Scope, into: Flow, state: int) -> exp.Expr | None:
    """`value.field`: the field's own flow where the row is known. Else the value is to be traced, a part being taken
    of it."""
    names: list[str] = []
    bottom = node
    while isinstance(bottom, exp.Dot) and isinstance(bottom.expression, exp.Identifier):
        names.insert(0, scope.env.context.names.written(bottom.expression))
        bottom = bottom.this
    if isinstance(bottom, exp.Column) and names:
        column = scope.lookup((*(scope.env.context.names.written(part) for part in bottom.parts), *names))
    else:
        row = row_of(bottom, scope) if names else None
        column = row.named(names[0]) if row is not None else None
    if column is None:
        return bottom
    _add(into, column.flow, state)
    return None


_Special = Callable[[exp.Expr, Scope, int], Steps]
_SPECIAL: dict[type[exp.Expr], _Special] = {
    exp.Case: _case,
    exp.If: _if,
    exp.Nvl2: _if,
    exp.Nullif: _nullif,
    exp.DecodeCase: _decode,
    exp.Count: _count,
    exp.Window: _window,
    exp.WithinGroup: _within_group,
    exp.Order: _order,
    exp.Filter: _filter,
    exp.PropertyEQ: _named_argument,
    exp.Kwarg: _named_argument,
}


def row_of(node: exp.Expr, scope: Scope) -> Relation | None:
    """The fields of an expression whose value is a row: a struct, a table's alias, or one row picked out of many."""
    step = IDENTITY
    while True:
        if isinstance(node, (exp.Struct, exp.Anonymous)):
            fields = _struct(node, scope)
            return changed(fields, step) if fields is not None else None
        if isinstance(node, exp.Column):
            column = scope.column(node)
            return changed(column.row, step) if column is not None and column.row is not None else None
        if not isinstance(node, (*_AS_IT_IS, exp.Order, exp.Bracket, exp.ArrayAgg, exp.AnyValue, exp.Having)):
            return None
        if isinstance(node, exp.AggFunc):
            step = chained(step, functions.step_of(node))
        if node.this is None:
            return None
        node = node.this


def _struct(node: exp.Expr, scope: Scope) -> Relation | None:
    columns = []
    if isinstance(node, exp.Struct):
        for position, part in enumerate(node.expressions):
            value = part.expression if isinstance(part, exp.PropertyEQ) else part
            columns.append(
                Column(part.alias_or_name or f"_{position}", flow_of(value, scope), row=row_of(value, scope))
            )
    elif functions.name_of(node) == "named_struct":
        names, values = node.expressions[::2], node.expressions[1::2]
        columns = [Column(n.name, flow_of(v, scope), row=row_of(v, scope)) for n, v in zip(names, values, strict=False)]
    return Relation(columns) if columns else None
