"""INSERT: the query's columns meet the table's by position, by the list of columns, or by name."""

from sqlglot import exp

from tools.lineage import flows
from tools.lineage.expressions import flow_of, trace
from tools.lineage.flows import Flow
from tools.lineage.kinds import FILTER
from tools.lineage.model import DATASET
from tools.lineage.queries import relation_of
from tools.lineage.relations import Column, Relation
from tools.lineage.scope import Scope
from tools.lineage.statements.work import Target, Work, column_names, table_of
from tools.lineage.tables import named_relation


def insert(statement: exp.Insert, work: Work, source: Relation | None = None) -> None:
    """INSERT [OVERWRITE] ... SELECT, VALUES or TABLE. `source` is given where several INSERTs share one query."""
    work.result.kind = "insert"
    table = table_of(statement.this)
    if table is None or isinstance(table, exp.Directory):
        _elsewhere(statement, work)
        return
    if isinstance(table, exp.Tuple) and not statement.expression:
        return
    target = work.target(table)
    relation = source if source is not None else _relation(statement, work)
    columns = placed(relation, target, statement, work)
    replaces = bool(statement.args.get("overwrite")) and not partitions(statement)
    work.add_to(target, columns, relation.influences, replaces=replaces)
    conflict = statement.args.get("conflict")
    if conflict is not None:
        _on_conflict(conflict, columns, target, work, statement)


def _relation(statement: exp.Insert, work: Work) -> Relation:
    query = statement.args.get("expression") or statement.args.get("source")
    if not isinstance(query, exp.Expr):
        return Relation([])
    return relation_of(query, work.env(statement))


def _elsewhere(statement: exp.Insert, work: Work) -> None:
    """INSERT OVERWRITE DIRECTORY: the files are the target."""
    target = Target(str(statement.this.this.name) if statement.this is not None else "", ("",))
    relation = _relation(statement, work)
    work.write(target, relation.columns, relation.influences)


def partitions(statement: exp.Insert) -> list[tuple[str, exp.Expr | None]]:
    """The columns of PARTITION (...), each with its value where it is static."""
    table = table_of(statement.this)
    clause = statement.args.get("partition") or (table.args.get("partition") if table is not None else None)
    found: list[tuple[str, exp.Expr | None]] = []
    for part in clause.expressions if isinstance(clause, exp.Partition) else []:
        if isinstance(part, exp.EQ):
            found.append((part.this.name, part.expression))
        else:
            found.append((part.name, None))
    return found


def placed(relation: Relation, target: Target, statement: exp.Insert, work: Work) -> list[Column]:
    """The columns under the names that they get in the table."""
    names = column_names(statement.this, work.context) or _declared(target, statement)
    if statement.args.get("by_name") or names is None:
        return relation.columns
    columns = relation.columns
    stars = [position for position, column in enumerate(columns) if column.behind is not None]
    if stars:
        return _around_star(columns, names, stars, work)
    if len(columns) != len(names):
        if relation.columns:
            work.context.problem(f"{target.name} takes {len(names)} columns and gets {len(columns)}")
        if len(columns) > len(names):
            names = [*names, *(column.name for column in columns[len(names) :])]
    return [Column(name, column.flow, row=column.row) for name, column in zip(names, columns, strict=False)]


def _declared(target: Target, statement: exp.Insert) -> list[str] | None:
    """The table's columns in the order in which a query fills them: partitions given by value not at all, others
    last."""
    if target.columns is None or DATASET in target.columns:
        return None
    given = partitions(statement)
    named = {name.lower() for name, _ in given}
    dynamic = [name for name, value in given if value is None]
    return [*(column for column in target.columns if column.lower() not in named), *dynamic]


def _around_star(columns: list[Column], names: list[str], stars: list[int], work: Work) -> list[Column]:
    """What stands before and behind a star that cannot be written out meets the table from its two ends."""
    work.context.problem("a star of columns that are not known is inserted by position")
    head = [Column(names[i], columns[i].flow) for i in range(min(stars[0], len(names)))]
    behind = columns[stars[-1] + 1 :]
    tail = [Column(name, c.flow) for name, c in zip(names[len(names) - len(behind) :], behind, strict=False)]
    middle = flows.union(column.flow for column in columns[stars[0] : stars[-1] + 1])
    return [*head, Column(DATASET, middle), *tail]


def _on_conflict(conflict: exp.Expr, columns: list[Column], target: Target, work: Work, statement: exp.Insert) -> None:
    """ON CONFLICT DO UPDATE, ON DUPLICATE KEY UPDATE: `excluded` and VALUES(column) are the row that was to be
    inserted."""
    scope = Scope(work.env())
    table = table_of(statement.this)
    named = work.context.names.written(table.args["alias"].this) if table is not None and table.alias else ""
    scope.add((named,) if named else target.parts, named_relation(target.parts, work.context), target.parts)
    row = Relation(columns)
    scope.add(("excluded",), row, only_qualified=True)
    alias = statement.args.get("alias")
    scope.add((alias.name if alias is not None else "new",), row, only_qualified=True)
    influences: Flow = {}
    where = conflict.args.get("where")
    if where is not None:
        trace(where.this, scope, influences, FILTER)
    changed = []
    for part in conflict.expressions:
        if isinstance(part, exp.EQ):
            name = work.context.names.written(part.this.this if isinstance(part.this, exp.Column) else part.this)
            changed.append(Column(name, _updated(part.expression, row, scope)))
    work.add_to(target, changed, influences)


def _updated(value: exp.Expr, row: Relation, scope: Scope) -> Flow:
    """The flow of a new value; MySQL's VALUES(column) is the column of the row that was to be inserted."""
    made: Flow = {}
    for call in value.find_all(exp.Anonymous):
        if call.name.upper() == "VALUES" and call.expressions:
            column = row.named(call.expressions[0].name)
            flows.merge(made, column.flow if column is not None else flows.NOTHING)
    return flows.union((made, flow_of(value, scope))) if made else flow_of(value, scope)
