"""The items of FROM: stored tables, WITH queries, subqueries, functions that make rows, VALUES, and joins between
them."""

from sqlglot import exp

from tools.lineage import flows
from tools.lineage.catalog import Temporary, View
from tools.lineage.expressions import flow_of, row_of, trace
from tools.lineage.flows import Flow
from tools.lineage.kinds import AGGREGATION, IDENTITY, JOIN, TRANSFORMATION
from tools.lineage.model import DATASET
from tools.lineage.names import Parts
from tools.lineage.pivots import pivoted
from tools.lineage.projections import merged_column
from tools.lineage.relations import Column, Relation, Rows, renamed
from tools.lineage.scope import Context, Scope
from tools.lineage.views import read_view


def add_from(item: exp.Expr, scope: Scope, influences: Flow) -> None:
    """Add one item of FROM, with the joins that hang on it, to the sources of a scope."""
    _add_item(item, scope, influences)
    for join in item.args.get("joins") or []:
        add_join(join, scope, influences)
    for lateral in item.args.get("laterals") or []:
        _add_item(lateral, scope, influences)


def add_join(join: exp.Join, scope: Scope, influences: Flow) -> None:
    """Add what is joined; the columns that decide which rows meet go to the influences."""
    if join.kind == "ARRAY":
        return _array_join(join.this, scope)
    before = len(scope.sources)
    add_from(join.this, scope, influences)
    names = [scope.env.context.names.written(part) for part in join.args.get("using") or []]
    if join.method == "NATURAL":
        names = _common(scope, before)
    for name in names:
        _merge(name, scope, before, influences)
    for condition in (join.args.get("on"), join.args.get("match_condition")):
        if condition is not None:
            trace(condition, scope, influences, JOIN)
    if join.kind in ("SEMI", "ANTI"):
        for source in scope.sources[before:]:
            source.hidden_in_star = True
    return None


def _array_join(item: exp.Expr, scope: Scope) -> None:
    """ClickHouse's ARRAY JOIN: the elements of an array under a name."""
    column = Column(scope.env.context.names.written(item.alias_or_name), flow_of(item, scope, TRANSFORMATION))
    scope.add((), Relation([column]))


def _merge(name: str, scope: Scope, before: int, influences: Flow) -> None:
    """`USING (name)`: both sides decide, and the column is one from here on."""
    earlier = scope.merged.get(name.lower())
    left = [s for s in scope.sources[:before] if s.relation.named(name) is not None][:1]
    merged = merged_column(name, [*([] if earlier else left), *scope.sources[before:]])
    if earlier is not None:
        merged = Column(name, flows.union((earlier.flow, merged.flow)))
    flows.merge_in_role(influences, merged.flow, JOIN)
    scope.merged[name.lower()] = merged
    scope.forget()


def _common(scope: Scope, before: int) -> list[str]:
    """The columns that a NATURAL join merges, as far as the columns are known."""
    left = [source.relation for source in scope.sources[:before]]
    right = [source.relation for source in scope.sources[before:]]
    if any(relation.is_open for relation in (*left, *right)):
        scope.env.context.problem("a NATURAL JOIN of tables whose columns are not known")
    names = [column.name for relation in right for column in relation.columns if column.behind is None]
    return [name for name in names if any(relation.known(name) is not None for relation in left)]


def _add_item(item: exp.Expr, scope: Scope, influences: Flow) -> None:
    alias = item.args.get("alias")
    if _is_bracketed_join(item):
        return add_from(item.this, scope, influences)
    if isinstance(item, exp.Table) and not isinstance(item.this, (exp.Func, exp.SemanticView)):
        return _add_table(item, scope, influences)
    relation = _derived(item, scope)
    names = [scope.env.context.names.written(part) for part in (alias.args.get("columns") if alias else None) or []]
    name = scope.env.context.names.written(alias.this) if alias is not None and alias.this else ""
    if isinstance(relation, Rows):
        relation = _named_rows(relation, names, name, item, scope)
    else:
        relation = renamed(relation, names)
    _place(item, relation, (name,) if name else (), (), scope, influences)
    return None


def _is_bracketed_join(item: exp.Expr) -> bool:
    """`(a JOIN b ON ...)`, in any number of brackets: the tables inside keep their names."""
    return isinstance(item, exp.Subquery) and (
        isinstance(item.this, exp.Table) or (not item.alias and _is_bracketed_join(item.this))
    )


def _place(item: exp.Expr, relation: Relation, name: Parts, original: Parts, scope: Scope, influences: Flow) -> None:
    """Put a relation among the sources, pivoted if the item says so."""
    for pivot in item.args.get("pivots") or []:
        relation = pivoted(relation, pivot, scope.env)
        alias = pivot.args.get("alias")
        if alias is not None and alias.this:
            name = (scope.env.context.names.written(alias.this),)
    flows.merge(influences, relation.influences)
    scope.add(name, relation, original)


def _add_table(item: exp.Table, scope: Scope, influences: Flow) -> None:
    context = scope.env.context
    parts = context.names.parts(item)
    alias = item.args.get("alias")
    name = (context.names.written(alias.this),) if alias is not None and alias.this else parts
    columns = [context.names.written(part) for part in (alias.args.get("columns") if alias else None) or []]
    relation = _path(parts, scope) or table_relation(parts, scope)
    original = () if name is parts else parts
    _place(item, renamed(relation, columns), name, original or parts, scope, influences)


def _path(parts: Parts, scope: Scope) -> Relation | None:
    """`FROM t, t.items`: the elements of an array column of a source on the left."""
    if len(parts) < 2 or not scope.answering(parts[:-1]) or not scope.sources:
        return None
    column = scope.lookup(parts)
    if column is None:
        return None
    return _rows(flows.stepped(column.flow, TRANSFORMATION), column.flow)


def table_relation(parts: Parts, scope: Scope) -> Relation:
    """What a table name means: a WITH query, a view, a temporary table, or a stored table."""
    env = scope.env
    if len(parts) == 1 and parts[0].lower() in env.ctes:
        return env.ctes[parts[0].lower()]
    return named_relation(parts, env.context)


def named_relation(parts: Parts, context: Context) -> Relation:
    """What a table name means outside of any query."""
    thing = context.catalog.find(parts, context.problem)
    if isinstance(thing, Temporary):
        return thing.relation
    if isinstance(thing, View):
        return read_view(thing, context)
    context.reads.setdefault(thing.name)
    return thing.relation()


def _derived(item: exp.Expr, scope: Scope) -> Relation:
    """A subquery, VALUES, or the rows that a function makes."""
    context = scope.env.context
    if isinstance(item, exp.Lateral) and isinstance(item.this, (exp.Subquery, exp.Query)):
        return context.relation_of(item.this, scope.env.inside(scope))
    if isinstance(item, exp.Subquery):
        return context.relation_of(item.this, scope.env)
    if isinstance(item, (exp.Query, exp.Values)):
        return context.relation_of(item, scope.env)
    if isinstance(item.this, exp.SemanticView):
        return _semantic_view(item.this, context)
    return _function_rows(item, scope)


def _function_rows(item: exp.Expr, scope: Scope) -> Rows:
    """The rows that a function makes of its arguments, which may be columns of the sources on the left."""
    arguments = item.expressions if isinstance(item, exp.Unnest) else [item.this] if item.this is not None else []
    single = _argument(arguments)
    made: Flow = {}
    for argument in arguments:
        trace(argument, scope, made, TRANSFORMATION)
    element = flow_of(single, scope) if isinstance(single, exp.Column) else made
    rows = _rows(made, element)
    row = row_of(single, scope) if single is not None else None
    if row is not None:
        rows.columns = list(row.columns)
    return rows


def _argument(arguments: list[exp.Expr]) -> exp.Expr | None:
    """The array that is taken apart, if the function does nothing else."""
    node = arguments[0] if len(arguments) == 1 else None
    while isinstance(node, (exp.Explode, exp.ExplodeOuter, exp.Posexplode, exp.Inline, exp.Kwarg, exp.Paren)):
        node = node.expression if isinstance(node, exp.Kwarg) else node.this
    return node


def _semantic_view(view: exp.SemanticView, context: Context) -> Relation:
    """Snowflake's SEMANTIC_VIEW(view DIMENSIONS a METRICS b): the columns that are named."""
    inner = named_relation(context.names.parts(view.this), context)
    columns = []
    for clause, step in (("dimensions", IDENTITY), ("facts", IDENTITY), ("metrics", AGGREGATION)):
        for part in view.args.get(clause) or []:
            bare = part.unalias()
            column = inner.named(context.names.written(bare.parts[-1])) if isinstance(bare, exp.Column) else None
            flow = flows.stepped(column.flow, step) if column is not None else flows.NOTHING
            columns.append(Column(context.names.written(part.alias_or_name), flow))
    return Relation(columns, inner.influences)


def _rows(flow: Flow, element: Flow) -> Rows:
    """Rows of which nobody knows the columns: any column that is asked for is one of theirs."""

    def field_of(_: Flow, name: str) -> Flow:
        return flows.field_of(element, (name,)) if element is not flow else flow

    rows = Rows([], flow=flow, field_of=field_of)
    rows.columns.append(Column(DATASET, flow, behind=rows))
    return rows


def _named_rows(rows: Rows, names: list[str], alias: str, item: exp.Expr, scope: Scope) -> Relation:
    """The rows under the names that FROM gives: `AS t(a, b)`, or the alias alone as the name of the element."""
    known = [column for column in rows.columns if column.behind is None]
    if known and len(names) != 1:
        return renamed(Relation(known), names)
    element = Relation(known) if known else rows
    columns = [Column(name, rows.flow, row=None if len(names) > 1 else element) for name in names]
    offset = item.args.get("offset")
    if isinstance(offset, exp.Identifier):
        columns.append(Column(scope.env.context.names.written(offset), rows.flow))
    if not names and alias:
        columns.append(Column(alias, rows.flow, row=element))
    if names:
        return Rows(columns, flow=rows.flow, field_of=rows.field_of)
    return Rows([*columns, *rows.columns], flow=rows.flow, field_of=rows.field_of)
