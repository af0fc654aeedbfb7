"""CREATE TABLE and VIEW: from a query, like or as a copy of another table, or with columns only."""

from sqlglot import exp

from tools.lineage.catalog import StoredTable
from tools.lineage.queries import relation_of
from tools.lineage.relations import Column, Relation, renamed
from tools.lineage.statements.work import Target, Work, column_names, table_of
from tools.lineage.tables import named_relation

_WITHOUT_LINEAGE = {
    "FUNCTION",
    "INDEX",
    "SCHEMA",
    "DATABASE",
    "SEQUENCE",
    "TYPE",
    "STAGE",
    "FILE FORMAT",
    "TRIGGER",
    "TAG",
}


def create(statement: exp.Create, work: Work) -> None:
    """CREATE TABLE|VIEW. Other kinds hold no data."""
    kind = str(statement.args.get("kind") or "").upper()
    table = table_of(statement.this)
    if kind == "PROCEDURE":
        work.context.problem("the body of the procedure is not in SQL")
    if kind in _WITHOUT_LINEAGE or not isinstance(table, exp.Table):
        return
    work.result.kind = "create view" if kind == "VIEW" else "create table"
    properties = statement.args.get("properties")
    found = list(properties.expressions) if properties is not None else []
    to = next((p.this for p in found if isinstance(p, exp.ToTableProperty)), None)
    if isinstance(to, exp.Expr):  # ClickHouse: the view fills this table
        to_table = table_of(to)
        table = to_table if isinstance(to_table, exp.Table) else table
    parts = work.context.names.parts(table)
    marked = any(isinstance(p, exp.TemporaryProperty) for p in found)
    target = _new_target(table, work)
    relation = _content(statement, work)
    names = column_names(statement.this, work.context)
    temporary = work.is_temporary(parts, marked)
    if relation is None:
        _declare(target, names or _columns_like(found, work), work, temporary=temporary)
    else:
        made = renamed(relation, names or _parquet_names(relation, found, work))
        work.create(target, made, temporary=temporary)


def declare(statement: exp.Declare, work: Work) -> None:
    """T-SQL: DECLARE @t TABLE (a INT, ...)."""
    for item in statement.expressions:
        kind = item.args.get("kind")
        if isinstance(kind, exp.Schema):
            for variable in item.this if isinstance(item.this, list) else [item.this]:
                name = f"@{variable.name}"
                _declare(Target(name, (name,)), column_names(kind, work.context), work, temporary=True)


def cache(statement: exp.Cache, work: Work) -> None:
    """Spark: CACHE TABLE t AS SELECT ... lasts as long as the session."""
    if isinstance(statement.expression, exp.Query) and isinstance(statement.this, exp.Table):
        relation = relation_of(statement.expression, work.env())
        work.create(_new_target(statement.this, work), relation, temporary=True)


def _new_target(table: exp.Expr, work: Work) -> Target:
    """A table that is made anew: the name that the schema has for it, if any, but not what was known of its columns."""
    target = work.target(table)
    target.temporary, target.columns = None, None
    return target


def _content(statement: exp.Create, work: Work) -> Relation | None:
    """What the new table holds from the start; None where it is empty."""
    query = statement.args.get("expression")
    if isinstance(query, (exp.Query, exp.Values, exp.Table)):
        return relation_of(query, work.env(statement))
    clone = statement.args.get("clone")
    if clone is not None and isinstance(clone.this, exp.Table):
        return named_relation(work.context.names.parts(clone.this), work.context)
    return None


def _parquet_names(relation: Relation, properties: list[exp.Expr], work: Work) -> list[str]:
    """Hive takes the underscore from `_c0` in a Parquet table, whose columns cannot begin with one."""
    formats = [p.name.lower() for p in properties if isinstance(p, exp.FileFormatProperty)]
    if not work.context.is_hive or "parquet" not in formats or relation.is_open:
        return []
    return [column.name.lstrip("_") for column in relation.columns]


def _columns_like(properties: list[exp.Expr], work: Work) -> list[str]:
    """CREATE TABLE ... LIKE: the columns of the other table, and none of its rows."""
    like = next((p.this for p in properties if isinstance(p, exp.LikeProperty)), None)
    if not isinstance(like, exp.Table):
        return []
    relation = named_relation(work.context.names.parts(like), work.context)
    return [] if relation.is_open else [column.name for column in relation.columns]


def _declare(target: Target, names: list[str], work: Work, *, temporary: bool) -> None:
    """Remember the columns of an empty table; a temporary one gets its rows later."""
    if temporary:
        work.create(target, Relation([Column(name, {}) for name in names]), temporary=True)
    elif names:
        work.context.catalog.index.put(target.parts, StoredTable(target.name, names))
        work.result.targets.setdefault(target.name, names)
