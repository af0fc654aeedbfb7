"""UNION, INTERSECT and EXCEPT: columns meet by position, or by name where the query says so."""

from collections.abc import Callable

from sqlglot import exp

from tools.lineage import flows
from tools.lineage.flows import Flow
from tools.lineage.kinds import FILTER, GROUP_BY
from tools.lineage.model import DATASET
from tools.lineage.relations import Branches, Column, Relation
from tools.lineage.scope import Env

RelationOf = Callable[[exp.Expr, Env], Relation]
WithCtes = Callable[[exp.Expr, Env], Env]


def set_operation(query: exp.Expr, env: Env, relation_of: RelationOf, with_ctes: WithCtes) -> Relation:
    """The relation of a set operation. A chain of thousands of branches is a deep tree: it is walked, not descended."""
    spine: list[exp.Expr] = []
    node = query
    while isinstance(node, exp.SetOperation):
        spine.append(node)
        if node is not query:
            env = with_ctes(node, env)
        node = node.this
    relation = relation_of(node, env)
    pending: list[Relation] = [relation]
    for position in range(len(spine) - 1, -1, -1):
        operation = spine[position]
        pending.append(relation_of(operation.expression, env))
        following = spine[position - 1] if position else None
        if following is None or not _alike(operation, following):
            pending = [_combined(operation, pending, env)]
    return pending[0]


def _alike(one: exp.Expr, other: exp.Expr) -> bool:
    """Whether two unions in a row can be read as one of more branches."""
    same = ("distinct", "by_name")
    return type(one) is type(other) is exp.Union and all(bool(one.args.get(a)) == bool(other.args.get(a)) for a in same)


def _combined(operation: exp.Expr, branches: list[Relation], env: Env) -> Relation:
    influences: Flow = {}
    for branch in branches:
        flows.merge(influences, branch.influences)
    if isinstance(operation, exp.Except):
        return _except(branches, influences)
    columns = _by_name(branches) if operation.args.get("by_name") else _by_position(branches, env)
    if isinstance(operation, exp.Intersect):
        for column in columns:
            flows.merge_in_role(influences, column.flow, FILTER)
    elif operation.args.get("distinct"):
        for column in columns:
            flows.merge_in_role(influences, column.flow, GROUP_BY)
    env.context.budget.hold(sum(len(column.flow) for column in columns))
    return Relation(columns, influences)


def _except(branches: list[Relation], influences: Flow) -> Relation:
    """The rows of the first that are not in the others: their columns, all of which are compared, only decide."""
    for branch in branches:
        for column in branch.columns:
            flows.merge_in_role(influences, column.flow, FILTER)
    return Relation(branches[0].columns, influences)


def _by_position(branches: list[Relation], env: Env) -> list[Column]:
    if any(branch.is_open for branch in branches):
        return _open(branches, env)
    widths = {len(branch.columns) for branch in branches}
    if len(widths) > 1:
        env.context.problem(f"the queries of a set operation have {min(widths)} and {max(widths)} columns")
    made = []
    for position, first in enumerate(branches[0].columns):
        met = [branch.columns[position].flow for branch in branches if position < len(branch.columns)]
        row = first.row if all(position < len(b.columns) and b.columns[position].row for b in branches) else None
        made.append(Column(first.name, flows.union(met), row=row))
    return made


def _open(branches: list[Relation], env: Env) -> list[Column]:
    """Branches of which one ends in a star that nobody can write out: in front of the first star by position, then
    by name."""
    before = min(next((i for i, c in enumerate(b.columns) if c.behind is not None), len(b.columns)) for b in branches)
    heads = _by_position([Relation(branch.columns[:before]) for branch in branches], env) if before else []
    rest = [Relation(branch.columns[before:]) for branch in branches]
    if len({len(r.columns) for r in rest}) > 1 or any(len(r.columns) != 1 for r in rest):
        env.context.problem("a set operation of stars whose columns are not known: they are matched by name")
    star = Column(DATASET, flows.union(c.flow for r in rest for c in r.columns), behind=Branches([], branches=rest))
    return [*heads, star]


def _by_name(branches: list[Relation]) -> list[Column]:
    names: dict[str, list[Column]] = {}
    for branch in branches:
        for column in branch.columns:
            names.setdefault(column.name.lower(), []).append(column)
    return [Column(columns[0].name, flows.union(c.flow for c in columns)) for columns in names.values()]
