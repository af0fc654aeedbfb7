"""SELECT, alone or INTO a table."""

from sqlglot import exp

from tools.lineage.queries import relation_of
from tools.lineage.statements.work import Target, Work

# In these, SELECT ... INTO makes a table; elsewhere, inside a procedure, it fills a variable.
_INTO_IS_A_TABLE = {"tsql", "fabric", "redshift", "dialect"}


def select(statement: exp.Expr, work: Work) -> None:
    """A query. Without INTO its target has no name."""
    relation = relation_of(statement, work.env())
    into = statement.find(exp.Into) if isinstance(statement, exp.Query) else None
    name = work.context.dialect_name
    if into is None or into.this is None or (work.procedural and name not in _INTO_IS_A_TABLE):
        work.write(Target("", ("",)), relation.columns, relation.influences)
        return
    work.result.kind = "create table"
    target = work.target(into.this)
    target.temporary = None
    temporary = work.is_temporary(target.parts, bool(into.args.get("temporary")))
    work.create(target, relation, temporary=temporary)
