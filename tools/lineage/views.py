"""Views whose query the caller gave: read through once, wherever they are used."""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tools.lineage.catalog import EMPTY, View
from tools.lineage.relations import Relation, renamed
from tools.lineage.scope import Context, Env


def read_view(view: View, context: Context) -> Relation:
    """What a view gives. One that reads itself gives nothing, and says so."""
    if view.relation is None:
        if view.being_read:
            context.problem(f"view {view.name} reads itself")
            return EMPTY
        view.being_read = True
        view.relation = _relation(view, context)
        view.being_read = False
    return view.relation


def _relation(view: View, context: Context) -> Relation:
    try:
        tree = sqlglot.parse_one(view.sql, dialect=context.dialect)
    except (SqlglotError, RecursionError) as error:
        context.problem(f"view {view.name} cannot be read: {str(error).splitlines()[0]}")
        return EMPTY
    names: list[str] = []
    if isinstance(tree, exp.Create):
        if isinstance(tree.this, exp.Schema):
            names = [
                context.names.written(part.this if isinstance(part, exp.ColumnDef) else part)
                for part in tree.this.expressions
            ]
        tree = tree.expression
    if not isinstance(tree, exp.Query):
        context.problem(f"view {view.name} is not a query")
        return EMPTY
    return renamed(context.relation_of(tree, Env(context)), names)
