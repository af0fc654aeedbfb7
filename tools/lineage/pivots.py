"""PIVOT and UNPIVOT: rows to columns and back."""

from sqlglot import exp

from tools.lineage import flows
from tools.lineage.expressions import flow_of, trace
from tools.lineage.flows import Flow
from tools.lineage.kinds import GROUP_BY, TRANSFORMATION
from tools.lineage.relations import Column, Relation, Through, renamed
from tools.lineage.scope import Env, Scope


def pivoted(relation: Relation, pivot: exp.Pivot, env: Env) -> Relation:
    """The relation that a PIVOT or UNPIVOT makes of another."""
    scope = Scope(Env(env.context, env.ctes))
    scope.add((), relation)
    made = _unpivot(relation, pivot, scope) if pivot.args.get("unpivot") else _pivot(relation, pivot, scope)
    alias = pivot.args.get("alias")
    names = [env.context.names.written(part) for part in (alias.args.get("columns") if alias else None) or []]
    return renamed(made, names)


def _pivot(relation: Relation, pivot: exp.Pivot, scope: Scope) -> Relation:
    """What is not aggregated and not turned stays and groups; each value of the turned column gets each aggregate."""
    aggregates = [flow_of(part, scope) for part in pivot.expressions]
    turned: Flow = {}
    used = {column.name.lower() for part in pivot.expressions for column in part.find_all(exp.Column)}
    for field in pivot.args.get("fields") or []:
        trace(field.this, scope, turned, GROUP_BY)
        used.update(column.name.lower() for column in field.this.find_all(exp.Column))
    kept = _left(relation, used)
    names = [part.name for part in pivot.args.get("columns") or []]
    columns = [Column(name, aggregates[i % len(aggregates)]) for i, name in enumerate(names)] if aggregates else []
    influences = dict(relation.influences)
    flows.merge(influences, turned)
    for column in kept:
        flows.merge_in_role(influences, column.flow, GROUP_BY)
    return Relation([*kept, *columns], influences)


def _left(relation: Relation, used: set[str]) -> list[Column]:
    """The columns that a pivot leaves as they are."""
    kept = []
    for column in relation.columns:
        if column.behind is not None:
            behind = Through([], inner=column.behind, hidden=frozenset(used))
            kept.append(Column(column.name, column.flow, behind=behind))
        elif column.name.lower() not in used:
            kept.append(column)
    return kept


def _unpivot(relation: Relation, pivot: exp.Pivot, scope: Scope) -> Relation:
    """Each value column gets the columns that are listed for it; the name column is decided by all of them."""
    values = [
        part for item in pivot.expressions for part in (item.expressions if isinstance(item, exp.Tuple) else [item])
    ]
    flows_of_values: list[Flow] = [{} for _ in values]
    labels: list[Column] = []
    used: set[str] = set()
    for field in pivot.args.get("fields") or []:
        listed: list[Flow] = []
        for entry in field.expressions:
            parts = _columns_in(entry)
            used.update(part.name.lower() for part in parts)
            listed += [flow_of(part, scope) for part in parts]
            for position, part in enumerate(parts):
                flows.merge(flows_of_values[position % len(values)], flow_of(part, scope))
        label = flows.stepped(flows.union(listed), TRANSFORMATION)
        labels.append(Column(scope.env.context.names.written(_identifier(field.this)), label))
    names = [scope.env.context.names.written(_identifier(part)) for part in values]
    made = [Column(name, flow) for name, flow in zip(names, flows_of_values, strict=True)]
    ordered = [*made, *labels] if pivot.args.get("value_columns_first") else [*labels, *made]
    return Relation([*_left(relation, used), *ordered], relation.influences)


def _columns_in(entry: exp.Expr) -> list[exp.Column]:
    """The columns of one entry of UNPIVOT's list: one, or several in brackets, with or without a label."""
    return list(entry.find_all(exp.Column)) if not isinstance(entry, exp.Column) else [entry]


def _identifier(part: exp.Expr) -> exp.Expr:
    return part.this if isinstance(part, exp.Column) else part
