"""MERGE: each branch sets columns from the source, the condition that joins them decides for all."""

from sqlglot import exp

from tools.lineage.expressions import flow_of, trace
from tools.lineage.flows import Flow
from tools.lineage.kinds import FILTER, JOIN
from tools.lineage.model import DATASET
from tools.lineage.relations import Column, Relation
from tools.lineage.scope import Scope
from tools.lineage.statements.update import assigned
from tools.lineage.statements.work import Target, Work
from tools.lineage.tables import add_from


def merge(statement: exp.Merge, work: Work) -> None:
    """MERGE INTO target USING source ON ... WHEN ..."""
    work.result.kind = "merge"
    env = work.env(statement)
    scope, influences = Scope(env), Flow()
    add_from(statement.this, scope, influences)
    add_from(statement.args["using"], scope, influences)
    if statement.args.get("on") is not None:
        trace(statement.args["on"], scope, influences, JOIN)
    target = work.target(statement.this)
    source = scope.sources[-1].relation
    only_source = Scope(env)
    only_source.put(scope.sources[-1])
    columns: list[Column] = []
    whens = statement.args.get("whens")
    for when in whens.expressions if whens is not None else []:
        if when.args.get("condition") is not None:
            trace(when.args["condition"], scope, influences, FILTER)
        then = when.args.get("then")
        if isinstance(then, exp.Update):
            columns += _update(then, scope, source, influences)
        elif isinstance(then, exp.Insert):
            columns += _insert(then, only_source, source, target, work)
            if then.args.get("where") is not None:
                trace(then.args["where"].this, only_source, influences, FILTER)
    work.add_to(target, columns, influences)


def _update(then: exp.Update, scope: Scope, source: Relation, influences: Flow) -> list[Column]:
    if then.args.get("where") is not None:
        trace(then.args["where"].this, scope, influences, FILTER)
    if any(isinstance(part, exp.Star) for part in then.expressions):
        return _all_by_name(source)
    return [column for part in then.expressions for _, column in assigned(part, scope, scope.env)]


def _insert(then: exp.Insert, scope: Scope, source: Relation, target: Target, work: Work) -> list[Column]:
    """WHEN NOT MATCHED THEN INSERT: only the source is there to read."""
    values = then.args.get("expression") or None
    if isinstance(then.this, exp.Star) or (then.this is None and values is None):
        return _all_by_name(source)
    if isinstance(then.this, exp.Var):  # INSERT ROW
        names = target.columns or [column.name for column in source.columns]
        return [Column(name, c.flow, c.behind) for name, c in zip(names, source.columns, strict=False)]
    given = values.expressions if isinstance(values, exp.Tuple) else [values] if values is not None else []
    listed = then.this.expressions if isinstance(then.this, exp.Tuple) else [then.this] if then.this is not None else []
    names = [_name(part, work) for part in listed] or list(target.columns or [])
    if len(names) < len(given):
        work.context.problem(f"{target.name} gets {len(given)} values for columns that are not known")
    return [Column(name, flow_of(value, scope)) for name, value in zip(names, given, strict=False)]


def _name(part: exp.Expr, work: Work) -> str:
    return work.context.names.written(part.this if isinstance(part, exp.Column) else part)


def _all_by_name(source: Relation) -> list[Column]:
    """`UPDATE SET *` and `INSERT *`: every column of the source to the one of its name."""
    return [Column(DATASET if c.behind is not None else c.name, c.flow) for c in source.columns]
