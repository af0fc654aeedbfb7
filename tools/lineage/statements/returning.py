"""RETURNING and OUTPUT: the rows that a statement has written, read by the statement around it or put into another
table."""

from sqlglot import exp

from tools.lineage.expressions import flow_of
from tools.lineage.model import DATASET
from tools.lineage.projections import name_of
from tools.lineage.relations import Column, Relation
from tools.lineage.scope import Env, Scope
from tools.lineage.statements.work import Target, Work
from tools.lineage.tables import add_from, named_relation


def written_rows(statement: exp.Expr, env: Env) -> Relation:
    """What RETURNING or OUTPUT gives: columns of the table that was written (T-SQL: of `inserted` and `deleted`)."""
    clause = statement.args.get("returning")
    if clause is None:
        return Relation([])
    written = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    scope = Scope(env)
    add_from(written, scope, {})
    stored = named_relation(env.context.names.parts(written), env.context)
    for name in ("inserted", "deleted", "new", "old"):
        scope.add((name,), stored, only_qualified=True)
    columns: list[Column] = []
    for position, item in enumerate(clause.expressions):
        if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
            columns += stored.columns
        else:
            columns.append(Column(name_of(item, scope, position), flow_of(item, scope)))
    return Relation(columns)


def output_into(statement: exp.Expr, work: Work) -> None:
    """T-SQL: OUTPUT ... INTO table."""
    clause = statement.args.get("returning")
    into = clause.args.get("into") if clause is not None else None
    if not isinstance(into, exp.Expr) or not statement.this:
        return
    rows = written_rows(statement, work.env())
    table = into if isinstance(into, exp.Table) else exp.Table(this=into.copy())
    target: Target = work.target(table)
    names = target.columns if target.columns and DATASET not in target.columns else None
    columns = [Column(name, c.flow) for name, c in zip(names, rows.columns, strict=False)] if names else rows.columns
    work.add_to(target, columns, {})
